-- The referral's clock, and nobody else, records that a child has turned 18.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

-- Two lists of kinds grow by one; everything else of record_step() stays as whichever migration last wrote it.
DO $$
DECLARE
    was text := pg_get_functiondef('record_step'::regproc);
    becomes text := replace(
        replace(
            was,
            $list$'notice_settled', 'appointment_called_off'$list$,
            $list$'notice_settled', 'appointment_called_off', 'participant_came_of_age'$list$
        ),
        $list$ARRAY['deadline_reached', 'escalation_raised', 'notice_settled']$list$,
        $list$ARRAY['deadline_reached', 'escalation_raised', 'notice_settled', 'participant_came_of_age']$list$
    );
BEGIN
    IF length(becomes) <> length(was) + 2 * length($list$, 'participant_came_of_age'$list$) THEN
        RAISE EXCEPTION 'record_step() does not have the two lists that this migration changes';
    END IF;
    EXECUTE becomes;
END
$$;
