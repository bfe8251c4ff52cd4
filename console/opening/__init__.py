"""Before a referral is open: one question a page, and the import of a spreadsheet."""

from casework.opening.uploads import LARGEST
from console.navigation import MAY_OPEN
from console.opening import importing, new_referral
from console.pages import SMALL, Page, signed_in

_BOTH = ("GET", "POST")
_POST = ("POST",)

PAGES: tuple[Page, ...] = (
    signed_in("/new-referral", new_referral.start, MAY_OPEN, _BOTH),
    signed_in("/new-referral/{reference}/check", new_referral.check, MAY_OPEN, _BOTH),
    signed_in("/new-referral/{reference}/opened", new_referral.opened, MAY_OPEN),
    signed_in("/new-referral/{reference}/people", new_referral.people, MAY_OPEN, _POST),
    signed_in("/new-referral/{reference}/drop", new_referral.drop, MAY_OPEN, _POST),
    signed_in("/new-referral/{reference}/{question}", new_referral.question, MAY_OPEN, _BOTH),
    # A little more than the file, for what a browser writes around it.
    signed_in("/import", importing.start, MAY_OPEN, _BOTH, largest=LARGEST + SMALL),
    signed_in("/import/template.{kind}", importing.template, MAY_OPEN),
    signed_in("/import/{upload}", importing.show, MAY_OPEN),
    signed_in("/import/{upload}/headings", importing.headings, MAY_OPEN, _POST),
    signed_in("/import/{upload}/begin", importing.begin, MAY_OPEN, _POST),
    signed_in("/import/{upload}/drop", importing.drop, MAY_OPEN, _POST),
    signed_in("/import/{upload}/refused", importing.refused, MAY_OPEN),
)
