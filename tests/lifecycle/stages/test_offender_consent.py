"""Offender consent: approached, acknowledges the basic facts, consents in writing."""

import pytest

from schemas import commands as c
from schemas.vocabulary import (
    AgeBand,
    Channel,
    ClosureReason,
    ConsentForm,
    ContactOutcome,
    EndReason,
    Initiator,
    Interest,
    Purpose,
    Stage,
)
from tests.lifecycle.story import (
    SUPERVISOR,
    WHY,
    Story,
    attempt,
    consent,
    informed,
    interest,
    opening,
    person,
    to,
    withdrawal,
)

acknowledges = c.RecordAcknowledgement(participant="r1", acknowledges=True)
denies = c.RecordAcknowledgement(participant="r1", acknowledges=False)


def asking(*people: object, **known: object) -> Story:
    return to(Stage.OFFENDER_CONSENT, *people, **known)  # type: ignore[arg-type]


def test_preparation_needs_the_facts_acknowledged() -> None:
    story = asking().wants("r1").agrees("r1", Purpose.TAKE_PART)
    assert story.code(c.BeginPreparation()) == "facts_not_acknowledged"
    assert story.do(acknowledges, c.BeginPreparation()).stage is Stage.PREPARATION


def test_preparation_needs_a_consent_in_writing() -> None:
    story = asking().wants("r1").do(acknowledges)
    assert story.code(c.BeginPreparation()) == "responsible_consent_missing"
    story.do(consent("r1", Purpose.TAKE_PART, form=ConsentForm.VERBAL))
    assert story.code(c.BeginPreparation()) == "responsible_consent_missing"
    assert story.agrees("r1", Purpose.TAKE_PART).do(c.BeginPreparation()).stage is Stage.PREPARATION


def test_a_child_responsible_needs_a_guardians_consent_in_writing_too() -> None:
    child = (person("h1"), person("r1", age_band=AgeBand.UNDER_18), person("g1", accompanies="r1"))
    story = asking(*child).do(acknowledges, consent("r1", Purpose.TAKE_PART))
    verbal = consent("r1", Purpose.TAKE_PART, by_guardian="g1", form=ConsentForm.VERBAL)
    assert story.do(verbal).code(c.BeginPreparation()) == "responsible_consent_missing"
    story.do(consent("r1", Purpose.TAKE_PART, by_guardian="g1"))
    assert story.do(c.BeginPreparation()).stage is Stage.PREPARATION


def test_preparation_asks_again_whether_the_person_harmed_stands_by_it() -> None:
    child = (person("h1", age_band=AgeBand.UNDER_18), person("g1", accompanies="h1"), person("r1"))
    story = asking(*child).responsible_agree().withdraws("g1")
    assert story.code(c.BeginPreparation()) == "harmed_consent_missing"


def test_preparation_waits_for_a_person_harmed_who_thinks_again() -> None:
    story = asking().responsible_agree().do(interest("h1", Interest.UNDECIDED))
    assert story.code(c.BeginPreparation()) == "harmed_consent_missing"


def test_a_consent_corrected_away_is_missing() -> None:
    story = asking()
    given = next(
        each.step
        for each in story.history
        if each.event.kind == "consent_given" and each.event.purpose is Purpose.TAKE_PART
    )
    story.do(c.CorrectStep(step=given, reason=WHY), by=SUPERVISOR).responsible_agree()
    assert story.code(c.BeginPreparation()) == "harmed_consent_missing"


def test_a_denial_stops_the_process() -> None:
    story = asking().do(denies)
    assert story.referral.closure_reason is ClosureReason.RESPONSIBLE_DENIES


def test_a_denial_of_one_of_several_ends_their_part() -> None:
    story = asking(person("h1"), person("r1"), person("r2")).do(denies)
    assert story.stage is Stage.OFFENDER_CONSENT
    assert story.someone("r1").ended is EndReason.DENIES


def test_who_denied_may_think_again_and_acknowledge() -> None:
    story = asking(person("h1"), person("r1"), person("r2")).do(informed("r1"), denies, interest("r1"))
    assert story.someone("r1").acknowledges is None
    assert story.do(acknowledges).someone("r1").acknowledges


def test_only_a_person_responsible_acknowledges() -> None:
    found = asking().refuses(c.RecordAcknowledgement(participant="h1", acknowledges=True))
    assert (found.code, found.field) == ("not_responsible", "participant")


@pytest.mark.parametrize(
    ("reason", "closes_as"),
    [
        (EndReason.NOT_TRACED, ClosureReason.RESPONSIBLE_NOT_TRACED),
        (EndReason.UNSUITABLE, ClosureReason.RESPONSIBLE_UNSUITABLE),
        (EndReason.MOVED_OR_RECALLED, ClosureReason.RESPONSIBLE_MOVED_OR_RECALLED),
        (EndReason.ACQUITTED, ClosureReason.RESPONSIBLE_ACQUITTED),
        (EndReason.NOT_GUILTY_PLEA, ClosureReason.RESPONSIBLE_NOT_GUILTY_PLEA),
        (EndReason.DIED, ClosureReason.RESPONSIBLE_DIED),
        (EndReason.DECLINED, ClosureReason.RESPONSIBLE_DECLINED),
        (EndReason.WITHDREW, ClosureReason.RESPONSIBLE_WITHDREW),
        (EndReason.DENIES, ClosureReason.RESPONSIBLE_DENIES),
    ],
)
def test_the_last_person_responsible_closes_it(reason: EndReason, closes_as: ClosureReason) -> None:
    story = asking().do(c.EndParticipation(participant="r1", reason=reason))
    assert story.referral.closure_reason is closes_as


def test_a_reason_must_fit_the_person() -> None:
    story = asking(person("h1"), person("r1"), person("s1", accompanies="h1"))
    for who, reason in (
        ("h1", EndReason.ACQUITTED),
        ("s1", EndReason.DENIES),
        ("r1", EndReason.NEEDS_MET_ANOTHER_WAY),
    ):
        found = story.refuses(c.EndParticipation(participant=who, reason=reason))
        assert (found.code, found.field) == ("reason_does_not_fit", "reason")


def test_only_who_asked_leads_from_here_to_victim_contact() -> None:
    story = asking().responsible_agree()
    assert story.code(c.BeginVictimContact()) == "not_offender_initiated"


def test_the_person_harmed_is_approached_only_for_somebody_who_stands_by_it() -> None:
    story = Story(opening(initiator=Initiator.PERSON_RESPONSIBLE)).allocated()
    assert story.code(c.BeginVictimContact()) == "facts_not_acknowledged"
    story.do(acknowledges)
    assert story.code(c.BeginVictimContact()) == "responsible_consent_missing"
    story.agrees("r1", Purpose.TAKE_PART)
    assert story.do(c.BeginVictimContact()).stage is Stage.VICTIM_CONTACT


def test_who_asked_does_not_reach_preparation_past_the_person_harmed() -> None:
    story = Story(opening(initiator=Initiator.PERSON_RESPONSIBLE)).allocated().responsible_agree()
    assert story.code(c.BeginPreparation()) == "risk_not_assessed"
    assert story.harmed_agree().code(c.BeginPreparation()) == "risk_not_assessed"


def test_closing_as_not_contactable_after_the_attempts() -> None:
    gone = c.Close(reason=ClosureReason.RESPONSIBLE_NOT_CONTACTABLE)
    story = asking().do(attempt("r1", outcome=ContactOutcome.NO_ANSWER))
    assert story.code(gone) == "not_tried_enough"
    story.do(attempt("r1", Channel.LETTER), attempt("r1", Channel.TEXT))
    assert story.do(gone).events == ["sign_off_requested"]


def test_withdrawing_the_consent_to_take_part_ends_it() -> None:
    story = asking().responsible_agree().do(withdrawal("r1", Purpose.TAKE_PART))
    assert story.referral.closure_reason is ClosureReason.RESPONSIBLE_WITHDREW
