"""What a person has to do next, soonest first."""
