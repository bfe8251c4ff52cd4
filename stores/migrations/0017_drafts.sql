-- Drafts: what somebody has begun to write of a step and not recorded yet.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE draft (
    reference text NOT NULL REFERENCES referral (reference),
    staff text NOT NULL REFERENCES staff (id),
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,60}$'),
    -- What the step is about: h1, a task's id; empty: the referral as a whole.
    subject text NOT NULL CHECK (length(subject) <= 60),
    saved_at timestamptz NOT NULL,
    -- Never shorter than a nonce, a tag and the length of what is sealed; no form holds more.
    sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 29 AND 600000),
    PRIMARY KEY (staff, reference, kind, subject)
);
COMMENT ON TABLE draft IS
'A form that a person has filled in and not recorded, sealed with the referral''s key for its place. No part of the '
'record: it is dropped when the step is recorded, when its author says so, after 14 days, and when the referral is erased.';
CREATE INDEX draft_saved_at ON draft (saved_at);
CREATE INDEX draft_reference ON draft (reference);
GRANT SELECT, DELETE ON draft TO rj_app;
GRANT INSERT (reference, staff, kind, subject, saved_at, sealed), UPDATE (saved_at, sealed) ON draft TO rj_app;
ALTER TABLE draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON draft TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR EXISTS (SELECT FROM referral WHERE referral.reference = draft.reference)
);
