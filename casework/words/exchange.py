"""How the communications of an exchange stand, in words."""

from __future__ import annotations

from collections.abc import Iterator

from casework.words.people import when
from lifecycle.activities.communications import exchange_of, of_activity
from schemas.exchange import CheckResult, Communication, Delivery, Recipient
from schemas.referral import Referral
from schemas.vocabulary.words import in_words


def communications(referral: Referral, activity_id: str) -> Iterator[str]:
    """How far each communication of an activity has come."""
    for each in of_activity(referral, activity_id):
        reply = f", in reply to {each.reply_to}" if each.reply_to else ""
        what = f"{each.id}: {in_words(each.form)} by {each.author}{reply}"
        over = exchange_of(referral, each) is None
        yield f"{what}; {'; '.join(_where_it_ended(each) if over else _how_far(each))}"


def _where_it_ended(communication: Communication) -> Iterator[str]:
    """What became of a communication whose exchange is over."""
    for each in communication.recipients:
        answered = each.delivery in (Delivery.HANDED_OVER, Delivery.REFUSED)
        yield _with(each) if answered else f"not handed over to {each.participant}"


def _how_far(communication: Communication) -> Iterator[str]:
    recipients = communication.recipients
    named = " and ".join(each.participant for each in recipients)
    if communication.ended_at is not None:
        has_it = [each for each in recipients if each.delivery is Delivery.HANDED_OVER]
        yield from map(_with, has_it)
        yield "goes to nobody else, as its author left" if has_it else "goes to nobody, as its author left"
    elif communication.result is CheckResult.TO_BE_CHANGED:
        yield f"for {named}, to be changed and checked again"
    elif communication.result is None:
        yield f"for {named}, waits for its check by somebody other than {' and '.join(communication.drafted_by)}"
    else:
        yield from map(_with, recipients)


def _with(recipient: Recipient) -> str:
    if recipient.delivery is Delivery.NOT_OFFERED or recipient.at is None:
        return f"checked, to be offered to {recipient.participant}"
    done = {
        Delivery.OFFERED: "offered to",
        Delivery.ACCEPTED: "accepted by",
        Delivery.REFUSED: "refused by",
        Delivery.LATER: "left for later by",
        Delivery.HANDED_OVER: "handed over to",
    }
    return f"{done[recipient.delivery]} {recipient.participant} {when(recipient.at)}"
