"""The ids of workflows. Each is below its referral's reference, whose key seals what the workflow says."""


def workflow_id(reference: str) -> str:
    """Of a referral."""
    return f"referral/{reference}"


def notice_workflow_id(reference: str, notice_id: str) -> str:
    """Of one of its messages."""
    return f"{workflow_id(reference)}/notice/{notice_id}"
