-- The referrals whose workflow did not answer, so that a step was recorded without it, until it has caught up.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE catching_up (
    reference text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, DELETE ON catching_up TO rj_app;
