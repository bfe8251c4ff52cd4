"""Help: the guide to a person's own role, as it stands in `docs/guide`."""

from console.helping.guides import show_guide, show_own_guide
from console.pages import Page, signed_in

PAGES: tuple[Page, ...] = (
    signed_in("/help", show_own_guide),
    signed_in("/help/{guide}", show_guide),
)
