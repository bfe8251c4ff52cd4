"""A year of an invented service: the real rules in virtual time, with seeded chances that can be repeated."""
