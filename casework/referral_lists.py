"""Which referrals there are: lists by filter, and what a partner sent. Searching is in `casework/searching/`."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias

from pydantic import Field

from casework.access import What, areas_to_see, status
from casework.session import Session
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.vocabulary import Source, Stage
from stores import referrals as read_model
from stores.referrals import Line, Offered, Place, SentOn

ReferralLine: TypeAlias = Line
"""A referral as lists show it."""

OfferedLine: TypeAlias = Offered
"""A referral that another area offers, as a list shows it."""


_PLACE = r"^([0-9]{1,17})?\.[0-9]{1,17}\.RJ(-[0-9A-Z]{4}){2}$"
"""A place in a list: when it is due and when it came in microseconds, and its reference; nothing about anybody."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ListFilters(Model):
    """Which referrals are listed; each filter that is given narrows the list.

    Attributes:
        area: of this police area; None: of all areas of the person.
        stage: in this stage; closed ones are listed only when that stage is asked for.
        caseworker: of this caseworker.
        overdue, on_hold, sensitive, safeguarding: True keeps only such; False keeps all.
        unallocated: True keeps only those of no caseworker.
        past_due: True keeps only those whose next deadline is past; without what is only inactive or unsupervised.
        inactive: True keeps only those on which nothing happened for longer than the policy allows.
        source: sent by an agency of this kind.
        due_within_days: due by the end of that many days from today in London, or overdue; 0 is today.
        after: after this place, which :attr:`ReferralList.next_page` names; None: from the first on.
        limit: how many at the most.
    """

    area: Area | None = None
    stage: Stage | None = None
    caseworker: str | None = None
    overdue: bool = False
    on_hold: bool = False
    sensitive: bool = False
    safeguarding: bool = False
    unallocated: bool = False
    past_due: bool = False
    inactive: bool = False
    source: Source | None = None
    due_within_days: int | None = Field(default=None, ge=0, le=3650)
    after: str | None = Field(default=None, pattern=_PLACE)
    limit: int = Field(default=50, ge=1, le=100_000)

    @property
    def of_the_work(self) -> bool:
        """Whether they ask for more than an area, which a partner does not see."""
        marks = (self.overdue, self.on_hold, self.sensitive, self.safeguarding)
        more = (self.unallocated, self.past_due, self.inactive, self.source)
        return any((self.stage, self.caseworker, *marks, *more)) or self.due_within_days is not None


class ReferralList(Model):
    """Referrals as lists show them.

    Attributes:
        lines: soonest due first; of a search, the newest first.
        more: whether there are more than were asked for.
        next_page: the place after which the others stand, for lists by filter; None: there are no others.
    """

    lines: tuple[ReferralLine, ...]
    more: bool
    next_page: str | None = None


class Sent(Model):
    """The status of a referral, as the partner who sent it sees it: received, in_hand or closed."""

    reference: str
    area: Area
    status: str


class SentList(Model):
    """What a partner sent, the newest first.

    Attributes:
        more: whether there are more than were asked for.
    """

    lines: tuple[Sent, ...]
    more: bool


async def list_referrals(session: Session, filters: ListFilters) -> ReferralList:
    """The referrals of a person's areas that fit every filter, soonest due first.

    Raises:
        Refused: an area is not theirs, the caseworker is unknown, or no list is for them.
    """
    areas = areas_to_see(session.member, What.CASELOAD, filters.area)
    if filters.caseworker is not None:
        await session.referrals.registered(filters.caseworker, "caseworker")
    days = filters.due_within_days
    found = await read_model.list_referrals(
        session.referrals.pool.within(areas),
        areas=areas,
        due_before=_day_end(days) if days is not None else None,
        after=_place(filters.after) if filters.after is not None else None,
        limit=filters.limit + 1,
        **filters.model_dump(exclude={"area", "due_within_days", "after", "limit"}),
    )
    listed = _up_to(found, filters.limit)
    return listed.model_copy(update={"next_page": _place_of(listed.lines[-1])}) if listed.more else listed


async def sent(session: Session, *, area: Area | None = None, limit: int = 50) -> SentList:
    """The status of what a partner sent, the newest first.

    Args:
        area: to this one only; None: to all areas of the partner.
        limit: how many at the most.

    Raises:
        Refused: the area is not theirs, or no status is for them.
    """
    areas = areas_to_see(session.member, What.STATUS, area)
    # What another area has taken over since is among it.
    found = await read_model.sent(session.referrals.pool, session.member.id, areas, limit + 1)
    lines = tuple(Sent(reference=reference, area=of, status=status(stage)) for reference, of, stage in found)
    return SentList(lines=lines[:limit], more=len(lines) > limit)


class OfferedList(Model):
    """The referrals that other areas offer to a person's, soonest due first."""

    lines: tuple[Offered, ...]


class SentOnList(Model):
    """The referrals that other areas took over from a person's, the newest first.

    Attributes:
        more: whether there are more than were asked for.
    """

    lines: tuple[SentOn, ...]
    more: bool


async def offered(session: Session, *, area: Area | None = None) -> OfferedList:
    """What other areas offer to a person's, with what may be told of it before it is taken over.

    Args:
        area: to this one only; None: to all areas of the person.

    Raises:
        Refused: the area is not theirs, or offers are not for them to answer.
    """
    areas = areas_to_see(session.member, What.OFFER, area)
    return OfferedList(lines=tuple(await read_model.offered_to(session.referrals.pool, areas)))


async def transferred(session: Session, *, area: Area | None = None, limit: int = 50) -> SentOnList:
    """Which referrals other areas took over from a person's, to where and when; nothing else of them.

    Args:
        area: from this one only; None: from all areas of the person.
        limit: how many at the most.

    Raises:
        Refused: the area is not theirs, or they answer for no transfers.
    """
    # Who may see an offer made to an area sees what went from it.
    areas = areas_to_see(session.member, What.OFFER, area)
    found = await read_model.sent_on(session.referrals.pool, areas, limit + 1)
    return SentOnList(lines=tuple(found[:limit]), more=len(found) > limit)


def _up_to(found: list[Line], limit: int) -> ReferralList:
    return ReferralList(lines=tuple(found[:limit]), more=len(found) > limit)


def _place_of(line: Line) -> str:
    due = _since_epoch(line.next_due_at) if line.next_due_at else ""
    return f"{due}.{_since_epoch(line.received_at)}.{line.reference}"


def _place(said: str) -> Place:
    due, received, reference = said.split(".")
    return Place(_at(due) if due else None, _at(received), reference)


def _since_epoch(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _at(microseconds: str) -> datetime:
    return _EPOCH + int(microseconds) * _MICROSECOND


def _day_end(days: int) -> datetime:
    """Midnight in London at the end of the day that many days ahead."""
    return datetime.combine(datetime.now(LONDON).date() + timedelta(days=days + 1), time(), LONDON)
