"""Events of activities, from the plan to the end."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas import facts
from schemas.base import ActivityId, Model, ParticipantId
from schemas.vocabulary import ActivityEndReason, Method


class ActivityPlanned(facts.ActivityPlan):
    """An activity was planned: its method, and who takes part in it."""

    kind: Literal["activity_planned"] = "activity_planned"
    activity: ActivityId


class MethodChosen(facts.MethodChoice):
    """A method was chosen, or replaced by a safer one."""

    kind: Literal["method_chosen"] = "method_chosen"
    replaces: Method | None = None


class ActivityBooked(facts.Booking):
    """A direct meeting or an indirect exchange was booked."""

    kind: Literal["activity_booked"] = "activity_booked"
    method: Method


class ActivityHeld(facts.ActivityOutcome):
    """The activity took place, wholly or partly."""

    kind: Literal["activity_held"] = "activity_held"
    method: Method


class ActivityPostponed(facts.Postponement):
    """The activity was postponed."""

    kind: Literal["activity_postponed"] = "activity_postponed"
    booked_for: AwareDatetime


class ActivityStopped(Model):
    """The activity was stopped and did not reach its purpose."""

    kind: Literal["activity_stopped"] = "activity_stopped"
    reason: facts.Reason = None
    activity: facts.Which = None


class ActivityAdjourned(facts.Adjournment):
    """A direct meeting began and was adjourned."""

    kind: Literal["activity_adjourned"] = "activity_adjourned"


class ActivityTakenUp(Model):
    """An activity that was stopped or held is prepared again."""

    kind: Literal["activity_taken_up"] = "activity_taken_up"
    activity: ActivityId
    reason: facts.Reason = None


class ActivityEnded(Model):
    """An activity will not take place."""

    kind: Literal["activity_ended"] = "activity_ended"
    activity: ActivityId
    why: ActivityEndReason
    reason: facts.Reason = None


class AppointmentCalledOff(Model):
    """A future meeting will not take place at its time, for whatever reason."""

    kind: Literal["appointment_called_off"] = "appointment_called_off"
    appointment: str = Field(description="conference, or preparation/h1")
    starts_at: AwareDatetime = Field(description="when it was to begin")
    participants: tuple[ParticipantId, ...] = Field(description="who was to be there and may not know")
