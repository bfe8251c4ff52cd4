"""Transfer: a referral goes to another area, which takes it over with its log, its stage and its people.

Nothing of the history is lost: reference, log and workflow stay the same. On acceptance the area and the policy become
those of the other area, so that every deadline is computed anew; caseworker and facilitators are cleared, and the clock
of allocation runs until somebody owns the referral there.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.people.ages import as_of
from lifecycle.people.consents import TWO_SIDES, lacking
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, RULES, SUPERVISORS, rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.areas import Area
from schemas.commands import AcceptTransfer, OfferTransfer, RefuseTransfer, WithdrawTransferOffer
from schemas.events import (
    ConsentWithdrawn,
    Event,
    Recorded,
    TransferAccepted,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
from schemas.people import Actor
from schemas.policy import DeadlineName, Policy
from schemas.referral import Participant, Referral, TransferOffer, Transferred
from schemas.vocabulary import ContactOutcome, Purpose, SignOffSubject, Stage


def areas_concerned(referral: Referral) -> frozenset[Area]:
    """The areas whose staff or partners may be told of a step: its own, one that it is offered to, those it left."""
    offered = {referral.transfer_offer.area} if referral.transfer_offer else set[Area]()
    return frozenset({referral.area, *offered, *(each.left for each in referral.transfers)})


def who_knows_of_it(referral: Referral) -> tuple[Participant, ...]:
    """The people of both sides who have not left and who know of the referral, because somebody reached them."""
    return tuple(
        person
        for person in referral.participants
        if person.role in TWO_SIDES and person.active and _knows(person)
    )


def _knows(person: Participant) -> bool:
    reached = any(each.outcome is ContactOutcome.REACHED for each in person.attempts)
    return reached or any(
        said is not None for said in (person.informed_at, person.interest, person.acknowledges)
    )


@gate(
    "transfer_consent_missing",
    "Everybody of both sides who knows of the referral must consent to share the case with another service",
)
def transfer_consented(referral: Referral, actor: Actor, at: datetime) -> str | None:
    """A person who was never reached does not know of the referral and cannot be asked: they are not waited for, and
    the other area asks them like anybody whom it reaches first. Whose part has ended is not asked either."""
    return lacking(referral, who_knows_of_it(referral), Purpose.TRANSFER)


@gate("already_offered", "No offer to another area may be open")
def not_offered(referral: Referral, actor: Actor, at: datetime) -> str | None:
    offer = referral.transfer_offer
    return f"it is offered to {offer.area}; withdraw that offer first" if offer else None


@gate("not_offered", "The referral must be offered to another area")
def offer_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.transfer_offer else ""


@gate(
    "own_offer", "Nobody accepts their own offer; another supervisor of the area that it is offered to must"
)
def not_their_own_offer(referral: Referral, actor: Actor, at: datetime) -> str | None:
    offer = referral.transfer_offer
    return "" if offer and offer.offered_by == actor.id else None


# Not while a safeguarding concern is open: contact stops, so nobody can be asked for a consent, and whoever raised
# or looks into the concern knows what the other area does not. It is lifted here first; what was said of it goes along
# in the log. A hold goes along as it is: to move house is a reason to pause.
@rule(
    OfferTransfer,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[not_offered, transfer_consented],
    on_hold=True,
)
def decide_offer_transfer(
    referral: Referral, command: OfferTransfer, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.area is referral.area:
        raise Refused("same_area", f"The referral is in {referral.area} already; name another area.", "area")
    yield event_from(TransferOffered, command)


@rule(
    WithdrawTransferOffer,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[offer_open],
    on_hold=True,
    in_safeguarding=True,
)
def decide_withdraw_transfer_offer(
    referral: Referral, command: WithdrawTransferOffer, actor: Actor, at: datetime
) -> Iterator[Event]:
    if referral.transfer_offer:
        yield TransferOfferWithdrawn(area=referral.transfer_offer.area, reason=command.reason)


# A concern raised after the offer is lifted before the referral is taken over; see above.
@rule(
    AcceptTransfer,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[offer_open, not_their_own_offer, transfer_consented],
    on_hold=True,
    of_offered_area=True,
)
def decide_accept_transfer(
    referral: Referral, command: AcceptTransfer, actor: Actor, at: datetime
) -> tuple[Event, ...]:
    # The state does not hold the other area's policy; accept() is given it.
    if command.caseworker is not None and referral.stage is Stage.RECEIVED:
        raise Refused(
            "wrong_stage",
            "Nobody was asked yet: accept it without a caseworker, check for a duplicate, then allocate it.",
            "caseworker",
        )
    return ()


def accept(
    referral: Referral, policy: Policy, command: AcceptTransfer, actor: Actor, at: datetime
) -> tuple[TransferAccepted]:
    """The events that follow when the other area takes the referral over.

    Args:
        referral: the state before.
        policy: what the other area has settled now.
        command: with who owns it there, if that is known.
        actor: who accepts, acting in the area that it is offered to.
        at: now, aware.

    Raises:
        Refused: it may not be accepted.
    """
    found, today = RULES[AcceptTransfer], as_of(referral, at)
    found.check(today, actor, at)
    tuple(found.decide(today, command, actor, at))
    return (
        TransferAccepted(
            left=referral.area,
            area=actor.area,
            caseworker=command.caseworker,
            was=referral.policy.version,
            version=policy.version,
            policy=policy,
        ),
    )


@rule(
    RefuseTransfer,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[offer_open],
    on_hold=True,
    in_safeguarding=True,
    of_offered_area=True,
)
def decide_refuse_transfer(
    referral: Referral, command: RefuseTransfer, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield TransferRefused(area=actor.area, reason=command.reason)


def offer_lapsed(referral: Referral, events: Iterable[Recorded]) -> Iterator[TransferOfferWithdrawn]:
    """The end of an offer that a step leaves without ground: the referral closed, or a consent to share was withdrawn.

    Args:
        referral: the state after the step.
        events: of the step.
    """
    if referral.transfer_offer is None:
        return
    withdrawn = any(
        isinstance(each.event, ConsentWithdrawn) and each.event.purpose is Purpose.TRANSFER for each in events
    )
    if referral.closed or withdrawn:
        yield TransferOfferWithdrawn(area=referral.transfer_offer.area)


@apply.register
def apply_transfer_offered(event: TransferOffered, referral: Referral, recorded: Recorded) -> Referral:
    offer = TransferOffer(area=event.area, offered_by=recorded.actor, offered_at=recorded.at)
    # A deadline of an earlier offer may have been moved; this one begins anew.
    return _without_extension(referral).model_copy(update={"transfer_offer": offer})


@apply.register(TransferOfferWithdrawn)
@apply.register(TransferRefused)
def apply_transfer_offer_ended(
    event: TransferOfferWithdrawn | TransferRefused, referral: Referral, recorded: Recorded
) -> Referral:
    return referral.model_copy(update={"transfer_offer": None})


def _without_extension(referral: Referral) -> Referral:
    others = {key: until for key, until in referral.extensions.items() if key != DeadlineName.TRANSFER_ANSWER}
    return referral.model_copy(update={"extensions": others})


@apply.register
def apply_transfer_accepted(event: TransferAccepted, referral: Referral, recorded: Recorded) -> Referral:
    """The referral in its new area.

    What waits for a sign-off there is asked for anew: whoever asked and whoever would have answered are of the other
    area. What was signed off before stands. Extensions end, since they moved deadlines that another policy had set.
    """
    asked = {each.subject for each in referral.sign_off_requests}
    verdict_waits = SignOffSubject.RISK_ASSESSMENT in asked
    moved = Transferred(left=event.left, area=event.area, at=recorded.at)
    return referral.model_copy(
        update={
            "area": event.area,
            "policy": event.policy,
            "caseworker": event.caseworker,
            "facilitator": None,
            "co_facilitator": None,
            "advanced_practitioner": False,
            "activities": tuple(each.model_copy(update={"run_by": None}) for each in referral.activities),
            "transfer_offer": None,
            "transfers": (*referral.transfers, moved),
            "sign_off_requests": (),
            "risk": referral.risk.model_copy(update={"verdict": None}) if verdict_waits else referral.risk,
            "extensions": {},
            "extended_at": {},
        }
    )


@clocks
def clock_of_transfer_answer(referral: Referral) -> Iterator[Clock]:
    """The other area's answer. The offering area's supervisor answers for it: until it is accepted the referral is
    theirs, and they can ask, or withdraw the offer and offer it elsewhere. A hold does not stop it."""
    if referral.transfer_offer is not None:
        yield Clock(
            DeadlineName.TRANSFER_ANSWER, started_at=referral.transfer_offer.offered_at, runs_on_hold=True
        )
