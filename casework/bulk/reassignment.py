"""Asking for all the referrals of one caseworker to go to another, and following how far that has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.reassignment import Reassignment, Tally
from casework.bulk.following import Seen, follow, look
from casework.session import Session
from casework.words import area_in_words
from lifecycle import Refused
from lifecycle.rules import SUPERVISORS, WORKERS
from runtime.referrals import Referrals, TemporalUnreachable
from schemas import facts
from schemas.areas import Area
from schemas.base import Model
from schemas.people import Staff, StaffId
from schemas.vocabulary import Stage
from schemas.vocabulary.words import in_words
from stores import open_referrals
from workflows.ids import SERVICE_QUEUE
from workflows.reassignment import (
    Progress,
    ReassignmentInput,
    ReassignmentWorkflow,
    reassignment_workflow_id,
)

_WHAT = "reassignment"

MOST_CHOSEN = 500
"""How many referrals may be chosen one by one."""


class Order(Model):
    """Whose referrals are to go to whom."""

    giver: StaffId
    taker: StaffId
    area: Area | None = Field(default=None, description="only the referrals of this area")
    stage: Stage | None = Field(default=None, description="only the referrals in this stage")
    references: tuple[str, ...] = Field(
        default=(), max_length=MOST_CHOSEN, description="only these referrals; none named: all"
    )
    reason: facts.Reason = None
    run: UUID = Field(default_factory=uuid4, description="given twice, each referral is given on once")


class Prospect(Model):
    """What a reassignment would do.

    Attributes:
        by_area: how many referrals it would give on in each area where the taker works.
        elsewhere: how many it would leave in each area where the taker does not; they are refused, and named.
        absent_until: when the taker is back, where they are away now.
        underway: whether one from the same giver to the same taker runs already.
    """

    by_area: dict[Area, int]
    elsewhere: dict[Area, int]
    absent_until: AwareDatetime | None
    underway: bool

    @property
    def count(self) -> int:
        """How many referrals it would give on."""
        return sum(self.by_area.values())


class Stayed(Model):
    """A referral that stayed where it was."""

    reference: str
    code: str = Field(description="of the refusal")
    message: str


class Result(Model):
    """What became of the referrals.

    Attributes:
        moved: how many were given on.
        already: how many the taker had already.
        refused: how many stayed as they were.
        named: the first hundred of those refused.
    """

    moved: int = 0
    already: int = 0
    refused: int = 0
    named: tuple[Stayed, ...] = ()

    @property
    def done(self) -> int:
        """How many were dealt with."""
        return self.moved + self.already + self.refused


class HowFar(Model):
    """How far a reassignment has come.

    Attributes:
        own: whether it is the one that was ordered here; else it had been begun before.
        asked_by: who began it.
        total: how many referrals there are to deal with; 0 where that is not known yet.
        so_far: what became of those that were dealt with.
    """

    own: bool
    asked_by: StaffId
    total: int
    so_far: Result


async def prospect(session: Session, order: Order) -> Prospect:
    """Look what a reassignment would do, before it is begun.

    Raises:
        Refused: somebody is not in the register, or may not do what it asks of them.
        TemporalUnreachable: Temporal does not answer.
    """
    referrals, asked = session.referrals, _asked(session, order)
    if asked.giver == asked.taker:
        raise Refused("same_caseworker", "Nobody gives referrals to themself.", "to")
    await referrals.registered(asked.giver, "from")
    taker = await referrals.registered(asked.taker, "to")
    if not taker.active:
        raise Refused("staff_inactive", f"{taker.id} is no longer active.", "to")
    if taker.role not in WORKERS:
        raise Refused(
            "not_their_role", f"{taker.id} is a {in_words(taker.role)} and does not work on referrals.", "to"
        )
    by_area = await open_referrals.owned_by_area(
        referrals.pool, asked.giver, stage=asked.stage, references=asked.references
    )
    if asked.area is not None:
        by_area = {area: count for area, count in by_area.items() if area == asked.area}
    _check_actor(session.member, asked.area, by_area)
    if by_area and not any(area in taker.areas for area in by_area):
        raise Refused(
            "staff_other_area",
            f"{taker.id} does not work in {' or '.join(map(area_in_words, by_area))}.",
            "to",
        )
    return Prospect(
        by_area={area: count for area, count in by_area.items() if area in taker.areas},
        elsewhere={area: count for area, count in by_area.items() if area not in taker.areas},
        absent_until=taker.absent_until if taker.absent(datetime.now(UTC)) else None,
        underway=await _runs(_handle(referrals, asked)),
    )


def _check_actor(actor: Staff, area: Area | None, by_area: dict[Area, int]) -> None:
    if actor.role not in SUPERVISORS:
        raise _not_a_supervisor()
    concerned = {*by_area, *([area] if area else [])}
    foreign = sorted(concerned - set(actor.areas))
    if foreign:
        yours = ", ".join(actor.areas)
        raise Refused(
            "staff_other_area",
            f"{actor.id} does not work in {', '.join(foreign)}; choose one of your areas by --area: {yours}.",
            "as",
        )


def _not_a_supervisor() -> Refused:
    return Refused("not_your_role", "Referrals are reassigned by supervisors and service managers.", "as")


async def reassign(session: Session, order: Order, on_progress: Callable[[HowFar | None], None]) -> Result:
    """Begin a reassignment, or find the one that runs already, and follow it to its end.

    It goes on by itself when nobody follows it any more.

    Args:
        order: see :class:`Order`.
        on_progress: called with how far it has come, again and again; with None where no worker answers.

    Raises:
        BulkWorkFailed: it ended by a fault of ours, or somebody ended it.
        TemporalUnreachable: Temporal does not answer.
    """

    async def start() -> WorkflowHandle[ReassignmentWorkflow, Tally]:
        return await _start(session, order)

    def show(progress: Progress | None) -> None:
        on_progress(_how_far(progress, order.run))

    return _result(await follow(start, ReassignmentWorkflow.progress, show, what=_WHAT))


async def begin(session: Session, order: Order) -> None:
    """Begin a reassignment, or leave the one that runs already to go on; see :func:`seen`.

    Raises:
        Refused: see :func:`prospect`.
        TemporalUnreachable: Temporal does not answer.
    """
    if not (await prospect(session, order)).underway:
        try:
            await _start(session, order)
        except RPCError as error:
            raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


async def seen(session: Session, giver: str, taker: str, run: UUID) -> Seen[HowFar, Result] | None:
    """How far the last reassignment from one caseworker to another has come; None where none is known.

    Args:
        run: the one that was ordered here.

    Raises:
        Refused: it is not theirs to see.
        BulkWorkFailed: it ended by a fault of ours, or somebody ended it.
        TemporalUnreachable: Temporal does not answer.
    """
    if session.member.role not in SUPERVISORS:
        raise _not_a_supervisor()
    areas = set((await session.referrals.registered(giver, "from")).areas)
    if not areas & set(session.member.areas):
        raise Refused("staff_other_area", f"{giver} works in none of your areas.", "from")
    handle = session.referrals.client.get_workflow_handle_for(
        ReassignmentWorkflow.run, reassignment_workflow_id(giver, taker)
    )
    found = await look(handle, ReassignmentWorkflow.progress, what=_WHAT)
    if found is None:
        return None
    return Seen(
        running=found.running,
        progress=_how_far(found.progress, run),
        result=_result(found.result) if found.result is not None else None,
    )


async def _start(session: Session, order: Order) -> WorkflowHandle[ReassignmentWorkflow, Tally]:
    asked = _asked(session, order)
    return await session.referrals.client.start_workflow(
        ReassignmentWorkflow.run,
        ReassignmentInput(asked=asked),
        id=reassignment_workflow_id(asked.giver, asked.taker),
        task_queue=SERVICE_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


def _asked(session: Session, order: Order) -> Reassignment:
    return Reassignment(asked_by=session.member.id, **order.model_dump())


def _how_far(progress: Progress | None, run: UUID) -> HowFar | None:
    if progress is None:
        return None
    return HowFar(
        own=progress.run == run,
        asked_by=progress.asked_by,
        total=progress.total,
        so_far=_result(progress.tally),
    )


def _result(tally: Tally) -> Result:
    return Result.model_validate(tally.model_dump())


def _handle(referrals: Referrals, asked: Reassignment) -> WorkflowHandle[ReassignmentWorkflow, Tally]:
    return referrals.client.get_workflow_handle_for(
        ReassignmentWorkflow.run, reassignment_workflow_id(asked.giver, asked.taker)
    )


async def _runs(handle: WorkflowHandle[ReassignmentWorkflow, Tally]) -> bool:
    try:
        found = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise TemporalUnreachable(f"Temporal does not describe a workflow: {error.message}.") from error
    return found.status is WorkflowExecutionStatus.RUNNING
