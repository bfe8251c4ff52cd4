"""When and on which channel a message may be sent: a safe channel, in safe hours, never while held back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

from lifecycle.notifying.notices import WRITTEN, held_back, still_wanted, too_late
from lifecycle.people.contacts import Contact
from lifecycle.people.details import has_name, hours_doubt, reachable_by
from schemas import events as e
from schemas.areas import LONDON
from schemas.commands import SettleNotice
from schemas.notices import Notice, Outcome, Party
from schemas.people import ContactSafety, Person
from schemas.referral import Referral
from schemas.vocabulary import Channel

CHANGES_MESSAGES = (
    e.SafeguardingRaised,
    e.SafeguardingLifted,
    e.PutOnHold,
    e.Resumed,
    e.ReferralClosed,
    e.ReferralReopened,
    e.ContactSafetyRecorded,
    e.ParticipantAmended,
    e.ParticipationEnded,
    e.StepCorrected,
    e.TransferAccepted,
    e.TransferOfferWithdrawn,
    e.TransferRefused,
)
"""After these events a pending message may be sent that was held back, or may no longer be sent."""

# After failing for this long a channel is given up and the next one is tried. Our judgement.
GIVE_UP_AFTER = timedelta(days=3)

# By then a mail server or GOV.UK Notify has answered, or the attempt is cancelled.
_HANDED_OVER_WITHIN = timedelta(seconds=30)


class Tried(StrEnum):
    """The state of a message on one channel."""

    BEGUN = "begun"
    """May or may not have been sent."""
    NOT_SENT = "not_sent"
    """Certainly not sent; may be tried again."""
    SENT = "sent"
    """Accepted by the provider, which will report nothing more."""
    UNDERWAY = "underway"
    """Accepted by the provider, which has not reported the outcome yet."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Send:
    """Send it now."""

    channel: Channel


@dataclass(frozen=True)
class Wait:
    """Do not send it now. Decide again at that time, or when something changes."""

    until: datetime | None


@dataclass(frozen=True)
class End:
    """Do not send it at all."""

    outcome: Outcome


Plan: TypeAlias = Send | Wait | End


def settlement(
    notice: Notice, outcome: Outcome, channel: Channel | None, *, perhaps_before: bool = False
) -> SettleNotice:
    """The command that records what became of a message.

    Args:
        channel: the one that it went by; None where it did not go.
        perhaps_before: whether an earlier attempt was interrupted and may have sent it.
    """
    return SettleNotice(
        notice=notice.id,
        template=notice.template,
        to=notice.to,
        outcome=outcome,
        channel=channel,
        appointment=notice.about.appointment,
        starts_at=notice.about.starts_at,
        cancelled=notice.about.cancelled,
        perhaps_before=perhaps_before,
    )


def plan(
    referral: Referral,
    notice: Notice,
    contact: Contact,
    tried: Mapping[Channel, Tried],
    carried: Iterable[Channel],
    at: datetime,
) -> Plan:
    """What to do with a message now.

    Args:
        referral: as it is now.
        contact: the recipient's, as it is now.
        tried: its state on each channel that was tried.
        carried: the channels that the service has and that the message has wording for.
        at: now, aware.
    """
    if not still_wanted(referral, notice):
        return End(Outcome.NOT_WANTED)
    outside = notice.party is not Party.STAFF
    if referral.closed and notice.party is Party.PARTICIPANT:
        # A closed referral sends nothing to participants; staff tell them in person what they still need to know.
        return End(Outcome.WITHHELD)
    if too_late(notice, at):
        return End(Outcome.TOO_LATE if outside else Outcome.NOT_WANTED)
    if held_back(referral, notice):
        return _kept_in(referral, notice)
    if contact.safety is not None and hours_doubt(contact.safety) is not None:
        # An older log may hold such hours; nothing is sent by what is doubtful.
        return End(Outcome.NO_SAFE_CHANNEL)
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
        # A concern on a closed referral is never lifted.
        return End(Outcome.WITHHELD)
    if notice.about.cancelled:
        # Somebody may be travelling to a meeting that is off: staff must find a way to tell them.
        return End(Outcome.WITHHELD)
    return Wait(notice.about.starts_at)


def _leaves(safety: ContactSafety, at: datetime) -> datetime | None:
    """When a message may be handed over: now, if the safe hours last until it is done."""
    if in_safe_hours(safety, at) and in_safe_hours(safety, at + _HANDED_OVER_WITHIN):
        return at
    return next_safe(safety, at + _HANDED_OVER_WITHIN if in_safe_hours(safety, at) else at)


def _possible(referral: Referral, notice: Notice, contact: Contact) -> Iterator[Channel]:
    reach = _addresses(notice, contact.person)
    for channel in WRITTEN:
        if channel not in reach:
            continue
        if contact.safety is not None and channel not in contact.safety.safe_channels:
            continue
        if channel is Channel.LETTER and notice.party is Party.PARTICIPANT:
            # First contact is never by an unannounced letter. Source: RJC service provider code.
            person = referral.participant(notice.to)
            if person is None or not any(each.channel is Channel.PHONE for each in person.attempts):
                continue
        yield channel


def _addresses(notice: Notice, person: Person) -> frozenset[Channel]:
    """The channels for which there is an address. Of a participant's only what is not doubtful counts."""
    if notice.party is not Party.PARTICIPANT:
        # The register checks a colleague's address by itself.
        return frozenset({Channel.EMAIL} if person.email else ())
    # A letter without a name may be opened by anybody at home.
    return frozenset(reachable_by(person)) - (frozenset() if has_name(person) else {Channel.LETTER})


def in_safe_hours(safety: ContactSafety, moment: datetime) -> bool:
    """Whether a person may be reached at that moment, in London time. Safe hours may run past midnight.

    Both ends must be known: nothing defaults to safe. The end itself is not included.
    """
    if safety.safe_from is None or safety.safe_until is None:
        return False
    start, end = time.fromisoformat(safety.safe_from), time.fromisoformat(safety.safe_until)
    now = moment.astimezone(LONDON).time()
    return start <= now < end if start <= end else now >= start or now < end


def next_safe(safety: ContactSafety, moment: datetime) -> datetime | None:
    """The first moment from then on at which a person may be reached, in UTC; None where no hour is safe.

    On a night when the clocks change it may be some minutes later than the first safe moment, never an unsafe one.
    """
    if in_safe_hours(safety, moment):
        return moment.astimezone(UTC)
    if safety.safe_from is None or safety.safe_until is None or safety.safe_from == safety.safe_until:
        return None
    today = moment.astimezone(LONDON).date()
    start = time.fromisoformat(safety.safe_from)
    # Safe hours that a clock change skips do not occur that day; the next day has them.
    for day in (today + timedelta(days=number) for number in range(3)):
        for opens in _at_wall_clock(day, start):
            if opens >= moment and in_safe_hours(safety, opens):
                return opens
    return None


def _at_wall_clock(day: date, wall: time) -> Iterator[datetime]:
    """The instants of a London time of day: two when clocks go back; the next that exists when it is skipped."""
    for fold in (0, 1):
        yield datetime.combine(day, wall.replace(fold=fold), LONDON).astimezone(UTC)
