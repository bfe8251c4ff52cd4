"""How many pages were asked for, how they were answered, and how long that took: as metrics, and in the log.

By the path of the page as its table names it, never by the address: that may name a referral. Nothing says who asked.
"""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.common import MetricHistogramFloat, MetricMeter

log = structlog.stdlib.get_logger(__name__)


class Measured(NamedTuple):
    """An answered request.

    Attributes:
        page: the path as the table of pages has it; empty where there is no such page.
        milliseconds: until the last byte was handed over.
    """

    method: str
    page: str
    status: int
    milliseconds: float


class Measuring:
    """Measure every answer but those that stay open for news."""

    def __init__(self, app: ASGIApp, *, meter: MetricMeter) -> None:
        """Wrap an application.

        Args:
            meter: on which the metrics are made, served to Prometheus beside those of Temporal.
        """
        self._app = app
        self._seconds: MetricHistogramFloat = meter.create_histogram_float(
            "console_page_seconds", "How long pages took to be answered", "s"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and say how long it took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, kind = perf_counter(), 500, ""

        async def noting(message: Message) -> None:
            nonlocal status, kind
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = dict(message["headers"]).get(b"content-type", b"").decode()
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if not kind.startswith("text/event-stream"):
                page = getattr(scope.get("route"), "path", "")
                self._note(Measured(scope["method"], page, status, (perf_counter() - began) * 1000))

    def _note(self, measured: Measured) -> None:
        self._seconds.record(
            measured.milliseconds / 1000,
            {"method": measured.method, "page": measured.page, "status": str(measured.status)},
        )
        log.info("answered", **measured._asdict() | {"milliseconds": round(measured.milliseconds, 1)})
