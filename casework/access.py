"""What a person may see: by role, and by what they have to do with the referral. Decided here and nowhere else.

Without a person nothing of the caseload is shown: figures and the health of the service are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from casework.session import Session, WayIn, sign_in
from lifecycle import Refused
from lifecycle.core import SUPERVISORS, WORKERS
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import Stage
from stores import referrals as read_model
from stores.register import Entry


class What(StrEnum):
    """What there is to see."""

    CASELOAD = "caseload"
    """The referrals with how they stand, and what was done when and by whom; nothing about a person."""
    PEOPLE = "people"
    """What is said about people, and how they are reached."""
    STATUS = "status"
    """Whether a referral was received, is in hand, or is closed."""
    COLLEAGUES = "colleagues"
    """The staff register."""
    REGISTER_LOG = "register_log"
    """Who changed the staff register, and what in it."""


# Each in the areas of the person; what a partner sees is besides only of what they sent.
_MAY_SEE: dict[Role, frozenset[What]] = {
    **{role: frozenset({What.CASELOAD, What.PEOPLE, What.STATUS, What.COLLEAGUES}) for role in WORKERS},
    **{role: frozenset(What) for role in SUPERVISORS},
    Role.PARTNER: frozenset({What.STATUS}),
    Role.COMMISSIONER: frozenset(),
    Role.SYSTEM: frozenset(),
}

_SENTENCES = {
    What.CASELOAD: "Referrals are for those who work on them.",
    What.PEOPLE: "What is said about people is for those who work with the referral.",
    What.STATUS: "Referrals are for those who work on them.",
    What.COLLEAGUES: "The staff register is for those who work on referrals.",
    What.REGISTER_LOG: "Who changed the staff register is for supervisors and service managers.",
}
_INSTEAD = {
    Role.PARTNER: " You see the status of what you sent: rj list, rj show.",
    Role.COMMISSIONER: " You see figures: rj funnel.",
}


class Sent(NamedTuple):
    """The status of a referral, as the partner who sent it sees it."""

    reference: str
    area: Area
    status: str


def may_see(member: Staff, what: What, area: Area, sent_by: str | None = None) -> None:
    """Nothing, where a person may see this of a referral or a person of the area.

    Args:
        sent_by: the partner who sent the referral.

    Raises:
        Refused: they may not.
    """
    _check_role(member, what)
    if area not in member.areas:
        raise Refused("staff_other_area", f"{member.id} does not work in {area}.", "as")
    if member.role is Role.PARTNER and sent_by != member.id:
        raise Refused("not_sent_by_you", "You see the status of what you sent, and of no other.", "as")


def areas_to_see(member: Staff, what: What, asked: Area | None = None) -> list[Area]:
    """The areas whose lists a person may see, or the one asked for.

    Raises:
        Refused: they may see this of none, or not of the one asked for.
    """
    _check_role(member, what)
    if asked is None:
        return list(member.areas)
    if asked not in member.areas:
        raise Refused("staff_other_area", f"{member.id} does not work in {asked}.", "as")
    return [asked]


def register_log_for(member: Staff, entries: list[Entry]) -> list[Entry]:
    """The changes of the staff register that concern the areas of a person.

    Raises:
        Refused: they are not theirs to see.
    """
    areas = set(areas_to_see(member, What.REGISTER_LOG))

    def concerns(entry: Entry) -> bool:
        people = (entry.before, entry.after)
        return any(areas & set(person.areas) for person in people if person is not None)

    return [entry for entry in entries if concerns(entry)]


async def require_access(session: Session, what: What, reference: str) -> None:
    """Let a signed-in person see this of a referral, or refuse.

    Raises:
        Refused: the referral is unknown, or they may not.
    """
    member = session.member
    actor = await session.referrals.actor(reference, member.id)
    sent_by = None
    if member.role is Role.PARTNER:
        sent_by = await read_model.sent_by(session.referrals.pool, reference)
    may_see(member, what, actor.area, sent_by)


async def who_sees(referrals: Referrals, reference: str, staff_id: str, what: What) -> Staff:
    """The person, where they may see this of a referral.

    Raises:
        Refused: the referral or the person is unknown, or they may not.
    """
    session = await sign_in(referrals, staff_id, WayIn.COMMAND_LINE)
    await require_access(session, what, reference)
    return session.member


async def sent(referrals: Referrals, member: Staff, areas: list[Area], limit: int) -> list[Sent]:
    """The status of what a partner sent, the newest first."""
    found = await read_model.sent(referrals.pool.within(areas), member.id, areas, limit)
    return [Sent(reference, area, status(stage)) for reference, area, stage in found]


def status(stage: Stage) -> str:
    """How a referral stands, for who sent it: neither the stage, nor why it ended."""
    return stage if stage in (Stage.RECEIVED, Stage.CLOSED) else "in_hand"


def _check_role(member: Staff, what: What) -> None:
    if what not in _MAY_SEE[member.role]:
        raise Refused("not_your_role", _SENTENCES[what] + _INSTEAD.get(member.role, ""), "as")
