"""The commands of `rj`, by subject."""
