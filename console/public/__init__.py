"""The public pages, on which somebody asks to be called. Nobody is signed in here."""

from functools import partial

from console.pages import Page, public
from console.public.asking import check, done, question, start
from console.public.leaving import leave
from console.public.speaking import SPOKEN, Spoken

LARGEST = 32 * 1024
"""Bytes of the largest form that is taken here."""


def _pages(spoken: Spoken) -> tuple[Page, ...]:
    both = ("GET", "POST")
    return (
        public(spoken.base, partial(start, spoken=spoken), both, largest=LARGEST),
        public(f"{spoken.base}/exit", leave),
        public(f"{spoken.base}/check", partial(check, spoken=spoken), both, largest=LARGEST),
        public(f"{spoken.base}/done", partial(done, spoken=spoken)),
        public(f"{spoken.base}/{{question}}", partial(question, spoken=spoken), both, largest=LARGEST),
    )


PAGES: tuple[Page, ...] = tuple(page for spoken in SPOKEN for page in _pages(spoken))
