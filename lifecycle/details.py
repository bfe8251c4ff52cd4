"""What is known about people: what is accepted, in which form it is recorded, and what in an older log is doubtful.

Details are checked when a command is decided, never when a log is read: a log may hold what was accepted before. Such a
detail is doubtful: it is shown with the reason, and no message is sent by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import NamedTuple

from lifecycle.ages import band_of, turns_18_on
from lifecycle.refusal import Refused
from schemas.areas import LONDON
from schemas.facts import KnownOfPerson, NewParticipant
from schemas.people import ContactSafety, Person
from schemas.vocabulary import AgeBand, Channel

EARLIEST_BIRTHDAY = date(1900, 1, 1)

# Numbers that Ofcom keeps free for drama, as E.164; libphonenumber takes some of them for invalid. Its premium-rate
# range is left out. Source: Ofcom, telephone numbers for use in TV and radio drama programmes.
_DRAMA_MOBILE = re.compile(r"\+447700900\d{3}")
_DRAMA = re.compile(
    r"\+44(?:7700900|1632960|11[3-8]4960|1[2-6]14960|1914980|2079460|2896496|2920180|8081570|3069990)\d{3}"
)
# What people write between the digits of a telephone number, and a plus before them.
_PHONE = re.compile(r"\+?[0-9 ()./-]+")
_DASHES_AND_SPACES = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u00a0": " "}
)

# A postcode at the end of a line or part, or a number of British Forces Post Office.
# Source: Royal Mail, Programmers' guide to the Postcode Address File.
_POSTCODE = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(?:(?P<outward>GIR|[A-PR-UWYZ](?:\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d{1,2}|[A-HK-Y]\d[ABEHMNPRV-Y]))"
    r"[ \t]*(?P<inward>\d[ABD-HJLNP-UW-Z]{2})|BFPO[ \t]*(?P<forces>\d{1,4}))"
    r"(?=[ \t.]*(?:$|[,\n]))",
    re.IGNORECASE,
)

# Joins and parts letters in Persian, Urdu and the scripts of India; in other scripts it only hides.
_JOINERS = "\u200c\u200d"
_JOINED = ("ARABIC", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "MALAYALAM", "ORIYA", "SINHALA",
           "SYRIAC", "TAMIL", "TELUGU")  # fmt: skip
# Not of a category that is invisible, and invisible.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"

_WRITE_A_NOTE = "What cannot be checked can be written into contact_note"
_NEEDS = {
    Channel.PHONE: "a telephone number",
    Channel.TEXT: "the number of a telephone that takes texts, such as a mobile",
    Channel.EMAIL: "an e-mail address",
    Channel.LETTER: "an address with a UK postcode",
}


class Unusable(ValueError):
    """A detail cannot be used: what is wrong and what is accepted, as a sentence without its full stop.

    It never repeats the detail.
    """


def phone_number(written: str) -> str:
    """A telephone number as E.164, such as +447700900123. Without a country it is of the United Kingdom.

    Raises:
        Unusable: it cannot be rung, it costs extra, or something else stands beside it.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    wrong = Unusable(
        "it is no telephone number that can be rung; accepted: one number without an extension, such as "
        f"07700 900123 or +48 512 345 678. {_WRITE_A_NOTE}"
    )
    digits = written.translate(_DASHES_AND_SPACES)
    if not _PHONE.fullmatch(digits):
        raise wrong
    try:
        parsed = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        raise wrong from None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if _DRAMA.fullmatch(number):
        return number
    if not phonenumbers.is_valid_number(parsed):
        raise wrong
    kind = phonenumbers.number_type(parsed)
    # Of no country: satellites, and premium rates across borders. Only their freephone numbers cost nothing extra.
    abroad = phonenumbers.region_code_for_number(parsed) == "001" and kind != PhoneNumberType.TOLL_FREE
    if abroad or kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST):
        raise Unusable(
            "it is a number that costs whoever rings it extra; accepted: a landline, a mobile, or any other number "
            f"at ordinary cost. {_WRITE_A_NOTE}"
        )
    return number


def takes_texts(number: str) -> bool:
    """Whether texts can be sent to that number, in E.164."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    if _DRAMA.fullmatch(number):
        return _DRAMA_MOBILE.fullmatch(number) is not None
    return phonenumbers.number_type(phonenumbers.parse(number, None)) in (
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
    )


def email_address(written: str) -> str:
    """One e-mail address in its normal form. No network is asked whether it exists.

    Raises:
        Unusable: it is not exactly one address without a name beside it.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(written, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Unusable(
            f"it must be one e-mail address without a name beside it, such as ada@example.org. {_WRITE_A_NOTE}"
        ) from None


def postal_address(written: str) -> str:
    """A postal address in Unicode's form NFC, with its postcode, where it has one, in capitals: DH1 3HP.

    Raises:
        Unusable: it is blank, or has characters that nobody can see.
    """
    address = "\n".join(
        visible_text(line, "an address") if line.strip() else "" for line in written.splitlines()
    )
    if not address.strip():
        raise Unusable("it is blank; leave it out where it is not known")
    found = _postcode(address)
    return (
        address
        if found is None
        else f"{address[: found.start()]}{_in_capitals(found)}{address[found.end() :]}"
    )


def has_postcode(address: str) -> bool:
    """Whether a letter could be addressed to it: it has a UK postcode or a number of British Forces Post Office."""
    return _postcode(address) is not None


def _postcode(address: str) -> re.Match[str] | None:
    found = list(_POSTCODE.finditer(address))
    return found[-1] if found else None


def _in_capitals(found: re.Match[str]) -> str:
    if found["forces"]:
        return f"BFPO {found['forces']}"
    return f"{found['outward']} {found['inward']}".upper()


def persons_name(written: str) -> str:
    """A name in Unicode's form NFC, with single spaces.

    Raises:
        Unusable: it has no letter, or has characters that nobody can see.
    """
    name = visible_text(written, "a name")
    if not any(unicodedata.category(character).startswith("L") for character in name):
        raise Unusable("it has no letter; accepted: a name as the person writes it, one word or more")
    return name


def words_of_one_line(written: str) -> str:
    """A word or several, such as a language or the name of a prison, in Unicode's form NFC, with single spaces.

    Raises:
        Unusable: it has no letter, or has characters that nobody can see.
    """
    words = visible_text(written, "it")
    if not any(unicodedata.category(character).startswith("L") for character in words):
        raise Unusable("it has no letter; leave it out where it is not known")
    return words


def visible_text(written: str, what: str) -> str:
    """One line in Unicode's form NFC, with single spaces.

    Args:
        what: it is, for the sentence: a name.

    Raises:
        Unusable: it has a character that is invisible, controls the text or turns its direction.
    """
    text = re.sub(" +", " ", unicodedata.normalize("NFC", written).replace("\u00a0", " ")).strip(" ")
    if any(_is_hidden(text, at) for at in range(len(text))):
        raise Unusable(
            "it has characters that cannot be seen: control characters, blanks of no width, or marks that turn the "
            f"direction of the text; type {what} anew instead of pasting it"
        )
    return text


def _is_hidden(text: str, at: int) -> bool:
    character = text[at]
    if character == " ":
        return False
    if character in _JOINERS:
        return not 0 < at < len(text) - 1 or not _is_joined(text[at - 1])
    # Separators and all that is control, format, private or unassigned; a variation selector is a mark that hides.
    hidden = unicodedata.category(character)[0] in "CZ" or character in _BLANKS
    return hidden or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_joined(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_JOINED)


def birthday(written: str, today: date) -> str:
    """A birthday, as it is.

    Raises:
        Unusable: nobody who takes part can have been born then.
    """
    if not EARLIEST_BIRTHDAY <= date.fromisoformat(written) <= today:
        raise Unusable(f"it must lie between {EARLIEST_BIRTHDAY} and today")
    return written


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
