"""A port that was found free and is another's right after: the next one is taken."""

from __future__ import annotations

import socket

import pytest

from operations import bringing_up
from runtime import readiness
from runtime.embedded.ports import LOOPBACK, free_port
from runtime.metrics import runtime
from runtime.readiness import probe


class Raced:
    """Finds a port free that somebody takes in that very moment, once."""

    def __init__(self, taken: int) -> None:
        self.taken: int | None = taken

    def __call__(self, preferred: int) -> int:
        port, self.taken = self.taken or free_port(preferred), None
        return port


async def test_the_probe_takes_another_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        monkeypatch.setattr(readiness, "free_port", Raced(other.getsockname()[1]))
        async with probe({}, None) as url:
            assert str(other.getsockname()[1]) not in url


def test_the_metrics_take_another_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(bringing_up, "free_port", Raced(taken))
        address = bringing_up._taken_for_metrics()
    assert address != f"{LOOPBACK}:{taken}"
    runtime.cache_clear()
