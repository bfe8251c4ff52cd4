"""What stands at the top of every page of a referral: what it is, what stops it, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field

from casework.access import ACCESS, Permission, What
from casework.referral.page.case import Case
from casework.words import erased
from schemas.areas import Area
from schemas.base import Model
from schemas.events import PutOnHold, Recorded, SafeguardingRaised, TransferOffered
from schemas.referral import Referral
from schemas.vocabulary import ClosureReason, ParticipantRole, Stage


class Reached(StrEnum):
    """How far a referral is with a stage."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to_come"


class StageReached(Model):
    """A stage, as a step of the lifecycle.

    Attributes:
        entered_at: when the referral came to it last; None: it never did.
        left_at: when it left it again.
    """

    stage: Stage
    reached: Reached
    entered_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None


class Stop(Model):
    """What keeps a referral from going on.

    Attributes:
        since: since when.
        by: who said so, by name.
        why: their words; None where they are not shown.
        until: the day on which a hold is looked at again.
        area: that a referral is offered to.
    """

    since: AwareDatetime
    by: str
    why: str | None = Field(default=None, repr=False)
    until: date | None = None
    area: Area | None = None


class Head(Model):
    """What stands at the top of every page of a referral.

    Attributes:
        who: the two sides, by name where these are shown.
        people: how many take part.
        stages: the lifecycle, in its order.
        safeguarding, hold, offer: what stops it; None: that does not.
        erased: the sentence that says so; None: it was not.
        opened: whether what is said about people is shown.
        withheld: whether special categories and judgements are left out, as it is a sensitive case of others.
        sees_looks: whether the reader may see who looked.
        permitted: the kinds of step that the reader may take now.
    """

    reference: str
    area: Area
    stage: Stage
    sensitive: bool
    conflict: bool
    who: str = Field(repr=False)
    people: int
    stages: tuple[StageReached, ...]
    closed_at: AwareDatetime | None
    closure_reason: ClosureReason | None
    safeguarding: Stop | None = Field(repr=False)
    hold: Stop | None = Field(repr=False)
    offer: Stop | None = Field(repr=False)
    erased: str | None
    opened: bool
    withheld: bool
    sees_looks: bool
    permitted: frozenset[str]

    def may(self, kind: str) -> bool:
        """Whether the reader may take a step of that kind now."""
        return kind in self.permitted


def head_of(case: Case) -> Head:
    """What stands at the top of the pages of a referral."""
    referral = case.referral
    active = [each for each in referral.participants if each.active]
    sides = [
        each.id
        for each in active or referral.participants
        if each.role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)
    ]
    return Head(
        reference=referral.reference,
        area=referral.area,
        stage=referral.stage,
        sensitive=referral.sensitive,
        conflict=referral.conflict,
        who=case.all_called(sides),
        people=len(active),
        stages=tuple(_stages(case)),
        closed_at=referral.closed_at,
        closure_reason=referral.closure_reason,
        safeguarding=_safeguarding(case, referral),
        hold=_hold(case, referral),
        offer=_offer(case, referral),
        erased=case.with_names(erased(case.erasure)) if case.erasure else None,
        opened=case.opened,
        withheld=case.withheld,
        sees_looks=ACCESS[case.actor.role, What.ACCESS_LOG, case.relation] is not Permission.NO,
        permitted=case.permitted,
    )


def _stages(case: Case) -> Iterator[StageReached]:
    """The stages in the order of the lifecycle; closing, once the referral is closed."""
    order = [each for each in Stage if each is not Stage.CLOSED or case.referral.closed]
    last = {each.stage: each for each in case.visits}
    now = order.index(case.referral.stage)
    for place, stage in enumerate(order):
        visit = last.get(stage)
        if stage is case.referral.stage:
            reached = Reached.NOW
        elif visit is not None and (place < now or case.referral.closed):
            reached = Reached.DONE
        else:
            # What was gone back from is to come once more.
            reached = Reached.TO_COME
        yield StageReached(
            stage=stage,
            reached=reached,
            entered_at=visit.entered_at if visit else None,
            left_at=visit.left_at if visit else None,
        )


def _safeguarding(case: Case, referral: Referral) -> Stop | None:
    raised = referral.safeguarding
    if raised is None:
        return None
    event = _last(case, SafeguardingRaised)
    note = event.event.note if event and isinstance(event.event, SafeguardingRaised) else None
    return Stop(since=raised.since, by=case.colleague(raised.raised_by), why=note)


def _hold(case: Case, referral: Referral) -> Stop | None:
    if referral.hold is None:
        return None
    event = _last(case, PutOnHold)
    why = event.event.reason if event and isinstance(event.event, PutOnHold) else None
    by = case.colleague(event.actor) if event else ""
    return Stop(since=referral.hold.since, by=by, why=why, until=referral.hold.review_on)


def _offer(case: Case, referral: Referral) -> Stop | None:
    offer = referral.transfer_offer
    if offer is None:
        return None
    event = _last(case, TransferOffered)
    why = event.event.reason if event and isinstance(event.event, TransferOffered) else None
    return Stop(since=offer.offered_at, by=case.colleague(offer.offered_by), why=why, area=offer.area)


def _last(case: Case, kind: type[Model]) -> Recorded | None:
    return next((each for each in reversed(case.history) if isinstance(each.event, kind)), None)
