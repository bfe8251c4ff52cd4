"""The account of who is signed in: their sessions, their password and their recovery codes."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from casework.failures import Refused
from casework.signing_in.accounts import (
    EventKind,
    account_log,
    change_password,
    make_recovery_codes,
    recovery_codes_left,
)
from casework.signing_in.sessions import end_other_sessions, end_session, sessions_of
from console.asked import Asked
from console.navigation import WORKERS
from console.sign_in.choices import KINDS
from console.sign_in.passwords import slowed, status_of

_CHANGED = {
    "password": "Your password is changed. Everywhere else you are signed out.",
    "messages": "What you are told by e-mail is changed.",
    "absence": "It is noted that you are away, and who stands in for you.",
    "back": "It is noted that you are back.",
}


_DONE = {
    EventKind.INVITED: "Invited to set it up, or to set it up anew",
    EventKind.SET_UP: "Set up with a password and an authenticator app",
    EventKind.LOCKED: "Locked for 30 minutes, after too many failed attempts",
    EventKind.PASSWORD_CHANGED: "Password changed",
    EventKind.RECOVERY_CODE_USED: "Signed in with a recovery code",
    EventKind.RECOVERY_CODES_MADE: "New recovery codes made",
}


async def account(asked: Asked) -> Response:
    """Show the account."""
    me = asked.session.member
    away_until = me.absent_until if me.absent(asked.console.now()) else None
    return asked.show(
        "sign_in/account.html",
        changed=_CHANGED.get(asked.request.query_params.get("changed", "")),
        may_be_absent=me.role in WORKERS,
        # They are back at that instant; the day before is the last away.
        away_until=away_until - timedelta(days=1) if away_until else None,
        kinds_in_words=KINDS,
        sessions=await sessions_of(asked.session),
        events=[(each.at, _DONE[each.kind], each.by) for each in await account_log(asked.session)],
        codes_left=await recovery_codes_left(asked.session),
    )


async def end_one(asked: Asked) -> Response:
    """End one of the person's sessions."""
    given = asked.posted_text("session")
    # No other number is the id of a session of theirs.
    if given.isascii() and given.isdigit() and len(given) <= 18:
        await end_session(asked.session, int(given))
    return asked.redirect("/account")


async def end_others(asked: Asked) -> Response:
    """End all of the person's sessions but this one."""
    await end_other_sessions(asked.session, asked.web.id)
    return asked.redirect("/account")


async def ask_password(asked: Asked) -> Response:
    """Ask for the present password and another."""
    return await _ask(asked, "sign_in/password.html")


async def take_password(asked: Asked) -> Response:
    """Change the password; the person's other sessions end."""
    present, new, again = (_secret(asked, name) for name in ("present", "password", "again"))
    if new != again:
        return await _ask(
            asked, "sign_in/password.html", Refused("", "Enter the same password twice", "again")
        )
    try:
        await change_password(
            asked.session, present, new, asked.address, asked.console.now(), stays=asked.web.id
        )
    except Refused as refused:
        return await _ask(asked, "sign_in/password.html", refused)
    return asked.redirect("/account?changed=password")


async def ask_recovery_codes(asked: Asked) -> Response:
    """Ask for the password before new recovery codes are made."""
    return await _ask(asked, "sign_in/new_recovery_codes.html")


async def take_recovery_codes(asked: Asked) -> Response:
    """Make new recovery codes, and show them this once."""
    try:
        codes = await make_recovery_codes(
            asked.session, _secret(asked, "present"), asked.address, asked.console.now()
        )
    except Refused as refused:
        return await _ask(asked, "sign_in/new_recovery_codes.html", refused)
    return asked.show("sign_in/recovery_codes.html", codes=codes, new_account=False)


async def _ask(asked: Asked, template: str, refused: Refused | None = None) -> Response:
    left = await recovery_codes_left(asked.session)
    if left is None:
        raise Refused("no_account", "You do not sign in with a password here.")
    if refused is None:
        return asked.show(template, errors={}, codes_left=left)
    errors = {refused.field or "present": refused.message}
    answer = asked.show(template, errors=errors, codes_left=left, status=status_of(refused))
    return slowed(answer, refused)


def _secret(asked: Asked, name: str) -> str:
    # As it was typed: spaces may be part of it.
    given = asked.posted.get(name, "")
    return given if isinstance(given, str) else ""
