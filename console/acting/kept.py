"""What somebody had written when their sign-in ran out, offered again."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.responses import Response

from casework import drafts
from console.acting.filling import filled_with
from console.acting.steps import step_at
from console.asked import Asked
from console.unsent import COOKIE, take_unsent

_A_STEP = re.compile(r"/referrals/([\w-]+)/steps/([a-z_]+)(/confirm)?", re.ASCII)


async def show_kept(asked: Asked) -> Response:
    """Lead on to the form with what was written in it, which is kept as a draft from now on."""
    unsent = await take_unsent(asked)
    if unsent is None:
        return asked.redirect("/")
    path, _, query = unsent.address.partition("?")
    found = _A_STEP.fullmatch(path)
    if found is None:
        answer = asked.show("acting/kept.html", address=unsent.address, fields=unsent.fields)
    else:
        if not found[3]:
            step = step_at(found[1], found[2], dict(parse_qsl(query)))
            filled = filled_with(unsent.fields)
            await drafts.save(asked.session, step.reference, step.kind, step.subject, filled.as_draft())
        answer = asked.redirect(unsent.address)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer
