-- The partner who sent a referral may raise a safeguarding concern about it also once another area has taken it over.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

-- Where it acts, and that it does nothing else in that step; everything else of record_step() stays as it is.
DO $$
DECLARE
    was text := pg_get_functiondef('record_step'::regproc);
    place text := $place$THEN stands.offered_to ELSE now_area
    END;$place$;
    becomes text := replace(was, place, $place$THEN stands.offered_to
        WHEN p_role = 'partner' AND p_kinds[1] = 'safeguarding_raised'
            AND p_kinds[2:] <@ ARRAY['escalation_cleared', 'appointment_called_off']
            AND NOT EXISTS (SELECT FROM staff WHERE id = p_actor AND now_area = ANY (areas))
            THEN coalesce(
                (
                    SELECT received.body ->> 'area' FROM event AS received
                    WHERE received.reference = p_reference AND received.sequence = 1
                        AND received.actor = p_actor AND received.role = 'partner'
                ),
                now_area
            )
        ELSE now_area
    END;$place$);
BEGIN
    IF was = becomes THEN
        RAISE EXCEPTION 'record_step() does not say where a step is taken as it did';
    END IF;
    EXECUTE becomes;
END
$$;
