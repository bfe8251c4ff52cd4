"""The communications of an indirect activity: which there are, and how the state follows what happens to them."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.consents import both_sides
from schemas.exchange import Communication, Delivery, Recipient
from schemas.referral import Activity, Participant, Referral

FIRST_ACTIVITY = "a1"


def every_delivery(referral: Referral) -> Iterator[tuple[Communication, Recipient]]:
    """Each communication with each of its recipients."""
    for communication in referral.communications:
        for recipient in communication.recipients:
            yield communication, recipient


def exchanges(referral: Referral) -> tuple[str, ...]:
    """The ids of the activities by an indirect method that are being prepared or are booked."""
    method = referral.activity.method if referral.activity else referral.method
    return (FIRST_ACTIVITY,) if method and not method.direct else ()


def booking_of(referral: Referral, activity_id: str) -> Activity | None:
    """The booking of an activity; None where it is not booked."""
    return referral.activity if activity_id == FIRST_ACTIVITY else None


def taking_part_in(referral: Referral, activity_id: str) -> tuple[Participant, ...]:
    """The people of both sides who are committed and take part in an activity; where it is booked, who attends it."""
    booked = booking_of(referral, activity_id)
    return tuple(person for person in both_sides(referral) if booked is None or person.id in booked.attending)


def times_held(referral: Referral, activity_id: str) -> int:
    """How often an activity was held."""
    return len(referral.held) if activity_id == FIRST_ACTIVITY else 0


def of_activity(referral: Referral, activity_id: str) -> tuple[Communication, ...]:
    """The communications of an activity."""
    return tuple(each for each in referral.communications if each.activity == activity_id)


def first_hand_over(referral: Referral, activity_id: str) -> datetime | None:
    """When the first communication was handed over since the activity was last held; None where none was."""
    before = times_held(referral, activity_id)
    moments = [
        recipient.at
        for communication in of_activity(referral, activity_id)
        for recipient in communication.recipients
        if recipient.delivery is Delivery.HANDED_OVER and recipient.held_before == before and recipient.at
    ]
    return min(moments, default=None)


def unheard(referral: Referral, activity_id: str) -> bool:
    """Whether an indirect activity has communications, of which none was handed over since it was last held."""
    exchange = activity_id in exchanges(referral)
    some = bool(of_activity(referral, activity_id))
    return exchange and some and first_hand_over(referral, activity_id) is None


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
