"""The case as a whole, in any stage: its details, complaints, sign-offs, corrections, costs, policy and area."""
