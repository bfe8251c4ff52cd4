"""The front door: the ways to sign in, and the buttons of the demo."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import Response

from casework.failures import Refused
from casework.signing_in.demo import demo_people, of_a_year
from casework.signing_in.sessions import find_session
from console.asked import Visit
from console.security.cookies import token_of
from console.sign_in.arriving import signed_in_as
from schemas.people import Role
from schemas.web import SignedInBy

_FIRST_PAGES = {Role.COMMISSIONER: "/figures", Role.PARTNER: "/referrals", Role.AUDITOR: "/audit"}


async def front_door(visit: Visit) -> Response:
    """Lead who is signed in to their first page, and who is not to where they sign in."""
    token = token_of(visit.request)
    found = await find_session(visit.referrals, token) if token else None
    return visit.redirect(_FIRST_PAGES.get(found.member.role, "/my-work") if found else "/sign-in")


async def sign_in(visit: Visit) -> Response:
    """Show the ways to sign in."""
    return await show_ways(visit, visit.request.query_params.get("next", ""))


async def show_ways(
    visit: Visit,
    wanted: str,
    *,
    staff: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page with the ways to sign in.

    Args:
        wanted: the address that somebody wanted to go to.
        staff: the id that they typed.
        errors: what is wrong with what they typed, by field.
    """
    open_to_all = await visit.console.demo_is_open()
    people = await demo_people(visit.referrals) if open_to_all else []
    return visit.show(
        "sign_in/sign_in.html",
        status=status,
        people=[each for each in people if not of_a_year(each)],
        people_of_years=[each for each in people if of_a_year(each)],
        next=page_of_ours(wanted),
        provider=visit.console.provider is not None,
        local=visit.console.settings.local_accounts_are_on,
        staff=staff,
        errors=errors or {},
        demo_is_over=visit.console.demo and not open_to_all,
    )


async def enter_demo(visit: Visit) -> Response:
    """Sign in as one of the demo's invented people."""
    if not await visit.console.demo_is_open():
        raise Refused("no_demo", "Only a demo is entered without a password.")
    staff_id = visit.posted_text("staff")
    if staff_id not in {each.id for each in await demo_people(visit.referrals)}:
        raise Refused("staff_unknown", "Choose one of the invented people on the page.", "staff")
    answer = visit.redirect(page_of_ours(visit.posted_text("next")))
    return await signed_in_as(visit, staff_id, SignedInBy.DEMO, answer)


def page_of_ours(address: str) -> str:
    """The address if it is of this console, else its front door: nobody is led elsewhere after signing in."""
    return address if re.fullmatch(r"/(?![/\\])[\w/.?=&%+,:-]*", address, re.ASCII) else "/"
