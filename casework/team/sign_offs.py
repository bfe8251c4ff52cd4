"""What waits for a sign-off, with what is to be signed off, for who may give it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import Field

from casework.access import What, areas_to_see, require_access
from casework.listing import Listed, first
from casework.session import Session
from lifecycle import Refused, fold
from lifecycle.activities.state import activity_of, facilitators_of, people_of, several
from lifecycle.rules import SUPERVISORS
from lifecycle.stages.risk_assessment import gaps
from schemas import facts
from schemas.access import DataKind
from schemas.activity import Activity
from schemas.areas import Area
from schemas.base import ActivityId, Model, Note, ParticipantId
from schemas.events import Event, Recorded, RiskAssessed, RiskVerdictGiven, SignOffRequested, StepCorrected
from schemas.people import StaffId
from schemas.privacy import Special
from schemas.referral import Referral, SignOffRequest
from schemas.vocabulary import (
    ClosureReason,
    Confirmation,
    Method,
    ParticipantRole,
    SignOffSubject,
    Verdict,
)
from stores import supervision
from stores.keys.referral_keys import KeyErased
from stores.logs import event_log
from stores.supervision import WaitingSignOff


class RiskToSignOff(Model):
    """A risk assessment that waits for a sign-off."""

    subject: Literal[SignOffSubject.RISK_ASSESSMENT] = SignOffSubject.RISK_ASSESSMENT
    verdict: Verdict | None
    missing: Note = None
    assessed: tuple[facts.RiskFactors, ...] = Field(
        description="of each person, and of the pair, the assessment that stands, with evidence and mitigations"
    )
    sensitive: bool = Field(description="whether it is a sensitive case, which is always signed off")
    gaps: Annotated[tuple[str, ...], Special] = Field(
        default=(), description="factors that nobody's assessment knows, and people without one"
    )


class PersonReady(Model):
    """Whether somebody who is to take part is prepared."""

    participant: ParticipantId
    role: ParticipantRole
    prepared_on: date | None
    confirmations: Annotated[tuple[Confirmation, ...], Special] = ()


class ReadinessToSignOff(Model):
    """The readiness for a direct meeting that waits for a sign-off."""

    subject: Literal[SignOffSubject.READINESS] = SignOffSubject.READINESS
    activity: ActivityId | None = Field(
        default=None, description="of which activity, where there are several"
    )
    method: Method | None
    facilitator: StaffId | None
    co_facilitator: StaffId | None
    advanced_practitioner: bool
    people: tuple[PersonReady, ...]


class ClosureToSignOff(Model):
    """A closure that waits for a sign-off."""

    subject: Literal[SignOffSubject.CLOSURE] = SignOffSubject.CLOSURE
    reason: ClosureReason | None
    note: Note = None


ToSignOff = Annotated[RiskToSignOff | ReadinessToSignOff | ClosureToSignOff, Field(discriminator="subject")]


class SignOffToGive(WaitingSignOff):
    """What waits for a supervisor, with what they are to judge."""

    concerns: ToSignOff | None = Field(
        default=None, description="what is to be signed off; only for who may sign it off"
    )


async def waiting_sign_offs(
    session: Session, *, area: Area | None = None, everybodys: bool = False, limit: int = 50
) -> Listed[SignOffToGive]:
    """What waits for a sign-off, oldest first, in the person's areas; with what is to be signed off, for who may.

    Args:
        everybodys: also what this person may not sign off, without what it is about.

    Raises:
        Refused: sign-offs are not theirs to give, or not theirs to see.
    """
    member = session.member
    areas = areas_to_see(member, What.CASELOAD, area)
    may = member.role in SUPERVISORS
    if not may and not everybodys:
        raise Refused(
            "not_your_role",
            "Sign-offs are given by supervisors and service managers; --all lists what waits.",
            "as",
        )
    pool = session.referrals.pool.within(areas)
    waiting = await supervision.waiting_sign_offs(pool, areas=areas, limit=limit + 1 if everybodys else None)
    listed = first(waiting, limit)
    theirs: Sequence[WaitingSignOff] = ()
    if may:
        theirs = await supervision.for_them_to_sign_off(
            *(pool, session.referrals.keys, member, listed.items if everybodys else waiting),
            limit=limit if everybodys else limit + 1,
            at=datetime.now(UTC),
        )
    if not everybodys:
        listed = first(theirs, limit)
    mine = {(each.reference, each.about) for each in theirs}
    items = [
        SignOffToGive(
            **each.model_dump(),
            concerns=await _to_sign_off(session, each) if (each.reference, each.about) in mine else None,
        )
        for each in listed.items
    ]
    return Listed(items=tuple(items), more=listed.more)


async def _to_sign_off(session: Session, waiting: WaitingSignOff) -> ToSignOff | None:
    """What a person is to judge, by the log; None where it was erased or settled meanwhile."""
    pool = session.referrals.pool.within([waiting.area])
    try:
        key = await session.referrals.keys.get(waiting.reference)
    except KeyErased:
        return None
    if to_sign_off(await event_log.read(pool, waiting.reference), waiting.subject, waiting.activity) is None:
        return None
    await require_access(session, What.PEOPLE, waiting.reference, DataKind.SIGN_OFF)
    return to_sign_off(
        await event_log.read(pool, waiting.reference, key=key), waiting.subject, waiting.activity
    )


def to_sign_off(
    history: Sequence[Recorded], subject: SignOffSubject, activity: str | None = None
) -> ToSignOff | None:
    """What is to be signed off, by a referral's whole log; None where this does not wait for a sign-off.

    Args:
        history: with what is sealed; where that is left out, so are the words of those who assessed.
        activity: whose readiness; None: that of the first.
    """
    referral = fold(history)
    about = SignOffRequest.about_of(subject, activity)
    request = next((each for each in referral.sign_off_requests if each.about == about), None)
    if request is None:
        return None
    standing = standing_events(history)
    match subject:
        case SignOffSubject.RISK_ASSESSMENT:
            assessed = {each.about: each for each in standing if isinstance(each, RiskAssessed)}
            verdicts = [each for each in standing if isinstance(each, RiskVerdictGiven)]
            return RiskToSignOff(
                verdict=referral.risk.verdict,
                missing=verdicts[-1].missing if verdicts else None,
                # The state knows which of them belong to this round.
                assessed=tuple(
                    facts.RiskFactors(about=each.about, factors=assessed[each.about].factors)
                    for each in referral.risk.assessments
                ),
                sensitive=referral.sensitive,
                gaps=tuple(gaps(referral)),
            )
        case SignOffSubject.READINESS:
            return _readiness(referral, activity_of(referral, request.activity))
        case SignOffSubject.CLOSURE:
            asked = [
                each for each in standing if isinstance(each, SignOffRequested) and each.subject is subject
            ]
            return ClosureToSignOff(reason=request.closure_reason, note=asked[-1].note if asked else None)


def standing_events(history: Sequence[Recorded]) -> list[Event]:
    """The events of a log whose steps were not taken back."""
    taken_back = {each.event.corrects for each in history if isinstance(each.event, StepCorrected)}
    return [each.event for each in history if each.step not in taken_back]


def _readiness(referral: Referral, activity: Activity) -> ReadinessToSignOff:
    facilitator, co_facilitator, advanced_practitioner = facilitators_of(referral, activity)
    return ReadinessToSignOff(
        activity=activity.id if several(referral) else None,
        method=activity.method,
        facilitator=facilitator,
        co_facilitator=co_facilitator,
        advanced_practitioner=advanced_practitioner,
        people=tuple(
            PersonReady(
                participant=person.id,
                role=person.role,
                prepared_on=activity.part(person.id).prepared_on,
                confirmations=person.confirmations,
            )
            for person in people_of(referral, activity)
        ),
    )
