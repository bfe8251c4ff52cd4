"""Victim contact: reached safely, informed, asked."""

from datetime import timedelta

import pytest

from schemas import commands as c
from schemas.people import ContactSafety
from schemas.vocabulary import (
    Channel,
    ClosureReason,
    ContactOutcome,
    EndReason,
    Interest,
    Purpose,
    Stage,
)
from tests.lifecycle.story import (
    CHILD,
    GUARDIAN,
    SUPERVISOR,
    Story,
    approval,
    attempt,
    consent,
    informed,
    interest,
    opening,
    person,
    to,
    withdrawal,
)

TWO_HARMED = (person("h1"), person("h2"), person("r1"))
BOTH = (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)


def contact(*people: object) -> Story:
    return to(Stage.VICTIM_CONTACT, *people)  # type: ignore[arg-type]


def test_interest_counts_only_once_informed() -> None:
    story = contact()
    assert story.code(interest("h1")) == "not_informed"
    assert story.code(interest("h1", Interest.UNDECIDED)) == "not_informed"
    assert story.do(informed("h1"), interest("h1")).someone("h1").interest is Interest.INTERESTED


@pytest.mark.parametrize(
    ("told_first", "reason"),
    [(True, ClosureReason.HARMED_DECLINED_INFORMED), (False, ClosureReason.HARMED_DECLINED_BEFORE_SHARING)],
)
def test_the_last_person_harmed_who_declines_closes_it(told_first: bool, reason: ClosureReason) -> None:
    story = contact().do(*([informed("h1")] if told_first else []), interest("h1", Interest.DECLINED))
    assert story.referral.closure_reason is reason


def test_one_of_several_who_declines_leaves_alone() -> None:
    story = contact(*TWO_HARMED).do(interest("h1", Interest.DECLINED))
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.someone("h1").ended is EndReason.DECLINED_BEFORE_SHARING


def test_undecided_is_no_decline() -> None:
    story = contact().do(informed("h1"), interest("h1", Interest.UNDECIDED)).later(days=400)
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.do(interest("h1")).someone("h1").active


def test_risk_is_assessed_only_of_the_interested() -> None:
    story = contact().do(informed("h1"), interest("h1", Interest.UNDECIDED))
    story.agrees("h1", *BOTH)
    assert story.code(c.BeginRiskAssessment()) == "nobody_interested"
    assert story.do(interest("h1"), c.BeginRiskAssessment()).stage is Stage.RISK_ASSESSMENT


@pytest.mark.parametrize("only", BOTH)
def test_risk_is_assessed_only_with_both_consents(only: Purpose) -> None:
    story = contact().wants("h1").agrees("h1", only)
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"
    assert "begin_risk_assessment" not in story.may()
    assert story.agrees("h1", *BOTH).do(c.BeginRiskAssessment()).stage is Stage.RISK_ASSESSMENT


def test_every_interested_person_harmed_must_consent() -> None:
    story = contact(*TWO_HARMED).wants("h1").agrees("h1", *BOTH).wants("h2")
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"
    assert story.withdraws("h2").do(c.BeginRiskAssessment()).stage is Stage.RISK_ASSESSMENT


@pytest.mark.parametrize("by_guardian", [None, "g1"])
def test_a_child_needs_their_own_consent_and_a_guardians(by_guardian: str | None) -> None:
    story = contact(CHILD, GUARDIAN, person("r1")).wants("h1")
    for purpose in BOTH:
        story.do(consent("h1", purpose, by_guardian=by_guardian))
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"
    assert story.agrees("h1", *BOTH).do(c.BeginRiskAssessment()).stage is Stage.RISK_ASSESSMENT


def test_only_a_guardian_of_theirs_consents_for_a_child() -> None:
    others = (person("g2", accompanies="r1"), person("s1", accompanies="h1"))
    story = contact(CHILD, GUARDIAN, person("r1"), *others)
    for somebody in ("g2", "s1", "h1"):
        assert story.code(consent("h1", Purpose.TAKE_PART, by_guardian=somebody)) == "not_their_guardian"


def test_when_a_guardian_leaves_their_consent_leaves_with_them() -> None:
    story = contact(CHILD, GUARDIAN, person("r1")).wants("h1").agrees("h1", *BOTH).withdraws("g1")
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"


def test_a_consent_withdrawn_before_the_next_stage_does_not_count() -> None:
    story = contact().wants("h1").agrees("h1", *BOTH)
    story.do(withdrawal("h1", Purpose.SHARE_RISK_INFORMATION))
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"


def test_who_withdrew_may_come_back_and_is_asked_everything_anew() -> None:
    story = contact(*TWO_HARMED).wants("h1").agrees("h1", *BOTH).withdraws("h1")
    assert story.code(consent("h1", Purpose.TAKE_PART)) == "participation_ended"
    story.do(interest("h1"))
    assert story.someone("h1").active
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"
    assert story.agrees("h1", *BOTH).do(c.BeginRiskAssessment()).stage is Stage.RISK_ASSESSMENT


def test_who_said_no_unheard_may_come_back_to_hear_more() -> None:
    story = contact(*TWO_HARMED).do(interest("h1", Interest.DECLINED))
    assert story.do(informed("h1"), interest("h1")).someone("h1").active


@pytest.mark.parametrize("reason", [EndReason.DIED, EndReason.NOT_TRACED])
def test_others_do_not_come_back(reason: EndReason) -> None:
    story = contact(person("h1"), person("h2"), person("r1"), person("r2"))
    who = "h1" if reason is EndReason.DIED else "r1"
    story.do(informed(who), c.EndParticipation(participant=who, reason=reason))
    assert story.code(interest(who)) == "participation_ended"


def test_an_attempt_on_a_channel_not_marked_safe_is_marked() -> None:
    story = contact()
    marks = []
    for channel in (Channel.PHONE, Channel.LETTER):
        story.do(attempt("h1", channel))
        marks.append(story.history[-1].event.unsafe_channel)  # type: ignore[union-attr]
    assert marks == [False, True]
    safety = ContactSafety(safe_channels=(Channel.LETTER,))
    story.do(c.RecordContactSafety(participant="h1", contact_safety=safety), attempt("h1", Channel.LETTER))
    assert story.history[-1].event.unsafe_channel is False  # type: ignore[union-attr]


def test_nothing_defaults_to_safe() -> None:
    story = contact(person("h1", contact_safety=ContactSafety()), person("r1"))
    for channel in Channel:
        story.do(attempt("h1", channel))
        assert story.history[-1].event.unsafe_channel is True  # type: ignore[union-attr]


def test_an_attempt_is_recorded_after_it_was_made() -> None:
    story = contact()
    found = story.refuses(attempt("h1", made_at=story.at + timedelta(minutes=1)))
    assert (found.code, found.field) == ("in_the_future", "made_at")
    assert story.refuses(attempt("h7")).code == "participant_unknown"


HARMED_GONE = c.Close(reason=ClosureReason.HARMED_NOT_CONTACTABLE)


def test_closing_as_not_contactable_needs_attempts_on_channels_and_a_sign_off() -> None:
    story = contact().do(attempt("h1"), attempt("h1"), attempt("h1"))
    assert story.code(HARMED_GONE) == "not_tried_enough"
    story.do(attempt("h1", Channel.LETTER))
    assert story.do(HARMED_GONE).events == ["sign_off_requested"]
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.do(approval("closure"), by=SUPERVISOR).referral.closed


def test_who_was_reached_and_then_lost_is_tried_anew() -> None:
    story = contact().do(attempt("h1"), attempt("h1", Channel.LETTER))
    story.later(days=1).do(attempt("h1", outcome=ContactOutcome.REACHED))
    story.later(days=1).do(attempt("h1"), attempt("h1"))
    assert story.code(HARMED_GONE) == "not_tried_enough"
    assert story.do(attempt("h1", Channel.TEXT), HARMED_GONE).events == ["sign_off_requested"]


def test_who_was_reached_meanwhile_is_not_closed_as_not_contactable() -> None:
    story = contact().do(attempt("h1"), attempt("h1"), attempt("h1", Channel.TEXT), HARMED_GONE)
    story.later(days=1).wants("h1")
    assert story.code(approval("closure"), SUPERVISOR) == "not_tried_enough"
    story.do(approval("closure", False, "she rang back"), by=SUPERVISOR)
    assert story.referral.sign_off_requests == ()


def test_everyone_of_the_side_must_have_been_tried() -> None:
    story = contact(*TWO_HARMED).do(attempt("h1"), attempt("h1"), attempt("h1", Channel.TEXT))
    assert story.code(HARMED_GONE) == "not_tried_enough"


def test_victim_contact_follows_the_person_responsible_who_asked() -> None:
    story = Story(opening(initiator="person_responsible")).approached_first()
    assert story.referral.stage is Stage.VICTIM_CONTACT
    assert story.harmed_agree().do(c.BeginRiskAssessment()).assessed().stage is Stage.OFFENDER_CONSENT
    assert story.do(c.BeginPreparation()).stage is Stage.PREPARATION
