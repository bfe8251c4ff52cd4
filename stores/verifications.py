"""What came of each time that somebody had all logs compared with what was recorded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime, field_validator

from schemas.base import Model
from schemas.people import StaffId
from stores.database import Pool

HEARD_WITHIN = timedelta(minutes=1)
"""A comparison that nothing was heard of for so long has lost its process."""

_FIELDS = (
    "id, asked_by, asked_at, done, total, ended_at, found,"
    " ended_at IS NULL AND seen_at > now() - $1::interval AS running"
)


class StoredVerification(Model):
    """One comparison.

    Attributes:
        done: how many referrals were looked at.
        total: how many there are; None where that is not known yet.
        ended_at: None where it goes on, or lost its process.
        running: whether it goes on.
        found: what it found, JSON-ready; None where it has not ended, or ended by a fault.
    """

    id: int
    asked_by: StaffId
    asked_at: AwareDatetime
    done: int
    total: int | None
    ended_at: AwareDatetime | None
    running: bool
    found: dict[str, Any] | None

    @field_validator("found", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


async def begin(pool: Pool, staff_id: str) -> int | None:
    """Enter a new one, unless one goes on; its id."""
    found: int | None = await pool.nowhere.fetchval(
        "INSERT INTO verification (asked_by) SELECT $1 WHERE NOT EXISTS ("
        " SELECT FROM verification WHERE ended_at IS NULL AND seen_at > now() - $2::interval) RETURNING id",
        staff_id,
        HEARD_WITHIN,
    )
    return found


async def note(pool: Pool, verification_id: int, done: int, total: int | None) -> None:
    """Say how far one has come."""
    await pool.nowhere.execute(
        "UPDATE verification SET seen_at = now(), done = $2, total = $3 WHERE id = $1",
        verification_id,
        done,
        total,
    )


async def end(pool: Pool, verification_id: int, done: int, found: dict[str, Any] | None) -> None:
    """Say what one found; None where it ended by a fault."""
    await pool.nowhere.execute(
        "UPDATE verification SET seen_at = now(), ended_at = now(), done = $2, total = greatest(total, $2), found = $3"
        " WHERE id = $1",
        verification_id,
        done,
        json.dumps(found) if found is not None else None,
    )


async def latest(pool: Pool, limit: int) -> list[StoredVerification]:
    """The latest, newest first."""
    rows = await pool.nowhere.fetch(
        f"SELECT {_FIELDS} FROM verification ORDER BY id DESC LIMIT $2",  # noqa: S608
        HEARD_WITHIN,
        limit,
    )
    return [StoredVerification.model_validate(dict(row)) for row in rows]
