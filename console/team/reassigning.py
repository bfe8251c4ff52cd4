"""Giving referrals of one caseworker to another: choosing, what it would do, and how far it has come."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from pydantic import ValidationError
from starlette.responses import Response

from casework.bulk.reassignment import MOST_CHOSEN, Order, prospect, seen
from casework.bulk.reassignment import begin as begin_reassignment
from casework.failures import Refused
from casework.referral_lists import ListFilters, list_referrals
from casework.staff import colleagues
from console.addresses import as_id, colleague
from console.asked import Asked
from console.errors import Errors
from console.navigation import WORKERS
from console.work.referrals import read_filters
from schemas.areas import Area
from schemas.people import Staff
from schemas.vocabulary import Stage

_FIELDS = ("to", "which", "reason")


async def choose(asked: Asked) -> Response:
    """Show the referrals of a caseworker, to be given to another."""
    return await _choose(asked, await colleague(asked, "giver"), Errors())


async def preview(asked: Asked) -> Response:
    """Show what giving them on would do, before it is begun."""
    giver = await colleague(asked, "giver")
    try:
        order = _order(asked, giver)
        expected = await prospect(asked.session, order)
    except Refused as refused:
        return await _choose(asked, giver, Errors.of(refused, *_FIELDS))
    if not expected.count and not expected.underway:
        return await _choose(asked, giver, Errors({"which": "None of these can go to them."}))
    people = {each.id: each for each in await colleagues(asked.session)}
    return asked.show(
        "team/reassign_preview.html",
        giver=giver,
        taker=people.get(order.taker),
        order=order,
        expected=expected,
    )


async def begin(asked: Asked) -> Response:
    """Begin to give them on."""
    giver = await colleague(asked, "giver")
    order = _order(asked, giver)
    await begin_reassignment(asked.session, order)
    return asked.redirect(f"/team/workload/{giver.id}/to/{order.taker}?run={order.run}")


async def progress(asked: Asked) -> Response:
    """Show how far it has come. The page looks again by itself until it has ended."""
    giver, taker = await colleague(asked, "giver"), await colleague(asked, "taker")
    found = await seen(asked.session, giver.id, taker.id, as_id(asked.request.query_params.get("run", "")))
    going_on = found is not None and found.running
    return asked.show(
        "team/reassign_progress.html", looks_again=going_on, giver=giver, taker=taker, seen=found
    )


async def _choose(asked: Asked, giver: Staff, errors: Errors) -> Response:
    filters = _filters(asked, giver)
    found = await list_referrals(asked.session, filters)
    shared = _shared(asked, giver)
    where = {filters.area} if filters.area else {*shared}
    takers = [
        each
        for each in await colleagues(asked.session)
        if each.active and each.role in WORKERS and each.id != giver.id and where & {*each.areas}
    ]
    return asked.show(
        "team/reassign.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        giver=giver,
        filters=filters,
        areas=shared,
        stages=[each for each in Stage if each is not Stage.CLOSED],
        lines=found.lines,
        more=found.more,
        takers=takers,
        errors=errors,
        to=asked.posted_text("to"),
        which=asked.posted_text("which"),
        ticked=frozenset(map(str, asked.posted.getlist("reference"))),
        reason=asked.posted_text("reason"),
        run=asked.posted_text("run") or uuid4(),
    )


def _filters(asked: Asked, giver: Staff) -> ListFilters:
    """Those in the address, or in the form that was sent. Where the giver works elsewhere too, one area at a time."""
    said = asked.posted or asked.request.query_params
    area = str(said.get("area", ""))
    shared = _shared(asked, giver)
    if not area and len(shared) < len(giver.areas):
        area = shared[0]
    wanted = {"area": area, "stage": str(said.get("stage", "")), "caseworker": giver.id}
    return read_filters(wanted).model_copy(update={"limit": MOST_CHOSEN})


def _shared(asked: Asked, giver: Staff) -> list[Area]:
    """The areas in which both work, who gives and who asks."""
    return [each for each in giver.areas if each in asked.session.member.areas]


def _order(asked: Asked, giver: Staff) -> Order:
    filters = _filters(asked, giver)
    which = asked.posted_text("which")
    references = tuple(map(str, asked.posted.getlist("reference"))) if which == "chosen" else ()
    if not asked.posted_text("to"):
        raise Refused("field_missing", "Choose who is to have them.", "to")
    if which not in ("chosen", "all"):
        raise Refused(
            "field_missing", "Choose whether you give all of them, or those that you tick.", "which"
        )
    if which == "chosen" and not references:
        raise Refused("field_missing", "Tick at least one referral, or choose all of them.", "which")
    try:
        return Order(
            giver=giver.id,
            taker=asked.posted_text("to"),
            area=filters.area,
            stage=filters.stage,
            references=references,
            reason=asked.posted_text("reason") or None,
            run=as_id(asked.posted_text("run")),
        )
    except ValidationError as error:
        said = error.errors()[0]
        field = {"taker": "to", "references": "which"}.get(str(said["loc"][0]), str(said["loc"][0]))
        sentence = {
            "to": "Choose somebody from the list.",
            "which": f"Tick at most {MOST_CHOSEN} referrals, or choose all of them.",
        }.get(field, "The reason takes 3 to 2,000 characters.")
        raise Refused("field_wrong", sentence, field) from None
