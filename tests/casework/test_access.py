"""What a person may see: the whole product of role, what there is to see, and relation to the referral."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from casework.access import (
    ACCESS,
    READS_SENSITIVE,
    Permission,
    What,
    areas_to_see,
    check_permission,
    check_service,
    relation_to,
    status,
    table,
)
from lifecycle import Refused
from schemas.access import DataKind, Relation
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import Stage
from stores.logs.access_log import Standing

HERE, ELSEWHERE = Area.DURHAM, Area.KENT
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CASEWORKERS = (Role.CASEWORKER, Role.FACILITATOR)
SUPERVISORS = (Role.SUPERVISOR, Role.SERVICE_MANAGER)
WORKERS = CASEWORKERS + SUPERVISORS
IN_AREA = (Relation.OWN, Relation.STANDS_IN, Relation.SENT, Relation.OWN_AREA)


OF_THE_SERVICE = {
    What.FIGURES: (*WORKERS, Role.COMMISSIONER, Role.PARTNER),
    What.VERIFICATION: (Role.SERVICE_MANAGER, Role.AUDITOR),
    What.HEALTH: (Role.SERVICE_MANAGER,),
}
OF_TRANSFERS = (
    (What.STATUS, Relation.OFFERED_TO),
    (What.OFFER, Relation.OFFERED_TO),
    (What.STATUS, Relation.SENT_ON),
)


def names_expected(role: Role, relation: Relation) -> Permission:
    if relation in (Relation.OWN, Relation.STANDS_IN):
        return Permission.YES
    return Permission.UNLESS_SENSITIVE if role in SUPERVISORS else Permission.NO


def expected(role: Role, what: What, relation: Relation) -> Permission:  # noqa: C901 - a table
    """The table written down once more, and not derived: who widens it changes this as well."""
    match role, what, relation:
        case Role.SYSTEM, _, _:
            return Permission.NO
        case _, _, _ if what in OF_THE_SERVICE:
            return Permission.YES if role in OF_THE_SERVICE[what] else Permission.NO
        case _, _, Relation.OTHER_AREA | Relation.NOBODY:
            return Permission.NO
        case (_, _, Relation.OFFERED_TO | Relation.SENT_ON) | (_, What.OFFER, _):
            return (
                Permission.YES if (what, relation) in OF_TRANSFERS and role in SUPERVISORS else Permission.NO
            )
        case Role.COMMISSIONER | Role.AUDITOR, _, _:
            logs = (What.ACCESS_LOG, What.REGISTER_LOG) if role is Role.AUDITOR else ()
            return Permission.YES if what in logs else Permission.NO
        case Role.PARTNER, _, _:
            sees = what is What.STATUS and relation is Relation.SENT
            return Permission.YES if sees else Permission.NO
        case Role.CASEWORKER | Role.FACILITATOR | Role.SUPERVISOR | Role.SERVICE_MANAGER, What.NAMES, _:
            return names_expected(role, relation)
        case Role.CASEWORKER | Role.FACILITATOR, What.PEOPLE, Relation.OWN | Relation.STANDS_IN:
            return Permission.YES
        case Role.CASEWORKER | Role.FACILITATOR, What.PEOPLE, _:
            return Permission.WITH_REASON
        case Role.CASEWORKER | Role.FACILITATOR, What.REGISTER_LOG | What.ACCESS_LOG, _:
            return Permission.NO
    return Permission.YES


@pytest.mark.parametrize(("role", "what", "relation"), [*product(Role, What, Relation)])
def test_each_role_sees_what_is_for_it_in_its_own_areas_and_partners_what_they_sent(
    role: Role, what: What, relation: Relation
) -> None:
    wanted = expected(role, what, relation)
    assert ACCESS[role, what, relation] is wanted
    member = Staff(id="xx-1", role=role, areas=(HERE,))
    if wanted is not Permission.NO:
        assert check_permission(member, what, relation, HERE) is wanted
        return
    with pytest.raises(Refused) as refused:
        check_permission(member, what, relation, HERE)
    assert str(refused.value).count(".") >= 1


@pytest.mark.parametrize(("role", "what"), [*product(Role, What)])
def test_lists_are_of_ones_own_areas(role: Role, what: What) -> None:
    member = Staff(id="xx-1", role=role, areas=(HERE, Area.ESSEX))
    if all(expected(role, what, relation) is Permission.NO for relation in Relation):
        with pytest.raises(Refused):
            areas_to_see(member, what)
        return
    assert areas_to_see(member, what) == [HERE, Area.ESSEX]
    assert areas_to_see(member, what, HERE) == [HERE]
    with pytest.raises(Refused):
        areas_to_see(member, what, ELSEWHERE)


def test_a_partner_sees_one_thing_and_a_commissioner_figures_only() -> None:
    seen = {
        role: {
            (what, relation) for (who, what, relation), may in ACCESS.items() if who is role and may != "no"
        }
        for role in (Role.PARTNER, Role.COMMISSIONER)
    }
    figures = {(What.FIGURES, relation) for relation in Relation}
    assert seen[Role.PARTNER] == figures | {(What.STATUS, Relation.SENT)}
    assert seen[Role.COMMISSIONER] == figures


def test_an_auditor_sees_the_logs_and_nothing_else() -> None:
    seen = {
        what for (who, what, _), may in ACCESS.items() if who is Role.AUDITOR and may is not Permission.NO
    }
    assert seen == {What.ACCESS_LOG, What.REGISTER_LOG, What.VERIFICATION}


@pytest.mark.parametrize(("role", "what"), [*product(Role, (What.VERIFICATION, What.HEALTH))])
def test_what_is_of_the_whole_service_is_for_some_roles(role: Role, what: What) -> None:
    member = Staff(id="xx-1", role=role, areas=(HERE,))
    if role in OF_THE_SERVICE[what]:
        check_service(member, what)
        return
    with pytest.raises(Refused):
        check_service(member, what)


def test_the_printed_table_holds_every_cell_once() -> None:
    printed = [
        ((role, what, relation), permission)
        for what, roles, permissions in table()
        for role in roles
        for relation, permission in zip(Relation, permissions, strict=True)
    ]
    assert len(printed) == len(ACCESS)
    assert dict(printed) == dict(ACCESS)


def test_whatever_needs_a_reason_is_recorded() -> None:
    need = {what for (_, what, _), may in ACCESS.items() if may is Permission.WITH_REASON}
    assert need <= set(READS_SENSITIVE)
    assert READS_SENSITIVE[What.ACCESS_LOG] is DataKind.ACCESS_LOG


def standing(**known: object) -> Standing:
    fields: dict[str, object] = {
        "area": HERE,
        "offered_to": None,
        "left": (),
        "caseworker": "cw-1",
        "facilitator": "fa-1",
        "co_facilitated": True,
        "sensitive": True,
        "erased": False,
        "sent_by": None,
        "looks": 0,
        "head": b"",
        "now": NOW,
    }
    return Standing(**(fields | known))  # type: ignore[arg-type]


def person(who: str, role: Role = Role.CASEWORKER, **known: object) -> Staff:
    return Staff.model_validate({"id": who, "role": role, "areas": (HERE,)} | known)


AWAY: Any = {"absent_until": NOW + timedelta(days=1)}


@pytest.mark.parametrize(
    ("who", "team", "relation"),
    [
        (person("cw-1"), (), Relation.OWN),
        (person("fa-1", Role.FACILITATOR), (), Relation.OWN),
        (person("fa-2", Role.FACILITATOR), (), Relation.OWN),
        (person("cw-1", **AWAY, stand_in="cw-2"), (person("cw-2"),), Relation.OWN),
        (person("cw-2"), (person("cw-1", **AWAY, stand_in="cw-2"),), Relation.STANDS_IN),
        (person("cw-2"), (person("fa-2", Role.FACILITATOR, **AWAY, stand_in="cw-2"),), Relation.STANDS_IN),
        # Not while who they would stand in for is there.
        (person("cw-2"), (person("cw-1", stand_in="cw-2"),), Relation.OWN_AREA),
        (
            person("cw-2"),
            (person("cw-1", absent_until=NOW - timedelta(minutes=1), stand_in="cw-2"),),
            Relation.OWN_AREA,
        ),
        # Who stands in for somebody else's work.
        (person("cw-2"), (person("cw-9", **AWAY, stand_in="cw-2"),), Relation.OWN_AREA),
        # In turn.
        (
            person("cw-3"),
            (person("cw-1", **AWAY, stand_in="cw-2"), person("cw-2", **AWAY, stand_in="cw-3")),
            Relation.STANDS_IN,
        ),
        (person("cw-2"), (), Relation.OWN_AREA),
        (person("pa-1", Role.PARTNER), (), Relation.SENT),
        (person("cw-1", areas=(ELSEWHERE,)), (), Relation.OTHER_AREA),
        (person("cw-1", active=False), (), Relation.NOBODY),
        (None, (), Relation.NOBODY),
    ],
)
def test_a_relation_is_what_the_register_and_the_referral_say(
    who: Staff | None, team: tuple[Staff, ...], relation: Relation
) -> None:
    people = {each.id: each for each in (*team, *((who,) if who else ()))}
    assert relation_to(who, standing(sent_by="pa-1"), people, ["fa-2"]) is relation


@pytest.mark.parametrize(
    ("who", "known", "relation"),
    [
        (person("su-9", Role.SUPERVISOR, areas=(ELSEWHERE,)), {"offered_to": ELSEWHERE}, Relation.OFFERED_TO),
        (
            person("su-9", Role.SUPERVISOR, areas=(ELSEWHERE,)),
            {"offered_to": Area.ESSEX},
            Relation.OTHER_AREA,
        ),
        (person("su-9", Role.SUPERVISOR, areas=(ELSEWHERE,)), {"left": (ELSEWHERE,)}, Relation.SENT_ON),
        # What comes back is offered like anything else.
        (
            person("su-9", Role.SUPERVISOR, areas=(ELSEWHERE,)),
            {"left": (ELSEWHERE,), "offered_to": ELSEWHERE},
            Relation.OFFERED_TO,
        ),
        # Who works in both areas sees it as its own area does.
        (
            person("su-9", Role.SUPERVISOR, areas=(HERE, ELSEWHERE)),
            {"offered_to": ELSEWHERE},
            Relation.OWN_AREA,
        ),
        # Whoever worked on it there has no more to do with it.
        (person("cw-1", areas=(ELSEWHERE,)), {"left": (ELSEWHERE,)}, Relation.SENT_ON),
        (person("pa-1", Role.PARTNER, areas=(ELSEWHERE,)), {"left": (ELSEWHERE,)}, Relation.SENT),
        (person("pa-2", Role.PARTNER, areas=(ELSEWHERE,)), {"left": (ELSEWHERE,)}, Relation.SENT_ON),
    ],
)
def test_another_area_has_to_do_with_what_is_offered_to_it_and_what_it_sent_on(
    who: Staff, known: dict[str, object], relation: Relation
) -> None:
    assert relation_to(who, standing(sent_by="pa-1", **known), {who.id: who}, "fa-2") is relation


def test_a_status_tells_neither_the_stage_nor_the_reason() -> None:
    assert {status(stage) for stage in Stage} == {"received", "in_hand", "closed"}
