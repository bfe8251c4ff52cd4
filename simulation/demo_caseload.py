"""A small register of staff and a caseload with a referral in every stage, to look at and to try things on.

Everybody in it is invented. It is entered by the same commands that people use, one after the other, so its log is
written like any other. Telephone numbers are of the range kept free for drama, addresses of example.org.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid5

from lifecycle.timing.working_time import at_day_start, shift_working_days
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.commands import Command, OpenReferral
from schemas.facts import AgreementItem, FactorAssessment, NewParticipant
from schemas.people import ContactSafety, Person, Role, Staff
from schemas.vocabulary import (
    Agency,
    Channel,
    ConsentForm,
    ContactOutcome,
    Interest,
    Level,
    Method,
    ParticipantRole,
    Purpose,
    RiskFactor,
    SignOffSubject,
    Verdict,
)
from simulation.staffing import enter_missing
from simulation.year.people import everybody_invented
from stores import staff
from stores.logs import event_log

DURHAM, KENT = (Area.DURHAM,), (Area.KENT,)
BOTH = (*DURHAM, *KENT)

DEFAULT_AREA = Area.DURHAM
"""Of who asks on the public pages to be called and does not know theirs."""

STAFF = (
    Staff(id="cw-1", role=Role.CASEWORKER, areas=DURHAM, name="Cass Invented", email="cw-1@example.org"),
    Staff(id="cw-2", role=Role.CASEWORKER, areas=KENT, name="Cole Invented", email="cw-2@example.org"),
    Staff(
        id="fa-1",
        role=Role.FACILITATOR,
        areas=BOTH,
        name="Faye Invented",
        email="fa-1@example.org",
        advanced_practitioner=True,
    ),
    Staff(id="fa-2", role=Role.FACILITATOR, areas=BOTH, name="Finn Invented"),
    # Two, for nobody signs off their own work.
    Staff(id="su-1", role=Role.SUPERVISOR, areas=BOTH, name="Sue Invented", email="su-1@example.org"),
    Staff(id="su-2", role=Role.SUPERVISOR, areas=BOTH, name="Saul Invented", email="su-2@example.org"),
    Staff(id="sm-1", role=Role.SERVICE_MANAGER, areas=BOTH, name="Mara Invented", email="sm-1@example.org"),
    Staff(id="pa-1", role=Role.PARTNER, areas=BOTH, name="Pat Invented"),
    Staff(id="co-1", role=Role.COMMISSIONER, areas=BOTH, name="Connie Invented"),
    Staff(id="au-1", role=Role.AUDITOR, areas=BOTH, name="Audrey Invented"),
)

Step: TypeAlias = tuple[str, Command]
"""Who gives which command."""

# Names the demo's referrals and steps, so that entering them again enters nothing.
_SOURCE = "demo"
_STEPS = UUID("0d5c8f0a-5d0e-4d3e-9a55-8a4a2a7a9c11")
_AT_ONCE = 4
_LONGEST = 100


async def has_staff_of_its_own(referrals: Referrals) -> bool:
    """Whether somebody in the register belongs neither to the demo nor to an invented year.

    Its referrals may be those of real people; the demo's buttons, which ask for no password, must not lead there.
    """
    known = {member.id for member in await staff.list_staff(referrals.pool.nowhere)}
    return bool(known - {member.id for member in (*STAFF, *everybody_invented())})


async def enter_demo(referrals: Referrals) -> str:
    """Enter the demo, or what is missing of it, and return a sentence that says what was entered.

    A service with staff of its own is left alone, because a referral is never deleted from a log. The staff of invented
    years is not counted.

    Raises:
        NotAnswered, TemporalUnreachable: what is missing is entered the next time.
    """
    if await has_staff_of_its_own(referrals):
        return (
            "The demo is left out: this service has staff of its own, and nobody enters it without a password."
            " For a demo, give an empty folder with --data."
        )
    await enter_missing(referrals.pool, referrals.keys, STAFF)
    turns = asyncio.Semaphore(_AT_ONCE)

    async def enter(name: str, story: Story) -> int:
        async with turns:
            return await _enter(referrals, name, story)

    async with asyncio.TaskGroup() as group:
        entered = [group.create_task(enter(name, story)) for name, story in STORIES.items()]
    steps = sum(each.result() for each in entered)
    return f"{len(STAFF)} invented members of staff and {len(STORIES)} referrals; {steps or 'no'} new steps."


async def _enter(referrals: Referrals, name: str, story: Story) -> int:
    """Enter one referral as far as it is missing; how many steps that took."""
    told = story()
    who, form = next(told)
    if not isinstance(form, OpenReferral):
        raise TypeError("a story begins with its opening")
    external_id = f"{_SOURCE}-{name}"
    reference, opened = await referrals.identity_of(form.source, external_id)
    history = await event_log.read(referrals.pool, reference)
    steps = 0
    if not history:
        await referrals.open(form, who, external_id=external_id)
        steps = 1
    ours = [uuid5(_STEPS, f"{opened} {number}") for number in range(_LONGEST)]
    taken = {recorded.command_id for recorded in history if recorded.role is not Role.SYSTEM}
    if taken - {opened, *ours}:
        return 0  # somebody has gone on with it in another way
    for command_id, (who, command) in zip(ours, told, strict=False):
        if command_id not in taken:
            await referrals.take(reference, command, who, command_id=command_id)
            steps += 1
    return steps


# A story yields its steps one at a time, each made when the one before stands in the log: some tell the time.
Story: TypeAlias = Callable[[], Iterator[Step]]


def _form(harmed: str, responsible: str, number: int, **case: object) -> OpenReferral:
    """A referral between two invented people."""
    return OpenReferral.model_validate(
        {
            "area": "durham",
            "source": "police",
            "initiator": "agency",
            "offence": "burglary",
            "justice_stage": "post_sentence_community",
            "participants": (
                NewParticipant(
                    id="h1",
                    role=ParticipantRole.HARMED,
                    person=_person(harmed, number),
                    contact_safety=ContactSafety(
                        safe_channels=(Channel.PHONE, Channel.EMAIL), safe_from="09:00", safe_until="17:00"
                    ),
                ),
                NewParticipant(
                    id="r1", role=ParticipantRole.RESPONSIBLE, person=_person(responsible, number + 50)
                ),
            ),
            "sent_by": "PC Invented",
        }
        | case
    )


def _person(name: str, number: int) -> Person:
    return Person(
        name=f"{name} Invented",
        phone=f"01632 9600{number:02}",
        email=f"{name.lower()}@example.org",
        address=f"{number} Nowhere Street, Nowhere, DH1 1AA",
    )


def _today() -> date:
    return datetime.now(LONDON).date()


def _allocated(caseworker: str) -> Iterator[Step]:
    yield caseworker, c.RecordDuplicateCheck()
    yield "su-1", c.Allocate(caseworker=caseworker)


def _informed(who: str, participant: str) -> Iterator[Step]:
    yield (
        who,
        c.RecordContactAttempt(
            participant=participant, channel=Channel.PHONE, outcome=ContactOutcome.REACHED
        ),
    )
    yield (
        who,
        c.RecordInformationGiven(participant=participant, channel=Channel.PHONE, legal_advice_offered=True),
    )


def _consent(who: str, participant: str, *purposes: Purpose) -> Iterator[Step]:
    for purpose in purposes:
        agencies = (Agency.PROBATION,) if purpose is Purpose.SHARE_RISK_INFORMATION else ()
        yield (
            who,
            c.GiveConsent(
                participant=participant,
                purpose=purpose,
                form_version="2026.1",
                given_on=_today(),
                form=ConsentForm.WRITTEN,
                agencies=agencies,
            ),
        )


def _to_risk_assessment(who: str) -> Iterator[Step]:
    yield from _allocated(who)
    yield from _informed(who, "h1")
    yield who, c.RecordInterest(participant="h1", interest=Interest.INTERESTED)
    yield from _consent(who, "h1", Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    yield who, c.BeginRiskAssessment()


def _assessed(who: str, verdict: Verdict) -> Iterator[Step]:
    low = tuple(FactorAssessment(factor=factor, level=Level.LOW) for factor in RiskFactor)
    yield who, c.RecordRiskAssessment(about="h1", factors=low)
    yield who, c.RecordRiskAssessment(factors=low)
    yield who, c.RecordRiskVerdict(verdict=verdict)


def _to_preparation(who: str, verdict: Verdict) -> Iterator[Step]:
    yield from _to_risk_assessment(who)
    yield from _assessed(who, verdict)
    yield from _informed(who, "r1")
    yield who, c.RecordAcknowledgement(participant="r1", acknowledges=True)
    yield from _consent(who, "r1", Purpose.TAKE_PART)
    yield who, c.BeginPreparation()


def _prepared(who: str, method: Method) -> Iterator[Step]:
    yield who, c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2", advanced_practitioner=True)
    yield who, c.ChooseMethod(method=method)
    for participant in ("h1", "r1"):
        yield from _consent(who, participant, method.purpose)
        yield (
            "fa-1",
            c.RecordPreparationMeeting(participant=participant, held_on=_today(), channel=Channel.IN_PERSON),
        )


def _just_received() -> Iterator[Step]:
    yield "pa-1", _form("Ada", "Alf", 1, summary="Invented: a shed was broken into.")


def _asked_for_by_the_harmed_person() -> Iterator[Step]:
    yield (
        "cw-2",
        _form("Bea", "Bob", 2, area="kent", source="self", initiator="harmed_person", offence="robbery"),
    )


def _not_reached_yet() -> Iterator[Step]:
    yield "pa-1", _form("Cora", "Carl", 3, offence="criminal_damage")
    yield from _allocated("cw-1")
    yield (
        "cw-1",
        c.RecordContactAttempt(
            participant="h1", channel=Channel.PHONE, outcome=ContactOutcome.NO_ANSWER, note="Rang twice."
        ),
    )


def _thinks_it_over() -> Iterator[Step]:
    yield "pa-1", _form("Dora", "Dan", 4, area="kent", offence="theft")
    yield from _allocated("cw-2")
    yield from _informed("cw-2", "h1")
    yield "cw-2", c.RecordInterest(participant="h1", interest=Interest.UNDECIDED)


def _too_late_for_the_hearing() -> Iterator[Step]:
    # Nothing here is older than the demo; a hearing is due as its day begins, so that one of today is overdue.
    hearing = _today()
    yield (
        "pa-1",
        _form("Edie", "Ed", 5, source="court", justice_stage="pre_sentence", court_date=hearing),
    )
    yield from _allocated("cw-1")


def _on_hold() -> Iterator[Step]:
    yield "pa-1", _form("Fay", "Fred", 6, area="kent", offence="fraud")
    yield from _allocated("cw-2")
    yield from _informed("cw-2", "h1")
    review = shift_working_days(_today(), 15)
    yield "cw-2", c.Hold(review_on=review, reason="In hospital; asked to be rung next month.")


def _safeguarding() -> Iterator[Step]:
    yield "pa-1", _form("Gwen", "Gus", 7, offence="violence")
    yield from _to_risk_assessment("cw-1")
    yield "cw-1", c.RaiseSafeguarding(note="Somebody waits for her outside her work. All invented.")


def _waits_for_a_sign_off() -> Iterator[Step]:
    yield "pa-1", _form("Hana", "Hal", 8, offence="public_order", sensitive_categories=("hate_crime",))
    yield from _to_risk_assessment("cw-1")
    yield from _assessed("cw-1", Verdict.PROCEED_DIRECT)


def _asks_the_person_responsible() -> Iterator[Step]:
    yield "pa-1", _form("Iris", "Ivan", 9, area="kent", offence="theft")
    yield from _to_risk_assessment("cw-2")
    yield from _assessed("cw-2", Verdict.PROCEED_INDIRECT)
    yield from _informed("cw-2", "r1")


def _in_preparation() -> Iterator[Step]:
    yield "pa-1", _form("June", "Jack", 10, offence="violence")
    yield from _to_preparation("cw-1", Verdict.PROCEED_DIRECT)
    yield from _prepared("cw-1", Method.FACE_TO_FACE)


def _meeting_booked() -> Iterator[Step]:
    yield "pa-1", _form("Kate", "Ken", 11, area="kent", offence="death_or_injury_by_driving")
    yield from _to_preparation("cw-2", Verdict.PROCEED_DIRECT)
    yield from _prepared("cw-2", Method.FACE_TO_FACE)
    yield "cw-2", c.RequestReadinessSignOff()
    yield "su-2", c.DecideSignOff(subject=SignOffSubject.READINESS, approved=True)
    yield (
        "fa-1",
        c.BookActivity(
            starts_at=at_day_start(shift_working_days(_today(), 3)) + timedelta(hours=1),
            attending=("h1", "r1"),
            venue="Nowhere Village Hall",
        ),
    )


def _letter_handed_over() -> Iterator[Step]:
    yield "pa-1", _form("Lily", "Leo", 12)
    yield from _to_preparation("cw-1", Verdict.PROCEED_INDIRECT)
    yield from _prepared("cw-1", Method.LETTER)
    yield "fa-1", c.ReconfirmRisk()
    yield "fa-1", c.BookActivity(starts_at=datetime.now(UTC), attending=("h1", "r1"))
    yield "fa-1", c.RecordActivityHeld(note="The letter was read together.")
    for participant in ("h1", "r1"):
        yield from _consent("fa-1", participant, Purpose.OUTCOME_AGREEMENT)
    item = AgreementItem(
        id="i1", by="r1", due_on=shift_working_days(_today(), 20), text="Mend the fence. All invented."
    )
    yield "fa-1", c.RecordAgreement(items=(item,))


def _declined() -> Iterator[Step]:
    yield "pa-1", _form("Maud", "Max", 13, offence="theft")
    yield from _allocated("cw-1")
    yield from _informed("cw-1", "h1")
    yield "cw-1", c.RecordInterest(participant="h1", interest=Interest.DECLINED)


STORIES: dict[str, Story] = {
    story.__name__.removeprefix("_").replace("_", "-"): story
    for story in (
        _just_received,
        _asked_for_by_the_harmed_person,
        _not_reached_yet,
        _thinks_it_over,
        _too_late_for_the_hearing,
        _on_hold,
        _safeguarding,
        _waits_for_a_sign_off,
        _asks_the_person_responsible,
        _in_preparation,
        _meeting_booked,
        _letter_handed_over,
        _declined,
    )
}
