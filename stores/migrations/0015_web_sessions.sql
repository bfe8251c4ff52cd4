-- Who is signed in to the console. A session is found by the hash of what the browser holds, so that whoever reads this
-- table can sign in as nobody.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE web_session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    staff text NOT NULL REFERENCES staff (id),
    how text NOT NULL CHECK (how IN ('demo', 'password', 'provider')),
    device text NOT NULL CHECK (length(device) <= 100),
    signed_in_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    names_hidden boolean NOT NULL DEFAULT FALSE
);
COMMENT ON TABLE web_session IS
'Who is signed in to the console: how, since when, and when they last did something. It ends after 30 minutes without '
'a request, after 12 hours, when its owner ends it, and at once for who is not active any more.';
CREATE INDEX web_session_by_staff ON web_session (staff);
GRANT SELECT, INSERT, DELETE ON web_session TO rj_app;
GRANT UPDATE (seen_at, names_hidden) ON web_session TO rj_app;
