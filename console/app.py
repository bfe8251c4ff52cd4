"""The console as an ASGI application."""

from __future__ import annotations

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.answering import endpoint, problem
from console.asked import Console, Visit
from console.measuring import Measuring
from console.pages import all_pages
from console.security.headers import SecurityHeaders
from console.static_files import serve_static

_SAID = {
    HTTPStatus.NOT_FOUND: "Check the address, or begin with your work.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Go back, and open it from the page that leads here.",
}


def make_app(console: Console) -> Starlette:
    """The application that answers for a console."""

    async def not_routed(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        visit = Visit(request, console, FormData())
        return problem(visit, status, _SAID.get(HTTPStatus(status), "Please try again."))

    pages = [Route(page.path, endpoint(console, page), methods=list(page.methods)) for page in all_pages()]
    app = Starlette(
        routes=[Route("/static/{tag}/{name:path}", serve_static), *pages],
        middleware=[
            Middleware(Measuring, meter=console.meter),
            Middleware(SecurityHeaders, tls=console.settings.console_behind_tls),
            # A page of lists is a sixth of its size then. Files come compressed already; news are not compressed.
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
        ],
        exception_handlers={HTTPException: not_routed},
    )
    # It would lead to whichever host was asked for; all other answers name none.
    app.router.redirect_slashes = False
    return app
