"""What was agreed, and what follows an activity."""
