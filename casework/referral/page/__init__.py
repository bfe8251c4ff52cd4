"""The pages of a referral as a signed-in person may see them: for each, its log is read once and all is made of it."""
