"""A referral that somebody opens one question a page: their answers, kept on the server until it is open.

The answers are sealed with the key that the referral will have, which is made with the first of them, as is its
reference: so what is sent twice is opened once, what is dropped is unreadable in every copy once the epoch is replaced
(`stores/keys/epochs.py`), and nothing is sealed anew when it is opened.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from casework.session import Session
from lifecycle import Refused
from lifecycle.stages.intake import MAY_OPEN
from runtime.referrals import Opening, receipt_in_log
from schemas.base import Model
from schemas.commands import OpenReferral
from schemas.steps import Receipt
from schemas.vocabulary import Source
from stores.console import opening_drafts
from stores.keys.referral_keys import KeyErased, KeyUnknown
from stores.logs import event_log

LARGEST = 200_000
"""Characters of all answers together, as JSON; a referral with its twenty people is smaller."""


class BegunOpening(Model):
    """That somebody began to open a referral.

    Attributes:
        reference: that it will have.
        sent: whether it was sent to be opened, and no answer has come yet.
    """

    reference: str
    began_at: datetime
    changed_at: datetime
    sent: bool


class OpeningDraft(BegunOpening):
    """The same with what they answered.

    Attributes:
        command_id: of the opening.
        answers: as they were kept.
    """

    command_id: UUID
    answers: dict[str, Any] = Field(repr=False)


async def begin_opening(session: Session, answers: dict[str, Any]) -> str:
    """Begin a referral with its first answers, and return the reference that it will have.

    Raises:
        Refused: they may not open one.
    """
    if session.member.role not in MAY_OPEN:
        raise Refused(
            "not_your_role", "Your role may not open a referral; it is for staff and partner agencies.", "as"
        )
    referrals = session.referrals
    # Where it comes from makes no difference to a reference that is not derived from another system's.
    opening = await referrals.opening(Source.OTHER, None)
    await opening_drafts.begin(
        referrals.pool.nowhere, referrals.keys, *opening, session.member.id, _as_text(answers)
    )
    return opening.reference


async def begun_openings(session: Session) -> tuple[BegunOpening, ...]:
    """What the signed-in person began and did not finish, the latest first."""
    found = await opening_drafts.of_staff(session.referrals.pool.nowhere, session.member.id)
    return tuple(
        BegunOpening(
            reference=each.reference,
            began_at=each.began_at,
            changed_at=each.changed_at,
            sent=each.sent_at is not None,
        )
        for each in found
    )


async def read_opening(session: Session, reference: str) -> OpeningDraft:
    """What the signed-in person began, with their answers.

    Raises:
        Refused: it is not there any more, or not theirs.
    """
    referrals = session.referrals
    try:
        found = await opening_drafts.find(
            referrals.pool.nowhere, referrals.keys, reference, session.member.id
        )
    except (KeyUnknown, KeyErased):
        # Dropped since the row was read.
        found = None
    if found is None:
        raise _gone()
    begun, text = found
    return OpeningDraft(
        reference=reference,
        began_at=begun.began_at,
        changed_at=begun.changed_at,
        sent=begun.sent_at is not None,
        command_id=begun.command_id,
        answers=json.loads(text),
    )


async def keep_answers(session: Session, reference: str, answers: dict[str, Any]) -> None:
    """Keep the answers instead of those that were kept.

    Raises:
        Refused: it is not there any more, is not theirs, or was sent meanwhile.
    """
    referrals = session.referrals
    try:
        kept = await opening_drafts.keep(
            referrals.pool.nowhere, referrals.keys, reference, session.member.id, _as_text(answers)
        )
    except (KeyUnknown, KeyErased):
        kept = False
    if not kept:
        raise _gone()


async def drop_opening(session: Session, reference: str) -> None:
    """Drop what the signed-in person began, for ever. What is not there or not theirs is left alone."""
    theirs = {each.reference for each in await begun_openings(session)}
    if reference in theirs:
        await opening_drafts.drop(session.referrals.pool.nowhere, reference)


async def check_opening(session: Session, draft: OpeningDraft, form: OpenReferral) -> None:
    """Check all that is checked before it is opened, and record nothing. Raises Refused."""
    await session.referrals.check_opening(form, session.member.id, Opening(draft.reference, draft.command_id))


async def finish_opening(session: Session, draft: OpeningDraft, form: OpenReferral) -> Receipt:
    """Open the referral, and drop the answers. Sent twice, it is opened once.

    Raises:
        Refused: it may not be opened as it is. The answers are kept.
        NotAnswered, TemporalUnreachable: it may or may not be recorded; the answers are kept, to be sent again.
    """
    referrals = session.referrals
    pool, staff = referrals.pool.nowhere, session.member.id
    opening = Opening(draft.reference, draft.command_id)
    if await event_log.knows(referrals.pool, draft.reference, draft.command_id):
        receipt = await receipt_in_log(referrals.pool, referrals.keys, draft.reference, draft.command_id)
    else:
        # From here on its key may seal what Temporal keeps.
        await opening_drafts.mark_sent(pool, draft.reference, staff, sent=True)
        try:
            receipt = await referrals.open(form, staff, opening=opening)
        except Refused:
            await opening_drafts.mark_sent(pool, draft.reference, staff, sent=False)
            raise
    await opening_drafts.drop(pool, draft.reference)
    return receipt


def conflicts_accepted(session: Session) -> bool:
    """Whether the policy of any area of the person accepts a conflict without a crime."""
    policies = session.referrals.policies
    return any(policies.of(area).conflicts_without_crime_accepted for area in session.member.areas)


def _gone() -> Refused:
    return Refused(
        "opening_gone",
        "These answers are not kept any more: the referral was opened, they were dropped, or they are older than "
        f"{opening_drafts.KEPT_FOR.days} days.",
        "reference",
    )


def _as_text(answers: dict[str, Any]) -> str:
    text = json.dumps(answers)
    if len(text) > LARGEST:
        raise Refused("answers_too_long", f"All answers together take at most {LARGEST:,} characters.")
    return text
