"""Signing in with a password, then a code of the authenticator app or a recovery code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import Response

from casework.failures import Refused
from casework.signing_in.accounts import (
    ADDRESS_WITHIN,
    SECOND_STEP_WITHIN,
    give_code,
    give_password,
    give_recovery_code,
)
from console.asked import Visit
from console.security.cookies import SIGN_IN, keep_for
from console.sign_in.arriving import signed_in_as
from console.sign_in.welcome import page_of_ours, show_ways
from schemas.people import Staff
from schemas.web import SignedInBy


async def take_password(visit: Visit) -> Response:
    """Check the password, and go on to the second factor."""
    _local(visit)
    staff, wanted = visit.posted_text("staff"), page_of_ours(visit.posted_text("next"))
    password = visit.posted.get("password", "")
    errors = {}
    if not staff:
        errors["staff"] = "Enter your staff ID"
    if not isinstance(password, str) or not password:
        errors["password"] = "Enter your password"  # noqa: S105 - a sentence
    if errors:
        return await show_ways(visit, wanted, staff=staff, errors=errors, status=_CANNOT_BE_READ)
    try:
        given = await give_password(visit.referrals, staff, str(password), visit.address, visit.console.now())
    except Refused as refused:
        answer = await show_ways(
            visit, wanted, staff=staff, errors={"staff": refused.message}, status=status_of(refused)
        )
        return slowed(answer, refused)
    answer = visit.redirect(f"/sign-in/code?next={quote(wanted, safe='')}")
    keep_for(answer, SIGN_IN, given, int(SECOND_STEP_WITHIN.total_seconds()))
    return answer


async def ask_code(visit: Visit) -> Response:
    """Ask for a code of the authenticator app."""
    return _second_step(visit, "sign_in/code.html", visit.request.query_params.get("next", ""))


async def take_code(visit: Visit) -> Response:
    """Check a code of the authenticator app."""
    return await _take(visit, "sign_in/code.html", give_code)


async def ask_recovery_code(visit: Visit) -> Response:
    """Ask for a recovery code."""
    return _second_step(visit, "sign_in/recovery_code.html", visit.request.query_params.get("next", ""))


async def take_recovery_code(visit: Visit) -> Response:
    """Check a recovery code."""
    return await _take(visit, "sign_in/recovery_code.html", give_recovery_code)


def status_of(refused: Refused) -> int:
    """The status of a page that says why somebody is not signed in, or a password not changed."""
    return HTTPStatus.TOO_MANY_REQUESTS if refused.code == "too_many_attempts" else _CANNOT_BE_READ


def slowed(answer: Response, refused: Refused) -> Response:
    """The answer, which says when to try again where there were too many attempts."""
    if refused.code == "too_many_attempts":
        answer.headers["Retry-After"] = str(int(ADDRESS_WITHIN.total_seconds()))
    return answer


_CANNOT_BE_READ = HTTPStatus.UNPROCESSABLE_ENTITY


async def _take(visit: Visit, template: str, give: Callable[..., Awaitable[Staff]]) -> Response:
    _local(visit)
    code, wanted = visit.posted_text("code"), page_of_ours(visit.posted_text("next"))
    given = visit.request.cookies.get(SIGN_IN, "")
    if not code:
        return _second_step(visit, template, wanted, error="Enter the code", status=_CANNOT_BE_READ)
    try:
        member = await give(visit.referrals, given, code, visit.address, visit.console.now())
    except Refused as refused:
        if refused.code == "password_first":
            return await show_ways(
                visit, wanted, errors={"staff": refused.message}, status=status_of(refused)
            )
        answer = _second_step(visit, template, wanted, error=refused.message, status=status_of(refused))
        return slowed(answer, refused)
    return await signed_in_as(visit, member.id, SignedInBy.PASSWORD, visit.redirect(wanted))


def _second_step(
    visit: Visit, template: str, wanted: str, *, error: str | None = None, status: int = HTTPStatus.OK
) -> Response:
    if SIGN_IN not in visit.request.cookies:
        return visit.redirect(f"/sign-in?next={quote(page_of_ours(wanted), safe='')}")
    errors = {"code": error} if error else {}
    return visit.show(template, status=status, next=page_of_ours(wanted), errors=errors)


def _local(visit: Visit) -> None:
    if not visit.console.settings.local_accounts_are_on:
        raise Refused("no_local_accounts", "People do not sign in with a password here.")
