"""Risk assessment: structured, signed off where required, repeated when the risk changes."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.state import ACTIVITY_STAGES, change_activity, described, to_come
from lifecycle.gates import gate
from lifecycle.people.consents import both_sides, committed_harmed, lacking
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from lifecycle.timing.working_time import add_span
from schemas.activity import Activity
from schemas.commands import (
    ReassessRisk,
    ReconfirmRisk,
    RecordRiskAssessment,
    RecordRiskVerdict,
    RequestMoreInformation,
)
from schemas.events import (
    Event,
    MethodChosen,
    Recorded,
    RiskAssessed,
    RiskReconfirmed,
    RiskVerdictGiven,
    SignOffRequested,
    StageEntered,
)
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Assessment, Referral, Risk
from schemas.vocabulary import (
    ActivityState,
    Level,
    Method,
    Purpose,
    RiskFactor,
    SignOffSubject,
    Stage,
    Verdict,
)


@gate("nothing_assessed", "At least one person, or the pair, must be assessed before a verdict")
def something_assessed(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.risk.assessments else ""


@gate(
    "sign_off_waiting", "The risk assessment must not be waiting for a sign-off; it cannot change meanwhile"
)
def no_risk_sign_off_waiting(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if risk_sign_off_waits(referral) else None


@gate(
    "risk_not_assessed",
    "The risk assessment must allow the referral to go on, and be signed off where required",
)
def risk_allows(referral: Referral, actor: Actor, at: datetime) -> str | None:
    allowed = referral.risk.verdict is not None and referral.risk.verdict.proceeds
    return None if allowed and not risk_sign_off_waits(referral) else ""


@gate(
    "harmed_consent_missing",
    "Nobody is approached unless every interested person harmed consents to take part and to share risk information",
)
def harmed_still_consent(referral: Referral, actor: Actor, at: datetime) -> str | None:
    harmed = committed_harmed(referral)
    if not harmed:
        return "nobody harmed is interested"
    return lacking(referral, harmed, Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)


@gate("nothing_to_come", "An activity must be in preparation or booked")
def something_to_come(referral: Referral, actor: Actor, at: datetime) -> str | None:
    over = referral.stage is Stage.FOLLOW_UP and not any(each.to_come for each in referral.activities)
    return "" if over else None


def risk_sign_off_waits(referral: Referral) -> bool:
    """Whether the risk assessment waits for a sign-off."""
    return any(request.subject is SignOffSubject.RISK_ASSESSMENT for request in referral.sign_off_requests)


def gaps(referral: Referral) -> list[str]:
    """The gaps in the present assessment: factors unknown in every assessment, and people without one."""
    known = {
        factor
        for assessment in referral.risk.assessments
        for factor, level in assessment.levels.items()
        if level is not Level.UNKNOWN
    }
    assessed = {assessment.about for assessment in referral.risk.assessments}
    people = {person.id for person in both_sides(referral)}
    return [factor for factor in RiskFactor if factor not in known] + sorted(people - assessed)


def needs_sign_off(referral: Referral) -> bool:
    """Whether a supervisor must sign the assessment off: a sensitive case, a high factor, or gaps."""
    any_high = any(Level.HIGH in assessment.levels.values() for assessment in referral.risk.assessments)
    return referral.sensitive or any_high or bool(gaps(referral))


def confirmed_recently(referral: Referral, activity: Activity, moment: datetime) -> bool:
    """Whether the risk was confirmed before a moment and within the span that the policy allows: that of all
    activities, or that of this one."""
    confirmed = [each for each in (referral.risk.confirmed_at, activity.risk_confirmed_at) if each]
    if not confirmed:
        return False
    policy = referral.policy
    earliest = add_span(
        moment, policy.risk_confirmation_valid, back=True, closures=frozenset(policy.closures)
    )
    return any(earliest <= each <= moment for each in confirmed)


def events_after_verdict(referral: Referral) -> Iterator[Event]:
    """The events that follow a verdict which allows the referral to go on and needs no further sign-off."""
    if referral.risk.verdict is Verdict.PROCEED_INDIRECT:
        for activity in _to_be_prepared(referral):
            if activity.method and activity.method.direct:
                # A case now unsafe face to face goes on by an indirect method instead of ending.
                yield MethodChosen(method=Method.SHUTTLE, replaces=activity.method, activity=activity.id)
    yield StageEntered(stage=Stage.OFFENDER_CONSENT, left=referral.stage)


def _to_be_prepared(referral: Referral) -> list[Activity]:
    """The activities that are prepared next: those to come, and the only one, which is prepared again."""
    standing = [each for each in referral.activities if each.state is not ActivityState.ENDED]
    return standing if len(standing) == 1 else [each for each in standing if each.to_come]


@rule(
    RecordRiskAssessment,
    stages=[Stage.RISK_ASSESSMENT],
    gates=[no_risk_sign_off_waiting],
    in_safeguarding=True,
)
def decide_record_risk_assessment(
    referral: Referral, command: RecordRiskAssessment, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.about is not None:
        known_participant(referral, command.about, field="about")
    yield event_from(RiskAssessed, command)


@rule(
    RecordRiskVerdict,
    stages=[Stage.RISK_ASSESSMENT],
    gates=[something_assessed, no_risk_sign_off_waiting],
    may_lead_to=[Stage.OFFENDER_CONSENT],
)
def decide_record_risk_verdict(
    referral: Referral, command: RecordRiskVerdict, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(RiskVerdictGiven, command)
    if not command.verdict.proceeds:
        return
    harmed_still_consent.check(referral, actor, at)
    if needs_sign_off(referral):
        yield SignOffRequested(subject=SignOffSubject.RISK_ASSESSMENT)
    else:
        judged = referral.risk.model_copy(update={"verdict": command.verdict})
        yield from events_after_verdict(referral.model_copy(update={"risk": judged}))


@rule(
    RequestMoreInformation,
    stages=[Stage.RISK_ASSESSMENT],
    gates=[no_risk_sign_off_waiting],
    leads_to=Stage.VICTIM_CONTACT,
)
def decide_request_more_information(
    referral: Referral, command: RequestMoreInformation, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.VICTIM_CONTACT, left=referral.stage, reason=command.reason)


@rule(
    ReassessRisk,
    stages=[Stage.OFFENDER_CONSENT, *ACTIVITY_STAGES],
    gates=[something_to_come],
    leads_to=Stage.RISK_ASSESSMENT,
    in_safeguarding=True,
)
def decide_reassess_risk(
    referral: Referral, command: ReassessRisk, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.RISK_ASSESSMENT, left=referral.stage, reason=command.reason)


@rule(ReconfirmRisk, stages=ACTIVITY_STAGES, gates=[risk_allows, something_to_come])
def decide_reconfirm_risk(
    referral: Referral, command: ReconfirmRisk, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.activity is not None and all(each.id != command.activity for each in to_come(referral)):
        listed = ", ".join(map(described, to_come(referral)))
        raise Refused(
            "activity_unknown", f"There is no such activity to come; to come: {listed}.", "activity"
        )
    yield event_from(RiskReconfirmed, command)


@apply.register
def apply_risk_assessed(event: RiskAssessed, referral: Referral, recorded: Recorded) -> Referral:
    others = tuple(each for each in referral.risk.assessments if each.about != event.about)
    levels = {assessment.factor: assessment.level for assessment in event.factors}
    risk = referral.risk.model_copy(
        update={
            "assessments": (*others, Assessment(about=event.about, levels=levels)),
            "authors": _with_author(referral.risk, recorded),
            # A verdict covers what was assessed then; a new assessment needs a new verdict.
            "verdict": None,
        }
    )
    return referral.model_copy(update={"risk": risk})


@apply.register
def apply_risk_verdict_given(event: RiskVerdictGiven, referral: Referral, recorded: Recorded) -> Referral:
    risk = referral.risk.model_copy(
        update={
            "verdict": event.verdict,
            "authors": _with_author(referral.risk, recorded),
            "confirmed_at": recorded.at,
        }
    )
    return referral.model_copy(update={"risk": risk})


@apply.register
def apply_risk_reconfirmed(event: RiskReconfirmed, referral: Referral, recorded: Recorded) -> Referral:
    if event.activity is not None:
        return change_activity(referral, event.activity, risk_confirmed_at=recorded.at)
    return referral.model_copy(
        update={"risk": referral.risk.model_copy(update={"confirmed_at": recorded.at})}
    )


def _with_author(risk: Risk, recorded: Recorded) -> tuple[str, ...]:
    return risk.authors if recorded.actor in risk.authors else (*risk.authors, recorded.actor)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    if referral.stage is Stage.RISK_ASSESSMENT and referral.risk.verdict is None:
        yield Clock(DeadlineName.RISK_ASSESSMENT, started_at=referral.stage_entered_at)
    for activity in referral.booked:
        booked = activity.booked
        if booked is not None and not confirmed_recently(referral, activity, booked.starts_at):
            yield Clock(DeadlineName.RISK_RECONFIRMATION, activity.about() or None, falls_on=booked.starts_at)
