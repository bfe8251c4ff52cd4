"""The languages of the public pages: each has addresses of its own, so that nothing is kept to know which it is."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from casework.asking_to_be_called.asking import Served
from casework.words.people import area_in_words
from console.asked import Visit
from console.texts import ENGLISH, WELSH, Texts, texts


@dataclass(frozen=True)
class Spoken:
    """A language of the public pages.

    Attributes:
        language: its code.
        base: the address of the first page in it.
    """

    language: str
    base: str

    @property
    def texts(self) -> Texts:
        """What the pages say in it."""
        return texts(self.language)

    @property
    def welsh(self) -> bool:
        """Whether it is Welsh."""
        return self.language == WELSH

    def area_name(self, area: str) -> str:
        """A police area as people write it."""
        return self.texts.get(f"area_names.{area}", area_in_words(area))


SPOKEN = (Spoken(ENGLISH, "/self-referral"), Spoken(WELSH, "/hunanatgyfeirio"))


def spoken_at(path: str) -> Spoken | None:
    """The language of the public page at an address; None where it is no public page."""
    return next((each for each in SPOKEN if path == each.base or path.startswith(f"{each.base}/")), None)


def show(
    visit: Visit, spoken: Spoken, template: str, served: Served, /, *, status: int = 200, **context: Any
) -> Response:
    """A public page made from a template, with the same page in the other language to switch to."""
    path = visit.request.url.path
    [other] = [each for each in SPOKEN if each is not spoken]
    return visit.show(
        f"public/{template}",
        status=int(status),
        t=spoken.texts,
        spoken=spoken,
        other=other,
        same_in_other=other.base + path.removeprefix(spoken.base),
        served=served,
        **context,
    )


def problem_page(visit: Visit, spoken: Spoken, status: int) -> Response:
    """What somebody reads where a public page fails: no word of what failed, and where to go."""
    missing = status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    nobody = Served((), None, "", "")
    key = "sorry.nothing_here" if missing else "sorry.text"
    return show(visit, spoken, "sorry.html", nobody, status=status, said=spoken.texts(key))
