"""Reading what is to be signed off, and deciding on it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.failures import Refused
from casework.referral.steps import take
from casework.team.deciding import sign_off_sheet
from console.addresses import as_id, reference_in
from console.asked import Asked
from console.errors import Errors
from schemas.commands import DecideSignOff
from schemas.vocabulary import SignOffSubject

APPROVE, RETURN = "approve", "return"


async def sheet(asked: Asked) -> Response:
    """Show what is to be signed off."""
    return await _show(asked, Errors())


async def decide(asked: Asked) -> Response:
    """Sign it off, or send it back with a reason."""
    decision, reason = asked.posted_text("decision"), asked.posted_text("reason")
    errors = Errors()
    if decision not in (APPROVE, RETURN):
        errors.add("decision", "Choose whether you sign it off or send it back.")
    if decision == RETURN and not reason:
        errors.add("reason", "Say why you send it back: its author has to know.")
    if errors:
        return await _show(asked, errors)
    reference, (subject, activity) = reference_in(asked), _subject(asked)
    try:
        command = DecideSignOff(
            subject=subject, activity=activity, approved=decision == APPROVE, reason=reason or None
        )
        await take(asked.session, reference, command, as_id(asked.posted_text("command")))
    except ValidationError as error:
        return await _show(asked, Errors({"reason": f"Reason: {error.errors()[0]['msg'].lower()}."}))
    except Refused as refused:
        return await _show(asked, Errors.of(refused, "reason"))
    return asked.redirect(f"/team?done={reference}")


async def _show(asked: Asked, errors: Errors) -> Response:
    subject, activity = _subject(asked)
    found = await sign_off_sheet(
        asked.session, reference_in(asked), subject, activity, names=not asked.names_hidden
    )
    return asked.show(
        "team/sign_off.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        sheet=found,
        errors=errors,
        decision=asked.posted_text("decision"),
        reason=asked.posted_text("reason"),
        command=asked.posted_text("command") or uuid4(),
    )


def _subject(asked: Asked) -> tuple[SignOffSubject, str | None]:
    try:
        subject = SignOffSubject(asked.request.path_params["subject"])
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Nothing of that kind is signed off.") from None
    return subject, asked.request.path_params.get("activity")
