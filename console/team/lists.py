"""The lists behind the team's numbers: referrals by filter, escalations, sign-offs, and a list as a file."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.referral_lists import ListFilters, list_referrals
from casework.staff import colleagues
from casework.team.export import Format, export_list
from casework.team.overview import escalated_to_me, sign_offs_for_me
from casework.team.saved_views import LONGEST_NAME, saved_views
from console.asked import Asked
from console.navigation import WORKERS
from console.team.filters import (
    HEADINGS,
    MARKS,
    address_of_list,
    chosen,
    heading_of,
    more_to_show,
    read_area,
    read_filters,
)
from schemas.people import Staff
from schemas.vocabulary import Stage

_KINDS = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def referrals(asked: Asked) -> Response:
    """Show the referrals that fit the filters in the address."""
    filters = read_filters(asked.request.query_params)
    people = {each.id: each for each in await colleagues(asked.session)}
    found = await list_referrals(asked.session, filters)
    more = more_to_show(filters) if found.more else None
    return asked.show(
        "team/referrals.html",
        filters=filters,
        heading=heading_of(filters),
        chosen=[
            (_in_words(each.name, each.value, people), address_of_list(filters, without=each.name))
            for each in chosen(filters)
        ],
        lines=found.lines,
        more=address_of_list(filters, show=more) if more else None,
        cut=found.more and more is None,
        people=people,
        workers=[each for each in people.values() if each.role in WORKERS],
        stages=tuple(Stage),
        marks=MARKS,
        views=[(each, address_of_list(each.filters)) for each in await saved_views(asked.session)],
        longest_name=LONGEST_NAME,
        here=address_of_list(filters),
        exports={
            kind: address_of_list(filters, kind=kind).replace("/referrals?", "/referrals/export?")
            for kind in Format
        },
    )


def _in_words(name: str, value: str, people: dict[str, Staff]) -> str:
    match name:
        case "area":
            return f"Area: {value}"
        case "stage":
            return f"Stage: {value.replace('_', ' ')}"
        case "caseworker":
            member = people.get(value)
            return f"Caseworker: {(member.name if member else None) or value}"
        case "due_within_days":
            return "Due today or before" if value == "0" else f"Due within {value} days"
        case _:
            return HEADINGS[name].removeprefix("Referrals ").removesuffix(" referrals").capitalize()


async def export(asked: Asked) -> Response:
    """Send the list as a file, without anything about a person."""
    try:
        kind = Format(asked.request.query_params.get("kind", ""))
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Choose csv or xlsx as the kind of file."
        ) from None
    filters: ListFilters = read_filters(asked.request.query_params)
    content = await export_list(asked.session, filters, kind)
    name = f"referrals-{asked.console.now():%Y-%m-%d}.{kind}"
    return Response(
        content, media_type=_KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def escalations(asked: Asked) -> Response:
    """Show the missed deadlines that were escalated to who asks."""
    area = read_area(asked.request.query_params)
    found = await escalated_to_me(asked.session, area=area)
    people = {each.id: each for each in await colleagues(asked.session)}
    return asked.show("team/escalations.html", found=found, people=people)


async def sign_offs(asked: Asked) -> Response:
    """Show what waits for a sign-off of who asks."""
    area = read_area(asked.request.query_params)
    found = await sign_offs_for_me(asked.session, area=area)
    people = {each.id: each for each in await colleagues(asked.session)}
    return asked.show("team/sign_offs.html", found=found, people=people)
