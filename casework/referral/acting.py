"""What a signed-in person needs in front of them to take a step: whether it is possible, what there is to choose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from casework.access import ACCESS, Permission, What, needs_reason, require_access
from casework.referral.choices import Choice, Chosen, choices_in, colleagues
from casework.referral.contact import ContactDetails, contact_details_in
from casework.referral.risk_rounds import Rounds, rounds_of
from casework.referral.steps import ShutGate, shut_gate
from casework.referral.timeline import names_in
from casework.referral.view import without_special
from casework.session import Session
from casework.words import People, people_of, sentence
from casework.words.names import short_names
from casework.worklist.wording import AFTER_CONTACT
from lifecycle import Refused, deadlines, fold
from lifecycle.people.ages import as_of
from lifecycle.rules import RULES
from schemas.access import DataKind, Relation
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.events import Recorded
from schemas.people import Actor, Role, Staff
from schemas.referral import Deadline, Referral
from stores import staff
from stores.keys.referral_keys import KeyErased
from stores.logs import event_log


class Happened(Model):
    """Something that was recorded while somebody was filling in a form.

    Attributes:
        by: who did it: their name, else their id.
    """

    at: AwareDatetime
    by: str
    sentence: str = Field(repr=False)


class ActingView(Model):
    """A referral, for somebody who is about to take a step on it.

    Attributes:
        kind: of the command.
        missing: what stands in its way, whatever the fields say; nothing, where they may take it now.
        sequence: how many events the referral has.
        at: now, UTC.
        referral: its state; None for who may not see the caseload.
        deadlines: its open deadlines, soonest due first.
        names_shown: whether its people are called by their names.
        called: how its people are called, by id.
        colleagues: the names of the area's staff, by id.
        choices: what a form may choose from.
        contact: how the person whom the step is about is reached safely, where it is about a contact and may be seen.
        rounds: of a risk assessment, where that is the step and it may be seen.
        since: what was recorded after the person began.
        done: whether the command that the person is about to give again was recorded.
    """

    kind: str
    missing: tuple[ShutGate, ...]
    sequence: int
    at: AwareDatetime
    referral: Referral | None = Field(repr=False)
    deadlines: tuple[Deadline, ...]
    names_shown: bool
    called: dict[str, str] = Field(repr=False)
    colleagues: dict[str, str]
    choices: dict[Chosen, tuple[Choice, ...]] = Field(repr=False)
    contact: ContactDetails | None = Field(default=None, repr=False)
    rounds: Rounds | None = Field(default=None, repr=False)
    since: tuple[Happened, ...] = ()
    done: bool = False


async def acting_view(
    session: Session,
    reference: str,
    kind: str,
    *,
    about: str | None = None,
    names: bool = True,
    after: int | None = None,
    without: UUID | None = None,
) -> ActingView:
    """What somebody needs in front of them to take a step.

    Args:
        kind: of the command.
        about: the person whom the step is about, by id.
        names: whether names are to be shown, where they may.
        after: how many events the referral had when the person began; None: now.
        without: the command that the person is about to give again.

    Raises:
        Refused: the referral is unknown, or they have nothing to do with it.
    """
    referrals = session.referrals
    relation = await require_access(session, What.STATUS, reference)
    actors = await referrals.actors(reference, session.member.id)
    inside = ACCESS[session.member.role, What.CASELOAD, relation] is not Permission.NO
    opened = inside and await _may_open(session, reference, kind, about)
    history = await _history(session, reference, opened=opened)
    referral, now = fold(history), datetime.now(UTC)
    team = await staff.team(referrals.pool, *(each.area for each in actors))
    whole = names_in(history) if opened and names else {}
    people = people_of(history, whole)
    called = {each: people.side_of(each) for each in people.roles} | short_names(whole)
    withheld = referral.sensitive and needs_reason(session.member, relation) and not opened
    contact = None
    if opened and kind in AFTER_CONTACT and about in people.roles:
        contact = contact_details_in(history, referral, str(about))
    return ActingView(
        kind=kind,
        missing=_missing(referral, kind, actors, now),
        sequence=len(history),
        at=now,
        referral=None if not inside else without_special(referral) if withheld else referral,
        deadlines=deadlines(referral) if inside else (),
        names_shown=bool(whole),
        called=called if inside else {},
        colleagues={each.id: each.name or each.id for each in team} if _sees_staff(session, relation) else {},
        choices=_choices(referral, history, team, called, whole, inside=inside, session=session),
        contact=contact,
        rounds=rounds_of(history, about) if opened and kind == "record_risk_assessment" else None,
        since=_since(history, people, team, after, without) if inside and after is not None else (),
        done=without is not None and any(each.command_id == without for each in history),
    )


async def changed_since(session: Session, reference: str, after: int, without: UUID) -> bool:
    """Whether people recorded anything on a referral after it had so many events, beside one command.

    Raises:
        Refused: the referral is unknown, or they have nothing to do with it.
    """
    await require_access(session, What.STATUS, reference)
    later = await event_log.read(session.referrals.pool, reference, after=after)
    return any(each.role is not Role.SYSTEM and each.command_id != without for each in later)


async def recorded_as(session: Session, reference: str, command_id: UUID) -> int | None:
    """How many events the referral had after a command of the person's; None where it was not recorded.

    Raises:
        Refused: the referral is unknown, or they have nothing to do with it.
    """
    await require_access(session, What.STATUS, reference)
    history = await event_log.read(session.referrals.pool, reference)
    theirs = [
        each.sequence for each in history if each.command_id == command_id and each.actor == session.member.id
    ]
    return theirs[-1] if theirs else None


async def _may_open(session: Session, reference: str, kind: str, about: str | None) -> bool:
    """Whether what is said about people may be shown, which is then in the access log as looked at."""
    try:
        await session.referrals.keys.get(reference)
        looked_at = DataKind.CONTACT if kind in AFTER_CONTACT and about else DataKind.PEOPLE
        await require_access(session, What.PEOPLE, reference, looked_at)
    except KeyErased:
        return False
    except Refused as refused:
        if refused.code != "reason_needed":
            raise
        return False
    return True


async def _history(session: Session, reference: str, *, opened: bool) -> list[Recorded]:
    pool, keys = session.referrals.pool, session.referrals.keys
    if not opened:
        return await event_log.history(pool, keys, reference)
    return await event_log.read(pool, reference, key=await keys.get(reference))


def _missing(referral: Referral, kind: str, actors: Sequence[Actor], at: datetime) -> tuple[ShutGate, ...]:
    """What stands in the way of a step; of several areas in which somebody may act, in the one where least does."""
    rule, today = RULES[COMMANDS[kind]], as_of(referral, at)
    found = []
    for actor in actors:
        elsewhere = rule.place_refusal(today, actor)
        refusals = [elsewhere] if elsewhere else list(rule.refusals(today, actor, at))
        found.append(tuple(shut_gate(referral, each) for each in refusals))
    return min(found, key=len)


def _sees_staff(session: Session, relation: Relation) -> bool:
    theirs = ACCESS[session.member.role, What.COLLEAGUES, Relation.OWN_AREA]
    return theirs is not Permission.NO and relation is not Relation.NOBODY


def _choices(
    referral: Referral,
    history: Sequence[Recorded],
    team: Sequence[Staff],
    called: dict[str, str],
    names: dict[str, str],
    *,
    inside: bool,
    session: Session,
) -> dict[Chosen, tuple[Choice, ...]]:
    if inside:
        here = [each for each in team if referral.area in each.areas]
        return choices_in(referral, history, here, called, names)
    # Who answers another area's offer gives it to a colleague of their own.
    own = [each for each in team if set(each.areas) & set(session.member.areas)]
    sees = ACCESS[session.member.role, What.COLLEAGUES, Relation.OWN_AREA] is not Permission.NO
    return {Chosen.STAFF: tuple(colleagues(own))} if sees else {}


def _since(
    history: Sequence[Recorded], people: People, team: Sequence[Staff], after: int, without: UUID | None
) -> tuple[Happened, ...]:
    names = {each.id: each.name or each.id for each in team}
    return tuple(
        Happened(at=each.at, by=names.get(each.actor, each.actor), sentence=sentence(each.event, people))
        for each in history
        if each.sequence > after and each.role is not Role.SYSTEM and each.command_id != without
    )
