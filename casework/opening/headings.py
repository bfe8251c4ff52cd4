"""What the headings of a spreadsheet mean, as it is chosen on a page."""

from __future__ import annotations

from collections.abc import Sequence

from casework.spreadsheets.columns import Place, columns
from casework.spreadsheets.headings import REASON, place_of, plain_name, suggested
from schemas.base import Model


class Heading(Model):
    """A heading of the spreadsheet.

    Attributes:
        written: as it stands there.
        column: the label of the column that it means; empty where it is left out or not known.
        perhaps: the label of a column that it may mean, where it is not known.
    """

    written: str
    column: str
    perhaps: str = ""

    @property
    def asked(self) -> bool:
        """Whether anything can stand below it; the reasons of rows that were refused before are left out."""
        return bool(self.written) and plain_name(self.written) != plain_name(REASON)


def place_by_label(said: str) -> Place | None:
    """The column that somebody means by its name or its label; None where there is none."""
    found = place_of(said)
    if found is not None:
        return found
    plain = plain_name(said)
    column = next((each for each in columns().values() if plain_name(each.label) == plain), None)
    return Place(column, 1 if column.side else 0) if column is not None else None


def column_labels() -> tuple[str, ...]:
    """What the headings may mean, as people read it."""
    return tuple(each.label for each in columns().values())


def heading_shown(written: str, name: str) -> Heading:
    """A heading and what it means, by the name of the column."""
    place = place_by_label(name) if name else None
    perhaps = suggested(written) if place is None and written else None
    return Heading(
        written=written,
        column=_label(place) if place else "",
        perhaps=perhaps.label if perhaps else "",
    )


def _label(place: Place) -> str:
    return place.column.label if place.person <= 1 else plain_name(place.name).replace("_", " ").capitalize()


def name_of(place: Place | None) -> str:
    """The name of a column by which it is kept; empty where there is none."""
    return place.name if place else ""


def wrong_with(headings: Sequence[str], names: Sequence[str]) -> list[str]:
    """What is wrong with what the headings mean: what is needed and missing, and what two mean."""
    said = [
        f"No heading means “{column.label}” ({column.meaning}). Every referral needs it: say which it is."
        for column in columns().values()
        if column.required and column.name not in names
    ]
    for name in dict.fromkeys(each for each in names if each):
        same = [heading for heading, each in zip(headings, names, strict=True) if each == name]
        if len(same) > 1:
            listed = " and ".join(f"“{each[:40]}”" for each in same)
            said.append(f"{listed} mean the same column; leave all but one empty.")
    return said
