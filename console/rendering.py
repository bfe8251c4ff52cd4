"""Pages from templates: the macros of GOV.UK, ours, and the words for days, deadlines and roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader, UndefinedError
from markupsafe import Markup

from casework.words import area_in_words, in_words, on_day, when
from casework.words.due import deadline_called
from casework.words.people import phone_in_words
from casework.words.when_due import waited, when_due
from console.navigation import navigation
from console.static_files import address_of
from schemas.areas import LONDON


def render(template: str, context: Mapping[str, Any]) -> str:
    """The page that a template makes.

    Args:
        template: its path below `console/templates`.
    """
    return _environment().get_template(template).render(context)


def hidden_field(name: str, value: object) -> Markup:
    """A field of a form that nobody sees."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


class NeverPrinted(ChainableUndefined):
    """What a template was not given. The macros of GOV.UK ask for much that is not; nothing of it is ever printed."""

    def __str__(self) -> str:
        """Raise UndefinedError, so that a name misspelt in a template is a fault and no gap on the page."""
        raise UndefinedError(self._undefined_message)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("console"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        undefined=NeverPrinted,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "words": in_words,
        "sentence_case": sentence_case,
        "day": day,
        "short_day": short_day,
        "whole_day": whole_day,
        "moment": when,
        "clock": clock,
        "area": area_in_words,
        "phone": phone_in_words,
        "deadline": deadline_name,
        "when_due": when_due,
        "recent_moment": recent_moment,
        "brief_day": brief_day,
        "written_day": written_day,
        "short_moment": short_moment,
        "waited": waited,
        "last_day": last_day,
    }
    made.globals |= {"static": address_of, "hidden_field": hidden_field, "navigation": navigation}
    return made


def deadline_name(key: str, called: Mapping[str, str]) -> str:
    """What a deadline is called in a list: Check-in with June I.; with h1, where their name is not known there."""
    return deadline_called(key, lambda participant: called.get(participant, participant))


def sentence_case(text: str) -> str:
    """The text with a capital at its beginning, and no other letter changed."""
    return text[:1].upper() + text[1:]


def day(value: date | datetime) -> str:
    """A day as people say it: Thu 26 Nov 2026."""
    return on_day(value.astimezone(LONDON).date() if isinstance(value, datetime) else value)


def short_day(value: date | datetime) -> str:
    """A day of about now: Thu 26 Nov."""
    return day(value).rpartition(" ")[0]


def last_day(back_at: datetime) -> str:
    """The last day of an absence that ends at an instant: Fri 4 Dec."""
    return short_day(back_at.astimezone(LONDON) - timedelta(days=1))


def whole_day(value: datetime) -> str:
    """A day in full: Thursday 26 November 2026."""
    return f"{value.astimezone(LONDON):%A %-d %B %Y}"


def recent_moment(value: datetime, now: datetime) -> str:
    """When something was: Today 10:41; Thu 26 Nov, 10:41; of another year with the year."""
    if value.astimezone(LONDON).date() == now.astimezone(LONDON).date():
        return f"Today {clock(value)}"
    said = short_day(value) if value.year == now.year else day(value)
    return f"{said}, {clock(value)}"


def brief_day(value: date | datetime, now: datetime) -> str:
    """A day in as few letters as tell which: 26 Nov; of another year than now 26 Nov 2025."""
    at = value.astimezone(LONDON).date() if isinstance(value, datetime) else value
    return f"{at:%-d %b}{'' if at.year == now.astimezone(LONDON).year else f' {at:%Y}'}"


def written_day(text: str) -> str:
    """A day that is kept as year-month-day, as people write it: 17 May 1990."""
    return f"{date.fromisoformat(text):%-d %B %Y}"


def short_moment(value: datetime, now: datetime) -> str:
    """A moment of about now: Thu 26 Nov, 11:02; of another year than now Thu 26 Nov 2025, 11:02."""
    at = value.astimezone(LONDON)
    year = "" if at.year == now.astimezone(LONDON).year else f" {at:%Y}"
    return f"{at:%a %-d %b}{year}, {at:%H:%M}"


def clock(value: datetime) -> str:
    """The time of day in London: 09:00."""
    return f"{value.astimezone(LONDON):%H:%M}"
