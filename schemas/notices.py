"""Messages: recipient, channel and outcome. Nothing here identifies a person."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.vocabulary import Channel


class Addressee(StrEnum):
    """Whom a policy's notice rule addresses."""

    ANSWERS = "answers"
    """The staff on the rung of the ladder that the deadline has reached."""
    CASEWORKER = "caseworker"
    FACILITATORS = "facilitators"
    SUPERVISORS = "supervisors"
    SERVICE_MANAGERS = "service_managers"
    AGENCY = "agency"
    """The partner who sent the referral."""
    PARTICIPANT = "participant"
    """The participant the event is about."""
    ATTENDING = "attending"
    """Everyone who attends the activity that the event is about."""
    HARMED = "harmed"
    WHO_ASKED = "who_asked"
    """Whoever asked for a self-referral; where that is not recorded, the side that initiated it."""

    @property
    def outside(self) -> bool:
        """Whether the addressee is outside the service: a hold or a safeguarding concern stops their messages."""
        return self in _OUTSIDE


_OUTSIDE = frozenset(
    {Addressee.AGENCY, Addressee.PARTICIPANT, Addressee.ATTENDING, Addressee.HARMED, Addressee.WHO_ASKED}
)


class Party(StrEnum):
    """What the recipient of a message is."""

    STAFF = "staff"
    AGENCY = "agency"
    PARTICIPANT = "participant"


class Category(StrEnum):
    """The kinds of message by which staff choose what is e-mailed at once; every message is in their inbox."""

    ESCALATION = "escalation"
    SAFEGUARDING = "safeguarding"
    SIGN_OFF = "sign_off"
    MEETING = "meeting"
    SENT_REFERRAL = "sent_referral"
    REMINDER = "reminder"
    TASK = "task"
    NEWS = "news"


AT_ONCE = (
    Category.ESCALATION,
    Category.SAFEGUARDING,
    Category.SIGN_OFF,
    Category.MEETING,
    Category.SENT_REFERRAL,
)
"""The categories e-mailed at once to staff who have not chosen. The rest waits for the morning digest."""


class About(Model):
    """What a message is about; each template uses what it needs."""

    deadline: str | None = Field(default=None, description="the deadline's key")
    point: str | None = None
    at: AwareDatetime | None = Field(default=None, description="when that point was to be reached")
    due_at: AwareDatetime | None = None
    participant: str | None = Field(default=None, description="the participant's id, such as h1")
    subject: str | None = Field(default=None, description="what is to be signed off")
    appointment: str | None = Field(default=None, description="conference, or preparation/h1")
    starts_at: AwareDatetime | None = None
    minutes: int | None = None
    cancelled: bool = False
    wanted: str | None = Field(default=None, description="the template of a message that could not be sent")
    why: str | None = Field(default=None, description="the outcome of that message")
    colleague: str | None = Field(default=None, description="the id of the member of staff who did it")


class Notice(Model):
    """One message to one person."""

    id: str = Field(
        description="unique within the referral: the sequence of the event it tells of, and a number"
    )
    template: str
    category: Category
    party: Party
    to: str = Field(description="a member of staff's or a participant's id")
    about: About = About()
    after_closing: bool = False
    outward: bool = Field(description="whether it is to be sent; otherwise it is in the inbox only")
    at: AwareDatetime = Field(description="when the step that called for it was recorded, UTC")

    @property
    def sequence(self) -> int:
        """The sequence of the event it is about."""
        return int(self.id.partition("-")[0])


class Outcome(StrEnum):
    """The outcome of a message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Every safe channel refused it permanently."""
    NO_SAFE_CHANNEL = "no_safe_channel"
    NOT_SET_UP = "not_set_up"
    """There are safe channels, but the service cannot send by any of them."""
    TOO_LATE = "too_late"
    """It would have arrived after the appointment it was about had begun."""
    WITHHELD = "withheld"
    """A hold or a safeguarding concern stopped it for too long."""
    NOT_WANTED = "not_wanted"
    """It was no longer needed: the referral closed, the work was done or the person left."""


class NoticeResult(Model):
    """The outcome of one message to one person."""

    notice: str = Field(description="the message's id")
    template: str
    to: str = Field(description="a member of staff's or a participant's id")
    outcome: Outcome
    channel: Channel | None = Field(default=None, description="the channel by which it was delivered")
    appointment: str | None = Field(
        default=None, description="the appointment it was about: conference, or preparation/h1"
    )
    starts_at: AwareDatetime | None = Field(
        default=None, description="when that appointment begins or would have begun"
    )
    cancelled: bool = Field(default=False, description="whether it was to say that the appointment is off")
    perhaps_before: bool = Field(
        default=False,
        description="an earlier attempt that was interrupted may have delivered it, under the same Message-ID",
    )


class NoticeInput(Model):
    """The input of a message's workflow."""

    reference: str
    notice: Notice
