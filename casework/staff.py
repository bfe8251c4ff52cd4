"""The staff register: who may act, in which areas, who stands in for whom, and what each has chosen to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from pydantic import Field

from casework.access import What, areas_to_see, register_log_for
from casework.session import Session
from lifecycle import Refused
from lifecycle.notifying.team import STAND_INS
from lifecycle.people.normal_forms import Unusable, email_address, persons_name
from lifecycle.rules import WORKERS
from runtime.referrals import Referrals
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.notices import Category
from schemas.people import Role, Staff
from schemas.vocabulary.words import in_words
from stores import open_referrals, register
from stores import staff as store
from stores.logs import staff_log
from stores.register import Entry, Kind

__all__ = [
    "LONGEST_ABSENCE",
    "PEOPLES_ROLES",
    "Changed",
    "Entry",
    "InHand",
    "Kind",
    "check_email",
    "check_name",
    "colleagues",
    "confirm",
    "decline",
    "enter",
    "enter_first",
    "possible_stand_ins",
    "proposals",
    "register_log",
    "say_absent",
    "say_back",
    "set_messages",
    "still_in_hand",
]

PEOPLES_ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
"""What a person may be; the role under which deadlines are recorded is no person's."""

LONGEST_ABSENCE = timedelta(days=3650)


class InHand(Model):
    """What somebody has in hand in areas where they do not work on referrals any more.

    Attributes:
        owned: how many open referrals are theirs, by area.
        facilitated: the references of the open referrals that they facilitate.
    """

    owned: dict[Area, int] = Field(default_factory=dict)
    facilitated: tuple[str, ...] = ()


class Changed(Model):
    """What became of a change to the register.

    Attributes:
        kind: entered, changed, confirmed, or proposed, where it waits for a second service manager; None where all of
            it was so already.
        member: the person as they are, or would become by what is proposed.
        left_behind: what they have in hand and may not work on any more.
    """

    kind: Kind | None
    member: Staff
    left_behind: InHand = InHand()


# As a participant's.
_LONGEST_NAME = 200


def check_email(address: str) -> str:
    """One e-mail address in its normal form, as it is asked of participants too.

    Raises:
        ValueError: it is none; says what is accepted and never repeats it.
    """
    try:
        return email_address(address)
    except Unusable:
        raise ValueError("it must be one e-mail address, such as no-reply@example.org") from None


def check_name(name: str) -> str:
    """A name in its normal form, as it is asked of participants too.

    Raises:
        ValueError: it is too long, or has no letter, or characters that cannot be seen; says so and never repeats it.
    """
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"it takes at most {_LONGEST_NAME} characters")
    return persons_name(name)


async def enter_first(referrals: Referrals, member: Staff) -> None:
    """Enter the first service manager, who then enters everybody else. Nobody can be signed in yet.

    Raises:
        Refused: there is a service manager already, or somebody of that id.
    """
    await register.enter_first(referrals.pool, referrals.keys, member)


async def enter(session: Session, member: Staff) -> Changed:
    """Enter a person into the register, or replace what it says of them; absence and messages stay as they are.

    Args:
        member: as they are to be. A name or an address that is not given stays.

    Raises:
        Refused: the role is no person's, or it is not for this service manager to do.
    """
    if member.role not in PEOPLES_ROLES:
        raise Refused("not_a_persons_role", f"Accepted: {', '.join(PEOPLES_ROLES)}.", "role")
    referrals = session.referrals
    kind = await register.enter(referrals.pool, referrals.keys, member, session.member.id)
    if kind is Kind.PROPOSED:
        return Changed(kind=kind, member=member)
    return Changed(kind=kind, member=member, left_behind=await _left_behind(referrals, member, tuple(Area)))


async def confirm(session: Session, staff_id: str) -> Changed:
    """Agree, as the second service manager, to what another proposed of somebody.

    Raises:
        Refused: nothing is proposed, or it is not for them to confirm.
    """
    referrals = session.referrals
    member = await register.confirm(referrals.pool, referrals.keys, staff_id, session.member.id)
    return Changed(
        kind=Kind.CONFIRMED, member=member, left_behind=await _left_behind(referrals, member, tuple(Area))
    )


async def decline(session: Session, staff_id: str) -> None:
    """Let what was proposed of somebody come to nothing.

    Raises:
        Refused: nothing is proposed, or it is not for them to decline.
    """
    referrals = session.referrals
    await register.decline(referrals.pool, referrals.keys, staff_id, session.member.id)


async def still_in_hand(session: Session, member: Staff) -> InHand:
    """What somebody has in hand, in the areas of the person who asks, and may not work on any more.

    Raises:
        Refused: the register is not theirs to see.
    """
    areas = areas_to_see(session.member, What.COLLEAGUES)
    return await _left_behind(session.referrals, member, areas)


async def _left_behind(referrals: Referrals, member: Staff, areas: Collection[Area]) -> InHand:
    works_in = member.areas if member.active and member.role in WORKERS else ()
    left = [area for area in areas if area not in works_in]
    if not left:
        return InHand()
    owned = await open_referrals.owned_by_area(referrals.pool, member.id)
    return InHand(
        owned={area: count for area, count in owned.items() if area in left},
        facilitated=tuple(await open_referrals.facilitated(referrals.pool, member.id, left)),
    )


async def colleagues(session: Session, *, area: Area | None = None, role: Role | None = None) -> list[Staff]:
    """The people of the register who are in the person's areas, by id.

    Raises:
        Refused: the register is not theirs to see.
    """
    areas = areas_to_see(session.member, What.COLLEAGUES, area)
    return await store.list_staff(session.referrals.pool, role=role, areas=areas)


async def proposals(session: Session) -> list[Entry]:
    """What waits for a second service manager in the person's areas, oldest first.

    Raises:
        Refused: it is not theirs to see.
    """
    return register_log_for(session.member, await staff_log.proposals(session.referrals.pool))


async def register_log(session: Session, *, of: str | None = None) -> list[Entry]:
    """Who changed the register in the person's areas, when, and what in it, oldest first.

    Args:
        of: about this person only.

    Raises:
        Refused: it is not theirs to see.
    """
    return register_log_for(session.member, await staff_log.read(session.referrals.pool, of=of))


async def set_messages(
    session: Session,
    *,
    at_once: Sequence[Category] | None = None,
    digest: bool | None = None,
    email: str | None = None,
    no_email: bool = False,
) -> Staff:
    """Keep what the person has chosen to be told by e-mail, and return them as they are then. None stays as it is.

    Args:
        at_once: the kinds of message that reach them at once.
        digest: whether they get the summary on working mornings.
        email: where messages reach them.
        no_email: take their address away, so that all of it is in their inbox only.
    """
    member, referrals = session.member, session.referrals
    chosen = member.model_copy(
        update={
            # In the order in which they are listed everywhere.
            "at_once": member.at_once
            if at_once is None
            else tuple(category for category in Category if category in at_once),
            "digest": member.digest if digest is None else digest,
            "email": None if no_email else member.email if email is None else check_email(email),
        }
    )
    if chosen != member:
        await register.set_messages(referrals.pool, referrals.keys, chosen)
    return chosen


async def say_absent(session: Session, staff_id: str, last_day: date, stand_in: str) -> None:
    """Say that the person, or somebody in an area that they supervise, is away and who stands in.

    Args:
        last_day: the last day away, in London; all of it is.

    Raises:
        Refused: one of them is unknown, the day is past, who stands in may not do their work, or it is not for them to
            say.
    """
    referrals = session.referrals
    away = await referrals.registered(staff_id, "id")
    today = datetime.now(LONDON).date()
    if not today <= last_day <= today + LONGEST_ABSENCE:
        raise Refused(
            "not_in_time", f"Give a day from today to {today + LONGEST_ABSENCE}, the last day away.", "until"
        )
    _check_stand_in(away, await referrals.registered(stand_in, "stand-in"))
    back_at = datetime.combine(last_day + timedelta(days=1), time(), LONDON)
    await register.set_absent(referrals.pool, referrals.keys, staff_id, back_at, stand_in, session.member.id)


async def say_back(session: Session, staff_id: str) -> None:
    """Say that the person, or somebody in an area that they supervise, is back.

    Raises:
        Refused: there is nobody of that id, or it is not for them to say.
    """
    referrals = session.referrals
    await referrals.registered(staff_id, "id")
    await register.set_absent(referrals.pool, referrals.keys, staff_id, None, None, session.member.id)


async def possible_stand_ins(session: Session, staff_id: str | None = None) -> list[Staff]:
    """The colleagues who may stand in for the person, by id; nobody may for some roles.

    Args:
        staff_id: for this colleague instead.

    Raises:
        Refused: there is no such colleague, or the register is not theirs to see.
    """
    away = session.member
    if staff_id is not None:
        areas_to_see(away, What.COLLEAGUES)
        away = await session.referrals.registered(staff_id, "id")
    found = await store.list_staff(session.referrals.pool, area=away.areas[0])
    return [each for each in found if _may_stand_in(away, each)]


def _may_stand_in(away: Staff, stand_in: Staff) -> bool:
    try:
        _check_stand_in(away, stand_in)
    except Refused:
        return False
    return True


def _check_stand_in(away: Staff, stand_in: Staff) -> None:
    def refused(code: str, sentence: str) -> Refused:
        return Refused(code, sentence, "stand-in")

    if stand_in.id == away.id:
        raise refused("same_person", "Nobody stands in for themself.")
    if not stand_in.active:
        raise refused("staff_inactive", f"{stand_in.id} is no longer active.")
    if lacking := [area for area in away.areas if area not in stand_in.areas]:
        raise refused(
            "staff_other_area", f"{stand_in.id} does not work in {', '.join(lacking)}, where {away.id} does."
        )
    accepted = STAND_INS[away.role]
    if not accepted:
        raise refused("not_their_role", f"Nobody stands in for a {in_words(away.role)}.")
    if stand_in.role not in accepted:
        roles = ", ".join(in_words(role) for role in Role if role in accepted)
        raise refused(
            "not_their_role",
            f"{stand_in.id} is a {in_words(stand_in.role)}; accepted for a {in_words(away.role)}: {roles}.",
        )
