"""The chained logs, and how it is shown that nothing in them was changed."""
