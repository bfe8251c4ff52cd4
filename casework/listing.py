"""A list as a person sees it: so many at a time, and whether there are more."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Generic, TypeVar

from schemas.base import Model

T = TypeVar("T")


class Listed(Model, Generic[T]):
    """The first of what there is.

    Attributes:
        more: whether there is more than was asked for.
    """

    items: tuple[T, ...]
    more: bool = False


def first(found: Iterable[T], limit: int) -> Listed[T]:
    """The first of what was found.

    Args:
        found: one more than the limit where there are more.
        limit: how many to keep.
    """
    kept = tuple(islice(found, limit + 1))
    return Listed(items=kept[:limit], more=len(kept) > limit)
