"""Exchange: letters, recorded messages and spoken words are drafted, checked, offered and handed over.

The text never enters the system. A communication is offered and handed over only while its activity is booked, and
nothing is handed over unless the person who is to get it agrees at that moment.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from lifecycle.activities.communications import change_communication, exchanges, of_activity, writers_of
from lifecycle.activities.handing_over import (
    TO_ANSWER,
    TO_CHECK,
    TO_HAND_OVER,
    TO_OFFER,
    Condition,
    gates_of,
    refusal,
)
from lifecycle.activities.state import ACTIVITY_STAGES, activity_of, described
from lifecycle.gates import gate
from lifecycle.people.consents import TWO_SIDES
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import rule
from lifecycle.stages.risk_assessment import risk_allows
from lifecycle.state import apply, event_from
from schemas.activity import Activity
from schemas.commands import (
    CheckCommunication,
    DraftCommunication,
    HandOverCommunication,
    OfferCommunication,
    RecordAnswer,
)
from schemas.events import (
    CommunicationAnswered,
    CommunicationChecked,
    CommunicationDrafted,
    CommunicationHandedOver,
    CommunicationOffered,
    Event,
    Recorded,
)
from schemas.exchange import CheckResult, Communication, Delivery, Recipient
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import ParticipantRole, Stage


@gate(
    "no_exchange",
    "An activity by an indirect method must be prepared or booked, with somebody of each side who takes part in it",
)
def exchange_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if any(_has_both_sides(referral, each) for each in exchanges(referral)) else ""


def _has_both_sides(referral: Referral, activity: Activity) -> bool:
    roles = {person.role for person in writers_of(referral, activity)}
    return set(TWO_SIDES) <= roles


@rule(DraftCommunication, stages=ACTIVITY_STAGES, gates=[exchange_open])
def decide_draft_communication(
    referral: Referral, command: DraftCommunication, actor: Actor, at: datetime
) -> Iterator[Event]:
    former = _named(referral, command.communication) if command.communication else None
    if former is not None:
        _check_may_be_drafted_again(former, command)
    activity = _exchange_meant(referral, command, former)
    _check_people(referral, activity, command)
    _check_reply(referral, activity, command)
    new_id = f"c{max((int(each.id[1:]) for each in referral.communications), default=0) + 1}"
    yield event_from(
        CommunicationDrafted,
        command,
        communication=former.id if former else new_id,
        activity=activity.id,
    )


def _exchange_meant(
    referral: Referral, command: DraftCommunication, former: Communication | None
) -> Activity:
    """The exchange that a draft belongs to: that of the former draft, the one named, or the only one it could be."""
    possible = [each for each in exchanges(referral) if _has_both_sides(referral, each)]
    listed = ", ".join(map(described, possible))
    named = former.activity if former else command.activity
    if named is not None:
        found = next((each for each in possible if each.id == named), None)
        if found is None:
            raise Refused(
                "activity_unknown", f"This is not possible for {named}; possible: {listed}.", "activity"
            )
        return found
    # Several could be meant: the people tell which one, where they are together in one only.
    people = {command.author, *command.to}
    theirs = [each for each in possible if people <= {one.id for one in writers_of(referral, each)}]
    fitting = theirs or possible
    if len(fitting) != 1:
        raise Refused("activity_missing", f"Say which activity: {listed}.", "activity")
    return fitting[0]


def _check_may_be_drafted_again(former: Communication, command: DraftCommunication) -> None:
    if former.ended_at is not None:
        raise Refused("author_left", f"The author of {former.id} no longer takes part.", "communication")
    if former.handed_over:
        raise Refused(
            "handed_over", f"{former.id} was handed over; draft another one instead.", "communication"
        )
    if command.author != former.author:
        raise Refused("other_author", f"{former.id} is by {former.author}; draft another one.", "author")
    if command.activity not in (None, former.activity):
        raise Refused("other_activity", f"{former.id} belongs to {former.activity}.", "activity")


def _check_people(referral: Referral, activity: Activity, command: DraftCommunication) -> None:
    there = {person.id: person for person in writers_of(referral, activity)}
    for field, people in (("author", (command.author,)), ("to", command.to)):
        for each in people:
            person = known_participant(referral, each, field=field)
            if person.role not in TWO_SIDES:
                raise Refused(
                    "not_of_a_side", f"{each} is neither a person harmed nor a person responsible.", field
                )
            if each not in there:
                raise Refused("not_taking_part", f"{each} does not take part in {activity.id}.", field)
    for each in command.to:
        if there[each].role is there[command.author].role:
            other = _other_side(there[command.author].role)
            raise Refused("same_side", f"{each} is of the author's own side; it must go to {other}.", "to")


def _other_side(role: ParticipantRole) -> str:
    return "a person responsible" if role is ParticipantRole.HARMED else "a person harmed"


def _check_reply(referral: Referral, activity: Activity, command: DraftCommunication) -> None:
    if command.reply_to is None:
        return
    answered = _named(referral, command.reply_to, field="reply_to")
    if answered.activity != activity.id:
        raise Refused("other_activity", f"{answered.id} belongs to {answered.activity}.", "reply_to")
    got = answered.recipient(command.author)
    if got is None or got.delivery is not Delivery.HANDED_OVER:
        raise Refused(
            "not_handed_over",
            f"{answered.id} was not handed over to {command.author}, who can reply only to what they got.",
            "reply_to",
        )
    if answered.author not in command.to:
        raise Refused("not_a_reply", f"A reply to {answered.id} must go to {answered.author}.", "to")


@rule(CheckCommunication, stages=ACTIVITY_STAGES, gates=gates_of(TO_CHECK))
def decide_check_communication(
    referral: Referral, command: CheckCommunication, actor: Actor, at: datetime
) -> Iterator[Event]:
    communication = _named(referral, command.communication)
    _hold(TO_CHECK, referral, communication, communication.recipients[0], actor, at)
    needed = command.result is CheckResult.TO_BE_CHANGED or command.taken_out
    if needed and not command.reason:
        raise Refused(
            "reason_missing", "Say why it is to be changed, or why something was taken out.", "reason"
        )
    yield event_from(CommunicationChecked, command, activity=communication.activity)


@rule(OfferCommunication, stages=[Stage.CONFERENCE], gates=[risk_allows, *gates_of(TO_OFFER)])
def decide_offer_communication(
    referral: Referral, command: OfferCommunication, actor: Actor, at: datetime
) -> Iterator[Event]:
    communication = _checked(TO_OFFER, referral, command, actor, at)
    yield event_from(CommunicationOffered, command, activity=communication.activity)


@rule(
    RecordAnswer,
    stages=ACTIVITY_STAGES,
    gates=gates_of(TO_ANSWER),
    on_hold=True,
    in_safeguarding=True,
)
def decide_record_answer(
    referral: Referral, command: RecordAnswer, actor: Actor, at: datetime
) -> Iterator[Event]:
    communication = _checked(TO_ANSWER, referral, command, actor, at)
    yield event_from(CommunicationAnswered, command, activity=communication.activity)


@rule(HandOverCommunication, stages=[Stage.CONFERENCE], gates=[risk_allows, *gates_of(TO_HAND_OVER)])
def decide_hand_over_communication(
    referral: Referral, command: HandOverCommunication, actor: Actor, at: datetime
) -> Iterator[Event]:
    communication = _checked(TO_HAND_OVER, referral, command, actor, at)
    if not command.agrees:
        raise Refused(
            "does_not_agree",
            "Nothing is handed over unless the person agrees at that moment: record their answer instead "
            "(record_answer: refused or later).",
            "agrees",
        )
    yield event_from(CommunicationHandedOver, command, activity=communication.activity)


def _named(referral: Referral, communication_id: str, *, field: str = "communication") -> Communication:
    found = next((each for each in referral.communications if each.id == communication_id), None)
    if found is None:
        known = ", ".join(each.id for each in referral.communications) or "none"
        raise Refused(
            "communication_unknown", f"There is no communication with that id; known: {known}.", field
        )
    return found


def _checked(
    conditions: Sequence[Condition],
    referral: Referral,
    command: OfferCommunication | RecordAnswer | HandOverCommunication,
    actor: Actor,
    at: datetime,
) -> Communication:
    """The communication that a command names, if all that must hold of it and its recipient does.

    Raises:
        Refused: there is none, it is not for that person, or a condition does not hold.
    """
    communication = _named(referral, command.communication)
    known_participant(referral, command.participant)
    recipient = communication.recipient(command.participant)
    if recipient is None:
        meant = ", ".join(each.participant for each in communication.recipients)
        raise Refused(
            "not_a_recipient",
            f"{communication.id} is not for {command.participant}; it is for: {meant}.",
            "participant",
        )
    _hold(conditions, referral, communication, recipient, actor, at)
    return communication


def _hold(
    conditions: Sequence[Condition],
    referral: Referral,
    communication: Communication,
    recipient: Recipient,
    actor: Actor,
    at: datetime,
) -> None:
    refused = refusal(conditions, referral, communication, recipient, actor, at)
    if refused is not None:
        raise refused


@apply.register
def apply_communication_drafted(
    event: CommunicationDrafted, referral: Referral, recorded: Recorded
) -> Referral:
    former = next((each for each in referral.communications if each.id == event.communication), None)
    hands = dict.fromkeys((*(former.drafted_by if former else ()), recorded.actor))
    if event.received_by is not None:
        hands[event.received_by] = None
    # Another draft is another text: it is checked and offered anew.
    drafted = Communication(
        id=event.communication,
        activity=event.activity,
        author=event.author,
        form=event.form,
        origin=event.origin,
        reply_to=event.reply_to,
        recipients=tuple(Recipient(participant=each) for each in event.to),
        drafted_by=tuple(hands),
    )
    if former is None:
        return referral.model_copy(update={"communications": (*referral.communications, drafted)})
    return referral.model_copy(
        update={
            "communications": tuple(
                drafted if each.id == drafted.id else each for each in referral.communications
            )
        }
    )


@apply.register
def apply_communication_checked(
    event: CommunicationChecked, referral: Referral, recorded: Recorded
) -> Referral:
    return change_communication(referral, event.communication, result=event.result, checked_by=recorded.actor)


@apply.register
def apply_communication_offered(
    event: CommunicationOffered, referral: Referral, recorded: Recorded
) -> Referral:
    return _delivered(referral, event, Delivery.OFFERED, recorded)


@apply.register
def apply_communication_answered(
    event: CommunicationAnswered, referral: Referral, recorded: Recorded
) -> Referral:
    return _delivered(referral, event, Delivery(event.answer), recorded)


@apply.register
def apply_communication_handed_over(
    event: CommunicationHandedOver, referral: Referral, recorded: Recorded
) -> Referral:
    return _delivered(referral, event, Delivery.HANDED_OVER, recorded)


def _delivered(
    referral: Referral,
    event: CommunicationOffered | CommunicationAnswered | CommunicationHandedOver,
    delivery: Delivery,
    recorded: Recorded,
) -> Referral:
    changed = Recipient(
        participant=event.participant,
        delivery=delivery,
        at=recorded.at,
        held_before=len(activity_of(referral, event.activity).held),
    )
    return change_communication(
        referral,
        event.communication,
        recipients=tuple(
            changed if each.participant == event.participant else each
            for communication in of_activity(referral, event.activity)
            if communication.id == event.communication
            for each in communication.recipients
        ),
    )
