"""The people and the ways through a referral that the tests of the rules share. Everybody here is invented."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import pytest

from lifecycle import (
    Refused,
    accept,
    adopt,
    called_off,
    cleared,
    correct,
    deadlines,
    decide,
    evolve,
    open_referral,
    permitted,
)
from lifecycle.activities.state import activity_of
from lifecycle.case.transfer import offer_lapsed
from policies.files import load_policies
from schemas import commands as c
from schemas.activity import Activity
from schemas.areas import Area
from schemas.commands import Command
from schemas.events import Event, Recorded
from schemas.facts import FactorAssessment, NewParticipant
from schemas.people import Actor, ContactSafety, Person, Role
from schemas.policy import Policy
from schemas.referral import Deadline, Referral
from schemas.vocabulary import (
    AgeBand,
    Channel,
    ConsentForm,
    ContactOutcome,
    Initiator,
    Interest,
    JusticeStage,
    Level,
    Method,
    Offence,
    ParticipantRole,
    Purpose,
    RiskFactor,
    Source,
    Stage,
    Verdict,
)

POLICY = load_policies().base
# What the service has settled since.
NEWER_POLICY = POLICY.model_copy(update={"version": "newer", "risk_confirmation_valid": "4wd"})
REFERENCE = "RJ-7KQ4-M2X1"

HOME, ELSEWHERE = Area.KENT, Area.CUMBRIA
CASEWORKER = Actor(id="cw-1", role=Role.CASEWORKER, area=HOME)
FACILITATOR = Actor(id="fa-1", role=Role.FACILITATOR, area=HOME)
SUPERVISOR = Actor(id="sv-1", role=Role.SUPERVISOR, area=HOME)
OTHER_SUPERVISOR = Actor(id="sv-2", role=Role.SUPERVISOR, area=HOME)
SERVICE_MANAGER = Actor(id="sm-1", role=Role.SERVICE_MANAGER, area=HOME)
PARTNER = Actor(id="pa-1", role=Role.PARTNER, area=HOME)
COMMISSIONER = Actor(id="pcc-1", role=Role.COMMISSIONER, area=HOME)
CLOCK = Actor(id="clock", role=Role.SYSTEM, area=HOME)
STRANGER = Actor(id="sv-9", role=Role.SUPERVISOR, area=ELSEWHERE)
EVERYBODY = (
    CASEWORKER,
    FACILITATOR,
    SUPERVISOR,
    OTHER_SUPERVISOR,
    SERVICE_MANAGER,
    PARTNER,
    COMMISSIONER,
    CLOCK,
    STRANGER,
)

# A Monday morning in winter, when London and UTC agree.
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
WHY = "a reason in a test"

_ROLES = {
    "h": ParticipantRole.HARMED,
    "r": ParticipantRole.RESPONSIBLE,
    "s": ParticipantRole.SUPPORTER,
    "g": ParticipantRole.GUARDIAN,
    "i": ParticipantRole.INTERPRETER,
    "a": ParticipantRole.APPROPRIATE_ADULT,
}


def person(participant_id: str, **known: Any) -> NewParticipant:
    """A participant whose role is told by the id: h1, r1, s1, g1."""
    told: dict[str, Any] = {
        "id": participant_id,
        "role": _ROLES[participant_id[0]],
        "age_band": AgeBand.FROM_25_TO_34,
        "person": Person(
            name=f"Invented {participant_id.upper()}",
            phone="07700 900100",
            email="invented@example.org",
            address="1 Nowhere Street, DH1 1AA",
        ),
        "contact_safety": ContactSafety(safe_channels=(Channel.PHONE,)),
    }
    return NewParticipant(**told | known)


CHILD = person("h1", age_band=AgeBand.UNDER_18)
GUARDIAN = person("g1", accompanies="h1")


def opening(*people: NewParticipant, **known: Any) -> c.OpenReferral:
    """A plain burglary after sentence: one person harmed, one responsible, nothing sensitive."""
    told: dict[str, Any] = {
        "area": HOME,
        "source": Source.POLICE,
        "initiator": Initiator.HARMED_PERSON,
        "offence": Offence.BURGLARY,
        "justice_stage": JusticeStage.POST_SENTENCE_COMMUNITY,
        "participants": people or (person("h1"), person("r1")),
    }
    return c.OpenReferral(**told | known)


def recorded(
    events: Sequence[Event], sequence: int, actor: Actor, at: datetime, *, step: int | None = None
) -> tuple[Recorded, ...]:
    """The events of one step as they stand in the log, after that many others."""
    return tuple(
        Recorded(
            sequence=sequence + number,
            step=step or sequence + 1,
            at=at,
            actor=actor.id,
            role=actor.role,
            command_id=UUID(int=sequence),
            event=event,
        )
        for number, event in enumerate(events, 1)
    )


def step(referral: Referral, command: Command, actor: Actor, at: datetime) -> Referral:
    """The referral after a command that the log is not needed for."""
    for each in recorded(decide(referral, command, actor, at), referral.sequence, actor, at):
        referral = evolve(referral, each)
    return referral


def consent(participant: str, purpose: Purpose, **more: Any) -> c.GiveConsent:
    """A consent in writing, given on the first day."""
    told: dict[str, Any] = {
        "participant": participant,
        "purpose": purpose,
        "form": ConsentForm.WRITTEN,
        "form_version": "2026.1",
        "given_on": MONDAY.date(),
        "agencies": ("probation",) if purpose is Purpose.SHARE_RISK_INFORMATION else (),
    }
    return c.GiveConsent(**told | more)


def withdrawal(participant: str, purpose: Purpose, by_guardian: str | None = None) -> c.WithdrawConsent:
    return c.WithdrawConsent(participant=participant, purpose=purpose, by_guardian=by_guardian)


def attempt(
    participant: str,
    channel: Channel = Channel.PHONE,
    outcome: ContactOutcome = ContactOutcome.NO_ANSWER,
    **more: Any,
) -> c.RecordContactAttempt:
    return c.RecordContactAttempt(participant=participant, channel=channel, outcome=outcome, **more)


def assessment(about: str | None = None, **levels: Level) -> c.RecordRiskAssessment:
    """All factors low, but for those named."""
    return c.RecordRiskAssessment(
        about=about,
        factors=tuple(
            FactorAssessment(factor=factor, level=levels.get(factor, Level.LOW)) for factor in RiskFactor
        ),
    )


def verdict(verdict: Verdict = Verdict.PROCEED_DIRECT) -> c.RecordRiskVerdict:
    return c.RecordRiskVerdict(verdict=verdict)


def interest(participant: str, interest: Interest = Interest.INTERESTED) -> c.RecordInterest:
    return c.RecordInterest(participant=participant, interest=interest)


def informed(participant: str) -> c.RecordInformationGiven:
    return c.RecordInformationGiven(participant=participant, channel=Channel.PHONE)


def approval(subject: Any, approved: bool = True, reason: str | None = None) -> c.DecideSignOff:
    return c.DecideSignOff(subject=subject, approved=approved, reason=reason)


def override(gate: str) -> c.OverrideGate:
    return c.OverrideGate(gate=gate, reason=WHY)


class Story:
    """A referral with its log and its clock, led on by commands.

    Attributes:
        referral: as it is now.
        history: its log.
        at: now.
    """

    def __init__(
        self, opens: c.OpenReferral | None = None, *, at: datetime = MONDAY, policy: Policy = POLICY
    ) -> None:
        self.at = at
        self.history: list[Recorded] = []
        received = open_referral(REFERENCE, policy, opens or opening(), CASEWORKER, at)
        self.referral = evolve(None, self._record(received, 0, CASEWORKER)[0])

    def _record(
        self, events: Sequence[Event], sequence: int, actor: Actor, *, step: int | None = None
    ) -> tuple[Recorded, ...]:
        records = recorded(events, sequence, actor, self.at, step=step)
        self.history += records
        return records

    def decide(self, command: Command, by: Actor = CASEWORKER) -> tuple[Event, ...]:
        """What would follow from a command; nothing happens."""
        if isinstance(command, c.CorrectStep):
            return correct(self.referral, self.history, command, by, self.at)
        if isinstance(command, c.AdoptPolicy):
            return adopt(self.referral, NEWER_POLICY, command, by, self.at)
        if isinstance(command, c.AcceptTransfer):
            return accept(self.referral, NEWER_POLICY, command, by, self.at)
        return decide(self.referral, command, by, self.at)

    def do(self, *commands: Command, by: Actor = CASEWORKER) -> Self:
        for command in commands:
            before = self.referral
            happened = self._record(self.decide(command, by), before.sequence, by)
            self._follow(happened)
            # As a step does: an offer may lapse, what is no longer late is cleared with it, and what was booked may be
            # off.
            lapsed = tuple(offer_lapsed(self.referral, happened))
            self._follow(self._record(lapsed, self.referral.sequence, by, step=before.sequence + 1))
            done: tuple[Event, ...] = (
                *cleared(self.referral),
                *called_off(before, self.referral, happened, self.at),
            )
            self._follow(self._record(done, self.referral.sequence, by, step=before.sequence + 1))
        return self

    def _follow(self, records: Sequence[Recorded]) -> None:
        for each in records:
            self.referral = evolve(self.referral, each)

    def refuses(self, command: Command, by: Actor = CASEWORKER) -> Refused:
        """The refusal of a command, which must be one."""
        with pytest.raises(Refused) as refusal:
            self.decide(command, by)
        return refusal.value

    def code(self, command: Command, by: Actor = CASEWORKER) -> str:
        """The code by which a command is refused."""
        return self.refuses(command, by).code

    def later(self, **span: float) -> Self:
        self.at += timedelta(**span)
        return self

    def until(self, at: datetime) -> Self:
        self.at = at
        return self

    def may(self, by: Actor = CASEWORKER) -> frozenset[str]:
        return frozenset(permitted(self.referral, by, self.at))

    @property
    def stage(self) -> Stage:
        return self.referral.stage

    @property
    def events(self) -> list[str]:
        """The kinds of event of the last step."""
        last = self.history[-1].step
        return [each.event.kind for each in self.history if each.step == last]

    @property
    def last_step(self) -> int:
        return self.history[-1].step

    @property
    def open(self) -> dict[str, Deadline]:
        return {each.key: each for each in deadlines(self.referral)}

    def someone(self, participant_id: str) -> Any:
        """The state of a participant, who must be there."""
        found = self.referral.participant(participant_id)
        assert found is not None
        return found

    def activity(self, activity_id: str = "a1") -> Activity:
        """The state of an activity; an empty one where nothing of it was recorded."""
        return activity_of(self.referral, activity_id)

    def ids(self, role: ParticipantRole) -> Iterable[str]:
        return [each.id for each in self.referral.participants if each.role is role and each.active]

    def agrees(self, participant: str, *purposes: Purpose) -> Self:
        """They consent, and for a child the guardian as well."""
        for purpose in purposes:
            self.do(consent(participant, purpose))
            if self.someone(participant).child:
                guardian = next(
                    each.id for each in self.referral.participants if each.accompanies == participant
                )
                self.do(consent(participant, purpose, by_guardian=guardian))
        return self

    def wants(self, participant: str) -> Self:
        return self.do(
            attempt(participant, outcome=ContactOutcome.REACHED), informed(participant), interest(participant)
        )

    def withdraws(self, participant: str, by: Actor = CASEWORKER) -> Self:
        return self.do(c.Withdraw(participant=participant), by=by)

    # The ways from stage to stage, without anything out of the ordinary.

    def allocated(self) -> Self:
        return self.do(c.RecordDuplicateCheck(), c.Allocate(caseworker=CASEWORKER.id))

    def harmed_agree(self) -> Self:
        for each in self.ids(ParticipantRole.HARMED):
            self.wants(each).agrees(each, Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
        return self

    def responsible_agree(self) -> Self:
        for each in self.ids(ParticipantRole.RESPONSIBLE):
            self.wants(each).do(c.RecordAcknowledgement(participant=each, acknowledges=True))
            self.agrees(each, Purpose.TAKE_PART)
        return self

    def assessed(self, given: Verdict = Verdict.PROCEED_DIRECT) -> Self:
        self.do(assessment(), *(assessment(each.id) for each in self.both_sides()), verdict(given))
        if self.stage is Stage.RISK_ASSESSMENT and given.proceeds:
            self.do(approval("risk_assessment"), by=SUPERVISOR)
        return self

    def both_sides(self) -> list[Any]:
        sides = (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)
        return [each for each in self.referral.participants if each.role in sides and each.active]

    def with_facilitators(self) -> Self:
        return self.do(
            c.AssignFacilitators(
                facilitator=FACILITATOR.id, co_facilitator="fa-2", advanced_practitioner=True
            )
        )

    def with_method(self, method: Method = Method.FACE_TO_FACE) -> Self:
        self.do(c.ChooseMethod(method=method))
        for each in self.both_sides():
            self.agrees(each.id, method.purpose)
        return self

    def prepared(self) -> Self:
        for each in self.both_sides():
            self.do(
                c.RecordPreparationMeeting(
                    participant=each.id, held_on=self.at.date(), channel=Channel.IN_PERSON
                )
            )
        return self

    def ready(self) -> Self:
        return self.do(c.RequestReadinessSignOff()).do(approval("readiness"), by=SUPERVISOR)

    def booking(self, *attending: str, **span: float) -> c.BookActivity:
        """A booking of everyone on both sides, two days from now unless said otherwise."""
        return c.BookActivity(
            starts_at=self.at + timedelta(**span or {"days": 2}),
            attending=attending or tuple(each.id for each in self.both_sides()),
        )

    def booked(self, *attending: str) -> Self:
        return self.do(c.ReconfirmRisk(), self.booking(*attending))

    def held(self, *, partly: bool = False) -> Self:
        return self.later(days=2).do(c.RecordActivityHeld(partly=partly))

    def to(self, stage: Stage, method: Method = Method.FACE_TO_FACE) -> Self:
        """Lead a referral that was just received to a stage, by the shortest way."""
        ways: dict[Stage, Callable[[], Self]] = {
            Stage.VICTIM_CONTACT: self.allocated,
            Stage.RISK_ASSESSMENT: lambda: self.harmed_agree().do(c.BeginRiskAssessment()),
            Stage.OFFENDER_CONSENT: self.assessed,
            Stage.PREPARATION: lambda: self.responsible_agree().do(c.BeginPreparation()),
            Stage.CONFERENCE: lambda: self._to_conference(method),
            Stage.FOLLOW_UP: self.held,
        }
        for next_stage, way in ways.items():
            if self.stage is stage:
                break
            way()
            assert self.stage is next_stage
        return self

    def _to_conference(self, method: Method) -> Self:
        self.with_facilitators().with_method(method).prepared()
        return (self.ready() if method.direct else self).booked()

    def approached_first(self) -> Self:
        """Lead a referral that the person responsible asked for to the person harmed."""
        return self.allocated().responsible_agree().do(c.BeginVictimContact())


def to(stage: Stage, *people: NewParticipant, **known: Any) -> Story:
    """A plain referral, in a stage."""
    return Story(opening(*people, **known)).to(stage)
