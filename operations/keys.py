"""The keys that wrap the key of each referral: how they stand, a new one, and taking the old out of use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from runtime.master_keys import make_missing
from runtime.referrals import Referrals
from stores.keys.epochs import COMPLETE_WITHIN, Incomplete
from stores.keys.referral_keys import KeyStatus, MasterKeys

__all__ = [
    "Added",
    "Completed",
    "Incomplete",
    "KeyStatus",
    "Retired",
    "Rotated",
    "add_master_key",
    "complete_by",
    "complete_erasures",
    "key_status",
    "retire",
    "rotate",
]

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many are done, and of how many."""


class Added(NamedTuple):
    """A master key that was added.

    Attributes:
        key_id: its id.
        made: whether the file was made just now.
    """

    path: Path
    key_id: str
    made: bool


class Rotated(NamedTuple):
    """What a rotation came to: how many keys were wrapped anew, and by which master key."""

    wrapped: int
    newest: str


class Retired(NamedTuple):
    """The master keys that were destroyed, and the one that is left."""

    destroyed: tuple[str, ...]
    newest: str


class Completed(NamedTuple):
    """How many erasures were completed, and those that are not; None where all are."""

    completed: int
    left: Incomplete | None


async def key_status(referrals: Referrals) -> KeyStatus:
    """What each master key still wraps, the epoch key, and which erasures are not complete."""
    return await referrals.keys.status()


def complete_by(found: Incomplete) -> datetime:
    """When the erasures that are not complete will be, at the latest (UTC)."""
    return found.oldest + COMPLETE_WITHIN


async def add_master_key(path: Path, database_url: Callable[[], str]) -> Added:
    """Add a master key to their file, which wraps from now on; make the file where there is none.

    Args:
        path: the file.
        database_url: where the database is; asked only where there is no file.

    Raises:
        MasterKeyProblem: the file cannot be used, or is gone while the database was sealed with it.
        DatabaseUnreachable: the database could not be asked whether it was.
    """
    if not path.exists() and await make_missing(path, database_url()):
        return Added(path, MasterKeys.load(path).ids[0], made=True)
    return Added(path, MasterKeys.add_new(path), made=False)


async def rotate(referrals: Referrals, progress: Progress) -> Rotated:
    """Wrap every referral's key with the newest master key. May be stopped, and run again."""
    count = await referrals.keys.rotate(progress)
    return Rotated(count, (await referrals.keys.status()).newest)


async def retire(referrals: Referrals) -> Retired:
    """Destroy all master keys but the newest.

    Raises:
        MasterKeyInUse: one of them wraps something still.
    """
    return Retired(await referrals.keys.retire(), (await referrals.keys.status()).newest)


async def complete_erasures(referrals: Referrals, progress: Progress) -> Completed:
    """Complete all erasures now: wrap every other key under a new epoch key, and destroy the old one."""
    count = await referrals.keys.epochs.replace(progress)
    return Completed(count, await referrals.keys.epochs.incomplete())
