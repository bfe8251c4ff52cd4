"""What the console keeps: accounts, sessions, what was begun and not recorded, and what comes from the public pages."""
