"""The referrals on which somebody may have something to do, as the read model has them, in one statement."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, field_validator

from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId
from schemas.policy import DeadlineName, Rung
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
WHERE area = ANY($1) AND (stage <> 'closed' OR tasks <> '[]' OR $4 AND reference IN (
    SELECT c.reference FROM event c WHERE c.kind = 'complaint_recorded' AND NOT EXISTS (
        SELECT FROM event a WHERE a.kind = 'complaint_answered' AND a.reference = c.reference
        AND a.body ->> 'complaint' = c.body ->> 'complaint')))
AND (
    caseworker = ANY($2) OR facilitator = ANY($2)
    OR stage <> 'closed' AND (facilitator IS NOT NULL OR stage IN ('preparation', 'conference', 'follow_up'))
    AND EXISTS (
        SELECT FROM event e WHERE e.kind = 'facilitators_assigned' AND e.reference = r.reference
        AND (e.body ->> 'co_facilitator' = ANY($2)
            OR e.body ->> 'activity' IS NOT NULL AND e.body ->> 'facilitator' = ANY($2)))
    OR EXISTS (
        SELECT FROM jsonb_to_recordset(escalations) AS raised (rung text) WHERE raised.rung = ANY($3))
    OR $4 AND (
        stage = 'closed' OR sign_offs <> '[]' OR safeguarding OR caseworker IS NULL
        OR NOT EXISTS (SELECT FROM staff s WHERE s.id = caseworker AND s.active AND r.area = ANY(s.areas))
        OR EXISTS (
            SELECT FROM deadline d WHERE d.reference = r.reference AND split_part(key, '/', 1) = ANY($5)
            AND d.due_at < CASE WHEN key = 'inactivity' THEN $6::timestamptz ELSE $7::timestamptz END)
        OR stage <> 'closed' AND EXISTS (
            SELECT FROM event d WHERE d.kind = 'communication_drafted' AND d.reference = r.reference
            AND NOT EXISTS (
                SELECT FROM event k WHERE k.kind = 'communication_checked' AND k.reference = d.reference
                AND k.body ->> 'communication' = d.body ->> 'communication' AND k.sequence > d.sequence)))
)
AND NOT EXISTS (SELECT FROM keys.erasure x WHERE x.reference = r.reference)
ORDER BY reference
"""


async def on_hand(
    pool: Pool,
    areas: Collection[Area],
    *,
    workers: Collection[str],
    rungs: Collection[Rung],
    supervising: bool,
    reviews: Collection[DeadlineName],
    now: datetime,
    soon: datetime,
) -> list[OnHand]:
    """The referrals of these areas on which these people may have something to do, by reference. None was erased;
    of the closed ones only those where somebody still has to be told something or, with `supervising`, a complaint was
    not answered.

    Args:
        workers: all that they own, facilitate or help to facilitate.
        rungs: besides, what has climbed to these.
        supervising: besides, what waits for a sign-off or a reviewer, is frozen, has a draft that nobody checked,
            or belongs to nobody who works there.
        reviews: with `supervising`: the deadlines that a supervisor answers for.
        now: inactivity counts from when it is due.
        soon: the other reviews count when they are due before then.
    """
    rows = await pool.fetch(
        _ON_HAND, list(areas), list(workers), list(rungs), supervising, list(reviews), now, soon
    )
    return [OnHand.model_validate(dict(row)) for row in rows]
