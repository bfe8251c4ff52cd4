"""The states of referrals as their logs tell them without a key, kept so that only what is new has to be read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from lifecycle import evolve
from schemas.policy import Policy
from schemas.referral import Referral
from stores.database import Connection, Pool
from stores.logs.event_log import recorded_without_key

_SIZE = 4096
_POLICIES = 64


class States:
    """The states that a process asked for last. Nothing that is sealed is in them.

    Events are never changed, so that the state at a sequence stays true. Whether a referral is of the areas that may be
    seen is asked of PostgreSQL each time, together with what is new.
    """

    def __init__(self, size: int = _SIZE) -> None:
        """Keep at most so many states."""
        self._size = size
        self._kept: OrderedDict[str, Referral] = OrderedDict()
        self._policies: OrderedDict[str, Policy] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    async def of(self, pool: Pool | Connection, references: Collection[str]) -> dict[str, Referral]:
        """The state of each of these referrals, as far as the pool's areas may see it."""
        if not references:
            return {}
        known = {each: self._kept.get(each) for each in dict.fromkeys(references)}
        rows = await pool.fetch(
            "SELECT referral.reference, event.sequence, event.step, event.at, event.actor, event.role,"
            " event.command_id, event.body"
            " FROM unnest($1::text[], $2::integer[]) AS known (reference, sequence)"
            " JOIN referral USING (reference)"
            " LEFT JOIN event ON event.reference = referral.reference AND event.sequence > known.sequence"
            " ORDER BY referral.reference, event.sequence",
            list(known),
            [each.sequence if each else 0 for each in known.values()],
        )
        found: dict[str, Referral | None] = {}
        for row in rows:
            reference = row["reference"]
            state = found.get(reference) or known[reference]
            found[reference] = state if row["sequence"] is None else evolve(state, recorded_without_key(row))
        return {reference: self._keep(state) for reference, state in found.items() if state is not None}

    def _keep(self, state: Referral) -> Referral:
        before = self._kept.get(state.reference)
        if before is None or before.sequence < state.sequence:
            state = state.model_copy(update={"policy": self._shared(state.policy)})
            self._kept[state.reference] = state
        self._kept.move_to_end(state.reference)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return state

    def _shared(self, policy: Policy) -> Policy:
        """One copy of the policies that are equal: a policy is four times as large as all else of a state."""
        kept = self._policies.setdefault(policy.version, policy)
        if len(self._policies) > _POLICIES:
            self._policies.popitem(last=False)
        return kept if kept == policy else policy
