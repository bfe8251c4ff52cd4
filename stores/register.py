"""Changes to the staff register, each with its event in a chain, or refused.

The database function change_staff() decides who may, since the application cannot change the register otherwise; this
module turns its answers into sentences.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from lifecycle import Refused
from schemas.base import Model
from schemas.people import Staff, StaffId
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs.chain import ChainKey, chain_key

# The register changes so rarely that two conflicts in a row are very unlikely.
_TRIES = 20


class Kind(StrEnum):
    """The kind of a register event."""

    CARRIED_OVER = "carried_over"
    FIRST = "first"
    ENTERED = "entered"
    CHANGED = "changed"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    ABSENT = "absent"
    BACK = "back"
    MESSAGES = "messages"


class Entry(Model):
    """One event of the register.

    Attributes:
        before: the person as they were; None where they were not there.
        after: as they became, or would become by a proposal.
    """

    sequence: int
    at: datetime
    actor: StaffId
    kind: Kind
    subject: StaffId
    before: Staff | None
    after: Staff | None


State: TypeAlias = dict[str, Any]
"""A person as the SQL function staff_state() returns them."""


class _Stands(NamedTuple):
    """The state that a change is based on."""

    sequence: int
    link: bytes
    now: datetime
    before: str | None
    proposal: str | None
    proposer: str | None


async def enter_first(pool: Pool, keys: KeyStore, member: Staff) -> None:
    """Enter the first service manager, who enters themself.

    Raises:
        Refused: there is already a service manager, or somebody with that id.
    """

    def change(stands: _Stands) -> tuple[Kind, State | None]:
        if stands.before is not None:
            raise Refused("staff_known", f"{member.id} is in the staff register already.", "id")
        return Kind.FIRST, _given(_state(member), stands.now, member.id)

    await _change(pool, keys, member.id, member.id, change)


async def enter(pool: Pool, keys: KeyStore, member: Staff, by: str) -> Kind | None:
    """Enter a person, or replace the fields that service managers keep; absence and message choices are unchanged.

    Args:
        member: the new entry. A name or an address that is not given stays.
        by: the id of the service manager who does it.

    Returns:
        Kind.ENTERED or Kind.CHANGED; Kind.PROPOSED where it waits for a second service manager; None where nothing
        would change.

    Raises:
        Refused: they may not make this change.
    """
    proposed = False

    def change(stands: _Stands) -> tuple[Kind, State | None] | None:
        known: State | None = json.loads(stands.before) if stands.before else None
        said = _state(member)
        kept = ("absent_until", "stand_in", "at_once", "digest", "role_since", "role_by")
        if known is None:
            after = _given(said | {"absent_until": None, "stand_in": None}, stands.now, by)
        else:
            after = said | {name: known[name] for name in kept}
            after |= {name: said[name] or known[name] for name in ("name", "email")}
            if after == known:
                return None
            if _gains(known, after):
                after = _given(after, stands.now, by)
        if proposed:
            return Kind.PROPOSED, after
        return Kind.CHANGED if known else Kind.ENTERED, after

    while True:
        try:
            return await _change(pool, keys, member.id, by, change)
        except _TakesTwo:
            proposed = True
        except _TakesOne:
            proposed = False


async def confirm(pool: Pool, keys: KeyStore, subject: str, by: str) -> Staff:
    """Confirm the proposal about a person; the person's entry after it.

    Raises:
        Refused: nothing is proposed, or they may not confirm it.
    """
    became: State = {}

    def change(stands: _Stands) -> tuple[Kind, State | None]:
        if stands.proposal is None or stands.proposer is None:
            raise _refused("not_proposed", subject, by)
        known: State = json.loads(stands.before) if stands.before else {}
        after: State = json.loads(stands.proposal)
        if after["role_since"] != known.get("role_since"):
            after = _given(after, stands.now, stands.proposer)
        became.update(after)
        return Kind.CONFIRMED, after

    await _change(pool, keys, subject, by, change)
    return Staff.model_validate(became)


async def decline(pool: Pool, keys: KeyStore, subject: str, by: str) -> None:
    """Decline the proposal about a person.

    Raises:
        Refused: nothing is proposed, or they may not decline it.
    """
    await _change(pool, keys, subject, by, lambda stands: (Kind.DECLINED, _known(stands)))


async def set_messages(pool: Pool, keys: KeyStore, member: Staff) -> None:
    """Record a person's message choices: their address, what is e-mailed at once, and whether they get the digest."""
    chosen = {name: value for name, value in _state(member).items() if name in ("email", "at_once", "digest")}

    def change(stands: _Stands) -> tuple[Kind, State | None] | None:
        known = _known(stands)
        return (Kind.MESSAGES, known | chosen) if known and known | chosen != known else None

    await _change(pool, keys, member.id, member.id, change)


async def set_absent(
    pool: Pool, keys: KeyStore, staff_id: str, until: datetime | None, stand_in: str | None, by: str
) -> None:
    """Record until when a person is absent and who stands in; None ends the absence.

    Raises:
        Refused: it is neither their own absence nor that of somebody in an area they supervise.
    """
    chosen = {"absent_until": _instant(until), "stand_in": stand_in}
    kind = Kind.BACK if until is None else Kind.ABSENT

    def change(stands: _Stands) -> tuple[Kind, State | None] | None:
        known = _known(stands)
        return (kind, known | chosen) if known and known | chosen != known else None

    await _change(pool, keys, staff_id, by, change)


def link(
    key: ChainKey,
    previous: bytes,
    sequence: int,
    at: datetime,
    actor: str,
    kind: str,
    subject: str,
    before: str | None,
    after: str | None,
) -> bytes:
    """The link of an event of the register, over the link before and all that is stored of it."""
    return key.link(previous, "staff register", sequence, at, actor, kind, subject, before, after)


class _TakesTwo(Exception):
    """The change needs a second service manager, so it must be proposed first."""


class _TakesOne(Exception):
    """The change needs no second service manager."""


async def _change(
    pool: Pool,
    keys: KeyStore,
    subject: str,
    by: str,
    change: Callable[[_Stands], tuple[Kind, State | None] | None],
) -> Kind | None:
    """Make a change, again where another one came first; its kind, or None where nothing changes."""
    key = await chain_key(keys)
    for _ in range(_TRIES):
        stands = await _stands(pool, subject)
        wanted = change(stands)
        if wanted is None:
            return None
        kind, state = wanted
        after = json.dumps(state, separators=(",", ":")) if state is not None else None
        sequence = stands.sequence + 1
        made = link(key, stands.link, sequence, stands.now, by, kind, subject, stands.before, after)
        answer: str = await pool.fetchval(
            "SELECT change_staff($1, $2, $3, $4, $5, $6, $7, $8)",
            *(stands.link, stands.now, str(kind), by, subject, stands.before, after, made),
        )
        match answer:
            case "recorded":
                return kind
            case "behind" | "time":
                continue
            case "two_needed":
                raise _TakesTwo
            case "one_is_enough" if kind is Kind.PROPOSED:
                raise _TakesOne
            case _:
                raise _refused(answer, subject, by)
    raise TimeoutError("the staff register kept changing; try again")


_STANDS = """
SELECT coalesce(latest.sequence, 0) AS sequence, coalesce(latest.hash, '\\x') AS link, clock_timestamp() AS now,
    (SELECT staff_state(staff)::text FROM staff WHERE id = $1) AS before,
    asked.after AS proposal, asked.actor AS proposer
FROM (SELECT 1) one
LEFT JOIN (SELECT sequence, hash FROM staff_event ORDER BY sequence DESC LIMIT 1) latest ON TRUE
LEFT JOIN (
    SELECT kind, actor, after::text FROM staff_event
    WHERE subject = $1 AND kind IN ('first', 'entered', 'changed', 'proposed', 'confirmed', 'declined')
    ORDER BY sequence DESC LIMIT 1
) asked ON asked.kind = 'proposed'
"""


async def _stands(pool: Pool, subject: str) -> _Stands:
    row: asyncpg.Record | None = await pool.fetchrow(_STANDS, subject)
    if row is None:
        raise ValueError("a row of nothing is a row")
    return _Stands(*row)


def _known(stands: _Stands) -> State | None:
    return json.loads(stands.before) if stands.before else None


def _gains(known: State, after: State) -> bool:
    """Whether a change lets somebody do more, so that its time and author must be recorded."""
    return bool(
        known["role"] != after["role"]
        or (after["active"] and not known["active"])
        or set(after["areas"]) - set(known["areas"])
    )


def _given(state: State, at: datetime, by: str) -> State:
    return state | {"role_since": _instant(at), "role_by": by}


def _state(member: Staff) -> State:
    """A person as the SQL function staff_state() returns them."""
    told = member.model_dump(mode="json") | {
        "absent_until": _instant(member.absent_until),
        "role_since": _instant(member.role_since),
    }
    # Marks that are younger than the register are told only where they are borne.
    return {name: value for name, value in told.items() if value or name not in ("volunteer", "trainee")}


def _instant(at: datetime | None) -> str | None:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if at is not None else None


def _refused(answer: str, subject: str, by: str) -> Refused:
    code, _, detail = answer.partition(":")
    field, sentence = {
        "staff_unknown": ("as", f"{by} is not in the staff register."),
        "staff_inactive": ("as", f"{by} is no longer active."),
        "not_your_role": ("as", "The staff register is kept by service managers."),
        "too_new": (
            "as",
            f"{by} has been a service manager for less than a day, and may not make supervisors yet.",
        ),
        "own_entry": ("as", "Nobody may change their own rights; another service manager must."),
        "staff_other_area": ("as", f"Only a service manager of {detail} may do this."),
        "not_first": ("id", "There is already a service manager, who enters others: rj staff add."),
        "not_proposed": ("id", f"Nothing is proposed about {subject}."),
        "changed_since": ("id", f"{subject} was changed after this was proposed: propose it again."),
        "proposer_may_not": ("id", "The proposer may no longer do this: propose it again."),
        "one_is_enough": (
            "id",
            "This no longer needs a second service manager: enter it anew.",
        ),
        "another_confirms": ("as", "Another service manager must confirm what you proposed."),
        "a_week": (
            "as",
            f"Only {subject} could confirm this: confirm it yourself a week after you proposed it.",
        ),
        "not_theirs": (
            "as",
            "An absence may be entered only by the person or by a supervisor of their area.",
        ),
        "not_yours": ("as", "Only the person may choose their own messages."),
    }[code]
    return Refused(code, sentence, field)
