"""Who the people of a referral are, what they consent to, and when they leave."""
