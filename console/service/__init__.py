"""What concerns the service as a whole: staff, policy, health, audit and figures."""

from console.navigation import AUDITORS, MANAGERS, SEE_FIGURES, SUPERVISORS
from console.pages import Page, signed_in
from console.service.audit import access_log, audit, compare, register_of, searched
from console.service.figures import figures
from console.service.health import health
from console.service.policy import adopt, adoption, begin, policy
from console.service.register import confirm, decline, register_log, staff
from console.service.staff_entry import (
    change,
    enter,
    entry,
    record_change,
    record_entry,
    send_invitation,
)

PAGES: tuple[Page, ...] = (
    signed_in("/staff", staff, MANAGERS),
    signed_in("/staff/register/log", register_log, MANAGERS),
    signed_in("/staff/register/enter", enter, MANAGERS),
    signed_in("/staff/register/enter", record_entry, MANAGERS, ("POST",)),
    signed_in("/staff/{staff}", entry, MANAGERS),
    signed_in("/staff/{staff}/change", change, MANAGERS),
    signed_in("/staff/{staff}/change", record_change, MANAGERS, ("POST",)),
    signed_in("/staff/{staff}/invite", send_invitation, MANAGERS, ("POST",)),
    signed_in("/staff/{staff}/confirm", confirm, MANAGERS, ("POST",)),
    signed_in("/staff/{staff}/decline", decline, MANAGERS, ("POST",)),
    signed_in("/policy", policy, SUPERVISORS),
    signed_in("/policy/adopt", adopt, SUPERVISORS, ("POST",)),
    signed_in("/policy/adopt/begin", begin, SUPERVISORS, ("POST",)),
    signed_in("/policy/adoptions/{scope}", adoption, SUPERVISORS),
    signed_in("/health", health, MANAGERS),
    signed_in("/audit", audit, AUDITORS),
    signed_in("/audit/compare", compare, AUDITORS, ("POST",)),
    signed_in("/audit/access-log", access_log, AUDITORS),
    signed_in("/audit/searches", searched, AUDITORS),
    signed_in("/audit/register", register_of, AUDITORS),
    signed_in("/figures", figures, SEE_FIGURES),
)
