"""People of Lancashire who have an account, and who have none yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from argon2 import PasswordHasher

from casework.session import Session, WayIn, sign_in
from casework.signing_in import passwords
from runtime.referrals import Referrals
from schemas.people import Role
from tests.casework.signing_in.people import People

_NUMBERS = count(1)


@pytest.fixture
async def people(referrals: Referrals) -> People:
    """Makes people, each test its own."""
    return People(referrals, next(_NUMBERS))


@pytest.fixture
async def manager(people: People, referrals: Referrals) -> Session:
    """The session of the service manager of Lancashire."""
    member = await people.member("sm-lancs", Role.SERVICE_MANAGER)
    return await sign_in(referrals, member.id, WayIn.COMMAND_LINE)


@pytest.fixture
def at() -> datetime:
    """When everything happens, unless a test says otherwise: in the middle of a step of codes."""
    return datetime(2026, 11, 27, 9, 0, 15, tzinfo=UTC)


@pytest.fixture
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are hashed with less work, by the same code."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()
