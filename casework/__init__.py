"""What a signed-in person may do and see: one application layer for every way in."""
