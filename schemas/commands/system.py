"""Commands that the system sends itself."""

from typing import Literal

from schemas.base import Model
from schemas.notices import NoticeResult


class ReachDeadline(Model):
    """Record that a deadline reached a point. Sent by the referral's own clock."""

    kind: Literal["reach_deadline"] = "reach_deadline"
    deadline: str
    point: str


class SettleNotice(NoticeResult):
    """Record the outcome of a message. Sent by the message's workflow."""

    kind: Literal["settle_notice"] = "settle_notice"
