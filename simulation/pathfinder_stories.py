"""What happens to each referral of the synthesised pathfinder: its commands, from the opening to its end.

Everybody is invented. Where the published figures are silent, the story is what the rules and the field would have: the
court hears of an interested person before sentence, the plea comes first, the judge adjourns so that the work can be
done, and all the rest is done within that time. Why referrals stopped was not published; the reasons are spread so
that every way of stopping is met.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.commands import Command
from schemas.facts import AgreementItem, FactorAssessment, NewParticipant
from schemas.people import ContactSafety, Person, Role, Staff
from schemas.vocabulary import (
    AgeBand,
    Agency,
    Channel,
    ClosureReason,
    ConsentForm,
    ContactOutcome,
    EndReason,
    FollowUpContact,
    Gender,
    Initiator,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Method,
    Offence,
    ParticipantRole,
    Plea,
    Purpose,
    RiskFactor,
    SignOffSubject,
    Source,
    Verdict,
)

AREA = Area.GREATER_MANCHESTER
SOURCE = Source.COURT

COURT, FACILITATOR, SUPERVISOR = "pf-pa-1", "pf-fa-1", "pf-su-1"
_CASEWORKERS = ("pf-cw-1", "pf-cw-2", "pf-cw-3", "pf-cw-4")

STAFF = (
    Staff(id=COURT, role=Role.PARTNER, areas=(AREA,), name="Crown Court Invented"),
    *(Staff(id=each, role=Role.CASEWORKER, areas=(AREA,), name="Invented") for each in _CASEWORKERS),
    Staff(id=FACILITATOR, role=Role.FACILITATOR, areas=(AREA,), name="Invented", advanced_practitioner=True),
    Staff(id=SUPERVISOR, role=Role.SUPERVISOR, areas=(AREA,), name="Invented"),
    Staff(id="pf-sm-1", role=Role.SERVICE_MANAGER, areas=(AREA,), name="Invented"),
)

H, R = "h1", "r1"

Step: TypeAlias = tuple[str, Command]
"""Who gives which command."""


class Fate(StrEnum):
    """How a referral ends: the row of the published figures that it does not reach, or the activity that is held."""

    NOT_CONTACTED = "not_contacted"
    NOT_INTERESTED = "not_interested"
    NO_GUILTY_PLEA = "no_guilty_plea"
    NOT_ADJOURNED = "not_adjourned"
    STOPPED = "stopped"
    OTHER_ACTIVITY = "other_activity"
    CONFERENCE = "conference"


@dataclass(frozen=True)
class Case:
    """One synthesised referral."""

    number: int
    seed: int
    fate: Fate

    @property
    def external_id(self) -> str:
        """Its id in the synthesis. Another seed makes other cases, which must not be taken for these."""
        return f"pathfinder/{self.seed}/{self.number}"

    @property
    def caseworker(self) -> str:
        """Who has it."""
        return _CASEWORKERS[self.number % len(_CASEWORKERS)]

    @cached_property
    def chance(self) -> random.Random:
        """What differs from case to case, the same whenever the case is told."""
        return random.Random(self.external_id)  # noqa: S311 - a synthesis that can be repeated, not a secret


def story(case: Case) -> Iterator[Step]:
    """The case's steps, each made when the one before it stands in the log: some tell the time."""
    case = replace(case)  # its chances from the beginning, however often it is told
    yield COURT, _form(case)
    yield case.caseworker, c.RecordDuplicateCheck()
    yield case.caseworker, c.Allocate(caseworker=case.caseworker)
    match case.fate:
        case Fate.NOT_CONTACTED:
            yield from _never_reached(case)
        case Fate.NOT_INTERESTED:
            yield from _says_no(case)
        case _:
            yield from _interested(case)
            yield from _before_the_court(case)


def _never_reached(case: Case) -> Iterator[Step]:
    for channel in (Channel.PHONE, case.chance.choice((Channel.PHONE, Channel.TEXT)), Channel.EMAIL):
        outcome = ContactOutcome.NO_ANSWER if channel is Channel.PHONE else ContactOutcome.MESSAGE_SENT
        yield case.caseworker, c.RecordContactAttempt(participant=H, channel=channel, outcome=outcome)
    yield from _closed_with_sign_off(case, ClosureReason.HARMED_NOT_CONTACTABLE)


def _reached(case: Case, who: str) -> Iterator[Step]:
    if case.chance.random() < 0.4:
        yield (
            case.caseworker,
            c.RecordContactAttempt(participant=who, channel=Channel.PHONE, outcome=ContactOutcome.NO_ANSWER),
        )
    yield (
        case.caseworker,
        c.RecordContactAttempt(participant=who, channel=Channel.PHONE, outcome=ContactOutcome.REACHED),
    )


def _informed(case: Case, who: str) -> Iterator[Step]:
    yield from _reached(case, who)
    yield (
        case.caseworker,
        c.RecordInformationGiven(
            participant=who, channel=Channel.PHONE, interpreter_offered=True, legal_advice_offered=True
        ),
    )


def _says(case: Case, who: str, interest: Interest) -> Step:
    return case.caseworker, c.RecordInterest(participant=who, interest=interest)


def _says_no(case: Case) -> Iterator[Step]:
    if case.chance.random() < 0.2:
        # They want to hear nothing of it.
        yield from _reached(case, H)
    else:
        yield from _informed(case, H)
        if case.chance.random() < 0.3:
            yield _says(case, H, Interest.UNDECIDED)
    yield _says(case, H, Interest.DECLINED)


def _interested(case: Case) -> Iterator[Step]:
    yield from _informed(case, H)
    if case.chance.random() < 0.3:
        yield _says(case, H, Interest.UNDECIDED)
    yield _says(case, H, Interest.INTERESTED)
    yield _consents(case, H, Purpose.TAKE_PART)
    yield _consents(case, H, Purpose.SHARE_RISK_INFORMATION)


def _before_the_court(case: Case) -> Iterator[Step]:
    if case.fate is Fate.NO_GUILTY_PLEA:
        match case.chance.choices(("not_guilty", "withdrew", "denies"), (8, 1, 1))[0]:
            case "not_guilty":
                yield case.caseworker, c.RecordCourtNews(plea=Plea.NOT_GUILTY)
                yield (
                    case.caseworker,
                    c.EndParticipation(participant=R, reason=EndReason.NOT_GUILTY_PLEA),
                )
            case "withdrew":
                yield case.caseworker, c.Withdraw(participant=H)
            case _:
                yield case.caseworker, c.RecordAcknowledgement(participant=R, acknowledges=False)
        return
    yield case.caseworker, c.RecordCourtNews(plea=Plea.GUILTY)
    if case.fate is Fate.NOT_ADJOURNED:
        yield case.caseworker, c.RecordCourtNews(adjourned=False)
        yield case.caseworker, c.Close(reason=ClosureReason.COURT_NO_ADJOURNMENT)
        return
    yield case.caseworker, c.RecordCourtNews(adjourned=True, court_date=_today() + timedelta(weeks=8))
    yield from _within_the_adjournment(case)


def _within_the_adjournment(case: Case) -> Iterator[Step]:
    stops = case.fate is Fate.STOPPED and case.chance.choice(
        ("unsafe", "denies", "declines", "harmed_withdraws", "responsible_withdraws", "no_time")
    )
    yield case.caseworker, c.BeginRiskAssessment()
    if stops == "unsafe":
        yield from _assessed(case, Verdict.UNSAFE)
        yield from _closed_with_sign_off(case, ClosureReason.RISK_UNSAFE)
        return
    method = _method(case)
    verdict = Verdict.PROCEED_DIRECT if method.direct else Verdict.PROCEED_INDIRECT
    yield from _assessed(case, verdict)
    yield from _informed(case, R)
    if stops == "declines":
        yield _says(case, R, Interest.DECLINED)
        return
    yield _says(case, R, Interest.INTERESTED)
    yield case.caseworker, c.RecordAcknowledgement(participant=R, acknowledges=stops != "denies")
    if stops == "denies":
        return
    yield _consents(case, R, Purpose.TAKE_PART)
    yield case.caseworker, c.BeginPreparation()
    yield FACILITATOR, c.AssignFacilitators(facilitator=FACILITATOR)
    yield FACILITATOR, c.ChooseMethod(method=method)
    match stops:
        case "harmed_withdraws":
            yield case.caseworker, c.Withdraw(participant=H)
        case "responsible_withdraws":
            yield case.caseworker, c.Withdraw(participant=R)
        case "no_time":
            yield case.caseworker, c.Close(reason=ClosureReason.COURT_TIME_RAN_OUT)
        case _:
            yield from _held(case, method)


def _assessed(case: Case, verdict: Verdict) -> Iterator[Step]:
    levels = dict.fromkeys(RiskFactor, Level.LOW)
    levels[case.chance.choice(tuple(RiskFactor))] = Level.MEDIUM
    high = verdict is Verdict.UNSAFE or case.chance.random() < 0.3
    if high:
        levels[RiskFactor.THREATS] = Level.HIGH
    factors = tuple(FactorAssessment(factor=factor, level=level) for factor, level in levels.items())
    yield case.caseworker, c.RecordRiskAssessment(about=H, factors=factors)
    yield case.caseworker, c.RecordRiskAssessment(factors=factors)
    yield case.caseworker, c.RecordRiskVerdict(verdict=verdict)
    if high and verdict.proceeds:
        yield SUPERVISOR, c.DecideSignOff(subject=SignOffSubject.RISK_ASSESSMENT, approved=True)


def _held(case: Case, method: Method) -> Iterator[Step]:
    for who in (H, R):
        yield _consents(case, who, method.purpose)
        yield (
            FACILITATOR,
            c.RecordPreparationMeeting(participant=who, held_on=_today(), channel=Channel.IN_PERSON),
        )
    if method.direct:
        yield FACILITATOR, c.RequestReadinessSignOff()
        yield SUPERVISOR, c.DecideSignOff(subject=SignOffSubject.READINESS, approved=True)
    yield FACILITATOR, c.BookActivity(starts_at=datetime.now(UTC), attending=(H, R))
    yield FACILITATOR, c.RecordActivityHeld()
    agreed = case.chance.random() < 0.7
    if agreed:
        yield from _agreement(case)
    for who in (H, R):
        yield FACILITATOR, c.RecordFollowUp(participant=who, contact=FollowUpContact.CHECK_IN)
    yield case.caseworker, c.RecordSurvey(participant=H, satisfied=True, would_recommend=True, feels="better")
    yield case.caseworker, c.Close(reason=_completed(method, agreed))


def _agreement(case: Case) -> Iterator[Step]:
    for who in (H, R):
        yield _consents(case, who, Purpose.OUTCOME_AGREEMENT)
    ids = ("i1", "i2")[: case.chance.randint(1, 2)]
    due_on = _today() + timedelta(weeks=6)
    items = tuple(AgreementItem(id=each, by=R, due_on=due_on, text="Invented") for each in ids)
    yield FACILITATOR, c.RecordAgreement(items=items)
    for each in ids:
        kept = case.chance.random() < 0.8
        outcome = ItemOutcome.COMPLETED if kept else ItemOutcome.NOT_COMPLETED
        yield (
            case.caseworker,
            c.SettleAgreementItem(item=each, outcome=outcome, harmed_person_told=True),
        )


def _closed_with_sign_off(case: Case, reason: ClosureReason) -> Iterator[Step]:
    yield case.caseworker, c.Close(reason=reason)
    yield SUPERVISOR, c.DecideSignOff(subject=SignOffSubject.CLOSURE, approved=True)


def _consents(case: Case, who: str, purpose: Purpose) -> Step:
    agencies = (Agency.COURT, Agency.PROBATION) if purpose is Purpose.SHARE_RISK_INFORMATION else ()
    return case.caseworker, c.GiveConsent(
        participant=who,
        purpose=purpose,
        form_version="2026.1",
        given_on=_today(),
        form=ConsentForm.WRITTEN,
        agencies=agencies,
    )


def _method(case: Case) -> Method:
    if case.fate is Fate.OTHER_ACTIVITY:
        return case.chance.choice((Method.SHUTTLE, Method.LETTER, Method.RECORDED_MESSAGE))
    return case.chance.choices((Method.FACE_TO_FACE, Method.VIDEO), (9, 1))[0]


def _completed(method: Method, agreed: bool) -> ClosureReason:
    match method.direct, agreed:
        case True, True:
            return ClosureReason.COMPLETED_DIRECT_WITH_AGREEMENT
        case True, False:
            return ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT
        case False, True:
            return ClosureReason.COMPLETED_INDIRECT_WITH_AGREEMENT
        case _:
            return ClosureReason.COMPLETED_INDIRECT_WITHOUT_AGREEMENT


def _form(case: Case) -> c.OpenReferral:
    adults = tuple(age for age in AgeBand if age not in (AgeBand.UNDER_18, AgeBand.UNKNOWN))
    harmed = NewParticipant(
        id=H,
        role=ParticipantRole.HARMED,
        age_band=case.chance.choice(adults),
        gender=case.chance.choice((Gender.FEMALE, Gender.MALE)),
        # The range that is kept free for drama.
        person=Person(name=f"Invented Harmed {case.number}", phone=f"07700 900{case.number % 1000:03}"),
        contact_safety=ContactSafety(
            safe_channels=(Channel.PHONE, Channel.TEXT), safe_from="09:00", safe_until="18:00"
        ),
    )
    responsible = NewParticipant(
        id=R,
        role=ParticipantRole.RESPONSIBLE,
        age_band=case.chance.choice(adults),
        gender=case.chance.choice((Gender.FEMALE, Gender.MALE)),
        person=Person(name=f"Invented Responsible {case.number}"),
    )
    return c.OpenReferral(
        area=AREA,
        source=SOURCE,
        initiator=Initiator.AGENCY,
        offence=case.chance.choice((Offence.BURGLARY, Offence.ROBBERY, Offence.VIOLENCE)),
        justice_stage=JusticeStage.PRE_SENTENCE,
        court_date=_today() + timedelta(weeks=6),
        participants=(harmed, responsible),
        summary="Synthesised from the published figures of the pre-sentence pathfinder.",
        sent_by="Invented",
    )


def _today() -> date:
    return datetime.now(LONDON).date()
