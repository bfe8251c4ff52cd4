"""Forms that were sent when a sign-in had run out: kept for some minutes, sealed with a key only the browser has."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from stores.database import Pool
from stores.keys.key_files import KEY_BYTES, DataKey, SealBroken

KEPT_FOR = timedelta(minutes=10)
_MOST = 500
_PURPOSE = b"a form that was sent without a sign-in"


async def keep(pool: Pool, text: str) -> str | None:
    """Keep a form.

    Returns:
        What the browser is to hold, by which alone it can be opened; None where too many are kept already.
    """
    secret = secrets.token_hex(KEY_BYTES)
    kept: bytes | None = await pool.nowhere.fetchval(
        "INSERT INTO unsent (id, kept_until, sealed)"
        " SELECT $1, now() + $2::interval, $3"
        " WHERE (SELECT count(*) FROM unsent WHERE kept_until > now()) < $4 RETURNING id",
        _id(secret),
        KEPT_FOR,
        _key(secret).seal(text.encode(), _PURPOSE),
        _MOST,
    )
    return secret if kept is not None else None


async def take(pool: Pool, secret: str) -> str | None:
    """The form that a browser's secret opens, which is kept no longer; None where there is none any more."""
    if len(secret) != 2 * KEY_BYTES or not set(secret) <= set("0123456789abcdef"):
        return None
    sealed: bytes | None = await pool.nowhere.fetchval(
        "WITH gone AS (DELETE FROM unsent WHERE id = $1 RETURNING sealed, kept_until)"
        " SELECT sealed FROM gone WHERE kept_until > now()",
        _id(secret),
    )
    if sealed is None:
        return None
    try:
        return _key(secret).open(sealed, _PURPOSE).decode()
    except SealBroken:
        return None


async def drop_old(pool: Pool) -> None:
    """Drop what nobody came back for."""
    await pool.nowhere.execute("DELETE FROM unsent WHERE kept_until <= now()")


def _id(secret: str) -> bytes:
    return hashlib.sha256(b"id" + secret.encode()).digest()


def _key(secret: str) -> DataKey:
    return DataKey("unsent", hashlib.sha256(b"key" + secret.encode()).digest())
