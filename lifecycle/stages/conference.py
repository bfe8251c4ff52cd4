"""Conference: the booked direct meeting or indirect exchange is held, partly held, put off or stopped."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.communications import FIRST_ACTIVITY, first_hand_over, unheard
from lifecycle.consents import TWO_SIDES, lacking
from lifecycle.core import apply, event_from, gate, rule
from lifecycle.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.stages.risk_assessment import confirmed_recently
from schemas.commands import PostponeActivity, RecordActivityHeld, ReturnToPreparation, StopActivity
from schemas.events import ActivityHeld, ActivityPostponed, ActivityStopped, Event, Recorded, StageEntered
from schemas.people import Actor
from schemas.referral import Activity, Held, Referral
from schemas.vocabulary import Interest, OverridableGate, ParticipantRole, Purpose, Stage


@gate("nothing_booked", "An activity must be booked")
def activity_booked(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.activity else ""


@gate("still_booked", "The activity must be postponed or stopped first")
def activity_stopped(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.activity else None


@gate(
    "attending_consent_missing",
    "Everyone attending must consent, when the activity begins, to taking part, to the method and to supporters there",
)
def attending_consent(referral: Referral, actor: Actor, at: datetime) -> str | None:
    activity = referral.activity
    return _missing_when_it_began(referral, activity, _began_at(referral, activity)) if activity else None


@gate(
    "nothing_handed_over",
    "Of an exchange with letters, messages or spoken words, at least one must have been handed over",
)
def something_handed_over(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.activity and unheard(referral, FIRST_ACTIVITY) else None


def _began_at(referral: Referral, activity: Activity) -> datetime:
    """When an activity began, where nobody says otherwise: as booked, or with the first hand-over before that."""
    handed_over = None if activity.method.direct else first_hand_over(referral, FIRST_ACTIVITY)
    return min(activity.starts_at, handed_over or activity.starts_at)


def _missing_when_it_began(referral: Referral, activity: Activity, began: datetime) -> str | None:
    # Checked at the moment it began: somebody who left afterwards still attended.
    attending = [person for person in referral.participants if person.id in activity.attending]
    two_sides = [person for person in attending if person.role in TWO_SIDES]
    for role in TWO_SIDES:
        if not any(person.role is role for person in two_sides):
            return f"no {role} person attends any more"
    for person in two_sides:
        undecided_since = person.interest_at if person.interest is Interest.UNDECIDED else None
        if undecided_since and undecided_since <= began:
            return f"{person.id} is undecided"
    purposes = [Purpose.TAKE_PART, activity.method.purpose]
    if any(person.role is ParticipantRole.SUPPORTER for person in attending):
        purposes.append(Purpose.SUPPORTERS)
    return lacking(referral, two_sides, *purposes, moment=began)


@rule(
    RecordActivityHeld,
    stages=[Stage.CONFERENCE],
    gates=[activity_booked, attending_consent, something_handed_over],
    leads_to=Stage.FOLLOW_UP,
)
def decide_record_activity_held(
    referral: Referral, command: RecordActivityHeld, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = referral.activity
    if activity is None:
        return
    started_at = command.started_at or _began_at(referral, activity)
    if started_at > at:
        raise Refused(
            "in_the_future", "An activity can be recorded as held only after it began.", "started_at"
        )
    missing = _missing_when_it_began(referral, activity, started_at)
    if missing:
        raise Refused(attending_consent.code, f"{attending_consent.sentence}: {missing}.", "started_at")
    overridden = OverridableGate.RISK_RECONFIRMATION in referral.overrides
    if not overridden and not confirmed_recently(referral, started_at):
        raise Refused(
            "risk_confirmation_old",
            "The risk was not confirmed within the days that the policy sets before the activity began; "
            "if it was held all the same, a supervisor must override this with a reason.",
            "started_at",
        )
    yield event_from(ActivityHeld, command, started_at=started_at, method=activity.method)
    yield StageEntered(stage=Stage.FOLLOW_UP, left=referral.stage)


@rule(
    PostponeActivity,
    stages=[Stage.CONFERENCE],
    gates=[activity_booked],
    leads_to=Stage.PREPARATION,
    in_safeguarding=True,
)
def decide_postpone_activity(
    referral: Referral, command: PostponeActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = referral.activity
    if activity is None:
        return
    if command.asked_by is not None:
        known_participant(referral, command.asked_by, field="asked_by")
    yield event_from(ActivityPostponed, command, booked_for=activity.starts_at)
    yield StageEntered(stage=Stage.PREPARATION, left=referral.stage)


@rule(StopActivity, stages=[Stage.CONFERENCE], gates=[activity_booked], on_hold=True, in_safeguarding=True)
def decide_stop_activity(
    referral: Referral, command: StopActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(ActivityStopped, command)


@rule(
    ReturnToPreparation,
    stages=[Stage.CONFERENCE],
    gates=[activity_stopped],
    leads_to=Stage.PREPARATION,
    in_safeguarding=True,
)
def decide_return_to_preparation(
    referral: Referral, command: ReturnToPreparation, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.PREPARATION, left=referral.stage, reason=command.reason)


@apply.register
def apply_activity_held(event: ActivityHeld, referral: Referral, recorded: Recorded) -> Referral:
    activity = referral.activity
    attending = activity.attending if activity else ()
    held = Held(
        method=event.method, partly=event.partly, at=event.started_at or recorded.at, attending=attending
    )
    return referral.model_copy(
        update={
            "held": (*referral.held, held),
            "activity": None,
            # Every activity has its own follow-up.
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
def apply_activity_postponed_or_activity_stopped(
    event: ActivityPostponed | ActivityStopped, referral: Referral, recorded: Recorded
) -> Referral:
    return referral.model_copy(update={"activity": None})
