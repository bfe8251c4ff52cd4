-- The access log: every look at what is said about people, append-only, in one chain for each referral. The application
-- adds to it through record_look() alone.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE access_log (
    reference text NOT NULL REFERENCES referral (reference),
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    staff text NOT NULL,
    role text NOT NULL CHECK (role IN ('caseworker', 'facilitator', 'supervisor', 'service_manager')),
    kind text NOT NULL CHECK (kind IN ('people', 'timeline', 'contact', 'sign_off', 'access_log')),
    relation text NOT NULL CHECK (relation IN ('own', 'stands_in', 'sent', 'own_area')),
    way_in text NOT NULL CHECK (way_in IN ('command_line', 'console', 'api')),
    -- Never shorter than a nonce, a tag and the length of what is sealed.
    sealed bytea CHECK (octet_length(sealed) > 28),
    hash bytea NOT NULL,
    PRIMARY KEY (reference, sequence)
);
COMMENT ON TABLE access_log IS
'Who looked at what is said about people: Data Protection Act 2018 s.62 names consultation and disclosure among the acts '
'to be logged. Append-only. sealed is the reason that was given, under the referral''s key; hash is the link, made by the '
'application (stores/logs/access_log.py) under a key that the database does not hold in the clear.';
CREATE INDEX access_log_by_staff ON access_log (staff, at);
GRANT SELECT ON access_log TO rj_app;
ALTER TABLE access_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON access_log TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = access_log.reference)
);

-- One look, and the message that tells supervisors of it: both or neither. The caller is not believed: role, area, time,
-- whether the referral is theirs or was sent by them, whether a reason is due, and whom it may be told to are looked up
-- here, and the message is made here. Only that somebody stands in for another is the caller's word. Answers
--   recorded
--   behind: another look was recorded meanwhile, or too long ago was the time asked for
--   erased: the key that sealed the reason is destroyed
--   unknown: there is no such referral
--   what is wrong with the person, as the code of a refusal
CREATE FUNCTION record_look(
    p_reference text,
    p_after bigint,
    p_previous bytea,
    p_at timestamptz,
    p_staff text,
    p_role text,
    p_kind text,
    p_relation text,
    p_way_in text,
    p_sealed bytea,
    p_hash bytea,
    p_told text []
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands record;
    latest record;
    problem text;
    erased boolean;
BEGIN
    IF octet_length(p_hash) IS DISTINCT FROM 32 OR p_at IS NULL OR p_after IS NULL OR p_previous IS NULL
        OR p_role IS NULL OR p_kind IS NULL OR p_relation IS NULL OR p_way_in IS NULL
    THEN
        RAISE EXCEPTION 'a look says after which other it comes, when, and has a link' USING ERRCODE = '22023';
    END IF;
    -- An erasure locks the row: either it is seen below, or it comes after this.
    SELECT area, sequence, caseworker, facilitator, sensitive INTO stands
    FROM referral WHERE reference = p_reference FOR KEY SHARE;
    IF stands.area IS NULL THEN
        RETURN 'unknown';
    END IF;
    problem := staff_problem(p_staff, p_role, stands.area, FALSE);
    IF problem IS NOT NULL THEN
        RETURN problem;
    END IF;
    erased := EXISTS (SELECT FROM keys.erasure WHERE reference = p_reference);
    IF p_sealed IS NOT NULL AND erased THEN
        RETURN 'erased';
    END IF;
    IF (p_relation = 'own'
            AND p_staff IS DISTINCT FROM stands.caseworker AND p_staff IS DISTINCT FROM stands.facilitator
            AND NOT EXISTS (
                SELECT FROM event WHERE reference = p_reference AND body ->> 'co_facilitator' = p_staff
            ))
        OR (p_relation = 'sent' AND NOT EXISTS (
            SELECT FROM event
            WHERE reference = p_reference AND sequence = 1 AND actor = p_staff AND role = 'partner'
        ))
    THEN
        RAISE EXCEPTION 'the referral is not theirs' USING ERRCODE = '42501';
    END IF;
    IF stands.sensitive AND NOT erased AND p_sealed IS NULL
        AND p_role IN ('caseworker', 'facilitator') AND p_relation IN ('own_area', 'sent')
    THEN
        RAISE EXCEPTION 'a look at a sensitive case of others has a reason' USING ERRCODE = '42501';
    END IF;
    SELECT sequence, at, hash INTO latest FROM access_log
    WHERE reference = p_reference ORDER BY sequence DESC LIMIT 1;
    IF coalesce(latest.sequence, 0) <> p_after OR coalesce(latest.hash, '\x') <> p_previous
        OR p_at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()
        OR p_at < latest.at
    THEN
        RETURN 'behind';
    END IF;
    INSERT INTO access_log VALUES (
        p_reference, p_after + 1, p_at, p_staff, p_role, p_kind, p_relation, p_way_in, p_sealed, p_hash
    ) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'behind';
    END IF;
    -- Messages are numbered by the event that they tell of; this one tells of none, and comes after the latest.
    INSERT INTO notice (reference, id, at, template, category, party, recipient, about, after_closing, outward)
    SELECT
        p_reference, format('%s-look-%s-%s', stands.sequence, p_after + 1, row_number() OVER (ORDER BY id)), p_at,
        'looked_at', 'news', 'staff', id, jsonb_build_object('colleague', p_staff), TRUE, FALSE
    FROM staff
    WHERE id = ANY (p_told) AND active AND role IN ('supervisor', 'service_manager') AND stands.area = ANY (areas);
    RETURN 'recorded';
END
$$;
REVOKE EXECUTE ON FUNCTION record_look FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_look TO rj_app;
