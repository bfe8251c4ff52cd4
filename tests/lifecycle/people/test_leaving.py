"""Anyone may leave at any time, and nothing may delay it."""

from datetime import timedelta

import pytest

from schemas import commands as c
from schemas.vocabulary import (
    Channel,
    ClosureReason,
    ContactOutcome,
    EndReason,
    Level,
    Occasion,
    Purpose,
    Scale,
    Stage,
)
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    FACILITATOR,
    GUARDIAN,
    SERVICE_MANAGER,
    SUPERVISOR,
    WHY,
    Story,
    assessment,
    interest,
    person,
    to,
    verdict,
    withdrawal,
)

OPEN: list[Stage] = [stage for stage in Stage if stage is not Stage.CLOSED]


def obstructed(stage: Stage, how: str) -> Story:
    story = to(stage)
    hold = c.Hold(review_on=story.at.date() + timedelta(days=30), reason=WHY)
    ways: dict[str, tuple[c.Command, ...]] = {
        "nothing": (),
        "hold": (hold,),
        "safeguarding": (c.RaiseSafeguarding(note=WHY),),
        "both": (hold, c.RaiseSafeguarding(note=WHY)),
    }
    return story.do(*ways[how])


@pytest.mark.parametrize("how", ["nothing", "hold", "safeguarding", "both"])
@pytest.mark.parametrize("stage", OPEN)
@pytest.mark.parametrize(
    ("who", "reason"),
    [("h1", ClosureReason.HARMED_WITHDREW), ("r1", ClosureReason.RESPONSIBLE_WITHDREW)],
)
def test_nothing_delays_a_withdrawal(stage: Stage, how: str, who: str, reason: ClosureReason) -> None:
    story = obstructed(stage, how).withdraws(who)
    assert (story.referral.closure_reason, story.referral.closed_from) == (reason, stage)
    assert story.open == {}


@pytest.mark.parametrize("how", ["hold", "safeguarding"])
def test_nothing_delays_the_withdrawal_of_a_consent(how: str) -> None:
    story = obstructed(Stage.PREPARATION, how).do(withdrawal("h1", Purpose.TAKE_PART))
    assert story.referral.closure_reason is ClosureReason.HARMED_WITHDREW


def test_a_waiting_sign_off_does_not_delay_it() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), verdict())
    story.do(c.Close(reason=ClosureReason.RISK_UNSAFE)).withdraws("h1")
    assert story.referral.closure_reason is ClosureReason.HARMED_WITHDREW
    assert story.referral.sign_off_requests == ()


@pytest.mark.parametrize("actor", [CASEWORKER, FACILITATOR, SUPERVISOR, SERVICE_MANAGER])
def test_everyone_who_works_on_it_may_record_it(actor: object) -> None:
    assert to(Stage.PREPARATION).withdraws("h1", by=actor).referral.closed  # type: ignore[arg-type]


def test_only_the_part_of_one_of_several_ends() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1")).withdraws("h2")
    assert story.stage is Stage.PREPARATION
    assert story.someone("h2").ended is EndReason.WITHDREW
    assert story.withdraws("h1").referral.closure_reason is ClosureReason.HARMED_WITHDREW


def test_somebody_undecided_keeps_the_referral_open() -> None:
    story = to(Stage.VICTIM_CONTACT, person("h1"), person("h2"), person("r1")).withdraws("h1")
    assert story.stage is Stage.VICTIM_CONTACT


def test_every_consent_ends_with_the_part() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1")).withdraws("h2")
    assert not any(each.in_force for each in story.referral.consents if each.participant == "h2")
    assert all(each.in_force for each in story.referral.consents if each.participant != "h2")


def test_nobody_is_asked_anything_after_they_left() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1")).withdraws("h2")
    for command in (
        c.Withdraw(participant="h2"),
        c.RecordScale(participant="h2", scale=Scale.FEAR, occasion=Occasion.AFTER, score=1),
        c.RecordContactAttempt(participant="h2", channel=Channel.PHONE, outcome=ContactOutcome.REACHED),
    ):
        assert story.code(command) == "participation_ended"


def test_a_child_is_out_when_own_or_guardians_consent_to_take_part_is_withdrawn() -> None:
    for by_guardian in (None, "g1"):
        story = to(Stage.PREPARATION, CHILD, GUARDIAN, person("r1"))
        story.do(withdrawal("h1", Purpose.TAKE_PART, by_guardian))
        assert story.referral.closure_reason is ClosureReason.HARMED_WITHDREW


def test_a_supporter_who_leaves_closes_nothing() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("r1"), person("s1", accompanies="h1")).withdraws("s1")
    assert story.stage is Stage.PREPARATION


def test_only_a_consent_in_force_is_withdrawn() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert story.code(withdrawal("h1", Purpose.EVALUATION)) == "nothing_to_withdraw"
    story.agrees("h1", Purpose.EVALUATION)
    assert story.code(withdrawal("h1", Purpose.CASE_STUDY)) == "no_such_consent"
    story.do(withdrawal("h1", Purpose.EVALUATION))
    assert story.code(withdrawal("h1", Purpose.EVALUATION)) == "nothing_to_withdraw"


def test_after_closing_what_outlives_it_may_still_be_withdrawn() -> None:
    story = to(Stage.FOLLOW_UP).agrees("h1", Purpose.CASE_STUDY)
    story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT))
    assert story.code(withdrawal("h1", Purpose.TAKE_PART)) == "closed"
    story.do(withdrawal("h1", Purpose.CASE_STUDY))
    assert story.events == ["consent_withdrawn"]
    assert "withdraw_consent" not in story.may()


@pytest.mark.parametrize(
    ("reason", "ends"),
    [
        (ClosureReason.HARMED_WITHDREW, ("h1", EndReason.WITHDREW)),
        (ClosureReason.HARMED_NEEDS_MET_ANOTHER_WAY, ("h1", EndReason.NEEDS_MET_ANOTHER_WAY)),
        (ClosureReason.RESPONSIBLE_DECLINED, ("r1", EndReason.DECLINED)),
    ],
)
def test_closing_for_somebodys_leaving_ends_their_part_as_well(
    reason: ClosureReason, ends: tuple[str, EndReason]
) -> None:
    story = to(Stage.PREPARATION).do(c.Close(reason=reason))
    assert story.events == ["participation_ended", "referral_closed"]
    assert story.someone(ends[0]).ended is ends[1]
    assert not any(each.in_force for each in story.referral.consents if each.participant == ends[0])


def test_who_comes_back_is_heard_from_the_beginning() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("r1"), person("r2")).prepared().withdraws("r2")
    story.do(interest("r2"))
    back = story.someone("r2")
    assert (back.active, back.acknowledges) == (True, None)
    assert story.activity().part(back.id).prepared_on is None
