"""Which workflows may request an activity.

Anybody who reaches Temporal can put a task into a queue. Its payloads open only if they were sealed for the workflow
that requests the activity; this module checks that this workflow may request it.
"""

from __future__ import annotations

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

NOT_THE_CALLER = "NotTheCaller"

log = structlog.stdlib.get_logger(__name__)


def require_caller(workflow_type: str, workflow_id: str) -> None:
    """Raise unless the running activity was requested by this workflow.

    Args:
        workflow_id: complete, or with a trailing `*` where a schedule appends the time.

    Raises:
        ApplicationError: of type NotTheCaller, not retried; it is counted and raises an alert.
    """
    info = activity.info()
    asked_by = info.workflow_id or ""
    known = asked_by.startswith(workflow_id[:-1]) if workflow_id.endswith("*") else asked_by == workflow_id
    if known and info.workflow_type == workflow_type:
        return
    # The id is not repeated, because a stranger may have chosen it.
    log.error(
        "an activity was asked for by a workflow that may not", alert="stranger", activity=info.activity_type
    )
    raise ApplicationError("This workflow may not ask for that.", type=NOT_THE_CALLER, non_retryable=True)
