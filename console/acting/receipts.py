"""The receipt of a step, on the page that a person comes back to."""

from __future__ import annotations

from casework.referral.receipts import RecordedStep, recorded_step
from console.asked import Asked

_LONGEST_NUMBER = 9


async def receipt_of(asked: Asked, reference: str) -> RecordedStep | None:
    """What the person has just recorded on a referral, where the address says that they come from there.

    Templates show it by `acting/receipt.html`.
    """
    recorded = asked.request.query_params.get("recorded", "")
    if not (recorded.isascii() and recorded.isdigit() and len(recorded) <= _LONGEST_NUMBER):
        return None
    return await recorded_step(asked.session, reference, int(recorded))
