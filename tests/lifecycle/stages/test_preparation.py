"""Preparation: method, facilitators, meetings, confirmations, readiness, booking."""

from datetime import timedelta

import pytest

from schemas import commands as c
from schemas.people import Actor, Role
from schemas.vocabulary import (
    AgeBand,
    Channel,
    Confirmation,
    Custody,
    Interest,
    Method,
    Purpose,
    Stage,
    Verdict,
)
from tests.lifecycle.story import (
    CHILD,
    FACILITATOR,
    GUARDIAN,
    HOME,
    OTHER_SUPERVISOR,
    SERVICE_MANAGER,
    SUPERVISOR,
    Story,
    approval,
    consent,
    informed,
    interest,
    override,
    person,
    to,
    withdrawal,
)

SENSITIVE = {"sensitive_categories": ("hate_crime",)}


def preparing(*people: object, **known: object) -> Story:
    return to(Stage.PREPARATION, *people, **known)  # type: ignore[arg-type]


def almost(*people: object, method: Method = Method.FACE_TO_FACE, **known: object) -> Story:
    """Ready to be booked."""
    story = preparing(*people, **known).with_facilitators().with_method(method).prepared()
    return (story.ready() if method.direct else story).do(c.ReconfirmRisk())


def meeting(who: str, story: Story) -> c.RecordPreparationMeeting:
    return c.RecordPreparationMeeting(participant=who, held_on=story.at.date(), channel=Channel.IN_PERSON)


@pytest.mark.parametrize("method", list(Method))
def test_every_method_leads_to_the_conference_stage(method: Method) -> None:
    story = almost(method=method)
    assert story.do(story.booking()).stage is Stage.CONFERENCE
    assert story.activity().booked is not None
    assert story.activity().method is method


def test_an_exchange_needs_no_readiness_but_all_the_rest() -> None:
    story = preparing().do(c.ReconfirmRisk())
    assert story.code(story.booking()) == "method_missing"
    story.do(c.ChooseMethod(method=Method.LETTER))
    assert story.code(story.booking()) == "facilitators_missing"
    story.with_facilitators()
    assert story.code(story.booking()) == "method_consent_missing"
    story.with_method(Method.LETTER)
    assert story.code(c.RequestReadinessSignOff()) == "method_not_direct"
    assert story.do(story.booking()).stage is Stage.CONFERENCE


@pytest.mark.parametrize("method", [Method.FACE_TO_FACE, Method.VIDEO])
def test_a_direct_meeting_needs_readiness_signed_off(method: Method) -> None:
    story = preparing().with_facilitators().with_method(method).prepared().do(c.ReconfirmRisk())
    assert story.code(story.booking()) == "readiness_not_signed_off"
    assert story.do(c.RequestReadinessSignOff()).code(story.booking()) == "readiness_not_signed_off"
    story.do(approval("readiness"), by=SUPERVISOR)
    assert story.do(story.booking()).stage is Stage.CONFERENCE


def test_readiness_is_asked_for_when_everything_else_is_there() -> None:
    ask = c.RequestReadinessSignOff()
    story = preparing(person("h1"), person("r1", custody=Custody.ON_LICENCE)).with_method()
    assert story.code(ask) == "facilitators_missing"
    assert story.with_facilitators().code(ask) == "not_prepared"
    assert story.prepared().code(ask) == "confirmations_missing"
    for each in (Confirmation.OFFENDER_MANAGER, Confirmation.VICTIM_LIAISON):
        assert story.code(ask) == "confirmations_missing"
        story.do(c.RecordConfirmation(participant="r1", confirmation=each))
    story.do(ask)
    assert story.code(ask) == "readiness_already_asked"


def test_prison_confirms_as_well() -> None:
    story = almost(method=Method.LETTER)
    story.do(c.AmendParticipant(participant="r1", custody=Custody.IN_PRISON))
    for each in Confirmation:
        assert story.code(story.booking()) == "confirmations_missing"
        story.do(c.RecordConfirmation(participant="r1", confirmation=each))
    assert story.do(story.booking()).stage is Stage.CONFERENCE


def test_readiness_is_not_signed_off_by_who_asked_for_it_or_runs_it() -> None:
    asked_by_supervisor = preparing().with_facilitators().with_method().prepared()
    asked_by_supervisor.do(c.RequestReadinessSignOff(), by=SUPERVISOR)
    assert asked_by_supervisor.code(approval("readiness"), SUPERVISOR) == "nothing_to_sign_off"

    run_by_supervisors = preparing().with_method().prepared()
    run_by_supervisors.do(c.AssignFacilitators(facilitator="sv-1", co_facilitator="sv-2"))
    run_by_supervisors.do(c.RequestReadinessSignOff())
    for actor in (SUPERVISOR, OTHER_SUPERVISOR):
        assert run_by_supervisors.code(approval("readiness"), actor) == "nothing_to_sign_off"
        assert "override_gate" not in run_by_supervisors.may(actor)
    run_by_supervisors.do(approval("readiness"), by=SERVICE_MANAGER)
    assert run_by_supervisors.referral.sign_offs


def test_who_signed_readiness_off_does_not_come_to_run_it() -> None:
    story = almost().do(c.AssignFacilitators(facilitator="sv-1"))
    assert story.code(story.booking()) == "readiness_not_signed_off"


@pytest.mark.parametrize("opened_by", ["sign_off", "override"])
def test_readiness_is_for_one_method(opened_by: str) -> None:
    story = preparing().with_facilitators().with_method(Method.FACE_TO_FACE).prepared()
    if opened_by == "sign_off":
        story.ready()
    else:
        story.do(override("readiness_sign_off"), by=SUPERVISOR)
    story.with_method(Method.VIDEO).do(c.ReconfirmRisk())
    assert story.code(story.booking()) == "readiness_not_signed_off"


def test_who_joined_after_readiness_was_signed_off_is_prepared_first() -> None:
    story = almost().do(c.AddParticipant(participant=person("h2"))).wants("h2")
    story.agrees("h2", Purpose.TAKE_PART, Purpose.METHOD_DIRECT)
    assert story.code(story.booking()) == "readiness_not_signed_off"
    assert story.do(meeting("h2", story), story.booking()).stage is Stage.CONFERENCE


def test_who_came_back_is_prepared_anew() -> None:
    story = almost(person("h1"), person("h2"), person("r1")).withdraws("h2").do(interest("h2"))
    story.agrees("h2", Purpose.TAKE_PART, Purpose.METHOD_DIRECT)
    assert story.code(story.booking()) == "readiness_not_signed_off"


def test_a_sensitive_case_needs_an_advanced_practitioner_and_a_second_person() -> None:
    story = preparing(**SENSITIVE).with_method(Method.LETTER).do(c.ReconfirmRisk())
    story.do(c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2"))
    assert story.code(story.booking()) == "facilitators_missing"
    story.do(c.AssignFacilitators(facilitator="fa-1", advanced_practitioner=True))
    assert story.code(story.booking()) == "facilitators_missing"
    assert story.with_facilitators().do(story.booking()).stage is Stage.CONFERENCE


def test_whoever_steps_in_must_fit_as_well() -> None:
    story = to(Stage.CONFERENCE, **SENSITIVE)
    assert story.code(c.AssignFacilitators(facilitator="fa-3")) == "facilitators_missing"
    plain = to(Stage.CONFERENCE).do(c.AssignFacilitators(facilitator="fa-3"))
    assert plain.referral.facilitator == "fa-3"


def test_two_facilitators_are_two_people() -> None:
    found = preparing().refuses(c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-1"))
    assert (found.code, found.field) == ("same_person", "co_facilitator")


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_a_booking_needs_everyones_consent_to_the_method(who: str) -> None:
    story = almost().do(withdrawal(who, Purpose.METHOD_DIRECT))
    assert story.code(story.booking()) == "method_consent_missing"
    # Consent to one method is none to another.
    story.agrees(who, Purpose.METHOD_VIDEO, Purpose.METHOD_INDIRECT)
    assert story.code(story.booking()) == "method_consent_missing"


@pytest.mark.parametrize("missing", [None, "g1"])
def test_a_childs_guardian_consents_to_the_method_too(missing: str | None) -> None:
    story = almost(CHILD, GUARDIAN, person("r1"))
    story.do(withdrawal("h1", Purpose.METHOD_DIRECT, missing))
    assert story.code(story.booking()) == "method_consent_missing"


def test_who_turns_out_to_be_a_child_needs_a_guardians_consent() -> None:
    story = almost().do(c.AmendParticipant(participant="h1", age_band=AgeBand.UNDER_18))
    assert story.code(story.booking()) == "harmed_consent_missing"


def test_a_booking_needs_the_consents_that_preparation_needed() -> None:
    two = (person("h1"), person("h2"), person("r1"))
    story = almost(*two)
    story.do(c.CorrectStep(step=_consent_step(story, "h2"), reason="not hers"), by=SUPERVISOR)
    assert story.code(story.booking()) == "harmed_consent_missing"


def _consent_step(story: Story, who: str) -> int:
    return next(
        each.step
        for each in story.history
        if each.event.kind == "consent_given"
        and each.event.participant == who
        and each.event.purpose is Purpose.TAKE_PART
    )


def test_no_override_opens_a_consent() -> None:
    story = almost().do(withdrawal("h1", Purpose.METHOD_DIRECT))
    for gate in ("method_direct", "take_part", "method_consent_missing", "harmed_consent"):
        found = story.refuses(override(gate), SUPERVISOR)
        assert (found.code, found.field) == ("consent_cannot_be_overridden", "gate")
    for gate in ("readiness_sign_off", "risk_reconfirmation", "advanced_practitioner", "confirmations"):
        story.do(override(gate), by=SUPERVISOR)
    assert story.code(story.booking()) == "method_consent_missing"


@pytest.mark.parametrize("owner", ["caseworker", "facilitator", "co_facilitator"])
def test_nobody_overrides_a_gate_of_their_own_work(owner: str) -> None:
    story = preparing().with_method()
    if owner == "caseworker":
        story.do(c.Reassign(caseworker="sv-1"), by=OTHER_SUPERVISOR)
    else:
        first, second = ("sv-1", "fa-2") if owner == "facilitator" else ("fa-1", "sv-1")
        story.do(c.AssignFacilitators(facilitator=first, co_facilitator=second))
    for gate in ("readiness_sign_off", "risk_reconfirmation", "advanced_practitioner", "confirmations"):
        assert story.code(override(gate), SUPERVISOR) == "nothing_to_override"
    assert story.do(override("confirmations"), by=OTHER_SUPERVISOR).activity().overrides


def test_the_policy_says_what_may_be_overridden() -> None:
    story = preparing()
    strict = story.referral.policy.model_copy(update={"overridable": ()})
    story.referral = story.referral.model_copy(update={"policy": strict})
    assert story.code(override("confirmations"), SUPERVISOR) == "nothing_to_override"


def test_an_override_ends_with_the_stage() -> None:
    story = almost().do(override("confirmations"), by=SUPERVISOR)
    story.do(story.booking(), c.PostponeActivity(reason="she is ill"))
    assert story.activity().overrides == ()


@pytest.mark.parametrize(("days", "fresh"), [(7, True), (8, False)])
def test_risk_is_confirmed_within_five_working_days_before_booking(days: int, fresh: bool) -> None:
    story = almost().later(days=days)
    if fresh:
        assert story.do(story.booking()).stage is Stage.CONFERENCE
    else:
        assert story.code(story.booking()) == "risk_confirmation_old"
        assert story.do(c.ReconfirmRisk(), story.booking()).stage is Stage.CONFERENCE


def test_an_indirect_verdict_refuses_every_direct_method() -> None:
    story = to(Stage.RISK_ASSESSMENT).assessed(Verdict.PROCEED_INDIRECT)
    story.responsible_agree().do(c.BeginPreparation())
    for method in Method:
        command = c.ChooseMethod(method=method)
        if method.direct:
            assert story.code(command) == "method_unsafe"
        else:
            assert story.do(command).activity().method is method


def test_only_who_takes_part_attends_and_both_sides_do() -> None:
    story = almost(person("h1"), person("h2"), person("r1"))
    story.do(interest("h2", Interest.UNDECIDED))
    assert story.code(story.booking("h1", "h2", "r1")) == "not_taking_part"
    assert story.code(story.booking("h1", "h7", "r1")) == "participant_unknown"
    assert story.code(story.booking("h1", "h1")) == "side_missing"
    assert story.do(story.booking("h1", "r1")).stage is Stage.CONFERENCE


def test_supporters_attend_only_if_everyone_consents() -> None:
    story = almost(person("h1"), person("r1"), person("s1", accompanies="h1"))
    with_supporter = story.booking("h1", "r1", "s1")
    assert story.agrees("h1", Purpose.SUPPORTERS).code(with_supporter) == "consent_missing"
    assert story.agrees("r1", Purpose.SUPPORTERS).do(with_supporter).stage is Stage.CONFERENCE


def test_a_meeting_is_recorded_after_it_was_held() -> None:
    story = preparing()
    command = meeting("h1", story).model_copy(update={"held_on": story.at.date() + timedelta(days=1)})
    assert story.code(command) == "in_the_future"


def test_confirmations_are_about_a_person_responsible() -> None:
    command = c.RecordConfirmation(participant="h1", confirmation=Confirmation.CUSTODY)
    assert preparing().code(command) == "not_responsible"


def test_recording_is_never_allowed_by_default() -> None:
    story = preparing()
    assert story.code(consent("h1", Purpose.RECORDING)) == "recording_not_allowed"
    allowed = story.referral.policy.model_copy(update={"recording_allowed": True})
    story.referral = story.referral.model_copy(update={"policy": allowed})
    assert story.do(consent("h1", Purpose.RECORDING)).referral.consents[-1].purpose is Purpose.RECORDING


def test_preparation_has_no_maximum() -> None:
    story = almost().later(days=4 * 365)
    assert story.stage is Stage.PREPARATION
    assert story.do(c.ReconfirmRisk(), story.booking()).stage is Stage.CONFERENCE


def test_the_facilitator_prepares_as_the_caseworker_does() -> None:
    story = preparing().do(c.ChooseMethod(method=Method.LETTER), by=FACILITATOR)
    assert story.activity().method is Method.LETTER
    outsider = Actor(id="pa-2", role=Role.PARTNER, area=HOME)
    assert story.code(informed("h1"), outsider) == "not_your_role"
