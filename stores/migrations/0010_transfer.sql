-- Transfer: a referral is offered to another area, which takes it over. The referral's row says to which it is offered;
-- record_step() moves it, and lets the area that it is offered to answer; record_look() lets that area's supervisors read
-- the reason of the offer.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE referral ADD COLUMN offered_to text;
COMMENT ON COLUMN referral.offered_to IS 'The area that it is offered to and that has not answered yet.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_offered_to ON referral (offered_to) WHERE offered_to IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_transfers ON event (reference, sequence) WHERE kind = 'transfer_accepted';

-- One kind and one relation more; what stands in the log fits the new conditions as it fitted the old.
-- squawk-ignore ban-drop-constraint
ALTER TABLE access_log DROP CONSTRAINT access_log_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE access_log ADD CONSTRAINT access_log_kind_check
CHECK (kind IN ('people', 'timeline', 'contact', 'sign_off', 'access_log', 'transfer_offer'));
-- squawk-ignore ban-drop-constraint
ALTER TABLE access_log DROP CONSTRAINT access_log_relation_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE access_log ADD CONSTRAINT access_log_relation_check
CHECK (relation IN ('own', 'stands_in', 'sent', 'own_area', 'offered_to'));

CREATE OR REPLACE FUNCTION record_step(
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
    now_offered text;
    acting_in text;
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
    SELECT sequence, head, area, offered_to, stage INTO stands FROM referral WHERE reference = p_reference FOR UPDATE;
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
    now_offered := stands.offered_to;
    now_stage := stands.stage;
    -- An offer is answered by the area that it was made to; anything else is done by the referral's own.
    acting_in := CASE
        WHEN p_kinds[1] IN ('transfer_accepted', 'transfer_refused') THEN stands.offered_to ELSE now_area
    END;
    IF (stands.sequence IS NULL) <> (p_kinds[1] = 'referral_received') OR acting_in IS NULL THEN
        RETURN 'area';
    END IF;
    -- That area answers, and does nothing else to it in the same step.
    IF p_kinds[1] IN ('transfer_accepted', 'transfer_refused') AND (
        p_role NOT IN ('supervisor', 'service_manager')
        OR NOT p_kinds[2:] <@ ARRAY['escalation_cleared', 'appointment_called_off']
    ) THEN
        RETURN 'actor';
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
        problem := staff_problem(p_actor, p_role, acting_in, FALSE);
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
        problem := staff_problem(who, NULL, acting_in, who IS NOT DISTINCT FROM p_advanced);
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
            WHEN 'transfer_offered' THEN
                IF now_offered IS NOT NULL OR body ->> 'area' = now_area THEN
                    RETURN 'area';
                END IF;
                now_offered := body ->> 'area';
                -- Nobody would ever answer.
                IF NOT EXISTS (
                    SELECT FROM staff
                    WHERE active AND role IN ('supervisor', 'service_manager') AND now_offered = ANY (areas)
                ) THEN
                    RETURN 'area_without_supervisor:' || now_offered;
                END IF;
            WHEN 'transfer_accepted' THEN
                IF position <> 1 OR body ->> 'left' IS DISTINCT FROM now_area
                    OR body ->> 'area' IS DISTINCT FROM now_offered
                THEN
                    RETURN 'area';
                END IF;
                now_area := now_offered;
                now_offered := NULL;
            WHEN 'transfer_refused', 'transfer_offer_withdrawn' THEN
                IF (p_kinds[position] = 'transfer_refused' AND position <> 1)
                    OR body ->> 'area' IS DISTINCT FROM now_offered
                THEN
                    RETURN 'area';
                END IF;
                now_offered := NULL;
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
    IF p_referral ->> 'area' IS DISTINCT FROM now_area
        OR p_referral ->> 'offered_to' IS DISTINCT FROM now_offered
    THEN
        RETURN 'area';
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
        sequence = place, head = p_links[cardinality(p_links)], area = new.area, offered_to = new.offered_to,
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

CREATE OR REPLACE FUNCTION record_look(
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
    SELECT area, offered_to, sequence, caseworker, facilitator, sensitive INTO stands
    FROM referral WHERE reference = p_reference FOR KEY SHARE;
    IF stands.area IS NULL THEN
        RETURN 'unknown';
    END IF;
    -- Who is of the area that it is offered to sees the reason of the offer, and nothing else.
    IF (p_relation = 'offered_to') <> (p_kind = 'transfer_offer')
        OR (p_relation = 'offered_to' AND stands.offered_to IS NULL)
    THEN
        RAISE EXCEPTION 'the referral is not offered to them' USING ERRCODE = '42501';
    END IF;
    problem := staff_problem(
        p_staff, p_role, CASE WHEN p_relation = 'offered_to' THEN stands.offered_to ELSE stands.area END, FALSE
    );
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
