"""The questions of a new referral, one subject a page, made from the schema of the command that opens it.

The answers about a person stand beside each other by their fields' names, which no two parts of a person share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from console.acting.forms.fields import Field, Form, Kind, Option, Section, When, all_fields
from console.acting.forms.shaping import form_of

HARMED, RESPONSIBLE = "h1", "r1"
ALWAYS = (HARMED, RESPONSIBLE)
"""Who takes part in every referral, known or not."""

COMMAND = "open_referral"
NO_CRIME = "no_crime"


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """One page of questions.

    Attributes:
        slug: its place in the address.
        heading: what it asks; never a name.
        person: whose it is, such as h1; empty: the referral's.
        lead: a sentence below the heading.
        optional: whether it may be skipped.
        on_the_way: whether everybody comes past it; the others are opened from the summary.
    """

    slug: str
    heading: str
    form: Form
    person: str = ""
    lead: str = ""
    optional: bool = False
    on_the_way: bool = True


def pages(areas: tuple[str, ...], others: dict[str, str], *, conflicts: bool) -> list[QuestionPage]:
    """All pages in their order.

    Args:
        areas: of who opens the referral; where there is one, nobody is asked.
        others: the roles of further people, by id.
        conflicts: whether a conflict without a crime may be opened.
    """
    return [
        *_of_the_case(areas, conflicts=conflicts),
        *_of_the_harmed(),
        *_of_the_responsible(),
        *_at_the_end(),
        *(_of_another(person, role) for person, role in others.items()),
    ]


def _of_the_case(areas: tuple[str, ...], *, conflicts: bool) -> Iterator[QuestionPage]:
    area = _case("area")
    chosen = replace(
        area,
        options=tuple(each for each in area.options if each.value in areas),
        kind=Kind.RADIOS if len(areas) <= _SEEN_AT_ONCE else Kind.SELECT,
    )
    yield QuestionPage(
        "from",
        "Where does the referral come from?",
        _form(
            *([chosen] if len(areas) > 1 else []),
            _case("source", kind=Kind.RADIOS),
            _case("initiator", options=_INITIATORS),
            _case("sent_by", hint="For example a police officer. Encrypted."),
        ),
    )
    offence = _case("offence", kind=Kind.RADIOS)
    words = {NO_CRIME: "A conflict without a crime"}
    options = [
        replace(each, words=words.get(each.value, each.words))
        for each in offence.options
        if conflicts or each.value != NO_CRIME
    ]
    yield QuestionPage(
        "offence",
        "What kind of offence was it?",
        _form(replace(offence, options=tuple(options)), _case("crime_reference")),
    )
    yield QuestionPage(
        "sensitive",
        "Does any of this apply?",
        _form(
            _case("sensitive_categories", label="What applies?", none_of_them="None of these"),
            _case(
                "hate_strands",
                label="Hostility towards what?",
                when=When("sensitive_categories", ("hate_crime",)),
            ),
        ),
        lead="A sensitive case is for an advanced practitioner, and is seen by fewer people.",
        optional=True,
    )
    yield QuestionPage(
        "proceedings",
        "How far are the proceedings?",
        _form(
            _case("justice_stage"),
            _case("court_date", hint="Only where sentence is still to come."),
            _case("deferred_on", hint="Only where it was."),
        ),
    )


def _of_the_harmed() -> Iterator[QuestionPage]:
    yield QuestionPage(
        "harmed",
        "Who was harmed?",
        _form(*_of_a_person("name", "date_of_birth"), _age()),
        HARMED,
        lead="If there are several, begin with one; more people are added at the end.",
        optional=True,
    )
    yield QuestionPage(
        "harmed-contact",
        "How can the person harmed be reached safely?",
        _reached(),
        HARMED,
        lead="Nothing is taken for safe that is not said here.",
        optional=True,
    )
    yield _more("harmed-more", "What else is known of the person harmed?", HARMED)


def _of_the_responsible() -> Iterator[QuestionPage]:
    yield QuestionPage(
        "responsible",
        "Who is responsible?",
        Form(
            COMMAND,
            (*_of_a_person("name", "date_of_birth", "custody"), _age(), *_of_a_person(*_WAYS)),
            (Section("How they are reached", _WAYS),),
        ),
        RESPONSIBLE,
        lead="If nobody knows who it was, skip this.",
        optional=True,
    )
    yield _more("responsible-more", "What else is known of the person responsible?", RESPONSIBLE)


def _at_the_end() -> Iterator[QuestionPage]:
    yield QuestionPage(
        "summary",
        "What happened?",
        _form(_case("summary", label="In your words"), _case("incident_on", label="When was it?")),
        optional=True,
    )
    yield QuestionPage(
        "details",
        "What else is known of the case?",
        _form(_case("offence_group"), _case("district"), _case("linked_to")),
        optional=True,
        on_the_way=False,
    )


def _of_another(person: str, role: str) -> QuestionPage:
    asked = [*_of_a_person("name", "date_of_birth"), _age(), *_of_a_person(*_WAYS)]
    if role not in _SIDES:
        asked.insert(0, _of_one("accompanies", chosen=None, options=_ACCOMPANIED, none_of_them="Nobody"))
    if role == "harmed":
        asked += [replace(each, folded="") for each in _SAFE_CONTACT]
    heading = f"Who is {_WORDS_OF_ROLE[role]}?"
    return QuestionPage(f"person-{person}", heading, _form(*asked), person, optional=True, on_the_way=False)


def _more(slug: str, heading: str, person: str) -> QuestionPage:
    return QuestionPage(
        slug,
        heading,
        _form(
            *_of_a_person("language", "interpreter_needed", "needs", "contact_note"),
            *(_of_one(name, kind=Kind.SELECT) for name in _CHARACTERISTICS),
        ),
        person,
        lead="What returns ask for may stay not known.",
        optional=True,
        on_the_way=False,
    )


def _reached() -> Form:
    return _form(*_SAFE_CONTACT, *_of_a_person(*_WAYS), _of_one("neutral_words_only"))


def _form(*fields: Field) -> Form:
    return Form(COMMAND, fields)


def _case(name: str, **changes: Any) -> Field:
    found = form_of(COMMAND).field(name)
    if found is None:
        raise LookupError(name)
    return replace(found, **changes)


def _of_a_person(*names: str) -> list[Field]:
    return [_of_one(name) for name in names]


def _of_one(name: str, **changes: Any) -> Field:
    return replace(_fields_of_a_person()[name], **changes)


def _age() -> Field:
    return _of_one("age_band", kind=Kind.SELECT, hint="Where the date of birth is not known.")


@cache
def _fields_of_a_person() -> dict[str, Field]:
    return {each.name: each for each in all_fields(_case("participants").fields) if not each.fields}


# Of a list so many stand one below the other, to be seen at once.
_SEEN_AT_ONCE = 7
_SIDES = ("harmed", "responsible")
_WAYS = ("phone", "email", "address")
_SAFE_CONTACT = _of_a_person("safe_channels", "safe_from", "safe_until", "may_leave_voicemail", "seen_by")
_CHARACTERISTICS = (
    "gender",
    "ethnicity",
    "disability",
    "religion",
    "sexual_orientation",
    "gender_identity",
    "pregnancy_or_maternity",
)
_INITIATORS = (
    Option("harmed_person", "The person harmed"),
    Option("person_responsible", "The person responsible"),
    Option("agency", "An agency"),
)
_ACCOMPANIED = (Option(HARMED, "The person harmed"), Option(RESPONSIBLE, "The person responsible"))
_WORDS_OF_ROLE = {
    "harmed": "the other person harmed",
    "responsible": "the other person responsible",
    "supporter": "the supporter",
    "guardian": "the parent or guardian",
    "interpreter": "the interpreter",
    "appropriate_adult": "the appropriate adult",
}
PREFIXES = {
    "harmed": "h",
    "responsible": "r",
    "supporter": "s",
    "guardian": "g",
    "interpreter": "i",
    "appropriate_adult": "a",
}
"""With which letter the id of somebody in each role begins."""
