-- The blind index, by which a referral is found by a name, a number or a day without any of these standing in the
-- database; the log of searches; and what is kept for a while before a referral is opened: the answers of who is asked one
-- question a page, and a spreadsheet that is to be imported.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE blind_index (
    reference text NOT NULL REFERENCES referral (reference) ON DELETE CASCADE,
    participant text NOT NULL,
    tokens bigint [] NOT NULL,
    PRIMARY KEY (reference, participant)
);
COMMENT ON TABLE blind_index IS
'By what each participant is found, and the case itself where participant is empty: keyed hashes (stores/blind_index.py). '
'The application may only ask who has given tokens, and never read them.';
-- A short list of what is not sorted in yet: a search goes through all of it.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX blind_index_tokens ON blind_index USING gin (tokens) WITH (gin_pending_list_limit = 256);
ALTER TABLE blind_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON blind_index TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = blind_index.reference)
);

-- Write what a step changes in the index: by participant their tokens, or null for whom the log does not know any more.
CREATE FUNCTION write_tokens(p_reference text, p_people jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM blind_index USING jsonb_each(p_people) AS new (participant, tokens)
    WHERE blind_index.reference = p_reference AND blind_index.participant = new.participant AND new.tokens = 'null';
    INSERT INTO blind_index (reference, participant, tokens)
    SELECT p_reference, new.participant, ARRAY(SELECT each::bigint FROM jsonb_array_elements_text(new.tokens) AS each)
    FROM jsonb_each(p_people) AS new (participant, tokens)
    WHERE new.tokens <> 'null'
    ON CONFLICT (reference, participant) DO UPDATE SET tokens = excluded.tokens
$$;
REVOKE EXECUTE ON FUNCTION write_tokens FROM PUBLIC;

-- record_step() writes them in the step's own transaction. A worker of an older version gives none; `rj reindex` makes good
-- what it leaves out. Everything else of the function stays as it is.
DO $$
DECLARE
    was text := pg_get_functiondef('record_step'::regproc);
    becomes text;
BEGIN
    becomes := replace(was, 'p_facts_gone text[])', 'p_facts_gone text[], p_people jsonb DEFAULT ''{}'')');
    IF was = becomes THEN
        RAISE EXCEPTION 'record_step() does not take what it took';
    END IF;
    was := becomes;
    becomes := replace(was, $place$
    RETURN 'recorded';
END
$place$, $place$
    IF p_people <> '{}' THEN
        PERFORM write_tokens(p_reference, p_people);
    END IF;

    RETURN 'recorded';
END
$place$);
    IF was = becomes THEN
        RAISE EXCEPTION 'record_step() does not end as it did';
    END IF;
    -- squawk-ignore ban-drop-function
    DROP FUNCTION record_step;
    EXECUTE becomes;
END
$$;
REVOKE EXECUTE ON FUNCTION record_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_step TO rj_app;

-- An erasure takes the tokens with it, whoever erases and in whichever way.
CREATE FUNCTION forget_tokens() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM blind_index WHERE reference = NEW.reference;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION forget_tokens FROM PUBLIC;
CREATE TRIGGER forget_tokens AFTER INSERT ON keys.erasure FOR EACH ROW EXECUTE FUNCTION forget_tokens();

-- Who has all the tokens of one of these readings, in the areas that the transaction names. An index cannot be used behind
-- row-level security for what may tell of the rows that it hides, as an operator on arrays might; so it is asked for here.
CREATE FUNCTION find_people(p_readings jsonb) RETURNS TABLE (reading integer, reference text, participant text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    areas text := current_setting('rj.areas', TRUE);
    wanted bigint [];
BEGIN
    FOR position IN 0 .. jsonb_array_length(p_readings) - 1 LOOP
        wanted := ARRAY(
            SELECT each::bigint FROM jsonb_array_elements_text(p_readings -> position) AS each
        );
        -- Everybody has no token at all.
        CONTINUE WHEN cardinality(wanted) = 0;
        RETURN QUERY
        SELECT position, found.reference, found.participant
        FROM blind_index AS found JOIN referral ON referral.reference = found.reference
        WHERE found.tokens @> wanted
        AND (areas = '*' OR referral.area = ANY (string_to_array(areas, ',')));
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION find_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_people TO rj_app;

-- Write the index of one referral anew, for `rj reindex`. False: the log has gone on since p_sequence.
CREATE FUNCTION index_people(p_reference text, p_sequence bigint, p_people jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT sequence FROM referral WHERE reference = p_reference FOR UPDATE) IS DISTINCT FROM p_sequence THEN
        RETURN FALSE;
    END IF;
    DELETE FROM blind_index WHERE reference = p_reference;
    IF NOT EXISTS (SELECT FROM keys.erasure WHERE reference = p_reference) THEN
        PERFORM write_tokens(p_reference, p_people);
    END IF;
    RETURN TRUE;
END
$$;
REVOKE EXECUTE ON FUNCTION index_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_people TO rj_app;

-- How many referrals are missing from the index, and how many are in it that were erased, as after data were restored.
CREATE FUNCTION index_state(OUT missing bigint, OUT left_over bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT
        (
            SELECT count(*) FROM referral
            WHERE NOT EXISTS (SELECT FROM blind_index AS b WHERE b.reference = referral.reference)
            AND NOT EXISTS (SELECT FROM keys.erasure AS e WHERE e.reference = referral.reference)
        ),
        (
            SELECT count(*) FROM keys.erasure AS e
            WHERE EXISTS (SELECT FROM blind_index AS b WHERE b.reference = e.reference)
        )
$$;
REVOKE EXECUTE ON FUNCTION index_state FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_state TO rj_app;

CREATE TABLE search_log (
    staff text NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    role text NOT NULL,
    areas text [] NOT NULL,
    kinds text [] NOT NULL CHECK (cardinality(kinds) > 0),
    sought bytea NOT NULL CHECK (octet_length(sought) = 16),
    found bigint NOT NULL CHECK (found >= 0),
    way_in text NOT NULL CHECK (way_in IN ('command_line', 'console', 'api')),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (staff, sequence)
);
COMMENT ON TABLE search_log IS
'Who searched, in one chain for each person, append-only. sought is a keyed hash of what was searched for: who searches '
'again for the same is seen, and for what is not. The application adds to it through record_search() alone.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX search_log_by_time ON search_log (at);
GRANT SELECT ON search_log TO rj_app;
ALTER TABLE search_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON search_log TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR areas && string_to_array((SELECT current_setting('rj.areas', TRUE)), ',')
);

-- One search. Role and areas are looked up here. Answers recorded; behind, where the person searched meanwhile, or too long
-- ago was the time asked for; or what is wrong with the person, as the code of a refusal.
CREATE FUNCTION record_search(
    p_staff text,
    p_after bigint,
    p_previous bytea,
    p_at timestamptz,
    p_role text,
    p_areas text [],
    p_kinds text [],
    p_sought bytea,
    p_found bigint,
    p_way_in text,
    p_hash bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who record;
    latest record;
BEGIN
    IF p_at IS NULL OR p_after IS NULL OR p_previous IS NULL THEN
        RAISE EXCEPTION 'a search says after which other it comes, and when' USING ERRCODE = '22023';
    END IF;
    SELECT role, areas, active INTO who FROM staff WHERE id = p_staff;
    IF who.role IS NULL OR NOT who.active THEN
        RETURN 'staff_inactive';
    END IF;
    IF who.role IS DISTINCT FROM p_role THEN
        RETURN 'staff_other_role';
    END IF;
    IF cardinality(p_areas) < 1 OR NOT p_areas <@ who.areas THEN
        RETURN 'staff_other_area';
    END IF;
    SELECT sequence, at, hash INTO latest FROM search_log WHERE staff = p_staff ORDER BY sequence DESC LIMIT 1;
    IF coalesce(latest.sequence, 0) <> p_after OR coalesce(latest.hash, '\x') <> p_previous
        OR p_at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()
        OR p_at < latest.at
    THEN
        RETURN 'behind';
    END IF;
    INSERT INTO search_log VALUES (
        p_staff, p_after + 1, p_at, p_role, p_areas, p_kinds, p_sought, p_found, p_way_in, p_hash
    ) ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'recorded' ELSE 'behind' END;
END
$$;
REVOKE EXECUTE ON FUNCTION record_search FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_search TO rj_app;

-- The answers of who opens a referral one question a page, sealed with the key that the referral will have.
CREATE TABLE opening_draft (
    reference text PRIMARY KEY,
    command_id uuid NOT NULL,
    staff text NOT NULL REFERENCES staff (id),
    began_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    sealed bytea NOT NULL CHECK (octet_length(sealed) > 28)
);
COMMENT ON TABLE opening_draft IS
'Answers for a referral that is not open yet, under the reference that it will have. sent_at: when it was sent to be '
'opened, from when on its key is kept, as no answer may have come.';
CREATE INDEX opening_draft_by_staff ON opening_draft (staff, changed_at);
GRANT SELECT, INSERT (reference, command_id, staff, sealed) ON opening_draft TO rj_app;
GRANT UPDATE (changed_at, sent_at, sealed) ON opening_draft TO rj_app;

-- A spreadsheet that somebody imports in the console, with what is known of it and what came of it, sealed with a key of
-- its own. A process that imports it says so every few seconds; where it ends, another goes on.
CREATE TABLE import_upload (
    id text PRIMARY KEY CHECK (id ~ '^IMPORT-[0-9A-Z]{16}$'),
    staff text NOT NULL REFERENCES staff (id),
    made_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL CHECK (state IN ('headings', 'checking', 'checked', 'importing', 'done', 'failed')),
    worked_at timestamptz,
    worked_by uuid,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    sealed_file bytea,
    sealed_about bytea NOT NULL CHECK (octet_length(sealed_about) > 28),
    sealed_result bytea,
    sealed_refused bytea
);
COMMENT ON TABLE import_upload IS
'A spreadsheet on its way in. The file goes once it is imported; all of it goes when its owner is done, and an hour after '
'nobody looked at it.';
CREATE INDEX import_upload_by_staff ON import_upload (staff, changed_at);
GRANT SELECT, INSERT (id, staff, state, total, sealed_file, sealed_about) ON import_upload TO rj_app;
GRANT UPDATE (
    changed_at, state, worked_at, worked_by, done, total, sealed_file, sealed_about, sealed_result, sealed_refused
) ON import_upload TO rj_app;

-- Drop a draft or a spreadsheet, and the key that sealed it; not the key of a referral that was opened, or sent to be.
CREATE FUNCTION drop_unopened(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sent boolean;
BEGIN
    SELECT sent_at IS NOT NULL INTO sent FROM opening_draft WHERE reference = p_name FOR UPDATE;
    IF sent IS NULL AND NOT EXISTS (SELECT FROM import_upload WHERE id = p_name FOR UPDATE) THEN
        RETURN;
    END IF;
    DELETE FROM opening_draft WHERE reference = p_name;
    DELETE FROM import_upload WHERE id = p_name;
    IF sent IS NOT TRUE AND NOT EXISTS (SELECT FROM referral WHERE reference = p_name) THEN
        DELETE FROM keys.data_key WHERE reference = p_name;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION drop_unopened FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_unopened TO rj_app;
