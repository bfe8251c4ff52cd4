"""By which names workflows find each other. Each id is below its referral's reference, whose key seals what is said."""

CATCH_UP = "catch_up"
"""The signal by which a referral's workflow learns of what was recorded besides it."""

REFERRAL_WORKFLOW = "ReferralWorkflow"
"""The type of a referral's workflow, for who starts one without the code that runs it."""

OVERVIEW = "overview"
"""The query by which a referral's workflow tells how the referral stands."""


def workflow_id(reference: str) -> str:
    """Of a referral."""
    return f"referral/{reference}"


def notice_workflow_id(reference: str, notice_id: str) -> str:
    """Of one of its messages."""
    return f"{workflow_id(reference)}/notice/{notice_id}"


SERVICE_QUEUE = "referrals-service"
"""Where the summaries and reassignments wait: their activities may be asked for through Temporal, as a step may not."""

DIGEST = "service/digest"
"""The schedule of the summaries. Temporal adds the time to it for the id of each day's workflow, so that the
installation's key seals it."""
