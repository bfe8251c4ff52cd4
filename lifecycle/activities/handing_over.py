"""What must hold of a communication before it is checked, offered, answered and handed over.

That nobody checks their own draft, and that whoever is to get it agrees at the moment of the hand-over, is our
judgement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lifecycle.activities.communications import every_delivery, exchange_of, writers_of
from lifecycle.activities.state import facilitators_of
from lifecycle.gates import Gate
from lifecycle.people.consents import lacking
from lifecycle.refusal import Refused
from lifecycle.stages.risk_assessment import confirmed_recently
from schemas.exchange import CheckResult, Communication, Delivery, Recipient
from schemas.people import Actor
from schemas.referral import Participant, Referral
from schemas.vocabulary import Interest, OverridableGate, Purpose

Lacks = Callable[[Referral, Communication, Recipient, Actor, datetime], str | None]


@dataclass(frozen=True)
class Condition:
    """What must hold of a communication and its recipient before a step with them.

    Attributes:
        code: of the refusal.
        sentence: the condition, as refusals and the documentation print it.
        lacks: says what is missing, or None where it holds; empty text adds nothing to the sentence.
        field: of the command, whose value does not fit.
    """

    code: str
    sentence: str
    lacks: Lacks
    field: str = "communication"


def condition(code: str, sentence: str, field: str = "communication") -> Callable[[Lacks], Condition]:
    """Make a condition of the decorated function, which says what is missing."""
    return lambda lacks: Condition(code, sentence, lacks, field)


def refusal(
    conditions: Sequence[Condition],
    referral: Referral,
    communication: Communication,
    recipient: Recipient,
    actor: Actor,
    at: datetime,
) -> Refused | None:
    """What is said of the first condition that does not hold; None where all do."""
    for each in conditions:
        missing = each.lacks(referral, communication, recipient, actor, at)
        if missing is not None:
            return Refused(each.code, f"{each.sentence}{f': {missing}' * bool(missing)}.", each.field)
    return None


def gates_of(conditions: Sequence[Condition]) -> tuple[Gate, ...]:
    """The conditions as gates of a command: together they are open where one recipient of one communication fulfils
    all. Each is shut where it is what keeps back those that fulfil all conditions before it.
    """
    return tuple(_gate(conditions[:number], each) for number, each in enumerate(conditions))


def _gate(before: Sequence[Condition], own: Condition) -> Gate:
    def lacks(referral: Referral, actor: Actor, at: datetime) -> str | None:
        found = [
            (communication, recipient)
            for communication, recipient in every_delivery(referral)
            if refusal(before, referral, communication, recipient, actor, at) is None
        ]
        if not found:
            return None if before else ""
        missing = [own.lacks(referral, *each, actor, at) for each in found]
        said = {
            f"{communication.id}: {text}" if text else communication.id
            for (communication, _), text in zip(found, missing, strict=True)
        }
        return None if None in missing else "; ".join(sorted(said))

    return Gate(own.code, own.sentence, lacks)


@condition("author_left", "Its author must still take part")
def author_remains(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    return communication.author if communication.ended_at else None


@condition("exchange_over", "Its activity must be an exchange that is being prepared or booked")
def exchange_goes_on(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    return None if exchange_of(referral, communication) else communication.activity


@condition("nothing_to_check", "A draft must be waiting for its check")
def waits_for_check(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    match communication.result:
        case None:
            return None
        case CheckResult.FIT:
            return "it was checked and is fit"
        case CheckResult.TO_BE_CHANGED:
            return "it is to be changed and drafted again first"


@condition(
    "own_draft", "Nobody checks a draft that they recorded or were given; a colleague or supervisor must"
)
def drafted_by_others(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    return "" if actor.id in communication.drafted_by else None


@condition("not_fit", "It must have been checked by somebody else and found fit")
def checked_and_fit(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    match communication.result:
        case CheckResult.FIT:
            return None
        case CheckResult.TO_BE_CHANGED:
            return "it is to be changed"
        case None:
            return "it is not checked"


@condition("already_offered", "It must not be on offer to that person already", "participant")
def to_be_offered(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    already = (Delivery.OFFERED, Delivery.ACCEPTED, Delivery.HANDED_OVER)
    if recipient.delivery not in already:
        return None
    return f"with {recipient.participant} it is {recipient.delivery.replace('_', ' ')}"


@condition("not_on_offer", "It must be on offer to that person", "participant")
def on_offer(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    if recipient.delivery in (Delivery.OFFERED, Delivery.ACCEPTED, Delivery.LATER):
        return None
    if recipient.delivery is Delivery.REFUSED:
        return f"{recipient.participant} refused it; offer it again first"
    return f"with {recipient.participant} it is {recipient.delivery.replace('_', ' ')}"


@condition("not_accepted", "That person's last answer must be that they accept it", "participant")
def accepted(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    if recipient.delivery is Delivery.ACCEPTED:
        return None
    return f"with {recipient.participant} it is {recipient.delivery.replace('_', ' ')}"


@condition("nothing_booked", "Its activity must be booked")
def exchange_booked(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    activity = exchange_of(referral, communication)
    return None if activity and activity.booked else communication.activity


@condition("facilitators_missing", "Somebody must be assigned who runs its activity")
def somebody_carries_it(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    activity = exchange_of(referral, communication)
    return None if activity and facilitators_of(referral, activity)[0] else communication.activity


@condition(
    "not_taking_part", "Author and recipient must both take part in the activity and in what it is for"
)
def both_take_part(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    activity = exchange_of(referral, communication)
    there = {person.id for person in writers_of(referral, activity)} if activity else set()
    missing = [each for each in (communication.author, recipient.participant) if each not in there]
    undecided = [
        f"{person.id} is undecided"
        for person in _pair(referral, communication, recipient)
        if person.id in there and person.interest is Interest.UNDECIDED
    ]
    return ", ".join((*missing, *undecided)) or None


@condition(
    "exchange_consent_missing",
    "Author and recipient must both consent, at that moment, to taking part and to an indirect method",
)
def both_consent(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    return lacking(
        referral, _pair(referral, communication, recipient), Purpose.TAKE_PART, Purpose.METHOD_INDIRECT
    )


@condition("not_prepared", "Author and recipient must both have had a preparation meeting")
def both_prepared(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    activity = exchange_of(referral, communication)
    unprepared = [
        person.id
        for person in _pair(referral, communication, recipient)
        if activity is None or activity.part(person.id).prepared_on is None
    ]
    return ", ".join(unprepared) or None


@condition(
    "risk_confirmation_old",
    "The risk must be confirmed within the days that the policy sets before anything is handed over",
)
def risk_is_confirmed(
    referral: Referral, communication: Communication, recipient: Recipient, actor: Actor, at: datetime
) -> str | None:
    activity = exchange_of(referral, communication)
    if activity is None:
        return ""
    overridden = OverridableGate.RISK_RECONFIRMATION in activity.overrides
    return None if overridden or confirmed_recently(referral, activity, at) else ""


TO_CHECK = (waits_for_check, author_remains, exchange_goes_on, drafted_by_others)
_PEOPLE_FIT = (
    exchange_goes_on,
    exchange_booked,
    somebody_carries_it,
    both_take_part,
    both_consent,
    both_prepared,
)
TO_OFFER = (checked_and_fit, to_be_offered, author_remains, *_PEOPLE_FIT)
TO_ANSWER = (on_offer, author_remains)
TO_HAND_OVER = (accepted, checked_and_fit, author_remains, *_PEOPLE_FIT, risk_is_confirmed)


def _pair(referral: Referral, communication: Communication, recipient: Recipient) -> list[Participant]:
    two = (communication.author, recipient.participant)
    return [person for person in referral.participants if person.id in two]
