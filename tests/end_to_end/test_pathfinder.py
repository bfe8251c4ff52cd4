"""The published pathfinder through the real engine: to the last referral, also when interrupted."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from reports.funnel import funnel
from runtime.referrals import Referrals
from simulation.pathfinder import ROWS, Published, drive, published, synthesise
from simulation.pathfinder_stories import SOURCE
from stores.logs.verifying import verify

SHARE, SEED = 0.015, 1


@pytest.mark.parametrize("seed", [1, 2])
def test_at_share_1_the_synthesis_has_the_published_totals(seed: int) -> None:
    fates = Counter(case.fate for case in synthesise(1, seed))
    assert fates == published().fates()
    assert sum(fates.values()) == 2273


@pytest.mark.parametrize("share", [0.001, 0.0137, 0.1, 0.333, 0.5, 1.0])
def test_every_row_of_a_share_is_a_part_of_the_one_above(share: float) -> None:
    scaled = published().scaled(share)
    assert all(count >= 0 for count in scaled.fates().values())
    assert len(synthesise(share, SEED)) == scaled.suitable


def test_a_share_rounds_every_row() -> None:
    rows = {
        "suitable": 227,
        "victim_contacted": 120,
        "victim_interested": 45,
        "guilty_plea": 18,
        "adjourned": 15,
        "conference": 6,
        "other_activity": 4,
    }
    scaled = published().scaled(0.1)
    assert {name: scaled.row(name) for name in ROWS} == rows
    assert isinstance(scaled, Published)


def test_a_larger_share_goes_on_from_a_smaller() -> None:
    smaller, larger = (set(synthesise(share, SEED)) for share in (0.1, 0.4))
    assert smaller < larger


async def test_interrupted_and_run_again_it_ends_with_the_published_figures(referrals: Referrals) -> None:
    total = len(synthesise(SHARE, SEED))
    done = 0
    half = asyncio.Event()

    def advance() -> None:
        nonlocal done
        done += 1
        if done == total // 2:
            half.set()

    first = asyncio.create_task(drive(referrals, SHARE, SEED, advance, by="sm-1"))
    await half.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    second = await drive(referrals, SHARE, SEED, by="sm-1")
    assert {row.row: row.counted for row in second.rows} == {row.row: row.published for row in second.rows}
    assert second.steps > 0

    third = await drive(referrals, SHARE, SEED, by="sm-1")
    assert third.steps == 0, "all of it stands in the log already"
    assert third.rows == second.rows


async def test_every_synthesised_referral_is_closed_for_a_named_reason(referrals: Referrals) -> None:
    await drive(referrals, SHARE, SEED, by="sm-1")
    cases = synthesise(SHARE, SEED)
    ids = [await referrals.identity_of(SOURCE, case.external_id) for case in cases]
    references = [reference for reference, _ in ids]
    counted = await funnel(referrals.pool, references=references)
    assert counted.count("closed") == len(cases)
    assert sum(each.count for each in counted.closures) == len(cases)
    async for _, broken in verify(referrals.pool, referrals.keys, references, {}):
        assert broken is None
