"""Making the blind index anew from the logs: for referrals from before there was one, and after data were restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pydantic import ValidationError

from lifecycle.people.search_terms import found_by
from runtime.findings import Finding, Severity
from runtime.referrals import Referrals
from stores import blind_index
from stores.blind_index import IndexKey
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyUnknown, SealBroken
from stores.logs import event_log
from stores.referrals import all_references


class Indexed(NamedTuple):
    """What came of it.

    Attributes:
        indexed: how many referrals are in the index now.
        erased: how many are not, since they were erased.
        unreadable: those whose log cannot be read, as their key is missing or it is not as it was recorded; they stay
            as they were.
    """

    indexed: int
    erased: int
    unreadable: tuple[str, ...] = ()


async def reindex(referrals: Referrals, progress: Callable[[int, int], None]) -> Indexed:
    """Write the index of every referral anew. May be stopped at any time, and run again; steps go on meanwhile.

    Args:
        progress: told after each how many are done, and of how many.
    """
    references = await all_references(referrals.pool)
    key = await blind_index.index_key(referrals.keys)
    erased, unreadable = 0, []
    for done, reference in enumerate(references, 1):
        try:
            erased += not await _index(referrals, key, reference)
        except (KeyUnknown, SealBroken, ValidationError):
            unreadable.append(reference)
        progress(done, len(references))
    return Indexed(len(references) - erased - len(unreadable), erased, tuple(unreadable))


async def _index(referrals: Referrals, key: IndexKey, reference: str) -> bool:
    """Whether a referral is in the index now; one that was erased is not."""
    while True:
        try:
            opens = await referrals.keys.get(reference)
        except KeyErased:
            length = await event_log.length(referrals.pool, reference)
            if await blind_index.replace(referrals.pool, key, reference, length, {}):
                return False
            continue
        history = await event_log.read(referrals.pool, reference, key=opens)
        # Where a step came in between, its log is read again.
        if await blind_index.replace(referrals.pool, key, reference, len(history), found_by(history)):
            return True


async def search_finds_all(pool: Pool) -> Finding:
    """Whether every referral can be found by its people, and no erased one."""
    check = "search"
    missing, left_over = await blind_index.not_as_it_should_be(pool)
    if not missing and not left_over:
        return Finding(check, Severity.OK, "Every referral can be found by its people.")
    said = []
    if missing:
        said.append(f"{missing} referral{'s' * (missing != 1)} cannot be found by their people yet")
    if left_over:
        said.append(f"{left_over} that {'was' if left_over == 1 else 'were'} erased stand in the index")
    return Finding(check, Severity.NOTE, f"{', and '.join(said)}.", "Run `rj reindex`.")
