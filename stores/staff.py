"""Reading the staff register; stores/register.py changes it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import asyncpg

from schemas.areas import Area
from schemas.people import Actor, Role, Staff
from stores.database import Connection, Pool

_FIELDS = (
    "id, role, areas, name, advanced_practitioner, active, absent_until, stand_in, email, at_once, digest,"
    " role_since, role_by, volunteer, trainee"
)


async def get(pool: Pool, staff_id: str) -> Staff | None:
    """The person with that id; None where there is none."""
    row = await pool.fetchrow(f"SELECT {_FIELDS} FROM staff WHERE id = $1", staff_id)  # noqa: S608
    return _staff(row) if row else None


class Places(NamedTuple):
    """The areas of a referral.

    Attributes:
        area: its own.
        offered_to: the one that it is offered to, if any.
        sent_to: the one that the person who is asked about sent it to, if they are the partner who did.
    """

    area: Area
    offered_to: Area | None
    sent_to: Area | None


async def get_with_places(pool: Pool, staff_id: str, reference: str) -> tuple[Staff | None, Places | None]:
    """The person with that id and the areas of a referral; None for each that does not exist."""
    row = await pool.fetchrow(
        f"SELECT {_FIELDS}, referral.area, referral.offered_to,"  # noqa: S608
        " (SELECT e.body ->> 'area' FROM event e WHERE e.reference = $2 AND e.sequence = 1 AND e.actor = $1"
        "  AND e.role = 'partner') AS sent_to"
        " FROM (SELECT 1) one LEFT JOIN staff ON id = $1 LEFT JOIN referral ON reference = $2",
        staff_id,
        reference,
    )
    if row is None:
        return None, None
    places = None
    if row["area"]:
        places = Places(
            Area(row["area"]), *(Area(row[each]) if row[each] else None for each in ("offered_to", "sent_to"))
        )
    return (_staff(row) if row["id"] is not None else None), places


async def list_staff(
    pool: Pool, *, area: Area | None = None, role: Role | None = None, areas: Collection[Area] | None = None
) -> list[Staff]:
    """The register, by id.

    Args:
        area: only who works in it.
        areas: only who works in one of these: of a large service the whole register is long.
    """
    rows = await pool.fetch(
        f"SELECT {_FIELDS} FROM staff"  # noqa: S608
        " WHERE ($1::text IS NULL OR $1 = ANY(areas)) AND ($2::text IS NULL OR role = $2)"
        " AND ($3::text[] IS NULL OR areas && $3) ORDER BY id",
        area,
        role,
        list(areas) if areas is not None else None,
    )
    return [_staff(row) for row in rows]


async def areas_of(pool: Pool, roles: Collection[Role]) -> frozenset[Area]:
    """The areas in which somebody active has one of these roles."""
    rows = await pool.nowhere.fetch(
        "SELECT DISTINCT unnest(areas) AS area FROM staff WHERE active AND role = ANY($1)", list(roles)
    )
    return frozenset(Area(row["area"]) for row in rows)


async def team(pool: Pool, *areas: Area) -> list[Staff]:
    """The active members of staff and partners of these areas, by id: the possible recipients of a step's messages."""
    rows = await pool.nowhere.fetch(
        f"SELECT {_FIELDS} FROM staff WHERE active AND areas && $1 ORDER BY id",  # noqa: S608
        list(areas),
    )
    return [_staff(row) for row in rows]


async def around(pool: Pool, area: Area, named: Collection[str]) -> list[Staff]:
    """Whoever works in an area, and those of these ids wherever they work, by id; who is not active any more too."""
    rows = await pool.nowhere.fetch(
        f"SELECT {_FIELDS} FROM staff WHERE $1 = ANY(areas) OR id = ANY($2) ORDER BY id",  # noqa: S608
        area,
        list(named),
    )
    return [_staff(row) for row in rows]


async def problem_of(connection: Connection, actor: Actor) -> str | None:
    """Why a person may not act as they claim, as the code of a refusal; None where they may."""
    problem: str | None = await connection.fetchval(
        "SELECT staff_problem($1, $2, $3, FALSE)", actor.id, actor.role, actor.area
    )
    return problem


def _staff(row: asyncpg.Record) -> Staff:
    return Staff.model_validate(dict(row))
