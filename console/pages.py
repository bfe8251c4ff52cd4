"""The table of all pages: which address, whose it is, and which function answers it.

A test goes over all of it, for every role. What a page shows of a referral is decided again in `casework`, by what the
person has to do with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from starlette.responses import Response

from console.asked import Asked, Visit
from schemas.people import Role

SMALL = 512 * 1024
"""Bytes of the largest form that is read, where its page says nothing else."""


class Whose(StrEnum):
    """For whom a page is that is not for particular roles."""

    ANYBODY = "anybody"
    """Signed in or not."""
    SIGNED_IN = "signed in"
    """Everybody who is signed in."""


Handler: TypeAlias = Callable[[Asked], Awaitable[Response]]
OpenHandler: TypeAlias = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or what a form is sent to.

    Attributes:
        path: its address, with what varies in braces.
        answer: the function that answers it.
        whose: the roles that it is for, or everybody.
        methods: by which it is asked: GET reads, POST does.
        largest: bytes of the largest form that it takes.
        waits: whether it stays open for news, so that no time limit ends it and it does not count as use.
        again: whether what is sent to it may be sent again, as it does the same once only. Where no server answers, or
            the sign-in has run out, it is kept and offered again.
    """

    path: str
    answer: Callable[[Any], Awaitable[Response]]
    whose: Collection[Role] | Whose
    methods: tuple[str, ...] = ("GET",)
    largest: int = SMALL
    waits: bool = False
    again: bool = False


def signed_in(
    path: str,
    answer: Handler,
    whose: Collection[Role] | Whose = Whose.SIGNED_IN,
    methods: tuple[str, ...] = ("GET",),
    *,
    largest: int = SMALL,
    waits: bool = False,
    again: bool = False,
) -> Page:
    """A page for people who are signed in, of these roles."""
    return Page(path, answer, whose, methods, largest, waits, again)


def public(
    path: str, answer: OpenHandler, methods: tuple[str, ...] = ("GET",), *, largest: int = SMALL
) -> Page:
    """A page for whoever asks, signed in or not."""
    return Page(path, answer, Whose.ANYBODY, methods, largest)


def all_pages() -> tuple[Page, ...]:
    """Every page of the console, in the order in which an address is looked up: each room names its own."""
    from console import acting, helping, live, opening, referral, search, service, sign_in, team, work
    from console import public as public_pages

    return (
        *public_pages.PAGES,
        *sign_in.PAGES,
        *live.PAGES,
        *work.PAGES,
        *acting.PAGES,
        *helping.PAGES,
        *referral.PAGES,
        *opening.PAGES,
        *search.PAGES,
        *team.PAGES,
        *service.PAGES,
    )
