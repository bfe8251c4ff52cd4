"""How a request becomes an answer: who asks, whether they may, and what they read where something goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from casework.failures import Failure, Kind, Refused, failure_of
from casework.inbox import count_unread
from casework.signing_in.kept_forms import drop_typed, find_typed, keep_typed
from casework.signing_in.sessions import at_work, check_form_token, end_demo_sessions, find_session
from console.asked import Asked, Console, Visit
from console.pages import SMALL, Page, Whose, all_pages
from console.public.speaking import problem_page, spoken_at
from console.security.cookies import token_of
from schemas.web import SignedInBy

WITHIN = 30.0
"""Seconds in which a page is answered, or says that it was not. A step has an answer within twenty."""

_STATUS = {
    Kind.BAD_INPUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.REFUSED: HTTPStatus.CONFLICT,
    Kind.UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.FAULT: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_STATUS_OF_CODE = {
    **dict.fromkeys(
        (
            "not_your_role",
            "staff_other_area",
            "staff_inactive",
            "not_sent_by_you",
            "sent_on",
            "reason_needed",
            "not_in_register",
            "email_not_verified",
            "not_signed_in",
        ),
        HTTPStatus.FORBIDDEN,
    ),
    "not_your_form": HTTPStatus.FORBIDDEN,
    "unknown_referral": HTTPStatus.NOT_FOUND,
}

_KEPT = "kept"
"""In an address: that somebody comes back to a form which they had sent when their session had run out."""

log = structlog.stdlib.get_logger(__name__)


def endpoint(console: Console, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """What Starlette calls for a page."""

    async def answered(request: Request) -> Response:
        visit = Visit(request, console, FormData())
        try:
            async with asyncio.timeout(None if page.waits else WITHIN):
                return await _answer(page, request, console)
        except HTTPException as error:
            return problem(visit, error.status_code, error.detail)
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                # Of an error only its type and where it came from are logged.
                log.exception("a page failed", page=page.path)
                failure = Failure(
                    Kind.FAULT, "Something of ours went wrong. It has been noted; nothing was half done."
                )
            posted = getattr(request.state, "posted", None)
            if failure.kind is Kind.UNREACHABLE and page.again and posted is not None:
                return _not_answered(visit, posted, failure.sentence)
            code = error.code if isinstance(error, Refused) else ""
            return problem(visit, _STATUS_OF_CODE.get(code, _STATUS[failure.kind]), failure.sentence)
        finally:
            # A file that was sent is let go.
            await request.close()

    return answered


async def _answer(page: Page, request: Request, console: Console) -> Response:
    token = token_of(request)
    if page.whose is Whose.ANYBODY:
        _same_origin(request)
        return await page.answer(Visit(request, console, await _posted(page, request)))
    used = not page.waits and not Visit(request, console, FormData()).refreshes
    found = await find_session(console.referrals, token, used=used) if token else None
    if found is not None and found.web.how is SignedInBy.DEMO and not await console.demo_is_open():
        await end_demo_sessions(console.referrals)
        found = None
    if found is None or token is None:
        # A whole spreadsheet is not read for who is not signed in.
        posted = await _posted(page, request) if page.largest <= SMALL else FormData()
        return await _sign_in_first(Visit(request, console, posted), page, token)
    posted = await _posted(page, request)
    session = at_work(console.referrals, found)
    unread = await count_unread(session) if request.method == "GET" and not page.waits else 0
    typed = (
        await find_typed(session, request.url.path, console.now()) if _KEPT in request.query_params else None
    )
    asked = Asked(request, console, posted, session, found.web, token, typed, unread)
    if request.method == "POST":
        _same_origin(request)
        check_form_token(token, asked.posted_text("csrf"))
    if page.whose is not Whose.SIGNED_IN and found.member.role not in page.whose:
        return asked.show("errors/not_yours.html", status=HTTPStatus.FORBIDDEN)
    answer = await page.answer(asked)
    if typed is not None and request.method == "POST" and answer.status_code < HTTPStatus.BAD_REQUEST:
        # It was sent again, and taken.
        await drop_typed(session, request.url.path)
    return answer


async def _posted(page: Page, request: Request) -> FormData:
    if request.method != "POST":
        return FormData()
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > page.largest:
        raise HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"What was sent is too large: at most {max(1, page.largest // 1024)} kB are taken here.",
        )
    posted: FormData = await request.form(max_fields=2000, max_part_size=page.largest)
    try:
        "".join(text for each in posted.multi_items() for text in each if isinstance(text, str)).encode()
    except UnicodeEncodeError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "What was sent is no text: send it as UTF-8."
        ) from None
    request.state.posted = posted
    return posted


def _same_origin(request: Request) -> None:
    """Refuse what another site had a browser send, by what the browser says of it (Fetch Metadata; else Origin)."""
    if request.method != "POST":
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    # Under our policy for referrers a browser writes "null" of our own pages too; it then says by the first header.
    from_elsewhere = origin not in (None, "null") and origin.partition("://")[2] != host
    if site not in ("same-origin", "none") if site else from_elsewhere:
        raise Refused(
            "not_your_form", "This form was sent from another site. Open the page here, and send it again."
        )


async def _sign_in_first(visit: Visit, page: Page, token: str | None) -> Response:
    if visit.request.method == "GET":
        # The address names a page of ours and ids at most.
        query = f"?{visit.request.url.query}" if visit.request.url.query else ""
        wanted = visit.request.url.path + query
        return visit.redirect(f"/sign-in?next={quote(wanted, safe='')}")
    kept, path = False, visit.request.url.path
    if token is not None and _is_shown(page):
        _same_origin(visit.request)
        fields, form = visit.posted_fields, visit.posted_text("csrf")
        kept = await keep_typed(visit.referrals, token, form, path, fields, visit.console.now())
    query = f"{visit.request.url.query}&" if visit.request.url.query else ""
    wanted = quote(f"{path}?{query}{_KEPT}=1", safe="") if kept else ""
    return visit.show("errors/signed_out.html", status=HTTPStatus.UNAUTHORIZED, wanted=wanted)


def _is_shown(page: Page) -> bool:
    """Whether what a form is sent to is also the address of the page that it stands on."""
    return any(each.path == page.path and "GET" in each.methods for each in all_pages())


def _not_answered(visit: Visit, posted: FormData, sentence: str) -> Response:
    """The page that says that no answer came, with a button that sends the same once more."""
    url = visit.request.url
    return visit.show(
        "errors/again.html",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        sentence=sentence,
        address=url.path + (f"?{url.query}" if url.query else ""),
        fields=Visit(visit.request, visit.console, posted).posted_fields,
    )


def problem(visit: Visit, status: int, sentence: str) -> Response:
    """The page that says what went wrong, in one sentence."""
    spoken = spoken_at(visit.request.url.path)
    if spoken is not None:
        return problem_page(visit, spoken, status)
    heading = {
        HTTPStatus.FORBIDDEN: "This is not for you to see or do",
        HTTPStatus.NOT_FOUND: "There is nothing at this address",
        HTTPStatus.METHOD_NOT_ALLOWED: "This page is opened in another way",
        HTTPStatus.CONFLICT: "That is not possible as things stand",
        HTTPStatus.UNPROCESSABLE_ENTITY: "That cannot be read",
        HTTPStatus.SERVICE_UNAVAILABLE: "The service does not answer at the moment",
    }.get(HTTPStatus(status), "Something went wrong")
    return visit.show("errors/problem.html", status=status, heading=heading, sentence=sentence)
