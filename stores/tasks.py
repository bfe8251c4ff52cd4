"""Open tasks to tell somebody in person what no message could, from the read model."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import AwareDatetime

from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId
from schemas.vocabulary import Stage
from stores.database import Pool


class OpenTask(Model):
    """A message that could not be sent and that nobody has passed on yet."""

    reference: str
    area: Area
    stage: Stage
    caseworker: StaffId | None
    safeguarding: bool
    id: str
    template: str
    to: str
    """A participant's id, or that of the partner who sent the referral."""
    since: AwareDatetime
    starts_at: AwareDatetime | None
    """When the appointment that it is about begins, UTC."""


async def open_tasks(
    pool: Pool,
    *,
    areas: Collection[Area] | None = None,
    caseworkers: Collection[str] | None = None,
    unowned_by: Collection[str] | None = None,
    closed: bool = False,
    limit: int | None = None,
) -> list[OpenTask]:
    """The open tasks, oldest first; on closed referrals too, since somebody may still expect to be met.

    Args:
        areas: only of these; None: of all.
        caseworkers: only those on their referrals.
        unowned_by: also those on referrals whose caseworker is none of these.
        closed: also those on closed referrals, where no clock runs that would escalate them.
        limit: at most so many; None: all.
    """
    rows = await pool.fetch(
        "SELECT reference, area, stage, caseworker, safeguarding, each.* FROM referral,"
        " jsonb_to_recordset(tasks) AS each"
        ' (id text, template text, "to" text, since timestamptz, starts_at timestamptz)'
        " WHERE tasks <> '[]' AND ($1::text[] IS NULL OR area = ANY($1))"
        " AND ($2::text[] IS NULL OR caseworker = ANY($2) OR (caseworker = ANY($3)) IS NOT TRUE AND $3 IS NOT NULL"
        " OR $4 AND stage = 'closed')"
        " AND NOT EXISTS (SELECT FROM keys.erasure e WHERE e.reference = referral.reference)"
        " ORDER BY since, reference, id LIMIT $5",
        list(areas) if areas is not None else None,
        list(caseworkers) if caseworkers is not None else None,
        list(unowned_by) if unowned_by is not None else None,
        closed,
        limit,
    )
    return [OpenTask.model_validate(dict(row)) for row in rows]
