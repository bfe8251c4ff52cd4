"""The summaries of working mornings: their content, and which have been sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from schemas.areas import Area
from schemas.notices import Party
from schemas.people import Role, Staff
from schemas.policy import DeadlineName, Rung
from stores import staff
from stores.database import Pool

# The deadlines of a person's own work.
_READERS = (Role.CASEWORKER, Role.FACILITATOR, Role.SUPERVISOR, Role.SERVICE_MANAGER)


class Due(NamedTuple):
    """An open deadline, or a missed one that was escalated.

    Attributes:
        key: its name within the referral, such as thinking_time/h1.
        due_at: UTC.
    """

    reference: str
    stage: str
    key: str
    due_at: datetime


class SignOffWanted(NamedTuple):
    """A requested sign-off, and what it is about: readiness, or readiness/a2."""

    reference: str
    stage: str
    about: str
    requested_at: datetime


async def readers(pool: Pool, at: datetime) -> list[Staff]:
    """The active members of staff, by id, who have an e-mail address, want the summary and are not absent then."""
    everybody = await staff.list_staff(pool)
    return [
        member
        for member in everybody
        if member.active
        and member.role in _READERS
        and member.email is not None
        and member.digest
        and not member.absent(at)
    ]


async def begin(pool: Pool, staff_id: str, day: date) -> None:
    """Note that a person's summary is about to be sent, so that none is sent that cannot be recorded."""
    await pool.execute(
        "INSERT INTO digest (staff, day) VALUES ($1, $2) ON CONFLICT DO NOTHING", staff_id, day
    )


async def sent(pool: Pool, staff_id: str, day: date) -> bool:
    """Whether the summary of a day has been sent to a person."""
    return bool(
        await pool.fetchval(
            "SELECT sent_at IS NOT NULL FROM digest WHERE staff = $1 AND day = $2", staff_id, day
        )
    )


async def mark_sent(pool: Pool, staff_id: str, day: date, at: datetime) -> None:
    """Record that it was sent; the first time stays."""
    await pool.execute(
        "UPDATE digest SET sent_at = $3 WHERE staff = $1 AND day = $2 AND sent_at IS NULL", staff_id, day, at
    )


async def due(
    pool: Pool,
    area: Area,
    until: datetime,
    *,
    workers: Collection[str],
    names: Collection[DeadlineName] = (),
    unowned_names: Collection[DeadlineName] = (),
    team: Collection[str] = (),
) -> list[Due]:
    """The deadlines of an area that are open and due before a moment, soonest first.

    Args:
        workers: include those on the referrals of these caseworkers and facilitators, except inactivity.
        names: also include those with these names on every referral.
        unowned_names: also include those with these names on referrals whose caseworker is not in the team.
        team: who works in the area.
    """
    rows = await pool.fetch(
        # Of each referral its own few deadlines (OFFSET keeps them apart): of the whole service many are due.
        "SELECT reference, stage, key, due_at FROM referral CROSS JOIN LATERAL ("
        "  SELECT key, due_at FROM deadline d WHERE d.reference = referral.reference AND due_at < $2 OFFSET 0) AS own"
        " WHERE area = $1 AND stage <> 'closed'"
        " AND (caseworker = ANY($3) OR facilitator = ANY($3) OR cardinality($5::text[] || $6::text[]) > 0)"
        " AND ("
        " (caseworker = ANY($3) OR facilitator = ANY($3)) AND split_part(key, '/', 1) <> $4"
        " OR split_part(key, '/', 1) = ANY($5)"
        " OR split_part(key, '/', 1) = ANY($6) AND (caseworker IS NULL OR caseworker <> ALL($7)))"
        " ORDER BY due_at, reference, key",
        area,
        until,
        list(workers),
        DeadlineName.INACTIVITY,
        list(names),
        list(unowned_names),
        list(team),
    )
    return [Due(*row) for row in rows]


async def escalated(pool: Pool, area: Area, rungs: Collection[Rung], workers: Collection[str]) -> list[Due]:
    """The missed deadlines of an area that were escalated to these rungs, soonest due first, each once.

    Those that a hold has stopped are left out: nothing can be done about them until it ends.

    Args:
        rungs: of the ladder; the caseworker's rung counts only on the workers' referrals.
        workers: caseworkers.
    """
    rows = await pool.fetch(
        "SELECT DISTINCT reference, stage, deadline.key, due_at FROM escalation JOIN referral USING (reference)"
        " JOIN deadline USING (reference)"
        " WHERE escalation.area = $1 AND deadline.key = escalation.deadline"
        " AND (rung = ANY($2) AND rung <> $4 OR rung = $4 AND caseworker = ANY($3))"
        " ORDER BY due_at, reference, deadline.key",
        area,
        list(rungs),
        list(workers),
        Rung.CASEWORKER,
    )
    return [Due(*row) for row in rows]


async def sign_offs(pool: Pool, area: Area) -> list[SignOffWanted]:
    """The requested sign-offs of an area, longest waiting first."""
    rows = await pool.fetch(
        "SELECT reference, stage, concat_ws('/', subject, activity) AS about, requested_at"
        " FROM sign_off_request asked JOIN referral USING (reference)"
        " WHERE asked.area = $1 ORDER BY requested_at, reference, about",
        area,
    )
    return [SignOffWanted(row["reference"], row["stage"], row["about"], row["requested_at"]) for row in rows]


async def unread(pool: Pool, staff_id: str) -> int:
    """How many messages in a person's inbox they have not read."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM notice WHERE recipient = $1 AND party <> $2 AND read_at IS NULL",
        staff_id,
        Party.PARTICIPANT,
    )
    return count
