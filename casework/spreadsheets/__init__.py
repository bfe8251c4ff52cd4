"""Spreadsheets as people have them: read, understood as referrals, and written back."""
