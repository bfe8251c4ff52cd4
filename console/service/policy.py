"""The policy: what it settles and on what ground, who keeps which version, and adopting what is in force."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.adoption import (
    adoption_prospect,
    adoption_seen,
    begin_adoption,
    policy_in_force,
    versions,
    versions_kept,
)
from casework.failures import Refused
from casework.referral.steps import take
from casework.words.policy import deadline_words, fact_words, notice_words, number_words
from console.addresses import as_id, read_area
from console.asked import Asked
from schemas.areas import Area
from schemas.commands import AdoptPolicy
from schemas.reading.reference import parse_reference

_REFRESH = {"Refresh": "3"}
_ALL = "all"


async def policy(asked: Asked) -> Response:
    """Show what the policy of an area settles, and which referrals keep which version."""
    area = read_area(asked.request.query_params) or asked.session.member.areas[0]
    kept = await versions_kept(asked.session, area)
    found = policy_in_force(asked.session, area)
    return asked.show(
        "service/policy.html",
        area=area,
        policy=found,
        deadlines=tuple(deadline_words(found)),
        numbers=tuple(number_words(found)),
        facts=tuple(fact_words(found)),
        notices=tuple(map(notice_words, found.notices)),
        kept=kept,
        behind=sum(each.referrals for each in kept if not each.in_force),
        done=asked.request.query_params.get("done"),
    )


async def adopt(asked: Asked) -> Response:
    """Show what adopting would reach, before it is begun."""
    which, reference, area = _asked_for(asked)
    if which == "reference":
        was, version = await versions(asked.session, reference)
        return asked.show(
            "service/adopt_one.html", reference=reference, was=was, version=version, command=uuid4()
        )
    expected = await adoption_prospect(asked.session, area)
    return asked.show("service/adopt_many.html", expected=expected, scope=area or _ALL)


async def begin(asked: Asked) -> Response:
    """Have one referral adopt the policy that is in force, or begin to have all do so."""
    which, reference, area = _asked_for(asked)
    if which == "reference":
        command = AdoptPolicy(version=asked.posted_text("version"))
        await take(asked.session, reference, command, as_id(asked.posted_text("command")))
        return asked.redirect(f"/policy?done={reference}")
    await begin_adoption(asked.session, area)
    return asked.redirect(f"/policy/adoptions/{area or _ALL}")


async def adoption(asked: Asked) -> Response:
    """Show how far an adoption has come. The page looks again by itself until it has ended."""
    scope = asked.request.path_params["scope"]
    area = None if scope == _ALL else read_area({"area": scope})
    seen = await adoption_seen(asked.session, area)
    answer = asked.show("service/adoption.html", seen=seen, area=area)
    if seen is not None and seen.running:
        answer.headers.update(_REFRESH)
    return answer


def _asked_for(asked: Asked) -> tuple[str, str, Area | None]:
    """Which of the three was asked for, with the reference or the area."""
    which = asked.posted_text("which")
    match which:
        case "reference":
            try:
                return which, parse_reference(asked.posted_text("reference")), None
            except ValueError as error:
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"Reference: {error}.") from None
        case "area":
            return which, "", read_area({"area": asked.posted_text("area")})
        case "all":
            return which, "", None
    raise Refused("field_missing", "Choose one referral, one area, or all of your areas.", "which")
