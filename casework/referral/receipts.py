"""What a person has just recorded, for the page that they come back to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, Field

from casework.access import What, require_access
from casework.session import Session
from casework.words import people_of, sentence
from lifecycle import Refused
from schemas.base import Model
from schemas.vocabulary import Stage
from stores.logs import event_log

SHOWN_FOR = timedelta(minutes=10)
"""After which a step is no news any more to who took it."""


class RecordedStep(Model):
    """A step that a person has just taken.

    Attributes:
        step: its number, by which a mistake is taken back.
        sentences: what happened, by ids.
        stage: the stage that the referral entered with it; None: it stayed where it was.
    """

    step: int
    at: AwareDatetime
    sentences: tuple[str, ...] = Field(repr=False)
    stage: Stage | None


async def recorded_step(session: Session, reference: str, sequence: int) -> RecordedStep | None:
    """The step that a person took a moment ago; None where it is not theirs, or some time ago.

    Args:
        sequence: how many events the referral had after it.

    Raises:
        Refused: the referral is unknown.
    """
    try:
        await require_access(session, What.CASELOAD, reference)
    except Refused as refused:
        # Who gave it away, or only raised a concern, may not read the caseload; it is recorded all the same.
        if refused.code == "unknown_referral":
            raise
        return None
    history = await event_log.read(session.referrals.pool, reference)
    step = next((each.step for each in history if each.sequence == sequence), None)
    taken = [each for each in history if each.step == step and each.actor == session.member.id]
    if not taken or step is None or datetime.now(UTC) - taken[0].at > SHOWN_FOR:
        return None
    people = people_of(history)
    return RecordedStep(
        step=step,
        at=taken[0].at,
        sentences=tuple(sentence(each.event, people) for each in taken),
        stage=next(
            (each.event.stage for each in reversed(taken) if each.event.kind == "stage_entered"), None
        ),
    )
