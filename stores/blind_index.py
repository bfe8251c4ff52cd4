"""The blind index: by which terms each referral is found, as keyed hashes.

Without the master keys nobody can tell whose name or number a token is.

A token is an HMAC-SHA256 of a term, cut to 64 bits: enough that no two of many millions meet by chance, and half the
room of a longer one. The key is derived from the installation's secret, so that no two installations make the same.
Rows are written in the transaction of the step that changes them, and an erasure deletes them (0018_blind_indexes.sql).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from lifecycle.people.search_terms import Term
from schemas.areas import Area
from schemas.vocabulary import Stage
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs.chain import derived

NO_CHANGE = "{}"
"""The argument of record_step() for a step that changes nothing in the index."""

_TOKEN_BYTES = 8
_SOUGHT_BYTES = 16


class IndexKey:
    """The key of the tokens, one per installation. Its repr hides it."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return "IndexKey()"

    def token(self, term: Term) -> int:
        """The token of a term, as a signed integer of 64 bits."""
        return int.from_bytes(self._digest("", *term)[:_TOKEN_BYTES], signed=True)

    def tokens(self, terms: Iterable[Term]) -> list[int]:
        """The tokens of some terms, in an order that tells nothing of them."""
        return sorted(map(self.token, terms))

    def sought(self, values: Iterable[tuple[str, str]]) -> bytes:
        """What was searched for, as the log of searches has it: 16 bytes, the same for the same values in any order.

        Args:
            values: each with its kind. No token can be told from the result.
        """
        each = sorted(self._digest("sought", *value) for value in set(values))
        return hmac.digest(self._raw, b"sought" + b"".join(each), sha256)[:_SOUGHT_BYTES]

    def _digest(self, purpose: str, kind: str, value: str) -> bytes:
        # No purpose and no kind contains this separator.
        said = f"{purpose}\x1f{kind}\x1f{value}"
        return hmac.digest(self._raw, said.encode(), sha256)


async def index_key(keys: KeyStore) -> IndexKey:
    """The key of the tokens, derived from the installation's secret, which the master keys wrap."""
    return IndexKey(derived(await keys.installation_secret(), b"rj blind index"))


def as_argument(key: IndexKey, terms: Mapping[str, Collection[Term] | None]) -> str:
    """What changes in the index of a referral, as record_step() takes it: of each of these all tokens, or null for whom
    there are none any more.
    """
    return json.dumps({who: None if found is None else key.tokens(found) for who, found in terms.items()})


class Hit(NamedTuple):
    """A participant, or the case itself, who has all the terms of one reading.

    Attributes:
        reading: which of the readings, from 0.
        participant: their id; empty for the case itself.
        co_facilitated: whether anybody was ever named its co-facilitator, or facilitator of one of its activities.
    """

    reading: int
    reference: str
    participant: str
    area: Area
    stage: Stage
    sensitive: bool
    caseworker: str | None
    facilitator: str | None
    co_facilitated: bool


async def find(
    pool: Pool,
    key: IndexKey,
    readings: Sequence[Collection[Term]],
    *,
    areas: Collection[Area],
    sensitive_of: Collection[str] | None,
    limit: int,
) -> list[Hit]:
    """Who has all the terms of one of these readings: those of an earlier reading first, then the newest referral.

    Args:
        pool: within the areas of who asks.
        readings: what may be meant by what was asked; one without terms finds nobody.
        areas: only in these.
        sensitive_of: of sensitive cases only those on which one of these members of staff works or worked; None: all.
        limit: how many referrals at the most.
    """
    rows = await pool.fetch(
        "WITH hit AS (SELECT reading, reference, participant FROM find_people($1)), shown AS ("
        "  SELECT reference, area, stage, sensitive, caseworker, facilitator, received_at, best.reading AS first,"
        "   EXISTS (SELECT FROM event e WHERE e.reference = r.reference AND e.kind = 'facilitators_assigned'"
        "    AND (e.body ->> 'co_facilitator' IS NOT NULL OR e.body ->> 'activity' IS NOT NULL)) AS co_facilitated"
        "  FROM referral r JOIN (SELECT reference, min(reading) AS reading FROM hit GROUP BY reference) best"
        "   USING (reference) WHERE area = ANY($2)"
        "  AND ($3::text[] IS NULL OR NOT sensitive OR caseworker = ANY($3) OR facilitator = ANY($3)"
        "   OR EXISTS (SELECT FROM event e WHERE e.reference = r.reference AND e.kind = 'facilitators_assigned'"
        "    AND (e.body ->> 'facilitator' = ANY($3) OR e.body ->> 'co_facilitator' = ANY($3))))"
        "  ORDER BY first, received_at DESC, reference LIMIT $4)"
        " SELECT reading, reference, participant, area, stage, sensitive, caseworker, facilitator, co_facilitated"
        " FROM shown JOIN hit USING (reference) ORDER BY first, received_at DESC, reference, reading, participant",
        json.dumps([key.tokens(reading) for reading in readings]),
        list(areas),
        None if sensitive_of is None else list(sensitive_of),
        limit,
    )
    return [Hit(**dict(row) | {"area": Area(row["area"]), "stage": Stage(row["stage"])}) for row in rows]


async def replace(
    pool: Pool, key: IndexKey, reference: str, sequence: int, terms: Mapping[str, Collection[Term]]
) -> bool:
    """Write the index of one referral anew, or delete it where the referral was erased.

    Args:
        sequence: of the last event that the terms were read from.

    Returns:
        False where the log has gone on since; then nothing was changed.
    """
    done: bool = await pool.nowhere.fetchval(
        "SELECT index_people($1, $2, $3)", reference, sequence, as_argument(key, terms)
    )
    return done


async def not_as_it_should_be(pool: Pool) -> tuple[int, int]:
    """How many referrals that were not erased are not in the index, and how many erased ones are."""
    row = await pool.nowhere.fetchrow("SELECT missing, left_over FROM index_state()")
    return (row["missing"], row["left_over"]) if row else (0, 0)
