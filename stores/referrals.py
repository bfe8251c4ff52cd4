"""The read model in PostgreSQL: lists, open deadlines and figures."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from lifecycle.activities.communications import unchecked_drafts
from lifecycle.activities.state import all_facilitators
from lifecycle.case.complaints import unanswered
from lifecycle.notifying.tasks import open_tasks
from schemas.areas import Area
from schemas.base import FIRST_ACTIVITY, Model
from schemas.policy import DeadlineName, Policy, Rung
from schemas.referral import Deadline, Referral, SignOffRequest
from schemas.steps import Visible
from schemas.vocabulary import ClosureReason, Offence, Source, Stage
from stores.database import Pool

SEALED_GROUNDS = frozenset({"sensitive", "justice_stage"})
"""The columns that depend on sealed fields: they cannot be derived from the log of an erased referral."""


class Place(NamedTuple):
    """Where a referral stands in a list, soonest due first: the next page begins after it."""

    due_at: datetime | None
    received_at: datetime
    reference: str


class Line(Model):
    """A referral as lists show it."""

    reference: str
    area: Area
    stage: Stage
    caseworker: str | None
    next_deadline: str | None
    next_due_at: AwareDatetime | None
    overdue: bool
    inactive: bool
    """Whether there was no activity for longer than the policy allows."""
    unsupervised: bool
    """Whether case supervision was not held for longer than the policy allows."""
    on_hold: bool
    safeguarding: bool
    sensitive: bool
    received_at: AwareDatetime
    closure_reason: ClosureReason | None


_SUPERVISORS_ONLY = frozenset({DeadlineName.INACTIVITY, DeadlineName.SUPERVISION})


def visible(referral: Referral, deadlines: Sequence[Deadline], at: datetime) -> Visible:
    """The unencrypted facts of a referral."""
    soonest = soonest_due(deadlines)
    return Visible(
        area=referral.area,
        stage=referral.stage,
        caseworker=referral.caseworker,
        next_due_at=soonest.due_at if soonest else None,
        overdue=soonest is not None and soonest.due_at <= at,
        sensitive=referral.sensitive,
        on_hold=referral.hold is not None,
    )


def soonest_due(deadlines: Iterable[Deadline]) -> Deadline | None:
    """The next deadline for staff. Inactivity and case supervision are for the supervisor's list only."""
    return next((each for each in deadlines if each.name not in _SUPERVISORS_ONLY), None)


def referral_row(referral: Referral, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    """The referral's row, JSON-ready; its sequence and head are the log's to set."""
    soonest = soonest_due(deadlines)
    return {
        "reference": referral.reference,
        "sequence": 0,
        "area": referral.area,
        "offered_to": referral.transfer_offer.area if referral.transfer_offer else None,
        "stage": referral.stage,
        "stage_entered_at": referral.stage_entered_at.isoformat(),
        "source": referral.source,
        "initiator": referral.initiator,
        "offence": referral.offence,
        "justice_stage": referral.justice_stage.coarse if referral.justice_stage else "unknown",
        "caseworker": referral.caseworker,
        "facilitator": referral.facilitator,
        "sensitive": referral.sensitive,
        "on_hold": referral.hold is not None,
        "safeguarding": referral.safeguarding is not None,
        "next_deadline": soonest.key if soonest else None,
        "next_due_at": soonest.due_at.isoformat() if soonest else None,
        "received_at": referral.received_at.isoformat(),
        "closed_at": referral.closed_at.isoformat() if referral.closed_at else None,
        "closure_reason": referral.closure_reason,
        "linked_to": referral.linked_to,
        "escalations": [each.model_dump(mode="json") for each in referral.escalations],
        "sign_offs": [_sign_off_row(each) for each in referral.sign_off_requests],
        "tasks": [
            each.model_dump(mode="json", exclude={"why", "appointment", "cancelled"})
            for each in open_tasks(referral)
        ],
        "facilitators": all_facilitators(referral),
        "unchecked_draft": bool(unchecked_drafts(referral)),
        "unanswered_complaint": bool(unanswered(referral)),
        "inactive_from": _first_due(deadlines, {DeadlineName.INACTIVITY}),
        "supervision_due_at": _first_due(deadlines, {DeadlineName.SUPERVISION}),
        "review_due_at": _first_due(deadlines, _reviews(referral.policy)),
    }


def _reviews(policy: Policy) -> set[DeadlineName]:
    """The deadlines that a supervisor answers for, but for sign-offs and inactivity, which are looked for apart."""
    apart = {DeadlineName.INACTIVITY, DeadlineName.SIGN_OFF}
    return {name for name, rule in policy.deadlines.items() if rule.answers is Rung.SUPERVISOR} - apart


def _first_due(deadlines: Iterable[Deadline], names: Collection[DeadlineName]) -> str | None:
    """When the first of the deadlines with these names is due."""
    return next((each.due_at.isoformat() for each in deadlines if each.name in names), None)


def _sign_off_row(request: SignOffRequest) -> dict[str, Any]:
    row = request.model_dump(mode="json", exclude={"closure_reason", "activity"})
    # Rows of older versions name no activity.
    return row if request.activity in (None, FIRST_ACTIVITY) else {**row, "activity": request.activity}


def deadline_rows(deadlines: Iterable[Deadline]) -> list[dict[str, Any]]:
    """The open deadlines' rows, JSON-ready."""
    return [
        {
            "key": deadline.key,
            "due_at": deadline.due_at.isoformat(),
            "points": {point: at.isoformat() for point, at in deadline.points.items()},
        }
        for deadline in deadlines
    ]


_LINES = (
    "SELECT reference, area, stage, caseworker, next_deadline, next_due_at,"
    " coalesce(next_due_at <= now(), FALSE) AS overdue,"
    " coalesce(inactive_from <= now(), FALSE) AS inactive,"
    " coalesce(supervision_due_at <= now(), FALSE) AS unsupervised,"
    " on_hold, safeguarding, sensitive, received_at,"
    " closure_reason FROM referral"
)
# As the indexes have them.
_DUE = "least(next_due_at, 'infinity')"
_SOONEST_FIRST = f"{_DUE}, received_at, reference"


async def list_referrals(
    pool: Pool,
    *,
    areas: Collection[Area] | None = None,
    stage: Stage | None = None,
    caseworker: str | None = None,
    overdue: bool = False,
    on_hold: bool = False,
    sensitive: bool = False,
    safeguarding: bool = False,
    unallocated: bool = False,
    past_due: bool = False,
    inactive: bool = False,
    source: Source | None = None,
    due_before: datetime | None = None,
    after: Place | None = None,
    limit: int = 50,
) -> list[Line]:
    """The referrals that match every filter, soonest due first; closed ones only when that stage is asked for.

    Args:
        areas: only of these; None: of all.
        overdue, on_hold, sensitive, safeguarding: True keeps only such; False keeps all. Inactive referrals count as
            overdue, and those without case supervision, though neither is shown as the next deadline.
        unallocated: keeps only those of no caseworker.
        past_due: keeps only those whose next deadline is past, so neither those inactive nor those without supervision.
        inactive: keeps only those inactive.
        source: only what came from there.
        due_before: keeps only those whose next deadline is due before then, the overdue ones among them.
        after: only those that stand after this place.
        limit: at most so many.
    """
    arguments: list[object] = [list(Area if areas is None else areas), limit]

    def place(value: object) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    # Only what is asked for is in the statement: with all of it, one plan would have to fit every list.
    where = [
        "referral.area = one.area",
        f"stage = {place(stage)}" if stage is not None else "stage <> 'closed'",
        *([f"caseworker = {place(caseworker)}"] if caseworker is not None else []),
        *([f"source = {place(source)}"] if source is not None else []),
        *([f"{_DUE} < {place(due_before)}"] if due_before is not None else []),
    ]
    if after is not None:
        due, *others = map(place, after)
        where.append(f"({_SOONEST_FIRST}) > (least({due}::timestamptz, 'infinity'), {', '.join(others)})")
    switches = {
        "least(next_due_at, inactive_from, supervision_due_at) <= now()": overdue,
        "on_hold": on_hold,
        "sensitive": sensitive,
        "safeguarding": safeguarding,
        "caseworker IS NULL": unallocated,
        f"{_DUE} <= now()": past_due,
        "inactive_from <= now()": inactive,
    }
    where += [condition for condition, wanted in switches.items() if wanted]
    rows = await pool.fetch(
        "SELECT found.* FROM unnest($1::text[]) AS one (area) CROSS JOIN LATERAL ("  # noqa: S608
        f"{_LINES} WHERE {' AND '.join(where)} ORDER BY {_SOONEST_FIRST} LIMIT $2) AS found"
        f" ORDER BY {_SOONEST_FIRST} LIMIT $2",
        *arguments,
    )
    return [Line.model_validate(dict(row)) for row in rows]


async def find_referrals(
    pool: Pool, part: str, *, areas: Collection[Area], sent_by: str | None = None, limit: int = 50
) -> list[Line]:
    """Referrals whose reference holds these characters, closed ones too, the newest first.

    Args:
        part: capital letters and digits of a reference, without its hyphens.
        areas: only of these.
        sent_by: only what this partner sent.
        limit: how many at the most.
    """
    rows = await pool.fetch(
        f"{_LINES} WHERE (area = ANY($1) OR $3::text IS NOT NULL) AND strpos(replace(reference, '-', ''), $2) > 0"
        " AND ($3::text IS NULL OR EXISTS (SELECT FROM event e WHERE e.reference = referral.reference"
        "  AND e.sequence = 1 AND e.role = 'partner' AND e.actor = $3))"
        " ORDER BY received_at DESC, reference LIMIT $4",
        list(areas),
        part,
        sent_by,
        limit,
    )
    return [Line.model_validate(dict(row)) for row in rows]


async def lines(pool: Pool, references: Collection[str]) -> list[Line]:
    """These referrals, the newest first."""
    rows = await pool.fetch(
        f"{_LINES} WHERE reference = ANY($1) ORDER BY received_at DESC, reference", list(references)
    )
    return [Line.model_validate(dict(row)) for row in rows]


async def area_of(pool: Pool, reference: str) -> Area | None:
    """The area of a referral; None where there is no such referral."""
    found = await pool.fetchval("SELECT area FROM referral WHERE reference = $1", reference)
    return Area(found) if found is not None else None


async def sent_by(pool: Pool, reference: str) -> str | None:
    """The partner who sent a referral; None where staff opened it, or there is no such referral."""
    found: str | None = await pool.fetchval(
        "SELECT actor FROM event WHERE reference = $1 AND sequence = 1 AND role = 'partner'", reference
    )
    return found


async def sent(
    pool: Pool, partner: str, areas: Collection[Area], limit: int
) -> list[tuple[str, Area, Stage]]:
    """The referrals that a partner sent to these areas, each with the area it was sent to and its stage, newest first.

    What was taken over by another area since is among them.
    """
    rows = await pool.fetch(
        "SELECT reference, received.body ->> 'area' AS area, stage FROM referral"
        " JOIN event received USING (reference)"
        " WHERE received.sequence = 1 AND received.role = 'partner' AND received.actor = $1"
        " AND received.body ->> 'area' = ANY($2) ORDER BY received_at DESC, reference LIMIT $3",
        partner,
        list(areas),
        limit,
    )
    return [(row["reference"], Area(row["area"]), Stage(row["stage"])) for row in rows]


class Offered(Model):
    """An open offer of a referral to another area."""

    reference: str
    area: Area
    """Whose it is."""
    offered_to: Area
    stage: Stage
    offence: Offence
    sensitive: bool
    offered_at: AwareDatetime
    due_at: AwareDatetime | None
    """When the answer is due; None: its policy sets no such deadline."""


async def offered_to(pool: Pool, areas: Collection[Area]) -> list[Offered]:
    """The referrals that other areas offer to these, soonest due first; none that was erased."""
    rows = await pool.fetch(
        "SELECT r.reference, r.area, r.offered_to, r.stage, r.offence, r.sensitive, offered.at AS offered_at, d.due_at"
        " FROM referral r JOIN LATERAL (SELECT at FROM event e WHERE e.reference = r.reference"
        "  AND e.kind = 'transfer_offered' ORDER BY e.sequence DESC LIMIT 1) offered ON TRUE"
        " LEFT JOIN deadline d ON d.reference = r.reference AND d.key = $2"
        " WHERE r.offered_to = ANY($1)"
        " AND NOT EXISTS (SELECT FROM keys.erasure x WHERE x.reference = r.reference)"
        " ORDER BY d.due_at NULLS LAST, offered_at, r.reference",
        list(areas),
        DeadlineName.TRANSFER_ANSWER,
    )
    return [Offered.model_validate(dict(row)) for row in rows]


class SentOn(Model):
    """A referral that an area had and another has now."""

    reference: str
    left: Area
    area: Area
    """That took it over from there."""
    at: AwareDatetime


async def sent_on(
    pool: Pool, areas: Collection[Area], limit: int | None = None, reference: str | None = None
) -> list[SentOn]:
    """The referrals that these areas had and none of them has now, by the last time that one left, the newest first.

    Args:
        limit: at most so many; None: all.
        reference: only this one.
    """
    rows = await pool.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (e.reference) e.reference, e.body ->> 'left' AS \"left\","
        "  e.body ->> 'area' AS area, e.at FROM event e JOIN referral r USING (reference)"
        "  WHERE e.kind = 'transfer_accepted' AND e.body ->> 'left' = ANY($1) AND r.area <> ALL($1)"
        "  AND ($3::text IS NULL OR e.reference = $3) ORDER BY e.reference, e.sequence DESC) gone"
        " ORDER BY at DESC, reference LIMIT $2",
        list(areas),
        limit,
        reference,
    )
    return [SentOn.model_validate(dict(row)) for row in rows]


async def open_points(pool: Pool, references: Collection[str]) -> dict[str, dict[str, dict[str, datetime]]]:
    """When each point of the open deadlines of these referrals is, by reference, key and name; UTC."""
    rows = await pool.fetch(
        "SELECT reference, key, points FROM deadline WHERE reference = ANY($1)", list(references)
    )
    found: dict[str, dict[str, dict[str, datetime]]] = {}
    for row in rows:
        points = {name: datetime.fromisoformat(at) for name, at in json.loads(row["points"]).items()}
        found.setdefault(row["reference"], {})[row["key"]] = points
    return found


async def areas_and_stages(pool: Pool, references: Collection[str]) -> dict[str, tuple[Area, Stage]]:
    """The area and the stage of each of these referrals that exists."""
    rows = await pool.fetch(
        "SELECT reference, area, stage FROM referral WHERE reference = ANY($1)", list(references)
    )
    return {row["reference"]: (Area(row["area"]), Stage(row["stage"])) for row in rows}


async def all_references(pool: Pool) -> list[str]:
    """The references of all referrals, oldest first."""
    rows = await pool.fetch("SELECT reference FROM referral ORDER BY received_at, reference")
    return [row["reference"] for row in rows]
