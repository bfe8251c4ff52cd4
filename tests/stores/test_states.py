"""The states of referrals that a process keeps: true, brought up to date, and shown to nobody who may not see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from lifecycle import fold
from schemas.areas import Area
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from stores.logs.states import States
from tests.life import form
from tests.stores.test_event_log import ATTEMPT, Recording


@pytest.fixture
async def recording(pool: Pool, keys: KeyStore) -> Recording:
    return await _recorded(pool, keys)


async def _recorded(pool: Pool, keys: KeyStore) -> Recording:
    made = Recording(pool, keys)
    await keys.create(made.reference)
    await made.take(form())
    return made


@contextmanager
def rows_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many events were read by each statement."""
    counts: list[int] = []
    fetch = asyncpg.Connection.fetch

    async def noted(self: Any, query: str, *arguments: Any, **how: Any) -> Any:
        rows = await fetch(self, query, *arguments, **how)
        counts.append(sum(row["sequence"] is not None for row in rows))
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "fetch", noted)
        yield counts


async def test_a_state_is_what_the_log_tells_without_a_key(recording: Recording, pool: Pool) -> None:
    states = States()
    for _ in range(2):
        found = await states.of(pool.within([Area.DURHAM]), [recording.reference])
        [history] = (await event_log.outlines(pool, [recording.reference])).values()
        assert found == {recording.reference: fold(history)}
        await recording.take(ATTEMPT)


async def test_only_what_is_new_is_read_again(
    recording: Recording, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, within = States(), pool.within([Area.DURHAM])
    first = await states.of(within, [recording.reference])
    with rows_read(monkeypatch) as counts:
        assert await states.of(within, [recording.reference]) == first
        await recording.take(ATTEMPT)
        counts.clear()
        await states.of(within, [recording.reference])
    assert counts == [1]


async def test_a_state_that_is_kept_is_shown_to_nobody_of_another_area(
    recording: Recording, pool: Pool
) -> None:
    states = States()
    assert await states.of(pool.within([Area.DURHAM]), [recording.reference])
    assert await states.of(pool.within([Area.KENT]), [recording.reference]) == {}


async def test_no_more_states_are_kept_than_there_is_room_for(pool: Pool, keys: KeyStore) -> None:
    references = [(await _recorded(pool, keys)).reference for _ in range(3)]
    states = States(size=2)
    found = await states.of(pool.within([Area.DURHAM]), references)
    assert sorted(found) == sorted(references)
    assert len(states) == 2


async def test_equal_policies_are_kept_once(pool: Pool, keys: KeyStore) -> None:
    references = [(await _recorded(pool, keys)).reference for _ in range(2)]
    one, another = (await States().of(pool.within([Area.DURHAM]), references)).values()
    assert one.policy is another.policy
