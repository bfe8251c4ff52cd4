"""What a team looks after together: its work as a whole, escalations, sign-offs, and who has how much."""
