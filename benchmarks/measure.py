"""Taking the time of one kind of call, by one caller or by many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.engine import AREA, CASEWORKER
from benchmarks.nothing import TASK_QUEUE, NothingWorkflow
from runtime.referrals import Referrals
from schemas.commands import Allocate, OpenReferral, RecordContactAttempt, RecordDuplicateCheck
from schemas.facts import NewParticipant
from schemas.people import ContactSafety, Person
from schemas.steps import Request
from schemas.vocabulary import (
    Channel,
    ContactOutcome,
    Initiator,
    JusticeStage,
    Offence,
    ParticipantRole,
    Source,
)
from workflows.ids import workflow_id

Call = Callable[[], Awaitable[object]]

# A referral sees some tens of steps in its life; past that many a caller goes on to the next, so that neither the
# state nor the history grows beyond what is met in practice.
CALLS_ON_ONE = 20

FORM = OpenReferral(
    area=AREA,
    source=Source.POLICE,
    initiator=Initiator.HARMED_PERSON,
    offence=Offence.BURGLARY,
    justice_stage=JusticeStage.POST_SENTENCE_COMMUNITY,
    participants=(
        NewParticipant(
            id="h1",
            role=ParticipantRole.HARMED,
            person=Person(name="Bench Harmed", phone="07700 900123"),
            contact_safety=ContactSafety(safe_channels=(Channel.PHONE,)),
        ),
        NewParticipant(id="r1", role=ParticipantRole.RESPONSIBLE, person=Person(name="Bench Responsible")),
    ),
    summary="A made-up case, to take the time of.",
)
_ATTEMPT = RecordContactAttempt(
    participant="h1",
    channel=Channel.PHONE,
    outcome=ContactOutcome.NO_ANSWER,
    note="Rang twice in safe hours, no answer; a neighbour may pick up.",
)


@dataclass
class Timings:
    """What was measured of one kind of call at one number of callers; seconds."""

    latencies: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def per_second(self) -> float:
        """Calls answered in a second, all callers together."""
        return len(self.latencies) / self.elapsed

    def quantile(self, share: float) -> float:
        """The latency that this share of the calls did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


async def an_empty_update(referrals: Referrals) -> Call:
    """A call of the update that does nothing, on a workflow of its own that is already running."""
    reference = f"BENCH-{uuid4().hex[:12]}"
    await referrals.keys.create(reference)
    handle = await referrals.client.start_workflow(
        NothingWorkflow.run, id=workflow_id(reference), task_queue=TASK_QUEUE
    )
    return lambda: handle.execute_update(NothingWorkflow.nothing, "nothing", id=str(uuid4()))


async def a_step(referrals: Referrals) -> Call:
    """A call of a caseworker's step, on a referral of its own in victim contact; the actor's claim is made once."""
    opened = await referrals.open(FORM, CASEWORKER.id)
    for command in (RecordDuplicateCheck(), Allocate(caseworker=CASEWORKER.id)):
        await referrals.take(opened.reference, command, CASEWORKER.id)
    actor = CASEWORKER.acting_in(AREA)

    def call() -> Awaitable[object]:
        request = Request(command_id=uuid4(), actor=actor, command=_ATTEMPT)
        return referrals.send(opened.reference, request)

    return call


async def prepare(
    make: Callable[[Referrals], Awaitable[Call]], referrals: Referrals, callers: int, calls: int
) -> list[list[Call]]:
    """For each caller what it works on, one after the other, warmed by one call each: enough for `calls` in all."""
    each = -(-calls // (callers * CALLS_ON_ONE))
    made = await asyncio.gather(*(make(referrals) for _ in range(callers * each)))
    await asyncio.gather(*(call() for call in made))
    return [list(made[first::callers]) for first in range(callers)]


async def measure(work: Sequence[Sequence[Call]], calls: int, into: Timings) -> None:
    """Let every caller call, each on its own referral and one call at a time, until `calls` were answered."""
    left = calls

    async def caller(own: Sequence[Call]) -> None:
        nonlocal left
        done = 0
        while left > 0:
            left -= 1
            call = own[min(done // CALLS_ON_ONE, len(own) - 1)]
            started = time.perf_counter()
            await call()
            into.latencies.append(time.perf_counter() - started)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller(own) for own in work))
    into.elapsed += time.perf_counter() - started
