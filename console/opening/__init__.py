"""Before a referral is open: one question a page, and the import of a spreadsheet."""

from console.navigation import MAY_OPEN
from console.opening import new_referral
from console.pages import Page, signed_in

_BOTH = ("GET", "POST")

PAGES: tuple[Page, ...] = (
    signed_in("/new-referral", new_referral.start, MAY_OPEN, _BOTH),
    signed_in("/new-referral/{reference}/check", new_referral.check, MAY_OPEN, _BOTH),
    signed_in("/new-referral/{reference}/opened", new_referral.opened, MAY_OPEN),
    signed_in("/new-referral/{reference}/people", new_referral.people, MAY_OPEN, ("POST",)),
    signed_in("/new-referral/{reference}/drop", new_referral.drop, MAY_OPEN, ("POST",)),
    signed_in("/new-referral/{reference}/{question}", new_referral.question, MAY_OPEN, _BOTH),
)
