"""The messages between a caller, the workflow and the activity that takes a step."""

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
    """A command and who asks for it. Sent twice with the same id it is recorded once."""

    command_id: UUID
    actor: Actor
    command: Command


class Receipt(Model):
    """The answer to a command that is recorded in the log."""

    reference: str
    command_id: UUID | None = Field(
        default=None, description="id of the command that it answers; absent in receipts of older versions"
    )
    sequence: int = Field(description="how many events the referral has after it")
    stage: Stage
    next_deadline: str | None = Field(default=None, description="key of the deadline that is due next")
    behind: bool = Field(
        default=False,
        description="recorded without its workflow, which did not answer and will catch up",
    )
    next_due_at: AwareDatetime | None = Field(default=None, description="when that is, UTC")


class NextPoint(Model):
    """The next point of a deadline that the referral's clock waits for."""

    at: AwareDatetime
    deadline: str
    point: str


class Visible(Model):
    """The unencrypted facts of a referral, for lists and search attributes. Nothing about a person."""

    area: Area
    stage: Stage
    caseworker: StaffId | None
    behind: bool = Field(
        default=False,
        description="recorded without its workflow, which did not answer and will catch up",
    )
    next_due_at: AwareDatetime | None = Field(
        description="soonest due time of the open deadlines, without inactivity"
    )
    overdue: bool
    sensitive: bool
    on_hold: bool


class StepTaken(Model):
    """The recorded result of a step. The workflow replays this and no rule.

    Attributes:
        events: all events after the given state, usually the step's own, without Sensitive fields.
        deadlines: the open deadlines after it.
        next_point: the next point of a deadline after it.
        notices: the messages to be sent.
        look_again: ids of pending messages that must be decided again.
        head: the chain link of the last event, in hexadecimal; absent in results from before there were links.
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
    """The state that a workflow carries through continue-as-new."""

    referral: Referral
    deadlines: tuple[Deadline, ...]
    next_point: NextPoint | None
    visible: Visible
    recent: tuple[UUID, ...] = Field(default=(), description="ids of the latest commands, oldest first")
    head: str | None = Field(default=None, description="the link of the last event, in hexadecimal")


class ReferralInput(Model):
    """The input of a referral's workflow. Without a carried state the referral is new or is read from the log."""

    reference: str
    carried: Carried | None = None


class Overview(Model):
    """A referral as it is now, asked of its workflow or folded from its log."""

    referral: Referral
    deadlines: tuple[Deadline, ...]
