"""One thing to be signed off, with all that is to be judged, who made it, and whether who asks may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from casework.access import What, require_access
from casework.referral.risk_rounds import Assessed, rounds_of
from casework.referral.timeline import names_in
from casework.session import Session
from casework.team.overview import may_decide, request_of, working_days_since
from casework.team.sign_offs import RiskToSignOff, ToSignOff, to_sign_off
from casework.words import people_of
from casework.words.names import short_names
from casework.words.risk_factors import GROUPS
from lifecycle import Refused, deadlines, fold
from lifecycle.case.oversight import authors
from lifecycle.notifying.team import answering, may_not_sign_off
from lifecycle.rules import SUPERVISORS
from schemas import facts
from schemas.access import DataKind
from schemas.areas import Area
from schemas.base import ActivityId, Model, Note, ParticipantId
from schemas.events import Recorded
from schemas.people import StaffId
from schemas.policy import DeadlineName, Rung
from schemas.privacy import Special
from schemas.referral import Referral, SignOffRequest
from schemas.vocabulary import Level, RiskFactor, SignOffSubject, Stage
from stores import staff
from stores.logs import event_log

__all__ = ["FactorToJudge", "PersonAssessed", "SignOffSheet", "sign_off_sheet"]

_NAMES = {factor: name for group in GROUPS.values() for factor, name in group.items()}
_ORDER = (Level.HIGH, Level.UNKNOWN, Level.MEDIUM, Level.LOW)


class FactorToJudge(Model):
    """A factor of a risk assessment, beside what the former round said.

    Attributes:
        name: as people call it.
        was: its level in the former round; None where that did not assess it.
        changed: whether there was a former round of this person, and it said otherwise.
    """

    factor: Annotated[RiskFactor, Special]
    name: Annotated[str, Special]
    level: Annotated[Level, Special]
    was: Annotated[Level | None, Special] = None
    changed: bool = False
    evidence: Note = None
    mitigation: Note = None


class PersonAssessed(Model):
    """The assessment of one person, or of the pair: what is high first, then what nobody knows.

    Attributes:
        about: whose; None: of the pair.
        anew: whether there was a former round.
    """

    about: ParticipantId | None
    anew: bool
    factors: Annotated[tuple[FactorToJudge, ...], Special]

    def count(self, level: Level) -> int:
        """How many factors have this level."""
        return sum(each.level == level for each in self.factors)


class SignOffSheet(Model):
    """What is to be signed off, as a supervisor reads it.

    Attributes:
        waits: since how many working days.
        due_at: by when it is to be decided; None while a hold stops its clock.
        authors: who made it, and so may not sign it off.
        may_decide: whether who asks may.
        others: who else may, where who asks may not.
        concerns: what is to be judged.
        assessed: of a risk assessment, by person, with what changed.
        not_assessed: of a risk assessment, the factors that nobody's knows and the people without one, in words.
        people: how the people of the referral are called.
        colleagues: the names of the area's staff, by id.
    """

    reference: str
    area: Area
    stage: Stage
    on_hold: bool
    safeguarding: bool
    subject: SignOffSubject
    activity: ActivityId | None
    requested_by: StaffId
    requested_at: AwareDatetime
    waits: int
    due_at: AwareDatetime | None
    authors: tuple[StaffId, ...]
    may_decide: bool
    others: tuple[StaffId, ...]
    concerns: ToSignOff = Field(repr=False)
    assessed: tuple[PersonAssessed, ...] = Field(repr=False)
    not_assessed: Annotated[tuple[str, ...], Special] = Field(default=(), repr=False)
    called: dict[ParticipantId, str] = Field(repr=False)
    colleagues: dict[StaffId, str] = Field(repr=False)


async def sign_off_sheet(
    session: Session,
    reference: str,
    subject: SignOffSubject,
    activity: str | None = None,
    *,
    names: bool = True,
) -> SignOffSheet:
    """What waits for a sign-off on a referral, with all that is to be judged. The look is recorded.

    Args:
        activity: whose readiness; None: that of the first.
        names: whether people are to be called by their names.

    Raises:
        Refused: it is not theirs to see, or does not wait for a sign-off any more.
        KeyErased: the referral was erased.
    """
    if session.member.role not in SUPERVISORS:
        raise Refused("not_your_role", "Sign-offs are given by supervisors and service managers.", "as")
    await require_access(session, What.CASELOAD, reference)
    pool, about = session.referrals.pool, SignOffRequest.about_of(subject, activity)
    # Where nothing waits nothing is shown, so no look is recorded.
    if to_sign_off(await event_log.read(pool, reference), subject, activity) is None:
        raise Refused(
            "nothing_to_sign_off",
            f"This does not wait for a sign-off any more on {reference}: somebody decided it, or took it back.",
        )
    key = await session.referrals.keys.get(reference)
    await require_access(session, What.PEOPLE, reference, DataKind.SIGN_OFF)
    history = await event_log.read(pool, reference, key=key)
    referral = fold(history)
    concerns, request = to_sign_off(history, subject, activity), request_of(referral, about)
    if concerns is None or request is None:
        raise Refused("nothing_to_sign_off", f"This was decided on {reference} a moment ago.")
    team = {each.id: each for each in await staff.team(pool, referral.area)}
    now = datetime.now(UTC)
    may = may_decide(session.member, referral, request, now)
    barred = may_not_sign_off(referral, about, team) | {session.member.id}
    called = _called(history, names=names)
    return SignOffSheet(
        reference=reference,
        area=referral.area,
        stage=referral.stage,
        on_hold=referral.hold is not None,
        safeguarding=referral.safeguarding is not None,
        subject=subject,
        activity=request.activity,
        requested_by=request.requested_by,
        requested_at=request.requested_at,
        waits=working_days_since(request.requested_at, now, referral),
        due_at=_due_at(referral, about),
        authors=tuple(sorted(authors(referral, request))),
        may_decide=may,
        others=() if may else tuple(answering(Rung.SUPERVISOR, team, now, without=barred)),
        concerns=concerns,
        assessed=_assessed(concerns, history),
        not_assessed=_not_assessed(concerns, called),
        called=called,
        colleagues={each.id: each.name or each.id for each in team.values()},
    )


def _due_at(referral: Referral, about: str) -> datetime | None:
    key = f"{DeadlineName.SIGN_OFF}/{about}"
    return next((each.due_at for each in deadlines(referral) if each.key == key), None)


def _called(history: Sequence[Recorded], *, names: bool) -> dict[str, str]:
    people = people_of(history)
    short = short_names(names_in(history)) if names else {}
    return {each: f"{short.get(each, each)}, {people.side_of(each)}" for each in people.roles}


def _assessed(concerns: ToSignOff, history: Sequence[Recorded]) -> tuple[PersonAssessed, ...]:
    if not isinstance(concerns, RiskToSignOff):
        return ()
    return tuple(_person(each, rounds_of(history, each.about).former) for each in concerns.assessed)


def _not_assessed(concerns: ToSignOff, called: Mapping[str, str]) -> tuple[str, ...]:
    if not isinstance(concerns, RiskToSignOff):
        return ()
    factors = {str(factor): name[:1].lower() + name[1:] for factor, name in _NAMES.items()}
    return tuple(called.get(each) or factors.get(each, each) for each in concerns.gaps)


def _person(assessed: facts.RiskFactors, former: Assessed | None) -> PersonAssessed:
    was = {each.factor: each.level for each in former.factors} if former is not None else {}
    factors = [
        FactorToJudge(
            factor=each.factor,
            name=_NAMES[each.factor],
            level=each.level,
            was=was.get(each.factor),
            changed=former is not None and was.get(each.factor) is not each.level,
            evidence=each.evidence,
            mitigation=each.mitigation,
        )
        for each in assessed.factors
    ]
    places = list(_NAMES)
    factors.sort(key=lambda each: (_ORDER.index(each.level), places.index(each.factor)))
    return PersonAssessed(about=assessed.about, anew=former is not None, factors=tuple(factors))
