"""A referral: its overview, and a page for each of what belongs to it, from its people to its deadlines."""

from console.navigation import WORKERS
from console.pages import Page, signed_in
from console.referral.looking import give_reason
from console.referral.person import show_person
from console.referral.tabs import (
    show_activities,
    show_agreement,
    show_deadlines,
    show_looks,
    show_messages,
    show_overview,
    show_people,
    show_risk,
    show_steps,
    show_timeline,
)
from schemas.people import Role

_ONE = "/referrals/{reference}"

PAGES: tuple[Page, ...] = (
    signed_in(_ONE, show_overview, WORKERS | {Role.PARTNER}),
    signed_in(f"{_ONE}/people", show_people, WORKERS),
    signed_in(f"{_ONE}/people/{{participant}}", show_person, WORKERS),
    signed_in(f"{_ONE}/risk", show_risk, WORKERS),
    signed_in(f"{_ONE}/activities", show_activities, WORKERS),
    signed_in(f"{_ONE}/agreement", show_agreement, WORKERS),
    signed_in(f"{_ONE}/messages", show_messages, WORKERS),
    signed_in(f"{_ONE}/timeline", show_timeline, WORKERS),
    signed_in(f"{_ONE}/deadlines", show_deadlines, WORKERS),
    signed_in(f"{_ONE}/access-log", show_looks, WORKERS),
    signed_in(f"{_ONE}/steps", show_steps, WORKERS),
    signed_in(f"{_ONE}/reason", give_reason, WORKERS, ("POST",)),
)
