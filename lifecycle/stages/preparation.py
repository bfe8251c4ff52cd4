"""Preparation: activities with their method, facilitators, meetings and readiness, until one is booked."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.gates import (
    custody_confirmed,
    everyone_prepared,
    facilitators_fit,
    method_allowed,
    method_chosen,
    method_is_direct,
    readiness_not_asked_yet,
    readiness_signed_off,
    risk_confirmed_now,
)
from lifecycle.activities.preparing import with_facilitators
from lifecycle.activities.state import (
    ACTIVITY_STAGES,
    activity_of,
    described,
    in_preparation,
    next_activity_id,
    people_of,
    several,
    stage_moves,
    to_come,
    with_state,
)
from lifecycle.gates import Candidates, activity_gate, gate
from lifecycle.people.consents import TWO_SIDES, both_sides, in_force
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import rule
from lifecycle.stages.risk_assessment import risk_allows
from lifecycle.state import apply, change_participant, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.activity import Activity
from schemas.areas import LONDON
from schemas.commands import (
    AssignFacilitators,
    BookActivity,
    BookPreparationMeeting,
    CancelPreparationMeeting,
    ChooseMethod,
    EndActivity,
    PlanActivity,
    RecordConfirmation,
    RecordPreparationMeeting,
    RequestReadinessSignOff,
)
from schemas.events import (
    ActivityBooked,
    ActivityEnded,
    ActivityPlanned,
    Confirmed,
    Event,
    FacilitatorsAssigned,
    MethodChosen,
    PreparationMeetingBooked,
    PreparationMeetingCancelled,
    PreparationMeetingHeld,
    Recorded,
    SignOffRequested,
    StageEntered,
)
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    ActivityEndReason,
    ActivityState,
    Method,
    ParticipantRole,
    Purpose,
    ReviewSubject,
    SignOffSubject,
    Stage,
    Verdict,
)

MOST_ACTIVITIES = 99
"""As many as their ids can name."""

IN_PREPARATION = Candidates("nothing_in_preparation", "An activity must be in preparation", in_preparation)
TO_COME = Candidates("nothing_to_come", "An activity must be in preparation or booked", to_come)


def planned_to_come(referral: Referral) -> tuple[Activity, ...]:
    """The activities that are there and still to take place."""
    return tuple(each for each in referral.activities if each.to_come)


TO_END = Candidates("nothing_to_come", "An activity must be in preparation or booked", planned_to_come)


@activity_gate("nothing_booked", "A preparation meeting must be booked")
def meeting_booked(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    active = {person.id for person in referral.participants if person.active}
    return None if any(part.meeting_at and part.participant in active for part in activity.parts) else ""


@activity_gate("still_booked", "An activity that is booked must be postponed or stopped first")
def not_booked(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    return "" if activity.booked else None


def check_method(referral: Referral, method: Method) -> None:
    """Raise Refused where the risk assessment does not allow a method."""
    if method.direct and referral.risk.verdict is Verdict.PROCEED_INDIRECT:
        raise Refused(
            "method_unsafe", f"{method_allowed.sentence}: shuttle, letter or recorded_message.", "method"
        )


@gate("side_missing", "Somebody of each side must have agreed to take part")
def somebody_of_each_side(referral: Referral, actor: Actor, at: datetime) -> str | None:
    there = {person.role for person in both_sides(referral)}
    return ", ".join(f"nobody {role}" for role in TWO_SIDES if role not in there) or None


@rule(PlanActivity, stages=ACTIVITY_STAGES, gates=[somebody_of_each_side])
def decide_plan_activity(
    referral: Referral, command: PlanActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    check_method(referral, command.method)
    for each in command.taking_part:
        person = known_participant(referral, each, field="taking_part")
        if person.role not in TWO_SIDES:
            raise Refused(
                "not_of_a_side",
                f"{person.id} is of neither side; those who accompany somebody are named when it is booked.",
                "taking_part",
            )
    if len(referral.activities) >= MOST_ACTIVITIES:
        raise Refused("too_many", f"A referral has at most {MOST_ACTIVITIES} activities.", "method")
    # What was prepared before a method was chosen belongs to the first plan.
    begun = next((each for each in referral.activities if each.to_come and each.method is None), None)
    planned = Activity(
        id=begun.id if begun else next_activity_id(referral),
        taking_part=tuple(dict.fromkeys(command.taking_part)),
    )
    there = {person.role for person in people_of(referral, planned)}
    for role in TWO_SIDES:
        if role not in there:
            raise Refused(
                "side_missing", f"Nobody {role} who has agreed to take part is in it.", "taking_part"
            )
    uncommitted = set(planned.taking_part) - {person.id for person in people_of(referral, planned)}
    if uncommitted:
        raise Refused(
            "not_taking_part", f"Not agreed to take part: {', '.join(sorted(uncommitted))}.", "taking_part"
        )
    yield ActivityPlanned(
        activity=planned.id,
        method=command.method,
        taking_part=planned.taking_part,
        reason=command.reason,
    )


@rule(
    EndActivity,
    stages=ACTIVITY_STAGES,
    activity=TO_END,
    gates=[not_booked],
    may_lead_to=[Stage.PREPARATION, Stage.FOLLOW_UP],
    on_hold=True,
    in_safeguarding=True,
)
def decide_end_activity(
    referral: Referral, command: EndActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.why is ActivityEndReason.COULD_NOT_GO_ON:
        raise Refused(
            "not_yours_to_say",
            "That it could not go on follows from somebody leaving; accepted: replaced, not_wanted.",
            "why",
        )
    activity = activity_of(referral, command.activity)
    yield ActivityEnded(activity=activity.id, why=command.why, reason=command.reason)
    yield from stage_moves(referral, with_state(referral.activities, ActivityState.ENDED, [activity]))


@rule(AssignFacilitators, stages=[Stage.OFFENDER_CONSENT, *ACTIVITY_STAGES])
def decide_assign_facilitators(
    referral: Referral, command: AssignFacilitators, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.facilitator == command.co_facilitator:
        raise Refused("same_person", "The co-facilitator must be another person.", "co_facilitator")
    if command.activity is not None and all(each.id != command.activity for each in to_come(referral)):
        listed = ", ".join(map(described, to_come(referral))) or "none"
        raise Refused(
            "activity_unknown", f"There is no such activity to come; to come: {listed}.", "activity"
        )
    replaced = with_facilitators(referral, command)
    for each in replaced.booked:
        # The conditions for booking the activity must hold for a replacement too.
        facilitators_fit.check(replaced, each, actor, at)
    yield event_from(FacilitatorsAssigned, command)


@rule(ChooseMethod, stages=ACTIVITY_STAGES, activity=IN_PREPARATION)
def decide_choose_method(
    referral: Referral, command: ChooseMethod, actor: Actor, at: datetime
) -> Iterator[Event]:
    check_method(referral, command.method)
    yield event_from(MethodChosen, command, replaces=activity_of(referral, command.activity).method)


@rule(RecordPreparationMeeting, stages=ACTIVITY_STAGES, activity=TO_COME)
def decide_record_preparation_meeting(
    referral: Referral, command: RecordPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    _known_in(referral, command.participant, command.activity)
    if command.held_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "A meeting can be recorded only after it was held.", "held_on")
    yield event_from(PreparationMeetingHeld, command)


@rule(BookPreparationMeeting, stages=ACTIVITY_STAGES, activity=TO_COME)
def decide_book_preparation_meeting(
    referral: Referral, command: BookPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    _known_in(referral, command.participant, command.activity)
    if command.starts_at <= at:
        raise Refused("not_later", "A meeting must be booked for a time in the future.", "starts_at")
    yield event_from(PreparationMeetingBooked, command)


@rule(
    CancelPreparationMeeting,
    stages=ACTIVITY_STAGES,
    activity=TO_COME,
    gates=[meeting_booked],
    in_safeguarding=True,
)
def decide_cancel_preparation_meeting(
    referral: Referral, command: CancelPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    meeting_at = activity_of(referral, command.activity).part(person.id).meeting_at
    if meeting_at is None:
        raise Refused("nothing_booked", f"No preparation meeting of {person.id} is booked.", "participant")
    yield event_from(PreparationMeetingCancelled, command, starts_at=meeting_at)


@rule(
    RecordConfirmation,
    stages=[Stage.RISK_ASSESSMENT, Stage.OFFENDER_CONSENT, *ACTIVITY_STAGES],
)
def decide_record_confirmation(
    referral: Referral, command: RecordConfirmation, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.role is not ParticipantRole.RESPONSIBLE:
        raise Refused("not_responsible", "Confirmations are about a person responsible.", "participant")
    yield event_from(Confirmed, command)


@rule(
    RequestReadinessSignOff,
    stages=ACTIVITY_STAGES,
    activity=IN_PREPARATION,
    gates=[
        method_is_direct,
        method_allowed,
        facilitators_fit,
        everyone_prepared,
        custody_confirmed,
        readiness_not_asked_yet,
    ],
)
def decide_request_readiness_sign_off(
    referral: Referral, command: RequestReadinessSignOff, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield SignOffRequested(subject=SignOffSubject.READINESS, activity=command.activity)


@rule(
    BookActivity,
    stages=ACTIVITY_STAGES,
    activity=IN_PREPARATION,
    gates=[
        method_chosen,
        method_allowed,
        risk_allows,
        facilitators_fit,
        custody_confirmed,
        readiness_signed_off,
        risk_confirmed_now,
    ],
    leads_to=Stage.CONFERENCE,
)
def decide_book_activity(
    referral: Referral, command: BookActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    attending = [known_participant(referral, each, field="attending") for each in command.attending]
    activity = activity_of(referral, command.activity)
    committed = people_of(referral, activity)
    for person in attending:
        if person.role in TWO_SIDES and person not in committed:
            raise Refused("not_taking_part", f"{person.id} has not agreed to take part in it.", "attending")
    for role in TWO_SIDES:
        if not any(person.role is role for person in attending):
            raise Refused("side_missing", "Both sides must attend or take part in the exchange.", "attending")
    if any(person.role is ParticipantRole.SUPPORTER for person in attending):
        two_sides = [person for person in attending if person.role in TWO_SIDES]
        missing = [person.id for person in two_sides if not in_force(referral, person, Purpose.SUPPORTERS)]
        if missing:
            raise Refused(
                "consent_missing",
                f"Supporters may attend only if everyone consents to it; missing: {', '.join(missing)}.",
                "attending",
            )
    # What was settled at short notice may be recorded afterwards.
    if command.starts_at.astimezone(LONDON).date() < referral.received_at.astimezone(LONDON).date():
        raise Refused(
            "before_referral",
            "An activity cannot begin before the day on which the referral was received; give a later time.",
            "starts_at",
        )
    yield event_from(ActivityBooked, command, method=activity.method)
    if referral.stage is not Stage.CONFERENCE:
        yield StageEntered(stage=Stage.CONFERENCE, left=referral.stage)


def _known_in(referral: Referral, participant: str, activity_id: str | None) -> Participant:
    """The participant with that id, who must not be of a side and outside the activity.

    Raises:
        Refused: there is none, their part has ended, or they do not take part in it.
    """
    person = known_participant(referral, participant)
    activity = activity_of(referral, activity_id)
    if activity.taking_part and person.role in TWO_SIDES and person.id not in activity.taking_part:
        raise Refused(
            "not_in_activity",
            f"{person.id} does not take part in {described(activity)}.",
            "participant",
        )
    return person


@apply.register
def apply_confirmed(event: Confirmed, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    if person is None or event.confirmation in (None, *person.confirmations):
        return referral
    return change_participant(referral, person.id, confirmations=(*person.confirmations, event.confirmation))


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    beside_others = (
        several(referral)
        and referral.stage in ACTIVITY_STAGES
        and any(each.state is ActivityState.IN_PREPARATION for each in referral.activities)
    )
    if referral.stage is Stage.PREPARATION or beside_others:
        reviewed = referral.reviewed.get(ReviewSubject.PREPARATION, referral.stage_entered_at)
        yield Clock(DeadlineName.PREPARATION_REVIEW, started_at=max(reviewed, referral.stage_entered_at))
