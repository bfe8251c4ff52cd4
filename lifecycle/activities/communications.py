"""The communications of an indirect activity: which there are, and how the state follows what happens to them."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.state import people_of
from schemas.activity import Activity, Booked
from schemas.exchange import Communication, Delivery, Recipient
from schemas.referral import Participant, Referral
from schemas.vocabulary import ActivityState


def every_delivery(referral: Referral) -> Iterator[tuple[Communication, Recipient]]:
    """Each communication with each of its recipients."""
    for communication in referral.communications:
        for recipient in communication.recipients:
            yield communication, recipient


def exchanges(referral: Referral) -> tuple[Activity, ...]:
    """The activities by an indirect method that are being prepared or are booked."""
    return tuple(
        each
        for each in referral.activities
        if each.state in (ActivityState.IN_PREPARATION, ActivityState.BOOKED) and indirect(each)
    )


def exchange_of(referral: Referral, communication: Communication) -> Activity | None:
    """The exchange that a communication belongs to; None where that is over, or no longer by an indirect method."""
    return next((each for each in exchanges(referral) if each.id == communication.activity), None)


def indirect(activity: Activity) -> bool:
    """Whether an activity is by an indirect method, as it is booked or else as it is planned."""
    method = activity.booked.method if activity.booked else activity.method
    return method is not None and not method.direct


def unchecked_drafts(referral: Referral) -> tuple[Communication, ...]:
    """The drafts that wait for their check, whoever may check them."""
    return tuple(
        each
        for each in referral.communications
        if each.result is None and each.ended_at is None and exchange_of(referral, each) is not None
    )


def writers_of(referral: Referral, activity: Activity) -> tuple[Participant, ...]:
    """The people of both sides who are committed and in an exchange; where it is booked, those of them who attend."""
    return tuple(
        person
        for person in people_of(referral, activity)
        if activity.booked is None or person.id in activity.booked.attending
    )


def of_activity(referral: Referral, activity_id: str) -> tuple[Communication, ...]:
    """The communications of an activity."""
    return tuple(each for each in referral.communications if each.activity == activity_id)


def first_hand_over(referral: Referral, activity: Activity) -> datetime | None:
    """When the first communication was handed over since an activity was last held; None where none was."""
    moments = [
        recipient.at
        for communication in of_activity(referral, activity.id)
        for recipient in communication.recipients
        if recipient.delivery is Delivery.HANDED_OVER
        and recipient.held_before == len(activity.held)
        and recipient.at is not None
    ]
    return min(moments, default=None)


def nothing_handed_over(referral: Referral, activity: Activity) -> bool:
    """Whether an exchange has communications, of which none was handed over since it was last held."""
    some = indirect(activity) and bool(of_activity(referral, activity.id))
    return some and first_hand_over(referral, activity) is None


def begins_at(referral: Referral, activity: Activity, booked: Booked) -> datetime:
    """When a booked activity begins: as booked, or an exchange with its first hand-over before that."""
    handed_over = first_hand_over(referral, activity) if indirect(activity) else None
    return min(booked.starts_at, handed_over or booked.starts_at)


def change_communication(referral: Referral, communication_id: str, **changes: object) -> Referral:
    """The state with one communication changed; the same state where there is no such communication."""
    return referral.model_copy(
        update={
            "communications": tuple(
                each.model_copy(update=changes) if each.id == communication_id else each
                for each in referral.communications
            )
        }
    )


def after_leaving(
    communications: tuple[Communication, ...], left: str, at: datetime
) -> tuple[Communication, ...]:
    """The communications after somebody's part ended: what they wrote goes to nobody any more, and what they were
    offered is no longer on offer. What was handed over stays so. Neither comes back where they do."""
    return tuple(_without(each, left, at) for each in communications)


def _without(communication: Communication, left: str, at: datetime) -> Communication:
    if communication.author != left:
        return _not_on_offer(communication, at, only=left)
    ended_at = communication.ended_at or at
    return _not_on_offer(communication, at).model_copy(update={"ended_at": ended_at})


def offers_ended(communications: tuple[Communication, ...], at: datetime) -> tuple[Communication, ...]:
    """The communications in a new round: whoever does not have them yet is offered them anew."""
    return tuple(_not_on_offer(each, at) for each in communications)


def _not_on_offer(communication: Communication, at: datetime, only: str | None = None) -> Communication:
    kept = (Delivery.NOT_OFFERED, Delivery.HANDED_OVER)
    return communication.model_copy(
        update={
            "recipients": tuple(
                each
                if each.delivery in kept or only not in (None, each.participant)
                else Recipient(participant=each.participant, at=at)
                for each in communication.recipients
            )
        }
    )
