"""The questions to somebody who asks to be called, in their order: safe contact first. What is accepted as an answer.

What is wrong with an answer is a code; the pages say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from lifecycle.people.normal_forms import (
    Unusable,
    email_address,
    has_postcode,
    persons_name,
    phone_number,
    postal_address,
    takes_texts,
    words_of_one_line,
)
from schemas.areas import Area
from schemas.asking import Answers, Help, Others, SafeHours, WhoAsks, WhoToThem
from schemas.vocabulary import Channel

WAYS = (Channel.PHONE, Channel.TEXT, Channel.EMAIL, Channel.LETTER)
"""By which somebody may ask to be contacted."""

HOURS: Mapping[SafeHours, tuple[str, str]] = {
    SafeHours.MORNING: ("09:00", "12:00"),
    SafeHours.AFTERNOON: ("12:00", "17:00"),
    SafeHours.EVENING: ("17:00", "20:00"),
}
"""The hours that are offered by name, London time."""

WHOLE_HOURS = tuple(f"{hour:02}:00" for hour in range(7, 23))
"""Between which two of these somebody names hours of their own."""

UNKNOWN_AREA = "unknown"
YES, NO = "yes", "no"

_LONGEST = {
    "seen_by": 200,
    "hours_note": 500,
    "phone": 40,
    "email": 254,
    "address": 500,
    "name": 200,
    "what": 2000,
    "language": 30,
    "needs": 1000,
}

Form: TypeAlias = Mapping[str, Sequence[str]]
"""The fields that were sent, each with its values."""


class Problem(NamedTuple):
    """What is wrong with one field. Never what stands in it."""

    field: str
    code: str


class NotAccepted(Exception):
    """An answer cannot be taken."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(f"{each.field}: {each.code}" for each in problems))
        self.problems = problems


class _Given:
    """What was sent, and what is wrong with it so far."""

    def __init__(self, form: Form, areas: Sequence[Area]) -> None:
        self._form = form
        self.areas = areas
        self.problems: list[Problem] = []

    def wrong(self, field: str, code: str) -> None:
        """Note what is wrong with a field."""
        self.problems.append(Problem(field, code))

    def chosen(self, field: str, accepted: Collection[str]) -> str | None:
        """The one that was chosen; wrong where none was."""
        found = (self._form.get(field) or [""])[0]
        if found in accepted:
            return str(found)
        self.wrong(field, "choose_one")
        return None

    def several(self, field: str, accepted: Collection[str]) -> tuple[str, ...]:
        """Those that were chosen, in their order; what is not offered is not there."""
        found = set(self._form.get(field) or ())
        return tuple(each for each in accepted if each in found)

    def text(self, field: str) -> str | None:
        """What was written; None where nothing was."""
        written = (self._form.get(field) or [""])[0].replace("\r\n", "\n").replace("\0", "").strip()
        if len(written) > _LONGEST[field]:
            self.wrong(field, "too_long")
            return None
        return written or None

    def detail(self, field: str, normal: Callable[[str], str], code: str) -> str | None:
        """What was written, in its normal form; None where nothing was, or nothing that can be used."""
        written = self.text(field)
        if written is None:
            return None
        try:
            return normal(written)
        except Unusable:
            self.wrong(field, code)
            return None


def _read_messages(given: _Given) -> dict[str, Any]:
    return {"leave_message": given.chosen("leave_message", (YES, NO)) == YES}


def _read_seen(given: _Given) -> dict[str, Any]:
    chosen = given.chosen("others", list(Others))
    if chosen is None:
        return {}
    others = Others(chosen)
    return {"others": others, "seen_by": given.text("seen_by") if others is Others.SOMEBODY else None}


def _read_times(given: _Given) -> dict[str, Any]:
    chosen = given.chosen("hours", list(SafeHours))
    read: dict[str, Any] = {"hours_note": given.text("hours_note"), "safe_from": None, "safe_until": None}
    if chosen is None:
        return read
    hours = SafeHours(chosen)
    if hours is SafeHours.OTHER:
        start = given.chosen("safe_from", WHOLE_HOURS)
        end = given.chosen("safe_until", WHOLE_HOURS)
        if start and end and start >= end:
            given.wrong("safe_until", "hours_order")
        read |= {"safe_from": start, "safe_until": end}
    elif hours in HOURS:
        read |= dict(zip(("safe_from", "safe_until"), HOURS[hours], strict=True))
    return read | {"hours": hours}


def _read_reach(given: _Given) -> dict[str, Any]:
    ways = given.several("ways", WAYS)
    if not ways:
        given.wrong("ways", "choose_a_way")
    read: dict[str, Any] = {"ways": ways, "phone": None, "email": None, "address": None}
    if Channel.PHONE in ways or Channel.TEXT in ways:
        phone = read["phone"] = _needed(given, "phone", phone_number, "phone_unusable")
        if phone and Channel.TEXT in ways and not takes_texts(phone):
            given.wrong("phone", "no_texts")
    if Channel.EMAIL in ways:
        read["email"] = _needed(given, "email", email_address, "email_unusable")
    if Channel.LETTER in ways:
        address = read["address"] = _needed(given, "address", postal_address, "address_unusable")
        if address and not has_postcode(address):
            given.wrong("address", "address_unusable")
    return read


def _needed(given: _Given, field: str, normal: Callable[[str], str], code: str) -> str | None:
    before = len(given.problems)
    found = given.detail(field, normal, code)
    if found is None and len(given.problems) == before:
        given.wrong(field, code)
    return found


def _read_name(given: _Given) -> dict[str, Any]:
    return {"name": given.detail("name", persons_name, "name_unusable")}


def _read_about(given: _Given) -> dict[str, Any]:
    chosen = given.chosen("who", list(WhoAsks))
    return {"who": WhoAsks(chosen)} if chosen else {}


def _read_them(given: _Given) -> dict[str, Any]:
    chosen = given.chosen("who_to_them", list(WhoToThem))
    return {"who_to_them": WhoToThem(chosen)} if chosen else {}


def _read_what(given: _Given) -> dict[str, Any]:
    return {"what": given.text("what")}


def _read_area(given: _Given) -> dict[str, Any]:
    chosen = given.chosen("area", (*given.areas, UNKNOWN_AREA))
    return {"area": None if chosen in (None, UNKNOWN_AREA) else Area(chosen)}


def _read_help(given: _Given) -> dict[str, Any]:
    helped = given.several("help", list(Help))
    language = None
    if Help.INTERPRETER in helped:
        language = _needed(given, "language", words_of_one_line, "language_missing")
    return {
        "help": tuple(Help(each) for each in helped),
        "language": language,
        "needs": given.text("needs"),
    }


def _always(answers: Answers, areas: Sequence[Area]) -> bool:
    return True


def _for_somebody_else(answers: Answers, areas: Sequence[Area]) -> bool:
    return answers.who is not None and answers.who.for_somebody_else


def _several_areas(answers: Answers, areas: Sequence[Area]) -> bool:
    return len(areas) > 1


class Question(NamedTuple):
    """A question, which has a page of its own.

    Attributes:
        name: of the question, which stands in the address of its page and tells nothing.
        read: the fields of the answers that a form leads to.
        asked: whether it is asked, by what was answered and which areas are served.
    """

    name: str
    read: Callable[[_Given], dict[str, Any]]
    asked: Callable[[Answers, Sequence[Area]], bool] = _always


QUESTIONS: Mapping[str, Question] = {
    each.name: each
    for each in (
        Question("messages", _read_messages),
        Question("others", _read_seen),
        Question("times", _read_times),
        Question("ways", _read_reach),
        Question("name", _read_name),
        Question("about", _read_about),
        Question("them", _read_them, _for_somebody_else),
        Question("words", _read_what),
        Question("area", _read_area, _several_areas),
        Question("help", _read_help),
    )
}
"""Every question by its name, in the order in which they are asked."""


def asked_of(answers: Answers, areas: Sequence[Area]) -> list[str]:
    """The questions that are asked of somebody who answered so, in order."""
    return [each.name for each in QUESTIONS.values() if each.asked(answers, areas)]


def next_question(answers: Answers, areas: Sequence[Area]) -> str | None:
    """The first question that was not answered; None where all were."""
    return next((name for name in asked_of(answers, areas) if name not in answers.answered), None)


def with_answer(answers: Answers, question: str, form: Form, areas: Sequence[Area]) -> Answers:
    """The answers with one more, or with another in its place.

    Args:
        areas: those that are served.

    Raises:
        NotAccepted: it cannot be taken, with what is wrong with which field.
    """
    given = _Given(form, areas)
    read = QUESTIONS[question].read(given)
    if given.problems:
        raise NotAccepted(*given.problems)
    answered = tuple(dict.fromkeys((*answers.answered, question)))
    return answers.model_copy(update=read | {"answered": answered})
