"""A family that moves to another area: the offer, the answer, what goes along and what begins anew."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from lifecycle import accept, fold, notices, notices_wanted
from lifecycle.notifying.notices import still_wanted
from schemas import commands as c
from schemas.areas import Area
from schemas.events import Recorded, TransferAccepted
from schemas.notices import Notice
from schemas.people import Role, Staff
from schemas.policy import Policy
from schemas.privacy import without_sensitive
from schemas.vocabulary import (
    ClosureReason,
    ContactOutcome,
    EndReason,
    Purpose,
    SignOffSubject,
    Stage,
)
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    ELSEWHERE,
    GUARDIAN,
    HOME,
    NEWER_POLICY,
    OTHER_SUPERVISOR,
    PARTNER,
    POLICY,
    REFERENCE,
    SERVICE_MANAGER,
    STRANGER,
    SUPERVISOR,
    WHY,
    Story,
    assessment,
    attempt,
    consent,
    opening,
    person,
    to,
    verdict,
    withdrawal,
)

THERE = STRANGER
"""A supervisor of the area that the family moves to."""
REACHED = ContactOutcome.REACHED
OFFER = c.OfferTransfer(area=ELSEWHERE, reason=WHY)


def shared(story: Story) -> Story:
    """Both people whom the story knows share the case."""
    known = [each for each in story.referral.participants if each.active and each.id[0] in "hr"]
    return story.do(*(consent(each.id, Purpose.TRANSFER) for each in known))


def offered(stage: Stage = Stage.PREPARATION) -> Story:
    return shared(to(stage)).do(OFFER, by=SUPERVISOR)


def taken_over(stage: Stage = Stage.PREPARATION, caseworker: str | None = None) -> Story:
    return offered(stage).later(days=1).do(c.AcceptTransfer(caseworker=caseworker), by=THERE)


# The way of a family that moves.


def test_a_family_that_moves_to_another_area_goes_on_there_with_all_that_happened() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    before = story.referral
    shared(story).do(OFFER, by=SUPERVISOR)
    assert story.events == ["transfer_offered"]
    # Until it is accepted it stays where it is, and its work goes on.
    assert story.referral.area is HOME
    story.do(c.AddNote(note="they move in June"))
    story.later(days=2).do(c.AcceptTransfer(), by=THERE)

    after = story.referral
    assert (after.area, after.reference, after.stage) == (ELSEWHERE, before.reference, Stage.PREPARATION)
    assert (after.participants, after.risk, after.activities) == (
        before.participants,
        before.risk,
        before.activities,
    )
    assert (after.caseworker, after.facilitator, after.co_facilitator) == (None, None, None)
    assert after.transfer_offer is None
    assert [(each.left, each.area) for each in after.transfers] == [(HOME, ELSEWHERE)]
    assert after.policy == NEWER_POLICY
    assert fold(story.history) == after

    # The service there goes on, and the one it left does nothing more.
    worker = CASEWORKER.model_copy(update={"id": "cw-9", "area": ELSEWHERE})
    assert story.do(c.Reassign(caseworker="cw-9"), by=THERE).referral.caseworker == "cw-9"
    story.do(c.AddNote(note="welcomed"), by=worker)
    assert story.code(c.AddNote(note="once more")) == "other_area"
    assert story.may(SUPERVISOR) == frozenset()


def test_what_was_booked_before_is_held_only_once_somebody_there_runs_it() -> None:
    story = taken_over(Stage.CONFERENCE)
    worker = CASEWORKER.model_copy(update={"id": "cw-9", "area": ELSEWHERE})
    story.later(days=5)
    for step in (c.RecordActivityHeld(), c.AdjournActivity(reason=WHY)):
        assert story.code(step, worker) == "facilitators_missing"
    story.do(c.AssignFacilitators(facilitator="fa-9"), by=worker)
    assert story.code(c.RecordActivityHeld(started_at=story.at), worker) != "facilitators_missing"


def test_the_partner_who_sent_it_says_that_somebody_is_in_danger_wherever_it_is() -> None:
    story = offered(Stage.VICTIM_CONTACT)
    story.referral = story.referral.model_copy(update={"sent_by_partner": PARTNER.id})
    story.do(c.AcceptTransfer(), by=THERE)
    assert story.may(PARTNER) == {"raise_safeguarding"}
    another = PARTNER.model_copy(update={"id": "pa-9"})
    moved = PARTNER.model_copy(update={"area": Area.ESSEX})
    for stranger in (another, moved, CASEWORKER, SUPERVISOR):
        assert story.code(c.RaiseSafeguarding(note=WHY), stranger) == "other_area"
    assert story.do(c.RaiseSafeguarding(note=WHY), by=PARTNER).referral.safeguarding is not None


def test_it_may_go_back_where_it_came_from() -> None:
    story = taken_over().do(c.OfferTransfer(area=HOME, reason=WHY), by=THERE)
    story.do(c.AcceptTransfer(caseworker="cw-1"), by=SUPERVISOR)
    assert (story.referral.area, story.referral.caseworker) == (HOME, "cw-1")
    assert [each.area for each in story.referral.transfers] == [ELSEWHERE, HOME]


def test_who_owns_it_there_may_be_said_with_the_answer() -> None:
    story = taken_over(caseworker="cw-9")
    assert story.referral.caseworker == "cw-9"
    assert "allocation" not in story.open


def test_in_the_first_stage_it_is_allocated_after_it_was_accepted() -> None:
    story = Story().do(OFFER, by=SUPERVISOR)
    refused = story.refuses(c.AcceptTransfer(caseworker="cw-9"), THERE)
    assert (refused.code, refused.field) == ("wrong_stage", "caseworker")
    story.later(days=1).do(c.AcceptTransfer(), by=THERE)
    assert story.open["allocation"].started_at == story.referral.here_since == story.at
    story.do(c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-9"), by=THERE)
    assert story.stage is Stage.VICTIM_CONTACT


def test_an_offer_that_is_refused_leaves_all_as_it_was() -> None:
    story = offered()
    before = story.referral
    story.do(c.RefuseTransfer(reason=WHY), by=THERE)
    assert story.referral == before.model_copy(
        update={"transfer_offer": None, "sequence": before.sequence + 1}
    )
    story.do(c.OfferTransfer(area=Area.DURHAM, reason=WHY), by=SUPERVISOR)
    assert story.referral.transfer_offer is not None


def test_an_offer_that_is_taken_back_cannot_be_answered() -> None:
    story = offered().do(c.WithdrawTransferOffer(), by=OTHER_SUPERVISOR)
    assert story.code(c.AcceptTransfer(), THERE) == "not_offered"
    assert story.code(c.RefuseTransfer(reason=WHY), THERE) == "not_offered"
    assert story.code(c.WithdrawTransferOffer(), SUPERVISOR) == "not_offered"


# Bad input.


def test_it_is_not_offered_to_the_area_that_has_it() -> None:
    refused = shared(to(Stage.PREPARATION)).refuses(c.OfferTransfer(area=HOME, reason=WHY), SUPERVISOR)
    assert (refused.code, refused.field) == ("same_area", "area")


def test_it_is_not_offered_to_an_area_that_there_is_not() -> None:
    with pytest.raises(ValidationError):
        c.parse_command("offer_transfer", {"area": "atlantis", "reason": WHY})
    with pytest.raises(ValidationError):
        c.parse_command("offer_transfer", {"area": "cumbria"})


def test_it_is_not_offered_twice_at_once() -> None:
    assert offered().code(c.OfferTransfer(area=Area.DURHAM, reason=WHY), SUPERVISOR) == "already_offered"


def test_it_is_not_accepted_twice() -> None:
    story = taken_over()
    assert story.code(c.AcceptTransfer(), THERE) == "not_offered"
    assert story.code(c.AcceptTransfer(), SUPERVISOR) == "not_offered"


def test_a_closed_referral_goes_nowhere() -> None:
    story = shared(to(Stage.PREPARATION))
    story.do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY), by=SUPERVISOR)
    assert story.code(OFFER, SUPERVISOR) == "closed"
    assert "offer_transfer" not in story.may(SUPERVISOR)


def test_closing_ends_an_open_offer() -> None:
    story = offered().do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY), by=SUPERVISOR)
    assert story.stage is Stage.CLOSED
    assert story.referral.transfer_offer is None
    assert "transfer_offer_withdrawn" in story.events


@pytest.mark.parametrize("command", [c.AcceptTransfer(), c.RefuseTransfer(reason=WHY)])
def test_only_the_area_that_it_is_offered_to_answers(command: Any) -> None:
    story = offered()
    third = THERE.model_copy(update={"area": Area.DURHAM})
    for actor in (SUPERVISOR, OTHER_SUPERVISOR, SERVICE_MANAGER, third):
        assert story.code(command, actor) == "other_area"
        assert command.kind not in story.may(actor)
    worker = THERE.model_copy(update={"role": Role.CASEWORKER})
    assert story.code(command, worker) == "not_your_role"


def test_the_area_that_it_is_offered_to_does_nothing_but_answer() -> None:
    assert offered().may(THERE) == {"accept_transfer", "refuse_transfer"}
    assert to(Stage.PREPARATION).may(THERE) == frozenset()


def test_only_supervisors_of_its_own_area_offer_it_or_take_that_back() -> None:
    story = shared(to(Stage.PREPARATION))
    assert story.code(OFFER, CASEWORKER) == story.code(OFFER, PARTNER) == "not_your_role"
    assert story.code(OFFER, THERE) == "other_area"
    assert story.do(OFFER, by=SUPERVISOR).code(c.WithdrawTransferOffer(), THERE) == "other_area"


def test_nobody_who_works_in_both_areas_accepts_their_own_offer() -> None:
    story = offered()
    both = SUPERVISOR.model_copy(update={"area": ELSEWHERE})
    assert story.code(c.AcceptTransfer(), both) == "own_offer"
    assert "accept_transfer" not in story.may(both)


# Consent.


def test_both_sides_share_the_case_before_it_is_offered() -> None:
    story = to(Stage.PREPARATION)
    refused = story.refuses(OFFER, SUPERVISOR)
    assert refused.code == "transfer_consent_missing"
    assert "h1" in refused.message
    assert "r1" in refused.message
    story.do(consent("h1", Purpose.TRANSFER))
    assert "h1" not in story.refuses(OFFER, SUPERVISOR).message
    story.do(consent("r1", Purpose.TRANSFER)).do(OFFER, by=SUPERVISOR)


def test_who_was_never_reached_is_not_asked_and_not_waited_for() -> None:
    story = to(Stage.VICTIM_CONTACT).do(attempt("h1", outcome=REACHED))
    assert "r1" not in story.refuses(OFFER, SUPERVISOR).message
    story.do(consent("h1", Purpose.TRANSFER)).do(OFFER, by=SUPERVISOR)
    assert Story().do(OFFER, by=SUPERVISOR).referral.transfer_offer is not None


def test_whose_part_has_ended_is_not_asked() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1"))
    story.do(c.EndParticipation(participant="h2", reason=EndReason.WITHDREW))
    story.do(consent("h1", Purpose.TRANSFER), consent("r1", Purpose.TRANSFER))
    assert story.do(OFFER, by=SUPERVISOR).referral.transfer_offer is not None


def test_of_a_child_the_guardian_shares_the_case_too() -> None:
    story = to(Stage.VICTIM_CONTACT, CHILD, GUARDIAN, person("r1")).do(attempt("h1", outcome=REACHED))
    story.do(consent("h1", Purpose.TRANSFER))
    assert story.code(OFFER, SUPERVISOR) == "transfer_consent_missing"
    story.do(consent("h1", Purpose.TRANSFER, by_guardian="g1")).do(OFFER, by=SUPERVISOR)


def test_a_consent_to_share_that_is_withdrawn_ends_the_offer() -> None:
    story = offered().do(withdrawal("h1", Purpose.TRANSFER))
    assert story.events == ["consent_withdrawn", "transfer_offer_withdrawn"]
    assert story.code(c.AcceptTransfer(), THERE) == "not_offered"
    # No other consent has anything to do with it.
    story.do(consent("h1", Purpose.TRANSFER), consent("h1", Purpose.EVALUATION)).do(OFFER, by=SUPERVISOR)
    story.do(withdrawal("h1", Purpose.EVALUATION))
    assert story.referral.transfer_offer is not None


def test_who_is_reached_after_the_offer_shares_the_case_before_it_is_accepted() -> None:
    story = to(Stage.OFFENDER_CONSENT).do(consent("h1", Purpose.TRANSFER)).do(OFFER, by=SUPERVISOR)
    story.do(attempt("r1", outcome=REACHED))
    assert "r1" in story.refuses(c.AcceptTransfer(), THERE).message
    story.do(consent("r1", Purpose.TRANSFER)).do(c.AcceptTransfer(), by=THERE)


# Holds and concerns.


def test_a_hold_goes_along() -> None:
    story = shared(to(Stage.PREPARATION))
    story.do(c.Hold(review_on=(story.at + timedelta(days=30)).date(), reason=WHY))
    story.do(OFFER, by=SUPERVISOR)
    assert "transfer_answer" in story.open
    story.do(c.AcceptTransfer(), by=THERE)
    assert story.referral.hold is not None
    assert "hold_review" in story.open


def test_nothing_goes_to_another_area_while_a_safeguarding_concern_is_open() -> None:
    story = shared(to(Stage.PREPARATION)).do(c.RaiseSafeguarding(note=WHY))
    assert story.code(OFFER, SUPERVISOR) == "safeguarding"
    story.do(c.LiftSafeguarding(note=WHY), by=SUPERVISOR).do(OFFER, by=SUPERVISOR)
    story.do(c.RaiseSafeguarding(note=WHY))
    assert story.code(c.AcceptTransfer(), THERE) == "safeguarding"
    # It may be refused or taken back all the same.
    assert {"refuse_transfer"} == story.may(THERE)
    assert "withdraw_transfer_offer" in story.may(SUPERVISOR)


# What begins anew.


def test_what_waits_for_a_sign_off_is_asked_for_anew() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1"), assessment("r1"), assessment(None), verdict())
    if not story.referral.sign_off_requests:
        story = to(Stage.PREPARATION).with_facilitators().with_method().prepared()
        story.do(c.RequestReadinessSignOff())
    assert story.referral.sign_off_requests
    shared(story).do(OFFER, by=SUPERVISOR).do(c.AcceptTransfer(caseworker="cw-9"), by=THERE)
    assert story.referral.sign_off_requests == ()
    assert not any(key.startswith("sign_off") for key in story.open)


def test_a_verdict_that_waits_is_given_anew() -> None:
    harm = opening(sensitive_categories=("hate_crime",))
    story = Story(harm).to(Stage.RISK_ASSESSMENT)
    story.do(assessment("h1"), assessment("r1"), assessment(None), verdict())
    assert [each.subject for each in story.referral.sign_off_requests] == [SignOffSubject.RISK_ASSESSMENT]
    story.do(consent("h1", Purpose.TRANSFER)).do(OFFER, by=SUPERVISOR)
    story.do(c.AcceptTransfer(caseworker="cw-9"), by=THERE)
    assert story.referral.risk.verdict is None
    assert story.referral.risk.assessments
    worker = CASEWORKER.model_copy(update={"id": "cw-9", "area": ELSEWHERE})
    story.do(verdict(), by=worker)
    assert [each.requested_by for each in story.referral.sign_off_requests] == ["cw-9"]


def test_deadlines_are_computed_anew_by_the_other_areas_policy_and_calendar() -> None:
    story = offered(Stage.RISK_ASSESSMENT)
    was = story.open["risk_assessment"]
    slower = POLICY.deadlines[was.name].model_copy(update={"due": "15wd"})
    closed_on = (was.started_at or story.at).date() + timedelta(days=1)
    theirs = POLICY.model_copy(
        update={
            "version": "theirs",
            "deadlines": {**POLICY.deadlines, was.name: slower},
            "closures": (closed_on,),
        }
    )
    here = take_over(story, theirs).open["risk_assessment"]
    # The clock started when it started; fifteen working days and the day on which they are closed.
    assert here.started_at == was.started_at
    without_closing = take_over(offered(Stage.RISK_ASSESSMENT), theirs.model_copy(update={"closures": ()}))
    assert here.due_at - without_closing.open["risk_assessment"].due_at == timedelta(days=1)
    assert without_closing.open["risk_assessment"].due_at > was.due_at


def take_over(story: Story, policy: Policy) -> Story:
    found = accept(story.referral, policy, c.AcceptTransfer(), THERE, story.at)
    story._follow(story._record(found, story.referral.sequence, THERE))
    return story


def test_allocation_runs_again_until_somebody_owns_it() -> None:
    story = taken_over()
    allocation = story.open["allocation"]
    assert allocation.started_at == story.at
    assert "allocation" not in story.do(c.Reassign(caseworker="cw-9"), by=THERE).open


def test_an_extension_ends_with_the_policy_that_it_moved() -> None:
    story = shared(to(Stage.RISK_ASSESSMENT))
    later = story.open["risk_assessment"].due_at + timedelta(days=60)
    story.do(c.ExtendDeadline(deadline="risk_assessment", until=later, reason=WHY), by=SUPERVISOR)
    assert story.open["risk_assessment"].due_at == later
    story.do(OFFER, by=SUPERVISOR).do(c.AcceptTransfer(), by=THERE)
    assert story.open["risk_assessment"].due_at < later


def test_the_answer_is_due_in_five_working_days_and_climbs_in_the_area_that_waits() -> None:
    story = offered()
    answer = story.open["transfer_answer"]
    assert list(answer.points) == ["warn-1", "due", "escalate-1"]
    story.until(answer.points["due"]).do(
        c.ReachDeadline(deadline="transfer_answer", point="warn-1"), by=CLOCK
    )
    story.do(c.ReachDeadline(deadline="transfer_answer", point="due"), by=CLOCK)
    assert [each.rung for each in story.referral.escalations] == ["supervisor"]
    story.do(c.RefuseTransfer(reason=WHY), by=THERE)
    assert story.referral.escalations == ()


# What cannot be taken back, and what can.


def test_a_transfer_is_not_corrected_and_what_came_before_it_is() -> None:
    story = shared(to(Stage.PREPARATION))
    note = story.do(c.AddNote(note="wrong case")).last_step
    offer = story.do(OFFER, by=SUPERVISOR).last_step
    assert story.code(c.CorrectStep(step=offer, reason=WHY), OTHER_SUPERVISOR) == "step_is_final"
    acceptance = story.do(c.AcceptTransfer(), by=THERE).last_step
    another = THERE.model_copy(update={"id": "sv-8"})
    assert story.code(c.CorrectStep(step=acceptance, reason=WHY), another) == "step_is_final"
    story.do(c.CorrectStep(step=note, reason=WHY), by=another)
    assert (story.referral.area, story.referral.policy) == (ELSEWHERE, NEWER_POLICY)


def test_a_withdrawal_that_was_a_mistake_does_not_bring_the_offer_back() -> None:
    story = offered().do(withdrawal("h1", Purpose.TRANSFER))
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    assert story.referral.transfer_offer is None
    assert story.do(OFFER, by=SUPERVISOR).referral.transfer_offer is not None


# Who is told.


def staff(who: str, role: Role, area: Area) -> Staff:
    return Staff(id=who, role=role, areas=(area,), email=f"{who}@example.org")


TEAM = [
    staff("cw-1", Role.CASEWORKER, HOME),
    staff("fa-1", Role.FACILITATOR, HOME),
    staff("sv-1", Role.SUPERVISOR, HOME),
    staff("sv-2", Role.SUPERVISOR, HOME),
    staff("pa-1", Role.PARTNER, HOME),
    staff("sv-9", Role.SUPERVISOR, ELSEWHERE),
    staff("cw-9", Role.CASEWORKER, ELSEWHERE),
]


def told(story: Story, command: Any, by: Any) -> list[Notice]:
    before, known = story.referral, len(story.history)
    story.do(command, by=by)
    return list(notices(notices_wanted(before, story.history[known:], story.referral), TEAM))


def said(found: list[Notice]) -> set[tuple[str, str]]:
    return {(each.template, each.to) for each in found}


def test_the_other_areas_supervisors_are_told_of_an_offer_and_of_its_end() -> None:
    story = shared(to(Stage.PREPARATION))
    assert said(told(story, OFFER, SUPERVISOR)) == {("transfer_offered", "sv-9")}
    assert said(told(story, c.WithdrawTransferOffer(), SUPERVISOR)) == {("transfer_withdrawn", "sv-9")}


def test_the_area_that_offered_it_is_told_of_the_answer() -> None:
    refused = told(offered(), c.RefuseTransfer(reason=WHY), THERE)
    assert said(refused) == {("transfer_refused", "sv-1"), ("transfer_refused", "sv-2")}
    accepted = told(offered(), c.AcceptTransfer(caseworker="cw-9"), THERE)
    assert said(accepted) == {
        ("transfer_accepted", "sv-1"),
        ("transfer_accepted", "sv-2"),
        ("allocated", "cw-9"),
    }


def test_the_agency_that_sent_it_is_told_neutrally_wherever_it_goes() -> None:
    story = offered()
    story.referral = story.referral.model_copy(update={"sent_by_partner": "pa-1"})
    found = told(story, c.AcceptTransfer(), THERE)
    assert ("agency_transferred", "pa-1") in said(found)


def test_who_facilitated_a_booked_meeting_loses_it_from_their_calendar() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    story.do(c.ReconfirmRisk(), story.booking())
    shared(story).do(OFFER, by=SUPERVISOR)
    found = told(story, c.AcceptTransfer(caseworker="cw-9"), THERE)
    assert ("invitation_cancelled", "fa-1") in said(found)
    assert ("invitation", "cw-9") in said(found)
    cancelled = next(each for each in found if each.template == "invitation_cancelled")
    assert still_wanted(story.referral, cancelled)


def test_what_was_on_its_way_to_staff_of_the_area_that_it_left_is_not_wanted_any_more() -> None:
    story = shared(to(Stage.PREPARATION))
    waiting = told(story, OFFER, SUPERVISOR)[0]
    assert still_wanted(story.referral, waiting)
    mine = waiting.model_copy(update={"template": "news", "to": "cw-1"})
    assert still_wanted(story.referral, mine)
    story.later(days=1).do(c.AcceptTransfer(), by=THERE)
    assert not still_wanted(story.referral, mine)
    assert not still_wanted(story.referral, waiting)


# What is stored.


def test_the_reasons_are_sealed_and_the_areas_are_not() -> None:
    story = offered().do(c.RefuseTransfer(reason=WHY), by=THERE)
    stored = [without_sensitive(each).event for each in story.history[-2:]]
    assert WHY not in "".join(each.model_dump_json() for each in stored)
    assert [getattr(each, "area", None) for each in stored] == [ELSEWHERE, ELSEWHERE]


def test_an_acceptance_that_no_offer_preceded_still_folds() -> None:
    story = to(Stage.PREPARATION)
    event = TransferAccepted(left=HOME, area=ELSEWHERE, was="1", version="2", policy=NEWER_POLICY)
    recorded = Recorded(
        sequence=story.referral.sequence + 1,
        step=story.referral.sequence + 1,
        at=story.at,
        actor="sv-9",
        role=Role.SUPERVISOR,
        command_id=story.history[0].command_id,
        event=event,
    )
    assert fold([*story.history, recorded]).area is ELSEWHERE
    assert story.referral.reference == REFERENCE
