"""Risk assessment: structured, signed off where it must be, always open to be looked at again."""

import pytest

from schemas import commands as c
from schemas.vocabulary import (
    ClosureReason,
    Level,
    Method,
    Purpose,
    RiskFactor,
    SignOffSubject,
    Stage,
    Verdict,
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
    approval,
    assessment,
    override,
    person,
    to,
    verdict,
    withdrawal,
)

RISK = SignOffSubject.RISK_ASSESSMENT


def assessing(**known: object) -> Story:
    return to(Stage.RISK_ASSESSMENT, **known)


def test_no_verdict_before_anything_is_assessed() -> None:
    story = assessing()
    assert story.code(verdict()) == "nothing_assessed"
    assert story.do(assessment("h1"), verdict()).stage is Stage.OFFENDER_CONSENT


def test_a_plain_case_goes_on_without_a_sign_off() -> None:
    story = assessing().do(assessment(), assessment("h1"), verdict())
    assert story.events == ["risk_verdict_given", "stage_entered"]


def waits(story: Story) -> bool:
    assert story.stage in (Stage.RISK_ASSESSMENT, Stage.OFFENDER_CONSENT)
    return story.stage is Stage.RISK_ASSESSMENT


def test_a_high_factor_needs_a_sign_off() -> None:
    assert waits(assessing().do(assessment("h1", threats=Level.HIGH), verdict()))
    assert not waits(assessing().do(assessment("h1", threats=Level.MEDIUM), verdict()))


def test_a_gap_needs_a_sign_off() -> None:
    assert waits(assessing().do(assessment("h1", self_harm=Level.UNKNOWN), verdict()))
    # What one assessment leaves open another may know.
    assert not waits(assessing().do(assessment("h1", self_harm=Level.UNKNOWN), assessment(), verdict()))
    # Nobody looked at the person who takes part.
    assert waits(assessing().do(assessment(), verdict()))


def test_a_sensitive_case_needs_a_sign_off() -> None:
    assert waits(assessing(sensitive_categories=("hate_crime",)).do(assessment("h1"), verdict()))
    child = to(Stage.RISK_ASSESSMENT, CHILD, GUARDIAN, person("r1"))
    assert waits(child.do(assessment("h1"), verdict()))


@pytest.fixture
def waiting() -> Story:
    """The facilitator assessed, a supervisor helped, the caseworker gave the verdict."""
    story = assessing().do(assessment("h1", threats=Level.HIGH), by=FACILITATOR)
    return story.do(assessment(), by=SUPERVISOR).do(verdict())


def test_nobody_signs_off_a_risk_assessment_they_took_part_in(waiting: Story) -> None:
    assert waiting.code(approval(RISK), SUPERVISOR) == "nothing_to_sign_off"
    assert waiting.code(override("risk_sign_off"), SUPERVISOR) == "nothing_to_override"
    assert waiting.code(approval(RISK), CASEWORKER) == "not_your_role"
    assert waiting.do(approval(RISK), by=SERVICE_MANAGER).stage is Stage.OFFENDER_CONSENT


def test_a_supervisor_with_other_work_waiting_still_signs_not_their_own(waiting: Story) -> None:
    waiting.do(c.Close(reason=ClosureReason.RISK_UNSAFE))
    assert waiting.code(approval(RISK), SUPERVISOR) == "own_work"
    assert waiting.do(approval("closure"), by=SUPERVISOR).referral.closed


def test_a_supervisor_who_gave_the_verdict_signs_nothing_off() -> None:
    story = assessing().do(assessment()).do(verdict(), by=SUPERVISOR)
    assert "sign_off" not in story.may(SUPERVISOR)
    assert "override_gate" not in story.may(SUPERVISOR)


def test_what_waits_for_a_sign_off_may_not_change(waiting: Story) -> None:
    assert waiting.code(assessment()) == "sign_off_waiting"
    assert waiting.code(verdict(Verdict.UNSAFE)) == "sign_off_waiting"
    assert waiting.code(c.RequestMoreInformation(reason=WHY)) == "sign_off_waiting"


def test_a_return_needs_a_reason_and_a_new_verdict(waiting: Story) -> None:
    found = waiting.refuses(approval(RISK, False), SERVICE_MANAGER)
    assert (found.code, found.field) == ("reason_missing", "reason")
    waiting.do(approval(RISK, False, WHY), by=SERVICE_MANAGER)
    assert waiting.referral.risk.verdict is None
    waiting.do(verdict())
    assert waits(waiting)


@pytest.mark.parametrize("command", [approval(RISK), override("risk_sign_off")])
@pytest.mark.parametrize("purpose", [Purpose.SHARE_RISK_INFORMATION])
def test_no_sign_off_and_no_override_replaces_a_consent(
    waiting: Story, command: c.DecideSignOff, purpose: Purpose
) -> None:
    waiting.do(withdrawal("h1", purpose))
    assert waiting.code(command, SERVICE_MANAGER) in ("harmed_consent_missing", "nothing_to_override")
    waiting.agrees("h1", purpose).do(command, by=SERVICE_MANAGER)
    assert waiting.stage is Stage.OFFENDER_CONSENT


def test_nobody_is_approached_on_a_consent_that_was_withdrawn() -> None:
    story = assessing().do(assessment("h1"), withdrawal("h1", Purpose.SHARE_RISK_INFORMATION))
    assert story.code(verdict()) == "harmed_consent_missing"
    assert story.do(verdict(Verdict.NOT_YET)).stage is Stage.RISK_ASSESSMENT


def test_a_sign_off_that_moves_the_referral_waits_until_the_concern_is_lifted(waiting: Story) -> None:
    waiting.do(c.RaiseSafeguarding(note=WHY))
    assert waiting.code(approval(RISK), SERVICE_MANAGER) == "on_hold"
    waiting.do(approval(RISK, False, WHY), by=SERVICE_MANAGER)
    assert waiting.referral.sign_off_requests == ()


def test_a_supervisor_overrides_the_sign_off_with_a_reason(waiting: Story) -> None:
    waiting.do(override("risk_sign_off"), by=SERVICE_MANAGER)
    assert waiting.events == ["gate_overridden", "stage_entered"]
    assert waiting.referral.sign_off_requests == ()


@pytest.mark.parametrize("given", [Verdict.NOT_YET, Verdict.UNSAFE])
def test_a_verdict_that_does_not_proceed_stays(given: Verdict) -> None:
    story = assessing().do(assessment("h1"), verdict(given))
    assert story.events == ["risk_verdict_given"]
    assert story.stage is Stage.RISK_ASSESSMENT


def test_new_findings_ask_for_a_new_verdict() -> None:
    story = assessing().do(assessment("h1"), verdict(Verdict.UNSAFE), assessment("h1"))
    assert story.referral.risk.verdict is None


def test_more_information_goes_back_to_victim_contact_and_begins_anew() -> None:
    story = assessing().do(assessment("h1"), c.RequestMoreInformation(reason=WHY))
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.do(c.BeginRiskAssessment()).code(verdict()) == "nothing_assessed"


@pytest.mark.parametrize("stage", [Stage.OFFENDER_CONSENT, Stage.PREPARATION, Stage.CONFERENCE])
def test_risk_is_reassessed_from_every_later_stage_before_the_end(stage: Stage) -> None:
    story = to(stage).do(c.ReassessRisk(reason=WHY))
    assert story.stage is Stage.RISK_ASSESSMENT
    assert story.referral.risk.verdict is None
    assert story.activity().booked is None
    assert story.referral.sign_offs == ()


def test_a_reassessment_needs_the_consents_of_its_stage() -> None:
    story = to(Stage.PREPARATION).do(withdrawal("h1", Purpose.SHARE_RISK_INFORMATION))
    assert story.code(c.ReassessRisk(reason=WHY)) == "consent_missing"


@pytest.mark.parametrize("signed_off", [True, False])
def test_a_direct_method_that_became_unsafe_goes_on_indirectly(signed_off: bool) -> None:
    story = to(Stage.CONFERENCE).do(c.ReassessRisk(reason=WHY))
    story.do(*(assessment(about, threats=Level.HIGH if signed_off else Level.LOW) for about in ("h1", "r1")))
    story.do(verdict(Verdict.PROCEED_INDIRECT))
    if signed_off:
        story.do(approval(RISK), by=SUPERVISOR)
    assert story.stage is Stage.OFFENDER_CONSENT
    assert story.activity().method is Method.SHUTTLE
    story.do(c.BeginPreparation(), c.ReconfirmRisk())
    assert story.code(c.ChooseMethod(method=Method.VIDEO)) == "method_unsafe"
    # Consent to meeting is none to an exchange.
    assert story.code(story.booking()) == "method_consent_missing"
    story.agrees("h1", Purpose.METHOD_INDIRECT).agrees("r1", Purpose.METHOD_INDIRECT)
    assert story.do(story.booking()).stage is Stage.CONFERENCE


def test_every_factor_of_the_field_is_asked() -> None:
    some = assessment("h1")
    without = some.model_copy(update={"factors": some.factors[1:]})
    assert waits(assessing().do(without, verdict()))
    assert len(some.factors) == len(RiskFactor)
