"""What somebody has to be told at once. Whoever logs an entry with `alert=KIND` raises one: it is counted for
Prometheus as `rj_alerts{kind=…}`, and sent by e-mail where RJ_ALERTS_TO names somebody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from temporalio.common import MetricMeter

from messages.channels import ChannelAway, ChannelRefused
from messages.email import Mailer

Send: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Sends a subject and a text to who is to be told."""

SAY_AGAIN = timedelta(hours=1)
"""A kind of alert that goes on is sent by e-mail once in this time; each is counted."""

log = logging.getLogger(__name__)


class _Watcher(logging.Handler):
    def __init__(self, meter: MetricMeter, send: Send | None) -> None:
        super().__init__(logging.WARNING)
        self._count = meter.create_counter("rj_alerts", "What somebody has to be told at once, by kind.")
        self._send = send
        self._said: dict[str, datetime] = {}
        self._loop = asyncio.get_running_loop()
        self._sending: set[asyncio.Task[None]] = set()

    def emit(self, record: logging.LogRecord) -> None:
        kind, sentence = _alert_of(record)
        if kind is None:
            return
        self._count.add(1, {"kind": kind})
        now = datetime.now(UTC)
        if self._send is None or now - self._said.get(kind, datetime.min.replace(tzinfo=UTC)) < SAY_AGAIN:
            return
        self._said[kind] = now
        # A log entry may be written in any thread.
        self._loop.call_soon_threadsafe(self._start, self._send, kind, sentence)

    def _start(self, send: Send, kind: str, sentence: str) -> None:
        task = asyncio.create_task(self._deliver(send, kind, sentence))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, send: Send, kind: str, sentence: str) -> None:
        try:
            await send(f"Alert: {kind.replace('_', ' ')}", sentence)
        except (ChannelAway, ChannelRefused) as error:
            # Said without `alert`, or it would be about itself.
            log.warning("an alert could not be sent by e-mail: %s", type(error).__name__)

    async def finished(self) -> None:
        """Wait for what is being sent."""
        await asyncio.gather(*self._sending, return_exceptions=True)


@asynccontextmanager
async def alerts_watched(meter: MetricMeter, send: Send | None) -> AsyncIterator[None]:
    """Count the alerts of this process, and send them, until the context ends."""
    watcher = _Watcher(meter, send)
    root = logging.getLogger()
    root.addHandler(watcher)
    try:
        yield
    finally:
        root.removeHandler(watcher)
        await watcher.finished()


def by_mail(mailer: Mailer, to: str) -> Send:
    """Sends alerts to one address."""

    async def send(subject: str, text: str) -> None:
        at = datetime.now(UTC)
        await mailer.send(
            to=to,
            subject=subject,
            body=f"{text}\n\n{at:%Y-%m-%d %H:%M} UTC. See `rj doctor` and `rj stuck`.\n",
            message_id=f"<alert.{at:%Y%m%d%H%M%S%f}@messages.invalid>",
        )

    return send


def _alert_of(record: logging.LogRecord) -> tuple[str | None, str]:
    # structlog's own entries are dictionaries until they are rendered; others carry what `extra` gave.
    if isinstance(record.msg, dict):
        kind = record.msg.get("alert")
        return (str(kind) if kind else None), str(record.msg.get("event", ""))
    kind = getattr(record, "alert", None)
    return (str(kind) if kind else None), record.getMessage() if kind else ""
