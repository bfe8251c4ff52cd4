"""Alerts: log entries with `alert=KIND`. Each is counted for Prometheus as `rj_alerts{kind=…}` and e-mailed to
RJ_ALERTS_TO, where that is set.
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
"""Sends a subject and a text to the recipient of alerts."""

SAY_AGAIN = timedelta(hours=1)
"""An alert of the same kind is e-mailed at most once in this time; every one is counted."""

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
        # A log entry may come from any thread.
        self._loop.call_soon_threadsafe(self._start, self._send, kind, sentence)

    def _start(self, send: Send, kind: str, sentence: str) -> None:
        task = asyncio.create_task(self._deliver(send, kind, sentence))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, send: Send, kind: str, sentence: str) -> None:
        try:
            await send(f"Alert: {kind.replace('_', ' ')}", sentence)
        except (ChannelAway, ChannelRefused) as error:
            # Without `alert`, or it would raise itself again.
            log.warning("an alert could not be sent by e-mail: %s", type(error).__name__)

    async def finished(self) -> None:
        """Wait until the e-mails in progress are sent."""
        await asyncio.gather(*self._sending, return_exceptions=True)


@asynccontextmanager
async def alerts_watched(meter: MetricMeter, send: Send | None) -> AsyncIterator[None]:
    """Count and send the alerts of this process until the context ends."""
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
