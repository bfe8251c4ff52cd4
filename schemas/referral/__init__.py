"""The state of a referral: all that the rules need, and nothing that could identify a person."""

from schemas.referral.oversight import (
    Assessment,
    Complaint,
    Escalation,
    Frozen,
    Hold,
    ReachedPoint,
    Risk,
    Safeguarding,
    SignOff,
    SignOffRequest,
)
from schemas.referral.people import Attempt, Consent, Participant
from schemas.referral.state import Referral
from schemas.referral.transfers import TransferOffer, Transferred
from schemas.referral.work import Deadline, Item, Task

__all__ = [
    "Assessment",
    "Attempt",
    "Complaint",
    "Consent",
    "Deadline",
    "Escalation",
    "Frozen",
    "Hold",
    "Item",
    "Participant",
    "ReachedPoint",
    "Referral",
    "Risk",
    "Safeguarding",
    "SignOff",
    "SignOffRequest",
    "Task",
    "TransferOffer",
    "Transferred",
]
