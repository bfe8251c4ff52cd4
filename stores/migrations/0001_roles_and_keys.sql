-- The application's role, and the keys. The keys have a schema of their own so that a backup of the data
-- can leave them out (pg_dump --exclude-schema=keys): a key destroyed must not come back with a restore.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

-- A role belongs to the whole cluster, and databases that share one may be migrated at the same time. The
-- loser of that race waits here for the winner's transaction, then finds the role made and granted.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rj_app') THEN
        BEGIN
            CREATE ROLE rj_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'rj_app', 'SET') THEN
        GRANT rj_app TO CURRENT_USER WITH SET TRUE;
    END IF;
END
$$;

GRANT SELECT ON schema_migration TO rj_app;

CREATE SCHEMA keys;
GRANT USAGE ON SCHEMA keys TO rj_app;

CREATE TABLE keys.data_key (
    reference text PRIMARY KEY,
    wrapped bytea NOT NULL,
    master_key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE keys.data_key IS
'The key of one referral, wrapped by a master key that is not in the database. Deleting a row erases all that '
'was sealed with it, wherever it lies.';

CREATE TABLE keys.erasure (
    reference text PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    by_staff text NOT NULL
);
COMMENT ON TABLE keys.erasure IS
'A key that was destroyed: when, why and by whom. It is never made again.';

CREATE TABLE keys.installation (
    singleton boolean PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    secret_wrapped bytea NOT NULL,
    master_key_id text NOT NULL
);
COMMENT ON TABLE keys.installation IS
'The one secret from which the references of referrals sent by other systems are derived.';

GRANT SELECT, INSERT, DELETE, UPDATE (wrapped, master_key_id) ON keys.data_key TO rj_app;
GRANT SELECT, INSERT ON keys.erasure TO rj_app;
GRANT SELECT, INSERT, UPDATE (secret_wrapped, master_key_id) ON keys.installation TO rj_app;
