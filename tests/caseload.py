"""Rows of the read model for tests of what is read from it, which go again. Everybody in it is invented."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from schemas.areas import Area
from schemas.notices import About, Category, Notice, Party
from schemas.people import Role, Staff
from schemas.reading.reference import reference_from
from schemas.referral import Escalation, SignOffRequest, Task
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.notices import notice_rows

# No other test has anybody here.
HERE = Area.CUMBRIA


class Caseload:
    """What a test enters: a few people, and referrals as lists show them, which have no events."""

    def __init__(self, owner: asyncpg.Connection, pool: Pool, keys: KeyStore) -> None:
        self._owner = owner
        self.pool, self.keys = pool, keys
        self._staff: list[str] = []
        self._referrals: list[str] = []
        self._others: list[asyncpg.Record] = []

    async def member(
        self, staff_id: str, role: Role = Role.CASEWORKER, *areas: Area, **known: object
    ) -> Staff:
        """Somebody with an address, who wants the summary unless something else is said."""
        said = {"email": f"{staff_id}@example.org"} | known
        member = Staff.model_validate({"id": staff_id, "role": role, "areas": areas or (HERE,)} | said)
        self._staff.append(staff_id)
        # As they stand, however they came to it: nobody's log is asked.
        await self._owner.execute(
            "INSERT INTO staff SELECT * FROM jsonb_populate_record(NULL::staff, $1)", member.model_dump_json()
        )
        return member

    async def referral(
        self,
        caseworker: str | None = None,
        due: Mapping[str, datetime] | None = None,
        *,
        area: Area = HERE,
        facilitator: str | None = None,
        escalations: Sequence[Escalation] = (),
        sign_offs: Sequence[SignOffRequest] = (),
        tasks: Sequence[Task] = (),
    ) -> str:
        """Its reference."""
        reference = reference_from(uuid4().int)
        self._referrals.append(reference)
        await self._owner.execute(
            "INSERT INTO referral (reference, sequence, head, area, stage, stage_entered_at, source, initiator,"
            " offence, justice_stage, caseworker, facilitator, sensitive, on_hold, safeguarding, received_at,"
            " escalations, sign_offs, tasks) VALUES ($1, 1, '', $2, 'victim_contact', $3, 'police', 'agency',"
            " 'burglary', 'pre_sentence', $4, $5, FALSE, FALSE, FALSE, $3, $6, $7, $8)",
            reference,
            area,
            datetime.now(UTC),
            caseworker,
            facilitator,
            json.dumps([each.model_dump(mode="json") for each in escalations]),
            json.dumps([each.model_dump(mode="json") for each in sign_offs]),
            json.dumps([each.model_dump(mode="json", exclude={"why"}) for each in tasks]),
        )
        await self._owner.executemany(
            "INSERT INTO deadline (reference, key, due_at, points) VALUES ($1, $2, $3, '{}')",
            [(reference, key, at) for key, at in (due or {}).items()],
        )
        return reference

    async def letter(
        self,
        reference: str,
        to: str,
        template: str,
        category: Category,
        about: About | None = None,
        *,
        party: Party = Party.STAFF,
        at: datetime | None = None,
    ) -> Notice:
        """A message that nobody has read yet."""
        number = await self._owner.fetchval("SELECT count(*) FROM notice WHERE reference = $1", reference)
        notice = Notice(
            id=f"1-{number + 1}",
            template=template,
            category=category,
            party=party,
            to=to,
            about=about or About(),
            outward=False,
            at=at or datetime.now(UTC),
        )
        [row] = notice_rows([notice])
        await self._owner.execute(
            "INSERT INTO notice (reference, at, id, template, category, party, recipient, about, after_closing,"
            " outward) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            reference,
            notice.at,
            *(json.dumps(value) if name == "about" else value for name, value in row.items()),
        )
        return notice

    async def alone(self) -> None:
        """Nobody whom other tests entered gets a summary meanwhile."""
        self._others = await self._owner.fetch("UPDATE staff SET digest = FALSE WHERE digest RETURNING id")

    async def gone(self) -> None:
        """Take all of it away."""
        for table in ("notice", "deadline", "referral"):
            await self._owner.execute(f"DELETE FROM {table} WHERE reference = ANY($1)", self._referrals)
        await self._owner.execute("DELETE FROM digest WHERE staff = ANY($1)", self._staff)
        await self._owner.execute("DELETE FROM staff WHERE id = ANY($1)", self._staff)
        others = [row["id"] for row in self._others]
        await self._owner.execute("UPDATE staff SET digest = TRUE WHERE id = ANY($1)", others)


@asynccontextmanager
async def a_caseload(owner_url: str, pool: Pool, keys: KeyStore) -> AsyncIterator[Caseload]:
    """An empty one, which takes away what was entered."""
    owner = await asyncpg.connect(owner_url)
    caseload = Caseload(owner, pool, keys)
    await caseload.alone()
    try:
        yield caseload
    finally:
        await caseload.gone()
        await owner.close()
