"""One person of the staff register: how they stand, entering them and changing what the register says."""

from __future__ import annotations

import re
from http import HTTPStatus

from pydantic import ValidationError
from starlette.responses import Response

from casework.failures import Refused
from casework.signing_in.inviting import invite
from casework.staff import (
    PEOPLES_ROLES,
    check_email,
    check_name,
    colleagues,
    proposals,
    register_log,
    still_in_hand,
)
from casework.staff import enter as enter_member
from casework.words.register import change_in_words
from console.addresses import colleague
from console.asked import Asked
from console.errors import Errors
from schemas.areas import Area
from schemas.people import STAFF_ID, Role, Staff
from schemas.vocabulary import PractitionerLevel

_FIELDS = ("id", "name", "role", "areas", "level", "email")
_SAID = {
    "id": "Give an id of small letters, digits and hyphens that begins with a letter, such as cw-1.",
    "role": "Choose what they are.",
    "areas": "Choose at least one area.",
    "level": "Choose how experienced they are.",
}


async def entry(asked: Asked) -> Response:
    """Show how a person stands in the register, what they have in hand that they may not work on, and their log."""
    member = await colleague(asked)
    people = {each.id: each for each in await colleagues(asked.session)}
    log = await register_log(asked.session, of=member.id)
    waiting = [each for each in await proposals(asked.session) if each.subject == member.id]
    return asked.show(
        "service/person.html",
        member=member,
        people=people,
        log=[(each, change_in_words(each)) for each in reversed(log)],
        proposal=(waiting[-1], change_in_words(waiting[-1])) if waiting else None,
        in_hand=await still_in_hand(asked.session, member),
        done=asked.request.query_params.get("done"),
        may_invite=asked.console.settings.local_accounts_are_on,
    )


async def send_invitation(asked: Asked) -> Response:
    """Invite a person to set up their account, by a link that is e-mailed to them."""
    member = await colleague(asked)
    await invite(asked.session, asked.console.settings, member.id, asked.console.now())
    return asked.redirect(f"/staff/{member.id}?done=invited")


async def enter(asked: Asked) -> Response:
    """Show the form to enter a person."""
    return _form(asked, None, Errors())


async def change(asked: Asked) -> Response:
    """Show the form to change what the register says of a person."""
    return _form(asked, await colleague(asked), Errors())


async def record_entry(asked: Asked) -> Response:
    """Enter a person into the register."""
    wanted = asked.posted_text("id")
    known = {each.id for each in await colleagues(asked.session)}
    if wanted in known:
        return _form(
            asked, None, Errors({"id": f"{wanted} is in the register already. Change what it says of them."})
        )
    return await _record(asked, None, wanted)


async def record_change(asked: Asked) -> Response:
    """Change what the register says of a person."""
    member = await colleague(asked)
    return await _record(asked, member, member.id)


async def _record(asked: Asked, known: Staff | None, staff_id: str) -> Response:
    errors = Errors()
    member = _member(asked, staff_id, errors)
    if member is None:
        return _form(asked, known, errors)
    try:
        changed = await enter_member(asked.session, member)
    except Refused as refused:
        return _form(asked, known, Errors.of(refused, *_FIELDS))
    if changed.kind == "proposed":
        return asked.redirect("/staff?done=proposed")
    return asked.redirect(f"/staff/{staff_id}?done={changed.kind or 'as_it_was'}")


def _member(asked: Asked, staff_id: str, errors: Errors) -> Staff | None:
    """The person whom the form describes; None where something is wrong with it."""
    areas = tuple(dict.fromkeys(map(str, asked.posted.getlist("areas"))))
    if more := asked.posted_text("another_area"):
        areas = tuple(dict.fromkeys((*areas, more)))
    if not re.fullmatch(STAFF_ID, staff_id):
        errors.add("id", _SAID["id"])
    if asked.posted_text("role") not in PEOPLES_ROLES:
        errors.add("role", _SAID["role"])
    if not areas or not set(areas) <= set(Area):
        errors.add("areas", _SAID["areas"])
    if asked.posted_text("level") not in set(PractitionerLevel):
        errors.add("level", _SAID["level"])
    name, email = _checked(asked, errors)
    if errors:
        return None
    level = PractitionerLevel(asked.posted_text("level"))
    try:
        return Staff(
            id=staff_id,
            role=Role(asked.posted_text("role")),
            areas=tuple(map(Area, areas)),
            name=name,
            email=email,
            advanced_practitioner=level is PractitionerLevel.ADVANCED_PRACTITIONER,
            trainee=level is PractitionerLevel.TRAINEE,
            volunteer=asked.posted_text("volunteer") == "yes",
            active=asked.posted_text("active") != "no",
        )
    except ValidationError as error:
        errors.add(str(error.errors()[0]["loc"][0]), "This cannot be read.")
        return None


def _checked(asked: Asked, errors: Errors) -> tuple[str | None, str | None]:
    name = email = None
    try:
        name = check_name(asked.posted_text("name")) if asked.posted_text("name") else None
    except ValueError as error:
        errors.add("name", f"Name: {error}.")
    try:
        email = check_email(asked.posted_text("email")) if asked.posted_text("email") else None
    except ValueError as error:
        errors.add("email", f"E-mail: {error}.")
    return name, email


def _form(asked: Asked, known: Staff | None, errors: Errors) -> Response:
    mine = asked.session.member.areas
    shown = tuple(dict.fromkeys((*mine, *(known.areas if known else ()))))
    return asked.show(
        "service/staff_form.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        known=known,
        errors=errors,
        said=_as_posted(asked) if asked.posted else _as_known(known, mine),
        roles=PEOPLES_ROLES,
        areas=shown,
        other_areas=[each for each in Area if each not in shown],
        levels=tuple(PractitionerLevel),
    )


def _as_posted(asked: Asked) -> dict[str, object]:
    texts = ("id", "name", "email", "role", "another_area", "level")
    return {
        **{name: asked.posted_text(name) for name in texts},
        "areas": list(map(str, asked.posted.getlist("areas"))),
        "volunteer": asked.posted_text("volunteer") == "yes",
        "active": asked.posted_text("active") != "no",
    }


def _as_known(known: Staff | None, mine: tuple[Area, ...]) -> dict[str, object]:
    nothing = dict.fromkeys(("id", "name", "email", "role", "another_area"), "")
    if known is None:
        begin = {"areas": list(mine[:1]), "level": PractitionerLevel.PRACTITIONER}
        return {**nothing, **begin, "volunteer": False, "active": True}
    return {
        **nothing,
        "name": known.name or "",
        "email": known.email or "",
        "role": known.role,
        "areas": list(known.areas),
        "level": known.level,
        "volunteer": known.volunteer,
        "active": known.active,
    }
