"""Events of preparation: who runs the activities, and how people are prepared for them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas import facts


class FacilitatorsAssigned(facts.Facilitators):
    """The facilitators were assigned."""

    kind: Literal["facilitators_assigned"] = "facilitators_assigned"


class PreparationMeetingHeld(facts.PreparationMeeting):
    """A person was prepared."""

    kind: Literal["preparation_meeting_held"] = "preparation_meeting_held"


class PreparationMeetingBooked(facts.MeetingBooking):
    """A preparation meeting was booked, or moved."""

    kind: Literal["preparation_meeting_booked"] = "preparation_meeting_booked"


class PreparationMeetingCancelled(facts.MeetingCancellation):
    """A booked preparation meeting will not take place."""

    kind: Literal["preparation_meeting_cancelled"] = "preparation_meeting_cancelled"
    starts_at: AwareDatetime = Field(description="when it was to begin")


class Confirmed(facts.ConfirmationGiven):
    """Prison, offender manager or victim liaison confirmed."""

    kind: Literal["confirmed"] = "confirmed"
