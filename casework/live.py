"""What a signed-in person is told of as it changes: a referral, the referrals of their areas, their work, their inbox.

That something changed tells nobody anything: the page is read afresh, and says what the person may see then. What
changed on a referral is told in a sentence to who may see how it goes on, and without anybody's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import AwareDatetime

from casework.access import ACCESS, Permission, What, areas_to_see, require_access
from casework.referral.timeline import timeline_of
from casework.session import Session
from casework.worklist.duties import duties_of
from lifecycle import Refused
from lifecycle.rules import SUPERVISORS
from runtime.changes import Change
from schemas.base import Model
from schemas.people import Role
from schemas.reading.reference import parse_reference
from stores import staff
from stores.logs import event_log

_SYSTEM = "The service"


class Subject(StrEnum):
    """What somebody may be told of, besides one referral."""

    WORK = "work"
    """What they have to do."""
    AREAS = "areas"
    """The referrals of their areas."""
    INBOX = "inbox"
    """The messages to them, of which everybody who follows anything is told."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a person follows.

    Attributes:
        staff: the person.
        reference: of a referral.
        areas: all that changes in these.
        workers: what changes for whoever works on a referral and is among these.
        tells: whether they may know what happened on the referral.
    """

    staff: str
    reference: str | None = None
    areas: frozenset[str] = frozenset()
    workers: frozenset[str] = frozenset()
    tells: bool = False

    def concerned(self, change: Change) -> bool:
        """Whether a change is one that they are told of."""
        return self.staff in change.told or self.shown(change)

    def shown(self, change: Change) -> bool:
        """Whether it may be seen where they look, beside their inbox."""
        return (
            change.missed
            or (change.reference is not None and change.reference == self.reference)
            or bool(change.areas & self.areas)
            or bool(change.workers & self.workers)
        )


class Happened(Model):
    """Something that was recorded on a referral.

    Attributes:
        by: who did it: their name, else their id.
        sentence: what it was, with people by id and side.
    """

    sequence: int
    at: AwareDatetime
    by: str
    sentence: str


async def follow(session: Session, about: str) -> Followed:
    """What a person follows who wants to be told of a subject, or of the referral with a reference.

    Raises:
        Refused: there is no such thing, or it is not for them.
    """
    member = session.member
    if about == Subject.INBOX:
        return Followed(member.id)
    if about == Subject.AREAS:
        return Followed(member.id, areas=frozenset(areas_to_see(member, What.CASELOAD)))
    if about == Subject.WORK:
        areas = areas_to_see(member, What.CASELOAD)
        if member.role in SUPERVISORS:
            return Followed(member.id, areas=frozenset(areas))
        register = await staff.team(session.referrals.pool, *areas)
        now = datetime.now(UTC)
        duties = [duties_of(member, area, register, now) for area in areas]
        return Followed(member.id, workers=frozenset(who for each in duties for who in each.workers))
    try:
        reference = parse_reference(about)
    except ValueError:
        raise Refused("unknown_referral", "There is no such referral.", "about") from None
    relation = await require_access(session, What.STATUS, reference)
    tells = ACCESS[member.role, What.CASELOAD, relation] is Permission.YES
    return Followed(member.id, reference=reference, tells=tells)


async def happened_since(session: Session, reference: str, after: int) -> list[Happened]:
    """What was recorded on a referral since it had so many events, oldest first: the first event of each step.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.CASELOAD, reference)
    pool = session.referrals.pool
    history = (await event_log.outlines(pool, [reference])).get(reference, [])
    entries = [
        each for each in timeline_of(history, None, opened=False).entries if each.recorded.sequence > after
    ]
    named = await _named(session, {each.recorded.actor for each in entries})
    return [
        Happened(
            sequence=each.recorded.sequence,
            at=each.recorded.at,
            by=named[each.recorded.actor],
            sentence=each.sentence,
        )
        for each in entries
        if each.begins_step
    ]


async def _named(session: Session, people: Iterable[str]) -> dict[str, str]:
    team = await staff.list_staff(session.referrals.pool.nowhere, areas=session.member.areas)
    register = {each.id: each.name for each in team}
    return {who: register.get(who) or (_SYSTEM if who == Role.SYSTEM else who) for who in people}
