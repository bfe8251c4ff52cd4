"""What messages say: templates that a service may edit, checked as a whole before the first one is sent.

A template is untrusted data. It may print variables, test whether one is set and loop over a list once; any other Jinja
is refused when it is loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from messages.neutral_words import forbidden_word
from schemas.areas import LONDON

if TYPE_CHECKING:
    from jinja2 import Template


class Audience(StrEnum):
    """Whom a template is written for; this decides what the template may reveal."""

    STAFF = "staff"
    AGENCY = "agency"
    PARTICIPANT = "participant"


class Medium(StrEnum):
    """The medium in which a message is read."""

    EMAIL = "email"
    TEXT = "text"
    LETTER = "letter"
    INBOX = "inbox"


class BadTemplate(Exception):
    """A template cannot be used. The message is one sentence with file, key, problem and what is accepted."""


@dataclass(frozen=True)
class Written:
    """A message as its reader sees it."""

    subject: str
    """One line; empty for a text message, the heading of a letter."""
    body: str


LONGEST_TEXT = 306
"""Maximum characters of a text message: two parts of 153."""
LONGEST_SUBJECT = 78
"""Maximum characters of a subject. Source: RFC 5322, 2.1.1."""
LONGEST_SERVICE = 40
"""Characters of the service's name for which templates are checked; our judgement."""
LONGEST_PHONE = 20
"""Characters of the service's telephone number for which templates are checked; our judgement."""

_LARGEST_FILE = 20_000
_SHIPPED = Path(__file__).parent / "templates"
_ENGLISH, _WELSH = "en", "cy"

_ALWAYS = frozenset({"service", "phone"})
_REFERRAL = _ALWAYS | {"reference", "short"}
_STAFF = _REFERRAL | {"area", "stage", "console"}
_LISTS = frozenset({"overdue", "due_today", "due_this_week", "escalations", "sign_offs", "tasks"})
_ENTRY = frozenset({"reference", "stage", "what", "when"})
# Variables that others may read; the rest may reveal an offence (stage: victim contact; deadline: court date).
_SEEN_BY_ALL = _ALWAYS | {"short", "starts", "due", "day", "unread"}


@dataclass(frozen=True)
class _Kind:
    audience: Audience
    words: str
    variables: frozenset[str]
    keys: frozenset[str]


def _staff(words: str, *variables: str) -> _Kind:
    keys = frozenset({"subject", Medium.EMAIL, Medium.INBOX})
    return _Kind(Audience.STAFF, words, _STAFF.union(variables), keys)


def _other_area(words: str) -> _Kind:
    """For staff of an area that the referral is not, or not any more, one of: its stage is not theirs to know."""
    keys = frozenset({"subject", Medium.EMAIL, Medium.INBOX})
    return _Kind(Audience.STAFF, words, _REFERRAL | {"console"}, keys)


def _mail(words: str, *variables: str) -> _Kind:
    """For staff by e-mail alone, about no referral."""
    return _Kind(Audience.STAFF, words, _ALWAYS.union(variables), frozenset({"subject", Medium.EMAIL}))


def _agency(words: str) -> _Kind:
    return _Kind(Audience.AGENCY, words, _REFERRAL, frozenset({"subject", Medium.EMAIL, Medium.INBOX}))


def _participant(words: str, *variables: str) -> _Kind:
    keys = frozenset({"subject", Medium.EMAIL, Medium.TEXT, Medium.LETTER})
    return _Kind(Audience.PARTICIPANT, words, _ALWAYS.union(variables), keys)


_KINDS = {
    "reminder": _staff("a reminder of a deadline", "deadline", "point", "due"),
    "escalation": _staff("a deadline was missed", "deadline", "point", "due"),
    "safeguarding": _staff("a safeguarding concern was raised"),
    "sign_off": _staff("a sign-off is asked for", "subject_of"),
    "task": _staff("a message could not be sent safely", "participant", "wanted", "why"),
    "allocated": _staff("a referral was allocated"),
    "asked_to_be_called": _staff("somebody asked to be called"),
    "invitation": _staff("a meeting is booked", "starts"),
    "invitation_cancelled": _staff("a meeting is cancelled", "starts"),
    "looked_at": _staff("somebody who does not work on a sensitive case looked at it", "colleague"),
    "news": _staff("something happened on a referral", "what"),
    "came_of_age": _staff("somebody in a referral has turned 18", "participant"),
    "transfer_offered": _other_area("another area offers a referral"),
    "transfer_withdrawn": _other_area("an offered referral stays where it is"),
    "transfer_accepted": _other_area("another area took a referral over"),
    "transfer_refused": _staff("another area does not take a referral over"),
    "digest": _mail("the work of the day", *_LISTS, "day", "unread", "name_of_service", "console"),
    "account": _mail("an invitation to sign in to the console", "staff", "link", "until"),
    "agency_received": _agency("a referral was received"),
    "agency_moved": _agency("a referral has moved on"),
    "agency_closed": _agency("a referral is closed"),
    "agency_transferred": _agency("another service has the referral now"),
    "acknowledgement": _participant("we have received your message"),
    "appointment": _participant("your appointment", "starts"),
    "appointment_cancelled": _participant("your appointment will not take place", "starts"),
}

TEMPLATES: dict[str, Audience] = {name: kind.audience for name, kind in _KINDS.items()}
"""Every template and whom it is written for."""


def words(template: str) -> str:
    """What a template is about, in a few plain words; raises KeyError for a name that TEMPLATES lacks."""
    return _KINDS[template].words


def media(template: str) -> tuple[Medium, ...]:
    """The media that a template is written for; raises KeyError for a name that TEMPLATES lacks."""
    return tuple(medium for medium in Medium if medium in _KINDS[template].keys)


_WELSH_DAYS = ("Llun", "Mawrth", "Mercher", "Iau", "Gwener", "Sadwrn", "Sul")
_WELSH_MONTHS = (
    *("Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin"),
    *("Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"),
)


def spoken(moment: datetime, *, welsh: bool = False) -> str:
    """A moment in London time as text: Tuesday 1 December 2026 at 2:30pm."""
    at = moment.astimezone(LONDON)
    minute = f":{at.minute:02}" if at.minute else ""
    clock = f"{at.hour % 12 or 12}{minute}{'am' if at.hour < 12 else 'pm'}"
    return f"{spoken_day(moment, welsh=welsh)} {'am' if welsh else 'at'} {clock}"


def spoken_day(moment: datetime, *, welsh: bool = False) -> str:
    """The day of a moment in London time as text: Tuesday 1 December 2026."""
    at = moment.astimezone(LONDON)
    if not welsh:
        return f"{at:%A %-d %B %Y}"
    return f"dydd {_WELSH_DAYS[at.weekday()]} {at.day} {_WELSH_MONTHS[at.month - 1]} {at.year}"


class Wording:
    """The templates of a service, each of them checked.

    Args:
        console: the console's base address, without a slash at its end; None where staff type commands.
    """

    def __init__(
        self, compiled: Mapping[tuple[str, str], Mapping[str, _Value]], console: str | None = None
    ) -> None:
        self._compiled = compiled
        self._console = console or ""

    @classmethod
    def load(cls, own: Path | None = None, *, console: str | None = None) -> Wording:
        """Load and check every template: the built-in ones, replaced by a service's own of the same name.

        Args:
            own: a folder with files such as ``en/escalation.toml`` and ``cy/appointment.toml``.
            console: the console's base address, to which staff are led; without one they are told what to type.

        Raises:
            BadTemplate: a file cannot be used, or the folder has a file that nothing would use.
        """
        files = _files(_SHIPPED) | (_files(own) if own else {})
        return cls({which: _values(path, *which) for which, path in files.items()}, console)

    def render(
        self, template: str, medium: Medium, facts: Mapping[str, object], *, welsh: bool = False
    ) -> Written:
        """A message of the template: in Welsh if asked for and available, else in English.

        Args:
            template: one of TEMPLATES.
            medium: one of the template's own, as :func:`media` gives them.
            facts: the variables' values; a datetime is written in the message's language, in London time. A template
                cannot use a fact that is not for its audience.
            welsh: whether the reader prefers Welsh.

        Raises:
            BadTemplate: a fact that the template needs is missing, or the message with these facts breaks a rule.
            KeyError: there is no such template, or it is not written for the medium.
        """
        language = _WELSH if welsh and (template, _WELSH) in self._compiled else _ENGLISH
        values = self._compiled[template, language]
        told = _told(facts, language) | {"console": self._console}
        subject = "" if medium is Medium.TEXT else values["subject"].render(told)
        return Written(subject, values[medium].render(told))

    def preview(self, template: str, *, welsh: bool = False) -> Mapping[Medium, Written]:
        """A message of the template for each of its media, with invented facts; raises KeyError for no template."""
        return {medium: self.render(template, medium, _SAMPLE, welsh=welsh) for medium in media(template)}


def _told(facts: Mapping[str, object], language: str) -> dict[str, object]:
    return {
        name: spoken(value, welsh=language == _WELSH) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }


def _files(folder: Path) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, str], Path] = {}
    names = [f"{name}.toml" for name in TEMPLATES]
    for path in _entries(folder):
        if path.is_dir() and path.name in (_ENGLISH, _WELSH):
            for file in _entries(path):
                if file.name not in names:
                    raise BadTemplate(f"{file}: no template has this name; accepted: {', '.join(names)}.")
                found[file.stem, path.name] = file
        elif folder != _SHIPPED:
            raise BadTemplate(f"{path}: nothing uses this; accepted: the folders {_ENGLISH} and {_WELSH}.")
    return found


def _entries(folder: Path) -> Iterable[Path]:
    try:
        # Hidden files belong to version control or an editor.
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadTemplate(f"{folder}: this folder of templates cannot be read: {error.strerror}.") from None


def _values(path: Path, template: str, language: str) -> Mapping[str, _Value]:
    kind = _KINDS[template]
    written = _read(path)
    if wrong := sorted(kind.keys.symmetric_difference(written)):
        what = "is missing" if wrong[0] in kind.keys else "is not known here"
        raise BadTemplate(f"{path}: {wrong[0]}: this key {what}; accepted: {', '.join(sorted(kind.keys))}.")
    values = {}
    for key in sorted(written):
        source = written[key]
        if not isinstance(source, str):
            raise BadTemplate(f"{path}: {key}: it is not a text; accepted: words in quotation marks.")
        values[key] = _Value(path, key, kind, source)
        for facts in _EXTREMES:
            values[key].try_out(_told(facts, language))
    return values


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise BadTemplate(f"{path}: the file is too large; accepted: at most {_LARGEST_FILE} bytes.")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise BadTemplate(f"{path}: the file cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        # Not UTF-8, not TOML, a number of thousands of digits, or thousands of brackets.
        raise BadTemplate(f"{path}: the file is not TOML: {error}.") from None


class _Value:
    """One value of a template file, compiled."""

    def __init__(self, path: Path, key: str, kind: _Kind, source: str) -> None:
        self._path, self._key = path, key
        self._one_line = key in ("subject", Medium.INBOX)
        self._seen_by_all = key in ("subject", Medium.TEXT)
        self._guarded = self._seen_by_all or kind.audience is Audience.PARTICIPANT
        self._accepted = kind.variables & _SEEN_BY_ALL if self._seen_by_all else kind.variables
        self._refuse_words(source)
        self._template = self._compile(source)

    def render(self, facts: Mapping[str, object]) -> str:
        """The value rendered with the facts; raises BadTemplate."""
        text = self._rendered(facts)
        if self._one_line:
            text = " ".join(text.split())
        self._refuse_words(text)
        if self._key == Medium.TEXT and len(text) > LONGEST_TEXT:
            raise self._bad(f"it comes to {len(text)} characters", f"at most {LONGEST_TEXT}")
        return text

    def try_out(self, facts: Mapping[str, object]) -> None:
        """Render it with sample facts and check what its author must correct; raises BadTemplate."""
        text = self.render(facts)
        if not text:
            raise self._bad("it is empty", "some words")
        if self._one_line and "\n" in self._rendered(facts):
            raise self._bad("it is more than one line", "one line")
        if self._key == "subject" and len(text) > LONGEST_SUBJECT:
            raise self._bad(f"it may come to {len(text)} characters", f"at most {LONGEST_SUBJECT}")

    def _rendered(self, facts: Mapping[str, object]) -> str:
        from jinja2 import TemplateError

        try:
            text = self._template.render(facts)
        except (TemplateError, TypeError) as error:
            raise self._bad(f"it cannot be rendered ({error})", "facts for each of its variables") from None
        # A condition that is false leaves blank lines behind.
        return re.sub(r"\n{3,}", "\n\n", text.strip())

    def _compile(self, source: str) -> Template:
        # Here, for who asks only what templates there are has no need of Jinja.
        from messages.small_jinja import NotAccepted, compiled

        try:
            return compiled(source, self._accepted, _LISTS, _ENTRY)
        except NotAccepted as error:
            reference = error.name == "reference" and self._seen_by_all
            hint = (
                " because it begins with RJ, which tells what the service does: use short"
                if reference
                else ""
            )
            raise self._bad(f"{error.wrong}{hint}", error.accepted) from None

    def _refuse_words(self, text: str) -> None:
        if self._guarded and (word := forbidden_word(text)):
            raise self._bad(
                f"the word {word!r} tells others what the message is about", "words that tell them nothing"
            )

    def _bad(self, wrong: str, accepted: str) -> BadTemplate:
        return BadTemplate(f"{self._path}: {self._key}: {wrong}; accepted: {accepted}.")


_MOMENT = datetime(2026, 9, 30, 12, 30, tzinfo=LONDON)
_ENTRY_SHOWN = {
    "reference": "RJ-7KQ4-M2X1",
    "stage": "risk assessment",
    "what": "risk assessment",
    "when": spoken(_MOMENT),
}
_SAMPLE: dict[str, object] = dict.fromkeys(_LISTS, (_ENTRY_SHOWN, _ENTRY_SHOWN)) | {
    "service": "Bridge Street Service",
    "name_of_service": "Bridge Street Restorative Service",
    "phone": "01632 960123",
    "reference": "RJ-7KQ4-M2X1",
    "short": "7KQ4-M2X1",
    "area": "durham",
    "stage": "risk assessment",
    "deadline": "risk assessment",
    "point": "first warning",
    "due": _MOMENT,
    "subject_of": "risk assessment",
    "starts": _MOMENT,
    "participant": "h1",
    "wanted": words("appointment"),
    "colleague": "cw-1",
    "why": "no safe channel",
    "what": "the referral was put on hold",
    "day": "Wednesday 30 September 2026",
    "unread": 3,
    "console": "",
    "staff": "cw-1",
    "link": "https://console.example.org/invitation?token=INVENTED",
    "until": _MOMENT,
}
# The longest dates in English and in Welsh; then every value that may be empty.
_LONGEST = _SAMPLE | {
    "service": "S" * LONGEST_SERVICE,
    "phone": "0" * LONGEST_PHONE,
    "console": "https://console.example.org",
}
_IN_JULY = datetime(2026, 7, 29, 12, 30, tzinfo=LONDON)
_EXTREMES = (
    _LONGEST,
    _LONGEST | {"starts": _IN_JULY, "due": _IN_JULY},
    _LONGEST | {"phone": "", "due": "", "unread": 0, "console": ""} | dict.fromkeys(_LISTS, ()),
)
