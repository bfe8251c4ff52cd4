"""The lists that a person keeps for themself: the filters of a list, under a name."""

from __future__ import annotations

from casework.access import What, areas_to_see
from casework.referral_lists import ListFilters
from casework.session import Session
from lifecycle import Refused
from schemas.base import Model
from stores.console import saved_views as store

MOST = 20
"""How many a person keeps."""

LONGEST_NAME = 40
"""Characters."""


class SavedView(Model):
    """A list that a person keeps."""

    id: int
    name: str
    filters: ListFilters


async def saved_views(session: Session) -> list[SavedView]:
    """What the person keeps, by name. Whether a list is still theirs to see is asked when it is opened."""
    found = await store.of(session.referrals.pool, session.member.id)
    return [SavedView.model_validate(each._asdict()) for each in found]


async def keep_view(session: Session, name: str, filters: ListFilters) -> None:
    """Keep a list under a name, in the place of what had that name.

    Raises:
        Refused: no list is theirs to see, the name says nothing, or they keep too many already.
    """
    areas_to_see(session.member, What.CASELOAD, filters.area)
    said = " ".join(name.split())
    if not any(each.isalnum() for each in said) or not said.isprintable() or len(said) > LONGEST_NAME:
        raise Refused(
            "not_a_name", f"Name the list with letters, in at most {LONGEST_NAME} characters.", "name"
        )
    chosen = filters.model_dump(mode="json", exclude={"limit", "after"}, exclude_defaults=True)
    if not await store.keep(session.referrals.pool, session.member.id, said, chosen, most=MOST):
        raise Refused("too_many_views", f"You keep {MOST} lists already; remove one first.", "name")


async def remove_view(session: Session, view_id: int) -> None:
    """Keep one of the person's lists no longer."""
    await store.remove(session.referrals.pool, session.member.id, view_id)
