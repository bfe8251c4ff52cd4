"""Searching for referrals, possible duplicates, and the log of who searched."""
