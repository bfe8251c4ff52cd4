"""Replay what the suite ran: once under today's rules, once under rules altered on purpose."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from unittest import mock

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

import lifecycle.clocks
import lifecycle.core
from lifecycle import Refused
from service.plugin import referral_plugin
from stores.keys import KeyErased, KeyStore
from workflows.referral import ReferralWorkflow


async def histories_of(client: Client, keys: KeyStore) -> list[WorkflowHistory]:
    """Every referral's history on a server, all runs; those of erased referrals can no longer be read."""
    found = []
    async for execution in client.list_workflows("WorkflowType = 'ReferralWorkflow'"):
        try:
            await keys.get(execution.id.removeprefix("referral/"))
        except KeyErased:
            continue
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        found.append(await handle.fetch_history())
    return found


async def replay(
    histories: Iterable[WorkflowHistory], keys: KeyStore, workflow: type = ReferralWorkflow
) -> int:
    """Replay the histories and say how many; raises where one diverges."""
    replayer = Replayer(workflows=[workflow], plugins=[referral_plugin(keys)])
    kept = list(histories)
    await replayer.replay_workflows(_each(kept))
    return len(kept)


async def replay_altered(
    histories: Iterable[WorkflowHistory], keys: KeyStore, workflow: type = ReferralWorkflow
) -> int:
    """Replay while every rule says no, every deadline is another and nothing is permitted."""

    def never(*_: object, **__: object) -> None:
        raise Refused("altered", "Under the altered rules nothing is possible.")

    def later(moment: datetime, *_: object, **__: object) -> datetime:
        return moment + timedelta(days=977)

    # The sandbox imports the workflow anew, and with it these names from the modules that it shares.
    altered: list[AbstractContextManager[object]] = [
        mock.patch.object(lifecycle, "decide", never),
        mock.patch.object(lifecycle, "permitted", never),
        mock.patch.object(lifecycle, "deadlines", never),
        mock.patch.object(lifecycle, "next_point", never),
        mock.patch.object(lifecycle.core, "RULES", {}),
        mock.patch.object(lifecycle.core, "ENTRY_GATES", {}),
        mock.patch.object(lifecycle.clocks, "CLOCKS", []),
        mock.patch.object(lifecycle.clocks, "add_span", later),
    ]
    with contextlib.ExitStack() as stack:
        for alteration in altered:
            stack.enter_context(alteration)
        return await replay(histories, keys, workflow)


async def _each(histories: list[WorkflowHistory]) -> AsyncIterator[WorkflowHistory]:
    for history in histories:
        yield history
