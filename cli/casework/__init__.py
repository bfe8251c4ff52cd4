"""The commands for those who work on referrals."""
