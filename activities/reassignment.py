"""Giving one caseworker's referrals to another, each by an ordinary step, so that rules, register and log apply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias
from uuid import UUID, uuid5

from pydantic import Field
from temporalio import activity

from activities.callers import require_caller
from lifecycle import Refused
from schemas import facts
from schemas.areas import Area
from schemas.base import Model
from schemas.commands import Command, Reassign
from schemas.people import StaffId
from schemas.steps import Receipt
from schemas.vocabulary import Stage
from stores import open_referrals
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyUnknown

Take: TypeAlias = Callable[[str, Command, str, UUID], Awaitable[Receipt]]
"""Takes a step on a referral: reference, command, staff id, and the command id under which it is taken once."""

PAGE = 100
"""How many referrals one activity reassigns."""

NAMED = 100
"""How many refused referrals are named; the others are only counted."""

_AT_ONCE = 10

SAME_CASEWORKER = "same_caseworker"
OTHER_CASEWORKER = "other_caseworker"


class Reassignment(Model):
    """An order to reassign: from whom, to whom, and who asks for it."""

    giver: StaffId
    taker: StaffId
    area: Area | None = Field(default=None, description="only the referrals of this area")
    stage: Stage | None = Field(default=None, description="only the referrals in this stage")
    references: tuple[str, ...] = Field(default=(), description="only these referrals; none named: all")
    reason: facts.Reason = None
    asked_by: StaffId
    run: UUID = Field(description="the steps' command ids are derived from it, so that each is taken once")


class NotGiven(Model):
    """A referral that stayed where it was."""

    reference: str
    code: str = Field(description="of the refusal")
    message: str


class Tally(Model):
    """The results of a reassignment, counted."""

    moved: int = 0
    already: int = Field(default=0, description="the taker had them already")
    refused: int = 0
    named: tuple[NotGiven, ...] = Field(default=(), description="the first of those refused")

    @property
    def done(self) -> int:
        """How many have a result."""
        return self.moved + self.already + self.refused

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            moved=self.moved + other.moved,
            already=self.already + other.already,
            refused=self.refused + other.refused,
            named=(*self.named, *other.named)[:NAMED],
        )


class Page(Model):
    """A page of the referrals to reassign, by reference."""

    references: tuple[str, ...]
    remaining: int = Field(description="how many there are from the first of these on")


class Reassignments:
    """The activities of a reassignment, with their dependencies.

    Args:
        pool: connections with the application's rights.
        take: sends a command as a person would; raises lifecycle.Refused.
    """

    def __init__(self, pool: Pool, take: Take) -> None:
        self._pool = pool
        self._take = take

    @activity.defn
    async def find_referrals(self, asked: Reassignment, after: str) -> Page:
        """The next page of the giver's open referrals: those whose reference comes after this one."""
        _require_own_workflow(asked)
        references, remaining = await open_referrals.owned(
            self._pool,
            asked.giver,
            area=asked.area,
            stage=asked.stage,
            references=asked.references,
            after=after,
            limit=PAGE,
        )
        return Page(references=tuple(references), remaining=remaining)

    @activity.defn
    async def give_referrals(self, asked: Reassignment, references: tuple[str, ...]) -> Tally:
        """Give these referrals to the taker. A retry continues from the last heartbeat, and gives none twice."""
        _require_own_workflow(asked)
        tally = _heard_of_last_time()
        for some in _by(_AT_ONCE, references[tally.done :]):
            owners = await open_referrals.caseworkers(self._pool, some)
            gone = {each for each in some if owners.get(each) not in (asked.giver, asked.taker)}
            for one in await asyncio.gather(*(self._give(asked, each, each in gone) for each in some)):
                tally += one
            activity.heartbeat(tally)
        return tally

    async def _give(self, asked: Reassignment, reference: str, gone: bool) -> Tally:
        if gone:
            return _refused(reference, OTHER_CASEWORKER, "It went to somebody else meanwhile.")
        command = Reassign(caseworker=asked.taker, reason=asked.reason)
        try:
            await self._take(reference, command, asked.asked_by, uuid5(asked.run, reference))
        except Refused as refused:
            if refused.code == SAME_CASEWORKER:
                return Tally(already=1)
            return _refused(reference, refused.code, refused.message)
        except (KeyErased, KeyUnknown):
            return _refused(reference, "erased", "It was erased.")
        return Tally(moved=1)


def _require_own_workflow(asked: Reassignment) -> None:
    require_caller("ReassignmentWorkflow", f"service/reassign/{asked.giver}/{asked.taker}")


def _refused(reference: str, code: str, message: str) -> Tally:
    return Tally(refused=1, named=(NotGiven(reference=reference, code=code, message=message),))


def _heard_of_last_time() -> Tally:
    heard = activity.info().heartbeat_details
    return Tally.model_validate(heard[0]) if heard else Tally()


def _by(count: int, references: Sequence[str]) -> Iterable[Sequence[str]]:
    return (references[start : start + count] for start in range(0, len(references), count))
