"""How the state follows the preparation of an activity: its plan, method, facilitators, meetings and booking."""

from lifecycle.activities.state import activity_of, change_activity, change_part
from lifecycle.state import apply
from schemas.activity import Activity, Booked, RunBy
from schemas.areas import LONDON
from schemas.commands import AssignFacilitators
from schemas.events import (
    ActivityBooked,
    ActivityEnded,
    ActivityPlanned,
    FacilitatorsAssigned,
    MethodChosen,
    PreparationMeetingBooked,
    PreparationMeetingCancelled,
    PreparationMeetingHeld,
    Recorded,
)
from schemas.referral import Referral
from schemas.vocabulary import ActivityState, OverridableGate, SignOffSubject


def with_facilitators(referral: Referral, who: AssignFacilitators | FacilitatorsAssigned) -> Referral:
    if who.activity is not None:
        own = RunBy(
            facilitator=who.facilitator,
            co_facilitator=who.co_facilitator,
            advanced_practitioner=who.advanced_practitioner,
        )
        return change_activity(referral, who.activity, run_by=own)
    return referral.model_copy(
        update={
            "facilitator": who.facilitator,
            "co_facilitator": who.co_facilitator,
            "advanced_practitioner": who.advanced_practitioner,
        }
    )


def _ask_readiness_anew(referral: Referral, *activities: Activity) -> Referral:
    ids = {each.id for each in activities}

    def stays(subject: SignOffSubject, activity: str | None) -> bool:
        return subject is not SignOffSubject.READINESS or activity not in ids

    for each in activities:
        overrides = tuple(gate for gate in each.overrides if gate is not OverridableGate.READINESS_SIGN_OFF)
        if overrides != each.overrides:
            referral = change_activity(referral, each.id, overrides=overrides)
    return referral.model_copy(
        update={
            "sign_offs": tuple(each for each in referral.sign_offs if stays(each.subject, each.activity)),
            "sign_off_requests": tuple(
                each for each in referral.sign_off_requests if stays(each.subject, each.activity)
            ),
        }
    )


@apply.register
def apply_activity_planned(event: ActivityPlanned, referral: Referral, recorded: Recorded) -> Referral:
    # What was overridden before it had a method was not overridden for this one.
    referral = _ask_readiness_anew(referral, activity_of(referral, event.activity))
    return change_activity(referral, event.activity, method=event.method, taking_part=event.taking_part)


@apply.register
def apply_activity_ended(event: ActivityEnded, referral: Referral, recorded: Recorded) -> Referral:
    ended = activity_of(referral, event.activity)
    parts = tuple(part.model_copy(update={"meeting_at": None}) for part in ended.parts)
    return change_activity(
        _ask_readiness_anew(referral, ended),
        ended.id,
        state=ActivityState.ENDED,
        booked=None,
        overrides=(),
        parts=parts,
        ended=event.why,
        ended_at=recorded.at,
    )


@apply.register
def apply_facilitators_assigned(
    event: FacilitatorsAssigned, referral: Referral, recorded: Recorded
) -> Referral:
    # The person who signed readiness off must not run the meeting.
    theirs = [
        each
        for each in referral.activities
        if (each.run_by is None if event.activity is None else each.id == event.activity)
    ]
    return with_facilitators(_ask_readiness_anew(referral, *theirs), event)


@apply.register
def apply_method_chosen(event: MethodChosen, referral: Referral, recorded: Recorded) -> Referral:
    # Readiness is signed off for one method; another method needs a new sign-off.
    activity = activity_of(referral, event.activity)
    return change_activity(_ask_readiness_anew(referral, activity), activity.id, method=event.method)


@apply.register
def apply_preparation_meeting_held(
    event: PreparationMeetingHeld, referral: Referral, recorded: Recorded
) -> Referral:
    booked = activity_of(referral, event.activity).part(event.participant).meeting_at
    # A meeting booked for a later day is still to come: holding this one does not replace it.
    later = booked is not None and booked.astimezone(LONDON).date() > event.held_on
    return change_part(
        referral,
        event.activity,
        event.participant,
        prepared_on=event.held_on,
        meeting_at=booked if later else None,
    )


@apply.register
def apply_preparation_meeting_booked(
    event: PreparationMeetingBooked, referral: Referral, recorded: Recorded
) -> Referral:
    return change_part(referral, event.activity, event.participant, meeting_at=event.starts_at)


@apply.register
def apply_preparation_meeting_cancelled(
    event: PreparationMeetingCancelled, referral: Referral, recorded: Recorded
) -> Referral:
    return change_part(referral, event.activity, event.participant, meeting_at=None)


@apply.register
def apply_activity_booked(event: ActivityBooked, referral: Referral, recorded: Recorded) -> Referral:
    booked = Booked(method=event.method, starts_at=event.starts_at, attending=event.attending)
    overrides = activity_of(referral, event.activity).overrides
    return change_activity(
        referral,
        event.activity,
        booked=booked,
        state=ActivityState.BOOKED,
        # An override for booking the activity does not cover holding it.
        overrides=tuple(each for each in overrides if each is not OverridableGate.RISK_RECONFIRMATION),
    )
