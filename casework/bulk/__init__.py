"""Work on many referrals at once by one workflow: giving them to another, adopting a policy, and following both."""
