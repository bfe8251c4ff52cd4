"""The outcome agreement of a referral, item by item, with what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydantic import AwareDatetime, Field

from casework.referral.page.case import Case
from schemas.areas import LONDON
from schemas.base import FIRST_ACTIVITY, Model
from schemas.events import AgreementItemSettled, AgreementMade
from schemas.vocabulary import ItemOutcome


class ItemLine(Model):
    """An item of an agreement.

    Attributes:
        by: who undertakes it, as they are called.
        text: what they undertake; None where it is not shown.
        activity: after which it was agreed.
        overdue: whether its day is past and nothing became of it.
        harmed_person_told: whether the person harmed was told of what became of it.
    """

    id: str
    by: str = Field(repr=False)
    due_on: date
    text: str | None = Field(repr=False)
    activity: str
    outcome: ItemOutcome | None
    overdue: bool
    settled_at: AwareDatetime | None
    harmed_person_told: bool


def agreement_of(case: Case) -> tuple[ItemLine, ...]:
    """The items of the agreements of a referral, those that are open first, soonest due first."""
    return tuple(sorted(_items(case), key=lambda each: (each.outcome is not None, each.due_on)))


def _items(case: Case) -> Iterator[ItemLine]:
    standing = case.standing()
    texts = {
        item.id: item.text
        for recorded in standing
        if isinstance(recorded.event, AgreementMade)
        for item in recorded.event.items
    }
    settled = {
        recorded.event.item: recorded
        for recorded in standing
        if isinstance(recorded.event, AgreementItemSettled)
    }
    today = case.at.astimezone(LONDON).date()
    for item in case.referral.agreement:
        recorded = settled.get(item.id)
        result = recorded.event if recorded else None
        yield ItemLine(
            id=item.id,
            by=case.called(item.by),
            due_on=item.due_on,
            text=texts.get(item.id) if case.opened else None,
            activity=item.activity or FIRST_ACTIVITY,
            outcome=item.outcome,
            overdue=item.outcome is None and item.due_on < today,
            settled_at=recorded.at if recorded else None,
            harmed_person_told=isinstance(result, AgreementItemSettled) and result.harmed_person_told,
        )
