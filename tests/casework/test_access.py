"""What a person may see: the whole product of role, what, area and who sent it."""

from __future__ import annotations

from itertools import product

import pytest

from casework.access import What, areas_to_see, may_see, status
from lifecycle import Refused
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import Stage

HERE, ELSEWHERE = Area.DURHAM, Area.KENT
WORKERS = {Role.CASEWORKER, Role.FACILITATOR, Role.SUPERVISOR, Role.SERVICE_MANAGER}
# Written down once more, and not derived: who widens the table changes this as well.
SEES = {
    What.CASELOAD: WORKERS,
    What.PEOPLE: WORKERS,
    What.STATUS: WORKERS | {Role.PARTNER},
    What.COLLEAGUES: WORKERS,
    What.REGISTER_LOG: {Role.SUPERVISOR, Role.SERVICE_MANAGER},
}


def allowed(member: Staff, what: What, area: Area, sent_by: str | None) -> bool:
    try:
        may_see(member, what, area, sent_by)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(("role", "what"), [*product(Role, What)])
def test_each_role_sees_what_is_for_it_in_its_own_areas_and_partners_what_they_sent(
    role: Role, what: What
) -> None:
    member = Staff(id="xx-1", role=role, areas=(HERE,))
    mine = role in SEES[what]
    for area, sent_by in product((HERE, ELSEWHERE), ("xx-1", "pa-9", None)):
        theirs = role is not Role.PARTNER or sent_by == "xx-1"
        assert allowed(member, what, area, sent_by) is (mine and area is HERE and theirs)


@pytest.mark.parametrize(("role", "what"), [*product(Role, What)])
def test_lists_are_of_ones_own_areas(role: Role, what: What) -> None:
    member = Staff(id="xx-1", role=role, areas=(HERE, Area.ESSEX))
    if role not in SEES[what]:
        with pytest.raises(Refused):
            areas_to_see(member, what)
        return
    assert areas_to_see(member, what) == [HERE, Area.ESSEX]
    assert areas_to_see(member, what, HERE) == [HERE]
    with pytest.raises(Refused):
        areas_to_see(member, what, ELSEWHERE)


def test_a_status_tells_neither_the_stage_nor_the_reason() -> None:
    assert {status(stage) for stage in Stage} == {"received", "in_hand", "closed"}
