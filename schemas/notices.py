"""Messages: to whom, by which way, and what became of them. Nothing here tells who a person is or where they live."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.vocabulary import Channel


class Addressee(StrEnum):
    """Whom a policy tells of an event."""

    ANSWERS = "answers"
    """Who stands on the rung of the ladder that the deadline has come to."""
    CASEWORKER = "caseworker"
    FACILITATORS = "facilitators"
    SUPERVISORS = "supervisors"
    SERVICE_MANAGERS = "service_managers"
    AGENCY = "agency"
    """The partner who sent the referral."""
    PARTICIPANT = "participant"
    """Whom the event is about."""
    ATTENDING = "attending"
    """Everyone who attends the activity that the event is about."""
    HARMED = "harmed"

    @property
    def outside(self) -> bool:
        """Whether it is somebody whom a hold or a safeguarding concern keeps messages from."""
        return self in (Addressee.AGENCY, Addressee.PARTICIPANT, Addressee.ATTENDING, Addressee.HARMED)


class Party(StrEnum):
    """What the one person is to whom a message goes."""

    STAFF = "staff"
    AGENCY = "agency"
    PARTICIPANT = "participant"


class Category(StrEnum):
    """By which a member of staff chooses what reaches them by e-mail at once; all of it is in their inbox."""

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
"""What reaches somebody at once who has not chosen. The rest waits for the digest of the morning."""


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
    outward: bool = Field(description="whether it leaves the house; else it is in the inbox only")
    at: AwareDatetime = Field(description="when it was wanted, UTC")

    @property
    def sequence(self) -> int:
        """Of the event that it tells of."""
        return int(self.id.partition("-")[0])


class Outcome(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Every safe channel has refused it for good."""
    NO_SAFE_CHANNEL = "no_safe_channel"
    NOT_SET_UP = "not_set_up"
    """There are safe channels, and the service has none of them."""
    TOO_LATE = "too_late"
    """It was about an appointment that would be over before it could arrive."""
    WITHHELD = "withheld"
    """A hold or a safeguarding concern kept it in, and will not let it go in time."""
    NOT_WANTED = "not_wanted"
    """It made no sense any more: the referral closed, the work was done, the person left."""


class NoticeResult(Model):
    """What became of one message to one person."""

    notice: str = Field(description="the message's id")
    template: str
    to: str = Field(description="a member of staff's or a participant's id")
    outcome: Outcome
    channel: Channel | None = Field(default=None, description="by which it was delivered")
    appointment: str | None = Field(
        default=None, description="that it was about: conference, or preparation/h1"
    )
    starts_at: AwareDatetime | None = Field(
        default=None, description="when that appointment begins or would have begun"
    )
    cancelled: bool = Field(default=False, description="whether it was to say that the appointment is off")
    perhaps_before: bool = Field(
        default=False,
        description="an earlier try that was broken off may have delivered it, under the same Message-ID",
    )


class NoticeInput(Model):
    """What the workflow of one message starts with."""

    reference: str
    notice: Notice
