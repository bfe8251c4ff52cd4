"""Nobody signs off within a day of being made a supervisor by the author of what is signed off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lifecycle import authors_of_what_is_signed_off
from schemas import commands as c
from schemas.people import Actor
from schemas.vocabulary import ClosureReason, Level, SignOffSubject, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    FACILITATOR,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    Story,
    approval,
    assessment,
    override,
    to,
    verdict,
)

RISK = SignOffSubject.RISK_ASSESSMENT
DAY = timedelta(days=1)


@pytest.fixture
def waiting() -> Story:
    """The facilitator assessed, the caseworker gave the verdict; it waits for a sign-off."""
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), by=FACILITATOR)
    return story.do(verdict())


def made(story: Story, by: Actor, ago: timedelta = timedelta()) -> Actor:
    """A supervisor whom somebody made one."""
    return SUPERVISOR.model_copy(update={"role_by": by.id, "role_since": story.at - ago})


@pytest.mark.parametrize("author", [FACILITATOR, CASEWORKER])
@pytest.mark.parametrize(
    ("command", "code"), [(approval(RISK), "too_new"), (override("risk_sign_off"), "nothing_to_override")]
)
def test_who_was_just_made_a_supervisor_by_an_author_signs_off_and_overrides_nothing_of_theirs(
    waiting: Story, author: Actor, command: c.Command, code: str
) -> None:
    new = made(waiting, author, DAY - timedelta(microseconds=1))
    assert waiting.code(command, new) == code
    assert {"sign_off", "override_gate"}.isdisjoint(waiting.may(new))
    assert waiting.do(command, by=made(waiting, author, DAY)).stage is Stage.OFFENDER_CONSENT


def test_who_was_made_a_supervisor_by_another_signs_off_at_once(waiting: Story) -> None:
    assert waiting.do(approval(RISK), by=made(waiting, OTHER_SUPERVISOR)).stage is Stage.OFFENDER_CONSENT


def test_of_two_sign_offs_the_one_of_another_may_be_given(waiting: Story) -> None:
    waiting.do(c.Close(reason=ClosureReason.RISK_UNSAFE), by=OTHER_SUPERVISOR)
    new = made(waiting, FACILITATOR)
    found = waiting.refuses(approval(RISK), new)
    assert (found.code, found.field) == ("too_new", "subject")
    assert waiting.do(approval("closure"), by=new).referral.closed


def test_the_authors_are_of_what_the_command_signs_off_and_nobodys_for_any_other(waiting: Story) -> None:
    both = {FACILITATOR.id, CASEWORKER.id}
    for command in (approval(RISK), override("risk_sign_off")):
        assert authors_of_what_is_signed_off(waiting.referral, command) == both
    for other in (approval("readiness"), override("consent"), verdict(), c.AddNote(note="Invented")):
        assert authors_of_what_is_signed_off(waiting.referral, other) == frozenset()


@pytest.mark.parametrize("gate", ["readiness_sign_off", "confirmations", "advanced_practitioner"])
def test_whose_work_an_override_lets_pass_counts_as_its_author(gate: str) -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method()
    made_it = authors_of_what_is_signed_off(story.referral, override(gate))
    assert made_it == {story.referral.facilitator, story.referral.co_facilitator, CASEWORKER.id}
    assert story.code(override(gate), made(story, CASEWORKER)) == "nothing_to_override"
    assert gate in story.do(override(gate), by=made(story, CASEWORKER, DAY)).activity().overrides
