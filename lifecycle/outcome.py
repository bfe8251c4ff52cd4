"""What one step comes to: the events that a command leads to and what follows from them, and the state after all."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from lifecycle.case.adoption import adopt
from lifecycle.case.correction import correct
from lifecycle.case.transfer import accept, offer_lapsed
from lifecycle.coarse_facts import Changes, changes
from lifecycle.notifying.appointments import called_off
from lifecycle.notifying.notices import WantedNotices, notices_wanted
from lifecycle.refusal import Refused
from lifecycle.rules import decide
from lifecycle.stages.intake import open_referral
from lifecycle.state import evolve
from lifecycle.timing.clocks import deadlines
from lifecycle.timing.ladder import cleared
from schemas.commands import AcceptTransfer, AdoptPolicy, CorrectStep, OpenReferral
from schemas.events import Event, Recorded
from schemas.policy import Policy
from schemas.referral import Deadline, Referral
from schemas.steps import Request


class Outcome(NamedTuple):
    """What a step comes to, as it stands in the log.

    Attributes:
        events: what was decided, then what follows from it.
        referral: the state after them.
    """

    events: tuple[Recorded, ...]
    referral: Referral


class Written(NamedTuple):
    """All that is written with one step.

    Attributes:
        events: the step's, as they stand in the log.
        referral: the state after them.
        deadlines: those that are open then.
        wanted: the messages that the step calls for; who gets them is for the team to say.
        facts: its changes to the coarse facts.
    """

    events: tuple[Recorded, ...]
    referral: Referral
    deadlines: tuple[Deadline, ...]
    wanted: WantedNotices
    facts: Changes


def decide_request(
    reference: str,
    referral: Referral | None,
    request: Request,
    at: datetime,
    *,
    history: Sequence[Recorded],
    policy: Policy | None,
) -> Sequence[Event]:
    """What happens when a command is given, whichever it is.

    Args:
        reference: of the referral.
        referral: the state before; None where there is no referral yet.
        request: the command and who asks.
        at: now, aware.
        history: the whole log; needed to correct a step, else it may be empty.
        policy: what the service has settled for the area, or for the one that takes the referral over; needed to open
            a referral, to adopt a policy and to accept a transfer.

    Raises:
        Refused: it is not possible.
    """
    command, actor = request.command, request.actor
    match command:
        case OpenReferral() if referral is None and policy is not None:
            return open_referral(reference, policy, command, actor, at)
        case CorrectStep() if referral is not None:
            return correct(referral, history, command, actor, at)
        case AdoptPolicy() if referral is not None and policy is not None:
            return adopt(referral, policy, command, actor, at)
        case AcceptTransfer() if referral is not None and policy is not None:
            return accept(referral, policy, command, actor, at)
        case _ if referral is not None:
            return decide(referral, command, actor, at)
        case _:
            raise Refused("unknown_referral", f"There is no referral {reference}.")


def outcome_of(
    referral: Referral | None, happened: Sequence[Event], request: Request, at: datetime
) -> Outcome:
    """The events of a step with what follows from them, as they stand in the log, and the state after them.

    What is no longer late is cleared with it, what was booked may be off, and an offer to another area may lapse.

    Args:
        referral: the state before; None where the step opens the referral.
        happened: what was decided; at least one event where the step opens the referral.
        request: the command and who asked.
        at: when it is recorded, aware.
    """
    before = referral.sequence if referral else 0
    events = _as_recorded(happened, request, before, before, at)
    became = evolve_all(referral, events)
    lapsed = _as_recorded(tuple(offer_lapsed(became, events)), request, before, became.sequence, at)
    events, became = [*events, *lapsed], evolve_all(became, lapsed)
    follows: tuple[Event, ...] = (*cleared(became), *called_off(referral, became, events, at))
    done = _as_recorded(follows, request, before, became.sequence, at)
    return Outcome((*events, *done), evolve_all(became, done))


def written_with(
    referral: Referral | None,
    happened: Sequence[Event],
    request: Request,
    at: datetime,
    history: Iterable[Recorded] = (),
) -> Written:
    """All that is written with a step, whoever writes it and whenever it was.

    Args:
        referral, happened, request, at: see :func:`outcome_of`.
        history: the log before it; needed only where the step takes an earlier one back.
    """
    events, became = outcome_of(referral, happened, request, at)
    return Written(
        events,
        became,
        deadlines(became),
        notices_wanted(referral, events, became),
        changes(referral, events, became, history),
    )


def evolve_all(referral: Referral | None, events: Iterable[Recorded]) -> Referral:
    """The state after several events, of which there must be one where there is no state before."""
    for recorded in events:
        referral = evolve(referral, recorded)
    if referral is None:
        raise ValueError("no state and no events")
    return referral


def _as_recorded(
    events: Sequence[Event], request: Request, before: int, after: int, at: datetime
) -> list[Recorded]:
    return [
        Recorded(
            sequence=sequence,
            step=before + 1,
            at=at,
            actor=request.actor.id,
            role=request.actor.role,
            command_id=request.command_id,
            event=event,
        )
        for sequence, event in enumerate(events, after + 1)
    ]
