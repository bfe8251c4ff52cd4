"""The sessions of the console: beginning one, finding it by what the browser holds, and ending it.

The browser holds a random token and nothing else; PostgreSQL holds its hash. Who is not active in the staff
register any more is signed out with their next request, whatever the browser holds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from casework.session import Session, WayIn
from lifecycle import Refused
from runtime.referrals import Referrals
from schemas.web import SignedIn, SignedInBy, WebSession
from stores.console import web_sessions

_TOKEN_BYTES = 32
_NONCE_BYTES = 16


async def begin_session(referrals: Referrals, staff_id: str, how: SignedInBy, device: str) -> str:
    """Sign a person in to the console, and return the token that their browser is to hold.

    Args:
        device: their browser and system, in a few words.

    Raises:
        Refused: nobody of that id is in the register, or they are no longer active.
    """
    await referrals.member(staff_id)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await web_sessions.begin(referrals.pool.nowhere, _hash(token), staff_id, how, device)
    return token


async def find_session(referrals: Referrals, token: str, *, used: bool = True) -> SignedIn | None:
    """Whose session a token is; None where it has ended, or never was one.

    Args:
        used: whether the person did something, which keeps it from ending. A page that only listens for news does not.
    """
    return await web_sessions.find(referrals.pool.nowhere, _hash(token), used=used)


async def ended_session(referrals: Referrals, token: str, given: str) -> str | None:
    """Whose session ended by itself in which a form was sent; None where there is none, or the form is not its own."""
    if not _was_made_for(token, given):
        return None
    return await web_sessions.ended(referrals.pool.nowhere, _hash(token))


def at_work(referrals: Referrals, found: SignedIn) -> Session:
    """The session of `casework` in which a person who is signed in to the console acts."""
    return Session(referrals, found.member, WayIn.CONSOLE)


async def sessions_of(session: Session) -> list[WebSession]:
    """The person's own sessions in the console, the latest first."""
    return await web_sessions.of(session.referrals.pool.nowhere, session.member.id)


async def end_session(session: Session, session_id: int) -> None:
    """End one of the person's own sessions; another's is left alone."""
    await web_sessions.end(session.referrals.pool.nowhere, session.member.id, session_id)


async def end_other_sessions(session: Session, kept: int) -> None:
    """End the person's own sessions but for one."""
    await web_sessions.end_all(session.referrals.pool.nowhere, session.member.id, but=kept)


async def end_all_sessions(referrals: Referrals, staff_id: str, *, but: int | None = None) -> None:
    """End every session of a person, but for one: whoever has them may know a password that counts no more."""
    await web_sessions.end_all(referrals.pool.nowhere, staff_id, but=but)


async def end_demo_sessions(referrals: Referrals) -> None:
    """End the sessions of all who came in by the demo's buttons: they showed no password."""
    await web_sessions.end_all_by(referrals.pool.nowhere, SignedInBy.DEMO)


async def hide_names(session: Session, session_id: int, *, hidden: bool) -> None:
    """Hide the names of people in a session, as somebody may look over a shoulder, or show them again."""
    await web_sessions.hide_names(session.referrals.pool.nowhere, session_id, hidden)


def form_token(token: str) -> str:
    """What the forms of a session carry, so that no other site can post in its name.

    It is another each time: pages are compressed, and from the lengths of many answers somebody could guess, letter by
    letter, what stands in all of them (the attack is known as BREACH).
    """
    return _form_token(token, secrets.token_hex(_NONCE_BYTES))


def check_form_token(token: str, given: str) -> None:
    """Raise Refused where a form was not made for this session."""
    if not _was_made_for(token, given):
        raise Refused(
            "not_your_form",
            "This form was made for another session. Open the page again and send it from there.",
        )


def _form_token(token: str, nonce: str) -> str:
    return nonce + hmac.digest(token.encode(), f"form {nonce}".encode(), hashlib.sha256).hex()


def _was_made_for(token: str, given: str) -> bool:
    nonce = given[: 2 * _NONCE_BYTES]
    return hmac.compare_digest(_form_token(token, nonce).encode(), given.encode())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
