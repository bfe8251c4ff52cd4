-- Auditors, who read whether the logs are as they were recorded and who looked at what, and nothing else; what came of
-- each time that somebody asked for that; and the lists that people keep under a name.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

-- The register takes them; everything else of change_staff() stays as it is.
DO $$
DECLARE
    was text := pg_get_functiondef('change_staff'::regproc);
    roles text := $roles$'caseworker', 'facilitator', 'supervisor', 'service_manager', 'commissioner', 'partner'
        )$roles$;
    becomes text := replace(was, roles, $roles$'caseworker', 'facilitator', 'supervisor', 'service_manager',
            'commissioner', 'partner', 'auditor'
        )$roles$);
BEGIN
    IF was = becomes THEN
        RAISE EXCEPTION 'change_staff() does not name the roles as it did';
    END IF;
    EXECUTE becomes;
END
$$;

-- What an auditor looks at is written down as well, and can be the access log alone.
-- squawk-ignore ban-drop-constraint
ALTER TABLE access_log DROP CONSTRAINT access_log_role_check, ADD CONSTRAINT access_log_role_check CHECK (
    role IN ('caseworker', 'facilitator', 'supervisor', 'service_manager')
    OR role = 'auditor' AND kind = 'access_log'
) NOT VALID;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE access_log VALIDATE CONSTRAINT access_log_role_check;

CREATE TABLE verification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_by text NOT NULL REFERENCES staff (id),
    asked_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    ended_at timestamptz,
    found jsonb
);
COMMENT ON TABLE verification IS
'That somebody had all logs compared with what was recorded: how far that has come, by the process that does it, which is '
'gone where seen_at is old; and what it found (operations/verification_runs.py). Whoever can write here can say anything: '
'what counts is to look anew, or `rj verify`.';
GRANT SELECT, INSERT, UPDATE (seen_at, done, total, ended_at, found) ON verification TO rj_app;

CREATE TABLE saved_view (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff text NOT NULL REFERENCES staff (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    filters jsonb NOT NULL CHECK (jsonb_typeof(filters) = 'object' AND length(filters::text) <= 1000),
    UNIQUE (staff, name)
);
COMMENT ON TABLE saved_view IS
'Lists of referrals that people of the register keep for themselves: the name that they gave one, and its filters, which '
'are ids, numbers and words of closed lists (casework/views.py).';
GRANT SELECT, INSERT, UPDATE (filters), DELETE ON saved_view TO rj_app;
