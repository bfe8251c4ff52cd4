-- Escalations and requested sign-offs of open referrals as rows of their own, in the order in which lists show them.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE escalation (
    reference text NOT NULL REFERENCES referral (reference) ON DELETE CASCADE,
    number bigint NOT NULL,
    area text NOT NULL,
    deadline text NOT NULL,
    point text NOT NULL,
    at timestamptz NOT NULL,
    rung text NOT NULL,
    raised_at timestamptz NOT NULL,
    PRIMARY KEY (reference, number)
);
COMMENT ON TABLE escalation IS 'A row for each of referral.escalations, as long as it is open; list_what_waits() writes it.';
CREATE INDEX escalation_by_age ON escalation (area, rung, raised_at, reference, deadline, point);

CREATE TABLE sign_off_request (
    reference text NOT NULL REFERENCES referral (reference) ON DELETE CASCADE,
    number bigint NOT NULL,
    area text NOT NULL,
    subject text NOT NULL,
    activity text,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (reference, number)
);
COMMENT ON TABLE sign_off_request IS
'A row for each of referral.sign_offs, as long as it is open; list_what_waits() writes it.';
CREATE INDEX sign_off_request_by_age ON sign_off_request (area, requested_at, reference, subject);

GRANT SELECT ON escalation, sign_off_request TO rj_app;
-- Which areas they are is made out once and not for each row.
ALTER TABLE escalation ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON escalation TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY ((SELECT string_to_array(current_setting('rj.areas', TRUE), ','))::text [])
);
ALTER TABLE sign_off_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON sign_off_request TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY ((SELECT string_to_array(current_setting('rj.areas', TRUE), ','))::text [])
);
ALTER POLICY of_the_areas ON referral USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY ((SELECT string_to_array(current_setting('rj.areas', TRUE), ','))::text [])
);

CREATE FUNCTION escalations_of(of_one referral) RETURNS SETOF escalation
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT of_one.reference, number, of_one.area, deadline, point, raised.at, rung, raised_at
    FROM ROWS FROM (
        jsonb_to_recordset(of_one.escalations)
        AS (deadline text, point text, at timestamptz, rung text, raised_at timestamptz)
    ) WITH ORDINALITY AS raised (deadline, point, at, rung, raised_at, number)
    WHERE of_one.stage <> 'closed'
$$;
CREATE FUNCTION sign_offs_of(of_one referral) RETURNS SETOF sign_off_request
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT of_one.reference, number, of_one.area, subject, activity, requested_by, requested_at
    FROM ROWS FROM (
        jsonb_to_recordset(of_one.sign_offs)
        AS (subject text, activity text, requested_by text, requested_at timestamptz)
    ) WITH ORDINALITY AS asked (subject, activity, requested_by, requested_at, number)
    WHERE of_one.stage <> 'closed'
$$;

INSERT INTO escalation SELECT new.* FROM referral AS r CROSS JOIN LATERAL escalations_of(r) AS new
WHERE r.stage <> 'closed' AND r.escalations <> '[]';
INSERT INTO sign_off_request SELECT new.* FROM referral AS r CROSS JOIN LATERAL sign_offs_of(r) AS new
WHERE r.stage <> 'closed' AND r.sign_offs <> '[]';

-- Whoever writes the referral's row, record_step() of any version among them.
CREATE FUNCTION list_what_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM escalation WHERE reference = NEW.reference;
        DELETE FROM sign_off_request WHERE reference = NEW.reference;
    END IF;
    INSERT INTO escalation SELECT * FROM escalations_of(NEW);
    INSERT INTO sign_off_request SELECT * FROM sign_offs_of(NEW);
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION list_what_waits, escalations_of, sign_offs_of FROM PUBLIC;
CREATE TRIGGER list_what_waits AFTER INSERT ON referral
FOR EACH ROW WHEN (new.escalations <> '[]' OR new.sign_offs <> '[]') EXECUTE FUNCTION list_what_waits();
CREATE TRIGGER list_what_waits_now AFTER UPDATE ON referral
FOR EACH ROW WHEN (
    (old.escalations, old.sign_offs, old.area, old.stage = 'closed')
    IS DISTINCT FROM (new.escalations, new.sign_offs, new.area, new.stage = 'closed')
) EXECUTE FUNCTION list_what_waits();
