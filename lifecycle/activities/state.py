"""Activities: who takes part in one, which of them a command can be about, and what changes of one in the state."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from lifecycle.people.consents import TWO_SIDES, both_sides
from schemas.activity import Activity, Booked, Part
from schemas.base import FIRST_ACTIVITY
from schemas.events import StageEntered
from schemas.referral import Participant, Referral
from schemas.vocabulary import ActivityState, SignOffSubject, Stage

# The stages in which activities are planned, prepared, booked, held and followed up.
ACTIVITY_STAGES = frozenset({Stage.PREPARATION, Stage.CONFERENCE, Stage.FOLLOW_UP})


def people_of(referral: Referral, activity: Activity) -> tuple[Participant, ...]:
    """Those of both sides who are committed and take part in an activity."""
    return tuple(
        person
        for person in both_sides(referral)
        if not activity.taking_part or person.id in activity.taking_part
    )


def concerns(activity: Activity, participant: str) -> bool:
    """Whether a person takes part in an activity, or took part in it when it was last held."""
    if activity.state is ActivityState.HELD:
        return participant in activity.held[-1].attending
    return not activity.taking_part or participant in activity.taking_part


def facilitators_of(referral: Referral, activity: Activity) -> tuple[str | None, str | None, bool]:
    """Who runs an activity: the facilitator, the co-facilitator, and whether the first is an advanced practitioner."""
    own = activity.run_by or referral
    return own.facilitator, own.co_facilitator, own.advanced_practitioner


def all_facilitators(referral: Referral) -> tuple[str, ...]:
    """Who runs a referral's activities: its facilitators, and those of single activities."""
    named = [referral.facilitator, referral.co_facilitator]
    for each in referral.activities:
        if each.run_by is not None:
            named += [each.run_by.facilitator, each.run_by.co_facilitator]
    return tuple(dict.fromkeys(who for who in named if who))


def described(activity: Activity) -> str:
    """An activity as refusals name it: a1 (face to face: h1, r1)."""
    method = activity.method.replace("_", " ") if activity.method else "no method yet"
    return f"{activity.id} ({method}: {', '.join(activity.taking_part) or 'everyone'})"


def several(referral: Referral) -> bool:
    """Whether there is more than one activity, ended ones among them."""
    return len(referral.activities) > 1


def next_activity_id(referral: Referral) -> str:
    """The id of an activity that is not there yet."""
    return f"a{max((int(each.id[1:]) for each in referral.activities), default=0) + 1}"


# Which activities a command can be about, by how far they are.


def in_preparation(referral: Referral) -> tuple[Activity, ...]:
    """Those that are prepared. Where none is and the referral is in preparation, one that is only begun."""
    found = _in_state(referral, ActivityState.IN_PREPARATION)
    if not found and referral.stage is Stage.PREPARATION:
        return (Activity(id=next_activity_id(referral)),)
    return found


def to_come(referral: Referral) -> tuple[Activity, ...]:
    """Those that are prepared, booked or stopped."""
    return tuple(each for each in referral.activities if each.to_come) or in_preparation(referral)


def booked(referral: Referral) -> tuple[Activity, ...]:
    """Those that are booked."""
    return referral.booked


def booked_direct(referral: Referral) -> tuple[Activity, ...]:
    """The meetings that are booked."""
    return tuple(each for each in referral.booked if each.booked and each.booked.method.direct)


def stopped(referral: Referral) -> tuple[Activity, ...]:
    """Those that were stopped and of which the next step is not chosen yet."""
    return _in_state(referral, ActivityState.STOPPED)


def held(referral: Referral) -> tuple[Activity, ...]:
    """Those that were held and are not prepared again."""
    return _in_state(referral, ActivityState.HELD)


def _in_state(referral: Referral, state: ActivityState) -> tuple[Activity, ...]:
    return tuple(each for each in referral.activities if each.state is state)


# Whether an activity can go on, and where a referral stands by its activities.


def can_go_on(referral: Referral, activity: Activity, without: str | None = None) -> bool:
    """Whether somebody is left on each side of an activity.

    Args:
        without: the id of a person who leaves now.
    """
    there = [
        person
        for role in TWO_SIDES
        for person in referral.taking_part(role)
        if person.id != without and (not activity.taking_part or person.id in activity.taking_part)
    ]
    return {person.role for person in there} == set(TWO_SIDES)


def ended_by(referral: Referral, leaves: Participant, at: datetime) -> tuple[Activity, ...]:
    """The activities that cannot go on once a person has left.

    One that has begun is not among them: what became of it is still to be recorded.
    """
    return tuple(
        each
        for each in referral.activities
        if each.to_come
        and leaves.id in each.taking_part
        and not can_go_on(referral, each, leaves.id)
        and not (each.booked and each.booked.starts_at <= at)
    )


def put_off_by(referral: Referral, leaves: Participant, at: datetime) -> tuple[tuple[Activity, Booked], ...]:
    """The activities that go on without a person, but not as they are booked: nobody else of their side attends."""
    ended = ended_by(referral, leaves, at)
    return tuple(
        (each, each.booked)
        for each in referral.booked
        if each.booked and at < each.booked.starts_at and each not in ended
        if leaves.role in TWO_SIDES and leaves.id in each.booked.attending
        if not any(
            person.role is leaves.role and person.active and person.id != leaves.id
            for person in referral.participants
            if person.id in each.booked.attending
        )
    )


def stage_by(referral: Referral, after: Iterable[Activity]) -> Stage:
    """The stage that activities lead to; the present one before preparation.

    Preparation until something is booked, conference while something is booked, follow-up when what was booked is over.

    Args:
        after: the activities as they are after the step.
    """
    if referral.stage not in ACTIVITY_STAGES:
        return referral.stage
    states = {each.state for each in after}
    if ActivityState.BOOKED in states:
        return Stage.CONFERENCE
    if ActivityState.STOPPED in states and referral.stage is Stage.CONFERENCE:
        return Stage.CONFERENCE
    if referral.stage is Stage.FOLLOW_UP:
        return Stage.FOLLOW_UP
    if ActivityState.IN_PREPARATION in states:
        return Stage.PREPARATION
    return Stage.FOLLOW_UP if ActivityState.HELD in states else Stage.PREPARATION


def stage_moves(referral: Referral, after: tuple[Activity, ...]) -> Iterator[StageEntered]:
    """The move to the stage that the activities lead to after a step, where it is another."""
    stage = stage_by(referral, after)
    if stage is not referral.stage:
        yield StageEntered(stage=stage, left=referral.stage)


def with_state(
    activities: Iterable[Activity], state: ActivityState, changed: Iterable[Activity]
) -> tuple[Activity, ...]:
    """Activities as they will be when some of them come to a state."""
    ids = {each.id for each in changed}
    return tuple(each.model_copy(update={"state": state}) if each.id in ids else each for each in activities)


# What changes of an activity in the state.


def activity_of(referral: Referral, activity_id: str | None) -> Activity:
    """The activity that an event is about, the first where it names none; an empty one where nothing was recorded."""
    return referral.activity(activity_id) or Activity(id=activity_id or FIRST_ACTIVITY)


def change_activity(referral: Referral, activity_id: str | None, **changes: Any) -> Referral:
    """The state with one activity changed, and begun where it was not there."""
    changed = activity_of(referral, activity_id).model_copy(update=changes)
    known = any(each.id == changed.id for each in referral.activities)
    activities = (
        tuple(changed if each.id == changed.id else each for each in referral.activities)
        if known
        else (*referral.activities, changed)
    )
    return referral.model_copy(update={"activities": activities})


def change_part(referral: Referral, activity_id: str | None, participant: str, **changes: Any) -> Referral:
    """The state with one person's part in an activity changed."""
    activity = activity_of(referral, activity_id)
    part: Part = activity.part(participant).model_copy(update=changes)
    known = any(each.participant == participant for each in activity.parts)
    parts = (
        tuple(part if each.participant == participant else each for each in activity.parts)
        if known
        else (*activity.parts, part)
    )
    return change_activity(referral, activity.id, parts=parts)


def prepared_anew(referral: Referral, participant: str) -> Referral:
    """The state in which a person is prepared for no activity."""
    for activity in referral.activities:
        if activity.part(participant).prepared_on is not None:
            referral = change_part(referral, activity.id, participant, prepared_on=None)
    return referral


def without_meetings(activities: Iterable[Activity]) -> tuple[Activity, ...]:
    """Activities without any booked preparation meeting."""
    return tuple(
        each.model_copy(
            update={"parts": tuple(part.model_copy(update={"meeting_at": None}) for part in each.parts)}
        )
        for each in activities
    )


def taken_up(referral: Referral, activity_id: str | None) -> Referral:
    """The state with an activity in preparation: readiness, what was overridden and its booking count no more."""
    activity = activity_of(referral, activity_id)
    signed_off = tuple(
        each
        for each in referral.sign_offs
        if not (each.subject is SignOffSubject.READINESS and each.activity == activity.id)
    )
    return change_activity(
        referral.model_copy(update={"sign_offs": signed_off}),
        activity.id,
        state=ActivityState.IN_PREPARATION,
        booked=None,
        overrides=(),
    )
