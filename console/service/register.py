"""The staff register: who is in it, what waits for a second service manager, and its log."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.staff import PEOPLES_ROLES, colleagues, proposals
from casework.staff import confirm as confirm_proposal
from casework.staff import decline as decline_proposal
from casework.staff import register_log as read_log
from casework.words.register import change_in_words
from console.addresses import read_area
from console.asked import Asked
from schemas.people import STAFF_ID, Role

_ENTRIES = 200


async def staff(asked: Asked) -> Response:
    """Show the register, and what waits for a second service manager."""
    said = asked.request.query_params
    area, role = read_area(said), _role(said.get("role", ""))
    people = {each.id: each for each in await colleagues(asked.session)}
    listed = [
        each for each in people.values() if (area is None or area in each.areas) and role in (None, each.role)
    ]
    gone = said.get("gone") == "yes"
    return asked.show(
        "service/staff.html",
        people=people,
        listed=[each for each in listed if each.active or gone],
        left=sum(not each.active for each in listed),
        proposals=[(each, change_in_words(each)) for each in await proposals(asked.session)],
        roles=PEOPLES_ROLES,
        area=area,
        role=role,
        gone=gone,
        done=said.get("done"),
    )


def _role(said: str) -> Role | None:
    if not said:
        return None
    try:
        return Role(said)
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Role: choose one of those on the page."
        ) from None


def staff_id_in(asked: Asked) -> str:
    """The id that the address names, of somebody who may not be in the register yet. Raises HTTPException."""
    wanted: str = asked.request.path_params["staff"]
    if not re.fullmatch(STAFF_ID, wanted):
        raise HTTPException(HTTPStatus.NOT_FOUND, "That is no id of the staff register.")
    return wanted


async def confirm(asked: Asked) -> Response:
    """Agree, as the second service manager, to what another proposed."""
    changed = await confirm_proposal(asked.session, staff_id_in(asked))
    return asked.redirect(f"/staff/{changed.member.id}?done=confirmed")


async def decline(asked: Asked) -> Response:
    """Let what was proposed come to nothing."""
    await decline_proposal(asked.session, staff_id_in(asked))
    return asked.redirect("/staff?done=declined")


async def register_log(asked: Asked) -> Response:
    """Show who changed the register, when, and what in it."""
    found = await read_log(asked.session)
    people = {each.id: each for each in await colleagues(asked.session)}
    entries = [(each, change_in_words(each)) for each in reversed(found)]
    return asked.show(
        "service/register_log.html", entries=entries[:_ENTRIES], more=len(entries) > _ENTRIES, people=people
    )
