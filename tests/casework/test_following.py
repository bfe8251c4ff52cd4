from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from casework.referral.acting import ActingView
from casework.referral.following import Follows, follows_in_words
from casework.referral.steps import preview_of
from casework.words.names import short_name, short_names, spoken
from lifecycle import deadlines
from schemas import commands as c
from schemas.commands import Command
from schemas.people import Role, Staff
from schemas.steps import Request
from schemas.vocabulary import Channel, ContactOutcome, Stage
from tests.lifecycle.story import CASEWORKER, CLOCK, HOME, NEWER_POLICY, SUPERVISOR, Story

TEAM = (
    Staff(
        id=CASEWORKER.id, role=Role.CASEWORKER, areas=(HOME,), name="Cass Invented", email="cw-1@example.org"
    ),
    Staff(id=SUPERVISOR.id, role=Role.SUPERVISOR, areas=(HOME,), name="Sue Invented"),
)
CALLED = {"h1": "June I.", "r1": "Jack I."}


def follows(story: Story, command: Command) -> Follows:
    request = Request(command_id=UUID(int=1), actor=CASEWORKER, command=command)
    found = preview_of(story.history, request, story.at, policy=NEWER_POLICY, team=TEAM)
    view = ActingView(
        kind=command.kind,
        missing=(),
        sequence=len(story.history),
        at=story.at,
        referral=story.referral,
        deadlines=deadlines(story.referral),
        names_shown=True,
        called=CALLED,
        colleagues={each.id: each.name or each.id for each in TEAM},
        choices={},
    )
    return follows_in_words(found, view)


def test_a_late_contact_says_how_late_it_is_and_what_it_clears() -> None:
    story = Story().to(Stage.VICTIM_CONTACT)
    due = story.open["first_contact"]
    story.until(due.points["due"]).do(c.ReachDeadline(deadline="first_contact", point="due"), by=CLOCK)
    story.until(due.points["escalate-1"]).do(
        c.ReachDeadline(deadline="first_contact", point="escalate-1"), by=CLOCK
    )
    contact = c.RecordContactAttempt(
        participant="h1", channel=Channel.PHONE, outcome=ContactOutcome.NO_ANSWER
    )
    found = follows(story, contact)
    [met] = [each for each in found.deadlines_ended if each.name == "first contact"]
    assert met.late == "1 working day late"
    assert found.cleared == ("the supervisor",)
    assert not found.closes
    # An hour after it was due it is late today.
    soon = Story().to(Stage.VICTIM_CONTACT)
    soon.until(soon.open["first_contact"].due_at + timedelta(minutes=1))
    [met] = [each for each in follows(soon, contact).deadlines_ended if each.name == "first contact"]
    assert met.late == "late today"


def test_closing_names_the_deadlines_that_end_and_who_is_told() -> None:
    found = follows(Story().to(Stage.VICTIM_CONTACT), c.Withdraw(participant="h1"))
    assert found.closes
    assert "first contact" in {each.name for each in found.deadlines_ended}
    assert any("June I." in each for each in found.happens)
    assert all("h1" not in each for each in (*found.happens, *found.told))


def test_people_are_called_by_first_name_and_initial() -> None:
    assert short_name("June Invented") == "June I."
    assert short_name("Dr June van Invented") == "June I."
    assert short_name("Cher") == "Cher"
    assert short_names({"h1": "June Adams", "h2": "June Aziz", "r1": "Jack Adams"}) == {
        "h1": "June A. (h1)",
        "h2": "June A. (h2)",
        "r1": "Jack A.",
    }


def test_a_sentence_of_the_rules_is_read_by_names_and_words() -> None:
    said = "The part of h1 has ended (not_traced); this is possible in: follow_up, a2."
    assert (
        spoken(said, CALLED)
        == "The part of June I. has ended (not traced); this is possible in: follow up, a2."
    )
