"""One referral in virtual time: its steps by the real rules, its deadlines and messages as its workflows keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from lifecycle import areas_concerned, next_point, notices
from lifecycle.coarse_facts import Changes, CoarseFact
from lifecycle.notifying.notices import WantedNotices
from lifecycle.notifying.sending import CHANGES_MESSAGES, End, Send, Wait, plan, settlement
from lifecycle.outcome import decide_request, written_with
from lifecycle.people.contacts import Contact, contact_of
from messages.wording import TEMPLATES, Medium, media
from schemas.areas import Area
from schemas.commands import Command, ReachDeadline
from schemas.events import Recorded
from schemas.notices import Notice, Outcome, Party
from schemas.people import Actor, Person, Role, Staff
from schemas.policy import Policy
from schemas.referral import Deadline, Referral
from schemas.steps import Request
from schemas.vocabulary import Channel

SYSTEM = "system"

# Command ids of invented steps are derived in this namespace: the same year has the same ids.
_STEPS = UUID("2c1f6c5e-9a55-4b5f-8a7e-3f3f0d1c4a06")

# How long a message takes from the step that calls for it until the channel has accepted it.
_ON_ITS_WAY = timedelta(seconds=4)

_CHANNELS = {
    Medium.TEXT: Channel.TEXT,
    Medium.EMAIL: Channel.EMAIL,
    Medium.LETTER: Channel.LETTER,
}


@dataclass
class Message:
    """A message of a referral, and what became of it.

    Attributes:
        due: when it is decided next, UTC; None: when something changes, or it has come to its end.
        outcome: None while it is pending, and for one that stays in an inbox.
        settled_at: when it came to its end, UTC.
    """

    notice: Notice
    due: datetime | None
    outcome: Outcome | None = None
    channel: Channel | None = None
    settled_at: datetime | None = None

    @property
    def pending(self) -> bool:
        """Whether it is to be sent and has not come to its end."""
        return self.notice.outward and self.outcome is None


@dataclass
class Life:
    """A referral and everything that is stored of it.

    Every step is decided by the rules and written as :mod:`activities.steps` writes it; nothing is set directly.

    Args:
        reference: of the referral.
        policies: of the areas that it may be in.
        team: the staff of those areas, by id.

    Attributes:
        counted: how many events there are of each kind.
        taken: what was asked for and recorded, and when.
    """

    reference: str
    policies: Mapping[Area, Policy]
    team: Sequence[Staff]
    events: list[Recorded] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    facts: dict[tuple[int, str], CoarseFact] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    deadlines: tuple[Deadline, ...] = ()
    taken: list[tuple[Request, datetime]] = field(default_factory=list)
    _referral: Referral | None = None

    @property
    def referral(self) -> Referral:
        """As it is at the last event."""
        if self._referral is None:
            raise RuntimeError("It has not been opened.")
        return self._referral

    @property
    def last_at(self) -> datetime:
        """When the last event was recorded, UTC."""
        return self.events[-1].at

    def take(self, command: Command, actor: Actor, at: datetime, command_id: UUID | None = None) -> None:
        """Take one step.

        Args:
            at: when, UTC; one before the last event counts as at the same moment.
            command_id: None: derived from the reference and the number of the step.

        Raises:
            Refused: the rules do not allow it. Nothing is changed.
        """
        at = max(at, self.last_at) if self.events else at
        request = Request(
            command_id=command_id or uuid5(_STEPS, f"{self.reference}/{len(self.taken)}"),
            actor=actor,
            command=command,
        )
        happened = decide_request(
            self.reference, self._referral, request, at, history=self.events, policy=self.policies[actor.area]
        )
        if not happened:
            return
        written = written_with(self._referral, happened, request, at, self.events)
        self.taken.append((request, at))
        self._referral, self.deadlines = written.referral, written.deadlines
        self.events.extend(written.events)
        self.counted.update(recorded.event.kind for recorded in written.events)
        self._change_facts(written.facts)
        if any(isinstance(recorded.event, CHANGES_MESSAGES) for recorded in written.events):
            self._look_again(at)
        if written.wanted.anything:
            for notice in notices(written.wanted, self._told(written.wanted)):
                self.messages.append(Message(notice, at + _ON_ITS_WAY if notice.outward else None))

    def next_by_itself(self) -> datetime | None:
        """When the next point of a deadline is reached or the next message is decided; None where nothing is left."""
        point = next_point(self.deadlines, self.referral)
        moments = [message.due for message in self.messages if message.due is not None and message.pending]
        if point is not None:
            moments.append(max(point[0], self.last_at))
        return min(moments, default=None)

    def let_happen(self, at: datetime) -> None:
        """Let happen what :meth:`next_by_itself` named: the referral's clock goes first, then the oldest message.

        Args:
            at: that moment.
        """
        point = next_point(self.deadlines, self.referral)
        if point is not None and max(point[0], self.last_at) <= at:
            self._take_by_itself(ReachDeadline(deadline=point[1].key, point=point[2]), at)
            return
        for message in self.messages:
            if message.pending and message.due is not None and message.due <= at:
                self._decide_message(message, max(at, self.last_at))
                return

    def _take_by_itself(self, command: Command, at: datetime) -> None:
        self.take(command, Actor(id=SYSTEM, role=Role.SYSTEM, area=self.referral.area), at)

    def _change_facts(self, changed: Changes) -> None:
        for fact in changed.gone:
            self.facts.pop((fact.sequence, fact.place), None)
        for fact in changed.added:
            # One that stands keeps its month, as in the table.
            self.facts[fact.sequence, fact.place] = fact

    def _look_again(self, at: datetime) -> None:
        for message in self.messages:
            if message.pending:
                message.due = min(message.due or at + _ON_ITS_WAY, at + _ON_ITS_WAY)

    def _decide_message(self, message: Message, at: datetime) -> None:
        notice = message.notice
        match plan(self.referral, notice, self._contact(notice), {}, _carried(notice.template), at):
            case Wait(until):
                message.due = until if until is None or until > at else at + timedelta(hours=1)
                return
            case Send(channel):
                message.outcome, message.channel = Outcome.DELIVERED, channel
            case End(outcome):
                message.outcome = outcome
        message.due, message.settled_at = None, at
        self._take_by_itself(settlement(notice, message.outcome, message.channel), at)

    def _told(self, wanted: WantedNotices) -> list[Staff]:
        """The staff of the areas that a step concerns, those that it leaves among them."""
        areas = areas_concerned(wanted.after) | (areas_concerned(wanted.before) if wanted.before else set())
        return [each for each in self.team if areas & set(each.areas)]

    def _contact(self, notice: Notice) -> Contact:
        if notice.party is Party.PARTICIPANT:
            return contact_of(self.events, notice.to)
        member = next((each for each in self.team if each.id == notice.to), None)
        return Contact(Person(email=member.email if member else None), None)


def _carried(template: str) -> Iterator[Channel]:
    if template in TEMPLATES:
        yield from (_CHANNELS[medium] for medium in media(template) if medium in _CHANNELS)
