"""People: their age, consents and details, how they are reached, and how their part ends."""
