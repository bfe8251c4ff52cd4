"""Referrals for the tests of their pages."""

from __future__ import annotations

import pytest_asyncio

from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.console.referral.cases import Cases


@pytest_asyncio.fixture(scope="session")
async def cases(pool: Pool, keys: KeyStore) -> Cases:
    """Referrals of Nottinghamshire, and who works there."""
    made = Cases(pool, keys)
    await made.hire()
    return made
