"""Accepting an invitation: a password, an authenticator app, and the recovery codes, shown once.

The link's secret leaves the address at once, for a cookie: addresses stay in histories.
"""

from __future__ import annotations

from http import HTTPStatus

from markupsafe import Markup
from starlette.responses import Response

from casework.failures import Refused
from casework.signing_in.inviting import Opened, accept, choose_password, open_invitation
from console.asked import Visit
from console.security.cookies import INVITATION, keep_for
from console.sign_in.arriving import signed_in_as
from schemas.web import SignedInBy

# How long a browser holds the secret, which may be a shared one; the link can be opened again.
_SECONDS = 3600


async def invitation(visit: Visit) -> Response:
    """Begin with the password."""
    token = visit.request.query_params.get("token")
    if token is not None:
        await open_invitation(visit.referrals, token, visit.console.now())
        answer = visit.redirect("/invitation")
        keep_for(answer, INVITATION, token, _SECONDS)
        return answer
    return _ask_password(visit, await _opened(visit))


async def take_new_password(visit: Visit) -> Response:
    """Take the password, and go on to the authenticator app."""
    opened = await _opened(visit)
    chosen, again = visit.posted.get("password", ""), visit.posted.get("again", "")
    if not isinstance(chosen, str) or chosen != again:
        return _ask_password(visit, opened, {"again": "Enter the same password twice"})
    try:
        await choose_password(visit.referrals, _token(visit), chosen, visit.console.now())
    except Refused as refused:
        if refused.field != "password":
            raise
        return _ask_password(visit, opened, {"password": refused.message})
    return visit.redirect("/invitation/authenticator")


async def ask_authenticator(visit: Visit) -> Response:
    """Show what the authenticator app has to know, and ask for its first code."""
    return _ask_code(visit, await _opened(visit))


async def take_first_code(visit: Visit) -> Response:
    """Set the account up, sign its person in, and show their recovery codes."""
    opened = await _opened(visit)
    try:
        accepted = await accept(
            visit.referrals, _token(visit), visit.posted_text("code"), visit.console.now()
        )
    except Refused as refused:
        if refused.field != "code":
            raise
        return _ask_code(visit, opened, {"code": refused.message})
    answer = visit.show("sign_in/recovery_codes.html", codes=accepted.recovery_codes, new_account=True)
    return await signed_in_as(visit, accepted.member.id, SignedInBy.PASSWORD, answer)


def _ask_password(visit: Visit, opened: Opened, errors: dict[str, str] | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return visit.show("sign_in/invitation.html", status=status, opened=opened, errors=errors or {})


def _ask_code(visit: Visit, opened: Opened, errors: dict[str, str] | None = None) -> Response:
    if opened.authenticator is None:
        return visit.redirect("/invitation")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return visit.show(
        "sign_in/authenticator.html",
        status=status,
        staff=opened.staff,
        secret=opened.authenticator.secret,
        # Made by us, of black and white alone.
        picture=Markup(opened.authenticator.picture),  # noqa: S704
        errors=errors or {},
    )


async def _opened(visit: Visit) -> Opened:
    return await open_invitation(visit.referrals, _token(visit), visit.console.now())


def _token(visit: Visit) -> str:
    return visit.request.cookies.get(INVITATION, "")
