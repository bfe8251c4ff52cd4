"""Referrals recorded without Temporal at times of a test's own choosing, in an area of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from temporalio.testing import ActivityEnvironment

from activities.steps import Steps
from lifecycle import deadlines, fold
from policies.files import load_policies
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Actor, Role, Staff
from schemas.policy import Policies
from schemas.reading.reference import reference_from
from schemas.steps import Request
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.life import form
from tests.register import enter

# A Monday morning, so that the clocks of what is opened then are run by hand alone.
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Book:
    """Referrals of one area and its people, who are called as in tests/life.py, with the area's two letters."""

    def __init__(
        self, pool: Pool, keys: KeyStore, area: Area, letters: str, policies: Policies | None = None
    ) -> None:
        self.pool, self.keys, self.area = pool, keys, area
        self._people = {
            "cw-1": f"{letters}-1",
            "cw-2": f"{letters}-2",
            "fa-1": f"{letters}-fa",
            "fa-2": f"{letters}-fb",
            "su-1": f"{letters}-su",
            "su-2": f"{letters}-sv",
        }
        self._steps = Steps(pool, keys, policies or load_policies())

    async def hire(self) -> None:
        """Enter the people into the register."""
        roles = {"cw": Role.CASEWORKER, "fa": Role.FACILITATOR, "su": Role.SUPERVISOR}
        for called, name in self._people.items():
            member = Staff(
                id=name,
                role=roles[called[:2]],
                areas=(self.area,),
                advanced_practitioner=called == "fa-1",
            )
            await enter(self.pool, self.keys, member)

    async def open(self, at: datetime = MONDAY, **changes: Any) -> str:
        reference = reference_from(uuid4().int)
        await self.keys.create(reference)
        await self.take(reference, "cw-1", form("Invented", **{"area": self.area, **changes}), at)
        return reference

    async def allocated(self, at: datetime = MONDAY) -> str:
        """A referral of cw-1's, in victim contact."""
        reference = await self.open(at)
        await self.take(reference, "cw-1", c.RecordDuplicateCheck(), at)
        await self.take(reference, "cw-1", c.Allocate(caseworker="cw-1"), at)
        return reference

    async def take(self, reference: str, who: str, command: Command, at: datetime) -> None:
        member = await staff.get(self.pool, self._people[who])
        assert isinstance(member, Staff)
        await self._ask(reference, member.acting_in(self.area), self._here(command), at)

    async def tell(self, reference: str, story: list[tuple[str, Command]], at: datetime) -> None:
        for who, command in story:
            await self.take(reference, who, command, at)

    async def reach(self, reference: str, deadline: str, *points: str) -> datetime:
        """Let the referral's clock reach these points, each at its time; when the last was."""
        at = MONDAY
        for point in points:
            open_now = {
                each.key: each
                for each in deadlines(fold(await event_log.history(self.pool, self.keys, reference)))
            }
            at = open_now[deadline].points[point]
            clock = Actor(id="system", role=Role.SYSTEM, area=self.area)
            await self._ask(reference, clock, c.ReachDeadline(deadline=deadline, point=point), at)
        return at

    async def _ask(self, reference: str, actor: Actor, command: Command, at: datetime) -> None:
        request = Request(command_id=uuid4(), actor=actor, command=command)
        history = await event_log.history(self.pool, self.keys, reference)
        # No step is dated before the last one.
        at = max([at, *(recorded.at for recorded in history)])
        await ActivityEnvironment().run(
            self._steps.take_step, reference, fold(history) if history else None, request, at
        )

    def _here(self, command: Command) -> Command:
        people = {
            name: self._people[value]
            for name in ("caseworker", "facilitator", "co_facilitator")
            if (value := getattr(command, name, None)) in self._people
        }
        return command.model_copy(update=people)

    async def close_all(self) -> None:
        """Close whatever is open in the area."""
        closing = c.Close.model_validate({"reason": "service_no_capacity"})
        rows = await self.pool.fetch(
            "SELECT reference FROM referral WHERE area = $1 AND stage <> 'closed'", self.area
        )
        for row in rows:
            await self.take(row["reference"], "cw-1", closing, datetime.now(UTC))
