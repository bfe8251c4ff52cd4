"""Referrals in flight survive a new version: what was recorded replays, whatever the rules are today."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from lifecycle import deadlines
from schemas import commands as c
from schemas.policy import DeadlineName
from schemas.vocabulary import Stage
from stores.database import Pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from tests.lifecycle.story import to
from tests.replay.divergent import Careless, Divergent
from tests.replay.replaying import one_more_deadline, one_more_gate, other_numbers, replay, replay_altered
from workflows.ids import workflow_id

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
    # The first that was kept knew of no workflow but the referral's.
    ids = kept.get("ids", {})
    return [
        WorkflowHistory.from_json(ids.get(run_id, workflow_id(reference)), history)
        for run_id, history in kept["histories"].items()
    ]


def test_there_are_committed_histories() -> None:
    assert COMMITTED


async def test_committed_histories_replay(histories: list[WorkflowHistory], keys: KeyStore) -> None:
    assert await replay(histories, keys) == len(histories) > 1


async def test_committed_histories_replay_under_altered_rules(
    histories: list[WorkflowHistory], keys: KeyStore
) -> None:
    assert await replay_altered(histories, keys) == len(histories)


@pytest.mark.parametrize("altered", [other_numbers, one_more_deadline, one_more_gate])
async def test_committed_histories_replay_under_rules_that_differ_a_little(
    histories: list[WorkflowHistory], keys: KeyStore, altered: Callable[[], AbstractContextManager[None]]
) -> None:
    assert await replay_altered(histories, keys, altered=altered) == len(histories)


def test_rules_that_differ_a_little_really_differ() -> None:
    """What is replayed under them would go wrong, were it decided anew."""
    story = to(Stage.OFFENDER_CONSENT).responsible_agree()
    before = deadlines(story.referral)
    with other_numbers():
        assert {each.key for each in deadlines(story.referral)} == {each.key for each in before}
        assert not [each for each in deadlines(story.referral) if each in before]
    with one_more_deadline():
        assert "thought_of_later" in set(DeadlineName)
        assert deadlines(story.referral) == before
    with one_more_gate():
        assert story.code(c.BeginPreparation()) == "shut"
    assert "thought_of_later" not in set(DeadlineName)
    assert deadlines(story.referral) == before
    assert story.do(c.BeginPreparation()).stage is Stage.PREPARATION


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
