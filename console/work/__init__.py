"""What a signed-in person has to do: their worklist, the referrals of their areas, and their inbox."""

from console.navigation import SENDERS, SUPERVISORS, WORKERS
from console.pages import Page, signed_in
from console.work.inbox import inbox
from console.work.lists import export, keep, remove
from console.work.my_work import my_work
from console.work.referrals import referrals

PAGES: tuple[Page, ...] = (
    signed_in("/my-work", my_work, WORKERS),
    signed_in("/referrals", referrals, WORKERS | SENDERS),
    signed_in("/lists/keep", keep, WORKERS, ("POST",)),
    signed_in("/lists/remove", remove, WORKERS, ("POST",)),
    signed_in("/lists/export", export, SUPERVISORS),
    signed_in("/inbox", inbox, WORKERS | SENDERS),
)
