"""Conference: the booked direct meeting or indirect exchange is held, partly held, put off or stopped."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.core import apply, gate, rule, told
from lifecycle.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.risk_assessment import confirmed_recently
from schemas.commands import PostponeActivity, RecordActivityHeld, ReturnToPreparation, StopActivity
from schemas.events import ActivityHeld, ActivityPostponed, ActivityStopped, Event, Recorded, StageEntered
from schemas.people import Actor
from schemas.referral import Held, Referral
from schemas.vocabulary import OverridableGate, Stage


@gate("nothing_booked", "An activity must be booked")
def activity_booked(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.activity else ""


@gate("still_booked", "The activity is still booked; postpone or stop it first")
def activity_stopped(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.activity else None


@rule(RecordActivityHeld, stages=[Stage.CONFERENCE], gates=[activity_booked])
def _(referral: Referral, command: RecordActivityHeld, actor: Actor, at: datetime) -> Iterator[Event]:
    activity = referral.activity
    if activity is None:
        return
    started_at = command.started_at or activity.starts_at
    if started_at > at:
        raise Refused(
            "in_the_future", "An activity is recorded as held after it began, not before.", "started_at"
        )
    overridden = OverridableGate.RISK_RECONFIRMATION in referral.overrides
    if not overridden and not confirmed_recently(referral, started_at):
        raise Refused(
            "risk_confirmation_old",
            "The risk was not confirmed within the days that the policy sets before the activity began; "
            "if it was held all the same, a supervisor must override this with a reason.",
            "started_at",
        )
    yield told(ActivityHeld, command, started_at=started_at, method=activity.method)
    yield StageEntered(stage=Stage.FOLLOW_UP, left=referral.stage)


@rule(
    PostponeActivity,
    stages=[Stage.CONFERENCE],
    gates=[activity_booked],
    leads_to=Stage.PREPARATION,
    in_safeguarding=True,
)
def _(referral: Referral, command: PostponeActivity, actor: Actor, at: datetime) -> Iterator[Event]:
    activity = referral.activity
    if activity is None:
        return
    if command.asked_by is not None:
        known_participant(referral, command.asked_by, field="asked_by")
    yield told(ActivityPostponed, command, booked_for=activity.starts_at)
    yield StageEntered(stage=Stage.PREPARATION, left=referral.stage)


@rule(StopActivity, stages=[Stage.CONFERENCE], gates=[activity_booked], on_hold=True, in_safeguarding=True)
def _(referral: Referral, command: StopActivity, actor: Actor, at: datetime) -> Iterator[Event]:
    yield told(ActivityStopped, command)


@rule(
    ReturnToPreparation,
    stages=[Stage.CONFERENCE],
    gates=[activity_stopped],
    leads_to=Stage.PREPARATION,
    in_safeguarding=True,
)
def _(referral: Referral, command: ReturnToPreparation, actor: Actor, at: datetime) -> Iterator[Event]:
    yield StageEntered(stage=Stage.PREPARATION, left=referral.stage, reason=command.reason)


@apply.register
def _(event: ActivityHeld, referral: Referral, recorded: Recorded) -> Referral:
    activity = referral.activity
    attending = activity.attending if activity else ()
    held = Held(
        method=event.method, partly=event.partly, at=event.started_at or recorded.at, attending=attending
    )
    return referral.model_copy(
        update={
            "held": (*referral.held, held),
            "activity": None,
            # Every activity is followed up in its own right.
            "participants": tuple(
                person.model_copy(update={"followed_up": (), "surveyed": False})
                if person.id in attending
                else person
                for person in referral.participants
            ),
        }
    )


@apply.register(ActivityPostponed)
@apply.register(ActivityStopped)
def _(event: ActivityPostponed | ActivityStopped, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"activity": None})
