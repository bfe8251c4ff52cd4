"""The address of a referral, and the reason that somebody gives who looks at a sensitive case of others."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeAlias

from starlette.responses import Response

from casework.failures import Refused
from casework.referral.page.reading import look_with_reason
from console.addresses import as_reference
from console.asked import Asked
from console.pages import Handler
from console.sign_in.welcome import page_of_ours
from schemas.access import LONGEST_REASON

OfReferral: TypeAlias = Callable[[Asked, str], Awaitable[Response]]

_ABOUT_THE_REASON = frozenset({"reason_needed", "reason_says_nothing", "reason_too_long"})


def of_referral(answer: OfReferral) -> Handler:
    """Make a handler of a function that answers for the referral whose reference stands in the address.

    A reference that is written in another way leads to the address as it should be. Where somebody has to say why they
    look, they are asked.
    """

    @functools.wraps(answer)
    async def answered(asked: Asked) -> Response:
        typed = asked.request.path_params["reference"]
        reference = as_reference(typed)
        if reference != typed:
            path = asked.request.url.path.replace(typed, reference, 1)
            return asked.redirect(f"{path}?{asked.request.url.query}".rstrip("?"))
        try:
            return await answer(asked, reference)
        except Refused as refused:
            if refused.code != "reason_needed":
                raise
        query = f"?{asked.request.url.query}" if asked.request.url.query else ""
        return _ask_why(asked, reference, asked.request.url.path + query, HTTPStatus.FORBIDDEN)

    return answered


@of_referral
async def give_reason(asked: Asked, reference: str) -> Response:
    """Record why somebody looks, and lead them to what they wanted to see."""
    back = page_of_ours(asked.posted_text("back"))
    if not back.startswith(f"/referrals/{reference}"):
        back = f"/referrals/{reference}"
    said = asked.posted_text("reason")
    try:
        await look_with_reason(dataclasses.replace(asked.session, reason=said), reference)
    except Refused as refused:
        if refused.code not in _ABOUT_THE_REASON:
            raise
        wrong = refused.message if said else "Say why you need to look."
        return _ask_why(asked, reference, back, HTTPStatus.UNPROCESSABLE_ENTITY, wrong=wrong, said=said)
    return asked.redirect(back)


def _ask_why(
    asked: Asked, reference: str, back: str, status: HTTPStatus, *, wrong: str = "", said: str = ""
) -> Response:
    return asked.show(
        "referral/reason.html",
        status=status,
        reference=reference,
        back=back,
        wrong=wrong,
        said=said,
        longest=LONGEST_REASON,
    )
