"""x."""

PAGES = ()
