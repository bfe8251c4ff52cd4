"""What was booked and held."""
