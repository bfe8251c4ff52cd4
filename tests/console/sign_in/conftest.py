"""People who sign in at a console that has an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from casework.session import Session, WayIn, sign_in
from console.asked import Console
from runtime.referrals import Referrals
from schemas.people import Role
from tests.casework.signing_in.conftest import quick_hashing
from tests.casework.signing_in.people import People, settings

__all__ = ["quick_hashing"]

_FIRST = 1000


@dataclass
class Clock:
    """The console's clock, which a test moves on."""

    at: datetime

    def __call__(self) -> datetime:
        """The time."""
        return self.at

    def forward(self, **by: float) -> datetime:
        """Move it on; the time then."""
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    """In the middle of a step of codes."""
    return Clock(datetime.fromisoformat("2026-11-27T09:00:15+00:00"))


@pytest.fixture
def people(referrals: Referrals, request: pytest.FixtureRequest) -> People:
    """Makes people, each test its own."""
    number = next(_numbers)
    return People(referrals, number)


@pytest.fixture
async def manager(people: People, referrals: Referrals) -> Session:
    """The session of the service manager of Lancashire."""
    member = await people.member("sm-lancs", Role.SERVICE_MANAGER)
    return await sign_in(referrals, member.id, WayIn.COMMAND_LINE)


@pytest.fixture
def ours(console: Console, clock: Clock) -> Console:
    """A console whose people have passwords."""
    return replace(console, settings=settings(), now=clock)


_numbers = iter(range(_FIRST, 10 * _FIRST))
