"""What a person may see: by role, and by what they have to do with the referral. Decided here and nowhere else.

One table says it, `ACCESS`, which `docs/access.md` prints. Without a person nothing of the caseload is shown: figures
and the health of the service are. Which steps a person may take is decided by the rules: see `docs/lifecycle.md`.

Whatever reads what is said about people passes `require_access`, which writes the look into the access log before
anything is shown. Ground: Data Protection Act 2018 s.62, which has consultation and disclosure logged, with who did it,
when and, as far as possible, why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from casework.reasons import reason_of, with_reason
from casework.session import Session
from lifecycle import Refused
from lifecycle.activities.state import all_facilitators
from lifecycle.notifying.team import answering, with_cover
from lifecycle.rules import SUPERVISORS, WORKERS
from runtime.referrals import NotAnswered
from schemas.access import DataKind, Look, Relation
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.policy import Rung
from schemas.vocabulary import Stage
from stores import staff
from stores.keys.referral_keys import DataKey, KeyErased
from stores.logs import access_log
from stores.logs.access_log import Standing
from stores.logs.chain import chain_key
from stores.register import Entry


class What(StrEnum):
    """What there is to see."""

    FIGURES = "figures"
    """Counts, of nobody in particular."""
    STATUS = "status"
    """Whether a referral was received, is in hand, or is closed."""
    CASELOAD = "caseload"
    """The referrals with how they stand, and what was done when and by whom; nothing about a person."""
    OFFER = "offer"
    """What another area's offer tells: stage, offence, how many people, deadlines, and the reason; nobody's name."""
    NAMES = "names"
    """The first name and the initial of who takes part, in a list."""
    PEOPLE = "people"
    """What is said about people, and how they are reached: names, contact details, free text."""
    COLLEAGUES = "colleagues"
    """The staff register."""
    REGISTER_LOG = "register_log"
    """Who changed the staff register, and what in it."""
    ACCESS_LOG = "access_log"
    """Who looked at what is said about people, when, and why."""
    VERIFICATION = "verification"
    """Whether every log is as it was recorded."""
    HEALTH = "health"
    """What is wrong with the installation, and how it is mended."""


class Permission(StrEnum):
    """Whether somebody may see something."""

    YES = "yes"
    NO = "no"
    WITH_REASON = "with_reason"
    """Yes; in a sensitive case only if they say why, which is recorded, and its supervisor is told."""
    UNLESS_SENSITIVE = "unless_sensitive"
    """Yes; in a sensitive case no."""


class Grant(NamedTuple):
    """A line of the table: people of these roles, who stand so to a referral, may see this of it."""

    roles: Collection[Role]
    what: What
    relations: Collection[Relation]
    permission: Permission = Permission.YES


_WORKS_ON_IT = frozenset({Relation.OWN, Relation.STANDS_IN})
# To have sent it as a partner gives who works in the area since nothing more, and takes nothing.
_ONLY_IN_AREA = frozenset({Relation.SENT, Relation.OWN_AREA})
_IN_AREA = _WORKS_ON_IT | _ONLY_IN_AREA

GRANTS = (
    Grant(WORKERS | {Role.COMMISSIONER, Role.PARTNER}, What.FIGURES, frozenset(Relation)),
    Grant(WORKERS, What.STATUS, _IN_AREA),
    Grant({Role.PARTNER}, What.STATUS, {Relation.SENT}),
    Grant(SUPERVISORS, What.STATUS, {Relation.OFFERED_TO, Relation.SENT_ON}),
    Grant(WORKERS, What.CASELOAD, _IN_AREA),
    Grant(SUPERVISORS, What.OFFER, {Relation.OFFERED_TO}),
    Grant(WORKERS, What.NAMES, _WORKS_ON_IT),
    # A list is open while somebody looks over a shoulder, and nobody asked for this one name.
    Grant(SUPERVISORS, What.NAMES, _ONLY_IN_AREA, Permission.UNLESS_SENSITIVE),
    Grant(WORKERS, What.PEOPLE, _WORKS_ON_IT),
    Grant(WORKERS - SUPERVISORS, What.PEOPLE, _ONLY_IN_AREA, Permission.WITH_REASON),
    Grant(SUPERVISORS, What.PEOPLE, _ONLY_IN_AREA),
    Grant(WORKERS, What.COLLEAGUES, _IN_AREA),
    Grant(SUPERVISORS | {Role.AUDITOR}, What.REGISTER_LOG, _IN_AREA),
    Grant(SUPERVISORS | {Role.AUDITOR}, What.ACCESS_LOG, _IN_AREA),
    Grant({Role.SERVICE_MANAGER, Role.AUDITOR}, What.VERIFICATION, frozenset(Relation)),
    Grant({Role.SERVICE_MANAGER}, What.HEALTH, frozenset(Relation)),
)
"""All that anybody may see; nothing else."""

ACCESS: Mapping[tuple[Role, What, Relation], Permission] = {
    **dict.fromkeys(product(Role, What, Relation), Permission.NO),
} | {
    (role, grant.what, relation): grant.permission
    for grant in GRANTS
    for role in grant.roles
    for relation in grant.relations
}
"""The whole table."""

READS_SENSITIVE = {
    What.OFFER: DataKind.TRANSFER_OFFER,
    What.NAMES: DataKind.NAME,
    What.PEOPLE: DataKind.PEOPLE,
    What.ACCESS_LOG: DataKind.ACCESS_LOG,
}
"""What tells of people, so that each look at it is recorded, and as a look at which kind where nothing else is said."""

_SENTENCES = {
    What.FIGURES: "Figures are for those who work on referrals or send them, and for commissioners.",
    What.STATUS: "Referrals are for those who work on them.",
    What.CASELOAD: "Referrals are for those who work on them.",
    What.OFFER: "Offers from other areas are for supervisors and service managers of the area they are made to.",
    What.NAMES: "Names in a list are for those who work on the referral; for its supervisors unless it is sensitive.",
    What.PEOPLE: "What is said about people is for those who work with the referral.",
    What.COLLEAGUES: "The staff register is for those who work on referrals.",
    What.REGISTER_LOG: "Who changed the staff register is for supervisors, service managers and auditors.",
    What.ACCESS_LOG: "Who looked at what is said about people is for supervisors, service managers and auditors.",
    What.VERIFICATION: "Whether the logs are as recorded is for service managers and auditors.",
    What.HEALTH: "How the installation stands is for service managers.",
}
_INSTEAD = {
    Role.PARTNER: " You see the status of what you sent: rj list, or Referrals in the console.",
    Role.COMMISSIONER: " You see figures: rj funnel, without --as, or Figures in the console.",
    Role.AUDITOR: " You see the logs: rj verify, rj access-log, rj searches, rj staff log, or Audit in the console.",
}


def relation_to(
    member: Staff | None, standing: Standing, team: Mapping[str, Staff], others: Collection[str]
) -> Relation:
    """What a person has to do with a referral; where several things, the first of those that count for more.

    Args:
        member: as the register knows them now; None: it does not.
        standing: of the referral.
        team: the active members of staff of its area, by id: who is absent is stood in for.
        others: its co-facilitator, and who runs one of its activities.
    """
    if member is None or not member.active:
        return Relation.NOBODY
    if standing.area not in member.areas:
        return _from_another_area(member, standing)
    workers = [who for who in (standing.caseworker, standing.facilitator, *others) if who is not None]
    if member.id in workers:
        return Relation.OWN
    if member.id in with_cover([who for who in workers if who in team], dict(team), standing.now):
        return Relation.STANDS_IN
    return Relation.SENT if standing.sent_by == member.id else Relation.OWN_AREA


def _from_another_area(member: Staff, standing: Standing) -> Relation:
    if standing.offered_to in member.areas:
        return Relation.OFFERED_TO
    if not set(standing.left) & set(member.areas):
        return Relation.OTHER_AREA
    # A partner still sees how it stands what they sent, wherever it went.
    return (
        Relation.SENT if standing.sent_by == member.id and member.role is Role.PARTNER else Relation.SENT_ON
    )


def check_permission(member: Staff, what: What, relation: Relation, area: Area) -> Permission:
    """How a person who stands so to a referral of the area may see this of it: `YES` or `WITH_REASON`.

    Raises:
        Refused: they may not.
    """
    _check_role(member, what)
    permission = ACCESS[member.role, what, relation]
    if permission is not Permission.NO:
        return permission
    match relation:
        case Relation.NOBODY:
            raise Refused("staff_inactive", f"{member.id} is no longer active.", "as")
        case Relation.OFFERED_TO:
            raise Refused(
                "staff_other_area", f"{member.id} does not work in {area}, which only offers it.", "as"
            )
        case Relation.SENT_ON:
            raise Refused(
                "sent_on",
                "Another area took it over; the supervisors of the area that it left see where it went.",
                "as",
            )
        case Relation.OTHER_AREA:
            raise Refused("staff_other_area", f"{member.id} does not work in {area}.", "as")
        case _ if member.role is Role.PARTNER:
            raise Refused("not_sent_by_you", "You see the status of what you sent, and of no other.", "as")
    raise Refused("not_your_role", _SENTENCES[what] + _INSTEAD.get(member.role, ""), "as")


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


def check_service(member: Staff, what: What) -> None:
    """Raise Refused where somebody may not see this, which is of the whole service and not of an area or a referral."""
    _check_role(member, what)


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


# How often a look is tried to be recorded while others look at the same referral.
_TRIES = 20


def needs_reason(member: Staff, relation: Relation) -> bool:
    """Whether somebody who stands so to a sensitive case sees data about its people only by saying why."""
    return ACCESS[member.role, What.PEOPLE, relation] is Permission.WITH_REASON


def may_find(member: Staff, *, works_on_it: bool, sensitive: bool) -> bool:
    """Whether a person of the area finds a referral by what is said about its people: to be found tells who takes part
    in which kind of case, so a sensitive one is found by who sees its people without giving a reason."""
    relation = Relation.OWN if works_on_it else Relation.OWN_AREA
    permission = ACCESS[member.role, What.PEOPLE, relation]
    return permission is Permission.YES or (permission is Permission.WITH_REASON and not sensitive)


def may_see_names(member: Staff, relation: Relation, *, sensitive: bool) -> bool:
    """Whether somebody who stands so to a referral sees its people's names in a list."""
    permission = ACCESS[member.role, What.NAMES, relation]
    return permission is Permission.YES or (permission is Permission.UNLESS_SENSITIVE and not sensitive)


class Known(NamedTuple):
    """What was read already of who looks and of the referral, so that it is not read again.

    Attributes:
        member: who looks, as the register has them now.
        team: the active members of staff of the referral's area, by id.
        others: who runs the referral's activities beside its facilitator.
    """

    member: Staff
    team: Mapping[str, Staff] = {}
    others: Collection[str] = ()


async def require_access(
    session: Session, what: What, reference: str, kind: DataKind | None = None, *, known: Known | None = None
) -> Relation:
    """Let a signed-in person see this of a referral, or refuse.

    If it shows data about people, the look is in the access log when this returns. Somebody who does not work on a
    sensitive case must have given a reason, and its supervisors are told.

    Args:
        kind: which kind of data about people is read, for the access log; else it notes that of `READS_SENSITIVE`.
        known: what was read already.

    Returns:
        By which relation to the referral they may.

    Raises:
        Refused: the referral is unknown, or they may not, or they have to say why.
    """
    for tries in range(_TRIES):
        await asyncio.sleep(0.01 * tries)
        standing = await access_log.standing(session.referrals.pool, reference)
        if standing is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        member, team, others = known or await _read_known(session, reference, standing)
        relation = relation_to(member, standing, team, others)
        permission = check_permission(member, what, relation, standing.area)
        if permission is Permission.UNLESS_SENSITIVE and standing.sensitive:
            raise Refused("not_your_role", _SENTENCES[what], "as")
        told: list[str] = []
        looking = session
        # Of an erased referral there is nothing left to keep to oneself.
        if permission is Permission.WITH_REASON and standing.sensitive and not standing.erased:
            looking, told_before = await with_reason(session, reference, standing.now)
            if not told_before:
                told = answering(Rung.SUPERVISOR, dict(team), standing.now, without={member.id})
        if what not in READS_SENSITIVE:
            return relation
        look = Look(
            reference=reference,
            sequence=standing.looks + 1,
            at=standing.now,
            staff=member.id,
            role=member.role,
            kind=kind or READS_SENSITIVE[what],
            relation=relation,
            way_in=session.way_in,
            reason=None if standing.erased else reason_of(looking),
        )
        if await _recorded(session, look, standing.head, told):
            return relation
        # Another look or an erasure was recorded first: try again.
    raise NotAnswered(f"Others look at {reference} at the same moment; try again.")


async def _recorded(session: Session, look: Look, previous: bytes, told: list[str]) -> bool:
    """Whether a look was written down; if not, it is to be tried again with how the referral stands then."""
    keys = session.referrals.keys
    key: DataKey | None = None
    if look.reason is not None:
        try:
            key = await keys.get(look.reference)
        except KeyErased:
            return False
    answer = await access_log.record(session.referrals.pool, await chain_key(keys), look, previous, key, told)
    match answer:
        case "recorded":
            return True
        case "behind" | "erased":
            return False
        case "unknown":
            raise Refused("unknown_referral", f"There is no referral {look.reference}.", "reference")
    raise Refused(answer, f"{look.staff} may not see this any more.", "as")


async def _read_known(session: Session, reference: str, standing: Standing) -> Known:
    member = await session.referrals.member(session.member.id)
    team = await _team(session, member, standing)
    return Known(member, team, await _other_facilitators(session, reference, standing))


async def _team(session: Session, member: Staff, standing: Standing) -> dict[str, Staff]:
    """The active members of staff of the referral's area, by id; nobody, where that makes no difference."""
    if member.role not in WORKERS or member.id in (standing.caseworker, standing.facilitator):
        return {}
    return {each.id: each for each in await staff.team(session.referrals.pool, standing.area)}


async def _other_facilitators(session: Session, reference: str, standing: Standing) -> frozenset[str]:
    """Who runs a referral's activities beside its facilitator."""
    if not standing.co_facilitated:
        return frozenset()
    # Who was named may have been replaced or taken back, which the rules know.
    states = await session.referrals.states.of(session.referrals.pool, [reference])
    return frozenset(all_facilitators(states[reference]))


def status(stage: Stage) -> str:
    """How a referral stands, for who sent it: neither the stage, nor why it ended."""
    return stage if stage in (Stage.RECEIVED, Stage.CLOSED) else "in_hand"


def table() -> Iterator[tuple[What, list[Role], list[Permission]]]:
    """The table as it is printed: of each thing to see, who has the same permissions, and these by relation."""
    for what in What:
        rows: dict[tuple[Permission, ...], list[Role]] = {}
        for role in Role:
            rows.setdefault(tuple(ACCESS[role, what, relation] for relation in Relation), []).append(role)
        for permissions, roles in rows.items():
            yield what, roles, list(permissions)


def _check_role(member: Staff, what: What) -> None:
    if all(ACCESS[member.role, what, relation] is Permission.NO for relation in Relation):
        raise Refused("not_your_role", _SENTENCES[what] + _INSTEAD.get(member.role, ""), "as")
