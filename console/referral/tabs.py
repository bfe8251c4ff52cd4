"""The pages of a referral, each at an address of its own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.referral.page import reading
from casework.referral.page.reading import Overview
from casework.referral.page.record import Sought
from casework.referral.view import OfferView, SentOnView
from console.acting.titles import title_of
from console.asked import Asked
from console.referral.doing import read_before, ways
from console.referral.groups import grouped, says_more, steps_for, subject_name
from console.referral.looking import of_referral
from operations.erasure import may_erase
from schemas.base import Model

_LOOKS = 200


@of_referral
async def show_overview(asked: Asked, reference: str) -> Response:
    """Show how a referral stands and what comes next; to who does not work in its area, what they may see of it."""
    found = await reading.overview(
        asked.session, reference, names=not asked.names_hidden, recorded=_number(asked, "recorded")
    )
    if isinstance(found, Overview):
        template = "referral/erased.html" if found.head.erased else "referral/overview.html"
        return asked.show(template, **_fields(found), title_of=title_of, ways=ways, read_before=read_before)
    template = {OfferView: "referral/offer.html", SentOnView: "referral/sent_on.html"}.get(
        type(found.view), "referral/status.html"
    )
    return asked.show(template, view=found.view, permitted=found.permitted, reference=reference)


@of_referral
async def show_people(asked: Asked, reference: str) -> Response:
    """Show the people of a referral."""
    found = await reading.people_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/people.html", **_fields(found))


@of_referral
async def show_risk(asked: Asked, reference: str) -> Response:
    """Show the risk of a referral, beside the round before."""
    found = await reading.risk_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/risk.html", **_fields(found), title_of=title_of)


@of_referral
async def show_activities(asked: Asked, reference: str) -> Response:
    """Show the meetings and exchanges of a referral side by side."""
    found = await reading.activities_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/activities.html", **_fields(found), title_of=title_of, fits=steps_for)


@of_referral
async def show_agreement(asked: Asked, reference: str) -> Response:
    """Show what was agreed and what became of it."""
    found = await reading.agreement_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/agreement.html", **_fields(found))


@of_referral
async def show_messages(asked: Asked, reference: str) -> Response:
    """Show the messages of a referral and what became of them."""
    found = await reading.messages_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/messages.html", **_fields(found))


@of_referral
async def show_timeline(asked: Asked, reference: str) -> Response:
    """Show what happened on a referral, the latest first, as it is asked for."""
    asks = {name: value for name, value in asked.request.query_params.items() if value}
    try:
        sought = Sought.model_validate(asks)
    except ValidationError as wrong:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"{wrong.errors()[0]['loc'][0]}: choose what the page offers, and a page from 1.",
        ) from None
    found = await reading.timeline_page(asked.session, reference, sought, names=not asked.names_hidden)

    def page(number: int) -> str:
        kept = found.record.sought.model_dump(exclude_none=True) | {"page": number}
        return f"?{urlencode(kept)}"

    subjects = [(each, subject_name(each)) for each in found.record.subjects]
    return asked.show("referral/timeline.html", **_fields(found), page=page, subjects=subjects)


@of_referral
async def show_deadlines(asked: Asked, reference: str) -> Response:
    """Show the deadlines of a referral, each with its why."""
    found = await reading.deadlines_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show("referral/deadlines.html", **_fields(found), title_of=title_of)


@of_referral
async def show_looks(asked: Asked, reference: str) -> Response:
    """Show who looked at what is said about the people of a referral."""
    found = await reading.looks_page(asked.session, reference, limit=_LOOKS)
    return asked.show("referral/access_log.html", **_fields(found), most=_LOOKS)


@of_referral
async def show_steps(asked: Asked, reference: str) -> Response:
    """Show every step that somebody may take on a referral now, by what it is about."""
    found = await reading.steps_page(asked.session, reference, names=not asked.names_hidden)
    return asked.show(
        "referral/steps.html",
        head=found.head,
        groups=grouped(found.steps),
        title_of=title_of,
        says_more=says_more,
        may_erase=may_erase(asked.session.member.role) and not found.head.erased,
    )


def _fields(found: Model) -> dict[str, Any]:
    """The fields of a page's model, for its template."""
    return dict(vars(found))


def _number(asked: Asked, name: str) -> int | None:
    """A number in the address; None where there is none."""
    given = asked.request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 9 else None
