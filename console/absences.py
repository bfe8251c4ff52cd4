"""The form by which somebody is said to be away, for oneself and for another: until when, and who stands in."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from casework.failures import Refused
from casework.staff import possible_stand_ins, say_absent
from console.addresses import day_of
from console.asked import Asked
from console.errors import Errors
from schemas.people import Staff

_CALLED = {"until": "until-day", "stand-in": "stand_in"}


async def show_absence(asked: Asked, template: str, member: Staff, errors: Errors | None = None) -> Response:
    """Show the form for a member of staff, with what was sent and what is wrong with it."""
    return asked.show(
        template,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        member=member,
        away=member.absent(asked.console.now()),
        stand_ins=await possible_stand_ins(asked.session, member.id),
        stand_in=asked.posted_text("stand_in"),
        until=_until(asked),
        errors=errors or Errors(),
    )


async def record_absence(asked: Asked, staff_id: str) -> Errors:
    """Record that a member of staff is away, as the form says; what is wrong with it, where it was not recorded."""
    errors, stand_in = Errors(), asked.posted_text("stand_in")
    last_day = day_of(_until(asked))
    if last_day is None:
        errors.add("until-day", "The last day away: give a day, month and year, such as 4 12 2026.")
    if not stand_in:
        errors.add("stand_in", "Choose who stands in.")
    if last_day is None or errors:
        return errors
    try:
        await say_absent(asked.session, staff_id, last_day, stand_in)
    except Refused as refused:
        return Errors.of(refused, *_CALLED.values(), called=_CALLED)
    return errors


def _until(asked: Asked) -> dict[str, str]:
    return {part: asked.posted_text(f"until-{part}") for part in ("day", "month", "year")}
