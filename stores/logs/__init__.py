"""The chained logs, and the proof that nothing in them was changed."""
