-- The event log, what is read from it, and the staff register.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE staff (
    id text PRIMARY KEY,
    role text NOT NULL,
    areas text [] NOT NULL,
    name text,
    advanced_practitioner boolean NOT NULL DEFAULT FALSE,
    active boolean NOT NULL DEFAULT TRUE,
    absent_until timestamptz,
    stand_in text REFERENCES staff (id)
);
GRANT SELECT, INSERT, UPDATE ON staff TO rj_app;

CREATE TABLE referral (
    reference text PRIMARY KEY,
    sequence bigint NOT NULL,
    head bytea NOT NULL,
    area text NOT NULL,
    stage text NOT NULL,
    stage_entered_at timestamptz NOT NULL,
    source text NOT NULL,
    initiator text NOT NULL,
    offence text NOT NULL,
    justice_stage text NOT NULL,
    caseworker text,
    facilitator text,
    sensitive boolean NOT NULL,
    on_hold boolean NOT NULL,
    safeguarding boolean NOT NULL,
    next_deadline text,
    next_due_at timestamptz,
    received_at timestamptz NOT NULL,
    closed_at timestamptz,
    closure_reason text,
    linked_to text REFERENCES referral (reference)
);
COMMENT ON TABLE referral IS
'The read model for lists: what the events come to. head is the hash of the latest event.';
CREATE INDEX referral_by_area ON referral (area, stage, next_due_at);
CREATE INDEX referral_by_caseworker ON referral (caseworker, next_due_at);
GRANT SELECT, INSERT, UPDATE ON referral TO rj_app;

CREATE TABLE event (
    reference text NOT NULL REFERENCES referral (reference),
    sequence bigint NOT NULL,
    step bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    command_id uuid NOT NULL,
    body json NOT NULL,
    sealed bytea,
    hash bytea NOT NULL,
    PRIMARY KEY (reference, sequence)
);
COMMENT ON TABLE event IS
'The truth of record. The application may add and read, never change or delete. body is kept to the letter, for the '
'hash runs over it; sealed is encrypted under the referral''s key.';
CREATE UNIQUE INDEX event_command ON event (reference, command_id) WHERE sequence = step;
CREATE INDEX event_by_kind ON event (kind, reference);
GRANT SELECT, INSERT ON event TO rj_app;

CREATE TABLE deadline (
    reference text NOT NULL REFERENCES referral (reference),
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    points jsonb NOT NULL,
    PRIMARY KEY (reference, key)
);
COMMENT ON TABLE deadline IS
'The open deadlines of open referrals, with their points: what reminders and supervisors'' lists read.';
CREATE INDEX deadline_by_due ON deadline (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON deadline TO rj_app;

-- What must be true of the people whom a step names, checked in the step's own transaction. Null: all is well.
CREATE FUNCTION staff_problem(p_id text, p_role text, p_area text, p_advanced boolean) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN found.id IS NULL THEN 'staff_unknown'
        WHEN NOT found.active THEN 'staff_inactive'
        WHEN p_role IS NOT NULL AND found.role <> p_role THEN 'staff_other_role'
        WHEN NOT p_area = ANY(found.areas) THEN 'staff_other_area'
        WHEN p_advanced AND NOT found.advanced_practitioner THEN 'staff_not_advanced'
    END
    FROM (SELECT 1) one LEFT JOIN staff found ON found.id = p_id
$$;

-- One step: all of it or nothing, once, however often it is tried. One call is one transaction.
-- Answers recorded, repeated (the command stands in the log already), behind (the log has gone on since p_after), or
-- what is wrong with the people it names, as code:who.
CREATE FUNCTION record_step(
    p_reference text,
    p_after bigint,
    p_command uuid,
    p_at timestamptz,
    p_actor text,
    p_role text,
    p_area text,
    p_named text [],
    p_advanced text,
    p_kinds text [],
    p_bodies text [],
    p_sealed bytea [],
    p_referral jsonb,
    p_deadlines jsonb
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    stands record;
    problem text;
    link bytea;
    place bigint;
    who text;
BEGIN
    SELECT sequence, head INTO stands FROM referral WHERE reference = p_reference FOR UPDATE;
    IF EXISTS (
        SELECT FROM event WHERE reference = p_reference AND command_id = p_command AND sequence = step
    ) THEN
        RETURN 'repeated';
    END IF;
    -- A process may remember a destroyed key for a while; nothing more is sealed with it.
    IF EXISTS (SELECT FROM keys.erasure WHERE reference = p_reference) THEN
        RETURN 'erased';
    END IF;
    IF coalesce(stands.sequence, 0) <> p_after THEN
        RETURN 'behind';
    END IF;
    IF p_role <> 'system' THEN
        problem := staff_problem(p_actor, p_role, p_area, FALSE);
        IF problem IS NOT NULL THEN
            RETURN problem || ':' || p_actor;
        END IF;
    END IF;
    FOREACH who IN ARRAY p_named LOOP
        problem := staff_problem(who, NULL, p_area, who IS NOT DISTINCT FROM p_advanced);
        IF problem IS NOT NULL THEN
            RETURN problem || ':' || who;
        END IF;
    END LOOP;

    IF stands.sequence IS NULL THEN
        INSERT INTO referral
        SELECT * FROM jsonb_populate_record(NULL::referral, p_referral || '{"head": "\\x"}')
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN 'behind';
        END IF;
    END IF;

    link := coalesce(stands.head, '\x');
    FOR position IN 1 .. cardinality(p_kinds) LOOP
        place := p_after + position;
        link := sha256(link || convert_to(concat_ws(
            chr(31), p_reference, place, p_after + 1, (extract(EPOCH FROM p_at) * 1000000)::bigint, p_kinds[position],
            p_actor, p_role, p_command, p_bodies[position]
        ), 'UTF8') || coalesce(p_sealed[position], '\x'));
        INSERT INTO event VALUES (
            p_reference, place, p_after + 1, p_at, p_kinds[position], p_actor, p_role, p_command,
            p_bodies[position]::json, p_sealed[position], link
        );
    END LOOP;

    UPDATE referral SET
        sequence = place, head = link,
        area = new.area, stage = new.stage, stage_entered_at = new.stage_entered_at, source = new.source,
        initiator = new.initiator, offence = new.offence, justice_stage = new.justice_stage,
        caseworker = new.caseworker, facilitator = new.facilitator, sensitive = new.sensitive,
        on_hold = new.on_hold, safeguarding = new.safeguarding, next_deadline = new.next_deadline,
        next_due_at = new.next_due_at, closed_at = new.closed_at, closure_reason = new.closure_reason
    FROM jsonb_populate_record(NULL::referral, p_referral) new
    WHERE referral.reference = p_reference;

    DELETE FROM deadline WHERE reference = p_reference AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(p_deadlines) AS still (key text) WHERE still.key = deadline.key
    );
    INSERT INTO deadline (reference, key, due_at, points)
    SELECT p_reference, new.key, new.due_at, new.points
    FROM jsonb_to_recordset(p_deadlines) AS new (key text, due_at timestamptz, points jsonb)
    ON CONFLICT (reference, key) DO UPDATE SET due_at = excluded.due_at, points = excluded.points
    WHERE deadline.points <> excluded.points;

    RETURN 'recorded';
END
$$;
