"""Delivering one message: each attempt decides whether, when and on which channel it may be sent, and sends it once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

import asyncpg
import structlog
from pydantic import AwareDatetime
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.callers import require_caller
from activities.steps import Steps
from lifecycle import fold
from lifecycle.notifying.sending import GIVE_UP_AFTER, End, Send, Tried, Wait, plan, settlement
from lifecycle.notifying.tasks import untold
from lifecycle.people.contacts import Contact, contact_of
from messages.channels import ChannelAway, ChannelRefused
from messages.govuk_notify import Sent, SentState
from messages.outward import Outward
from messages.wording import TEMPLATES, BadTemplate
from schemas.base import Model
from schemas.events import Recorded
from schemas.notices import Notice, NoticeResult, Outcome, Party
from schemas.people import Actor, Person, Role
from schemas.referral import Referral
from schemas.steps import Request
from schemas.vocabulary import Channel
from stores import notices as store
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyStore
from stores.logs import event_log

T = TypeVar("T")

# Command ids of outcomes are derived in this namespace, so that recording one twice is recording it once.
_OUTCOMES = UUID("1f2b8f53-5a2c-4a2e-9d0c-6c5a0d9a7f11")

# How often, and for how long, the provider is asked for the status of a message that it accepted. GOV.UK Notify tries
# a text for 72 hours and prints a letter on the next working day; after 7 days it has deleted both.
# Source: GOV.UK Notify, message statuses and data retention.
_ASK_EVERY = {Channel.TEXT: timedelta(minutes=5), Channel.LETTER: timedelta(hours=6)}
_ASK_FOR = {Channel.TEXT: timedelta(hours=80), Channel.LETTER: timedelta(days=6)}

# Seconds of retries for recording what was sent, so that a restart of PostgreSQL loses nothing.
_RECORD_WITHIN = 60

log = structlog.stdlib.get_logger(__name__)


class Carried(Model):
    """The result of an attempt.

    Attributes:
        outcome: the message's outcome, recorded in the referral's log; None while it is pending.
        until: when to try again, UTC; None: when something changes.
        notices: the messages that its outcome calls for.
        untold: whether staff must tell in person what it did not; that starts a clock of the referral.
    """

    outcome: Outcome | None = None
    until: AwareDatetime | None = None
    notices: tuple[Notice, ...] = ()
    untold: bool = False


@dataclass(frozen=True)
class _Case:
    """One message and all that is known about it now."""

    referral: Referral
    notice: Notice
    contact: Contact
    at: datetime
    tries: dict[Channel, store.Try]

    @property
    def reference(self) -> str:
        return self.referral.reference

    @property
    def perhaps_before(self) -> bool:
        """Whether an earlier attempt was interrupted and may have sent it."""
        return any(each.uncertain or each.state is Tried.BEGUN for each in self.tries.values())


class Notices:
    """The activity that delivers messages, with its dependencies.

    Args:
        pool: connections with the application's rights.
        keys: the referrals' keys.
        steps: records outcomes.
        outward: the channels to send by.
    """

    def __init__(self, pool: Pool, keys: KeyStore, steps: Steps, outward: Outward) -> None:
        self._pool = pool
        self._keys = keys
        self._steps = steps
        self._outward = outward

    @activity.defn
    async def carry(self, reference: str, notice: Notice) -> Carried:
        """Deliver a message as far as possible now. Repeating is safe as far as each channel allows: GOV.UK Notify is
        asked by reference before a second attempt, and an e-mail repeats its Message-ID.

        The time is Temporal's start of this attempt, not when it was scheduled.

        Raises:
            ApplicationError: of type ChannelAway, where the channel does not accept it now; retried.
        """
        require_caller("NoticeWorkflow", f"referral/{reference}/notice/{notice.id}")
        started_at, began = activity.info().started_time.astimezone(UTC), time.monotonic()
        wanted = await store.get(self._pool, reference, notice.id)
        if wanted is None or (wanted.to, wanted.party) != (notice.to, notice.party):
            # No step of this referral called for such a message.
            log.error("a message that no step led to was refused", alert="stranger")
            raise ApplicationError("There is no such message.", type="NoSuchMessage", non_retryable=True)
        settled = await store.outcome(self._pool, reference, notice.id)
        if settled is not None:
            # The process that recorded it may have ended before starting these; starting twice is safe.
            return Carried(
                outcome=settled,
                notices=tuple(await store.pending(self._pool, reference)),
                untold=await self._untold(reference, notice, settled),
            )
        try:
            while True:
                # Decided again after anything that took time: what was safe a minute ago may not be now.
                at = started_at + timedelta(seconds=time.monotonic() - began)
                carried = await self._turn(await self._look(reference, notice, at))
                if carried is not None:
                    return carried
        except KeyErased:
            await store.give_up(self._pool, reference, notice.id, started_at)
            return Carried(outcome=Outcome.NOT_WANTED)
        except ChannelAway as away:
            raise ApplicationError(
                str(away), type=ChannelAway.__name__, next_retry_delay=away.retry_after
            ) from None

    async def _look(self, reference: str, notice: Notice, at: datetime) -> _Case:
        key = await self._keys.get(reference)
        history = await event_log.read(self._pool, reference, key=key)
        return _Case(
            referral=fold(history),
            notice=notice,
            contact=await self._contact(history, notice),
            at=max(at, history[-1].at),
            tries=await store.tries(self._pool, reference, notice.id),
        )

    async def _contact(self, history: Sequence[Recorded], notice: Notice) -> Contact:
        if notice.party is Party.PARTICIPANT:
            return contact_of(history, notice.to)
        member = await staff.get(self._pool, notice.to)
        return Contact(Person(email=member.email if member and member.active else None), None)

    async def _turn(self, case: _Case) -> Carried | None:
        """Take the next action; None: decide again at once."""
        for channel, each in case.tries.items():
            if each.state is Tried.SENT:
                return await self._settle(case, Outcome.DELIVERED, channel)
            if channel is not Channel.EMAIL and each.state in (Tried.BEGUN, Tried.UNDERWAY):
                return await self._ask(case, channel, each)
        if case.notice.template not in TEMPLATES:
            log.error("a message has no words any more", template=case.notice.template)
            return await self._settle(case, Outcome.REFUSED)
        tried = {channel: each.state for channel, each in case.tries.items()}
        carried = self._outward.channels(case.notice.template)
        match plan(case.referral, case.notice, case.contact, tried, carried, case.at):
            case End(outcome):
                return await self._settle(case, outcome)
            case Wait(until):
                return Carried(until=until)
            case Send(channel):
                return await self._send(case, channel)

    async def _ask(self, case: _Case, channel: Channel, each: store.Try) -> Carried | None:
        """Ask for the status of a text or letter that was or may have been sent, before any other channel is tried."""
        notify = self._outward.notify
        if notify is None:
            return Carried(until=case.at + _ASK_EVERY[channel])
        # Notify no longer knows it, or never did.
        late = case.at - each.tried_at > _ASK_FOR[channel]
        if each.state is Tried.UNDERWAY and each.sent_id is not None:
            if late:
                await self._mark(case, channel, Tried.REFUSED, uncertain=True)
                return None
            return await self._wait_for_provider(case, channel, await notify.status(each.sent_id))
        found = await self._outward.find(case.reference, case.notice, channel)
        if found is None:
            await self._mark(case, channel, Tried.NOT_SENT, uncertain=late)
            return None
        await self._mark(case, channel, Tried.UNDERWAY, sent_id=found.id)
        return await self._wait_for_provider(case, channel, found)

    async def _wait_for_provider(self, case: _Case, channel: Channel, sent: Sent) -> Carried | None:
        match sent.state:
            case SentState.DELIVERED:
                return await self._settle(case, Outcome.DELIVERED, channel)
            case SentState.UNDERWAY:
                return Carried(until=case.at + _ASK_EVERY[channel])
            case _:
                await self._mark(case, channel, Tried.REFUSED)
                return None

    async def _send(self, case: _Case, channel: Channel) -> Carried | None:
        """Send it; None: decide again, because the channel refused it or something has changed."""
        before = case.tries.get(channel)
        # Not on the first attempt after it was held back or waited for safe hours.
        tried_now = activity.info().attempt > 1
        if before is not None and tried_now and case.at - before.began_at > GIVE_UP_AFTER:
            await self._mark(case, channel, Tried.REFUSED, uncertain=before.state is Tried.BEGUN)
            return None
        try:
            words = self._outward.words(case.referral, case.notice, channel)
        except BadTemplate:
            log.exception("a message cannot be put into words", template=case.notice.template)
            return await self._settle(case, Outcome.REFUSED)
        if not await store.begin(
            self._pool, case.reference, case.notice.id, channel, case.at, sequence=case.referral.sequence
        ):
            return None
        person = case.contact.person
        try:
            if channel is Channel.EMAIL:
                await self._outward.email(case.reference, case.notice, person, words)
                await _retry_recording(lambda: self._mark(case, channel, Tried.SENT))
            else:
                sent = await self._outward.through_notify(case.reference, case.notice, channel, person, words)
                await _retry_recording(lambda: self._mark(case, channel, Tried.UNDERWAY, sent_id=sent.id))
        except ChannelRefused:
            await self._mark(case, channel, Tried.REFUSED)
        except ChannelAway as away:
            if not away.uncertain:
                await self._mark(case, channel, Tried.NOT_SENT)
            raise
        return None

    async def _mark(
        self,
        case: _Case,
        channel: Channel,
        state: Tried,
        *,
        sent_id: str | None = None,
        uncertain: bool = False,
    ) -> None:
        await store.mark(
            self._pool,
            case.reference,
            case.notice.id,
            channel,
            state,
            sent_id=sent_id,
            uncertain=uncertain,
        )

    async def _settle(self, case: _Case, outcome: Outcome, channel: Channel | None = None) -> Carried:
        command = settlement(case.notice, outcome, channel, perhaps_before=case.perhaps_before)
        request = Request(
            command_id=uuid5(_OUTCOMES, f"{case.reference}/{case.notice.id}"),
            actor=Actor(id="system", role=Role.SYSTEM, area=case.referral.area),
            command=command,
        )
        taken = await _retry_recording(
            lambda: self._steps.take_step(case.reference, case.referral, request, case.at)
        )
        # Messages of other steps recorded meanwhile are started by those steps.
        ours = {each.sequence for each in taken.events if each.command_id == request.command_id}
        return Carried(
            outcome=outcome,
            notices=tuple(each for each in taken.notices if each.sequence in ours),
            untold=untold(command, case.referral),
        )

    async def _untold(self, reference: str, notice: Notice, outcome: Outcome) -> bool:
        result = NoticeResult(notice=notice.id, template=notice.template, to=notice.to, outcome=outcome)
        return untold(result, fold(await event_log.history(self._pool, self._keys, reference)))


async def _retry_recording(record: Callable[[], Awaitable[T]]) -> T:
    """Record what has happened on a channel, with retries: otherwise the next attempt would repeat it."""
    wait = 0.2
    async with asyncio.timeout(_RECORD_WITHIN):
        while True:
            try:
                return await record()
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)
