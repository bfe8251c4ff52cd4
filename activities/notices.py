"""Carrying one message: looking up at each try whether, when and by which way it may leave, and sending it once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

import asyncpg
from pydantic import AwareDatetime
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.channels import ChannelAway, ChannelRefused
from activities.email import Mailer
from activities.govuk_notify import Notify, Sent, SentState
from activities.invitations import invitation, uid
from activities.notice_facts import facts
from activities.steps import Steps
from activities.wording import Medium, Wording, Written, media
from lifecycle import fold
from lifecycle.contacts import Contact, contact_of
from lifecycle.sending import GIVE_UP_AFTER, End, Send, Tried, Wait, plan
from schemas.base import Model
from schemas.commands import SettleNotice
from schemas.events import Recorded
from schemas.notices import Notice, Outcome, Party
from schemas.people import Actor, Person, Role
from schemas.referral import Referral
from schemas.steps import Request
from schemas.vocabulary import Channel
from stores import event_log, staff
from stores import notices as store
from stores.database import Pool
from stores.keys import KeyErased, KeyStore

T = TypeVar("T")

# Command ids of outcomes are derived in this namespace, so that recording one twice is recording it once.
_OUTCOMES = UUID("1f2b8f53-5a2c-4a2e-9d0c-6c5a0d9a7f11")

_MEDIA = {Channel.TEXT: Medium.TEXT, Channel.EMAIL: Medium.EMAIL, Channel.LETTER: Medium.LETTER}

# How often the provider is asked what became of a message that it took, and for how long. A text is tried by GOV.UK
# Notify for 72 hours; a letter is printed on the next working day; after 7 days Notify knows of neither any more.
# Source: GOV.UK Notify, message statuses and data retention.
_ASK_EVERY = {Channel.TEXT: timedelta(minutes=5), Channel.LETTER: timedelta(hours=6)}
_ASK_FOR = {Channel.TEXT: timedelta(hours=80), Channel.LETTER: timedelta(days=6)}

# What has left is recorded, even where PostgreSQL restarts at this moment; in seconds.
_RECORD_WITHIN = 60


class Carried(Model):
    """How far a message has come.

    Attributes:
        outcome: when it has come to its end; it then stands in the referral's log.
        until: when it is to be looked at again, UTC; None: when something changes.
        notices: the messages that its outcome leads to.
    """

    outcome: Outcome | None = None
    until: AwareDatetime | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Outward:
    """The ways out of the house, and the words.

    Attributes:
        mailer: None where e-mail is off.
        notify: None where texts and letters are off.
    """

    wording: Wording
    mailer: Mailer | None = None
    notify: Notify | None = None

    def channels(self, template: str) -> frozenset[Channel]:
        """The channels that are on and that the template has words for."""
        on = {
            Channel.EMAIL: self.mailer is not None,
            Channel.TEXT: self.notify is not None and self.notify.sends_texts,
            Channel.LETTER: self.notify is not None and self.notify.sends_letters,
        }
        written = media(template)
        return frozenset(channel for channel, medium in _MEDIA.items() if on[channel] and medium in written)


@dataclass(frozen=True)
class _Case:
    """One message with all that is known of it at this moment."""

    referral: Referral
    notice: Notice
    contact: Contact
    at: datetime
    tries: dict[Channel, store.Try]

    @property
    def reference(self) -> str:
        return self.referral.reference


class Notices:
    """The activity that carries messages, with what it works on.

    Args:
        pool: connections with the application's rights.
        keys: the referrals' keys.
        steps: by which outcomes are recorded.
        outward: the ways out of the house.
    """

    def __init__(self, pool: Pool, keys: KeyStore, steps: Steps, outward: Outward) -> None:
        self._pool = pool
        self._keys = keys
        self._steps = steps
        self._outward = outward

    @activity.defn
    async def carry(self, reference: str, notice: Notice) -> Carried:
        """Bring a message as far as it may go now. Doing it twice is doing it once, as far as each channel allows:
        GOV.UK Notify is asked by reference before a second try, an e-mail repeats its Message-ID.

        The time is Temporal's, of this very try, so that a try that had to wait is not judged by when it was planned.

        Raises:
            ApplicationError: of type ChannelAway, where the channel does not take it now; it is tried again.
        """
        at = activity.info().started_time.astimezone(UTC)
        settled = await store.outcome(self._pool, reference, notice.id)
        if settled is not None:
            return Carried(outcome=settled)
        try:
            case = await self._look(reference, notice, at)
            return await self._heard(case) or await self._go_on(case)
        except KeyErased:
            await store.give_up(self._pool, reference, notice.id, at)
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

    async def _heard(self, case: _Case) -> Carried | None:
        """What is to be done about a message that has left already; None where it has not, or was sent in vain."""
        for channel, each in case.tries.items():
            if each.state is Tried.SENT:
                return await self._settle(case, Outcome.DELIVERED, channel)
            if each.state is Tried.UNDERWAY and each.sent_id is not None and self._outward.notify is not None:
                late = case.at - each.began_at > _ASK_FOR[channel]
                sent = None if late else await self._outward.notify.status(each.sent_id)
                found = await self._underway(case, channel, sent)
                if found is not None:
                    return found
        return None

    async def _underway(self, case: _Case, channel: Channel, sent: Sent | None) -> Carried | None:
        match sent.state if sent is not None else None:
            case SentState.DELIVERED:
                return await self._settle(case, Outcome.DELIVERED, channel)
            case SentState.UNDERWAY:
                return Carried(until=case.at + _ASK_EVERY[channel])
            case _:
                await self._mark(case, channel, Tried.REFUSED)
                return None

    async def _go_on(self, case: _Case) -> Carried:
        while True:
            tried = {channel: each.state for channel, each in case.tries.items()}
            carried = self._outward.channels(case.notice.template)
            match plan(case.referral, case.notice, case.contact, tried, carried, case.at):
                case End(outcome):
                    # Of a try that was broken off nobody knows whether it left.
                    perhaps = Tried.BEGUN in tried.values()
                    return await self._settle(case, outcome, None, perhaps_before=perhaps)
                case Wait(until):
                    return Carried(until=until)
                case Send(channel):
                    done = await self._send(case, channel)
                    if done is not None:
                        return done

    async def _send(self, case: _Case, channel: Channel) -> Carried | None:
        """Send it; None where the channel refuses it for good."""
        before = case.tries.get(channel)
        # Not at the first try after it was held back, or had waited for safe hours.
        tried_now = activity.info().attempt > 1
        if before is not None and tried_now and case.at - before.began_at > GIVE_UP_AFTER:
            await self._mark(case, channel, Tried.REFUSED)
            return None
        # Somebody began to send it and did not come to say what came of it.
        perhaps_sent = before is not None and before.state is Tried.BEGUN
        words = self._words(case, _MEDIA[channel])
        await self._mark(case, channel, Tried.BEGUN)
        try:
            if channel is Channel.EMAIL:
                await self._by_email(case, words)
                return await self._sent_by_email(case, perhaps_before=perhaps_sent)
            sent = await self._by_notify(case, channel, words, perhaps_sent=perhaps_sent)
            await _patiently(lambda: self._mark(case, channel, Tried.UNDERWAY, sent.id))
            return await self._underway(case, channel, sent)
        except ChannelRefused:
            await self._mark(case, channel, Tried.REFUSED)
            return None
        except ChannelAway as away:
            if not (away.uncertain or perhaps_sent):
                await self._mark(case, channel, Tried.NOT_SENT)
            raise

    async def _sent_by_email(self, case: _Case, *, perhaps_before: bool) -> Carried:
        await _patiently(lambda: self._mark(case, Channel.EMAIL, Tried.SENT))
        return await self._settle(case, Outcome.DELIVERED, Channel.EMAIL, perhaps_before=perhaps_before)

    def _words(self, case: _Case, medium: Medium) -> Written:
        referral = case.referral
        known = facts(case.reference, case.notice, referral.policy, area=referral.area, stage=referral.stage)
        return self._outward.wording.render(case.notice.template, medium, known, welsh=referral.policy.welsh)

    async def _by_email(self, case: _Case, words: Written) -> None:
        mailer, address = self._outward.mailer, case.contact.person.email
        if mailer is None or address is None:
            raise ChannelRefused("There is no address, or no mail server.")
        about = case.notice.about
        calendar = None
        if case.notice.party is Party.STAFF and about.appointment and about.starts_at:
            calendar = invitation(
                uid=uid(case.reference, about.appointment),
                # A later step of the referral has a higher one, as a calendar expects of an update.
                sequence=case.notice.sequence,
                starts_at=about.starts_at,
                minutes=about.minutes or 60,
                summary=words.subject,
                description=words.body,
                organiser=mailer.sender,
                attendee=address,
                made_at=case.notice.at,
                cancelled=about.cancelled,
            )
        await mailer.send(
            to=address,
            subject=words.subject,
            body=words.body,
            message_id=_message_id(case.reference, case.notice),
            calendar=calendar,
            calendar_method=("CANCEL" if about.cancelled else "REQUEST") if calendar else None,
        )

    async def _by_notify(self, case: _Case, channel: Channel, words: Written, *, perhaps_sent: bool) -> Sent:
        notify, person = self._outward.notify, case.contact.person
        if notify is None:
            raise ChannelRefused("Texts and letters are off.")
        reference = f"{case.reference}/{case.notice.id}/{channel}"
        found = await notify.find(reference) if perhaps_sent else None
        if found is not None:
            return found
        if channel is Channel.TEXT:
            return await notify.send_text(to=person.phone or "", body=words.body, reference=reference)
        lines = [person.name or "", *(person.address or "").replace("\n", ",").split(",")]
        return await notify.send_letter(
            address=[line.strip() for line in lines if line.strip()],
            subject=words.subject,
            body=words.body,
            reference=reference,
        )

    async def _mark(self, case: _Case, channel: Channel, state: Tried, sent_id: str | None = None) -> None:
        await store.mark(self._pool, case.reference, case.notice.id, channel, state, case.at, sent_id=sent_id)
        before = case.tries.get(channel)
        case.tries[channel] = store.Try(state, before.began_at if before else case.at, sent_id)

    async def _settle(
        self, case: _Case, outcome: Outcome, channel: Channel | None, *, perhaps_before: bool = False
    ) -> Carried:
        command = SettleNotice(
            notice=case.notice.id,
            template=case.notice.template,
            to=case.notice.to,
            outcome=outcome,
            channel=channel,
            perhaps_before=perhaps_before,
        )
        request = Request(
            command_id=uuid5(_OUTCOMES, f"{case.reference}/{case.notice.id}"),
            actor=Actor(id="system", role=Role.SYSTEM, area=case.referral.area),
            command=command,
        )
        taken = await _patiently(
            lambda: self._steps.take_step(case.reference, case.referral, request, case.at)
        )
        # What else was recorded meanwhile is for who recorded it to start.
        ours = {each.sequence for each in taken.events if each.command_id == request.command_id}
        return Carried(
            outcome=outcome, notices=tuple(each for each in taken.notices if each.sequence in ours)
        )


async def _patiently(record: Callable[[], Awaitable[T]]) -> T:
    """Record what has happened outside: given up late, for whoever comes after would have to do it again."""
    wait = 0.2
    async with asyncio.timeout(_RECORD_WITHIN):
        while True:
            try:
                return await record()
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)


def _message_id(reference: str, notice: Notice) -> str:
    """The same at every try, so that a twin can be told. Nothing in it tells what the message is about."""
    return f"<{reference.removeprefix('RJ-').lower()}.{notice.id}@referrals.invalid>"
