"""Referrals in flight survive a new version: what was recorded replays, whatever the rules are today."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from service.referrals import workflow_id
from stores.database import Pool
from stores.keys import KeyStore, MasterKeys
from tests.replay.divergent import Careless, Divergent
from tests.replay.replaying import replay, replay_altered

COMMITTED = sorted((Path(__file__).parent / "histories").glob("*.json"))


@pytest.fixture(params=COMMITTED, ids=lambda path: path.stem)
async def histories(
    request: pytest.FixtureRequest, pool: Pool, keys: KeyStore, master_keys: MasterKeys
) -> list[WorkflowHistory]:
    """The runs of one committed referral; its key is put where the codec looks for it."""
    kept = json.loads(request.param.read_text())
    reference = kept["reference"]
    wrapped, master_key_id = master_keys.wrap(base64.b64decode(kept["key"]), reference)
    await pool.execute(
        "INSERT INTO keys.data_key (reference, wrapped, master_key_id) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        reference,
        wrapped,
        master_key_id,
    )
    return [
        WorkflowHistory.from_json(workflow_id(reference), history) for history in kept["histories"].values()
    ]


def test_there_are_committed_histories() -> None:
    assert COMMITTED


async def test_committed_histories_replay(histories: list[WorkflowHistory], keys: KeyStore) -> None:
    assert await replay(histories, keys) == len(histories) > 1


async def test_committed_histories_replay_under_altered_rules(
    histories: list[WorkflowHistory], keys: KeyStore
) -> None:
    assert await replay_altered(histories, keys) == len(histories)


async def test_a_workflow_that_runs_a_rule_on_replay_is_noticed(
    histories: list[WorkflowHistory], keys: KeyStore
) -> None:
    """The altered rules are really other ones: who depends on today's breaks under them, and only under them."""
    await replay(histories[:1], keys, Careless)
    with pytest.raises(Exception, match="Refused"):
        await replay_altered(histories[:1], keys, Careless)


async def test_a_workflow_that_does_something_else_is_noticed(
    histories: list[WorkflowHistory], keys: KeyStore
) -> None:
    with pytest.raises(NondeterminismError):
        await replay(histories[:1], keys, Divergent)
