"""What a signed-in person has begun to write of a step and not recorded yet: theirs alone, no part of the record."""

from __future__ import annotations

import json
from uuid import UUID

from pydantic import AwareDatetime, Field

from casework.access import What, needs_reason, require_access
from casework.session import Session
from lifecycle import Refused
from schemas.base import Model
from stores import drafts
from stores.drafts import Place

LONGEST = 500_000
"""Bytes of a draft; every form is smaller with all its texts at their longest."""

_LONGEST_SUBJECT = 60


class Draft(Model):
    """A form that is filled in and not recorded.

    Attributes:
        fields: as a browser sends them; of a name there may be several.
        command_id: under which it will be recorded, once, however often it is sent.
        expected: how many events the referral had when the person began.
        saved_at: when it was kept last, UTC.
    """

    fields: dict[str, list[str]] = Field(repr=False)
    command_id: UUID
    expected: int
    saved_at: AwareDatetime | None = None


class DraftNote(Model):
    """That a person has begun something.

    Attributes:
        kind: of the command.
        subject: what it is about, such as h1; empty: the referral as a whole.
        saved_at: when it was kept last, UTC.
    """

    reference: str
    kind: str
    subject: str
    saved_at: AwareDatetime


async def save(session: Session, reference: str, kind: str, subject: str, draft: Draft) -> Draft:
    """Keep what a person has written, instead of what was kept before of the same.

    Args:
        kind: of the command.
        subject: what it is about; empty: the referral as a whole.

    Raises:
        Refused: the referral is not one that they have to do with, or it is too long.
        KeyErased: the referral was erased.
    """
    await require_access(session, What.STATUS, reference)
    text = json.dumps(draft.model_dump(mode="json", exclude={"saved_at"}), ensure_ascii=False)
    if len(text.encode()) > LONGEST:
        raise Refused("draft_too_long", f"It is too long to be kept: at most {LONGEST // 1000} kB are.")
    referrals = session.referrals
    key = await referrals.keys.get(reference)
    saved_at = await drafts.keep(referrals.pool, key, _place(session, reference, kind, subject), text)
    return draft.model_copy(update={"saved_at": saved_at})


async def find(session: Session, reference: str, kind: str, subject: str) -> Draft | None:
    """What a person has begun to write of a step; None where there is nothing.

    A draft may repeat what is said about people, so who does not work on the referral any more looks at them with it.

    Raises:
        Refused: the referral is not one that they have to do with, or they have to say why they look.
        KeyErased: the referral was erased.
    """
    relation = await require_access(session, What.STATUS, reference)
    key = await session.referrals.keys.get(reference)
    kept = await drafts.find(session.referrals.pool, key, _place(session, reference, kind, subject))
    if kept is None:
        return None
    if needs_reason(session.member, relation):
        await require_access(session, What.PEOPLE, reference)
    return Draft.model_validate({**json.loads(kept.text), "saved_at": kept.saved_at})


async def drop(session: Session, reference: str, kind: str, subject: str) -> None:
    """Drop what a person has begun to write of a step."""
    await drafts.drop(session.referrals.pool, _place(session, reference, kind, subject))


async def begun(session: Session) -> list[DraftNote]:
    """What a person has begun and not recorded on referrals of their areas, the latest first."""
    theirs = session.referrals.pool.within(session.member.areas)
    return [
        DraftNote(
            reference=each.place.reference,
            kind=each.place.kind,
            subject=each.place.subject,
            saved_at=each.saved_at,
        )
        for each in await drafts.of_staff(theirs, session.member.id)
    ]


def _place(session: Session, reference: str, kind: str, subject: str) -> Place:
    return Place(session.member.id, reference, kind, subject[:_LONGEST_SUBJECT])
