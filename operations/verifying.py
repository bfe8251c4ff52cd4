"""Checking that everything is as it was recorded, against what lies outside the database as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lifecycle import Refused
from runtime.referrals import Referrals
from stores.logs import access_log, search_log, staff_log
from stores.logs.anchors import REGISTER, AnchorProblem, Anchors, fold
from stores.logs.chain import chain_key
from stores.logs.verifying import Break, gone, orphans
from stores.logs.verifying import verify as verify_logs
from stores.referrals import all_references, area_of


@dataclass(frozen=True)
class Verified:
    """What was found.

    Attributes:
        checked: how many referrals were looked at.
        anchors: how many anchors there are.
        newest_anchor: when the last was made, UTC.
        breaks: what is not as it was recorded.
    """

    checked: int
    anchors: int
    newest_anchor: datetime | None
    breaks: list[Break]


async def verify(
    referrals: Referrals, anchors: Anchors, reference: str | None, progress: Callable[[int, int], None]
) -> Verified:
    """Check one referral, or all and whether any is gone.

    Raises:
        Refused: there is no such referral.
    """
    breaks: list[Break] = []
    try:
        known = await anchors.known()
    except AnchorProblem as problem:
        known = []
        breaks.append(Break("anchors", None, str(problem)))
    anchored = fold(known)
    references = await all_references(referrals.pool)
    if reference is not None:
        if await area_of(referrals.pool, reference) is None and reference not in anchored:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        references = [each for each in references if each == reference]
        own = (reference, reference + access_log.SUFFIX)
        anchored = {name: where for name, where in anchored.items() if name in own}
    else:
        breaks += await orphans(referrals.pool)
    breaks += gone(references, anchored)
    done = 0
    chain = await chain_key(referrals.keys)
    if reference is None:
        found = await staff_log.verify(referrals.pool, chain, anchored.get(REGISTER))
        breaks += [
            Break(f"staff register, {each.subject or 'its log'}", each.sequence, each.said) for each in found
        ]
        searches = await search_log.breaks(referrals.pool, chain, anchored)
        breaks += [
            Break(f"the searches of {who}", each.sequence, each.said) for who, each in searches.items()
        ]
    async for each, broken in verify_logs(referrals.pool, referrals.keys, references, anchored):
        breaks += [broken] if broken else []
        looks = await access_log.first_break(
            referrals.pool, chain, each, anchored.get(each + access_log.SUFFIX)
        )
        breaks += [Break(f"{each}, its access log", looks.sequence, looks.said)] if looks else []
        done += 1
        progress(done, len(references))
    return Verified(len(references), len(known), known[-1].made_at if known else None, breaks)
