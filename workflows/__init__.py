"""What happens when, durably."""
