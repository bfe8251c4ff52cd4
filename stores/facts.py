"""Coarse facts in PostgreSQL: area, month, name and value, under an id that only holders of the keys can compute."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from hashlib import sha256

from lifecycle.coarse_facts import Changes, CoarseFact
from stores.database import Connection
from stores.keys.referral_keys import KeyStore
from stores.logs.chain import derived


class FactKey:
    """The key of the facts' ids, one per installation. Its repr hides it.

    A correction or an erasure finds a fact by its id; without the master keys nobody can tell its referral.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return "FactKey()"

    def id(self, reference: str, fact: CoarseFact) -> str:
        """The fact's id, 32 bytes in hexadecimal."""
        # Neither a reference nor a number contains this separator.
        whose = f"{reference}\x1f{fact.sequence}\x1f{fact.place}"
        return hmac.new(self._raw, whose.encode(), sha256).hexdigest()


async def fact_key(keys: KeyStore) -> FactKey:
    """The key of the facts' ids, derived from the installation's secret, which the master keys wrap."""
    return FactKey(derived(await keys.installation_secret(), b"rj facts"))


def fact_rows(key: FactKey, reference: str, facts: Iterable[CoarseFact]) -> list[dict[str, str]]:
    """The rows of these facts, JSON-ready; the area is the referral's."""
    return [
        {
            "id": key.id(reference, each),
            "month": each.month.isoformat(),
            "name": each.name,
            "value": each.value,
        }
        for each in facts
    ]


def as_arguments(key: FactKey, reference: str, changed: Changes) -> tuple[str, list[str]]:
    """A step's changes to the facts as arguments of record_step(): the new facts, and the ids of those to delete."""
    gone = [key.id(reference, each) for each in changed.gone]
    return json.dumps(fact_rows(key, reference, changed.added)), gone


async def add(connection: Connection, key: FactKey, reference: str, facts: Iterable[CoarseFact]) -> None:
    """Insert these facts where missing, as the table's owner; steps insert theirs by record_step()."""
    await connection.execute(
        "INSERT INTO fact (id, area, month, name, value)"
        " SELECT decode(new.id, 'hex'), area, new.month, new.name, new.value"
        " FROM jsonb_to_recordset($2) AS new (id text, month date, name text, value text)"
        " JOIN referral ON reference = $1 ON CONFLICT DO NOTHING",
        reference,
        json.dumps(fact_rows(key, reference, facts)),
    )


async def remove(connection: Connection, key: FactKey, reference: str, facts: Iterable[CoarseFact]) -> None:
    """Delete these facts where present, in the caller's transaction."""
    ids = [bytes.fromhex(key.id(reference, each)) for each in facts]
    await connection.execute("DELETE FROM fact WHERE id = ANY($1)", ids)
