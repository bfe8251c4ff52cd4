"""The methods of activities, how far an activity is, and what others confirm."""

from enum import StrEnum

from schemas.vocabulary.consents import Purpose


class Method(StrEnum):
    """How the two sides communicate. Face to face and by video are direct, the others indirect."""

    FACE_TO_FACE = "face_to_face"
    VIDEO = "video"
    SHUTTLE = "shuttle"
    LETTER = "letter"
    RECORDED_MESSAGE = "recorded_message"

    @property
    def direct(self) -> bool:
        """Whether the two sides meet."""
        return self in (Method.FACE_TO_FACE, Method.VIDEO)

    @property
    def purpose(self) -> Purpose:
        """The consent that this method needs from everyone taking part."""
        match self:
            case Method.FACE_TO_FACE:
                return Purpose.METHOD_DIRECT
            case Method.VIDEO:
                return Purpose.METHOD_VIDEO
            case _:
                return Purpose.METHOD_INDIRECT


class Confirmation(StrEnum):
    """What others confirm where a person responsible is in prison or on licence."""

    CUSTODY = "custody"
    OFFENDER_MANAGER = "offender_manager"
    VICTIM_LIAISON = "victim_liaison"


class ActivityState(StrEnum):
    """How far an activity is."""

    IN_PREPARATION = "in_preparation"
    BOOKED = "booked"
    STOPPED = "stopped"
    """It was stopped, and the next step is not chosen yet."""
    HELD = "held"
    ENDED = "ended"


class ActivityEndReason(StrEnum):
    """Why an activity ended without being held, or without being held again."""

    COULD_NOT_GO_ON = "could_not_go_on"
    """Nobody of a side is left in it. Recorded by the system with the step that led to it."""
    REPLACED = "replaced"
    NOT_WANTED = "not_wanted"
