"""What `rj doctor` says of the register, of the number that messages name, and of policies changed on the quiet."""

from __future__ import annotations

from datetime import date

import pytest

from operations.diagnosis.caseload import caseload, phone, register, versions
from policies.files import load_policies
from runtime.findings import Finding, Severity
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.policy import Policies
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.open_referrals import KeptPolicy
from tests.book import Book

BASE = load_policies().base
CHANGED = BASE.model_copy(update={"closures": (date(2026, 12, 24),), "welsh": True})


def works(staff_id: str, role: Role, *areas: Area) -> Staff:
    return Staff(id=staff_id, role=role, areas=areas)


CASEWORKER = works("cw-1", Role.CASEWORKER, Area.KENT)
ONE = works("su-1", Role.SUPERVISOR, Area.KENT, Area.ESSEX)
OTHER = works("sm-1", Role.SERVICE_MANAGER, Area.KENT)


# Who can sign off.


def test_where_two_can_sign_off_all_is_well() -> None:
    found = register([CASEWORKER, ONE.model_copy(update={"areas": (Area.KENT,)}), OTHER], {Area.KENT: 5})
    assert found == Finding("staff", Severity.OK, "3 active; in every area two can sign off.")


def test_where_fewer_can_and_nothing_is_open_it_is_a_note() -> None:
    found = register([CASEWORKER, ONE, OTHER], {Area.KENT: 5})
    assert found.severity is Severity.NOTE
    assert found.said == "Fewer than two people can sign off in essex; nobody signs off their own work."


def test_where_fewer_can_and_a_referral_is_open_it_is_a_problem() -> None:
    found = register([CASEWORKER, ONE], {Area.KENT: 2})
    assert found.severity is Severity.BLOCKED
    assert found.said.startswith("Fewer than two people can sign off in essex, kent (2 open);")


def test_an_area_whose_people_have_all_left_is_a_problem_too() -> None:
    found = register([CASEWORKER, ONE.model_copy(update={"areas": (Area.KENT,)}), OTHER], {Area.GWENT: 1})
    assert found.severity is Severity.BLOCKED
    assert "in gwent (1 open)" in found.said


def test_who_cannot_open_a_referral_cannot_begin() -> None:
    assert register([works("co-1", Role.COMMISSIONER, Area.KENT)], {}).severity is Severity.SETUP


# The number that messages name.


def test_where_messages_name_no_number_it_is_a_note() -> None:
    kent = BASE.model_copy(update={"service_phone": "01632 960456"})
    found = phone((Area.KENT, Area.ESSEX, Area.DURHAM), Policies(BASE, {Area.KENT: kent}))
    assert found.severity is Severity.NOTE
    assert "no number to ring in durham, essex, so" in found.said
    assert phone((Area.KENT,), Policies(BASE, {Area.KENT: kent})).severity is Severity.OK


# Policies.


def test_a_policy_that_was_changed_without_a_new_version_is_told_of() -> None:
    found = versions([KeptPolicy(Area.KENT, BASE, 3)], Policies(CHANGED, {}))
    assert found.severity is Severity.NOTE
    assert found.said == (
        f"The policy was changed without a new version: 3 open in kent keep a version {BASE.version} of England and "
        "Wales that differs in closures, welsh."
    )
    assert "new version" in (found.remedy or "")


@pytest.mark.parametrize(
    "policies",
    [
        Policies(BASE, {}),
        Policies(CHANGED.model_copy(update={"version": "2027-01"}), {}),
        Policies(CHANGED, {Area.KENT: BASE}),
    ],
)
def test_the_same_policy_or_another_version_is_in_order(policies: Policies) -> None:
    assert versions([KeptPolicy(Area.KENT, BASE, 3)], policies).severity is Severity.OK


# All of it, on what a database holds.


async def test_what_the_database_holds_is_looked_at(pool: Pool, keys: KeyStore) -> None:
    book = Book(pool, keys, Area.DORSET, "do")
    await book.hire()
    await book.close_all()
    kept = "1 open in dorset keep a version"
    await book.open()
    people, number, changed = await caseload(pool, Policies(CHANGED, {}), outward=True)
    assert kept in changed.said
    assert "dorset" in number.said
    assert "dorset" not in people.said
    said = [each.said for each in await caseload(pool, Policies(BASE, {}), outward=False)]
    assert len(said) == 2
    assert kept not in said[1]
    [only] = await caseload(pool, None, outward=True)
    assert only.check == "staff"
