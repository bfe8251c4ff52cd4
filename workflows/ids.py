"""The ids and names by which workflows find each other. An id names the referral whose key seals the payloads."""

CATCH_UP = "catch_up"
"""The signal that makes a referral's workflow read events that were recorded without it."""

REFERRAL_WORKFLOW = "ReferralWorkflow"
"""The type of a referral's workflow, for who starts one without the code that runs it."""

OVERVIEW = "overview"
"""The query by which a referral's workflow tells how the referral stands."""


def workflow_id(reference: str) -> str:
    """The id of a referral's workflow."""
    return f"referral/{reference}"


def notice_workflow_id(reference: str, notice_id: str) -> str:
    """The id of the workflow of one of its messages."""
    return f"{workflow_id(reference)}/notice/{notice_id}"


SERVICE_QUEUE = "referrals-service"
"""The task queue of summaries and reassignments, whose activities, unlike steps, may be requested through Temporal."""

DIGEST = "service/digest"
"""The id of the summaries' schedule. Temporal appends the time for the id of each day's workflow, which the
installation's key seals."""
