"""Audit: whether all logs are as they were recorded, who looked at what, and who changed the staff register."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.access_log import looks_at, looks_at_referrals_of, looks_by
from casework.failures import Refused
from casework.searching.log import searches
from casework.staff import register_log
from casework.words.register import change_in_words
from console.asked import Asked
from console.errors import Errors
from operations.verification_runs import begin_verification, verification_runs
from schemas.access import Look
from schemas.people import STAFF_ID
from schemas.reading.reference import parse_reference

_LOOKS = 200


async def audit(asked: Asked) -> Response:
    """Show what came of the last comparisons, and lead to the logs."""
    runs = await verification_runs(asked.session)
    going_on = bool(runs) and runs[0].running
    return asked.show(
        "service/audit.html", looks_again=going_on, runs=runs, errors=Errors(), of="", by="", reference=""
    )


async def compare(asked: Asked) -> Response:
    """Begin to compare all logs with what was recorded."""
    await begin_verification(asked.session, asked.console.settings.anchors)
    return asked.redirect("/audit")


async def access_log(asked: Asked) -> Response:
    """Show who looked: at a referral, at a caseworker's referrals, or what somebody looked at."""
    said = {name: asked.request.query_params.get(name, "").strip() for name in ("reference", "of", "by")}
    given = [name for name, value in said.items() if value]
    if len(given) != 1:
        return await _asked_again(asked, said, Errors({"reference": "Fill in one of the three."}))
    try:
        heading, looks = await _looks(asked, given[0], said[given[0]])
    except Refused as refused:
        return await _asked_again(asked, said, Errors({given[0]: refused.message}))
    return asked.show(
        "service/access_log.html", heading=heading, looks=looks[:_LOOKS], more=len(looks) > _LOOKS
    )


async def _looks(asked: Asked, name: str, value: str) -> tuple[str, list[Look]]:
    if name == "reference":
        try:
            reference = parse_reference(value)
        except ValueError as error:
            raise Refused("not_a_reference", f"{str(error).capitalize()}.", name) from None
        return f"Who looked at {reference}", await looks_at(asked.session, reference, limit=_LOOKS + 1)
    if not re.fullmatch(STAFF_ID, value):
        raise Refused("not_an_id", "Give the id of somebody in the staff register, such as cw-1.", name)
    if name == "of":
        found = await looks_at_referrals_of(asked.session, value, limit=_LOOKS + 1)
        return f"Who looked at the referrals of {value}", found
    return f"What {value} looked at", await looks_by(asked.session, value, limit=_LOOKS + 1)


async def _asked_again(asked: Asked, said: dict[str, str], errors: Errors) -> Response:
    return asked.show(
        "service/audit.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        runs=await verification_runs(asked.session),
        errors=errors,
        **said,
    )


async def searched(asked: Asked) -> Response:
    """Show who searched, by what, and how much they found; what they sought is known by its hash alone."""
    by = _id_in(asked, "by")
    found = await searches(asked.session, by=by, limit=_LOOKS + 1)
    return asked.show("service/searches.html", searches=found[:_LOOKS], more=len(found) > _LOOKS, by=by)


async def register_of(asked: Asked) -> Response:
    """Show who changed the staff register, and what in it: by ids, without names and addresses."""
    of = _id_in(asked, "of")
    found = await register_log(asked.session, of=of)
    entries = [(each, change_in_words(each)) for each in reversed(found)]
    return asked.show("service/register_of.html", entries=entries[:_LOOKS], more=len(entries) > _LOOKS, of=of)


def _id_in(asked: Asked, name: str) -> str | None:
    """The id that the address names; None where it names none. Raises HTTPException where it cannot be one."""
    said = asked.request.query_params.get(name) or None
    if said is not None and not re.fullmatch(STAFF_ID, said):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "Id: give one such as cw-1.")
    return said
