"""The workflow that sends the summary of a working morning to every member of staff who wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.digest import DigestOutcome, Digests, Readers, WhyNone
    from schemas.areas import LONDON
    from schemas.base import Model

FROM = time(8, 30)
"""When it is sent, in London."""

# The summary of a morning is of no use in the evening.
_UNTIL = time(18)
# How many activities share the readers: it bounds the sending at once and the length of the history.
_BATCHES = 10
# One message may take half a minute; an activity without a heartbeat for this long has lost its worker.
_SAYS_SOMETHING_WITHIN = timedelta(minutes=2)
_TRIED_AGAIN = RetryPolicy(initial_interval=timedelta(minutes=1), maximum_interval=timedelta(minutes=10))


class DigestResult(Model):
    """How many people got the summary of a day.

    Attributes:
        day: a London date.
        sent: how many got it.
        nothing_to_say: how many had no work to list.
        refused: how many addresses were refused permanently.
        not_sent: how many could not be sent to before the end of the working day.
        why_none: why nobody was to get it; None where somebody was.
    """

    day: date
    sent: int = 0
    nothing_to_say: int = 0
    refused: int = 0
    not_sent: int = 0
    why_none: WhyNone | None = None


class DigestOrder(Model):
    """The order for a day's summary. It is empty: being sealed proves that this service gave it."""


@workflow.defn
class DigestWorkflow:
    """Sends the summary of the day on which it starts.

    Readers are divided into a few batches, one activity each, which Temporal retries for the readers that are left. So
    a day without a mail server adds nothing to the history.
    """

    @workflow.run
    async def run(self, order: DigestOrder | None = None) -> DigestResult:
        """Send the summary, with retries until the working day is over.

        Args:
            order: absent in runs from before orders existed, and in runs started by a stranger.

        Raises:
            ApplicationError: of type NotOrdered, where there is no order of this service.
        """
        if order is None and workflow.patched("ordered-by-this-service"):
            workflow.logger.error("a summary was not ordered by this service", extra={"alert": "stranger"})
            raise ApplicationError("This service did not order it.", type="NotOrdered", non_retryable=True)
        day = workflow.now().astimezone(LONDON).date()
        until = datetime.combine(day, _UNTIL, LONDON)
        if workflow.now() >= until:
            return DigestResult(day=day, why_none=WhyNone.TOO_LATE)
        # Anybody who reaches Temporal can trigger the schedule at any hour.
        early = workflow.now() < datetime.combine(day, FROM, LONDON)
        if early and workflow.patched("not-before-the-morning"):
            return DigestResult(day=day, why_none=WhyNone.TOO_EARLY)
        readers: Readers = await workflow.execute_activity_method(
            Digests.readers,
            day,
            start_to_close_timeout=timedelta(seconds=30),
            schedule_to_close_timeout=until - workflow.now(),
            retry_policy=_TRIED_AGAIN,
        )
        batches = [readers.staff[first::_BATCHES] for first in range(min(_BATCHES, len(readers.staff)))]
        settled = await asyncio.gather(*(self._send_batch(day, batch, until) for batch in batches))
        outcomes = [outcome for each in settled for outcome in each.values()]
        return DigestResult(
            day=day,
            sent=outcomes.count(DigestOutcome.SENT),
            nothing_to_say=outcomes.count(DigestOutcome.NOTHING_TO_SAY),
            refused=outcomes.count(DigestOutcome.REFUSED),
            not_sent=len(readers.staff) - len(outcomes),
            why_none=readers.why_none,
        )

    async def _send_batch(self, day: date, batch: Sequence[str], until: datetime) -> dict[str, DigestOutcome]:
        left = until - workflow.now()
        if left <= timedelta():
            return {}
        try:
            return await workflow.execute_activity_method(
                Digests.send,
                args=[day, batch],
                schedule_to_close_timeout=left,
                heartbeat_timeout=_SAYS_SOMETHING_WITHIN,
                retry_policy=_TRIED_AGAIN,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("some had no summary by the end of the working day")
            return _settled(error)


def _settled(error: ActivityError) -> dict[str, DigestOutcome]:
    """The outcomes that a batch had when its time was over."""
    cause: BaseException | None = error.cause
    while cause is not None:
        match cause:
            case TimeoutError(last_heartbeat_details=[settled]) | ApplicationError(details=[settled]):
                return {who: DigestOutcome(outcome) for who, outcome in settled.items()}
        cause = cause.__cause__
    return {}
