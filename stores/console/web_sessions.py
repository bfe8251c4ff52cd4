"""Who is signed in to the console. A session is known by the hash of what the browser holds."""

from __future__ import annotations

import asyncpg

from schemas.people import Staff
from schemas.web import IDLE, LONGEST, SignedIn, SignedInBy, WebSession
from stores.database import Pool

# A session that is used is noted once a minute: a request is no more work than its one statement.
_LIVING = "s.seen_at > now() - $1::interval AND s.signed_in_at > now() - $2::interval"


async def begin(pool: Pool, token_hash: bytes, staff_id: str, how: SignedInBy, device: str) -> None:
    """Begin a session, and forget those that ended by themselves a while ago.

    Args:
        token_hash: SHA-256 of what the browser holds.
        device: their browser and system, in a few words.
    """
    await pool.execute(
        "WITH ended AS (DELETE FROM web_session WHERE seen_at < now() - $1::interval - $2::interval)"
        " INSERT INTO web_session (token_hash, staff, how, device) VALUES ($3, $4, $5, $6)",
        IDLE,
        LONGEST,
        token_hash,
        staff_id,
        how,
        device,
    )


async def find(pool: Pool, token_hash: bytes, *, used: bool = True) -> SignedIn | None:
    """The living session of an active person; None where there is none.

    Args:
        used: whether the person did something, which keeps the session from ending.
    """
    row = await pool.fetchrow(
        "WITH used AS (UPDATE web_session s SET seen_at = now() WHERE $4 AND s.token_hash = $3"  # noqa: S608
        f"  AND s.seen_at < now() - interval '1 minute' AND {_LIVING})"
        " SELECT s.id AS session_id, s.how, s.device, s.signed_in_at, s.seen_at, s.names_hidden, member.*"
        " FROM web_session s JOIN staff member ON member.id = s.staff"
        f" WHERE s.token_hash = $3 AND member.active AND {_LIVING}",
        IDLE,
        LONGEST,
        token_hash,
        used,
    )
    return SignedIn(web=_web(row), member=Staff.model_validate(dict(row))) if row else None


async def ended(pool: Pool, token_hash: bytes) -> str | None:
    """Whose session it was that has ended by itself, where that is an active person; None for any other."""
    staff_id: str | None = await pool.fetchval(
        "SELECT s.staff FROM web_session s JOIN staff member ON member.id = s.staff"  # noqa: S608
        f" WHERE s.token_hash = $3 AND member.active AND NOT ({_LIVING})",
        IDLE,
        LONGEST,
        token_hash,
    )
    return staff_id


async def of(pool: Pool, staff_id: str) -> list[WebSession]:
    """The living sessions of a person, the latest first."""
    rows = await pool.fetch(
        "SELECT s.id AS session_id, s.how, s.device, s.signed_in_at, s.seen_at, s.names_hidden"  # noqa: S608
        f" FROM web_session s WHERE s.staff = $3 AND {_LIVING} ORDER BY s.signed_in_at DESC",
        IDLE,
        LONGEST,
        staff_id,
    )
    return [_web(row) for row in rows]


async def hide_names(pool: Pool, session_id: int, hidden: bool) -> None:
    """Hide names in a session, or show them again."""
    await pool.execute("UPDATE web_session SET names_hidden = $2 WHERE id = $1", session_id, hidden)


async def end(pool: Pool, staff_id: str, session_id: int) -> None:
    """End a session of a person."""
    await pool.execute("DELETE FROM web_session WHERE staff = $1 AND id = $2", staff_id, session_id)


async def end_all(pool: Pool, staff_id: str, *, but: int | None = None) -> None:
    """End every session of a person, but for one."""
    await pool.execute("DELETE FROM web_session WHERE staff = $1 AND id IS DISTINCT FROM $2", staff_id, but)


async def end_all_by(pool: Pool, how: SignedInBy) -> None:
    """End every session that was begun in this way."""
    await pool.execute("DELETE FROM web_session WHERE how = $1", how)


def _web(row: asyncpg.Record) -> WebSession:
    return WebSession.model_validate(dict(row) | {"id": row["session_id"]})
