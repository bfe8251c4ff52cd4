"""What the logs of many referrals tell of their people's names, read at once and without the rest of the events.

An event that opens a referral holds its whole policy, and a correction the whole state: to read them as they are takes
ten times as long as to read the names. PostgreSQL goes through each once, for all that is told of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import asyncpg

from schemas.base import Model
from schemas.events import (
    Event,
    ParticipantAdded,
    ParticipantAmended,
    Recorded,
    ReferralReceived,
    StepCorrected,
)
from schemas.facts import NewParticipant
from schemas.people import Person
from schemas.privacy import join
from stores.database import Pool
from stores.keys.referral_keys import DataKey
from stores.logs.event_log import opened_part

T = TypeVar("T", bound=Model)

_PARTS = ("participants", "participant", "person", "corrects")


async def events_with_names(pool: Pool, keys: Mapping[str, DataKey]) -> dict[str, list[Recorded]]:
    """The events that tell of names, and those that take steps back, in order; of each only what tells of names.

    Args:
        keys: of each referral that is asked for.
    """
    rows = await pool.fetch(
        "SELECT reference, sequence, step, kind, sealed, told.* FROM event,"
        " json_to_record(body) AS told (participants json, participant json, person json, corrects json)"
        " WHERE reference = ANY($1) AND kind = ANY($2) ORDER BY reference, sequence",
        list(keys),
        list(_READ),
    )
    found: dict[str, list[Recorded]] = {}
    for row in rows:
        recorded = _partly(
            Recorded, sequence=row["sequence"], step=row["step"], event=_read(row, keys[row["reference"]])
        )
        found.setdefault(row["reference"], []).append(recorded)
    return found


def _read(row: asyncpg.Record, key: DataKey) -> Event:
    public = {name: json.loads(row[name]) for name in _PARTS if row[name] is not None}
    return _READ[row["kind"]](
        join(public, opened_part(key, row["reference"], row["sequence"], row["sealed"]))
    )


def _partly(model: type[T], **told: Any) -> T:
    """A model of which only this is told; it was checked when it was recorded."""
    return cast("T", model.model_construct(None, **told))


def _person(body: Mapping[str, Any] | None) -> Person:
    return _partly(Person, name=(body or {}).get("name"))


def _participant(body: Mapping[str, Any]) -> NewParticipant:
    return _partly(NewParticipant, id=body["id"], person=_person(body.get("person")), contact_safety=None)


def _received(body: Mapping[str, Any]) -> Event:
    return _partly(ReferralReceived, participants=tuple(map(_participant, body["participants"])))


def _added(body: Mapping[str, Any]) -> Event:
    return _partly(ParticipantAdded, participant=_participant(body["participant"]))


def _amended(body: Mapping[str, Any]) -> Event:
    return _partly(
        ParticipantAmended,
        participant=body["participant"],
        person=_person(body.get("person")),
        no_longer_safe=(),
    )


def _corrected(body: Mapping[str, Any]) -> Event:
    return _partly(StepCorrected, corrects=body["corrects"])


_READ: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "referral_received": _received,
    "participant_added": _added,
    "participant_amended": _amended,
    "step_corrected": _corrected,
}
