"""Acting: the form of each step, what it would do, drafts, and the receipt; and erasing a referral."""

from console.acting.confirming import confirm, show_confirm
from console.acting.erasing import erase_referral, show_erasing
from console.acting.risk import assess_risk
from console.acting.saving import save_draft
from console.acting.steps import show_step, take_step
from console.navigation import SENDERS, SUPERVISORS, WORKERS
from console.pages import Page, signed_in

_WHO_ACTS = WORKERS | SENDERS
_STEP = "/referrals/{reference}/steps/{kind}"

PAGES: tuple[Page, ...] = (
    signed_in(_STEP, show_step, _WHO_ACTS),
    signed_in(_STEP, take_step, _WHO_ACTS, ("POST",), again=True),
    signed_in(f"{_STEP}/draft", save_draft, _WHO_ACTS, ("POST",)),
    signed_in(f"{_STEP}/confirm", show_confirm, _WHO_ACTS),
    signed_in(f"{_STEP}/confirm", confirm, _WHO_ACTS, ("POST",), again=True),
    signed_in("/referrals/{reference}/risk/assess/{participant}", assess_risk, WORKERS),
    signed_in("/referrals/{reference}/erase", show_erasing, SUPERVISORS),
    signed_in("/referrals/{reference}/erase", erase_referral, SUPERVISORS, ("POST",), again=True),
)
