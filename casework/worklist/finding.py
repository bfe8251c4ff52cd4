"""What one person has to do on one referral, before it is put into words."""

from __future__ import annotations

from datetime import datetime

from casework.worklist.answers import DECIDE_ON_TRANSFER
from casework.worklist.duties import Duties
from casework.worklist.found import Found
from casework.worklist.supervising import Supervising
from casework.worklist.working import Working
from lifecycle.rules import RULES
from schemas.commands import COMMANDS
from schemas.people import Staff
from schemas.policy import DeadlineName
from schemas.referral import Referral
from stores.worklists import OnHand


class ItemFinder:
    """Finds what one person has to do on one referral."""

    def __init__(self, member: Staff, duties: Duties, row: OnHand, referral: Referral, at: datetime) -> None:
        self._supervising = Supervising(member, duties, row, referral, at)
        self._working = Working(member, duties, row, referral, at)
        self._referral = referral
        self._at = at

    def find(self) -> list[Found]:
        """What they have to do on it, each thing once."""
        found: dict[str, Found] = {}
        for each in (*self._supervising.find(), *self._working.find()):
            found.setdefault(each.key, each)
        self._keep_the_soonest_that_waits(found)
        return [each for each in found.values() if not self._is_stopped(each)]

    def _keep_the_soonest_that_waits(self, found: dict[str, Found]) -> None:
        """Of what colleagues do on a referral, the reader sees the next thing, for everybody it is done for."""
        waiting = [each for each in found.values() if each.waits_for]
        waiting.sort(key=lambda each: (each.due_at is None, each.due_at or self._at, each.key))
        for each in waiting[1:]:
            if (each.answer.kind, each.due_at) != (waiting[0].answer.kind, waiting[0].due_at):
                del found[each.key]

    def _is_stopped(self, found: Found) -> bool:
        """Whether a safeguarding concern forbids it; what is to be done about that is a thing of its own."""
        rule = RULES[COMMANDS[found.answer.kind]]
        stopped = self._referral.safeguarding is not None and not rule.in_safeguarding
        return stopped and found.waits_for is None


def offer_to_decide(referral: Referral, due_at: datetime | None) -> Found:
    """The decision on a referral that another area offers, for a supervisor of the area that it is offered to.

    Args:
        referral: with an open offer.
        due_at: when the answer is due; None: its policy sets no such deadline.
    """
    offer = referral.transfer_offer
    concern = "It can be taken over once its safeguarding concern is lifted there."
    return Found(
        DECIDE_ON_TRANSFER,
        DeadlineName.TRANSFER_ANSWER,
        colleagues=(offer.offered_by,) if offer else (),
        deadline=DeadlineName.TRANSFER_ANSWER if due_at else None,
        due_at=due_at,
        words=(("asked_by", offer.offered_by if offer else ""),),
        note=concern if referral.safeguarding else "",
    )
