"""What every way to sign in ends with."""

from __future__ import annotations

from starlette.responses import Response

from casework.signing_in.sessions import at_work, begin_session, end_session, find_session
from console.asked import Visit
from console.security.cookies import INVITATION, PROVIDER, SIGN_IN, device_of, forget, give, token_of
from schemas.web import SignedInBy


async def signed_in_as(visit: Visit, staff_id: str, how: SignedInBy, answer: Response) -> Response:
    """The answer, with a new session in this browser in place of any other."""
    old = token_of(visit.request)
    found = await find_session(visit.referrals, old, used=False) if old else None
    if found is not None:
        await end_session(at_work(visit.referrals, found), found.web.id)
    token = await begin_session(visit.referrals, staff_id, how, device_of(visit.request))
    forget(answer, SIGN_IN, PROVIDER, INVITATION)
    give(answer, token)
    return answer
