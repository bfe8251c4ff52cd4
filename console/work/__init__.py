"""What a signed-in person has to do: their worklist."""

from console.navigation import WORKERS
from console.pages import Page, signed_in
from console.work.my_work import my_work

PAGES: tuple[Page, ...] = (signed_in("/my-work", my_work, WORKERS),)
