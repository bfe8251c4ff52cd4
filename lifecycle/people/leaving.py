"""How a person's part ends, and how the referral closes with the last of a side.

Source: RJC service provider code: anyone may withdraw at any time. That one person's leaving ends only their own part
while others of their side remain is our inference.
"""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.communications import after_leaving
from lifecycle.activities.state import change_activity, ended_by, put_off_by, stage_moves, with_state
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, rule
from lifecycle.state import apply, change_participant
from schemas.commands import EndParticipation, Withdraw
from schemas.events import (
    ActivityEnded,
    ActivityPostponed,
    Event,
    ParticipationEnded,
    Recorded,
    ReferralClosed,
)
from schemas.people import Actor
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    ActivityEndReason,
    ActivityState,
    ClosureReason,
    EndReason,
    ParticipantRole,
    Stage,
)

CLOSES_AS: dict[tuple[ParticipantRole, EndReason], ClosureReason] = {
    (ParticipantRole.HARMED, EndReason.DECLINED_BEFORE_SHARING): ClosureReason.HARMED_DECLINED_BEFORE_SHARING,
    (ParticipantRole.HARMED, EndReason.DECLINED): ClosureReason.HARMED_DECLINED_INFORMED,
    (ParticipantRole.HARMED, EndReason.NEEDS_MET_ANOTHER_WAY): ClosureReason.HARMED_NEEDS_MET_ANOTHER_WAY,
    (ParticipantRole.HARMED, EndReason.WITHDREW): ClosureReason.HARMED_WITHDREW,
    (ParticipantRole.HARMED, EndReason.DIED): ClosureReason.HARMED_DIED,
    (ParticipantRole.RESPONSIBLE, EndReason.DECLINED_BEFORE_SHARING): ClosureReason.RESPONSIBLE_DECLINED,
    (ParticipantRole.RESPONSIBLE, EndReason.DECLINED): ClosureReason.RESPONSIBLE_DECLINED,
    (ParticipantRole.RESPONSIBLE, EndReason.WITHDREW): ClosureReason.RESPONSIBLE_WITHDREW,
    (ParticipantRole.RESPONSIBLE, EndReason.DIED): ClosureReason.RESPONSIBLE_DIED,
    (ParticipantRole.RESPONSIBLE, EndReason.NOT_TRACED): ClosureReason.RESPONSIBLE_NOT_TRACED,
    (ParticipantRole.RESPONSIBLE, EndReason.UNSUITABLE): ClosureReason.RESPONSIBLE_UNSUITABLE,
    (ParticipantRole.RESPONSIBLE, EndReason.MOVED_OR_RECALLED): ClosureReason.RESPONSIBLE_MOVED_OR_RECALLED,
    (ParticipantRole.RESPONSIBLE, EndReason.ACQUITTED): ClosureReason.RESPONSIBLE_ACQUITTED,
    (ParticipantRole.RESPONSIBLE, EndReason.NOT_GUILTY_PLEA): ClosureReason.RESPONSIBLE_NOT_GUILTY_PLEA,
    (ParticipantRole.RESPONSIBLE, EndReason.DENIES): ClosureReason.RESPONSIBLE_DENIES,
}

LEAVING_LEADS_TO = frozenset({Stage.CLOSED, Stage.PREPARATION, Stage.FOLLOW_UP})
"""The stages that a referral can enter when somebody leaves: some activities may end without them."""

# A supporter's, guardian's or interpreter's part may end for any reason not specific to one of the two sides.
_ATTENDANT_REASONS = frozenset({EndReason.DECLINED, EndReason.WITHDREW, EndReason.DIED, EndReason.UNSUITABLE})


def known_participant(
    referral: Referral,
    participant_id: str,
    *,
    left: frozenset[EndReason] = frozenset(),
    field: str = "participant",
) -> Participant:
    """The participant with that id.

    Args:
        left: accept also a participant whose part ended for one of these reasons.

    Raises:
        Refused: there is none, or their part has ended.
    """
    person = referral.participant(participant_id)
    if person is None:
        known = ", ".join(each.id for each in referral.participants)
        raise Refused("participant_unknown", f"There is no participant with that id; known: {known}.", field)
    if person.ended is not None and person.ended not in left:
        raise Refused("participation_ended", f"The part of {person.id} has ended ({person.ended}).", field)
    return person


def end_participation(
    referral: Referral, person: Participant, reason: EndReason, at: datetime, note: str | None = None
) -> Iterator[Event]:
    """The events that end a person's part and the activities that cannot go on without them, and put off what is booked
    for nobody else of their side; or close the referral, where they were the last of their side.

    Args:
        at: now, aware.
    """
    yield ParticipationEnded(participant=person.id, reason=reason, note=note)
    closes_as = CLOSES_AS.get((person.role, reason))
    others = any(
        each.active and each.role is person.role and each.id != person.id for each in referral.participants
    )
    if closes_as is not None and not others:
        yield ReferralClosed(reason=closes_as, stage=referral.stage)
        return
    ended, put_off = ended_by(referral, person, at), put_off_by(referral, person, at)
    for activity in ended:
        yield ActivityEnded(activity=activity.id, why=ActivityEndReason.COULD_NOT_GO_ON)
    for activity, booked in put_off:
        yield ActivityPostponed(activity=activity.id, booked_for=booked.starts_at, asked_by=person.id)
    if ended or put_off:
        after = with_state(referral.activities, ActivityState.ENDED, ended)
        again = [activity for activity, _ in put_off]
        yield from stage_moves(referral, with_state(after, ActivityState.IN_PREPARATION, again))


@rule(
    Withdraw,
    stages=OPEN_STAGES,
    may_lead_to=LEAVING_LEADS_TO,
    on_hold=True,
    in_safeguarding=True,
)
def decide_withdraw(referral: Referral, command: Withdraw, actor: Actor, at: datetime) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    yield from end_participation(referral, person, EndReason.WITHDREW, at, command.note)


@rule(
    EndParticipation,
    stages=OPEN_STAGES,
    may_lead_to=LEAVING_LEADS_TO,
    on_hold=True,
    in_safeguarding=True,
)
def decide_end_participation(
    referral: Referral, command: EndParticipation, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    fits = {reason for role, reason in CLOSES_AS if role is person.role} or _ATTENDANT_REASONS
    if command.reason not in fits:
        raise Refused(
            "reason_does_not_fit",
            f"This reason does not fit a participant who is {person.role.replace('_', ' ')}; "
            f"accepted: {', '.join(sorted(fits))}.",
            "reason",
        )
    yield from end_participation(referral, person, command.reason, at, command.note)


@apply.register
def apply_participation_ended(event: ParticipationEnded, referral: Referral, recorded: Recorded) -> Referral:
    left = event.participant
    changed = change_participant(referral, left, ended=event.reason, ended_at=recorded.at)
    # All consents end with the part, a guardian's for their child too; a person who returns is asked again.
    consents = tuple(
        consent.model_copy(update={"withdrawn_at": recorded.at})
        if consent.in_force and left in (consent.participant, consent.by_guardian)
        else consent
        for consent in changed.consents
    )
    changed = changed.model_copy(
        update={
            "consents": consents,
            "communications": after_leaving(changed.communications, left, recorded.at),
        }
    )
    for activity in changed.booked:
        booked = activity.booked
        if booked is not None and recorded.at < booked.starts_at:
            staying = tuple(each for each in booked.attending if each != left)
            changed = change_activity(
                changed, activity.id, booked=booked.model_copy(update={"attending": staying})
            )
    return changed
