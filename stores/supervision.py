"""A supervisor's queries on the read model and the log: escalations, waiting sign-offs, workload."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime

from lifecycle import fold
from lifecycle.case.oversight import authors, made_by_an_author
from schemas.areas import LONDON, Area
from schemas.base import ActivityId, Model
from schemas.people import Role, Staff, StaffId
from schemas.policy import Rung
from schemas.referral import SignOffRequest
from schemas.vocabulary import SignOffSubject, Stage
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log


class OpenEscalation(Model):
    """An escalation to a rung that is not cleared."""

    reference: str
    area: Area
    stage: Stage
    caseworker: StaffId | None
    on_hold: bool
    deadline: str
    point: str
    at: AwareDatetime
    rung: Rung
    raised_at: AwareDatetime


class PastEscalation(Model):
    """An escalation from the log, with the time it was cleared."""

    reference: str
    area: Area
    deadline: str
    point: str
    rung: Rung
    raised_at: AwareDatetime
    cleared_at: AwareDatetime | None

    @property
    def took(self) -> timedelta | None:
        """Elapsed time until it was cleared; None while it is open."""
        return self.cleared_at - self.raised_at if self.cleared_at else None


class WaitingSignOff(Model):
    """A sign-off that waits for a supervisor."""

    reference: str
    area: Area
    stage: Stage
    caseworker: StaffId | None
    on_hold: bool
    safeguarding: bool
    subject: SignOffSubject
    activity: ActivityId | None = None
    """Whose readiness, where it is not the first activity's."""
    requested_by: StaffId
    requested_at: AwareDatetime
    due_at: AwareDatetime | None
    """None while a hold stops its clock."""

    @property
    def about(self) -> str:
        """How its deadline names it: readiness, or readiness/a2."""
        return SignOffRequest.about_of(self.subject, self.activity)


class Load(Model):
    """The workload of one member of staff. Each number counts referrals, except the escalations."""

    staff: StaffId | None
    """None for the open referrals without a caseworker."""
    role: Role | None
    active: bool
    open: int
    on_hold: int
    due_this_week: int
    overdue: int
    escalations: int
    absent_until: AwareDatetime | None
    stand_in: StaffId | None


class Counts(Model):
    """How many open referrals there are, and how they stand; and how many escalations wait for somebody."""

    open: int
    past_due: int
    on_hold: int
    unallocated: int
    inactive: int
    safeguarding: int
    escalations: int


_COUNTS = """
SELECT count(*) AS open, count(*) FILTER (WHERE next_due_at <= $2) AS past_due,
    count(*) FILTER (WHERE on_hold) AS on_hold, count(*) FILTER (WHERE caseworker IS NULL) AS unallocated,
    count(*) FILTER (WHERE safeguarding) AS safeguarding, count(*) FILTER (WHERE inactive_from <= $2) AS inactive,
    (SELECT count(*) FROM unnest($3::text[], $4::text[]) AS asked (area, rung) JOIN escalation USING (area, rung))
    AS escalations
FROM referral WHERE stage <> 'closed' AND area = ANY($1)
"""


async def counts(
    pool: Pool, areas: Collection[Area], rungs: Sequence[tuple[Area, Rung]], now: datetime
) -> Counts:
    """How the open referrals of some areas stand.

    Args:
        rungs: the escalations that count: to which rung in which area.
    """
    rows = await pool.fetch(_COUNTS, _names(areas), now, *_as_columns(rungs))
    return Counts.model_validate(dict(rows[0]))


def _as_columns(rungs: Sequence[tuple[Area, Rung]]) -> tuple[list[str], list[str]]:
    return [str(area) for area, _ in rungs], [str(rung) for _, rung in rungs]


# Each area and rung has a list of its own in the index; no more of each is read than may be shown.
_ESCALATIONS = """
SELECT reference, area, stage, caseworker, on_hold, deadline, point, at, rung, raised_at FROM (
    SELECT found.* FROM unnest($1::text[], $2::text[]) AS asked (area, rung) CROSS JOIN LATERAL (
        SELECT reference, deadline, point, at, escalation.rung, raised_at FROM escalation
        WHERE escalation.area = asked.area AND escalation.rung = asked.rung
        ORDER BY raised_at, reference, deadline, point LIMIT $3
    ) AS found
    ORDER BY raised_at, reference, deadline, point LIMIT $3
) AS oldest JOIN referral USING (reference)
ORDER BY raised_at, reference, deadline, point
"""


async def escalated_to(
    pool: Pool, rungs: Sequence[tuple[Area, Rung]], *, limit: int = 50
) -> list[OpenEscalation]:
    """The open escalations to some rungs, each in its area, oldest first."""
    rows = await pool.fetch(_ESCALATIONS, *_as_columns(rungs), limit)
    return [OpenEscalation.model_validate(dict(row)) for row in rows]


async def open_escalations(
    pool: Pool, *, areas: Collection[Area] | None = None, rung: Rung | None = None, limit: int = 50
) -> list[OpenEscalation]:
    """The open escalations, oldest first; one deadline may have one on each rung.

    Args:
        areas: only of these; None: of all.
        rung: only to this one.
        limit: at most so many.
    """
    rungs = Rung if rung is None else [rung]
    asked = [(area, each) for area in (Area if areas is None else areas) for each in rungs]
    return await escalated_to(pool, asked, limit=limit)


# A step that was taken back neither raised nor cleared anything. An escalation is cleared by the first clearing after
# it; one raised again for the same point after a reopening is another.
_HISTORY = """
WITH said AS (
    SELECT e.reference, e.sequence, e.at, e.kind, e.body ->> 'deadline' AS deadline, e.body ->> 'point' AS point,
        e.body ->> 'rung' AS rung, (e.body ->> 'at')::timestamptz AS due
    FROM event e
    WHERE e.kind IN ('escalation_raised', 'escalation_cleared') AND e.at >= $2
    AND NOT EXISTS (
        SELECT FROM event c
        WHERE c.kind = 'step_corrected' AND c.reference = e.reference AND (c.body ->> 'corrects')::bigint = e.step
    )
), paired AS (
    SELECT *, lead(kind) OVER following AS next_kind, lead(at) OVER following AS next_at
    FROM said
    WINDOW following AS (PARTITION BY reference, deadline, point, due ORDER BY sequence)
)
SELECT p.reference, r.area, p.deadline, p.point, p.rung, p.at AS raised_at,
    CASE WHEN p.next_kind = 'escalation_cleared' THEN p.next_at END AS cleared_at
FROM paired p JOIN referral r USING (reference)
WHERE p.kind = 'escalation_raised' AND ($1::text[] IS NULL OR r.area = ANY($1)) AND ($3::text IS NULL OR p.rung = $3)
AND NOT EXISTS (SELECT FROM keys.erasure x WHERE x.reference = p.reference)
ORDER BY p.at DESC, p.reference, p.deadline, p.point
LIMIT $4
"""


async def escalation_history(
    pool: Pool,
    *,
    areas: Collection[Area] | None = None,
    rung: Rung | None = None,
    since: datetime,
    limit: int = 50,
) -> list[PastEscalation]:
    """The escalations raised since an instant, newest first, from the log; without those of erased referrals."""
    rows = await pool.fetch(_HISTORY, _names(areas), since, rung, limit)
    return [PastEscalation.model_validate(dict(row)) for row in rows]


# Each area has a list of its own in the index, as above.
_SIGN_OFFS = """
SELECT reference, area, stage, caseworker, on_hold, safeguarding, subject, activity, requested_by, requested_at,
    (SELECT due_at FROM deadline d
     WHERE d.reference = oldest.reference AND d.key = concat_ws('/', 'sign_off', subject, activity)) AS due_at
FROM (
    SELECT found.* FROM unnest($1::text[]) AS asked (area) CROSS JOIN LATERAL (
        SELECT reference, subject, activity, requested_by, requested_at FROM sign_off_request
        WHERE sign_off_request.area = asked.area
        ORDER BY requested_at, reference, subject LIMIT $2
    ) AS found
    ORDER BY requested_at, reference, subject LIMIT $2
) AS oldest JOIN referral USING (reference)
ORDER BY requested_at, reference, subject
"""


async def waiting_sign_offs(
    pool: Pool, *, areas: Sequence[Area] | None = None, limit: int | None = 50
) -> list[WaitingSignOff]:
    """The sign-offs that wait, oldest first.

    Args:
        areas: only of these; None: of all.
        limit: at most so many; None: all.
    """
    rows = await pool.fetch(_SIGN_OFFS, list(Area if areas is None else areas), limit)
    return [WaitingSignOff.model_validate(dict(row)) for row in rows]


async def for_them_to_sign_off(
    pool: Pool, keys: KeyStore, member: Staff, waiting: Sequence[WaitingSignOff], *, limit: int, at: datetime
) -> list[WaitingSignOff]:
    """The oldest sign-offs that a person may give: they are not an author, and no author made them a supervisor within
    the last day.

    The rules decide who the authors are, so referrals are folded from their logs until there are enough.
    """
    found: list[WaitingSignOff] = []
    for each in waiting:
        if len(found) == limit:
            break
        if each.requested_by == member.id:
            continue
        actor = member.acting_in(each.area)
        referral = fold(await event_log.history(pool, keys, each.reference))
        requests = [asked for asked in referral.sign_off_requests if asked.about == each.about]
        made = [authors(referral, request) for request in requests]
        if any(member.id not in each_one and not made_by_an_author(actor, each_one, at) for each_one in made):
            found.append(each)
    return found


def _names(areas: Collection[Area] | None) -> list[str] | None:
    return [str(area) for area in areas] if areas is not None else None


def week_end(now: datetime) -> datetime:
    """When the ISO week of an instant ends in London: Monday at midnight."""
    today: date = now.astimezone(LONDON).date()
    monday = today + timedelta(days=7 - today.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=LONDON)


# Only what comes after a first date that is past has to be asked of the deadlines.
_WORKLOAD = """
WITH load AS (
    SELECT caseworker, count(*) AS open, count(*) FILTER (WHERE on_hold) AS on_hold,
        count(*) FILTER (WHERE next_due_at > $2 AND next_due_at < $3 OR next_due_at <= $2 AND EXISTS (
            SELECT FROM deadline d WHERE d.reference = r.reference AND d.due_at > $2 AND d.due_at < $3
            AND d.key NOT IN ('inactivity', 'supervision'))) AS due_this_week,
        count(*) FILTER (WHERE next_due_at <= $2) AS overdue, sum(jsonb_array_length(escalations)) AS escalations
    FROM referral r
    WHERE stage <> 'closed' AND ($1::text[] IS NULL OR area = ANY($1))
    GROUP BY caseworker
)
SELECT coalesce(s.id, load.caseworker) AS staff, s.role, coalesce(s.active, FALSE) AS active,
    coalesce(load.open, 0) AS open, coalesce(load.on_hold, 0) AS on_hold,
    coalesce(load.due_this_week, 0) AS due_this_week, coalesce(load.overdue, 0) AS overdue,
    coalesce(load.escalations, 0)::bigint AS escalations,
    CASE WHEN s.absent_until > $2 THEN s.absent_until END AS absent_until,
    CASE WHEN s.absent_until > $2 THEN s.stand_in END AS stand_in
FROM load FULL JOIN staff s ON s.id = load.caseworker
WHERE load.open IS NOT NULL OR (s.active AND s.role = 'caseworker' AND ($1::text[] IS NULL OR $1 && s.areas))
ORDER BY load.overdue DESC NULLS LAST, load.open DESC NULLS LAST, staff
"""


async def workload(pool: Pool, *, areas: Collection[Area] | None = None, now: datetime) -> list[Load]:
    """The workload, those with most overdue first: caseworkers with open referrals, active caseworkers with none, and
    the referrals without a caseworker.

    Args:
        areas: only referrals, and caseworkers with none, of these; None: of all.
        now: what is due from now to the end of the week in London is due this week; inactivity and case supervision
            do not count.
    """
    rows = await pool.fetch(_WORKLOAD, _names(areas), now, week_end(now))
    return [Load.model_validate(dict(row)) for row in rows]
