-- What a worklist looks for stands on the referral's row: it had been looked for in the log and among the deadlines of
-- every open referral of an area.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE referral
ADD COLUMN facilitators text [] NOT NULL DEFAULT '{}',
ADD COLUMN unchecked_draft boolean NOT NULL DEFAULT FALSE,
ADD COLUMN unanswered_complaint boolean NOT NULL DEFAULT FALSE,
ADD COLUMN inactive_from timestamptz,
ADD COLUMN supervision_due_at timestamptz,
ADD COLUMN review_due_at timestamptz;
COMMENT ON COLUMN referral.facilitators IS 'All who facilitate it, or one of its activities; perhaps who did before.';
COMMENT ON COLUMN referral.unchecked_draft IS 'Whether a draft waits for its check; perhaps one of an activity that is over.';
COMMENT ON COLUMN referral.unanswered_complaint IS 'Whether a complaint was not answered; perhaps one that was taken back.';
COMMENT ON COLUMN referral.inactive_from IS 'When the deadline of inactivity is due.';
COMMENT ON COLUMN referral.supervision_due_at IS 'When the deadline of case supervision is due.';
COMMENT ON COLUMN referral.review_due_at IS
'When the first of the other deadlines is due, but for sign-offs, that a supervisor answers for under its policy.';

-- What is there already: who was ever named, and what was taken back, is told too. The next step puts that right.
-- squawk-ignore prefer-robust-stmts
WITH named AS (
    SELECT event.reference, array_agg(DISTINCT who) AS facilitators
    FROM event, unnest(ARRAY[body ->> 'facilitator', body ->> 'co_facilitator']) AS who
    WHERE kind = 'facilitators_assigned' AND who IS NOT NULL
    GROUP BY event.reference
), drafts AS (
    SELECT DISTINCT drafted.reference FROM event AS drafted
    WHERE drafted.kind = 'communication_drafted' AND NOT EXISTS (
        SELECT FROM event AS checked
        WHERE checked.kind = 'communication_checked' AND checked.reference = drafted.reference
        AND checked.body ->> 'communication' = drafted.body ->> 'communication' AND checked.sequence > drafted.sequence
    )
), complaints AS (
    SELECT DISTINCT recorded.reference FROM event AS recorded
    WHERE recorded.kind = 'complaint_recorded' AND NOT EXISTS (
        SELECT FROM event AS answered
        WHERE answered.kind = 'complaint_answered' AND answered.reference = recorded.reference
        AND answered.body ->> 'complaint' = recorded.body ->> 'complaint'
    )
), kept AS (
    SELECT policy_print, min(reference) AS one FROM referral
    WHERE stage <> 'closed' AND policy_print IS NOT NULL GROUP BY policy_print
), reviews AS MATERIALIZED (
    SELECT kept.policy_print, name
    FROM kept CROSS JOIN LATERAL (
        SELECT body -> 'policy' -> 'deadlines' AS deadlines FROM event
        WHERE event.reference = kept.one AND kind IN ('referral_received', 'policy_adopted', 'transfer_accepted')
        ORDER BY sequence DESC LIMIT 1
    ) AS settled CROSS JOIN LATERAL json_each(settled.deadlines) AS rule (name, numbers)
    WHERE rule.numbers ->> 'answers' = 'supervisor' AND name NOT IN ('inactivity', 'sign_off')
), due AS (
    SELECT deadline.reference,
        min(due_at) FILTER (WHERE key = 'inactivity') AS inactive_from,
        min(due_at) FILTER (WHERE key = 'supervision') AS supervision_due_at,
        min(due_at) FILTER (
            WHERE (policy_print, split_part(key, '/', 1)) IN (SELECT policy_print, name FROM reviews)
        ) AS review_due_at
    FROM deadline JOIN referral USING (reference)
    GROUP BY deadline.reference
)
UPDATE referral SET
    facilitators = coalesce(named.facilitators, '{}'),
    unchecked_draft = drafts.reference IS NOT NULL,
    unanswered_complaint = complaints.reference IS NOT NULL,
    inactive_from = due.inactive_from,
    supervision_due_at = due.supervision_due_at,
    review_due_at = due.review_due_at
FROM referral AS stood
LEFT JOIN named USING (reference) LEFT JOIN drafts USING (reference)
LEFT JOIN complaints USING (reference) LEFT JOIN due USING (reference)
WHERE stood.reference = referral.reference
AND coalesce(named.reference, drafts.reference, complaints.reference, due.reference) IS NOT NULL;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_in_hand ON referral (area)
WHERE stage <> 'closed' OR tasks <> '[]' OR unanswered_complaint;

-- record_step() writes them with all else. What a worker of an older version does not tell stays as it was.
DO $$
DECLARE
    was text := pg_get_functiondef('record_step'::regproc);
    becomes text;
BEGIN
    becomes := replace(
        was, $place$p_referral || '{"head": "\\x"}')$place$,
        $place$'{"facilitators": [], "unchecked_draft": false, "unanswered_complaint": false}'
            || p_referral || '{"head": "\\x"}')$place$
    );
    IF was = becomes THEN
        RAISE EXCEPTION 'record_step() does not enter a referral as it did';
    END IF;
    was := becomes;
    becomes := replace(was, $place$sign_offs = new.sign_offs, tasks = new.tasks
    FROM jsonb_populate_record(NULL::referral, p_referral) new
    WHERE referral.reference = p_reference;$place$, $place$sign_offs = new.sign_offs, tasks = new.tasks,
        facilitators = new.facilitators, unchecked_draft = new.unchecked_draft,
        unanswered_complaint = new.unanswered_complaint, inactive_from = new.inactive_from,
        supervision_due_at = new.supervision_due_at, review_due_at = new.review_due_at
    FROM referral stood CROSS JOIN LATERAL jsonb_populate_record(stood, p_referral) new
    WHERE stood.reference = p_reference AND referral.reference = p_reference;$place$);
    IF was = becomes THEN
        RAISE EXCEPTION 'record_step() does not bring the read model up to date as it did';
    END IF;
    EXECUTE becomes;
END
$$;
