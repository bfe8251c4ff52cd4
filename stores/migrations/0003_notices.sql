-- Messages and who chose to get which, and what waits for supervisors: escalations and sign-offs.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE staff
ADD COLUMN email text,
ADD COLUMN at_once text [] NOT NULL DEFAULT '{escalation,safeguarding,sign_off,meeting,sent_referral}',
ADD COLUMN digest boolean NOT NULL DEFAULT TRUE;

ALTER TABLE referral
ADD COLUMN escalations jsonb NOT NULL DEFAULT '[]',
ADD COLUMN sign_offs jsonb NOT NULL DEFAULT '[]',
ADD COLUMN tasks jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN referral.escalations IS 'Those that are not cleared: deadline, point, at, rung, raised_at.';
COMMENT ON COLUMN referral.sign_offs IS 'What waits for one: subject, requested_by, requested_at.';
COMMENT ON COLUMN referral.tasks IS
'Messages that could not be sent and have to be told: id, template, recipient ("to"), since, starts_at.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_with_tasks ON referral (area) WHERE tasks <> '[]';

CREATE TABLE notice (
    reference text NOT NULL REFERENCES referral (reference),
    id text NOT NULL,
    at timestamptz NOT NULL,
    template text NOT NULL,
    category text NOT NULL,
    party text NOT NULL,
    recipient text NOT NULL,
    about jsonb NOT NULL,
    after_closing boolean NOT NULL,
    outward boolean NOT NULL,
    outcome text,
    channel text,
    settled_at timestamptz,
    read_at timestamptz,
    PRIMARY KEY (reference, id)
);
COMMENT ON TABLE notice IS
'One message to one person. Those to staff and partners are their inbox; outward ones leave the house besides, and '
'have an outcome when they have come to their end.';
CREATE INDEX notice_unread ON notice (recipient, at) WHERE read_at IS NULL AND party <> 'participant';
CREATE INDEX notice_underway ON notice (reference) WHERE outward AND outcome IS NULL;
GRANT SELECT, INSERT, UPDATE (outcome, channel, settled_at, read_at) ON notice TO rj_app;

CREATE TABLE notice_try (
    reference text NOT NULL,
    notice text NOT NULL,
    channel text NOT NULL,
    began_at timestamptz NOT NULL,
    tried_at timestamptz NOT NULL,
    state text NOT NULL,
    sent_id text,
    uncertain boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (reference, notice, channel),
    FOREIGN KEY (reference, notice) REFERENCES notice (reference, id)
);
COMMENT ON TABLE notice_try IS
'How far a message has come on a channel: written before it is sent, so that whoever comes after a crash knows that '
'it may have left.';
GRANT SELECT, INSERT, UPDATE (tried_at, state, sent_id, uncertain) ON notice_try TO rj_app;

CREATE TABLE digest (
    staff text NOT NULL REFERENCES staff (id),
    day date NOT NULL,
    sent_at timestamptz,
    PRIMARY KEY (staff, day)
);
COMMENT ON TABLE digest IS 'The summaries of working mornings: begun, and with a time when sent.';
GRANT SELECT, INSERT, UPDATE (sent_at) ON digest TO rj_app;

-- A worker of an older version finds it gone; its steps are tried again, by then by a newer one.
-- squawk-ignore ban-drop-function
DROP FUNCTION record_step(
    text, bigint, uuid, timestamptz, text, text, text, text [], text, text [], text [], bytea [], jsonb, jsonb
);

-- As before, and with it the messages that the step leads to, in the same transaction.
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
    p_deadlines jsonb,
    p_notices jsonb
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
        IF p_kinds[position] = 'notice_settled' THEN
            UPDATE notice SET
                outcome = p_bodies[position]::json ->> 'outcome',
                channel = p_bodies[position]::json ->> 'channel',
                settled_at = p_at
            WHERE reference = p_reference AND id = p_bodies[position]::json ->> 'notice';
        END IF;
    END LOOP;

    UPDATE referral SET
        sequence = place, head = link,
        area = new.area, stage = new.stage, stage_entered_at = new.stage_entered_at, source = new.source,
        initiator = new.initiator, offence = new.offence, justice_stage = new.justice_stage,
        caseworker = new.caseworker, facilitator = new.facilitator, sensitive = new.sensitive,
        on_hold = new.on_hold, safeguarding = new.safeguarding, next_deadline = new.next_deadline,
        next_due_at = new.next_due_at, closed_at = new.closed_at, closure_reason = new.closure_reason,
        escalations = new.escalations, sign_offs = new.sign_offs, tasks = new.tasks
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

    INSERT INTO notice (reference, id, at, template, category, party, recipient, about, after_closing, outward)
    SELECT p_reference, new.id, p_at, new.template, new.category, new.party, new.recipient, new.about,
        new.after_closing, new.outward
    FROM jsonb_to_recordset(p_notices) AS new (
        id text, template text, category text, party text, recipient text, about jsonb, after_closing boolean,
        outward boolean
    );

    RETURN 'recorded';
END
$$;
