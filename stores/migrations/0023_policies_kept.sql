-- Which policy each referral keeps, as a print of its text: a policy is some 15 kB, and to count who keeps which had
-- meant to read it from the log of every open referral.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '15min';

ALTER TABLE referral ADD COLUMN policy_print text;
COMMENT ON COLUMN referral.policy_print IS
'md5 of the policy as its log has it last: of its opening, of the last adoption or of the last transfer.';

-- squawk-ignore prefer-robust-stmts
UPDATE referral SET policy_print = (
    SELECT md5(event.body ->> 'policy') FROM event
    WHERE event.reference = referral.reference
    AND event.kind IN ('referral_received', 'policy_adopted', 'transfer_accepted')
    ORDER BY event.sequence DESC LIMIT 1
);

CREATE FUNCTION print_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE referral SET policy_print = md5(NEW.body ->> 'policy') WHERE reference = NEW.reference;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION print_policy FROM PUBLIC;
CREATE TRIGGER print_policy AFTER INSERT ON event FOR EACH ROW
WHEN (NEW.kind IN ('referral_received', 'policy_adopted', 'transfer_accepted')) EXECUTE FUNCTION print_policy();

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_open_policies ON referral (area, policy_print, reference) WHERE stage <> 'closed';
