"""What a step that was just recorded came to, for who took it."""

from __future__ import annotations

from pydantic import Field

from casework.referral.page.case import Case
from casework.referral.page.record import StepOnRecord, step_on_record
from casework.referral.steps import deadlines_met
from casework.words.due import deadline_called
from lifecycle import fold
from schemas.base import Model


class StepReceipt(Model):
    """The receipt of a step.

    Attributes:
        step: what happened.
        met: the deadlines that it met, in words.
    """

    step: StepOnRecord
    met: tuple[str, ...] = Field(repr=False)


def receipt_of(case: Case, sequence: int) -> StepReceipt | None:
    """The receipt of the reader's own step that recorded the event of that sequence; None where none of theirs did."""
    step = next((each.step for each in case.history if each.sequence == sequence), None)
    taken = [each for each in case.history if each.step == step]
    if step is None or not taken or taken[0].actor != case.actor.id:
        return None
    before = [each for each in case.history if each.sequence < taken[0].sequence]
    after = [each for each in case.history if each.sequence <= taken[-1].sequence]
    met = deadlines_met(fold(before), fold(after)) if before else ()
    return StepReceipt(
        step=step_on_record(case, taken),
        met=tuple(deadline_called(each, case.called) for each in met),
    )
