"""What every answer tells the browser not to do: the table `HEADERS`, which a test reads."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    # Nothing is loaded from another host, nothing is run that stands in a page, and nobody may frame us.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # An address of ours says that somebody works with, or asks for, restorative justice.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Of every answer. (OWASP Secure Headers; the ground of each is its comment.)"""

NO_STORE = "no-store"
"""`Cache-Control` of whatever is not a style sheet or a script: a shared computer keeps no page."""

HSTS = "max-age=63072000; includeSubDomains"
"""`Strict-Transport-Security`, where TLS is in front: two years."""


class SecurityHeaders:
    """Add the headers to every answer, unless the answer has its own."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        """Wrap an application.

        Args:
            tls: whether browsers reach it by TLS alone, and are to remember that.
        """
        self._app = app
        self._headers = {**HEADERS, "Cache-Control": NO_STORE} | (
            {"Strict-Transport-Security": HSTS} if tls else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
