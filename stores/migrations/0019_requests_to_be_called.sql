-- Requests to be called, which somebody makes on the public pages without being known to anybody: the answers while
-- they are given, the requests that wait to be opened as referrals, and the opening itself, by the service alone.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE unsent_answers (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 29 AND 65536),
    sender bytea NOT NULL CHECK (octet_length(sender) = 32),
    kept_until timestamptz NOT NULL
);
COMMENT ON TABLE unsent_answers IS
'Answers on the public pages that were not sent yet, for half an hour. The key is in the cookie of who gives them and '
'nowhere else; id is made from it. sender is an HMAC of the network address, for the limits.';
CREATE INDEX unsent_answers_by_end ON unsent_answers (kept_until);
GRANT SELECT, INSERT, UPDATE (sealed, kept_until), DELETE ON unsent_answers TO rj_app;

CREATE TABLE request_to_be_called (
    reference text PRIMARY KEY,
    command_id uuid NOT NULL,
    area text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sender bytea NOT NULL CHECK (octet_length(sender) = 32),
    place bigint NOT NULL CHECK (place > 0),
    -- Never shorter than a nonce, a tag and the length of what is sealed.
    sealed bytea CHECK (octet_length(sealed) > 28),
    opened_at timestamptz,
    tried_at timestamptz,
    CHECK ((sealed IS NULL) = (opened_at IS NOT NULL))
);
COMMENT ON TABLE request_to_be_called IS
'Requests to be called. sealed is the referral to open, under its own key, and gone once it is open. place counts the '
'requests of one sender, an HMAC of the network address, within the time of the limits: who asks once is opened first. '
'Rows of opened ones are deleted when no limit counts them any more.';
CREATE INDEX request_to_be_called_waiting ON request_to_be_called (place, asked_at) WHERE opened_at IS NULL;
CREATE INDEX request_to_be_called_by_time ON request_to_be_called (asked_at);
CREATE INDEX request_to_be_called_by_sender ON request_to_be_called (sender, asked_at);
GRANT SELECT, INSERT, UPDATE (sealed, opened_at, tried_at), DELETE ON request_to_be_called TO rj_app;
ALTER TABLE request_to_be_called ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_areas ON request_to_be_called TO rj_app USING (
    (SELECT current_setting('rj.areas', TRUE)) = '*'
    OR area = ANY (string_to_array((SELECT current_setting('rj.areas', TRUE)), ','))
);

-- By itself the service opens a self-referral that says who asked, and does nothing else in that step. All else of
-- record_step() stays as whichever migration last wrote it.
DO $$
DECLARE
    was text := pg_get_functiondef('record_step'::regproc);
    place text := $place$IF p_actor <> 'system' OR NOT p_kinds <@ ARRAY[$place$;
    becomes text := replace(
        was,
        place,
        $place$IF p_actor <> 'system' OR p_kinds <> ARRAY['referral_received'] AND NOT p_kinds <@ ARRAY[$place$
    );
    problem text := $problem$    ELSE
        IF p_kinds && ARRAY['deadline_reached'$problem$;
    checks text := $checks$        IF p_kinds[1] = 'referral_received' AND (
            p_bodies[1]::json ->> 'source' IS DISTINCT FROM 'self' OR p_bodies[1]::json ->> 'asked_by' IS NULL
        ) THEN
            RETURN 'actor';
        END IF;
$checks$;
BEGIN
    IF was = becomes OR strpos(was, problem) = 0 THEN
        RAISE EXCEPTION 'record_step() does not say what the service does by itself as it did';
    END IF;
    EXECUTE replace(becomes, problem, checks || problem);
END
$$;
