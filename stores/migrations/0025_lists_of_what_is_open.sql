-- Lists of referrals, soonest due first: each by an index in its own order, so that no more is read than is shown. What is
-- open is a small part of what there is. What has no date comes last: least() is not NULL then, and behind row-level security
-- an index is used for it, which it would not be for coalesce().

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '30min';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_open ON referral (area, least(next_due_at, 'infinity'), received_at, reference)
WHERE stage <> 'closed';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_open_of ON referral (caseworker, least(next_due_at, 'infinity'), received_at, reference)
WHERE stage <> 'closed';
-- The few that somebody looks for among the many.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_open_set_apart ON referral (area, least(next_due_at, 'infinity'), received_at, reference)
WHERE stage <> 'closed' AND (on_hold OR safeguarding OR caseworker IS NULL);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_open_inactive ON referral (area, inactive_from) WHERE stage <> 'closed';
-- In place of the one by area, stage and due date, which left the order of what is closed to be made.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_by_stage ON referral (area, stage, least(next_due_at, 'infinity'), received_at, reference);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX referral_by_area;
