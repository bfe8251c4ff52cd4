"""Acting: the form of each step, what it would do, drafts, and the receipt."""
