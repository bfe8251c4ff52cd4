-- From here on what is sealed in Temporal is sealed for the one place where it stands. When this was applied says what is
-- older, and was sealed for its referral only: see KeyStore.places_named_since.

SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';

COMMENT ON SCHEMA keys IS
'The referrals'' keys, apart from the data, so that a backup of the data can leave them out.';
