"""Ending a process on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run_until_signalled(
    work: Coroutine[Any, Any, None], *, on_signal: Callable[[], None], again_ends: bool
) -> None:
    """Run the work until it ends, or cancel it on SIGTERM or SIGINT, so that it can clean up in its own order.

    Args:
        on_signal: called once, at the first signal.
        again_ends: a second signal ends the process at once. Else it cancels again, for work that must not leave
            its child processes behind.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    told = False

    def stop() -> None:
        nonlocal told
        if not told:
            told = True
            on_signal()
            if again_ends:
                for number in STOP_SIGNALS:
                    loop.remove_signal_handler(number)
                    signal.signal(number, signal.SIG_DFL)
        task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
