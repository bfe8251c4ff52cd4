-- Whoever was named facilitator of one activity works on the referral, as its co-facilitator does. Only that condition of
-- record_look() is changed, whatever else another version made of it.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

DO $$
DECLARE
    was text := pg_get_functiondef('record_look'::regproc);
    becomes text := replace(
        was,
        'body ->> ''co_facilitator'' = p_staff',
        'p_staff IN (body ->> ''facilitator'', body ->> ''co_facilitator'')'
    );
BEGIN
    IF was = becomes THEN
        RAISE EXCEPTION 'record_look() does not ask for the co-facilitator as it did';
    END IF;
    EXECUTE becomes;
END
$$;
