"""Taking a step: the rules decide it, and it is recorded in PostgreSQL before anybody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from lifecycle import (
    Refused,
    areas_concerned,
    authors_of_what_is_signed_off,
    deadlines,
    fold,
    next_point,
    notices,
)
from lifecycle.coarse_facts import Changes
from lifecycle.notifying.notices import WantedNotices
from lifecycle.notifying.sending import CHANGES_MESSAGES
from lifecycle.outcome import decide_request, evolve_all, written_with
from lifecycle.people.search_terms import changed_terms, changes_what_it_is_found_by, found_by
from schemas import events as e
from schemas.commands import AcceptTransfer, AdoptPolicy, CorrectStep, OpenReferral
from schemas.events import Event, Recorded
from schemas.notices import Notice
from schemas.people import Role
from schemas.policy import Policies
from schemas.privacy import without_sensitive
from schemas.referral import Deadline, Referral
from schemas.steps import REFUSED, NextPoint, Receipt, Request, StepTaken
from stores import blind_index, staff
from stores import notices as notice_store
from stores.blind_index import IndexKey
from stores.database import Pool
from stores.facts import FactKey, as_arguments, fact_key
from stores.keys.referral_keys import DataKey, KeyStore
from stores.logs import event_log
from stores.logs.chain import ChainKey, chain_key
from stores.logs.event_log import Answer, Written
from stores.referrals import soonest_due, visible

# Seconds for one attempt: a longer one waits for a database that does not answer; it fails and is retried.
_TRY_SECONDS = 10

# A clock behind the last event by no more than this counts as stopped until it catches up.
_CLOCKS_APART = timedelta(minutes=5)

log = structlog.stdlib.get_logger(__name__)


def refusal(refused: Refused) -> ApplicationError:
    """A rule's refusal as a Temporal error: not retried, and not logged as a failure."""
    return ApplicationError(
        refused.message,
        {"code": refused.code, "message": refused.message, "field": refused.field},
        type=REFUSED,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


class _Tried(NamedTuple):
    """A step that was to be recorded, and the result."""

    written: Written
    events: tuple[Recorded, ...]
    became: Referral
    deadlines: tuple[Deadline, ...]
    notices: tuple[Notice, ...]


class Steps:
    """The activities that take steps, with their dependencies.

    Args:
        pool: connections with the application's rights.
        keys: the referrals' keys.
        policies: the service's, under which referrals are opened and which they may adopt.
    """

    def __init__(self, pool: Pool, keys: KeyStore, policies: Policies) -> None:
        self._pool = pool
        self._keys = keys
        self._policies = policies
        self._chain: ChainKey | None = None
        self._fact_key: FactKey | None = None
        self._index_key: IndexKey | None = None

    @activity.defn
    async def take_step(
        self,
        reference: str,
        referral: Referral | None,
        request: Request,
        at: datetime,
        head: str | None = None,
    ) -> StepTaken:
        """Decide and record one command. Safe to repeat: the answer is the same.

        Args:
            reference: of the referral.
            referral: the workflow's state; None where the referral is new or must be read from the log.
            request: the command and who asks.
            at: the workflow's time.
            head: the chain link of the last event in that state, in hexadecimal; None where unknown.

        Raises:
            ApplicationError: of type Refused, with the refusal's code, message and field.
        """
        async with asyncio.timeout(_TRY_SECONDS):
            try:
                taken = await self._take(reference, referral, request, at, head)
                return _answering(taken, request.command_id)
            except event_log.StepForged as forged:
                log.exception(
                    "a step that its log does not lead to was refused", alert="step_forged", what=forged.what
                )
                raise
            except Refused as refused:
                # It may be refused because it was taken before: then the first answer is repeated.
                if await event_log.knows(self._pool, reference, request.command_id):
                    return await self._repeat(reference, referral, request, at)
                if request.actor.role is Role.SYSTEM and not isinstance(request.command, OpenReferral):
                    # The clock's state is behind the log: answer with what the log has.
                    return await self._as_logged(reference, referral, at)
                raise refusal(refused) from refused

    async def _take(
        self, reference: str, given: Referral | None, request: Request, at: datetime, head: str | None
    ) -> StepTaken:
        referral, missed = given, list[Recorded]()
        link = bytes.fromhex(head) if given and head else None
        if referral is None and not isinstance(request.command, OpenReferral):
            missed = await self._history(reference)
            referral = fold(missed) if missed else None
        while True:
            after = referral.sequence if referral else 0
            try:
                happened = await self._decide(reference, referral, request, at)
            except Refused:
                # Events that the given state lacks may allow it, such as a new task.
                behind = await self._history(reference, after) if referral else []
                if not behind:
                    raise
                referral, link = evolve_all(referral, behind), None
                missed.extend(behind)
                continue
            link = await self._link(reference, after) if link is None else link
            if referral is not None and not happened:
                taken = _taken(referral, deadlines(referral), missed, at, link)
                return await self._with_notices(taken, (), given)
            tried = await self._record(referral, link, request, happened, at)
            match tried.written.answer:
                case Answer.RECORDED:
                    everything = [*missed, *tried.events]
                    taken = _taken(tried.became, tried.deadlines, everything, at, tried.written.head)
                    return await self._with_notices(taken, tried.notices, given if missed else tried.became)
                case Answer.REPEATED:
                    return await self._repeat(reference, given, request, at)
                case Answer.EARLY:
                    at = await self._not_before_the_last(reference, at)
                case Answer.BEHIND:
                    behind = await self._beyond(reference, after)
                    referral, link = evolve_all(referral, behind), None
                    missed.extend(behind)

    async def _record(
        self,
        referral: Referral | None,
        link: bytes,
        request: Request,
        happened: Sequence[Event],
        at: datetime,
    ) -> _Tried:
        # Only a correction needs the earlier events.
        corrects = any(isinstance(event, e.StepCorrected) for event in happened)
        history = await self._history(referral.reference) if corrects and referral else []
        events, became, open_now, called_for, changed = written_with(referral, happened, request, at, history)
        wanted = await self._notices(called_for)
        facts = await self._facts(became.reference, changed)
        key = await self._keys.get(became.reference)
        written = await event_log.record(
            self._pool,
            key,
            await self._links(),
            request,
            events,
            (referral.sequence if referral else 0, link),
            became,
            open_now,
            wanted,
            facts,
            await self._found_by(key, events),
            authors_of_what_is_signed_off(referral, request.command) if referral else (),
        )
        return _Tried(written, events, became, open_now, wanted)

    async def _beyond(self, reference: str, after: int) -> list[Recorded]:
        """The events that the workflow lacks: a worker ended after recording, or Temporal was restored from a backup.

        Recorded events are valid; the workflow is told of them.
        """
        behind = await self._history(reference, after)
        if not behind:
            raise await self._other_log(reference, after)
        return behind

    async def _links(self) -> ChainKey:
        if self._chain is None:
            self._chain = await chain_key(self._keys)
        return self._chain

    async def _link(self, reference: str, sequence: int) -> bytes:
        link = await event_log.head(self._pool, reference, sequence)
        if link is None:
            raise await self._other_log(reference, sequence)
        return link

    async def _other_log(self, reference: str, sequence: int) -> Refused:
        if await event_log.head(self._pool, reference, sequence) is None:
            return Refused(
                "log_older",
                "PostgreSQL holds an older copy of this referral than Temporal does; restore the newer one.",
            )
        return Refused(
            "log_other",
            "PostgreSQL and the workflow hold different logs of this referral: run `rj reconcile`, then try again.",
        )

    async def _not_before_the_last(self, reference: str, at: datetime) -> datetime:
        """The time for a step whose clock is a little behind that of the last event."""
        last = await event_log.last_at(self._pool, reference)
        if last - at > _CLOCKS_APART:
            raise Refused("clock", "Temporal's clock is behind the last recorded event: correct it.")
        return last

    @activity.defn
    async def read_log(self, reference: str, referral: Referral | None, at: datetime) -> StepTaken:
        """Read the events that the given state lacks; takes no step.

        Args:
            reference: of the referral.
            referral: the workflow's state.
            at: the workflow's time.
        """
        async with asyncio.timeout(_TRY_SECONDS):
            return await self._as_logged(reference, referral, at)

    async def _as_logged(self, reference: str, referral: Referral | None, at: datetime) -> StepTaken:
        history = await self._history(reference)
        known = referral.sequence if referral else 0
        now = fold(history)
        link = await self._link(reference, now.sequence)
        taken = _taken(now, deadlines(now), [each for each in history if each.sequence > known], at, link)
        return await self._with_notices(taken, (), referral)

    async def _history(self, reference: str, after: int = 0) -> list[Recorded]:
        return await event_log.history(self._pool, self._keys, reference, after=after)

    async def _facts(self, reference: str, changed: Changes) -> tuple[str, list[str]]:
        """The changes that a step makes to the coarse facts, as arguments of record_step()."""
        if self._fact_key is None:
            self._fact_key = await fact_key(self._keys)
        return as_arguments(self._fact_key, reference, changed)

    async def _found_by(self, key: DataKey, events: Sequence[Recorded]) -> str:
        """The changes that a step makes to the blind index, as an argument of record_step()."""
        if not any(changes_what_it_is_found_by(recorded.event) for recorded in events):
            return blind_index.NO_CHANGE
        if self._index_key is None:
            self._index_key = await blind_index.index_key(self._keys)
        first = events[0].sequence
        log = await event_log.read(self._pool, key.reference, key=key) if first > 1 else []
        # A log that has gone on meanwhile takes no step.
        before = [recorded for recorded in log if recorded.sequence < first]
        changed = changed_terms(found_by(before), found_by([*before, *events]))
        return blind_index.as_argument(self._index_key, changed)

    async def _notices(self, wanted: WantedNotices) -> tuple[Notice, ...]:
        if not wanted.anything:
            return ()
        before, became = wanted.before, wanted.after
        areas = areas_concerned(became) | (areas_concerned(before) if before else set())
        return notices(wanted, await staff.team(self._pool, *areas))

    async def _with_notices(
        self, taken: StepTaken, wanted: Sequence[Notice], known: Referral | None
    ) -> StepTaken:
        """The answer with the messages to start and those to decide again.

        Args:
            wanted: those of this step.
            known: the workflow's state; messages of later events may not have been started.
        """
        sequence = known.sequence if known else 0
        changed = any(isinstance(recorded.event, CHANGES_MESSAGES) for recorded in taken.events)
        missed = sequence < taken.receipt.sequence
        if not (missed or changed):
            return taken.model_copy(update={"notices": tuple(each for each in wanted if each.outward)})
        on_their_way = await notice_store.pending(self._pool, taken.receipt.reference)
        new = {each.id for each in wanted} | {each.id for each in on_their_way if each.sequence > sequence}
        return taken.model_copy(
            update={
                "notices": tuple(each for each in on_their_way if each.id in new),
                "look_again": tuple(each.id for each in on_their_way if changed and each.id not in new),
            }
        )

    async def _repeat(
        self, reference: str, referral: Referral | None, request: Request, at: datetime
    ) -> StepTaken:
        """The answer to the command when it was first taken, with the events that the workflow lacks."""
        receipt = receipt_as_answered(await self._history(reference), request.command_id)
        return (await self._as_logged(reference, referral, at)).model_copy(update={"receipt": receipt})

    async def _decide(
        self, reference: str, referral: Referral | None, request: Request, at: datetime
    ) -> Sequence[Event]:
        command = request.command
        # Only to correct a step is it asked what the log says.
        history = await self._history(reference) if isinstance(command, CorrectStep) else []
        policy = None
        if isinstance(command, OpenReferral):
            policy = self._policies.of(command.area)
        elif isinstance(command, AdoptPolicy) and referral is not None:
            policy = self._policies.of(referral.area)
        elif isinstance(command, AcceptTransfer):
            # The actor's area is checked against the register when the step is recorded.
            policy = self._policies.of(request.actor.area)
        return decide_request(reference, referral, request, at, history=history, policy=policy)


def receipt_as_answered(history: Sequence[Recorded], command_id: UUID) -> Receipt:
    """The receipt that a recorded command was answered with."""
    last = max(recorded.sequence for recorded in history if recorded.command_id == command_id)
    then = fold(recorded for recorded in history if recorded.sequence <= last)
    return _receipt(then, deadlines(then), command_id)


def _answering(taken: StepTaken, command_id: UUID) -> StepTaken:
    """The result with the command id in its receipt, so that it cannot pass for the answer to another one."""
    return taken.model_copy(update={"receipt": taken.receipt.model_copy(update={"command_id": command_id})})


def _receipt(referral: Referral, open_now: Sequence[Deadline], command_id: UUID | None = None) -> Receipt:
    soonest = soonest_due(open_now)
    return Receipt(
        reference=referral.reference,
        command_id=command_id,
        sequence=referral.sequence,
        stage=referral.stage,
        next_deadline=soonest.key if soonest else None,
        next_due_at=soonest.due_at if soonest else None,
    )


def _taken(
    referral: Referral, open_now: tuple[Deadline, ...], events: Sequence[Recorded], at: datetime, head: bytes
) -> StepTaken:
    found = next_point(open_now, referral)
    return StepTaken(
        receipt=_receipt(referral, open_now),
        events=tuple(without_sensitive(recorded) for recorded in events),
        deadlines=open_now,
        next_point=NextPoint(at=found[0], deadline=found[1].key, point=found[2]) if found else None,
        visible=visible(referral, open_now, at),
        head=head.hex(),
    )
