"""Adopting the policy in force for all referrals of an area: each by an ordinary step, so that rules and log hold."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid5

from pydantic import Field
from temporalio import activity

from activities.callers import require_caller
from activities.reassignment import Take
from lifecycle import Refused
from schemas.areas import Area
from schemas.base import Model
from schemas.commands import AdoptPolicy
from schemas.people import StaffId
from stores import open_referrals
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyUnknown

PAGE = 100
"""How many referrals adopt the policy by one activity."""

NAMED = 100
"""How many refused referrals are kept by name; the others are counted."""

SAME_POLICY = "same_policy"

_AT_ONCE = 10


class PolicyAdoption(Model):
    """Whose referrals are to adopt which version, and who asks for it."""

    area: Area | None = Field(description="the one area that was asked for; None: all of `versions`")
    versions: dict[Area, str] = Field(description="of the policy that each area's referrals are to adopt")
    asked_by: StaffId
    run: UUID = Field(description="the steps' command ids are derived from it, so that each is taken once")

    @property
    def scope(self) -> str:
        """The area that was asked for, or `all`: the last part of the workflow's id."""
        return self.area or "all"


class NotAdopted(Model):
    """A referral that keeps the policy it had."""

    reference: str
    code: str = Field(description="of the refusal")
    message: str


class AdoptionTally(Model):
    """What became of referrals that were to adopt the policy in force."""

    adopted: int = 0
    already: int = Field(default=0, description="they had it")
    refused: int = 0
    named: tuple[NotAdopted, ...] = Field(default=(), description="the first of those refused")

    @property
    def done(self) -> int:
        """How many were dealt with."""
        return self.adopted + self.already + self.refused

    def __add__(self, other: AdoptionTally) -> AdoptionTally:
        return AdoptionTally(
            adopted=self.adopted + other.adopted,
            already=self.already + other.already,
            refused=self.refused + other.refused,
            named=(*self.named, *other.named)[:NAMED],
        )


class AdoptionPage(Model):
    """Some of the referrals that are to adopt the policy: each with its area, by reference."""

    referrals: tuple[tuple[str, Area], ...]
    remaining: int = Field(description="how many there are from the first of these on")


class PolicyAdoptions:
    """The activities with what they work on.

    Args:
        pool: connections with the application's rights.
        take: sends a command to a referral, as for a person; raises lifecycle.Refused where it is not taken.
    """

    def __init__(self, pool: Pool, take: Take) -> None:
        self._pool = pool
        self._take = take

    @activity.defn
    async def find_referrals_to_adopt(self, asked: PolicyAdoption, after: str) -> AdoptionPage:
        """The next page of the areas' open referrals: those whose reference comes after this one."""
        _require_own_workflow(asked)
        found, remaining = await open_referrals.open_in_areas(
            self._pool, sorted(asked.versions), after=after, limit=PAGE
        )
        return AdoptionPage(referrals=tuple(found), remaining=remaining)

    @activity.defn
    async def adopt_policies(
        self, asked: PolicyAdoption, referrals: tuple[tuple[str, Area], ...]
    ) -> AdoptionTally:
        """Have these referrals adopt the policy. A retry goes on where the last try was heard of, and takes no step
        twice.
        """
        _require_own_workflow(asked)
        heard = activity.info().heartbeat_details
        tally = AdoptionTally.model_validate(heard[0]) if heard else AdoptionTally()
        rest = referrals[tally.done :]
        for start in range(0, len(rest), _AT_ONCE):
            some = rest[start : start + _AT_ONCE]
            for one in await asyncio.gather(*(self._adopt(asked, *each) for each in some)):
                tally += one
            activity.heartbeat(tally)
        return tally

    async def _adopt(self, asked: PolicyAdoption, reference: str, area: Area) -> AdoptionTally:
        command = AdoptPolicy(version=asked.versions[area])
        try:
            await self._take(reference, command, asked.asked_by, uuid5(asked.run, reference))
        except Refused as refused:
            if refused.code == SAME_POLICY:
                return AdoptionTally(already=1)
            return _refused(reference, refused.code, refused.message)
        except (KeyErased, KeyUnknown):
            return _refused(reference, "erased", "It was erased.")
        return AdoptionTally(adopted=1)


def _require_own_workflow(asked: PolicyAdoption) -> None:
    require_caller("AdoptPolicyWorkflow", f"service/adopt-policy/{asked.asked_by}/{asked.scope}")


def _refused(reference: str, code: str, message: str) -> AdoptionTally:
    return AdoptionTally(refused=1, named=(NotAdopted(reference=reference, code=code, message=message),))
