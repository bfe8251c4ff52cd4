"""Commands on who runs the activities, and on how people are prepared for them."""

from typing import Annotated, Literal

from schemas import facts
from schemas.base import Model
from schemas.privacy import Special
from schemas.vocabulary import Confirmation


class BeginPreparation(Model):
    """Go on from consent to preparation."""

    kind: Literal["begin_preparation"] = "begin_preparation"


class AssignFacilitators(facts.Facilitators):
    """Settle who prepares and runs the activities, or one of them."""

    kind: Literal["assign_facilitators"] = "assign_facilitators"


class RecordPreparationMeeting(facts.PreparationMeeting):
    """Record a meeting that prepared a person."""

    kind: Literal["record_preparation_meeting"] = "record_preparation_meeting"


class BookPreparationMeeting(facts.MeetingBooking):
    """Book a meeting that is to prepare a person, or move the one that is booked."""

    kind: Literal["book_preparation_meeting"] = "book_preparation_meeting"


class CancelPreparationMeeting(facts.MeetingCancellation):
    """Cancel a booked preparation meeting."""

    kind: Literal["cancel_preparation_meeting"] = "cancel_preparation_meeting"


class RecordConfirmation(facts.ConfirmationGiven):
    """Record what prison, offender manager or victim liaison confirmed."""

    kind: Literal["record_confirmation"] = "record_confirmation"
    confirmation: Annotated[Confirmation, Special]


class RequestReadinessSignOff(Model):
    """Ask a supervisor to sign off that everyone is ready for a direct meeting."""

    kind: Literal["request_readiness_sign_off"] = "request_readiness_sign_off"
    activity: facts.Which = None
