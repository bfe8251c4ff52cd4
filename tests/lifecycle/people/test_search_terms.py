"""By which terms a referral is found: how a name, a number or a day is compared, and what a log says of them now."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from lifecycle import fold
from lifecycle.people import search_terms as terms
from lifecycle.people.search_terms import MOST_LETTERS, THE_CASE, Term, TermKind, found_by, terms_of
from policies.files import load_policies
from schemas import events as e
from schemas.events import Event, Recorded
from schemas.facts import NewParticipant
from schemas.people import Person, Role


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Zoë O'Brien-Łoś", ("zoe", "obrien", "los")),
        ("ZOE O\u2019BRIEN", ("zoe", "obrien")),
        ("Straße Ærø", ("strasse", "aero")),
        ("Siân  Ó\u00a0Murchú", ("sian", "o", "murchu")),
        ("王伟", ("王伟",)),
        ("O'Neil, James (Jim)", ("oneil", "james", "jim")),
    ],
)
def test_capitals_accents_apostrophes_and_hyphens_of_a_name_do_not_matter(
    written: str, words: tuple[str, ...]
) -> None:
    assert terms.name_words(written) == words


def test_a_whole_name_is_the_same_in_any_order() -> None:
    assert terms.whole_name("Smith, John") == terms.whole_name("john SMITH")
    assert terms.whole_name("John Smith") != terms.whole_name("John Smithe")
    assert terms.whole_name("- -") is None


def test_a_name_is_found_by_two_or_more_first_letters_of_each_word() -> None:
    begins = {term.value for term in terms_of(Person(name="Alexandrina Poe")) if term.kind is TermKind.BEGINS}
    assert begins == {"al", "ale", "alex", "alexa", "alexan", "alexand", "alexandr", "po", "poe"}
    assert max(map(len, begins)) == MOST_LETTERS
    # What is typed beyond them makes no difference, and a single letter beside a word is left out.
    assert terms.first_letters(["alexandrowna", "p"]) == {Term(TermKind.BEGINS, "alexandr")}


@pytest.mark.parametrize("written", ["07700 900123", "+44 7700 900123", "(07700) 900-123"])
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert terms.phone(written) == Term(TermKind.PHONE, "+447700900123")


def test_what_cannot_be_compared_is_no_term() -> None:
    assert terms.phone("ask for Jo") is None
    assert terms.email("x@") is None
    assert terms.crime_reference(" / - ") is None
    # As an older log may hold it.
    assert terms_of(Person(phone="banana", email="a@b")) == frozenset()


def test_spaces_and_signs_of_a_crime_reference_do_not_matter() -> None:
    assert terms.crime_reference("cr/1234-26") == terms.crime_reference("CR 1234 26")


def test_each_kind_of_term_is_apart_from_the_others() -> None:
    person = Person(name="Jo Poe", date_of_birth="1990-05-17", phone="07700 900123", email="Jo@Example.org")
    assert {term.kind for term in terms_of(person)} == set(TermKind) - {TermKind.CRIME_REFERENCE}
    assert Term(TermKind.EMAIL, "jo@example.org") in terms_of(person)


def log(*steps: Event) -> list[Recorded]:
    """These events, each a step of its own."""
    return [
        Recorded(
            sequence=at,
            step=at,
            at=datetime(2026, 3, 2, tzinfo=UTC),
            actor="cw-1",
            role=Role.CASEWORKER,
            command_id=uuid4(),
            event=event,
        )
        for at, event in enumerate(steps, 1)
    ]


def received() -> e.ReferralReceived:
    return e.ReferralReceived.model_validate(
        {
            "reference": "RJ-7KQ4-M2X1",
            "policy": load_policies().base,
            "area": "cheshire",
            "source": "police",
            "initiator": "agency",
            "offence": "burglary",
            "crime_reference": "CR/1",
            "participants": [
                {"id": "h1", "role": "harmed", "person": {"name": "June Invented", "phone": "07700 900123"}},
                {"id": "r1", "role": "responsible"},
            ],
        }
    )


def correction(step: int) -> e.StepCorrected:
    return e.StepCorrected(corrects=step, reason="Invented", becomes=fold(log(received())))


def amended(participant: str, **person: str) -> e.ParticipantAmended:
    return e.ParticipantAmended.model_validate({"participant": participant, "person": person})


def values(found: frozenset[Term], kind: TermKind) -> set[str]:
    return {term.value for term in found if term.kind is kind}


def test_a_referral_is_found_by_each_of_its_people_and_by_its_crime_reference() -> None:
    found = found_by(log(received()))
    assert set(found) == {"h1", "r1", THE_CASE}
    assert values(found["h1"], TermKind.NAME) == {"invented june"}
    assert found["r1"] == frozenset()
    assert found[THE_CASE] == {Term(TermKind.CRIME_REFERENCE, "cr1")}


def test_an_amendment_replaces_what_it_gives_and_nothing_else() -> None:
    case = e.ReferralAmended.model_validate({"crime_reference": "CR/2"})
    found = found_by(log(received(), amended("h1", phone="07700 900124"), case))
    assert values(found["h1"], TermKind.PHONE) == {"+447700900124"}
    assert values(found["h1"], TermKind.NAME) == {"invented june"}
    assert values(found[THE_CASE], TermKind.CRIME_REFERENCE) == {"cr2"}


def test_what_was_taken_back_is_not_found() -> None:
    added = e.ParticipantAdded(
        participant=NewParticipant.model_validate(
            {"id": "s1", "role": "supporter", "person": {"name": "Sam Invented"}}
        )
    )
    history = log(received(), amended("h1", name="Wrong Person"), added)
    assert "s1" in found_by(history)
    taken_back = log(*(recorded.event for recorded in history), correction(2), correction(3))
    before, after = found_by(history), found_by(taken_back)
    assert values(after["h1"], TermKind.NAME) == {"invented june"}
    assert terms.changed_terms(before, after) == {"h1": after["h1"], "s1": None}


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (received(), True),
        (amended("h1", name="June"), True),
        (e.ParticipantAmended(participant="h1", no_longer_safe=()), False),
        (e.ReferralAmended.model_validate({"crime_reference": "CR/2"}), True),
        (e.ReferralAmended.model_validate({"summary": "Invented"}), False),
        (correction(2), True),
        (e.NoteAdded(note="Invented"), False),
    ],
)
def test_only_what_may_change_the_terms_is_looked_at(event: Event, changes: bool) -> None:
    assert terms.changes_what_it_is_found_by(event) is changes
