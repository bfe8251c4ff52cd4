"""Pauses: a hold, and a safeguarding concern, which stops every contact."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, WORKERS, rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from lifecycle.timing.working_time import at_day_start
from schemas import commands
from schemas.areas import LONDON
from schemas.commands import LiftSafeguarding, RaiseSafeguarding, Resume
from schemas.events import Event, PutOnHold, Recorded, Resumed, SafeguardingLifted, SafeguardingRaised
from schemas.people import Actor, Role
from schemas.policy import DeadlineName
from schemas.referral import Frozen, Hold, Referral, Safeguarding


@gate("no_safeguarding", "A safeguarding concern must be open, and raised by somebody else")
def safeguarding_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.safeguarding and referral.safeguarding.raised_by != actor.id else ""


@gate("safeguarding_open", "No safeguarding concern may be open already; add a note instead")
def no_safeguarding_yet(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.safeguarding else None


@gate("already_on_hold", "The referral must not be on hold already; resume it first")
def not_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.hold else None


@gate("not_on_hold", "The referral must be on hold")
def is_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.hold else ""


@rule(
    RaiseSafeguarding,
    stages=OPEN_STAGES,
    roles=WORKERS | {Role.PARTNER},
    gates=[no_safeguarding_yet],
    on_hold=True,
    in_safeguarding=True,
    # Whoever knows the people may learn of a danger also when another area works with them.
    of_sender=True,
)
def decide_raise_safeguarding(
    referral: Referral, command: RaiseSafeguarding, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(SafeguardingRaised, command)


@rule(
    LiftSafeguarding,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[safeguarding_by_another],
    on_hold=True,
    in_safeguarding=True,
)
def decide_lift_safeguarding(
    referral: Referral, command: LiftSafeguarding, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(SafeguardingLifted, command)


@rule(commands.Hold, stages=OPEN_STAGES, gates=[not_on_hold], on_hold=True, in_safeguarding=True)
def decide_hold(referral: Referral, command: commands.Hold, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.review_on <= at.astimezone(LONDON).date():
        raise Refused("not_later", "The review date of a hold must be after today.", "review_on")
    yield event_from(PutOnHold, command)


@rule(Resume, stages=OPEN_STAGES, gates=[is_on_hold], on_hold=True, in_safeguarding=True)
def decide_resume(referral: Referral, command: Resume, actor: Actor, at: datetime) -> Iterator[Event]:
    yield Resumed()


@apply.register
def apply_safeguarding_raised(event: SafeguardingRaised, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={"safeguarding": Safeguarding(since=recorded.at, raised_by=recorded.actor)}
    )


@apply.register
def apply_safeguarding_lifted(event: SafeguardingLifted, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"safeguarding": None})


@apply.register
def apply_put_on_hold(event: PutOnHold, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"hold": Hold(since=recorded.at, review_on=event.review_on)})


@apply.register
def apply_resumed(event: Resumed, referral: Referral, recorded: Recorded) -> Referral:
    return end_hold(referral, recorded.at)


def end_hold(referral: Referral, at: datetime) -> Referral:
    """The state after ending a hold, if there is one; the clocks go on where they stopped."""
    if referral.hold is None:
        return referral
    return add_pause(referral, referral.hold.since, at).model_copy(update={"hold": None})


def add_pause(referral: Referral, since: datetime, until: datetime, *, closed: bool = False) -> Referral:
    """The state with a pause added: a time on hold or closed in which the clocks did not run."""
    pause = Frozen(since=since, until=until, closed=closed)
    return referral.model_copy(update={"frozen": (*referral.frozen, pause)})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    if referral.hold is not None:
        hold = referral.hold
        yield Clock(DeadlineName.HOLD_REVIEW, started_at=hold.since, falls_on=at_day_start(hold.review_on))
