"""What is to be done with the communications of an exchange: check them, change them, offer them, hand them over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from casework.worklist.answers import Alternative, Answer, Why
from casework.worklist.found import Found
from casework.worklist.wording import short_day
from lifecycle.activities.communications import exchange_of, unchecked_drafts
from lifecycle.activities.handing_over import (
    TO_HAND_OVER,
    TO_OFFER,
    refusal,
    risk_is_confirmed,
)
from lifecycle.stages.risk_assessment import risk_allows
from schemas.exchange import CheckResult, Communication, Delivery, Recipient
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary.words import in_words

_WHICH = {"communication": "{about}"}
_TO_WHOM = {**_WHICH, "participant": "{participant}"}

CHECK = Answer(
    "Check the {form} {about}",
    "check_communication",
    "It is offered to nobody before somebody has checked it who had no part in drafting it.",
    {**_WHICH, "result": CheckResult.FIT},
    why=Why.NEXT_STEP,
    when="If it is fit",
    alternatives=(
        Alternative(
            "If not", "check_communication", {**_WHICH, "result": CheckResult.TO_BE_CHANGED}, asks=("reason",)
        ),
    ),
)
CHANGE = Answer(
    "Change the {form} {about} with {who}",
    "draft_communication",
    "It was checked and is to be changed.",
    {**_WHICH, "author": "{participant}", "to": "{to}", "form": "{form_value}"},
    why=Why.NEXT_STEP,
)
OFFER = Answer(
    "Offer the {form} {about} to {who}",
    "offer_communication",
    "It was checked and is fit.",
    _TO_WHOM,
    why=Why.NEXT_STEP,
)
ASK = Answer(
    "Ask {who} whether they want the {form} {about}",
    "record_answer",
    "It was offered on {since}.",
    _TO_WHOM,
    why=Why.NEXT_STEP,
)
ASK_AGAIN = Answer(
    "Ask {who} again whether they want the {form} {about}",
    "record_answer",
    "They left it for later on {since}.",
    _TO_WHOM,
    why=Why.NEXT_STEP,
)
HAND_OVER = Answer(
    "Hand over the {form} {about}, if they agree then, to {who}",
    "hand_over_communication",
    "They accepted it on {since}.",
    _TO_WHOM,
    why=Why.NEXT_STEP,
)
CONFIRM_THE_RISK = Answer(
    "Confirm that the risk stands as assessed, so that the {form} {about} can be handed over",
    "reconfirm_risk",
    "It was accepted on {since}, and the risk was not confirmed within the days that the policy sets.",
    why=Why.NEXT_STEP,
)


def drafts_to_check(referral: Referral) -> Iterator[tuple[Found, tuple[str, ...]]]:
    """Each draft that waits for its check, with the colleagues who had a part in it and may not check it."""
    for each in unchecked_drafts(referral):
        # Whether the reader may check it is for the caller to say.
        yield Found(CHECK, f"check/{each.id}", words=_words(each), activity=each.activity), each.drafted_by


def communications_to_carry(referral: Referral, actor: Actor, at: datetime) -> Iterator[Found]:
    """What is to be done next with each communication that is checked, and with each of its recipients."""
    for each in referral.communications:
        activity = exchange_of(referral, each)
        if each.ended_at is not None or activity is None:
            continue
        if each.result is CheckResult.TO_BE_CHANGED:
            words = _words(each)
            yield Found(CHANGE, f"change/{each.id}", (each.author,), words=words, activity=each.activity)
        elif each.result is CheckResult.FIT and activity.booked is not None:
            for recipient in each.recipients:
                answer = _next_with(referral, each, recipient, actor, at)
                if answer is not None:
                    key = f"{answer.kind}/{each.id}/{recipient.participant}"
                    yield Found(
                        answer,
                        key,
                        (recipient.participant,),
                        words=_words(each, recipient),
                        activity=each.activity,
                    )


def _next_with(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> Answer | None:
    allowed = risk_allows.lacks(referral, actor, at) is None
    match recipient.delivery:
        case Delivery.OFFERED:
            return ASK
        case Delivery.LATER:
            return ASK_AGAIN
        case Delivery.NOT_OFFERED:
            refused = refusal(TO_OFFER, referral, communication, recipient, actor, at)
            return OFFER if allowed and refused is None else None
        case Delivery.ACCEPTED:
            refused = refusal(TO_HAND_OVER, referral, communication, recipient, actor, at)
            if refused is not None and refused.code == risk_is_confirmed.code:
                return CONFIRM_THE_RISK
            return HAND_OVER if allowed and refused is None else None
        case _:
            return None


def _words(communication: Communication, recipient: Recipient | None = None) -> tuple[tuple[str, str], ...]:
    since = recipient.at if recipient else None
    return (
        ("about", communication.id),
        ("form", in_words(communication.form)),
        ("form_value", communication.form),
        ("to", ",".join(each.participant for each in communication.recipients)),
        ("since", short_day(since) if since else ""),
    )
