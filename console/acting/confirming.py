"""The page before what cannot be taken back: what will follow, in words, before anything is recorded."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from casework import drafts
from casework.failures import Refused
from casework.referral.acting import recorded_as
from casework.referral.following import what_follows
from console.acting.filling import Filled, from_draft
from console.acting.forms.checking import problem_of
from console.acting.steps import (
    Step,
    address_of,
    changed,
    checked_by,
    command_id_of,
    receipt,
    record,
    refuse,
    step_of,
    view_of,
)
from console.acting.titles import title_of
from console.asked import Asked
from console.referral.looking import of_referral
from schemas.commands import Command


@of_referral
async def show_confirm(asked: Asked, _reference: str) -> Response:
    """Say what will follow from the step that the person has filled in."""
    step = step_of(asked)
    filled = await _filled(asked, step)
    return asked.redirect(address_of(step)) if filled is None else await _page(asked, step, filled)


async def confirm(asked: Asked) -> Response:
    """Record the step, as it was filled in and its consequences were read."""
    step = step_of(asked)
    filled = await _filled(asked, step)
    if filled is None or filled.command_id != command_id_of(asked):
        # It was recorded already, or something else was written meanwhile.
        return await _again(asked, step)
    seen = asked.posted_text("_expected")
    filled.expected = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else filled.expected
    if await changed(asked, step, filled):
        return await _page(asked, step, filled, status=HTTPStatus.CONFLICT)
    checked = checked_by(step, filled, await view_of(asked, step) if step.wording.settle else None)
    if checked.command is None:
        return await refuse(asked, step, filled, checked.problems)
    return await record(asked, step, filled, checked.command)


async def _again(asked: Asked, step: Step) -> Response:
    command_id = command_id_of(asked)
    sequence = await recorded_as(asked.session, step.reference, command_id) if command_id else None
    return asked.redirect(address_of(step)) if sequence is None else receipt(asked, step, sequence)


async def _filled(asked: Asked, step: Step) -> Filled | None:
    draft = await drafts.find(asked.session, step.reference, step.kind, step.subject)
    return from_draft(draft) if draft else None


async def _page(asked: Asked, step: Step, filled: Filled, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    view = await view_of(asked, step, after=filled.expected, without=filled)
    command: Command | None = checked_by(step, filled, view).command
    if command is None:
        return asked.redirect(address_of(step))
    try:
        found = await what_follows(asked.session, step.reference, command, view)
    except Refused as refused:
        return await refuse(asked, step, filled, (problem_of(step.form, refused),), HTTPStatus.CONFLICT)
    title = title_of(step.kind)
    about = str(getattr(command, "participant", "") or "")
    return asked.show(
        "acting/confirm.html",
        status=status,
        step=step,
        title=title,
        heading=title.for_person(view.called.get(about)),
        follows=found,
        filled=filled,
        view=view,
        address=address_of(step),
        confirm=address_of(step, "/confirm"),
    )
