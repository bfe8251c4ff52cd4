-- Pages that show a change by themselves, and names in lists, each reading of which is a look.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

-- One more kind, whatever another version made of the list.
DO $$
DECLARE
    was text := (
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'access_log'::regclass AND conname = 'access_log_kind_check'
    );
    becomes text := replace(was, '''people''::text', '''people''::text, ''name''::text');
BEGIN
    IF was = becomes OR was IS NULL THEN
        RAISE EXCEPTION 'access_log does not name its kinds as it did';
    END IF;
    ALTER TABLE access_log DROP CONSTRAINT access_log_kind_check;
    EXECUTE 'ALTER TABLE access_log ADD CONSTRAINT access_log_kind_check ' || becomes || ' NOT VALID';
    ALTER TABLE access_log VALIDATE CONSTRAINT access_log_kind_check;
END
$$;

-- Whoever listens hears of each step: which referral, how far its log is now, whose areas it concerns, and who works on
-- it or did. Nothing of it is sealed. It is told with the transaction or not at all. A log that is filled in as a whole is
-- not told of.
CREATE FUNCTION tell_of_step() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('rj_changes', json_build_object(
        'reference', new.reference, 'sequence', new.sequence,
        'areas', ARRAY[old.area, new.area, old.offered_to, new.offered_to],
        'workers', ARRAY[old.caseworker, new.caseworker, old.facilitator, new.facilitator] || ARRAY(
            SELECT unnest(ARRAY[body ->> 'facilitator', body ->> 'co_facilitator']) FROM event
            WHERE kind = 'facilitators_assigned' AND reference = new.reference
        )
    )::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_of_step AFTER UPDATE OF sequence ON referral
FOR EACH ROW WHEN (old.sequence <> new.sequence) EXECUTE FUNCTION tell_of_step();

-- And of each message that comes into somebody's inbox: whose, and nothing else. What is told has at most 8,000 bytes.
CREATE FUNCTION tell_of_messages() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('rj_changes', json_build_object('told', array_agg(person.recipient))::text)
    FROM (
        SELECT recipient, row_number() OVER () / 100 AS part
        FROM (SELECT DISTINCT recipient FROM entered WHERE party <> 'participant') AS entry
    ) AS person
    GROUP BY person.part;
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_of_messages AFTER INSERT ON notice
REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION tell_of_messages();

-- What was erased is not left standing on a page.
CREATE FUNCTION tell_of_erasure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('rj_changes', json_build_object(
        'reference', reference, 'sequence', sequence,
        'areas', ARRAY[area, offered_to], 'workers', ARRAY[caseworker, facilitator]
    )::text)
    FROM referral WHERE reference = new.reference;
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_of_erasure AFTER INSERT ON keys.erasure
FOR EACH ROW EXECUTE FUNCTION tell_of_erasure();
