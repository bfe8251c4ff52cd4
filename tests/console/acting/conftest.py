"""People of an area of their own, and their referrals. Everybody is invented."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from console.asked import Console
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas import commands as c
from schemas.commands import Command
from tests.console.acting.people import PEOPLE, opening
from tests.console.visiting import Visitor, visiting
from tests.register import enter, long_in_office


@pytest_asyncio.fixture(scope="session")
async def suffolk(referrals: Referrals, owner_url: str) -> Referrals:
    """The engine, with a team in Suffolk."""
    await enter(referrals.pool, referrals.keys, *PEOPLE)
    await long_in_office(owner_url, "sms-1")
    return referrals


@pytest.fixture
def console(suffolk: Referrals) -> Console:
    """A console without a demo's door."""
    return Console(suffolk, Settings.load())


@pytest_asyncio.fixture
async def reference(suffolk: Referrals) -> str:
    """A referral that cas-1 works on, and nobody was reached yet."""
    return await opened(suffolk)


async def opened(engine: Referrals, *commands: Command, **known: object) -> str:
    """A referral that cas-1 works on, after these steps."""
    receipt = await engine.open(opening(**known), "cas-1")
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cas-1"), *commands):
        await engine.take(receipt.reference, command, "cas-1")
    return receipt.reference


@pytest_asyncio.fixture
async def cass(console: Console) -> AsyncIterator[Visitor]:
    """The caseworker at the console."""
    async with visiting(console, "cas-1") as visitor:
        yield visitor


@pytest_asyncio.fixture
async def sue(console: Console) -> AsyncIterator[Visitor]:
    """The supervisor at the console."""
    async with visiting(console, "sus-1") as visitor:
        yield visitor
