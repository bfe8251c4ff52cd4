"""The table of duties: what it drives of what there is, and that the rules alone decide what may be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from lifecycle import RULES
from policies.files import load_policies
from schemas.areas import Area
from schemas.base import Model
from schemas.exchange import CommunicationAnswer
from schemas.vocabulary import Method, Stage, Verdict
from simulation.year.calendars import LENGTH
from simulation.year.chances import TransferEnd
from simulation.year.duties import DUTIES
from simulation.year.lives import Life
from simulation.year.living import Plan, Year
from simulation.year.situations import Situation

END = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)

# What nobody in an invented year does. A new command is driven by a duty of its own, or named here with a reason.
NOT_DRIVEN = {
    "add_participant": "everybody is named when a referral is sent",
    "adopt_policy": "the year has one policy",
    "amend_participant": "nothing about anybody changes",
    "amend_referral": "nothing about the case changes",
    "cancel_preparation_meeting": "they are held",
    "extend_deadline": "what is late is seen to be late",
    "override_gate": "an exception that needs a reason",
    "reassess_risk": "the risk stays as it was",
    "record_contact_safety": "it is known from the beginning",
    "request_more_information": "what is needed is known",
    "withdraw_consent": "who withdraws leaves",
}


# What comes to few, so that chance may have given it to nobody.
_MEETS: dict[str, Any] = {"verdict": Verdict.PROCEED_DIRECT, "method": Method.FACE_TO_FACE}
RARE: list[dict[str, Any]] = [
    {"course": {**_MEETS, "interrupted": True}},
    {"course": {**_MEETS, "stopped": True}},
    {"course": {**_MEETS, "apart": True, "one_ends": False}, "two_harmed": True},
    {"course": {**_MEETS, "apart": True, "one_ends": True}, "two_harmed": True},
    *(
        {"course": {"writes": True, "replies": True, "changed": True, "first_answer": answer}}
        for answer in CommunicationAnswer
    ),
    *({"course": {"moves_in": Stage.PREPARATION, "transfer": end}} for end in TransferEnd),
]


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    policies = load_policies()
    others = {Area.CUMBRIA: policies.of(Area.CUMBRIA)}
    plan = Plan(Area.DURHAM, 400, 3, END, policies.of(Area.DURHAM), others)
    year = Year(plan)
    by_chance = [year.life(number, END - (LENGTH * number) / 400) for number in range(400)]
    numbers = count(400)
    bent = [
        year.life(next(numbers), END - timedelta(days=days), Situation(lambda log, end: True, (1, 2), **rare))
        for rare in RARE
        for days in (140, 220, 300)
    ]
    return [*by_chance, *bent]


def test_every_command_is_driven_or_named_with_a_reason(lives: list[Life]) -> None:
    given = {request.command.kind for life in lives for request, _ in life.taken}
    kinds = {command.model_fields["kind"].default for command in RULES}
    assert kinds - given == set(NOT_DRIVEN)


def test_every_stage_has_duties() -> None:
    assert {stage for stages, _ in DUTIES for stage in stages} == set(Stage)


def test_nobody_is_left_standing_for_the_rules_refusing_the_same_again(lives: list[Life]) -> None:
    """A new gate that no duty opens would leave open most of what arrived long ago."""
    old = [life.referral for life in lives if (END - life.referral.received_at).days > 270]
    assert len(old) > 80
    assert sum(not referral.closed for referral in old) < len(old) * 0.1


def test_few_come_to_an_activity_as_published(lives: list[Life]) -> None:
    """27 of 100 after a sentence, 4 of 100 before one; within what chance does to 400."""
    done = [life.referral for life in lives if (END - life.referral.received_at).days > 150]
    held = sum(bool(referral.held) for referral in done)
    assert 0.15 < held / len(done) < 0.36


def test_a_command_that_is_refused_leaves_no_trace(lives: list[Life]) -> None:
    for life in lives:
        steps = [recorded.step for recorded in life.events if recorded.sequence == recorded.step]
        assert len(steps) == len(life.taken)
        assert all(isinstance(request.command, Model) for request, _ in life.taken)


def test_two_harmed_by_one_crime_have_an_activity_each(lives: list[Life]) -> None:
    held = [life.referral for life in lives if sum(bool(each.held) for each in life.referral.activities) > 1]
    assert any(
        {one.held[0].method.direct for one in each.activities if one.held} == {True, False} for each in held
    )


def test_letters_are_checked_by_others_handed_over_and_replied_to(lives: list[Life]) -> None:
    letters = [each for life in lives for each in life.referral.communications]
    assert all(each.checked_by not in each.drafted_by for each in letters if each.checked_by)
    assert any(each.reply_to and each.handed_over for each in letters)


def test_a_referral_goes_on_in_the_area_that_took_it_over(lives: list[Life]) -> None:
    moved = [life for life in lives if life.referral.transfers]
    assert any(life.referral.held for life in moved)
    for life in moved:
        after = [
            each
            for each in life.events
            if each.at > life.referral.transfers[-1].at and each.actor != "system"
        ]
        assert all(each.actor.startswith(Area.CUMBRIA) for each in after)
