"""What passes between a caller, the workflow and the activity that takes a step."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.areas import Area
from schemas.base import Model
from schemas.commands import Command
from schemas.events import Recorded
from schemas.notices import Notice
from schemas.people import Actor, StaffId
from schemas.referral import Deadline, Referral
from schemas.vocabulary import Stage

REFUSED = "Refused"
"""The type of the failure that answers a step which the rules do not allow; its details are those of `Refused`."""


class Request(Model):
    """A command with who asks for it. Its id makes asking twice the same as asking once."""

    command_id: UUID
    actor: Actor
    command: Command


class Receipt(Model):
    """The answer to a command: it stands in the log."""

    reference: str
    command_id: UUID | None = Field(
        default=None, description="of the command that it answers; receipts of older versions do not say"
    )
    sequence: int = Field(description="how many events the referral has after it")
    stage: Stage
    next_deadline: str | None = Field(default=None, description="key of the deadline that is due next")
    behind: bool = Field(
        default=False,
        description="its workflow did not answer, was passed by, and learns of it as soon as it can",
    )
    next_due_at: AwareDatetime | None = Field(default=None, description="when that is, UTC")


class NextPoint(Model):
    """The next point of a deadline that the referral's clock waits for."""

    at: AwareDatetime
    deadline: str
    point: str


class Visible(Model):
    """What is said of a referral in the clear, in lists and search attributes. Nothing about a person."""

    area: Area
    stage: Stage
    caseworker: StaffId | None
    behind: bool = Field(
        default=False,
        description="its workflow did not answer, was passed by, and learns of it as soon as it can",
    )
    next_due_at: AwareDatetime | None = Field(
        description="soonest due of the open deadlines, inactivity left out"
    )
    overdue: bool
    sensitive: bool
    on_hold: bool


class StepTaken(Model):
    """What a step came to, as recorded. The workflow replays this and no rule.

    Attributes:
        events: all events after the state that was given, without anything Sensitive; usually the step's own.
        deadlines: what is open after it.
        next_point: what the clock waits for after it.
        notices: the messages that are to leave the house.
        look_again: ids of messages on their way, for which something has changed.
        head: the link of the last event, in hexadecimal; absent in answers older than the links.
    """

    receipt: Receipt
    events: tuple[Recorded, ...]
    deadlines: tuple[Deadline, ...]
    next_point: NextPoint | None
    visible: Visible
    notices: tuple[Notice, ...] = ()
    look_again: tuple[str, ...] = ()
    head: str | None = None


class Carried(Model):
    """All that a workflow carries through continue-as-new."""

    referral: Referral
    deadlines: tuple[Deadline, ...]
    next_point: NextPoint | None
    visible: Visible
    recent: tuple[UUID, ...] = Field(default=(), description="ids of the latest commands, oldest first")
    head: str | None = Field(default=None, description="the link of the last event, in hexadecimal")


class ReferralInput(Model):
    """What a referral's workflow starts with. Without a carried state it is new, or is read from the log."""

    reference: str
    carried: Carried | None = None


class Overview(Model):
    """A referral as it is now, asked of its workflow or folded from its log."""

    referral: Referral
    deadlines: tuple[Deadline, ...]
