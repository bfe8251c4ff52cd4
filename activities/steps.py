"""Taking a step: decided by the rules and recorded in PostgreSQL before anyone is told that it happened."""

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
    adopt,
    authors_of_what_is_signed_off,
    called_off,
    cleared,
    correct,
    deadlines,
    decide,
    evolve,
    fold,
    next_point,
    notices,
    open_referral,
    told_of,
)
from lifecycle.coarse_facts import changes
from schemas import events as e
from schemas.commands import AdoptPolicy, CorrectStep, OpenReferral
from schemas.events import Event, Recorded
from schemas.notices import Notice
from schemas.people import Role
from schemas.policy import Policies
from schemas.privacy import without_sensitive
from schemas.referral import Deadline, Referral
from schemas.steps import REFUSED, NextPoint, Receipt, Request, StepTaken
from stores import notices as notice_store
from stores import staff
from stores.database import Pool
from stores.facts import FactKey, as_arguments, fact_key
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from stores.logs.chain import ChainKey, chain_key
from stores.logs.event_log import Answer, Written
from stores.referrals import soonest_due, visible

# After these, a message on its way may leave that was held back, or may not leave any more.
_CHANGES_MESSAGES = (
    e.SafeguardingRaised,
    e.SafeguardingLifted,
    e.PutOnHold,
    e.Resumed,
    e.ReferralClosed,
    e.ReferralReopened,
    e.ContactSafetyRecorded,
    e.ParticipantAmended,
    e.ParticipationEnded,
    e.StepCorrected,
)

# A try that takes longer waits for a database that does not answer; it fails, and is made again.
_TRY_SECONDS = 10

# A clock that was set back by no more than this is taken to stand still until the others reach it.
_CLOCKS_APART = timedelta(minutes=5)

log = structlog.stdlib.get_logger(__name__)


def refusal(refused: Refused) -> ApplicationError:
    """A rule's refusal as Temporal carries it: final, and not a failure of ours."""
    return ApplicationError(
        refused.message,
        {"code": refused.code, "message": refused.message, "field": refused.field},
        type=REFUSED,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


class _Tried(NamedTuple):
    """A step that was to be recorded, and what became of that."""

    written: Written
    events: list[Recorded]
    became: Referral
    deadlines: tuple[Deadline, ...]
    notices: tuple[Notice, ...]


class Steps:
    """The step activity with what it works on.

    Args:
        pool: connections with the application's rights.
        keys: the referrals' keys.
        policies: what referrals are opened under, and may adopt.
    """

    def __init__(self, pool: Pool, keys: KeyStore, policies: Policies) -> None:
        self._pool = pool
        self._keys = keys
        self._policies = policies
        self._chain: ChainKey | None = None
        self._fact_key: FactKey | None = None

    @activity.defn
    async def take_step(
        self,
        reference: str,
        referral: Referral | None,
        request: Request,
        at: datetime,
        head: str | None = None,
    ) -> StepTaken:
        """Decide and record one command. Doing it twice is doing it once, and answers the same.

        Args:
            reference: of the referral.
            referral: the state as the workflow knows it; None where it is new, or has to be read from the log.
            request: the command and who asks.
            at: the workflow's time.
            head: the link of the last event in that state, in hexadecimal; None where it is not known.

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
                # Refused now, perhaps because it was taken before: then it is answered as it was.
                if await event_log.knows(self._pool, reference, request.command_id):
                    return await self._repeat(reference, referral, request, at)
                if request.actor.role is Role.SYSTEM:
                    # The referral's own clock asked by a state that the log has left behind: it is told.
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
                # What the log has beyond the given state may allow it: that there is somebody to tell, for one.
                behind = await self._history(reference, after) if referral else []
                if not behind:
                    raise
                referral, link = _evolve(referral, behind), None
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
                    referral, link = _evolve(referral, behind), None
                    missed.extend(behind)

    async def _record(
        self,
        referral: Referral | None,
        link: bytes,
        request: Request,
        happened: Sequence[Event],
        at: datetime,
    ) -> _Tried:
        events, became = _recorded(referral, happened, request, at)
        open_now = deadlines(became)
        wanted = await self._notices(referral, events, became)
        facts = await self._facts(referral, events, became)
        written = await event_log.record(
            self._pool,
            await self._keys.get(became.reference),
            await self._links(),
            request,
            events,
            (referral.sequence if referral else 0, link),
            became,
            open_now,
            wanted,
            facts,
            authors_of_what_is_signed_off(referral, request.command) if referral else (),
        )
        return _Tried(written, events, became, open_now, wanted)

    async def _beyond(self, reference: str, after: int) -> list[Recorded]:
        """What the log has beyond what the workflow knows: a worker died after recording, or Temporal was restored from
        an older copy. What was recorded stands; the workflow is told of it."""
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
            "PostgreSQL holds another log of this referral than its workflow went on from: rj reconcile, then again.",
        )

    async def _not_before_the_last(self, reference: str, at: datetime) -> datetime:
        """The time of a step whose clock is a little behind the one by which the last event was dated."""
        last = await event_log.last_at(self._pool, reference)
        if last - at > _CLOCKS_APART:
            raise Refused("clock", "The clock of Temporal is behind what was recorded: set it right.")
        return last

    @activity.defn
    async def read_log(self, reference: str, referral: Referral | None, at: datetime) -> StepTaken:
        """No step, but what the log has that the given state does not.

        Args:
            reference: of the referral.
            referral: the state as the workflow knows it.
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

    async def _facts(
        self, before: Referral | None, events: Sequence[Recorded], became: Referral
    ) -> tuple[str, list[str]]:
        """What a step changes of the coarse facts, as it is recorded."""
        corrects = any(isinstance(recorded.event, e.StepCorrected) for recorded in events)
        # Only then is it asked what an earlier step said.
        history = await self._history(became.reference) if corrects else []
        if self._fact_key is None:
            self._fact_key = await fact_key(self._keys)
        return as_arguments(self._fact_key, became.reference, changes(before, events, became, history))

    async def _notices(
        self, before: Referral | None, events: Sequence[Recorded], became: Referral
    ) -> tuple[Notice, ...]:
        told = told_of(before, events, became)
        return notices(told, await staff.team(self._pool, became.area)) if told.anything else ()

    async def _with_notices(
        self, taken: StepTaken, wanted: Sequence[Notice], known: Referral | None
    ) -> StepTaken:
        """The answer with the messages that are to be carried, and those that have to be looked at again.

        Args:
            wanted: those of this step.
            known: up to where the workflow knows the log; what was recorded later it may not have started.
        """
        sequence = known.sequence if known else 0
        changed = any(isinstance(recorded.event, _CHANGES_MESSAGES) for recorded in taken.events)
        missed = sequence < taken.receipt.sequence
        if not (missed or changed):
            return taken.model_copy(update={"notices": tuple(each for each in wanted if each.outward)})
        on_their_way = await notice_store.underway(self._pool, taken.receipt.reference)
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
        """What was answered when the command was first taken, with what the workflow does not know yet."""
        receipt = receipt_as_answered(await self._history(reference), request.command_id)
        return (await self._as_logged(reference, referral, at)).model_copy(update={"receipt": receipt})

    async def _decide(
        self, reference: str, referral: Referral | None, request: Request, at: datetime
    ) -> Sequence[Event]:
        match request.command:
            case OpenReferral() as command if referral is None:
                policy = self._policies.of(command.area)
                return open_referral(reference, policy, command, request.actor, at)
            case CorrectStep() as command if referral is not None:
                history = await self._history(reference)
                return correct(referral, history, command, request.actor, at)
            case AdoptPolicy() as command if referral is not None:
                return adopt(referral, self._policies.of(referral.area), command, request.actor, at)
            case command if referral is not None:
                return decide(referral, command, request.actor, at)
            case _:
                raise Refused("unknown_referral", f"There is no referral {reference}.")


def receipt_as_answered(history: Sequence[Recorded], command_id: UUID) -> Receipt:
    """The receipt that a command which stands in the log was answered with."""
    last = max(recorded.sequence for recorded in history if recorded.command_id == command_id)
    then = fold(recorded for recorded in history if recorded.sequence <= last)
    return _receipt(then, deadlines(then), command_id)


def _answering(taken: StepTaken, command_id: UUID) -> StepTaken:
    """With a receipt that says of which command it is, so that nobody can give it as the answer to another."""
    return taken.model_copy(update={"receipt": taken.receipt.model_copy(update={"command_id": command_id})})


def _evolve(referral: Referral | None, events: Sequence[Recorded]) -> Referral:
    for recorded in events:
        referral = evolve(referral, recorded)
    if referral is None:
        raise ValueError("no state and no events")
    return referral


def _recorded(
    referral: Referral | None, happened: Sequence[Event], request: Request, at: datetime
) -> tuple[list[Recorded], Referral]:
    """The events of a step with what follows from them, as they stand in the log, and the state after them."""
    after = referral.sequence if referral else 0
    events = _as_recorded(happened, request, after, after, at)
    became = _evolve(referral, events)
    follows: tuple[Event, ...] = (*cleared(became), *called_off(referral, became, events, at))
    done = _as_recorded(follows, request, after, became.sequence, at)
    return [*events, *done], _evolve(became, done)


def _as_recorded(
    events: Sequence[Event], request: Request, before: int, after: int, at: datetime
) -> list[Recorded]:
    return [
        Recorded(
            sequence=sequence,
            step=before + 1,
            at=at,
            actor=request.actor.id,
            role=request.actor.role,
            command_id=request.command_id,
            event=event,
        )
        for sequence, event in enumerate(events, after + 1)
    ]


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
