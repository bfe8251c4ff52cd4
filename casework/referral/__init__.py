"""One referral, for whoever may see it: how it stands, what happened, what may be done, how people are reached."""
