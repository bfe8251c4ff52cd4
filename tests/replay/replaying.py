"""Replay what the tests ran: once under today's rules, and under rules altered on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from unittest import mock

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

import lifecycle.rules
import lifecycle.timing.clocks
from lifecycle import ENTRY_GATES, RULES, Gate, Refused
from lifecycle.timing.clocks import Clock
from lifecycle.timing.working_time import add_span
from runtime.referrals import TASK_QUEUE, Referrals
from runtime.sealing.codec import reference_of
from runtime.sealing.plugin import referral_plugin
from schemas.policy import DeadlineName
from schemas.referral import Referral
from schemas.vocabulary import Stage
from stores.keys.referral_keys import KeyErased, KeyStore, KeyUnknown
from workflows.ids import workflow_id
from workflows.notice import MESSAGE_QUEUE, NoticeWorkflow
from workflows.referral import ReferralWorkflow

Run: TypeAlias = tuple[str, str]
"""The id of a workflow, and of one of its runs."""

_RULES = ("decide", "permitted", "deadlines", "next_point")

# How long Temporal's lists may stay behind what it ran.
_LISTED_WITHIN = 20


async def all_histories(referrals: Referrals) -> list[WorkflowHistory]:
    """All that a server ran of the referrals in its log; none is missing, however late it is listed."""
    return await histories_of(referrals.client, referrals.keys, await _latest_runs(referrals))


async def replay_all(referrals: Referrals) -> int:
    """Replay all that a server ran, once, under altered rules; how many runs that were."""
    return await replay_altered(await all_histories(referrals), referrals.keys)


async def histories_of(
    client: Client, keys: KeyStore, expected: Collection[Run] = ()
) -> list[WorkflowHistory]:
    """Every referral's history on a server, all runs; those of erased referrals can no longer be read.

    Args:
        expected: runs that must be among them, and are waited for.
    """
    listed = await _listed(client)
    async with asyncio.timeout(_LISTED_WITHIN):
        while not listed.issuperset(expected):
            await asyncio.sleep(0.1)
            listed = await _listed(client)
    found = []
    for workflow, run_id in sorted(listed):
        try:
            await keys.get(reference_of(workflow) or workflow)
        except (KeyErased, KeyUnknown):
            # What a stranger started has none.
            continue
        found.append(await client.get_workflow_handle(workflow, run_id=run_id).fetch_history())
    return found


async def _listed(client: Client) -> set[Run]:
    # A stranger's workflow may call itself so as well, on a queue of its own.
    of_referrals = (
        "WorkflowType IN ('ReferralWorkflow', 'NoticeWorkflow')"
        f" AND TaskQueue IN ('{TASK_QUEUE}', '{MESSAGE_QUEUE}')"
    )
    return {(run.id, run.run_id) async for run in client.list_workflows(of_referrals)}


async def _latest_runs(referrals: Referrals) -> list[Run]:
    """Of every referral in the log that was not erased, and that this server ran rather than another one."""
    rows = await referrals.pool.fetch(
        "SELECT reference FROM referral WHERE NOT EXISTS ("
        " SELECT FROM keys.erasure WHERE erasure.reference = referral.reference)"
    )
    found = []
    for row in rows:
        try:
            run = await referrals.client.get_workflow_handle(workflow_id(row["reference"])).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            # On another queue it is a stranger's, or of a test of what happens where nobody listens.
            if run.task_queue in (TASK_QUEUE, MESSAGE_QUEUE):
                found.append((run.id, run.run_id))
    return found


async def replay(
    histories: Iterable[WorkflowHistory], keys: KeyStore, workflow: type = ReferralWorkflow
) -> int:
    """Replay the histories and say how many; raises where one diverges."""
    replayer = Replayer(
        workflows=[workflow, NoticeWorkflow], plugins=[referral_plugin(keys)], namespace="default"
    )
    kept = list(histories)
    await replayer.replay_workflows(_each(kept))
    return len(kept)


async def replay_altered(
    histories: Iterable[WorkflowHistory],
    keys: KeyStore,
    workflow: type = ReferralWorkflow,
    altered: Callable[[], AbstractContextManager[None]] | None = None,
) -> int:
    """Replay under altered rules; where it is not said which, every rule says no and nothing is as it was."""
    with (altered or nothing_possible)():
        return await replay(histories, keys, workflow)


# The sandbox imports the workflow anew, and with it what is altered in the modules that it shares with the tests.


@contextmanager
def nothing_possible() -> Iterator[None]:
    """Every rule says no, every deadline is another and nothing is permitted."""

    def never(*_: object, **__: object) -> None:
        raise Refused("altered", "Under the altered rules nothing is possible.")

    def later(moment: datetime, *_: object, **__: object) -> datetime:
        return moment + timedelta(days=977)

    altered: list[AbstractContextManager[object]] = [
        *(mock.patch.object(lifecycle, rule, never) for rule in _RULES),
        mock.patch.object(lifecycle.rules, "RULES", {}),
        mock.patch.object(lifecycle.rules, "ENTRY_GATES", {}),
        mock.patch.object(lifecycle.timing.clocks, "CLOCKS", []),
        mock.patch.object(lifecycle.timing.clocks, "add_span", later),
    ]
    with contextlib.ExitStack() as stack:
        for alteration in altered:
            stack.enter_context(alteration)
        yield


@contextmanager
def other_numbers() -> Iterator[None]:
    """Every span of time is one longer, in the pinned policy of every referral too."""

    def longer(moment: datetime, span: str, **how: Any) -> datetime:
        return add_span(moment, re.sub(r"\d+", lambda number: str(int(number[0]) + 1), span), **how)

    # Whatever is reckoned with a span, of a deadline or of a gate, is reckoned by this function.
    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith("lifecycle.") and "add_span" in vars(module)
    ]
    with contextlib.ExitStack() as stack:
        for module in users:
            stack.enter_context(mock.patch.object(module, "add_span", longer))
        yield


@contextmanager
def one_more_deadline() -> Iterator[None]:
    """There is a deadline that no pinned policy knows, and its clock always runs."""
    name = str.__new__(DeadlineName, "thought_of_later")
    name._name_, name._value_ = "THOUGHT_OF_LATER", "thought_of_later"

    def always(referral: Referral) -> tuple[Clock, ...]:
        return (Clock(name, started_at=referral.received_at),)

    with (
        mock.patch.dict(DeadlineName._member_map_, {name.name: name}),
        mock.patch.dict(DeadlineName._value2member_map_, {name.value: name}),
        mock.patch.object(DeadlineName, "_member_names_", [*DeadlineName._member_names_, name.name]),
        mock.patch.object(lifecycle.timing.clocks, "CLOCKS", [*lifecycle.timing.clocks.CLOCKS, always]),
    ):
        yield


@contextmanager
def one_more_gate() -> Iterator[None]:
    """No stage may be entered any more, and nothing be asked for in one, before something that never holds."""
    shut = Gate("shut", "Under the altered rules this gate never opens", lambda *_: "")
    rules = {command: dataclasses.replace(rule, gates=(*rule.gates, shut)) for command, rule in RULES.items()}
    stages = {stage: (*ENTRY_GATES.get(stage, ()), shut) for stage in Stage}
    with mock.patch.dict(RULES, rules), mock.patch.dict(ENTRY_GATES, stages):
        yield


async def _each(histories: list[WorkflowHistory]) -> AsyncIterator[WorkflowHistory]:
    for history in histories:
        yield history
