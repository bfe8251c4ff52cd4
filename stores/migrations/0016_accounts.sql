-- Accounts of people who sign in with a password and a second factor, for a service without an OpenID provider. Of what
-- lets somebody in, nothing stands here in the clear: passwords' hashes and second factors are sealed, and codes and
-- links hashed, under keys that are derived from the installation's secret, which the master keys wrap.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE account (
    staff text PRIMARY KEY REFERENCES staff (id),
    password bytea NOT NULL,
    password_at timestamptz NOT NULL,
    second_factor bytea NOT NULL,
    last_step bigint NOT NULL,
    failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
    locked_until timestamptz
);
COMMENT ON TABLE account IS
'password is an argon2id hash and second_factor the secret of an authenticator app, each sealed for its person. last_step '
'is the time step of the last code that was accepted: none of that step or an earlier one is accepted again. failures are '
'attempts since the last sign-in, each counted before it is checked.';
GRANT SELECT, INSERT, UPDATE ON account TO rj_app;

CREATE TABLE recovery_code (
    staff text NOT NULL REFERENCES account (staff),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (staff, hash)
);
COMMENT ON TABLE recovery_code IS 'The codes of a person that were not used yet.';
GRANT SELECT, INSERT, DELETE ON recovery_code TO rj_app;

CREATE TABLE account_invitation (
    staff text PRIMARY KEY REFERENCES staff (id),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    ends_at timestamptz NOT NULL,
    chosen bytea
);
COMMENT ON TABLE account_invitation IS
'The one link by which a person may set up their account, or set it up anew; a newer one takes the place of an older. '
'chosen is the password''s hash and the second factor, sealed, until a code of that factor confirms them.';
GRANT SELECT, INSERT, UPDATE, DELETE ON account_invitation TO rj_app;

CREATE TABLE account_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff text NOT NULL REFERENCES staff (id),
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'invited', 'set_up', 'locked', 'password_changed', 'recovery_code_used', 'recovery_codes_made'
    )),
    by_staff text NOT NULL REFERENCES staff (id)
);
COMMENT ON TABLE account_event IS 'What was done to accounts, by whom: append-only.';
CREATE INDEX account_event_of_staff ON account_event (staff, at);
GRANT SELECT, INSERT ON account_event TO rj_app;

CREATE TABLE sign_in_source (
    source bytea PRIMARY KEY CHECK (octet_length(source) = 32),
    failures bigint NOT NULL,
    since timestamptz NOT NULL
);
COMMENT ON TABLE sign_in_source IS
'Failed attempts by the address that they came from, which is hashed under a key; deleted when they count no more. In a '
'table and not in memory, so that all processes count together and a restart forgets nothing.';
CREATE INDEX sign_in_source_since ON sign_in_source (since);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_source TO rj_app;

CREATE TABLE kept_form (
    staff text NOT NULL REFERENCES staff (id),
    path text NOT NULL CHECK (length(path) <= 200),
    at timestamptz NOT NULL,
    reference text,
    sealed bytea NOT NULL,
    PRIMARY KEY (staff, path)
);
COMMENT ON TABLE kept_form IS
'What somebody had typed into a form when their session had run out, sealed, until they have signed in again: under the '
'key of the referral that the form is about, which its erasure destroys, else under the installation''s.';
CREATE INDEX kept_form_by_age ON kept_form (at);
GRANT SELECT, INSERT, UPDATE, DELETE ON kept_form TO rj_app;
