"""The words of a referral's pages: each deadline, factor and subject has some, and a name stands for its person."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from casework.referral.page.case import Case
from casework.referral.page.clocks import without_commands
from casework.words import ENDS_WITH, People
from casework.words.due import deadline_called
from casework.words.names import short_names
from casework.words.risk_factors import GROUPS
from casework.words.safe_contact import safe_contact
from console.referral.groups import subject_name
from lifecycle import fold
from schemas.activity import Activity
from schemas.areas import Area
from schemas.commands import COMMANDS
from schemas.people import ContactSafety, Role, Staff
from schemas.policy import DeadlineName
from schemas.vocabulary import Channel, ParticipantRole, RiskFactor
from tests.lifecycle.story import Story


def test_every_risk_factor_stands_in_one_group() -> None:
    listed = [factor for factors in GROUPS.values() for factor in factors]
    assert sorted(listed) == sorted(RiskFactor)


@pytest.mark.parametrize("name", DeadlineName)
def test_every_deadline_is_called_something_without_its_key(name: DeadlineName) -> None:
    called = deadline_called(f"{name}/h1", lambda who: {"h1": "June I."}[who])
    assert "_" not in called
    assert "{" not in called


@pytest.mark.parametrize("name", ENDS_WITH)
def test_what_ends_a_deadline_names_its_steps_apart(name: DeadlineName) -> None:
    words, steps = without_commands(ENDS_WITH[name])
    assert not re.search(r"[a-z]_[a-z]", words)
    assert set(steps) <= set(COMMANDS)
    assert bool(steps) == ("(" in ENDS_WITH[name])


def test_every_subject_has_a_name_of_its_own() -> None:
    modules = {model.__module__.rpartition(".")[2] for model in COMMANDS.values()} - {"system"}
    names = [subject_name(each) for each in modules]
    assert len(set(names)) == len(modules)
    assert "Overview" not in names
    assert subject_name("deadlines") == "Deadlines and messages"


def case_of(**changes: Any) -> Case:
    """June, Jack and an interpreter, with a colleague, and nothing that is read from anywhere."""
    names = {"h1": "June Invented", "r1": "Jack Invented", "i1": "Ines Invented", "a1": "Ada Invented"}
    roles = {
        "h1": ParticipantRole.HARMED,
        "r1": ParticipantRole.RESPONSIBLE,
        "i1": ParticipantRole.INTERPRETER,
        "a1": ParticipantRole.APPROPRIATE_ADULT,
    }
    story = Story()
    referral = fold(story.history).model_copy(update=changes)
    staff = {
        each.id: each
        for each in (
            Staff(id="cw-1", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Cass Invented"),
            Staff(id="cw-11", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Cora Invented"),
        )
    }
    nothing = cast(Any, None)
    people = People(roles, names, called_as=short_names(names))
    return Case(
        session=nothing,
        actor=nothing,
        at=nothing,
        relation=nothing,
        referral=referral,
        history=story.history,
        visits=(),
        opened=True,
        withheld=False,
        people=people,
        staff=staff,
        erasure=None,
        steps={},
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Try to reach h1, the person harmed", "Try to reach June I."),
        ("Ask h1, the person harmed, whether they want to", "Ask June I. whether they want to"),
        ("It waits for: h1, r1.", "It waits for: June I., Jack I.."),
        ("cw-1 or cw-11: ask r1", "Cass Invented or Cora Invented: ask Jack I."),
        ("item i1 of h11", "item Ines I. of h11"),
        ("nothing to name", "nothing to name"),
    ],
)
def test_ids_in_a_sentence_become_names(text: str, named: str) -> None:
    assert case_of().with_names(text).replace("..", "..") == named


def test_an_id_that_an_activity_has_too_is_nobodys_name() -> None:
    case = case_of(activities=(Activity(id="a1"),))
    assert case.with_names("the risk of a1, as h1 said") == "the risk of a1, as June I. said"


def test_safe_contact_says_ways_hours_and_voicemail() -> None:
    hours = {"safe_from": "09:00", "safe_until": "17:00"}
    safety = ContactSafety.model_validate({"safe_channels": ["phone", "email"], **hours})
    assert safe_contact(safety) == "phone, e-mail, 09:00 to 17:00; no voicemail"
    assert safe_contact(ContactSafety(safe_channels=(Channel.LETTER,))) == "letter, no safe hours known"
    assert safe_contact(ContactSafety()) == ""
    assert safe_contact(None) == ""
