"""Accounts with a password: what of them is stored, and the attempts to sign in to them.

Whatever is sealed or hashed here is sealed and hashed by `casework.signing_in`. Each attempt is counted before it is
checked, so that many at the same moment are counted as well as one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from stores.database import Connection, Pool


class EventKind(StrEnum):
    """What was done to an account."""

    INVITED = "invited"
    SET_UP = "set_up"
    LOCKED = "locked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"


class Attempt(NamedTuple):
    """An attempt that may be checked, and what it is checked against.

    Attributes:
        active: whether the person is, by the staff register.
        locks: whether it is the one that locks the account, unless it succeeds.
    """

    password: bytes
    password_at: datetime
    second_factor: bytes
    active: bool
    locks: bool


class Invitation(NamedTuple):
    """An invitation that can still be used.

    Attributes:
        chosen: sealed; None before a password was chosen.
    """

    staff: str
    ends_at: datetime
    chosen: bytes | None


class Event(NamedTuple):
    """Something that was done to an account.

    Attributes:
        by: who did it; for a lock, whose account it is, since nobody knows.
    """

    at: datetime
    kind: EventKind
    by: str


async def begin_attempt(
    pool: Pool, staff_id: str, at: datetime, most: int, locked_for: timedelta
) -> Attempt | None:
    """Count an attempt to sign in; None where there is no such account or it is locked."""
    row = await pool.nowhere.fetchrow(
        "UPDATE account SET failures = CASE WHEN locked_until <= $2 THEN 1 ELSE failures + 1 END,"
        " locked_until = CASE WHEN locked_until IS NULL AND failures + 1 >= $3 THEN $2::timestamptz + $4::interval END"
        " WHERE staff = $1 AND (locked_until IS NULL OR locked_until <= $2)"
        " RETURNING password, password_at, second_factor,"
        " (SELECT active FROM staff WHERE id = account.staff), locked_until IS NOT NULL",
        staff_id,
        at,
        most,
        locked_for,
    )
    return Attempt(*row) if row else None


async def take_back_attempt(pool: Pool, staff_id: str, most: int) -> None:
    """Count an attempt no more that was right as far as it went."""
    await pool.nowhere.execute(
        "UPDATE account SET failures = greatest(failures - 1, 0),"
        " locked_until = CASE WHEN failures - 1 >= $2 THEN locked_until END WHERE staff = $1",
        staff_id,
        most,
    )


async def accept_step(pool: Pool, staff_id: str, step: int) -> bool:
    """Accept a code of the second factor, which ends the counting of failures; False where it, or a later one, was."""
    accepted = await pool.nowhere.fetchval(
        "UPDATE account SET last_step = $2, failures = 0, locked_until = NULL"
        " WHERE staff = $1 AND last_step < $2 RETURNING TRUE",
        staff_id,
        step,
    )
    return accepted is not None


async def use_recovery_code(pool: Pool, staff_id: str, code: bytes, at: datetime) -> int | None:
    """Accept a recovery code, which ends the counting of failures; how many are left, None where it is none."""
    async with pool.nowhere.acquire() as connection, connection.transaction():
        used = await connection.fetchval(
            "DELETE FROM recovery_code WHERE staff = $1 AND hash = $2 RETURNING TRUE", staff_id, code
        )
        if used is None:
            return None
        await connection.execute(
            "UPDATE account SET failures = 0, locked_until = NULL WHERE staff = $1", staff_id
        )
        await _record(connection, staff_id, at, EventKind.RECOVERY_CODE_USED, staff_id)
        left: int = await connection.fetchval("SELECT count(*) FROM recovery_code WHERE staff = $1", staff_id)
        return left


async def recovery_codes_left(pool: Pool, staff_id: str) -> int | None:
    """How many recovery codes a person has left; None where they have no account."""
    row = await pool.nowhere.fetchrow(
        "SELECT (SELECT count(*) FROM recovery_code c WHERE c.staff = a.staff) FROM account a WHERE staff = $1",
        staff_id,
    )
    return row[0] if row else None


async def rehash(pool: Pool, staff_id: str, was: bytes, password: bytes) -> None:
    """Store the hash of an unchanged password under newer parameters, unless it was changed meanwhile."""
    await pool.nowhere.execute(
        "UPDATE account SET password = $3 WHERE staff = $1 AND password = $2", staff_id, was, password
    )


async def change_password(pool: Pool, staff_id: str, password: bytes, at: datetime) -> None:
    """Store another password, which ends the counting of failures and every invitation."""
    async with pool.nowhere.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE account SET password = $2, password_at = $3, failures = 0, locked_until = NULL WHERE staff = $1",
            staff_id,
            password,
            at,
        )
        await connection.execute("DELETE FROM account_invitation WHERE staff = $1", staff_id)
        await _record(connection, staff_id, at, EventKind.PASSWORD_CHANGED, staff_id)


async def replace_recovery_codes(pool: Pool, staff_id: str, codes: Collection[bytes], at: datetime) -> None:
    """Let these be the recovery codes, and no others."""
    async with pool.nowhere.acquire() as connection, connection.transaction():
        await _store_codes(connection, staff_id, codes)
        await _record(connection, staff_id, at, EventKind.RECOVERY_CODES_MADE, staff_id)


async def invite(pool: Pool, staff_id: str, token: bytes, at: datetime, ends_at: datetime, by: str) -> None:
    """Store an invitation in place of any older one of that person."""
    async with pool.nowhere.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO account_invitation (staff, hash, ends_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (staff) DO UPDATE SET hash = excluded.hash, ends_at = excluded.ends_at, chosen = NULL",
            staff_id,
            token,
            ends_at,
        )
        await _record(connection, staff_id, at, EventKind.INVITED, by)


async def withdraw_invitation(pool: Pool, staff_id: str, token: bytes) -> None:
    """Let an invitation end that did not reach anybody."""
    await pool.nowhere.execute(
        "DELETE FROM account_invitation WHERE staff = $1 AND hash = $2", staff_id, token
    )


async def invitation(pool: Pool, token: bytes, at: datetime) -> Invitation | None:
    """The invitation with that token, of a person who is active; None where none can be used now."""
    row = await pool.nowhere.fetchrow(
        "SELECT i.staff, i.ends_at, i.chosen FROM account_invitation i JOIN staff s ON s.id = i.staff"
        " WHERE i.hash = $1 AND i.ends_at > $2 AND s.active",
        token,
        at,
    )
    return Invitation(*row) if row else None


async def choose(pool: Pool, token: bytes, chosen: bytes) -> None:
    """Keep with an invitation what was chosen for the account, until it is confirmed."""
    await pool.nowhere.execute("UPDATE account_invitation SET chosen = $2 WHERE hash = $1", token, chosen)


async def set_up(
    pool: Pool,
    token: bytes,
    *,
    staff_id: str,
    password: bytes,
    second_factor: bytes,
    step: int,
    codes: Collection[bytes],
    at: datetime,
) -> bool:
    """Set an account up, or set it up anew, and use its invitation up; False where that was used or replaced."""
    async with pool.nowhere.acquire() as connection, connection.transaction():
        used = await connection.fetchval(
            "DELETE FROM account_invitation WHERE hash = $1 AND staff = $2 AND ends_at > $3 RETURNING TRUE",
            token,
            staff_id,
            at,
        )
        if used is None:
            return False
        await connection.execute(
            "INSERT INTO account (staff, password, password_at, second_factor, last_step) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (staff) DO UPDATE SET password = excluded.password, password_at = excluded.password_at,"
            " second_factor = excluded.second_factor, last_step = excluded.last_step, failures = 0,"
            " locked_until = NULL",
            staff_id,
            password,
            at,
            second_factor,
            step,
        )
        await _store_codes(connection, staff_id, codes)
        await _record(connection, staff_id, at, EventKind.SET_UP, staff_id)
    return True


async def record(pool: Pool, staff_id: str, at: datetime, kind: EventKind, by: str) -> None:
    """Write down what was done to an account."""
    async with pool.nowhere.acquire() as connection:
        await _record(connection, staff_id, at, kind, by)


async def events(pool: Pool, staff_id: str, most: int) -> list[Event]:
    """What was done to an account lately, the latest first."""
    rows = await pool.nowhere.fetch(
        "SELECT at, kind, by_staff FROM account_event WHERE staff = $1 ORDER BY id DESC LIMIT $2",
        staff_id,
        most,
    )
    return [Event(at, EventKind(kind), by) for at, kind, by in rows]


async def count_failure(pool: Pool, source: bytes, at: datetime, within: timedelta) -> int:
    """Count an attempt of a source before it is checked; how many it has made within that time, with this one."""
    await _forget_failures(pool, at, within)
    count: int = await pool.nowhere.fetchval(
        "INSERT INTO sign_in_source (source, failures, since) VALUES ($1, 1, $2)"
        " ON CONFLICT (source) DO UPDATE SET failures = sign_in_source.failures + 1 RETURNING failures",
        source,
        at,
    )
    return count


async def take_back_failure(pool: Pool, source: bytes) -> None:
    """Count an attempt of a source no more that was right as far as it went."""
    await pool.nowhere.execute(
        "UPDATE sign_in_source SET failures = greatest(failures - 1, 0) WHERE source = $1", source
    )


async def drop_ended(pool: Pool, at: datetime, within: timedelta) -> None:
    """Drop the invitations that have ended, and the attempts of sources that count no more."""
    await pool.nowhere.execute("DELETE FROM account_invitation WHERE ends_at <= $1", at)
    await _forget_failures(pool, at, within)


async def _forget_failures(pool: Pool, at: datetime, within: timedelta) -> None:
    await pool.nowhere.execute(
        "DELETE FROM sign_in_source WHERE since <= $1::timestamptz - $2::interval", at, within
    )


async def _store_codes(connection: Connection, staff_id: str, codes: Collection[bytes]) -> None:
    await connection.execute("DELETE FROM recovery_code WHERE staff = $1", staff_id)
    await connection.executemany(
        "INSERT INTO recovery_code (staff, hash) VALUES ($1, $2)", [(staff_id, code) for code in codes]
    )


async def _record(connection: Connection, staff_id: str, at: datetime, kind: EventKind, by: str) -> None:
    await connection.execute(
        "INSERT INTO account_event (staff, at, kind, by_staff) VALUES ($1, $2, $3, $4)",
        staff_id,
        at,
        kind,
        by,
    )
