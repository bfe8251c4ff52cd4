-- Two lists that grow with the service and not with the person: somebody's inbox, newest first, and what a partner sent.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '15min';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX notice_inbox ON notice (recipient, at DESC) WHERE party <> 'participant';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_sent_by ON event (actor) WHERE sequence = 1 AND role = 'partner';
