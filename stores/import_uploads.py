"""Spreadsheets on their way in, each sealed with a key of its own until it is imported or dropped."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from schemas.reading.reference import ALPHABET
from stores.database import Pool
from stores.keys.referral_keys import KeyStore

KEPT_FOR = timedelta(hours=1)
"""After which a spreadsheet that nobody looks at is dropped, with its key."""

SILENT_AFTER = timedelta(seconds=15)
"""After which a process that works on one and says nothing counts as ended."""

_ID_LENGTH = 16

ID = f"IMPORT-[0-9A-Z]{{{_ID_LENGTH}}}"
"""The pattern of an id."""


class Kept(NamedTuple):
    """A spreadsheet on its way in, without what is sealed.

    Attributes:
        state: headings, checking, checked, importing, done or failed.
        working: whether a process works on it now.
        done: how many rows it has been through, of the total.
    """

    id: str
    state: str
    working: bool
    done: int
    total: int
    changed_at: datetime


_FIELDS = (
    "id, state, coalesce(worked_by IS NOT NULL AND worked_at > now() - $2::interval, FALSE) AS working,"
    " done, total, changed_at"
)
_PARTS = ("file", "about", "result", "refused")


async def receive(pool: Pool, keys: KeyStore, staff: str, file: bytes, about: str, total: int) -> str:
    """Keep a spreadsheet under a new key, and return its id.

    Args:
        about: what is known of it, as JSON.
        total: how many rows it has.
    """
    upload = f"IMPORT-{''.join(secrets.choice(ALPHABET) for _ in range(_ID_LENGTH))}"
    key = await keys.create(upload)
    await pool.execute(
        "INSERT INTO import_upload (id, staff, state, total, sealed_file, sealed_about)"
        " VALUES ($1, $2, 'headings', $3, $4, $5)",
        upload,
        staff,
        total,
        key.seal(file, _place(upload, "file")),
        key.seal(about.encode(), _place(upload, "about")),
    )
    return upload


async def look(pool: Pool, upload: str, staff: str) -> Kept | None:
    """How a person's spreadsheet stands, which keeps it for another hour; None where it is gone, or not theirs."""
    row = await pool.fetchrow(
        "UPDATE import_upload SET changed_at = now() WHERE id = $1 AND staff = $3"  # noqa: S608
        f" AND changed_at > now() - $4::interval RETURNING {_FIELDS}",
        upload,
        SILENT_AFTER,
        staff,
        KEPT_FOR,
    )
    return _kept(row) if row else None


async def of_staff(pool: Pool, staff: str) -> list[Kept]:
    """A person's spreadsheets on their way in, the latest first."""
    rows = await pool.fetch(
        f"SELECT {_FIELDS} FROM import_upload WHERE staff = $1"  # noqa: S608
        " AND changed_at > now() - $3::interval ORDER BY made_at DESC",
        staff,
        SILENT_AFTER,
        KEPT_FOR,
    )
    return [_kept(row) for row in rows]


async def part(pool: Pool, keys: KeyStore, upload: str, name: str) -> bytes | None:
    """One of the parts: the file, what is known about it, the result, or the refused rows; None where it is not
    there."""
    if name not in _PARTS:
        raise LookupError(name)
    sealed = await pool.fetchval(
        f"SELECT sealed_{name} FROM import_upload WHERE id = $1",  # noqa: S608
        upload,
    )
    return None if sealed is None else (await keys.get(upload)).open(sealed, _place(upload, name))


async def keep_about(pool: Pool, keys: KeyStore, upload: str, about: str) -> None:
    """Keep what is known about it instead of what was."""
    key = await keys.get(upload)
    await pool.execute(
        "UPDATE import_upload SET sealed_about = $2 WHERE id = $1",
        upload,
        key.seal(about.encode(), _place(upload, "about")),
    )


async def claim(pool: Pool, upload: str, worker: UUID, state: str) -> bool:
    """Begin to check it or to import it; False where another process does, or it is gone."""
    status = await pool.execute(
        "UPDATE import_upload SET state = $3, worked_by = $2, worked_at = now(), done = 0"
        " WHERE id = $1 AND state <> 'done' AND (worked_by IS NULL OR worked_at <= now() - $4::interval)",
        upload,
        worker,
        state,
        SILENT_AFTER,
    )
    return status == "UPDATE 1"


async def beat(pool: Pool, upload: str, worker: UUID, done: int) -> bool:
    """Say that it is being worked on, and how far; False where it was dropped, or another process has it."""
    status = await pool.execute(
        "UPDATE import_upload SET worked_at = now(), changed_at = now(), done = $3 WHERE id = $1 AND worked_by = $2",
        upload,
        worker,
        done,
    )
    return status == "UPDATE 1"


async def finish(
    pool: Pool, keys: KeyStore, upload: str, worker: UUID, state: str, result: str, refused: bytes | None
) -> None:
    """Keep what came of it. Once it is imported, the file goes."""
    key = await keys.get(upload)
    await pool.execute(
        "UPDATE import_upload SET state = $3, worked_by = NULL, done = total, changed_at = now(),"
        " sealed_result = $4, sealed_refused = $5,"
        " sealed_file = CASE WHEN $3 = 'done' THEN NULL ELSE sealed_file END"
        " WHERE id = $1 AND worked_by = $2",
        upload,
        worker,
        state,
        key.seal(result.encode(), _place(upload, "result")),
        None if refused is None else key.seal(refused, _place(upload, "refused")),
    )


async def let_go(pool: Pool, upload: str, worker: UUID) -> None:
    """Let another process go on with it."""
    await pool.execute(
        "UPDATE import_upload SET worked_by = NULL WHERE id = $1 AND worked_by = $2", upload, worker
    )


async def drop(pool: Pool, upload: str) -> None:
    """Drop it with all that came of it, and its key."""
    await pool.execute("SELECT drop_unopened($1)", upload)


async def drop_old(pool: Pool) -> None:
    """Drop what nobody looks at any more and no process works on."""
    await pool.execute(
        "SELECT drop_unopened(id) FROM import_upload WHERE changed_at <= now() - $1::interval", KEPT_FOR
    )


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(*(row[name] for name in Kept._fields))


def _place(upload: str, name: str) -> bytes:
    # What is sealed opens only where it was put.
    return f"{upload}#{name}".encode()
