"""What supervisors and service managers look after: the team's work, lists, sign-offs, workload and cover."""

from console.navigation import SUPERVISORS
from console.pages import Page, signed_in
from console.team.absence import absence, say_absence
from console.team.lists import escalations, sign_offs
from console.team.overview import team
from console.team.reassigning import begin, choose, preview, progress
from console.team.sign_off import decide, sheet
from console.team.workload import workload

_SHEET = "/team/sign-offs/{reference}/{subject}"

PAGES: tuple[Page, ...] = (
    signed_in("/team", team, SUPERVISORS),
    signed_in("/team/escalations", escalations, SUPERVISORS),
    signed_in("/team/sign-offs", sign_offs, SUPERVISORS),
    signed_in(_SHEET, sheet, SUPERVISORS),
    signed_in(_SHEET, decide, SUPERVISORS, ("POST",)),
    signed_in(f"{_SHEET}/{{activity}}", sheet, SUPERVISORS),
    signed_in(f"{_SHEET}/{{activity}}", decide, SUPERVISORS, ("POST",)),
    signed_in("/team/workload", workload, SUPERVISORS),
    signed_in("/team/workload/{giver}", choose, SUPERVISORS),
    signed_in("/team/workload/{giver}", preview, SUPERVISORS, ("POST",)),
    signed_in("/team/workload/{giver}/begin", begin, SUPERVISORS, ("POST",)),
    signed_in("/team/workload/{giver}/to/{taker}", progress, SUPERVISORS),
    signed_in("/team/absence/{staff}", absence, SUPERVISORS),
    signed_in("/team/absence/{staff}", say_absence, SUPERVISORS, ("POST",)),
)
