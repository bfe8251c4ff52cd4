"""Who may ask a worker for an activity.

Whoever reaches Temporal may put a task into a queue. What such a task carries does not open, unless it was sealed for
the workflow that asks; here that workflow is held against what it asks for.
"""

from __future__ import annotations

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

NOT_THE_CALLER = "NotTheCaller"

log = structlog.stdlib.get_logger(__name__)


def require_caller(workflow_type: str, workflow_id: str) -> None:
    """Go on only where the activity that runs was asked for by this workflow.

    Args:
        workflow_id: whole, or with a trailing `*` where a schedule adds the time to it.

    Raises:
        ApplicationError: of type NotTheCaller, final; it is counted and alerted.
    """
    info = activity.info()
    asked_by = info.workflow_id or ""
    known = asked_by.startswith(workflow_id[:-1]) if workflow_id.endswith("*") else asked_by == workflow_id
    if known and info.workflow_type == workflow_type:
        return
    # The id is not repeated: a stranger chose it.
    log.error(
        "an activity was asked for by a workflow that may not", alert="stranger", activity=info.activity_type
    )
    raise ApplicationError("This workflow may not ask for that.", type=NOT_THE_CALLER, non_retryable=True)
