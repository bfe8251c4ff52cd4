"""Before a referral is opened: answers that are kept meanwhile, and spreadsheets that are imported."""
