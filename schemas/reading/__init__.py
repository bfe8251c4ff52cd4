"""What people write, as it is read: references, the types of fields, and what is wrong with a value in words."""
