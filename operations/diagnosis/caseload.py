"""What is wrong with what the referrals rest on: who can sign off, the number that messages name, the policies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from lifecycle.rules import SUPERVISORS
from lifecycle.stages.intake import MAY_OPEN
from runtime.findings import Finding, Severity
from schemas.areas import Area
from schemas.people import Staff
from schemas.policy import Policies, Policy
from stores import open_referrals, staff
from stores.database import Pool
from stores.open_referrals import KeptPolicy


async def caseload(pool: Pool, policies: Policies | None, *, outward: bool) -> list[Finding]:
    """Look at the register, and at the open referrals beside the policies in use.

    Args:
        policies: what new referrals are opened under; None where that cannot be used, which is told elsewhere.
        outward: whether messages leave the house by any channel.
    """
    members = [member for member in await staff.list_staff(pool) if member.active]
    open_by_area = await open_referrals.open_by_area(pool)
    found = [register(members, open_by_area)]
    if policies is None:
        return found
    if outward:
        found.append(phone({*open_by_area, *_areas(members)}, policies))
    return [*found, versions(await open_referrals.policies_kept(pool), policies)]


def register(members: Sequence[Staff], open_by_area: Mapping[Area, int]) -> Finding:
    """Whether there is somebody to open a referral and, in every area, two who can sign off.

    Args:
        members: the active ones.
        open_by_area: how many referrals are open there.
    """
    check = "staff"
    if not any(member.role in MAY_OPEN for member in members):
        return Finding(
            check,
            Severity.SETUP,
            "Nobody in the register may open a referral.",
            "Enter them: `rj staff first --help`, then `rj staff add --help`.",
        )
    lacking = sorted({*open_by_area, *_areas(members)} - _where_two_sign_off(members))
    if not lacking:
        return Finding(check, Severity.OK, f"{len(members)} active; in every area two can sign off.")
    named = ", ".join(
        f"{area} ({open_by_area[area]} open)" if area in open_by_area else area for area in lacking
    )
    return Finding(
        check,
        Severity.BLOCKED if open_by_area.keys() & lacking else Severity.NOTE,
        f"Fewer than two people can sign off in {named}; nobody signs off their own work.",
        "Enter another supervisor or service manager there: `rj staff add --help`.",
    )


def _areas(members: Iterable[Staff]) -> set[Area]:
    return {area for member in members for area in member.areas}


def _where_two_sign_off(members: Iterable[Staff]) -> set[Area]:
    able = [member for member in members if member.role in SUPERVISORS]
    return {area for one, other in combinations(able, 2) for area in set(one.areas) & set(other.areas)}


def phone(areas: Collection[Area], policies: Policies) -> Finding:
    """Whether messages to participants name a number that they may ring, in each of these areas."""
    check = "service phone"
    lacking = sorted(area for area in areas if not policies.of(area).service_phone)
    if not lacking:
        return Finding(check, Severity.OK, "Messages name a number to ring in every area.")
    return Finding(
        check,
        Severity.NOTE,
        f"Messages name no number to ring in {', '.join(lacking)}, so that nobody can answer them.",
        "Set service_phone in the policy file, for all or under [areas.NAME].",
    )


def versions(kept: Iterable[KeptPolicy], policies: Policies) -> Finding:
    """Whether a version of the policy means the same to open referrals as to new ones."""
    check = "policy versions"
    differing = [each for each in kept if _same_version_otherwise(each.policy, policies.of(each.area))]
    if not differing:
        return Finding(check, Severity.OK, "Each version means the same to every open referral.")
    said = "; ".join(
        f"{each.referrals} open in {each.area} keep a version {each.policy.version} of {each.policy.name} that "
        f"differs in {', '.join(_differs(each.policy, policies.of(each.area)))}"
        for each in differing
    )
    return Finding(
        check,
        Severity.NOTE,
        f"The policy was changed without a new version: {said}.",
        "Give it a new version, restart the workers, and let referrals go on under it: `rj policy adopt --help`.",
    )


def _same_version_otherwise(kept: Policy, in_use: Policy) -> bool:
    return kept.version == in_use.version and kept != in_use


def _differs(one: Policy, other: Policy) -> list[str]:
    return [field for field in Policy.model_fields if getattr(one, field) != getattr(other, field)]
