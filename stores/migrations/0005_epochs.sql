-- Erased is erased: data keys are wrapped a second time, under an epoch key outside the database that is destroyed
-- after an erasure, so that the copies of an erased key in dead rows, the write-ahead log and backups open no more.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE keys.epoch (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    made_at timestamptz NOT NULL DEFAULT now(),
    in_use_at timestamptz,
    retired_at timestamptz,
    destroyed_at timestamptz
);
COMMENT ON TABLE keys.epoch IS
'The epoch keys, without the keys. One is in use; before that it is announced, so that after a crash a key in the file '
'is known; retired, it wraps nothing new; destroyed, it is in no file of ours and opens nothing.';
CREATE UNIQUE INDEX epoch_announced ON keys.epoch ((TRUE)) WHERE in_use_at IS NULL;
CREATE UNIQUE INDEX epoch_in_use ON keys.epoch ((TRUE)) WHERE in_use_at IS NOT NULL AND retired_at IS NULL;
GRANT SELECT, INSERT, UPDATE (in_use_at, retired_at, destroyed_at) ON keys.epoch TO rj_app;

CREATE TABLE keys.retired_master_key (
    id text PRIMARY KEY,
    retired_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE keys.retired_master_key IS 'Master keys that wrap nothing and never will again.';
GRANT SELECT, INSERT ON keys.retired_master_key TO rj_app;

ALTER TABLE keys.data_key
ADD COLUMN epoch text,
ADD COLUMN bare_under text [] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN keys.data_key.epoch IS
'The epoch key that wraps what the master key wrapped; null: the master key alone, from before there were epochs.';
COMMENT ON COLUMN keys.data_key.bare_under IS
'The master keys that alone may open what was written of this row before it was under an epoch.';
GRANT UPDATE (epoch, bare_under) ON keys.data_key TO rj_app;

ALTER TABLE keys.erasure
ADD COLUMN epoch text,
ADD COLUMN bare_under text [],
ADD COLUMN completed_at timestamptz;
COMMENT ON COLUMN keys.erasure.epoch IS
'The epoch that the destroyed key was under: the erasure is complete when it, and those before, are destroyed.';
COMMENT ON COLUMN keys.erasure.bare_under IS
'The master keys that have to leave the ring before the erasure is complete; null: not known yet.';
GRANT UPDATE (epoch, bare_under, completed_at) ON keys.erasure TO rj_app;

-- Two processes may not pass each other here: who wraps holds this shared until its transaction ends, who retires a
-- key holds it alone. So a key that is retired, and wraps nothing then, wraps nothing ever after.
CREATE FUNCTION keys.may_wrap(p_master_key text, p_epoch text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1919577458);
    RETURN NOT EXISTS (SELECT FROM keys.retired_master_key WHERE id = p_master_key) AND (
        p_epoch IS NULL
        OR EXISTS (SELECT FROM keys.epoch WHERE id = p_epoch AND in_use_at IS NOT NULL AND retired_at IS NULL)
    );
END
$$;
COMMENT ON FUNCTION keys.may_wrap IS
'Whether these keys may wrap: neither is retired, and neither will be until the transaction ends. A null is not asked.';

CREATE FUNCTION keys.wrap_no_more() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1919577458);
END
$$;
COMMENT ON FUNCTION keys.wrap_no_more IS 'Nobody wraps a key until the transaction ends.';

REVOKE ALL ON FUNCTION keys.may_wrap(text, text), keys.wrap_no_more() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keys.may_wrap(text, text), keys.wrap_no_more() TO rj_app;
