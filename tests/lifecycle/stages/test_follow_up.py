"""Follow-up: agreements kept in sight, people asked how they are."""

from datetime import date

import pytest

from schemas import commands as c
from schemas.facts import AgreementItem, NeedScore
from schemas.vocabulary import (
    AgeBand,
    Agency,
    ClosureReason,
    FollowUpContact,
    ItemOutcome,
    Method,
    Need,
    Occasion,
    Purpose,
    Stage,
)
from tests.lifecycle.story import SUPERVISOR, WHY, Story, override, person, to, withdrawal

MONTHS_LATER = date(2026, 6, 1)


def agreement(*ids: str, by: str = "r1") -> c.RecordAgreement:
    return c.RecordAgreement(
        items=tuple(AgreementItem(id=each, by=by, due_on=MONTHS_LATER) for each in ids or ("i1",))
    )


def following_up(*people: object, method: Method = Method.FACE_TO_FACE) -> Story:
    story = to(Stage.CONFERENCE, *people) if method.direct else Story().to(Stage.CONFERENCE, method)  # type: ignore[arg-type]
    return story.held()


def agreed(story: Story) -> Story:
    for each in story.both_sides():
        story.agrees(each.id, Purpose.OUTCOME_AGREEMENT)
    return story


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_an_agreement_needs_the_consent_of_everyone_who_took_part(who: str) -> None:
    story = agreed(following_up()).do(withdrawal(who, Purpose.OUTCOME_AGREEMENT))
    assert story.code(agreement()) == "agreement_consent_missing"
    assert story.agrees(who, Purpose.OUTCOME_AGREEMENT).do(agreement()).referral.agreement


def test_an_item_has_an_id_of_its_own_and_somebody_who_undertakes_it() -> None:
    story = agreed(following_up()).do(agreement("i1"))
    assert story.code(agreement("i1")) == "id_taken"
    assert story.code(agreement("i2", by="r9")) == "participant_unknown"
    assert [item.id for item in story.do(agreement("i2", "i3")).referral.agreement] == ["i1", "i2", "i3"]


def test_an_item_is_settled_once() -> None:
    story = agreed(following_up())
    settled = c.SettleAgreementItem(item="i1", outcome=ItemOutcome.COMPLETED)
    assert story.code(settled) == "no_open_item"
    story.do(agreement("i1", "i2"), settled)
    assert story.code(settled) == "item_unknown"
    assert [item.outcome for item in story.referral.agreement] == [ItemOutcome.COMPLETED, None]


def test_an_item_may_be_settled_while_a_further_activity_is_prepared() -> None:
    story = agreed(following_up()).do(agreement(), c.RequestFurtherActivity(reason=WHY))
    assert story.stage is Stage.PREPARATION
    story.do(c.SettleAgreementItem(item="i1", outcome=ItemOutcome.NOT_COMPLETED))
    assert story.referral.agreement[0].outcome is ItemOutcome.NOT_COMPLETED


REPORT = c.ReportOutcome(agency=Agency.COURT)


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_an_outcome_is_shared_only_if_everyone_consents(who: str) -> None:
    story = following_up().agrees("h1", Purpose.SHARE_OUTCOME).agrees("r1", Purpose.SHARE_OUTCOME)
    story.do(withdrawal(who, Purpose.SHARE_OUTCOME))
    assert story.code(REPORT) == "share_consent_missing"
    assert story.agrees(who, Purpose.SHARE_OUTCOME).do(REPORT).events == ["outcome_reported"]


def test_an_outcome_may_be_shared_while_a_further_activity_is_prepared() -> None:
    story = following_up().agrees("h1", Purpose.SHARE_OUTCOME).agrees("r1", Purpose.SHARE_OUTCOME)
    story.do(c.RequestFurtherActivity(reason=WHY))
    assert story.stage is Stage.PREPARATION
    assert story.do(REPORT).events == ["outcome_reported"]


def test_who_left_since_has_not_agreed_to_share_the_outcome() -> None:
    story = following_up(person("h1"), person("h2"), person("r1"))
    for each in ("h1", "h2", "r1"):
        story.agrees(each, Purpose.SHARE_OUTCOME)
    assert story.withdraws("h2").code(REPORT) == "share_consent_missing"


def test_who_was_at_an_earlier_meeting_is_asked_too() -> None:
    story = following_up(person("h1"), person("h2"), person("r1")).do(c.RequestFurtherActivity(reason=WHY))
    story.ready().booked("h1", "r1").held()
    story.agrees("h1", Purpose.SHARE_OUTCOME).agrees("r1", Purpose.SHARE_OUTCOME)
    assert story.code(REPORT) == "share_consent_missing"
    assert story.agrees("h2", Purpose.SHARE_OUTCOME).do(REPORT).events == ["outcome_reported"]


def test_a_further_activity_passes_every_gate_again() -> None:
    story = following_up().do(c.RequestFurtherActivity(reason=WHY), c.ReconfirmRisk())
    assert story.code(story.booking()) == "readiness_not_signed_off"
    story.ready().do(withdrawal("h1", Purpose.METHOD_DIRECT))
    assert story.code(story.booking()) == "method_consent_missing"
    story.agrees("h1", Purpose.METHOD_DIRECT).do(story.booking()).held()
    assert len(story.referral.held) == 2


def test_a_further_activity_needs_the_consents_of_preparation() -> None:
    story = following_up(person("h1"), person("h2"), person("r1"))
    story.do(c.AmendParticipant(participant="h2", age_band=AgeBand.UNDER_18))
    assert story.code(c.RequestFurtherActivity(reason=WHY)) == "harmed_consent_missing"


def test_every_activity_is_followed_up_in_its_own_right() -> None:
    story = following_up().do(
        c.RecordFollowUp(participant="h1", contact=FollowUpContact.CHECK_IN),
        c.RecordSurvey(participant="h1", rating=9),
    )
    assert (story.activity().part("h1").followed_up, story.activity().part("h1").surveyed) == (
        ("check_in",),
        True,
    )
    story.do(c.RequestFurtherActivity(reason=WHY)).ready().booked().held()
    assert (story.activity().part("h1").followed_up, story.activity().part("h1").surveyed) == ((), False)


def test_needs_are_asked_of_a_person_harmed() -> None:
    story = following_up()

    def asked(who: str) -> c.RecordNeeds:
        score = NeedScore(need=Need.FINANCE_AND_BENEFITS, score=3)
        return c.RecordNeeds(participant=who, occasion=Occasion.AFTER, needs=(score,))

    assert story.code(asked("r1")) == "not_harmed"
    assert story.do(asked("h1")).events == ["needs_scored"]


@pytest.mark.parametrize(
    ("method", "partly", "with_agreement", "reason"),
    [
        (Method.FACE_TO_FACE, False, True, ClosureReason.COMPLETED_DIRECT_WITH_AGREEMENT),
        (Method.VIDEO, False, False, ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT),
        (Method.SHUTTLE, False, True, ClosureReason.COMPLETED_INDIRECT_WITH_AGREEMENT),
        (Method.LETTER, False, False, ClosureReason.COMPLETED_INDIRECT_WITHOUT_AGREEMENT),
        (Method.FACE_TO_FACE, True, False, ClosureReason.PARTLY_HELD),
    ],
)
def test_it_closes_as_what_was_held(
    method: Method, partly: bool, with_agreement: bool, reason: ClosureReason
) -> None:
    story = Story().to(Stage.CONFERENCE, method).held(partly=partly)
    if with_agreement:
        agreed(story).do(agreement())
    for other in ClosureReason:
        if other.completed and other is not reason:
            assert story.code(c.Close(reason=other)) == "reason_does_not_fit"
    assert story.do(c.Close(reason=reason)).referral.closure_reason is reason


def test_what_was_not_held_is_not_closed_as_completed() -> None:
    story = to(Stage.CONFERENCE)
    for reason in ClosureReason:
        if reason.completed:
            assert story.code(c.Close(reason=reason)) == "reason_does_not_fit"


def test_what_was_held_is_not_closed_as_if_it_had_not_been() -> None:
    assert following_up().code(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)) == "activity_was_held"


def test_there_is_nothing_to_override_in_follow_up() -> None:
    assert following_up().code(override("confirmations"), SUPERVISOR) == "nothing_to_override"
