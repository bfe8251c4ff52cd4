"""Signing in at the service's OpenID provider."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from casework.failures import Refused
from casework.signing_in.openid import ANSWERS_WITHIN, OpenIdProvider
from console.asked import Visit
from console.security.cookies import PROVIDER, keep_for
from console.sign_in.arriving import signed_in_as
from console.sign_in.welcome import page_of_ours
from schemas.web import SignedInBy


async def go_to_provider(visit: Visit) -> Response:
    """Lead to the provider."""
    wanted = page_of_ours(visit.request.query_params.get("next", ""))
    begun = await _provider(visit).begin(visit.referrals.keys, wanted, visit.console.now())
    answer = RedirectResponse(begun.address, 303)
    keep_for(answer, PROVIDER, begun.ticket, int(ANSWERS_WITHIN.total_seconds()))
    return answer


async def come_from_provider(visit: Visit) -> Response:
    """Sign in whom the provider names, if the staff register knows them."""
    arrived = await _provider(visit).arrive(
        visit.referrals,
        visit.request.cookies.get(PROVIDER, ""),
        dict(visit.request.query_params),
        visit.console.now(),
    )
    answer = visit.redirect(page_of_ours(arrived.next))
    return await signed_in_as(visit, arrived.member.id, SignedInBy.PROVIDER, answer)


def _provider(visit: Visit) -> OpenIdProvider:
    if visit.console.provider is None:
        raise Refused("no_provider", "People do not sign in through another service here.")
    return visit.console.provider
