"""The staff register through `rj staff`."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Rj


async def test_a_person_is_entered_changed_and_listed(rj: Rj) -> None:
    added = await rj(
        *("staff", "add", "gw-1", "--role", "facilitator", "--area", "gwent", "--area", "south-wales"),
        *("--advanced-practitioner", "--name", "Test Facilitator"),
    )
    assert added.out == "Added: gw-1, facilitator in gwent, south-wales\n"
    [member] = (await rj("staff", "list", "--area", "gwent", "--role", "facilitator", "--json")).json
    assert (member["name"], member["advanced_practitioner"], member["active"]) == (
        "Test Facilitator",
        True,
        True,
    )
    changed = await rj("staff", "add", "gw-1", "--role", "caseworker", "--area", "gwent", "--inactive")
    assert changed.out == "Changed: gw-1, caseworker in gwent, inactive\n"
    assert "inactive" in (await rj("staff", "list", "--area", "gwent")).out
    assert "There is nobody" in (await rj("staff", "list", "--area", "wiltshire")).out


async def test_an_absence_has_a_last_day_and_a_stand_in(rj: Rj) -> None:
    for staff_id in ("dp-1", "dp-2"):
        await rj("staff", "add", staff_id, "--role", "caseworker", "--area", "dyfed-powys")
    away = await rj("staff", "absent", "dp-1", "--until", "2030-12-06", "--stand-in", "dp-2")
    assert away.out == "dp-1 is absent until the end of Fri 6 Dec 2030; dp-2 stands in.\n"
    listed = (await rj("staff", "list", "--area", "dyfed-powys")).out
    assert "absent until Fri 6 Dec 2030, stand-in dp-2" in listed
    assert (await rj("staff", "absent", "dp-1", "--back")).out == "dp-1 is back.\n"
    assert "absent" not in (await rj("staff", "list", "--area", "dyfed-powys")).out


async def test_of_an_address_the_table_says_only_that_there_is_one(rj: Rj) -> None:
    person = ("staff", "add", "wm-1", "--role", "caseworker", "--area", "west-mercia")
    await rj(*person, "--email", "wm-1@example.org")
    listed = (await rj("staff", "list", "--area", "west-mercia")).out
    assert "e-mail" in listed
    assert "example.org" not in listed
    [member] = (await rj("staff", "list", "--area", "west-mercia", "--json")).json
    assert member["email"] == "wm-1@example.org"
    await rj(*person)
    assert "e-mail" not in (await rj("staff", "list", "--area", "west-mercia")).out


async def test_everybody_chooses_what_reaches_them(rj: Rj) -> None:
    person = ("staff", "add", "cl-1", "--role", "caseworker", "--area", "cleveland")
    await rj(*person)
    by_default = "escalation, safeguarding, sign_off, meeting, sent_referral"
    assert (await rj("staff", "messages", "cl-1")).out.splitlines() == [
        f"At once by e-mail: {by_default}",
        "Summary on working mornings: yes",
        "No e-mail address of cl-1 is known, so all of it is in their inbox only.",
    ]
    await rj(*person, "--email", "cl-1@example.org")
    chosen = await rj("staff", "messages", "cl-1", "--at-once", "task, escalation,task", "--no-digest")
    assert chosen.out.splitlines() == [
        "At once by e-mail: escalation, task",
        "Summary on working mornings: no",
    ]
    # Entered anew, the person keeps what they chose.
    await rj(*person, "--email", "cl-1@example.org")
    found = await rj("staff", "messages", "cl-1", "--json")
    assert found.json == {"id": "cl-1", "at_once": ["escalation", "task"], "digest": False}
    assert (await rj("staff", "messages", "cl-1", "--at-once", "none", "--digest")).out.splitlines() == [
        "At once by e-mail: none",
        "Summary on working mornings: yes",
    ]
    again = await rj("staff", "messages", "cl-1", "--at-once", "default")
    assert again.out.splitlines()[0] == f"At once by e-mail: {by_default}"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("staff", "rj staff --help"),
        ("staff add CW-1 --role caseworker --area durham", "a staff id is small letters"),
        ("staff add x-1 --role wizard --area durham", "--role"),
        ("staff add x-1 --role system --area durham", "--role: accepted"),
        ("staff add x-1 --role caseworker --area atlantis", "--area"),
        ("staff add x-1 --role caseworker", "--area"),
        ("staff add x-1 --role caseworker --area durham --name \0", "--name: holds a control character"),
        ("staff add x-1 --role caseworker --area durham --email nowhere", "--email: it must be one e-mail"),
        ("staff messages nobody-1", "nobody-1 is not in the staff register"),
        ("staff messages cw-1 --at-once escalations", "Did you mean escalation?"),
        ("staff messages cw-1 --at-once escalation,", "--at-once: accepted: none, default, or some of"),
        ("staff absent cw-1", "Give --until DATE and --stand-in ID, or --back"),
        ("staff absent cw-1 --until 2030-01-01", "--stand-in"),
        ("staff absent cw-1 --back --until 2030-01-01", "--back: takes neither"),
        ("staff absent cw-1 --until 2030-02-30 --stand-in cw-2", "--until"),
        ("staff absent cw-1 --until 9999-12-31 --stand-in cw-2", "--until: give a day from today"),
        ("staff absent cw-1 --until 2020-01-01 --stand-in cw-2", "--until: give a day from today"),
        ("staff absent cw-1 --until 2030-01-01 --stand-in cw-1", "nobody stands in for themself"),
        ("staff absent cw-1 --until 2030-01-01 --stand-in nobody-1", "nobody-1 is not in the staff register"),
        ("staff absent cw-1 --until 2030-01-01 --stand-in cw-gone", "cw-gone is no longer active"),
        ("staff absent cw-1 --until 2030-01-01 --stand-in cw-kent", "works in none of their areas"),
        ("staff absent nobody-1 --until 2030-01-01 --stand-in cw-1", "nobody-1 is not in the staff register"),
        ("staff absent nobody-1 --back", "nobody-1 is not in the staff register"),
    ],
)
async def test_bad_input_gets_one_sentence(rj: Rj, command: str, sentence: str) -> None:
    before = (await rj("staff", "list", "--json")).json
    said = await rj(*command.split(" "))
    assert (said.code, said.out) == (2, "")
    assert sentence in said.one_sentence()
    assert (await rj("staff", "list", "--json")).json == before
