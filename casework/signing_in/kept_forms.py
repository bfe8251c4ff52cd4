"""What somebody had typed when their session had run out: kept, sealed, until they have signed in again.

It is theirs alone: it is offered to the person whose session it was, in whatever browser they sign in again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from casework.session import Session
from casework.signing_in.accounts import ADDRESS_WITHIN
from casework.signing_in.secrets_kept import installation_key
from casework.signing_in.sessions import ended_session
from runtime.referrals import Referrals
from schemas.reading.reference import parse_reference
from stores import accounts, kept_forms
from stores.keys.key_files import DataKey
from stores.keys.referral_keys import KeyErased, KeyUnknown

KEPT_FOR = timedelta(hours=12)
"""As long as a session lasts at most."""

Fields: TypeAlias = Sequence[tuple[str, str]]
"""The fields of a form as a browser sends them; of a name there may be several."""

_OF_A_REFERRAL = re.compile(r"/referrals/([^/]+)/")
_LONGEST_PATH = 200
# What signs somebody in is kept nowhere.
_NOT_KEPT_OF = ("/account/password", "/account/recovery-codes")


async def keep_typed(
    referrals: Referrals, token: str, form_token: str, path: str, fields: Fields, at: datetime
) -> bool:
    """Keep a form that was sent in a session that had run out; whether there was anything to keep.

    Args:
        token: what the browser holds of the session.
        form_token: what the form carried, to show that it was made for that session.
        path: of the page that the form is on, which is the address that it was sent to.
    """
    staff_id = await ended_session(referrals, token, form_token)
    typed = [(name, value) for name, value in fields if name != "csrf"]
    if (
        staff_id is None
        or not _has_a_place(path)
        or path.startswith(_NOT_KEPT_OF)
        or not any(value.strip() for _, value in typed)
    ):
        return False
    try:
        reference, key = await _key(referrals, path)
    except KeyErased:
        return False
    sealed = key.seal(json.dumps(typed, ensure_ascii=False).encode(), _place(staff_id, path))
    await kept_forms.keep(referrals.pool, staff_id, path, at, reference, sealed)
    return True


async def find_typed(session: Session, path: str, at: datetime) -> Fields | None:
    """What the person had typed on a page when their session ran out; None where nothing is kept."""
    if not _has_a_place(path):
        return None
    referrals, staff_id = session.referrals, session.member.id
    found = await kept_forms.find(referrals.pool, staff_id, path, at - KEPT_FOR)
    if found is None:
        return None
    reference, sealed = found
    try:
        key = await (referrals.keys.get(reference) if reference else installation_key(referrals.keys))
    except KeyErased:
        return None
    return [(name, value) for name, value in json.loads(key.open(sealed, _place(staff_id, path)))]


async def drop_typed(session: Session, path: str) -> None:
    """Keep what the person had typed on a page no longer, as it was sent or is not wanted."""
    await kept_forms.drop(session.referrals.pool, session.member.id, path)


async def drop_what_ended(referrals: Referrals, at: datetime) -> None:
    """Drop what is of no use any more: kept forms, invitations, and failures that count no longer."""
    await kept_forms.drop_older(referrals.pool, at - KEPT_FOR)
    await accounts.drop_ended(referrals.pool, at, ADDRESS_WITHIN)


async def _key(referrals: Referrals, path: str) -> tuple[str | None, DataKey]:
    """The key of the referral that a page is about, so that its erasure destroys what was typed; else ours."""
    found = _OF_A_REFERRAL.match(path)
    if found is not None:
        try:
            reference = parse_reference(found[1])
            return reference, await referrals.keys.get(reference)
        except (ValueError, KeyUnknown):
            pass
    return None, await installation_key(referrals.keys)


def _has_a_place(path: str) -> bool:
    """Whether a form at that path may be kept: none of our pages has a longer one, or one that cannot be read."""
    return len(path) <= _LONGEST_PATH and path.isprintable()


def _place(staff_id: str, path: str) -> bytes:
    return f"kept form {staff_id} {path}".encode()
