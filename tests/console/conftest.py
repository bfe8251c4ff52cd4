"""A console for the tests, on the servers that they share."""

from __future__ import annotations

import pytest

from console.asked import Console
from runtime.referrals import Referrals
from runtime.settings import Settings


@pytest.fixture
def console(referrals: Referrals) -> Console:
    """A console without a demo's door."""
    return Console(referrals, Settings.load())
