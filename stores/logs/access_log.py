"""The access log: who looked at what is said about people, append-only, in one chain for each referral.

One chain for all looks would have all readers wait for one another; one for each process would be as many chains as
there are commands typed, and nobody would miss one that is gone as a whole. The head of a referral's own chain is read
with what is read of the referral anyway; two people seldom look at the same referral at the same instant, and the later
of them tries again; and an anchor names the head of each as it does of each event log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from schemas.access import DataKind, Look, Relation, WayIn
from schemas.areas import Area
from schemas.people import Role
from stores.database import Connection, Pool
from stores.keys.referral_keys import DataKey, KeyErased, KeyStore, SealBroken
from stores.logs.chain import ChainKey

SUFFIX = "#looks"
"""Follows the reference of a referral in the name of its access log, where anchors name it."""

_ROWS = (
    "SELECT reference, sequence, at, staff, role, kind, relation, way_in, sealed, hash FROM access_log"
    " WHERE reference = $1 ORDER BY sequence"
)


class Standing(NamedTuple):
    """What decides who may look at a referral, and where its access log stands; as of one moment.

    Attributes:
        offered_to: the area that it is offered to and that has not answered yet.
        left: the areas that it was in before.
        co_facilitated: whether anybody was ever named its co-facilitator, or facilitator of one of its activities; who
            that is now, its events tell.
        sent_by: the partner who sent it; None where it was opened in the house.
        looks: how many there are in its access log.
        head: the link of the last of them; empty where there is none.
        now: by the clock of PostgreSQL, UTC.
    """

    area: Area
    offered_to: Area | None
    left: tuple[Area, ...]
    caseworker: str | None
    facilitator: str | None
    co_facilitated: bool
    sensitive: bool
    erased: bool
    sent_by: str | None
    looks: int
    head: bytes
    now: datetime


class LookBreak(NamedTuple):
    """Where the access log of a referral is not as it was recorded.

    Attributes:
        sequence: the first entry that does not fit; one after the last where entries are missing at the end.
        said: what is wrong, in one sentence.
    """

    sequence: int
    said: str


_STANDING = (
    "SELECT r.reference, r.area, r.offered_to,"
    " ARRAY(SELECT e.body ->> 'left' FROM event e WHERE e.reference = r.reference"
    "  AND e.kind = 'transfer_accepted') AS \"left\","
    " r.caseworker, r.facilitator, r.sensitive,"
    " EXISTS (SELECT FROM event e WHERE e.reference = r.reference AND e.kind = 'facilitators_assigned'"
    "  AND (e.body ->> 'co_facilitator' IS NOT NULL OR e.body ->> 'activity' IS NOT NULL)) AS co_facilitated,"
    " EXISTS (SELECT FROM keys.erasure k WHERE k.reference = r.reference) AS erased,"
    " (SELECT actor FROM event e WHERE e.reference = r.reference AND e.sequence = 1 AND e.role = 'partner')"
    "  AS sent_by,"
    " coalesce(last.sequence, 0) AS looks, coalesce(last.hash, '') AS head, clock_timestamp() AS now"
)
_FROM = (
    " FROM referral r LEFT JOIN LATERAL (SELECT sequence, hash FROM access_log a"
    "  WHERE a.reference = r.reference ORDER BY sequence DESC LIMIT 1) last ON TRUE"
)


async def standing(pool: Pool, reference: str) -> Standing | None:
    """How a referral stands for who would look at it; None where there is no such referral."""
    row = await pool.fetchrow(f"{_STANDING}{_FROM} WHERE r.reference = $1", reference)
    return _standing(row) if row else None


async def standings(
    pool: Pool, references: Collection[str], staff_id: str, kind: DataKind, since: timedelta
) -> dict[str, tuple[Standing, Relation | None]]:
    """How each of these referrals stands that exists, as of one moment, and by which relation a person saw this kind of
    data of it last; None: not within that time."""
    rows = await pool.fetch(
        f"{_STANDING}, seen.relation{_FROM}"  # noqa: S608
        " LEFT JOIN (SELECT DISTINCT ON (reference) reference, relation FROM access_log"
        "  WHERE staff = $2 AND kind = $3 AND at > clock_timestamp() - $4::interval"
        "  ORDER BY reference, sequence DESC) seen ON seen.reference = r.reference"
        " WHERE r.reference = ANY($1)",
        list(references),
        staff_id,
        kind,
        since,
    )
    return {
        row["reference"]: (_standing(row), Relation(row["relation"]) if row["relation"] else None)
        for row in rows
    }


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(
        area=Area(row["area"]),
        offered_to=Area(row["offered_to"]) if row["offered_to"] else None,
        left=tuple(Area(each) for each in row["left"]),
        **{name: row[name] for name in Standing._fields[3:]},
    )


async def record(
    pool: Pool, chain: ChainKey, look: Look, previous: bytes, key: DataKey | None, told: Sequence[str] = ()
) -> str:
    """Write down a look, and tell supervisors of it where they are to be told; in one statement.

    Args:
        look: its sequence is one after that of the last.
        previous: the link of the last; empty where there is none.
        key: of the referral, which seals the reason; None: there is no reason, or it is not kept.
        told: the supervisors and service managers in whose inbox it is put.

    Returns:
        recorded; behind, where the log stands elsewhere by now, or the time lies too far back: nothing is written then,
        and it is tried again with what `standing` says; erased, where the reason can be sealed no more; or the code of
        why this person may not look any more.
    """
    sealed = None
    if key is not None and look.reason is not None:
        sealed = key.seal(look.reason.encode(), _place(look.reference, look.sequence))
    fields = (look.staff, look.role, look.kind, look.relation, look.way_in, sealed)
    answer: str = await pool.nowhere.fetchval(
        "SELECT record_look($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        look.reference,
        look.sequence - 1,
        previous,
        look.at,
        *fields,
        link(chain, previous, look.reference, look.sequence, look.at, *fields),
        list(told),
    )
    return answer


async def record_all(
    pool: Pool, chain: ChainKey, looks: Sequence[Look], previous: Mapping[str, bytes]
) -> dict[str, str]:
    """Write down looks that one person made at the same moment at several referrals, without reasons; in one statement.

    Args:
        looks: at most one at each referral; the sequence of each is one after that of the last there.
        previous: the link of the last at each referral; empty where there is none.

    Returns:
        The answer for each referral: see :func:`record`.
    """
    # In one order everywhere, so that no two wait for each other.
    ordered = sorted(looks, key=lambda look: look.reference)
    links = [
        link(
            chain,
            previous[look.reference],
            look.reference,
            look.sequence,
            look.at,
            *(look.staff, look.role, look.kind, look.relation, look.way_in, None),
        )
        for look in ordered
    ]
    rows = await pool.nowhere.fetch(
        "SELECT each.reference, record_look(each.reference, each.after, each.previous, each.at, each.staff, each.role,"
        " each.kind, each.relation, each.way_in, NULL, each.hash, '{}') AS answer"
        " FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],"
        "  $8::text[], $9::text[], $10::bytea[])"
        " AS each (reference, after, previous, at, staff, role, kind, relation, way_in, hash)",
        [look.reference for look in ordered],
        [look.sequence - 1 for look in ordered],
        [previous[look.reference] for look in ordered],
        [look.at for look in ordered],
        [look.staff for look in ordered],
        [look.role for look in ordered],
        [look.kind for look in ordered],
        [look.relation for look in ordered],
        [look.way_in for look in ordered],
        links,
    )
    return {row["reference"]: row["answer"] for row in rows}


def link(
    chain: ChainKey,
    previous: bytes,
    reference: str,
    sequence: int,
    at: datetime,
    staff: str,
    role: str,
    kind: str,
    relation: str,
    way_in: str,
    sealed: bytes | None,
) -> bytes:
    """The link of one entry, over the link before and all that is stored of the entry."""
    return chain.link(
        previous, "access log", reference, sequence, at, staff, role, kind, relation, way_in, sealed
    )


async def at_referral(pool: Pool, keys: KeyStore | None, reference: str, limit: int) -> list[Look]:
    """The looks at a referral, the newest first.

    Args:
        keys: open the reasons, unless the referral was erased; None: it is said that one was given, and not which.
    """
    rows = await pool.fetch(
        "SELECT * FROM access_log WHERE reference = $1 ORDER BY sequence DESC LIMIT $2", reference, limit
    )
    key = None
    if keys is not None and any(row["sealed"] is not None for row in rows):
        with suppress(KeyErased):
            key = await keys.get(reference)
    return [_look(row, key) for row in rows]


async def reason_given(
    pool: Pool, keys: KeyStore, reference: str, staff_id: str, since: datetime
) -> str | None:
    """The reason that a person gave for their latest look at a referral that had one, by the console; None where there
    was none since an instant, or it cannot be read any more."""
    row = await pool.fetchrow(
        "SELECT * FROM access_log WHERE reference = $1 AND staff = $2 AND at > $3 AND way_in = 'console'"
        " AND sealed IS NOT NULL ORDER BY sequence DESC LIMIT 1",
        reference,
        staff_id,
        since,
    )
    with suppress(KeyErased):
        return _look(row, await keys.get(reference)).reason if row else None
    return None


async def at_referrals_of(pool: Pool, caseworker: str, limit: int) -> list[Look]:
    """The looks at referrals that are a caseworker's now, the newest first, without what was said."""
    rows = await pool.fetch(
        "SELECT access_log.* FROM access_log JOIN referral USING (reference) WHERE caseworker = $1"
        " ORDER BY at DESC, reference, access_log.sequence DESC LIMIT $2",
        caseworker,
        limit,
    )
    return [_look(row, None) for row in rows]


async def by_staff(pool: Pool, staff_id: str, limit: int) -> list[Look]:
    """The looks that a person made, the newest first, without what was said."""
    rows = await pool.fetch(
        "SELECT * FROM access_log WHERE staff = $1 ORDER BY at DESC, reference, sequence DESC LIMIT $2",
        staff_id,
        limit,
    )
    return [_look(row, None) for row in rows]


async def heads(pool: Pool | Connection) -> dict[str, tuple[int, str]]:
    """Where the access log of each referral stands that has one: its length and its last link, in hexadecimal, by the
    name by which anchors name it."""
    rows = await pool.fetch(
        "SELECT r.reference, last.sequence, last.hash FROM referral r CROSS JOIN LATERAL (SELECT sequence, hash"
        " FROM access_log a WHERE a.reference = r.reference ORDER BY sequence DESC LIMIT 1) last"
    )
    return {row["reference"] + SUFFIX: (row["sequence"], row["hash"].hex()) for row in rows}


async def lost_since(pool: Pool | Connection, anchored: Mapping[str, tuple[int, str]]) -> list[str]:
    """The access logs that do not hold any more what they held when they were anchored, by the names of anchors."""
    names = sorted(name for name in anchored if name.endswith(SUFFIX))
    rows = await pool.fetch(
        "SELECT was.reference FROM unnest($1::text[], $2::bigint[], $3::text[]) AS was (reference, sequence, head)"
        " LEFT JOIN access_log a ON a.reference = was.reference AND a.sequence = was.sequence"
        " WHERE a.hash IS DISTINCT FROM decode(was.head, 'hex') ORDER BY 1",
        [name.removesuffix(SUFFIX) for name in names],
        [anchored[name][0] for name in names],
        [anchored[name][1] for name in names],
    )
    return [row["reference"] + SUFFIX for row in rows]


async def first_break(
    pool: Pool | Connection, chain: ChainKey, reference: str, anchored: tuple[int, str] | None = None
) -> LookBreak | None:
    """The first entry of a referral's access log that is not as it was recorded, or None. Holds after erasure.

    Args:
        anchored: how many entries it had when it was last anchored, and the link of the last, in hexadecimal. Without
            it entries that were cut off at the end are not found.
    """
    rows = await pool.fetch(_ROWS, reference)
    previous = b""
    for place, row in enumerate(rows, 1):
        if row["sequence"] != place:
            return LookBreak(place, "It is missing.")
        previous = link(chain, previous, reference, place, *row[2:9])
        if row["hash"] != previous:
            return LookBreak(place, "It is not as it was recorded.")
    if anchored is not None:
        length, last = anchored
        if length > len(rows) or rows[length - 1]["hash"].hex() != last:
            return LookBreak(
                min(length, len(rows) + 1), "It does not hold what it held when it was anchored."
            )
    return None


def _place(reference: str, sequence: int) -> bytes:
    # What is sealed opens only where it was put.
    return f"{reference}{SUFFIX}/{sequence}".encode()


def _look(row: asyncpg.Record, key: DataKey | None) -> Look:
    sealed = row["sealed"]
    reason = None
    if key is not None and sealed is not None:
        # One that was forged past us stays sealed, and hides no other; `rj verify` names it.
        with suppress(SealBroken):
            reason = key.open(sealed, _place(row["reference"], row["sequence"])).decode()
    return Look(
        reference=row["reference"],
        sequence=row["sequence"],
        at=row["at"],
        staff=row["staff"],
        role=Role(row["role"]),
        kind=DataKind(row["kind"]),
        relation=Relation(row["relation"]),
        way_in=WayIn(row["way_in"]),
        reason_given=sealed is not None,
        reason=reason,
    )
