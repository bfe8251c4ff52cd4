"""The records of erasures: when, why and by whom. They are kept for good."""

from __future__ import annotations

from pydantic import AwareDatetime

from schemas.base import Model
from schemas.people import StaffId
from schemas.vocabulary import Stage
from stores.database import Connection, Pool


class Erasure(Model):
    """The record of a referral's erasure.

    Attributes:
        completed_at: since when old copies of the key cannot be unwrapped either; None: not yet.
    """

    reference: str
    erased_at: AwareDatetime
    reason: str
    by_staff: StaffId
    completed_at: AwareDatetime | None = None


async def find(pool: Pool, reference: str) -> Erasure | None:
    """The record of a referral's erasure; None where it was not erased."""
    row = await pool.fetchrow(
        "SELECT reference, erased_at, reason, by_staff, completed_at FROM keys.erasure WHERE reference = $1",
        reference,
    )
    return Erasure.model_validate(dict(row)) if row else None


async def locked_stage(connection: Connection, reference: str) -> Stage | None:
    """Lock a referral against steps until the transaction ends; its stage, or None: no such referral."""
    stage = await connection.fetchval("SELECT lock_referral($1)", reference)
    return Stage(stage) if stage is not None else None
