"""The referrals on which somebody may have something to do, as the read model has them, in one statement."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, field_validator

from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId
from schemas.policy import Rung
from schemas.vocabulary import Stage
from stores.database import Pool


class Raised(Model):
    """An escalation that waits."""

    deadline: str
    rung: Rung
    raised_at: AwareDatetime


class OnHand(Model):
    """A referral with what is open on it.

    Attributes:
        deadlines: when each is due, by its key; without those that a hold has stopped.
    """

    reference: str
    area: Area
    stage: Stage
    caseworker: StaffId | None
    deadlines: dict[str, AwareDatetime]
    escalations: tuple[Raised, ...]

    @field_validator("deadlines", "escalations", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


# Each of the groups is empty where its list is, or its switch is off. Of an erased referral nothing is left to do.
_ON_HAND = """
SELECT reference, area, stage, caseworker, escalations,
    coalesce((SELECT jsonb_object_agg(key, due_at) FROM deadline d WHERE d.reference = r.reference), '{}') AS deadlines
FROM referral r
WHERE area = ANY($1) AND (stage <> 'closed' OR tasks <> '[]' OR $4 AND unanswered_complaint)
AND (
    caseworker = ANY($2) OR facilitators && $2 OR escalations @> ANY($3::jsonb[])
    OR $4 AND (
        stage = 'closed' OR sign_offs <> '[]' OR safeguarding OR unchecked_draft
        OR inactive_from <= $5 OR review_due_at <= $6
        OR caseworker IS NULL OR (area, caseworker) NOT IN (SELECT * FROM unnest($7::text[], $8::text[])))
)
AND NOT EXISTS (SELECT FROM keys.erasure x WHERE x.reference = r.reference)
ORDER BY reference
"""


async def on_hand(
    pool: Pool,
    people: Mapping[Area, Collection[str]],
    *,
    workers: Collection[str],
    rungs: Collection[Rung],
    supervising: bool,
    now: datetime,
    soon: datetime,
) -> list[OnHand]:
    """The referrals of some areas on which somebody may have something to do, by reference. None was erased; of the
    closed ones only those where somebody still has to be told something or, with `supervising`, a complaint was not
    answered.

    Args:
        people: the areas, and who works there.
        workers: all that they own, facilitate or help to facilitate.
        rungs: besides, what has climbed to these.
        supervising: besides, what waits for a sign-off or a reviewer, is frozen, has a draft that nobody checked,
            or belongs to nobody who works there.
        now: inactivity counts from when it is due.
        soon: what else a supervisor answers for counts when it is due by then.
    """
    there = [(area, who) for area, theirs in people.items() for who in theirs]
    rows = await pool.fetch(
        _ON_HAND,
        list(people),
        list(workers),
        [json.dumps([{"rung": each}]) for each in rungs],
        supervising,
        now,
        soon,
        [area for area, _ in there],
        [who for _, who in there],
    )
    return [OnHand.model_validate(dict(row)) for row in rows]
