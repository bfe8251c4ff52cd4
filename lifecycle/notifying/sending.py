"""When and by which way a message may leave: by a channel marked safe, in safe hours, never while held back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

from lifecycle.contacts import Contact
from lifecycle.notifying.notices import held_back, still_wanted, too_late
from schemas.areas import LONDON
from schemas.notices import Notice, Outcome, Party
from schemas.people import ContactSafety
from schemas.referral import Referral
from schemas.vocabulary import Channel

# The quickest first. Only these need no person to carry the message.
OUTWARD = (Channel.TEXT, Channel.EMAIL, Channel.LETTER)

# A channel that has failed for so long is given up, and the next one's turn comes. Our judgement.
GIVE_UP_AFTER = timedelta(days=3)

# A mail server or GOV.UK Notify has answered by then, or the try is broken off.
_HANDED_OVER_WITHIN = timedelta(seconds=30)


class Tried(StrEnum):
    """How far a message has come on one channel."""

    BEGUN = "begun"
    """Perhaps sent, perhaps not."""
    NOT_SENT = "not_sent"
    """Certainly not sent; may be tried again."""
    SENT = "sent"
    """Taken, and nothing more will be heard of it."""
    UNDERWAY = "underway"
    """Taken by the provider, who has yet to say what became of it."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Send:
    """It leaves now."""

    channel: Channel


@dataclass(frozen=True)
class Wait:
    """It does not leave now. Looked at again then, or when something changes."""

    until: datetime | None


@dataclass(frozen=True)
class End:
    """It will not leave any more."""

    outcome: Outcome


Plan: TypeAlias = Send | Wait | End


def plan(
    referral: Referral,
    notice: Notice,
    contact: Contact,
    tried: Mapping[Channel, Tried],
    carried: Iterable[Channel],
    at: datetime,
) -> Plan:
    """What is to be done with a message now.

    Args:
        referral: as it is now.
        contact: of whom it is for, as it is now.
        tried: how far it has come on each channel.
        carried: the channels that the service has and that the message has words for.
        at: now, aware.
    """
    if not still_wanted(referral, notice):
        return End(Outcome.NOT_WANTED)
    outside = notice.party is not Party.STAFF
    if referral.closed and notice.party is Party.PARTICIPANT:
        # Nothing goes to anybody from a closed referral; what they still have to know, a person tells them.
        return End(Outcome.WITHHELD)
    if too_late(notice, at):
        return End(Outcome.TOO_LATE if outside else Outcome.NOT_WANTED)
    if held_back(referral, notice):
        return _kept_in(referral, notice)
    safe = list(_possible(referral, notice, contact))
    on = [channel for channel in safe if channel in set(carried)]
    left = [channel for channel in on if tried.get(channel) is not Tried.REFUSED]
    if not left:
        return End(Outcome.REFUSED if on else Outcome.NOT_SET_UP if safe else Outcome.NO_SAFE_CHANNEL)
    opens = at if contact.safety is None else _leaves(contact.safety, at)
    if opens is None:
        return End(Outcome.NO_SAFE_CHANNEL)
    if opens > at:
        return End(Outcome.TOO_LATE) if too_late(notice, opens) else Wait(opens)
    return Send(left[0])


def _kept_in(referral: Referral, notice: Notice) -> Plan:
    if referral.closed:
        # Nobody lifts a concern of what is closed.
        return End(Outcome.WITHHELD)
    if notice.about.cancelled:
        # Somebody may be on their way to a meeting that is off: a person has to find a way to tell them.
        return End(Outcome.WITHHELD)
    return Wait(notice.about.starts_at)


def _leaves(safety: ContactSafety, at: datetime) -> datetime | None:
    """When a message may be handed over: now, where the safe hours do not end while that is done."""
    if in_safe_hours(safety, at) and in_safe_hours(safety, at + _HANDED_OVER_WITHIN):
        return at
    return next_safe(safety, at + _HANDED_OVER_WITHIN if in_safe_hours(safety, at) else at)


def _possible(referral: Referral, notice: Notice, contact: Contact) -> Iterator[Channel]:
    reach = {
        Channel.TEXT: contact.person.phone,
        Channel.EMAIL: contact.person.email,
        # Without a name on it, anybody at home may open it.
        Channel.LETTER: contact.person.address if contact.person.name else None,
    }
    for channel in OUTWARD:
        if not reach[channel]:
            continue
        if contact.safety is not None and channel not in contact.safety.safe_channels:
            continue
        if channel is Channel.LETTER and notice.party is Party.PARTICIPANT:
            # Nobody first hears of us by a letter that lies on the mat. Source: RJC service provider code.
            person = referral.participant(notice.to)
            if person is None or not any(each.channel is Channel.PHONE for each in person.attempts):
                continue
        yield channel


def in_safe_hours(safety: ContactSafety, moment: datetime) -> bool:
    """Whether a person may be reached then, by the clock on their wall. Hours may run past midnight.

    Both ends must be known: nothing defaults to safe. The last minute is not in it.
    """
    if safety.safe_from is None or safety.safe_until is None:
        return False
    start, end = time.fromisoformat(safety.safe_from), time.fromisoformat(safety.safe_until)
    now = moment.astimezone(LONDON).time()
    return start <= now < end if start <= end else now >= start or now < end


def next_safe(safety: ContactSafety, moment: datetime) -> datetime | None:
    """The first moment from then on at which a person may be reached, in UTC; None where no hour is safe.

    In a night in which the clocks change it may be some minutes later than the first, never one that is not safe.
    """
    if in_safe_hours(safety, moment):
        return moment.astimezone(UTC)
    if safety.safe_from is None or safety.safe_until is None or safety.safe_from == safety.safe_until:
        return None
    today = moment.astimezone(LONDON).date()
    start = time.fromisoformat(safety.safe_from)
    # Hours that a clock change takes away do not come that day; the day after has them.
    for day in (today + timedelta(days=number) for number in range(3)):
        for opens in _at_wall_clock(day, start):
            if opens >= moment and in_safe_hours(safety, opens):
                return opens
    return None


def _at_wall_clock(day: date, wall: time) -> Iterator[datetime]:
    """The instants at which a clock on the wall shows that time: the minutes after it, should it be jumped over."""
    for fold in (0, 1):
        yield datetime.combine(day, wall.replace(fold=fold), LONDON).astimezone(UTC)
