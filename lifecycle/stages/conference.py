"""Conference: a booked direct meeting or indirect exchange is held, partly held, adjourned, put off or stopped."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.communications import begins_at, first_hand_over, indirect
from lifecycle.activities.gates import (
    TAKING_PART,
    attending_consent,
    missing_when_it_began,
    somebody_runs_it,
    something_handed_over,
)
from lifecycle.activities.state import (
    activity_of,
    booked,
    booked_direct,
    can_go_on,
    change_activity,
    stage_moves,
    stopped,
    taken_up,
    with_state,
)
from lifecycle.gates import Candidates
from lifecycle.people.consents import TWO_SIDES
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import rule
from lifecycle.stages.risk_assessment import confirmed_recently
from lifecycle.state import apply, event_from
from schemas.activity import Activity, Held, Sitting
from schemas.commands import (
    AdjournActivity,
    PostponeActivity,
    RecordActivityHeld,
    ReturnToPreparation,
    StopActivity,
)
from schemas.events import (
    ActivityAdjourned,
    ActivityEnded,
    ActivityHeld,
    ActivityPostponed,
    ActivityStopped,
    ActivityTakenUp,
    Event,
    Recorded,
    StageEntered,
)
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import ActivityEndReason, ActivityState, OverridableGate, Stage

BOOKED = Candidates("nothing_booked", "An activity must be booked", booked)
BOOKED_DIRECT = Candidates("nothing_booked", "A direct meeting must be booked", booked_direct)
STOPPED = Candidates("still_booked", "An activity must have been stopped", stopped)


def check_beginning(
    referral: Referral, activity: Activity, began_at: datetime, at: datetime, field: str
) -> None:
    """Raise Refused where a booked activity could not begin then: consents or the confirmation of risk were missing.

    Args:
        began_at: when it began.
        at: now.
        field: of the command, for the refusal.
    """
    if began_at > at:
        raise Refused("in_the_future", "An activity can be recorded as held only after it began.", field)
    missing = missing_when_it_began(referral, activity, began_at)
    if missing:
        raise Refused(attending_consent.code, f"{attending_consent.sentence}: {missing}.", field)
    overridden = OverridableGate.RISK_RECONFIRMATION in activity.overrides
    # What is handed over needed it then; that it was confirmed again later, for another hand-over, undoes nothing.
    began_by_hand_over = indirect(activity) and began_at == first_hand_over(referral, activity)
    if not (overridden or began_by_hand_over or confirmed_recently(referral, activity, began_at)):
        raise Refused(
            "risk_confirmation_old",
            "The risk was not confirmed within the days that the policy sets before the activity began; "
            "if it was held all the same, a supervisor must override this with a reason.",
            field,
        )


def _goes_back(referral: Referral, activity: Activity, to: ActivityState) -> Iterator[Event]:
    """What follows when an activity is no longer booked: it ends where nobody of a side is left in it."""
    if can_go_on(referral, activity):
        yield from stage_moves(referral, with_state(referral.activities, to, [activity]))
        return
    yield ActivityEnded(activity=activity.id, why=ActivityEndReason.COULD_NOT_GO_ON)
    yield from stage_moves(referral, with_state(referral.activities, ActivityState.ENDED, [activity]))


@rule(
    RecordActivityHeld,
    stages=[Stage.CONFERENCE],
    activity=BOOKED,
    gates=[somebody_runs_it, attending_consent, something_handed_over],
    may_lead_to=[Stage.FOLLOW_UP],
)
def decide_record_activity_held(
    referral: Referral, command: RecordActivityHeld, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    if activity.booked is None:
        return
    started_at = command.started_at or begins_at(referral, activity, activity.booked)
    check_beginning(referral, activity, started_at, at, "started_at")
    yield event_from(ActivityHeld, command, started_at=started_at, method=activity.booked.method)
    if len(referral.booked) == 1:
        yield StageEntered(stage=Stage.FOLLOW_UP, left=referral.stage)


@rule(
    AdjournActivity,
    stages=[Stage.CONFERENCE],
    activity=BOOKED_DIRECT,
    gates=[somebody_runs_it, attending_consent],
    may_lead_to=[Stage.PREPARATION, Stage.FOLLOW_UP],
    in_safeguarding=True,
)
def decide_adjourn_activity(
    referral: Referral, command: AdjournActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    if activity.booked is None:
        return
    began_at = command.began_at or activity.booked.starts_at
    check_beginning(referral, activity, began_at, at, "began_at")
    if command.resumes_at is not None:
        _check_may_resume(referral, activity, command.resumes_at, at)
    yield event_from(ActivityAdjourned, command, began_at=began_at)
    if command.resumes_at is None:
        yield from _goes_back(referral, activity, ActivityState.IN_PREPARATION)


def _check_may_resume(referral: Referral, activity: Activity, resumes_at: datetime, at: datetime) -> None:
    """Raise Refused where a meeting that is adjourned cannot be booked for another time.

    Args:
        resumes_at: when it is to go on.
        at: now.
    """
    if resumes_at <= at:
        raise Refused("not_later", "An activity must go on at a time in the future.", "resumes_at")
    if referral.safeguarding:
        raise Refused(
            "safeguarding",
            "A safeguarding concern is open, so nothing is booked; leave the time out, and it is prepared again.",
            "resumes_at",
        )
    there = {
        person.role for person in referral.participants if person.active and _attends(activity, person.id)
    }
    if not there >= set(TWO_SIDES):
        raise Refused(
            "side_missing",
            "Nobody of one side is left of those who attended; leave the time out, and it is prepared again or ended.",
            "resumes_at",
        )


def _attends(activity: Activity, participant: str) -> bool:
    return activity.booked is not None and participant in activity.booked.attending


@rule(
    PostponeActivity,
    stages=[Stage.CONFERENCE],
    activity=BOOKED,
    gates=TAKING_PART,
    may_lead_to=[Stage.PREPARATION, Stage.FOLLOW_UP],
    in_safeguarding=True,
)
def decide_postpone_activity(
    referral: Referral, command: PostponeActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    if activity.booked is None:
        return
    if command.asked_by is not None:
        known_participant(referral, command.asked_by, field="asked_by")
    yield event_from(ActivityPostponed, command, booked_for=activity.booked.starts_at)
    yield from _goes_back(referral, activity, ActivityState.IN_PREPARATION)


@rule(
    StopActivity,
    stages=[Stage.CONFERENCE],
    activity=BOOKED,
    may_lead_to=[Stage.PREPARATION, Stage.FOLLOW_UP],
    on_hold=True,
    in_safeguarding=True,
)
def decide_stop_activity(
    referral: Referral, command: StopActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    yield event_from(ActivityStopped, command)
    yield from _goes_back(referral, activity, ActivityState.STOPPED)


@rule(
    ReturnToPreparation,
    stages=[Stage.CONFERENCE],
    activity=STOPPED,
    gates=TAKING_PART,
    may_lead_to=[Stage.PREPARATION],
    in_safeguarding=True,
)
def decide_return_to_preparation(
    referral: Referral, command: ReturnToPreparation, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    yield ActivityTakenUp(activity=activity.id, reason=command.reason)
    if not referral.booked:
        yield StageEntered(stage=Stage.PREPARATION, left=referral.stage)


@apply.register
def apply_activity_held(event: ActivityHeld, referral: Referral, recorded: Recorded) -> Referral:
    activity = activity_of(referral, event.activity)
    attending = activity.booked.attending if activity.booked else ()
    held = Held(
        method=event.method, partly=event.partly, at=event.started_at or recorded.at, attending=attending
    )
    return change_activity(
        referral,
        activity.id,
        held=(*activity.held, held),
        state=ActivityState.HELD,
        booked=None,
        # Every meeting of it has its own follow-up.
        parts=tuple(
            part.model_copy(update={"followed_up": (), "surveyed": False})
            if part.participant in attending
            else part
            for part in activity.parts
        ),
    )


@apply.register
def apply_activity_adjourned(event: ActivityAdjourned, referral: Referral, recorded: Recorded) -> Referral:
    activity = activity_of(referral, event.activity)
    if activity.booked is None:
        return referral
    began_at = event.began_at or activity.booked.starts_at
    sitting = Sitting(began_at=began_at, attending=activity.booked.attending)
    sittings = (*activity.adjourned, sitting)
    if event.resumes_at is None:
        return change_activity(taken_up(referral, activity.id), activity.id, adjourned=sittings)
    left = {person.id for person in referral.participants if not person.active}
    # Somebody who left during a sitting attended it, and does not attend the next.
    staying = tuple(each for each in activity.booked.attending if each not in left)
    return change_activity(
        referral,
        activity.id,
        adjourned=sittings,
        booked=activity.booked.model_copy(update={"starts_at": event.resumes_at, "attending": staying}),
        # An override for one beginning does not cover the next.
        overrides=tuple(
            each for each in activity.overrides if each is not OverridableGate.RISK_RECONFIRMATION
        ),
    )


@apply.register
def apply_activity_postponed(event: ActivityPostponed, referral: Referral, recorded: Recorded) -> Referral:
    return taken_up(referral, event.activity)


@apply.register
def apply_activity_stopped(event: ActivityStopped, referral: Referral, recorded: Recorded) -> Referral:
    return change_activity(referral, event.activity, booked=None, state=ActivityState.STOPPED)


@apply.register
def apply_activity_taken_up(event: ActivityTakenUp, referral: Referral, recorded: Recorded) -> Referral:
    return taken_up(referral, event.activity)
