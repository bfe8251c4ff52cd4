"""Holiday cover: until when somebody is away, and who stands in."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from casework.failures import Refused
from casework.staff import possible_stand_ins, say_absent, say_back
from console.addresses import colleague, day_of
from console.asked import Asked
from console.errors import Errors
from schemas.people import Staff

_PARTS = ("day", "month", "year")


async def absence(asked: Asked) -> Response:
    """Show until when somebody is away, and the form to say so."""
    return await _show(asked, await colleague(asked), Errors())


async def say_absence(asked: Asked) -> Response:
    """Say that somebody is away, or back."""
    member = await colleague(asked)
    if asked.posted_text("back"):
        await say_back(asked.session, member.id)
        return asked.redirect(f"/team/workload?done={member.id}")
    errors = Errors()
    last_day = day_of(_until(asked))
    if last_day is None:
        errors.add("until-day", "The last day away: give a day, month and year, such as 4 12 2026.")
    if not asked.posted_text("stand_in"):
        errors.add("stand_in", "Choose who stands in.")
    if last_day is None or errors:
        return await _show(asked, member, errors)
    try:
        await say_absent(asked.session, member.id, last_day, asked.posted_text("stand_in"))
    except Refused as refused:
        called = {"until": "until-day", "stand-in": "stand_in"}
        return await _show(asked, member, Errors.of(refused, "until-day", "stand_in", called=called))
    return asked.redirect(f"/team/workload?done={member.id}")


async def _show(asked: Asked, member: Staff, errors: Errors) -> Response:
    return asked.show(
        "team/absence.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        member=member,
        away=member.absent(asked.console.now()),
        stand_ins=await possible_stand_ins(asked.session, member.id),
        stand_in=asked.posted_text("stand_in"),
        until=_until(asked),
        errors=errors,
    )


def _until(asked: Asked) -> dict[str, str]:
    return {part: asked.posted_text(f"until-{part}") for part in _PARTS}
