"""The console: pages in a browser for those who work on referrals, and one for those who refer themselves."""
