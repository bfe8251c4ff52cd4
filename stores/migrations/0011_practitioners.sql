-- Volunteers, and the level of a practitioner: trainee, practitioner, advanced practitioner. The level follows from two
-- marks, of which the one for advanced practitioners is older; nobody bears both.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE staff
    ADD COLUMN volunteer boolean NOT NULL DEFAULT FALSE,
    ADD COLUMN trainee boolean NOT NULL DEFAULT FALSE,
-- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT staff_level CHECK (NOT (trainee AND advanced_practitioner));

-- A mark is told only where it is borne: the events that are older than it lead to the same entries.
CREATE OR REPLACE FUNCTION staff_state(member staff) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN member.id IS NOT NULL THEN jsonb_build_object(
        'id', member.id,
        'role', member.role,
        'areas', member.areas,
        'name', member.name,
        'advanced_practitioner', member.advanced_practitioner,
        'active', member.active,
        'absent_until', to_char(member.absent_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'stand_in', member.stand_in,
        'email', member.email,
        'at_once', member.at_once,
        'digest', member.digest,
        'role_since', to_char(member.role_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'role_by', member.role_by
    )
    || CASE WHEN member.volunteer THEN '{"volunteer": true}'::jsonb ELSE '{}' END
    || CASE WHEN member.trainee THEN '{"trainee": true}'::jsonb ELSE '{}' END
    END
$$;

-- As in 0006, with both marks among what service managers change.
CREATE OR REPLACE FUNCTION change_staff(
    p_previous bytea,
    p_at timestamptz,
    p_kind text,
    p_actor text,
    p_subject text,
    p_before text,
    p_after text,
    p_hash bytea
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    latest record;
    asked record;
    actor staff;
    maker staff;
    stands staff;
    becomes staff;
    two text [];
    free text [];
    problem text;
    ends boolean;
BEGIN
    IF octet_length(p_hash) IS DISTINCT FROM 32 OR p_actor IS NULL OR p_at IS NULL OR coalesce(p_kind, '') NOT IN (
        'first', 'entered', 'changed', 'proposed', 'confirmed', 'declined', 'absent', 'back', 'messages'
    ) THEN
        RAISE EXCEPTION 'a change says who makes it when, is of a kind, and has a link' USING ERRCODE = '22023';
    END IF;
    LOCK TABLE staff_event IN SHARE ROW EXCLUSIVE MODE;
    SELECT sequence, at, hash INTO latest FROM staff_event ORDER BY sequence DESC LIMIT 1;
    IF coalesce(latest.hash, '\x') IS DISTINCT FROM p_previous THEN
        RETURN 'behind';
    END IF;
    IF p_at < latest.at OR p_at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() THEN
        RETURN 'time';
    END IF;
    SELECT * INTO actor FROM staff WHERE id = p_actor;
    SELECT * INTO stands FROM staff WHERE id = p_subject FOR UPDATE;
    IF staff_state(stands) IS DISTINCT FROM p_before::jsonb THEN
        RETURN 'behind';
    END IF;
    IF p_kind <> 'first' AND actor.id IS NULL THEN
        RETURN 'staff_unknown';
    END IF;
    IF p_kind <> 'first' AND NOT actor.active THEN
        RETURN 'staff_inactive';
    END IF;

    SELECT sequence, staff_event.at, staff_event.actor, kind, before, after INTO asked FROM staff_event
    WHERE subject = p_subject AND kind IN ('first', 'entered', 'changed', 'proposed', 'confirmed', 'declined')
    ORDER BY sequence DESC LIMIT 1;
    IF p_kind IN ('confirmed', 'declined') AND asked.kind IS DISTINCT FROM 'proposed' THEN
        RETURN 'not_proposed';
    END IF;
    IF p_kind = 'declined' THEN
        becomes := jsonb_populate_record(NULL::staff, asked.after::jsonb);
        IF p_actor NOT IN (p_subject, asked.actor) AND NOT (
            actor.role = 'service_manager' AND actor.areas && (coalesce(stands.areas, '{}') || becomes.areas)
        ) THEN
            RETURN 'not_your_role';
        END IF;
        IF p_after::jsonb IS DISTINCT FROM p_before::jsonb THEN
            RAISE EXCEPTION 'declining changes nobody' USING ERRCODE = '22023';
        END IF;
        INSERT INTO staff_event VALUES (
            coalesce(latest.sequence, 0) + 1, p_at, p_actor, p_kind, p_subject, p_before::json, p_after::json, p_hash
        );
        RETURN 'recorded';
    END IF;

    becomes := jsonb_populate_record(NULL::staff, p_after::jsonb);
    -- What is not told is not so.
    becomes.volunteer := coalesce(becomes.volunteer, FALSE);
    becomes.trainee := coalesce(becomes.trainee, FALSE);
    IF staff_state(becomes) IS DISTINCT FROM p_after::jsonb OR becomes.trainee AND becomes.advanced_practitioner
        OR becomes.id IS DISTINCT FROM p_subject
        OR p_subject !~ '^[a-z][a-z0-9-]{1,30}$' OR p_subject = 'system' OR cardinality(becomes.areas) < 1
        OR becomes.role NOT IN (
            'caseworker', 'facilitator', 'supervisor', 'service_manager', 'commissioner', 'partner'
        )
    THEN
        RAISE EXCEPTION 'this is no entry of the register' USING ERRCODE = '22023';
    END IF;
    IF p_kind = 'confirmed' AND asked.before::jsonb IS DISTINCT FROM p_before::jsonb THEN
        RETURN 'changed_since';
    END IF;
    two := staff_takes_two(stands, becomes);
    maker := actor;
    -- What a change of this kind may be of.
    free := CASE
        WHEN p_kind IN ('absent', 'back') THEN ARRAY['absent_until', 'stand_in']
        WHEN p_kind = 'messages' THEN ARRAY['email', 'at_once', 'digest']
        ELSE ARRAY[
            'role', 'areas', 'name', 'advanced_practitioner', 'active', 'email', 'role_since', 'role_by',
            'volunteer', 'trainee'
        ]
    END;
    IF stands.id IS NOT NULL AND staff_state(stands) - free <> staff_state(becomes) - free
        OR stands.id IS NULL AND (becomes.absent_until IS NOT NULL OR becomes.stand_in IS NOT NULL)
        OR (stands.id IS NULL) <> (p_kind IN ('first', 'entered')) AND p_kind NOT IN ('proposed', 'confirmed')
    THEN
        RAISE EXCEPTION 'a change of this kind does not change that' USING ERRCODE = '22023';
    END IF;

    CASE p_kind
        WHEN 'first' THEN
            IF EXISTS (SELECT FROM staff WHERE role = 'service_manager' AND active) THEN
                RETURN 'not_first';
            END IF;
            IF p_actor <> p_subject OR becomes.role <> 'service_manager' OR NOT becomes.active THEN
                RAISE EXCEPTION 'the first is an active service manager' USING ERRCODE = '22023';
            END IF;
            maker.id := p_subject;
        WHEN 'entered', 'changed', 'proposed' THEN
            problem := staff_may_change(actor, stands, becomes);
            IF problem IS NOT NULL THEN
                RETURN problem;
            END IF;
            IF (two <> '{}') <> (p_kind = 'proposed') THEN
                RETURN CASE WHEN p_kind = 'proposed' THEN 'one_is_enough' ELSE 'two_needed' END;
            END IF;
        WHEN 'confirmed' THEN
            IF asked.after::jsonb - 'role_since' IS DISTINCT FROM p_after::jsonb - 'role_since' THEN
                RAISE EXCEPTION 'what is confirmed is what was proposed' USING ERRCODE = '22023';
            END IF;
            SELECT * INTO maker FROM staff WHERE id = asked.actor;
            IF staff_may_change(maker, stands, becomes) IS NOT NULL THEN
                RETURN 'proposer_may_not';
            END IF;
            IF two = '{}' THEN
                RETURN 'one_is_enough';
            END IF;
            ends := NOT (becomes.active AND becomes.role = 'service_manager')
                OR stands.active AND stands.role = 'service_manager' AND becomes.areas <@ stands.areas;
            IF p_actor = p_subject THEN
                -- Who ceases to be one may agree to that; nobody agrees to their own being made one.
                IF ends IS NOT TRUE THEN
                    RETURN 'own_entry';
                END IF;
            ELSIF p_actor = asked.actor THEN
                IF ends IS NOT TRUE OR EXISTS (
                    SELECT FROM staff
                    WHERE role = 'service_manager' AND active AND areas && two AND id NOT IN (p_actor, p_subject)
                ) THEN
                    RETURN 'another_confirms';
                END IF;
                -- Nobody is there but the one concerned, who may have gone: they have a week to decline.
                IF asked.at > p_at - interval '7 days' THEN
                    RETURN 'a_week';
                END IF;
            ELSIF actor.role <> 'service_manager' THEN
                RETURN 'not_your_role';
            ELSIF NOT two <@ actor.areas THEN
                RETURN 'staff_other_area:' || array_to_string(two, ', ');
            END IF;
        WHEN 'absent', 'back' THEN
            IF p_actor <> p_subject AND NOT (
                actor.role IN ('supervisor', 'service_manager') AND actor.areas && stands.areas
            ) THEN
                RETURN 'not_theirs';
            END IF;
            IF p_kind = 'absent' AND (
                becomes.absent_until IS NULL OR becomes.stand_in = p_subject
                OR NOT EXISTS (SELECT FROM staff WHERE id = becomes.stand_in AND active)
            ) OR p_kind = 'back' AND (becomes.absent_until IS NOT NULL OR becomes.stand_in IS NOT NULL) THEN
                RAISE EXCEPTION 'an absence has an end and an active stand-in' USING ERRCODE = '22023';
            END IF;
        WHEN 'messages' THEN
            IF p_actor <> p_subject THEN
                RETURN 'not_yours';
            END IF;
    END CASE;

    -- Since when they may what they may, and by whom: what is signed off within a day of that is looked at again.
    IF (becomes.role_since, becomes.role_by) IS DISTINCT FROM (
        CASE
            WHEN p_kind IN ('absent', 'back', 'messages') THEN (stands.role_since, stands.role_by)
            WHEN stands.id IS NULL OR stands.role <> becomes.role OR becomes.active AND NOT stands.active
                OR NOT becomes.areas <@ stands.areas THEN (p_at, maker.id)
            ELSE (stands.role_since, stands.role_by)
        END
    ) THEN
        RAISE EXCEPTION 'role_since and role_by say when and by whom a role was given' USING ERRCODE = '22023';
    END IF;
    IF p_kind <> 'proposed' THEN
        INSERT INTO staff SELECT becomes.*
        ON CONFLICT (id) DO UPDATE SET
            role = excluded.role, areas = excluded.areas, name = excluded.name,
            advanced_practitioner = excluded.advanced_practitioner, active = excluded.active,
            absent_until = excluded.absent_until, stand_in = excluded.stand_in, email = excluded.email,
            at_once = excluded.at_once, digest = excluded.digest, role_since = excluded.role_since,
            role_by = excluded.role_by, volunteer = excluded.volunteer, trainee = excluded.trainee;
    END IF;
    INSERT INTO staff_event VALUES (
        coalesce(latest.sequence, 0) + 1, p_at, p_actor, p_kind, p_subject, p_before::json, p_after::json, p_hash
    );
    RETURN 'recorded';
END
$$;
