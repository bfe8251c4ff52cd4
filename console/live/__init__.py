"""Telling a page that is looked at what changes, and a person that their session is about to end."""

from console.live.still_here import stay, time_left
from console.live.stream import live
from console.pages import Page, signed_in

PAGES: tuple[Page, ...] = (
    signed_in("/live", live, waits=True),
    signed_in("/still-here", time_left, waits=True),
    signed_in("/still-here/stay", stay, methods=("POST",)),
)
