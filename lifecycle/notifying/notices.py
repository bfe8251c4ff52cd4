"""The messages that a step calls for under the referral's policy, and whether each is still wanted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import count

from lifecycle.notifying.appointments import Invitation, appointments, conference, invitations, preparation
from lifecycle.notifying.tasks import outside
from lifecycle.notifying.team import about_sign_off, addressed, area_told
from lifecycle.people.ages import as_of
from lifecycle.timing.clocks import deadline_of
from schemas import events as e
from schemas.events import Recorded
from schemas.notices import About, Addressee, Category, Notice, Party
from schemas.people import Staff
from schemas.policy import DeadlineName, NoticeRule
from schemas.referral import Referral
from schemas.vocabulary import Channel, Initiator, Interest, ParticipantRole

INVITATION, INVITATION_CANCELLED = "invitation", "invitation_cancelled"
TRANSFER_OFFERED = "transfer_offered"

WRITTEN = (Channel.TEXT, Channel.EMAIL, Channel.LETTER)
"""The ways by which a message leaves by itself, quickest first. By the others a person must pass it on."""


@dataclass(frozen=True)
class WantedNotices:
    """The messages that one step calls for: the rules it meets, each with its event, and the invitations."""

    before: Referral | None
    after: Referral
    events: tuple[Recorded, ...]
    matches: tuple[tuple[NoticeRule, Recorded], ...]
    invited: tuple[Invitation, ...]

    @property
    def anything(self) -> bool:
        """Whether there is a message to send; only then is the staff register read."""
        return bool(self.matches or self.invited)


def notices_wanted(before: Referral | None, events: Sequence[Recorded], after: Referral) -> WantedNotices:
    """The messages that a step calls for under the referral's policy."""
    matches = tuple(
        (rule, each)
        for each in events
        for rule in after.policy.notices
        if _concerns(rule, each.event) and not _said_otherwise(each, after)
    )
    invited: tuple[Invitation, ...] = ()
    if events and after.policy.invitations:
        invited = tuple(invitations(before, after, events, events[-1].at))
    return WantedNotices(before, after, tuple(events), matches, invited)


def _concerns(rule: NoticeRule, event: e.Event) -> bool:
    if rule.on != event.kind:
        return False
    return all(_word(getattr(event, name, None)) in accepted for name, accepted in rule.only.items())


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _said_otherwise(recorded: Recorded, after: Referral) -> bool:
    """Whether a point that was reached needs no message: an escalation at the same moment covers it, a later point of
    the same deadline has already passed, or reaching it was the end of its deadline and an event of its own."""
    event = recorded.event
    if not isinstance(event, e.DeadlineReached):
        return False
    if event.deadline.startswith(f"{DeadlineName.COMING_OF_AGE}/"):
        return True
    deadline = deadline_of(after, event.deadline)
    points = deadline.points if deadline else {}
    at_once = points.get("escalate-1") == event.at
    raised = {(each.deadline, each.at) for each in after.escalations}
    overtaken = any(event.at < at <= recorded.at for at in points.values())
    return at_once or overtaken or (event.deadline, event.at) in raised


def notices(wanted: WantedNotices, team: Sequence[Staff]) -> tuple[Notice, ...]:
    """The messages that a step calls for: one for each person and template.

    Args:
        wanted: from :func:`notices_wanted`.
        team: the active members of staff and partners of the areas that it concerns.
    """
    people = {member.id: member for member in team}
    found: dict[tuple[str, str, int], Notice] = {}
    numbers = count(1)
    for rule, recorded in wanted.matches:
        about = _about(recorded.event, wanted)
        for party, to in _addressed(rule, recorded, wanted, people):
            key = (rule.template, to, recorded.sequence)
            if key not in found:
                found[key] = _notice(rule, party, to, about, recorded, people, next(numbers))
    return (*found.values(), *_invitations(wanted, people, numbers))


def _invitations(wanted: WantedNotices, people: dict[str, Staff], numbers: Iterator[int]) -> Iterator[Notice]:
    for each in wanted.invited:
        member = people.get(each.to)
        if member is None:
            continue
        # Its number in the calendar: a later step of the referral has a higher one.
        last = wanted.events[-1]
        yield Notice(
            id=f"{last.sequence}-{next(numbers)}",
            template=INVITATION_CANCELLED if each.cancelled else INVITATION,
            category=Category.MEETING,
            party=Party.STAFF,
            to=member.id,
            about=About(
                appointment=each.appointment.key,
                starts_at=each.appointment.starts_at,
                minutes=each.appointment.minutes,
                cancelled=each.cancelled,
            ),
            after_closing=each.cancelled,
            outward=_at_once(member, Category.MEETING),
            at=last.at,
        )


def _notice(
    rule: NoticeRule,
    party: Party,
    to: str,
    about: About,
    recorded: Recorded,
    people: dict[str, Staff],
    number: int,
) -> Notice:
    return Notice(
        id=f"{recorded.sequence}-{number}",
        template=rule.template,
        category=rule.category,
        party=party,
        to=to,
        about=about,
        after_closing=rule.after_closing,
        outward=party is Party.PARTICIPANT or _at_once(people[to], rule.category),
        at=recorded.at,
    )


def _at_once(member: Staff, category: Category) -> bool:
    return member.email is not None and category in member.at_once


def _about(event: e.Event, wanted: WantedNotices) -> About:
    match event:
        case e.DeadlineReached() | e.EscalationRaised():
            found = deadline_of(wanted.after, event.deadline)
            return About(
                deadline=event.deadline,
                point=event.point,
                at=event.at,
                due_at=found.due_at if found else None,
            )
        case e.SignOffRequested():
            return About(subject=about_sign_off(event))
        case e.NoticeSettled():
            return About(participant=event.to, wanted=event.template, why=event.outcome)
        case e.ParticipantCameOfAge():
            return About(participant=event.participant)
        case e.ActivityBooked():
            return About(appointment=conference(event.activity), starts_at=event.starts_at)
        case e.ActivityAdjourned():
            return About(appointment=conference(event.activity), starts_at=event.resumes_at)
        case e.PreparationMeetingBooked():
            return About(
                participant=event.participant,
                appointment=preparation(event.participant, event.activity),
                starts_at=event.starts_at,
            )
        case e.AppointmentCalledOff():
            return About(appointment=event.appointment, starts_at=event.starts_at, cancelled=True)
        case _:
            return About()


def _addressed(
    rule: NoticeRule, recorded: Recorded, wanted: WantedNotices, people: dict[str, Staff]
) -> Iterator[tuple[Party, str]]:
    event, after = recorded.event, wanted.after
    if rule.to is Addressee.AGENCY:
        if after.sent_by_partner in people:
            yield Party.AGENCY, after.sent_by_partner
    elif rule.to.outside:
        involved = _with_guardians(_participants(rule.to, event, wanted), as_of(after, recorded.at))
        for participant in dict.fromkeys(involved):
            yield Party.PARTICIPANT, participant
    elif not isinstance(event, e.NoticeSettled) or outside(event, after):
        area = area_told(rule.to, event, after)
        there = {who: member for who, member in people.items() if area in member.areas}
        for member in addressed(rule.to, recorded, after, there):
            yield Party.STAFF, member


def _participants(to: Addressee, event: e.Event, wanted: WantedNotices) -> Iterable[str]:
    match to:
        case Addressee.PARTICIPANT:
            about = getattr(event, "participant", None)
            return (about,) if isinstance(about, str) else ()
        case Addressee.ATTENDING:
            if isinstance(event, e.AppointmentCalledOff):
                return event.participants
            return _attending(event, wanted.after)
        case Addressee.WHO_ASKED:
            return _who_asked(wanted.after)
        case _:
            return [each.id for each in wanted.after.taking_part(ParticipantRole.HARMED)]


def _who_asked(after: Referral) -> Iterable[str]:
    """Who asked, if a message can reach them; else the side that initiated the referral.

    Whoever asked by themselves was told then and there. So where no message is safe, nobody need tell them again.
    """
    if after.asked_by is not None:
        asked = after.participant(after.asked_by)
        return [asked.id] if asked and set(asked.safe_channels) & set(WRITTEN) else []
    side = {
        Initiator.HARMED_PERSON: ParticipantRole.HARMED,
        Initiator.PERSON_RESPONSIBLE: ParticipantRole.RESPONSIBLE,
    }.get(after.initiator)
    return [each.id for each in after.taking_part(side)] if side else []


def _attending(event: e.Event, after: Referral) -> Iterable[str]:
    """Who is to be there: at the activity that the event is about, or at every one that is booked."""
    about = getattr(event, "activity", None)
    booked = [each.booked for each in after.booked if about in (None, each.id)]
    return dict.fromkeys(who for each in booked if each for who in each.attending)


def _with_guardians(participants: Iterable[str], referral: Referral) -> Iterator[str]:
    """The participants who have not left and, for each child, the guardian who consents for it."""
    for each in participants:
        person = referral.participant(each)
        if person is None or not person.active:
            continue
        yield each
        if person.child:
            yield from (
                other.id
                for other in referral.participants
                if other.role is ParticipantRole.GUARDIAN and other.accompanies == each and other.active
            )


def still_wanted(
    referral: Referral, notice: Notice, points: Mapping[str, Mapping[str, datetime]] | None = None
) -> bool:
    """Whether a message still makes sense now.

    Args:
        points: those of the referral's open deadlines, by key, as a read model has them; None: the rules tell them,
            which need all of the state, also what is sealed in the log.
    """
    if referral.closed and not notice.after_closing:
        return False
    if notice.party is Party.PARTICIPANT:
        person = referral.participant(notice.to)
        if person is None or not person.active or person.interest is Interest.DECLINED:
            return False
    if notice.party is Party.STAFF and referral.transfers and notice.at < referral.here_since:
        # Whoever it was for works in the area that the referral has left; the new one has it on its lists.
        return False
    return _still_true(referral, notice, points)


def _still_true(
    referral: Referral, notice: Notice, points: Mapping[str, Mapping[str, datetime]] | None
) -> bool:
    about = notice.about
    if about.cancelled:
        return True
    if notice.template == TRANSFER_OFFERED:
        return referral.transfer_offer is not None and referral.transfer_offer.offered_at == notice.at
    if about.appointment is not None:
        found = appointments(referral).get(about.appointment)
        return found is not None and found.starts_at == about.starts_at
    match notice.category:
        case Category.ESCALATION:
            raised = {(each.deadline, each.point, each.at) for each in referral.escalations}
            return (about.deadline, about.point, about.at) in raised
        case Category.REMINDER if about.deadline is not None and about.point is not None:
            if points is not None:
                return points.get(about.deadline, {}).get(about.point) == about.at
            deadline = deadline_of(referral, about.deadline)
            return deadline is not None and deadline.points.get(about.point) == about.at
        case Category.SIGN_OFF:
            return any(each.about == about.subject for each in referral.sign_off_requests)
        case Category.SAFEGUARDING:
            return referral.safeguarding is not None
        case _:
            return True


def too_late(notice: Notice, arrives: datetime) -> bool:
    """Whether the message's appointment will have begun when it arrives."""
    starts_at = notice.about.starts_at
    return starts_at is not None and starts_at <= arrives


def held_back(referral: Referral, notice: Notice) -> bool:
    """Whether a hold or a safeguarding concern stops it from being sent now. Messages to staff are always sent."""
    outside = notice.party is not Party.STAFF
    return outside and (referral.hold is not None or referral.safeguarding is not None)
