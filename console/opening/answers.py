"""The answers for a new referral: kept by page, put together into the command that opens it, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from casework.failures import Refused
from console.acting.forms.fields import Form, When
from console.acting.forms.reading import Posted, Problem, posted_from, read
from console.opening.questions import ALWAYS, NO_CRIME, PREFIXES, QuestionPage
from schemas.commands import OpenReferral
from schemas.facts import NewParticipant
from schemas.people import ContactSafety, Person
from schemas.reading.plain_words import MEANS, in_words

MOST_PEOPLE = 20

# Taken for what is not answered yet while one page is checked; none of it forbids anything.
_MEANWHILE = {
    "source": "other",
    "initiator": "agency",
    "offence": "other",
    "justice_stage": "no_proceedings",
}


@dataclass(slots=True)
class Answers:
    """What somebody has answered so far.

    Attributes:
        case: of the referral, as JSON.
        people: of each participant, by id; the fields of all parts of a person beside each other.
        roles: of those who are neither the first harmed nor the first responsible.
        seen: the pages that they came past.
    """

    case: dict[str, Any] = field(default_factory=dict, repr=False)
    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {each: {} for each in ALWAYS}, repr=False
    )
    roles: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Answers:
        """The answers as they were kept."""
        return cls(kept["case"], kept["people"], kept["roles"], kept["seen"])

    def as_json(self) -> dict[str, Any]:
        """The answers to be kept."""
        return {"case": self.case, "people": self.people, "roles": self.roles, "seen": self.seen}

    def of(self, page: QuestionPage) -> dict[str, Any]:
        """The answers about whom or what a page is."""
        return self.people.setdefault(page.person, {}) if page.person else self.case

    def posted(self, page: QuestionPage) -> Posted:
        """The answers of a page as a browser would send them."""
        return posted_from(page.form, self.of(page))

    def replace(self, page: QuestionPage, body: Mapping[str, Any]) -> None:
        """Put the answers of a page in the place of those it had."""
        known = self.of(page)
        for each in page.form.fields:
            known.pop(each.name, None)
        known |= body
        if page.slug not in self.seen:
            self.seen.append(page.slug)

    def add_person(self, role: str) -> str:
        """Add somebody in a role, and return their id."""
        prefix = PREFIXES[role]
        taken = [
            int(each.removeprefix(prefix)) for each in self.people if each.rstrip("0123456789") == prefix
        ]
        person = f"{prefix}{max(taken, default=0) + 1}"
        self.people[person] = {}
        self.roles[person] = role
        return person

    def remove_person(self, person: str) -> None:
        """Take away somebody who was added."""
        if self.roles.pop(person, None) is not None:
            del self.people[person]

    def document(self, area: str) -> dict[str, Any]:
        """The command that opens the referral, as JSON.

        Args:
            area: where nobody was asked for it.
        """
        roles = {"h1": "harmed", "r1": "responsible"} | self.roles
        participants = [_participant(each, role, self.people.get(each, {})) for each, role in roles.items()]
        conflict = {"conflict": True} if self.case.get("offence") == NO_CRIME else {}
        return {"area": area, **self.case, **conflict, "participants": participants}


def _participant(person: str, role: str, known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": person, "role": role, "person": {}, "contact_safety": {}}
    for name, value in known.items():
        if name in Person.model_fields:
            found["person"][name] = value
        elif name in ContactSafety.model_fields:
            found["contact_safety"][name] = value
        elif name in NewParticipant.model_fields:
            found[name] = value
    return found


def missing(pages: Iterable[QuestionPage], answers: Answers) -> list[tuple[QuestionPage, Problem]]:
    """What must be answered and is not, by page."""
    return [
        (page, Problem(each.name, f"Choose an answer to “{each.label}”."))
        for page in pages
        for each in page.form.fields
        if each.required and each.name not in answers.of(page)
    ]


def read_page(page: QuestionPage, posted: Posted) -> tuple[dict[str, Any], list[Problem]]:
    """What was answered on a page, and what of it cannot be read or is missing."""
    found = read(page.form, posted)
    for each in page.form.fields:
        if each.when is not None and _was_not_asked(each.when, found.body):
            found.body.pop(each.name, None)
    unread = {each.name for each in found.problems}
    lacking = [
        Problem(each.name, f"Choose an answer to “{each.label}”.")
        for each in page.form.fields
        if each.required and each.name not in found.body and each.name not in unread
    ]
    return found.body, [*found.problems, *lacking]


def _was_not_asked(when: When, body: Mapping[str, Any]) -> bool:
    """Whether another answer was given than the one after which a question is asked: a browser sends what it hides."""
    if when.name not in body:
        return False
    given = body[when.name]
    return not set(given if isinstance(given, list) else [given]) & set(when.values)


def command_from(document: Mapping[str, Any], *, so_far: bool = False) -> OpenReferral:
    """The command that opens the referral.

    Args:
        so_far: whether what is not answered yet is taken for something that forbids nothing.

    Raises:
        ValidationError: it is not one.
    """
    body = {**_MEANWHILE, **document} if so_far else document
    return OpenReferral.model_validate(body, extra="forbid")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with an answer.

    Attributes:
        person: whose it is; empty: the referral's.
        name: of the question.
        sentence: what is wrong, without naming the question where that is not known.
    """

    person: str
    name: str
    sentence: str

    def on(self, form: Form) -> Problem | None:
        """The problem on a page with this form; None where the page does not ask it."""
        asked = form.field(self.name)
        if asked is None:
            return None
        sentence = self.sentence.format(label=asked.label) if "{label}" in self.sentence else self.sentence
        return Problem(self.name, sentence)


def wrong_by_schema(error: ValidationError, document: Mapping[str, Any]) -> list[Wrong]:
    """What the schema says of the answers."""
    found = []
    for each in error.errors(include_url=False, include_input=False):
        person, name = _place(each["loc"], document)
        if each["type"] == "value_error":
            sentence = "“{label}”: " + _escaped(str(each["ctx"]["error"])) + "."
        else:
            sentence = "“{label}” " + _escaped(in_words(each, MEANS)) + "."
        found.append(Wrong(person, name, sentence))
    return found


def wrong_by_rule(refused: Refused, document: Mapping[str, Any]) -> Wrong:
    """What a rule says of the answers."""
    person, name = _place((refused.field or "").split("."), document)
    return Wrong(person, name, _escaped(_on_the_page(refused.message)))


def _on_the_page(sentence: str) -> str:
    """A rule's sentence with a question in the place of a field's name."""
    return sentence.replace("written into contact_note", "written where it is asked what else is known")


def _escaped(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _place(path: Iterable[int | str], document: Mapping[str, Any]) -> tuple[str, str]:
    """Whose the answer at a place of the command is, and its question."""
    parts = [str(each) for each in path]
    if len(parts) > 1 and parts[0] == "participants" and parts[1].isdigit():
        at = int(parts[1])
        people = document["participants"]
        return (people[at]["id"] if at < len(people) else ""), _last_name(parts[2:])
    return "", parts[0] if parts else ""


def _last_name(parts: list[str]) -> str:
    named = [each for each in parts if not each.isdigit()]
    return named[-1] if named else ""
