"""What is known about people: what is accepted, in which form it is recorded, and what in an older log is doubtful.

Details are checked when a command is decided, never when a log is read: a log may hold what was accepted before. Such a
detail is doubtful: it is shown with the reason, and no message is sent by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import NamedTuple

from lifecycle.people.ages import band_of, turns_18_on
from lifecycle.people.normal_forms import (
    Unusable,
    birthday,
    email_address,
    has_postcode,
    persons_name,
    phone_number,
    postal_address,
    takes_texts,
    words_of_one_line,
)
from lifecycle.refusal import Refused
from schemas.areas import LONDON
from schemas.facts import KnownOfPerson, NewParticipant
from schemas.people import ContactSafety, Person
from schemas.vocabulary import AgeBand, Channel

_NEEDS = {
    Channel.PHONE: "a telephone number",
    Channel.TEXT: "the number of a telephone that takes texts, such as a mobile",
    Channel.EMAIL: "an e-mail address",
    Channel.LETTER: "an address with a UK postcode",
}


class _Detail(NamedTuple):
    code: str
    normal: Callable[[str], str]


_DETAILS: Mapping[str, _Detail] = {
    "name": _Detail("name_unusable", persons_name),
    "phone": _Detail("phone_unusable", phone_number),
    "email": _Detail("email_unusable", email_address),
    "address": _Detail("address_unusable", postal_address),
    "language": _Detail("language_unusable", words_of_one_line),
}


def reachable_by(person: Person) -> tuple[Channel, ...]:
    """The ways that need an address and have a usable one: what is doubtful does not count."""
    number, address = _usable(person.phone, phone_number), _usable(person.address, postal_address)
    usable = {
        Channel.PHONE: number is not None,
        Channel.TEXT: number is not None and takes_texts(number),
        Channel.EMAIL: _usable(person.email, email_address) is not None,
        Channel.LETTER: address is not None and has_postcode(address),
    }
    return tuple(channel for channel, yes in usable.items() if yes)


def has_name(person: Person) -> bool:
    """Whether there is a name by which a letter can be addressed."""
    return _usable(person.name, persons_name) is not None


def _usable(written: str | None, normal: Callable[[str], str]) -> str | None:
    try:
        return None if written is None else normal(written)
    except Unusable:
        return None


class Checked(NamedTuple):
    """What is recorded of a person.

    Attributes:
        person: each detail in its normal form.
        age_band: the one that follows from the birthday, where one is given; else as given.
        known: what the rules need of it.
    """

    person: Person
    age_band: AgeBand | None
    known: KnownOfPerson


def check_new_participant(
    participant: NewParticipant, received_at: datetime, at: datetime, field: str
) -> tuple[NewParticipant, KnownOfPerson]:
    """A new participant as they are recorded, and what the rules need of what is sealed.

    Args:
        received_at: when the referral was received, aware: the age band is the one of that day.
        at: now, aware.
        field: the path of the participant in the command.

    Raises:
        Refused: a detail cannot be used or contradicts another; the field is named, its value never.
    """
    given = participant.age_band
    band = None if given is AgeBand.UNKNOWN else given
    checked = check_person(
        participant.person, participant.id, band, received_at, at, field, f"{field}.person"
    )
    check_safety(participant.contact_safety, checked.known.reachable_by, f"{field}.contact_safety")
    changed = {"person": checked.person, "age_band": checked.age_band or given}
    return participant.model_copy(update=changed), checked.known


def check_person(
    person: Person,
    participant: str,
    age_band: AgeBand | None,
    received_at: datetime,
    at: datetime,
    field: str,
    person_field: str,
) -> Checked:
    """What is recorded of a person's details.

    Args:
        participant: their id.
        age_band: given with the details, or None.
        received_at: when the referral was received, aware.
        at: now, aware.
        field: the path of what holds the age band; empty: the command itself.
        person_field: the path of the details.

    Raises:
        Refused: a detail cannot be used, or the age band is another than that of the birthday.
    """
    normal = {}
    for name, detail in _DETAILS.items():
        written = getattr(person, name)
        if written is not None:
            normal[name] = _accepted(written, detail.normal, detail.code, f"{person_field}.{name}")
    born = _born(person, at, f"{person_field}.date_of_birth")
    turns = None
    if born is not None:
        follows = band_of(born, received_at.astimezone(LONDON).date())
        if age_band not in (None, follows):
            raise Refused(
                "age_contradicts",
                "It is not the age band of the date of birth on the day when the referral was received; leave the "
                "age band out, or mend one of the two.",
                f"{field}.age_band".removeprefix("."),
            )
        age_band = follows
        turns = turns_18_on(born) if follows is AgeBand.UNDER_18 else None
    checked = person.model_copy(update=normal)
    known = KnownOfPerson(
        participant=participant,
        reachable_by=reachable_by(checked),
        birthday_known=born is not None,
        turns_18_on=turns,
    )
    return Checked(checked, age_band, known)


def check_words(written: str, code: str, field: str) -> str:
    """Words of one line, as they are recorded.

    Args:
        code: of the refusal.
        field: the path of the words in the command.

    Raises:
        Refused: they have no letter, or characters that cannot be seen; the words are never repeated.
    """
    return _accepted(written, words_of_one_line, code, field)


def _born(person: Person, at: datetime, field: str) -> date | None:
    if person.date_of_birth is None:
        return None
    today = at.astimezone(LONDON).date()
    _accepted(person.date_of_birth, lambda day: birthday(day, today), "birthday_unusable", field)
    return date.fromisoformat(person.date_of_birth)


def _accepted(written: str, normal: Callable[[str], str], code: str, field: str) -> str:
    try:
        return normal(written)
    except Unusable as unusable:
        sentence = str(unusable)
        raise Refused(code, f"{sentence[0].upper()}{sentence[1:]}.", field) from None


def check_safety(safety: ContactSafety, reachable: tuple[Channel, ...] | None, field: str) -> None:
    """Raise Refused where the safe hours are none, or a way is called safe for which there is no address.

    Args:
        reachable: the ways for which there is a usable address; None: not known, as the log is older than that.
        field: the path of the safety in the command.
    """
    wrong = hours_doubt(safety)
    if wrong is not None:
        raise Refused("hours_impossible", f"{wrong[0].upper()}{wrong[1:]}.", f"{field}.safe_until")
    if reachable is None:
        return
    for channel in safety.safe_channels:
        if channel in _NEEDS and channel not in reachable:
            raise Refused(
                "channel_without_address",
                f"To reach somebody by {channel} there must be {_NEEDS[channel]}; record it, or leave {channel} out.",
                f"{field}.safe_channels",
            )


def hours_doubt(safety: ContactSafety) -> str | None:
    """What is wrong with the safe hours, as a sentence without its full stop; None where nothing is."""
    if (safety.safe_from is None) != (safety.safe_until is None):
        return "safe hours need both their beginning and their end; accepted: both, or neither"
    if safety.safe_from is None or safety.safe_until is None:
        return None
    if time.fromisoformat(safety.safe_from) >= time.fromisoformat(safety.safe_until):
        return "safe hours must end after they begin, on the same day, such as 09:00 to 17:30"
    return None


class Doubt(NamedTuple):
    """A detail in the log that would be refused today.

    Attributes:
        field: of the person or of the contact safety.
        reason: what is wrong with it, as a sentence without its full stop; never the detail itself.
    """

    field: str
    reason: str


def doubts(person: Person, safety: ContactSafety | None, at: datetime) -> Iterator[Doubt]:
    """The details that would be refused today, and by which nothing is sent.

    Args:
        at: now, aware.
    """
    for name, detail in _DETAILS.items():
        yield from _doubt(name, getattr(person, name), detail.normal)
    today = at.astimezone(LONDON).date()
    yield from _doubt("date_of_birth", person.date_of_birth, lambda day: birthday(day, today))
    if safety is None:
        return
    reachable = reachable_by(person)
    if Channel.TEXT in safety.safe_channels and Channel.PHONE in reachable and Channel.TEXT not in reachable:
        yield Doubt("phone", "it is safe for texts and takes none")
    if Channel.LETTER in safety.safe_channels and person.address and Channel.LETTER not in reachable:
        yield Doubt("address", "letters are safe and it has no UK postcode")
    wrong = hours_doubt(safety)
    if wrong is not None:
        yield Doubt("safe_hours", wrong)


def _doubt(field: str, written: str | None, normal: Callable[[str], str]) -> Iterator[Doubt]:
    if written is None:
        return
    try:
        normal(written)
    except Unusable as unusable:
        yield Doubt(field, str(unusable))
