-- Who may do what in the database: the application signs in as rj_app, which owns nothing, adds to the log only through
-- record_step(), and sees only the areas that its transaction names. And a log that cannot be rewritten quietly.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '600s';

-- Nobody who is let in by right of being anybody may make objects for our functions to trip over.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON event FROM rj_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON referral FROM rj_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON deadline FROM rj_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON notice FROM rj_app;
GRANT UPDATE (read_at) ON notice TO rj_app;

-- The links of the chain. Those of chain 1 are plain hashes, carried over by stores/carrying_over.py; those of chain 2
-- are keyed (HMAC-SHA256), so that who has the database and not the master keys cannot make them.
ALTER TABLE event ADD COLUMN chain bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN event.hash IS
'The link: over the link before and all that is stored of the event, made by the application; see stores/chain.py.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_to_carry_over ON event (reference) WHERE chain = 1;

CREATE TABLE anchor (
    number bigint PRIMARY KEY,
    made_at timestamptz NOT NULL,
    document text NOT NULL
);
COMMENT ON TABLE anchor IS
'Signed statements of where every log stood. The copies that count lie outside the database.';
GRANT SELECT, INSERT ON anchor TO rj_app;

CREATE TABLE fact (
    id bytea PRIMARY KEY,
    area text NOT NULL,
    month date NOT NULL,
    name text NOT NULL,
    value text NOT NULL
);
COMMENT ON TABLE fact IS
'What figures need of what is sealed, coarse and without a reference: who lacks the key cannot tell whose it is.';
CREATE INDEX fact_by_name ON fact (name, area, month);
GRANT SELECT, DELETE ON fact TO rj_app;

ALTER TABLE staff ADD COLUMN role_since timestamptz, ADD COLUMN role_by text;
COMMENT ON COLUMN staff.role_by IS 'Who gave them the role that they have since role_since.';

-- The areas that a transaction may see: rj.areas holds their names, parted by commas, or * for the engine itself. Not
-- set: none.
ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON referral TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY (string_to_array((SELECT current_setting('rj.areas', TRUE)), ','))
);
ALTER TABLE fact ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON fact TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY (string_to_array((SELECT current_setting('rj.areas', TRUE)), ','))
);
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON event TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = event.reference)
);
ALTER TABLE deadline ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON deadline TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = deadline.reference)
);
ALTER TABLE notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON notice TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = notice.reference)
);
ALTER TABLE notice_try ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON notice_try TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = notice_try.reference)
);

-- Up to when a step may be dated: now, and a little more, for the clocks of two servers are never quite the same.
CREATE FUNCTION latest_time() RETURNS timestamptz
LANGUAGE sql STABLE AS 'SELECT clock_timestamp() + interval ''1 minute''';

-- The stage of a referral, on which no step is recorded until the transaction ends.
CREATE FUNCTION lock_referral(p_reference text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT stage FROM referral WHERE reference = p_reference FOR UPDATE
$$;
REVOKE EXECUTE ON FUNCTION lock_referral FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_referral TO rj_app;

-- A message of an erased referral is not wanted any more; its log takes nothing that could say so.
CREATE FUNCTION give_up_notice(p_reference text, p_id text, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE notice SET outcome = 'not_wanted', settled_at = p_at
    WHERE reference = p_reference AND id = p_id AND outcome IS NULL
    AND EXISTS (SELECT FROM keys.erasure WHERE erasure.reference = p_reference)
$$;
REVOKE EXECUTE ON FUNCTION give_up_notice FROM PUBLIC;
GRANT EXECUTE ON FUNCTION give_up_notice TO rj_app;

-- A worker of an older version finds it gone; its steps are tried again, by then by a newer one.
-- squawk-ignore ban-drop-function
DROP FUNCTION record_step(
    text, bigint, uuid, timestamptz, text, text, text, text [], text, text [], text [], bytea [], jsonb, jsonb, jsonb
);

-- One step: all of it or nothing, once, however often it is tried. One call is one transaction. Whoever calls is not
-- believed: where the log stands, who acts with what role, what the clock may reach, the time, the area and the stage are
-- looked up here. Answers
--   recorded
--   repeated: the command stands in the log already
--   erased: nothing more is recorded of this referral
--   behind: the log stands elsewhere than after p_after and p_head
--   what is wrong with the people it names, as code:who
--   early (before the last event), late (in the future), or what does not fit: area, stage, actor, point, notice
CREATE FUNCTION record_step(
    p_reference text,
    p_after bigint,
    p_head bytea,
    p_command uuid,
    p_at timestamptz,
    p_actor text,
    p_role text,
    p_named text [],
    p_advanced text,
    p_authors text [],
    p_kinds text [],
    p_bodies text [],
    p_sealed bytea [],
    p_links bytea [],
    p_referral jsonb,
    p_deadlines jsonb,
    p_notices jsonb,
    p_facts jsonb,
    p_facts_gone text []
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands record;
    problem text;
    now_area text;
    now_stage text;
    place bigint;
    body json;
    who text;
BEGIN
    IF cardinality(p_kinds) < 1 OR cardinality(p_bodies) <> cardinality(p_kinds)
        OR cardinality(p_sealed) <> cardinality(p_kinds) OR cardinality(p_links) <> cardinality(p_kinds)
        OR p_referral ->> 'reference' IS DISTINCT FROM p_reference
    THEN
        RAISE EXCEPTION 'a step says of each event its kind, body, sealed part and link' USING ERRCODE = '22023';
    END IF;
    SELECT sequence, head, area, stage INTO stands FROM referral WHERE reference = p_reference FOR UPDATE;
    IF EXISTS (
        SELECT FROM event WHERE reference = p_reference AND command_id = p_command AND sequence = step
    ) THEN
        RETURN 'repeated';
    END IF;
    -- A process may remember a destroyed key for a while; nothing more is sealed with it.
    IF EXISTS (SELECT FROM keys.erasure WHERE reference = p_reference) THEN
        RETURN 'erased';
    END IF;
    IF coalesce(stands.sequence, 0) <> p_after OR coalesce(stands.head, '\x') <> p_head THEN
        RETURN 'behind';
    END IF;

    now_area := coalesce(stands.area, p_bodies[1]::json ->> 'area');
    now_stage := stands.stage;
    IF (stands.sequence IS NULL) <> (p_kinds[1] = 'referral_received')
        OR p_referral ->> 'area' IS DISTINCT FROM now_area
    THEN
        RETURN 'area';
    END IF;
    IF p_at < (SELECT at FROM event WHERE reference = p_reference AND sequence = p_after) THEN
        RETURN 'early';
    END IF;
    IF p_at > latest_time() THEN
        RETURN 'late';
    END IF;

    IF p_role = 'system' THEN
        IF p_actor <> 'system' OR NOT p_kinds <@ ARRAY[
            'deadline_reached', 'escalation_raised', 'escalation_cleared', 'notice_settled', 'appointment_called_off'
        ] THEN
            RETURN 'actor';
        END IF;
    ELSE
        IF p_kinds && ARRAY['deadline_reached', 'escalation_raised', 'notice_settled'] THEN
            RETURN 'actor';
        END IF;
        problem := staff_problem(p_actor, p_role, now_area, FALSE);
        IF problem IS NOT NULL THEN
            RETURN problem || ':' || p_actor;
        END IF;
        -- Who was made a supervisor by an author of what is signed off must have been one for a day.
        IF cardinality(p_authors) > 0 AND EXISTS (
            SELECT FROM staff WHERE id = p_actor AND role_by = ANY (p_authors) AND role_since > p_at - interval '1 day'
        ) THEN
            RETURN 'staff_made_by_author:' || p_actor;
        END IF;
    END IF;
    FOREACH who IN ARRAY p_named LOOP
        problem := staff_problem(who, NULL, now_area, who IS NOT DISTINCT FROM p_advanced);
        IF problem IS NOT NULL THEN
            RETURN problem || ':' || who;
        END IF;
    END LOOP;

    FOR position IN 1 .. cardinality(p_kinds) LOOP
        body := p_bodies[position]::json;
        CASE p_kinds[position]
            WHEN 'referral_received' THEN now_stage := 'received';
            WHEN 'stage_entered', 'referral_reopened' THEN now_stage := body ->> 'stage';
            WHEN 'referral_closed' THEN now_stage := 'closed';
            WHEN 'step_corrected' THEN now_stage := body #>> '{becomes,stage}';
            WHEN 'deadline_reached' THEN
                -- A point that the log's own deadlines hold, and not before its instant.
                IF (body ->> 'at')::timestamptz > p_at OR NOT EXISTS (
                    SELECT FROM deadline
                    WHERE reference = p_reference AND key = body ->> 'deadline'
                    AND (points ->> (body ->> 'point'))::timestamptz <= p_at
                ) THEN
                    RETURN 'point';
                END IF;
            WHEN 'notice_settled' THEN
                IF NOT EXISTS (
                    SELECT FROM notice
                    WHERE reference = p_reference AND id = body ->> 'notice' AND outward AND outcome IS NULL
                ) THEN
                    RETURN 'notice';
                END IF;
            ELSE NULL;
        END CASE;
    END LOOP;
    IF p_referral ->> 'stage' IS DISTINCT FROM now_stage THEN
        RETURN 'stage';
    END IF;

    IF stands.sequence IS NULL THEN
        INSERT INTO referral
        SELECT * FROM jsonb_populate_record(NULL::referral, p_referral || '{"head": "\\x"}')
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN 'behind';
        END IF;
    END IF;

    place := p_after + cardinality(p_kinds);
    INSERT INTO event (
        reference, sequence, step, at, kind, actor, role, command_id, body, sealed, hash, chain
    )
    SELECT
        p_reference, p_after + new.position, p_after + 1, p_at, new.kind, p_actor, p_role, p_command,
        new.body::json, new.sealed, new.link, 2
    FROM unnest(p_kinds, p_bodies, p_sealed, p_links)
        WITH ORDINALITY AS new (kind, body, sealed, link, position);
    IF p_role = 'system' THEN
        UPDATE notice SET
            outcome = settled.body ->> 'outcome', channel = settled.body ->> 'channel', settled_at = p_at
        FROM (
            SELECT new.body::json AS body FROM unnest(p_kinds, p_bodies) AS new (kind, body)
            WHERE new.kind = 'notice_settled'
        ) AS settled
        WHERE notice.reference = p_reference AND notice.id = settled.body ->> 'notice';
    END IF;

    UPDATE referral SET
        sequence = place, head = p_links[cardinality(p_links)],
        stage = new.stage, stage_entered_at = new.stage_entered_at, source = new.source,
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

    IF p_notices <> '[]' THEN
        INSERT INTO notice (reference, id, at, template, category, party, recipient, about, after_closing, outward)
        SELECT p_reference, new.id, p_at, new.template, new.category, new.party, new.recipient, new.about,
            new.after_closing, new.outward
        FROM jsonb_to_recordset(p_notices) AS new (
            id text, template text, category text, party text, recipient text, about jsonb, after_closing boolean,
            outward boolean
        );
    END IF;

    IF cardinality(p_facts_gone) > 0 THEN
        DELETE FROM fact WHERE id = ANY (SELECT decode(gone, 'hex') FROM unnest(p_facts_gone) AS gone);
    END IF;
    IF p_facts <> '[]' THEN
        INSERT INTO fact (id, area, month, name, value)
        SELECT decode(new.id, 'hex'), now_area, new.month, new.name, new.value
        FROM jsonb_to_recordset(p_facts) AS new (id text, month date, name text, value text)
        ON CONFLICT (id) DO UPDATE SET value = excluded.value;
    END IF;

    RETURN 'recorded';
END
$$;
REVOKE EXECUTE ON FUNCTION record_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_step TO rj_app;
