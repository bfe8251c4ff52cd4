"""What was sent when the sign-in had run out, or while no server answered: kept, and offered again.

Without a sign-in nobody is known for whom it could be kept as a draft. It is kept for ten minutes, sealed with a random
key that only the browser holds, and given to the same person once they have signed in there again.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from casework import drafts
from casework.failures import failure_of
from console.asked import Asked, Visit

COOKIE = "__Host-unsent"
KEPT_AT = "/kept"
"""Where it is offered again."""

BY = "_by"
"""The field of a form that says who filled it in."""

_TEN_MINUTES = 600


class Unsent(BaseModel):
    """A form that was sent and not taken.

    Attributes:
        address: it was sent to.
        fields: with their values, in order, without the token of the session that has ended.
    """

    address: str
    fields: list[tuple[str, str]]

    @property
    def by(self) -> str:
        """Who filled it in; empty where it does not say."""
        return next((value for name, value in self.fields if name == BY), "")


def texts_in(posted: FormData) -> list[tuple[str, str]]:
    """The fields of a form with their values, without files."""
    return [(name, value) for name, value in posted.multi_items() if isinstance(value, str)]


async def signed_out_with_form(visit: Visit) -> Response:
    """Say that nothing was recorded, and keep what was sent until the person has signed in again."""
    fields = [(name, value) for name, value in texts_in(visit.posted) if name != "csrf"]
    unsent = Unsent(address=_address(visit.request), fields=fields)
    try:
        secret = await drafts.keep_unsent(visit.referrals, unsent.model_dump_json())
    except Exception as error:
        if failure_of(error) is None:
            raise
        secret = None
    answer = visit.show("errors/signed_out.html", status=HTTPStatus.UNAUTHORIZED, kept=secret is not None)
    if secret is not None:
        answer.set_cookie(
            COOKIE, secret, max_age=_TEN_MINUTES, path="/", secure=True, httponly=True, samesite="lax"
        )
    return answer


async def take_unsent(asked: Asked) -> Unsent | None:
    """What the person sent when their sign-in had run out; None where there is nothing, or somebody else wrote it."""
    text = await drafts.take_unsent(asked.referrals, asked.request.cookies.get(COOKIE, ""))
    if text is None:
        return None
    try:
        found = Unsent.model_validate(json.loads(text))
    except (ValidationError, json.JSONDecodeError):
        return None
    return found if found.by in ("", asked.session.member.id) else None


def not_answered(visit: Visit, posted: FormData, sentence: str) -> Response:
    """Say that no answer came, with a button that sends the same once more."""
    return visit.show(
        "errors/again.html",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        sentence=sentence,
        address=_address(visit.request),
        fields=texts_in(posted),
    )


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
