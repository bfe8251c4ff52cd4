"""The staff register through `rj staff`."""

from __future__ import annotations

import re

import asyncpg
import pytest

from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.caseload import a_caseload
from tests.casework.signing_in.letters import newest_to
from tests.conftest import PostOffice
from tests.end_to_end.conftest import Rj
from tests.register import enter


async def manager(referrals: Referrals, *areas: Area) -> str:
    """The only service manager of areas where nobody else's tests have one."""
    name = f"sm-{areas[0]}"
    known = Staff(id=name, role=Role.SERVICE_MANAGER, areas=areas)
    await enter(referrals.pool, referrals.keys, known)
    return name


async def test_a_person_is_entered_changed_and_listed(rj: Rj, referrals: Referrals) -> None:
    by = ("--as", await manager(referrals, Area.GWENT))
    added = await rj(
        *("staff", "add", "gw-1", "--role", "facilitator", "--area", "gwent", "--area", "south-wales"),
        *("--advanced-practitioner", "--name", "Test Facilitator", *by),
    )
    assert added.out == "Added: gw-1, facilitator in gwent, south-wales\n"
    [member] = (await rj("staff", "list", "--area", "gwent", "--role", "facilitator", "--json", *by)).json
    assert (member["name"], member["advanced_practitioner"], member["active"]) == (
        "Test Facilitator",
        True,
        True,
    )
    change = ("staff", "add", "gw-1", "--role", "caseworker", "--area", "gwent", "--inactive", *by)
    assert (await rj(*change)).out == "Changed: gw-1, caseworker in gwent, inactive\n"
    assert (await rj(*change)).out == "As it was: gw-1, caseworker in gwent, inactive\n"
    assert "inactive" in (await rj("staff", "list", "--area", "gwent", *by)).out
    assert "There is nobody" in (await rj("staff", "list", "--role", "partner", *by)).out
    log = [line.split("  ")[-1] for line in (await rj("staff", "log", "--of", "gw-1", *by)).out.splitlines()]
    assert log == [
        "sm-gwent: gw-1 entered: facilitator in gwent, south-wales, advanced practitioner",
        (
            "sm-gwent: gw-1 changed: facilitator, now caseworker; in gwent, south-wales, now in gwent; inactive; "
            "no longer an advanced practitioner"
        ),
    ]


async def test_a_volunteer_and_the_level_of_a_practitioner_are_entered_and_listed(
    rj: Rj, referrals: Referrals
) -> None:
    by = ("--as", await manager(referrals, Area.GWENT))
    entered = ("staff", "add", "gw-2", "--role", "facilitator", "--area", "gwent", *by)
    await rj(*entered, "--volunteer", "--level", "trainee")
    assert "trainee; volunteer" in (await rj("staff", "list", "--area", "gwent", *by)).out
    await rj(*entered, "--level", "advanced_practitioner")
    listed = (await rj("staff", "list", "--area", "gwent", "--json", *by)).json
    [member] = [each for each in listed if each["id"] == "gw-2"]
    assert (member["level"], member["advanced_practitioner"], member["volunteer"]) == (
        "advanced_practitioner",
        True,
        False,
    )
    log = (await rj("staff", "log", "--of", "gw-2", *by)).out.splitlines()
    assert log[-1].endswith("gw-2 changed: advanced practitioner; no longer a trainee; no longer a volunteer")


async def test_a_level_that_contradicts_the_older_option_is_refused(rj: Rj, referrals: Referrals) -> None:
    by = ("--as", await manager(referrals, Area.GWENT))
    entered = ("staff", "add", "gw-3", "--role", "facilitator", "--area", "gwent", *by)
    said = await rj(*entered, "--level", "trainee", "--advanced-practitioner")
    assert said.code == 2
    assert "--level: trainee contradicts --advanced-practitioner" in said.err


async def test_what_is_not_given_anew_stays(rj: Rj) -> None:
    entered = ("staff", "add", "kp-1", "--role", "caseworker", "--area", "durham", "--as", "sm-1")
    await rj(*entered, "--name", "Known Invented", "--email", "kp-1@example.org")
    await rj(*entered, "--inactive")
    listed = (await rj("staff", "list", "--json", "--as", "cw-1")).json
    [found] = [each for each in listed if each["id"] == "kp-1"]
    assert (found["name"], found["email"], found["active"]) == ("Known Invented", "kp-1@example.org", False)


async def test_who_leaves_and_has_referrals_is_told_of_with_the_way_to_give_them_on(
    rj: Rj, owner_url: str, pool: Pool, keys: KeyStore
) -> None:
    async with a_caseload(owner_url, pool, keys) as caseload:
        await caseload.member("lv-1", Role.CASEWORKER, Area.CUMBRIA, Area.KENT)
        for area in (Area.CUMBRIA, Area.CUMBRIA, Area.KENT):
            await caseload.referral("lv-1", area=area)
        prepared = await caseload.referral(facilitator="lv-1")
        give_on = "rj reassign --from lv-1 --to STAFF --area"
        entered = ("staff", "add", "lv-1", "--area", "cumbria", "--as", "sm-1", "--role")
        moved = await rj(*entered, "caseworker")
        assert moved.out.splitlines() == [
            "Changed: lv-1, caseworker in cumbria",
            f"lv-1 still has 1 open referral in kent: {give_on} kent --as STAFF",
        ]
        assign = f"rj do {prepared} assign_facilitators --set facilitator=STAFF --as STAFF"
        everything = [
            f"lv-1 still has 2 open referrals in cumbria: {give_on} cumbria --as STAFF",
            f"lv-1 still has 1 open referral in kent: {give_on} kent --as STAFF",
            f"lv-1 still facilitates {prepared}: {assign}, and say anew who co-facilitates",
        ]
        for role, more in (("caseworker", ("--inactive",)), ("commissioner", ())):
            left = await rj(*entered, role, *more)
            assert left.out.splitlines()[1:] == everything


async def test_an_absence_has_a_last_day_and_a_stand_in(rj: Rj) -> None:
    for staff_id in ("dp-1", "dp-2"):
        await rj(*("staff", "add", staff_id, "--role", "caseworker", "--area", "dyfed-powys", "--as", "sm-1"))
    mine = ("--as", "dp-1")
    away = await rj("staff", "absent", "dp-1", "--until", "2030-12-06", "--stand-in", "dp-2", *mine)
    assert away.out == "dp-1 is absent until the end of Fri 6 Dec 2030; dp-2 stands in.\n"
    listed = (await rj("staff", "list", "--area", "dyfed-powys", *mine)).out
    assert "absent until Fri 6 Dec 2030, stand-in dp-2" in listed
    refused = await rj("staff", "absent", "dp-1", "--back", "--as", "dp-2")
    assert "only by the person or by a supervisor" in refused.one_sentence()
    assert (await rj("staff", "absent", "dp-1", "--back", *mine)).out == "dp-1 is back.\n"
    assert "absent" not in (await rj("staff", "list", "--area", "dyfed-powys", *mine)).out


async def test_of_an_address_the_table_says_only_that_there_is_one(rj: Rj) -> None:
    person = ("staff", "add", "wm-1", "--role", "caseworker", "--area", "west-mercia", "--as", "sm-1")
    await rj(*person, "--email", "wm-1@example.org")
    mine = ("--as", "wm-1")
    listed = (await rj("staff", "list", "--area", "west-mercia", *mine)).out
    assert "e-mail" in listed
    assert "example.org" not in listed
    [member] = (await rj("staff", "list", "--area", "west-mercia", "--json", *mine)).json
    assert member["email"] == "wm-1@example.org"
    await rj("staff", "messages", "--email", "none", *mine)
    assert "e-mail" not in (await rj("staff", "list", "--area", "west-mercia", *mine)).out
    log = (await rj("staff", "log", "--of", "wm-1", "--json", "--as", "sm-1")).out
    assert "example.org" not in log


async def test_everybody_chooses_what_reaches_them(rj: Rj) -> None:
    person = ("staff", "add", "cl-1", "--role", "caseworker", "--area", "cleveland", "--as", "sm-1")
    await rj(*person)
    by_default = "escalation, safeguarding, sign_off, meeting, sent_referral"
    assert (await rj("staff", "messages", "--as", "cl-1")).out.splitlines() == [
        f"At once by e-mail: {by_default}",
        "Summary on working mornings: yes",
        "No e-mail address of cl-1 is known, so all of it is in their inbox only.",
    ]
    await rj(*person, "--email", "cl-1@example.org")
    chosen = await rj(
        "staff", "messages", "--as", "cl-1", "--at-once", "task, escalation,task", "--no-digest"
    )
    assert chosen.out.splitlines() == [
        "At once by e-mail: escalation, task",
        "Summary on working mornings: no",
    ]
    # Entered anew, the person keeps what they chose.
    await rj(*person, "--email", "cl-1@example.org")
    found = await rj("staff", "messages", "--as", "cl-1", "--json")
    assert found.json == {
        "id": "cl-1",
        "email": "cl-1@example.org",
        "at_once": ["escalation", "task"],
        "digest": False,
    }
    assert (
        await rj("staff", "messages", "--as", "cl-1", "--at-once", "none", "--digest")
    ).out.splitlines() == [
        "At once by e-mail: none",
        "Summary on working mornings: yes",
    ]
    again = await rj("staff", "messages", "--as", "cl-1", "--at-once", "default")
    assert again.out.splitlines()[0] == f"At once by e-mail: {by_default}"


async def test_an_address_is_entered_kept_and_taken_away_and_never_printed(rj: Rj) -> None:
    await rj("staff", "add", "wk-1", "--role", "caseworker", "--area", "sussex", "--as", "sm-1")
    nowhere = "No e-mail address of wk-1 is known, so all of it is in their inbox only."
    entered = await rj("staff", "messages", "--as", "wk-1", "--email", "wk-1@example.org")
    assert entered.code == 0
    assert nowhere not in entered.out
    await rj("staff", "messages", "--as", "wk-1", "--at-once", "none", "--no-digest")
    bad = await rj("staff", "messages", "--as", "wk-1", "--email", "wk-1@example.org, other@example.org")
    assert (bad.code, bad.out) == (2, "")
    kept = await rj("staff", "messages", "--as", "wk-1")
    assert "wk-1@" not in entered.out + kept.out + bad.err
    told = (await rj("staff", "messages", "--as", "wk-1", "--json")).json
    assert told == {"id": "wk-1", "email": "wk-1@example.org", "at_once": [], "digest": False}
    taken = await rj("staff", "messages", "--as", "wk-1", "--email", "none", "--at-once", "default")
    assert taken.out.splitlines()[-1] == nowhere
    [member] = (await rj("staff", "list", "--role", "caseworker", "--json", "--as", "wk-1")).json
    assert (member["email"], member["digest"]) == (None, False)


STANDS_IN = ("staff", "absent", "st-1", "--until", "2030-12-06", "--stand-in", "st-2", "--as", "st-1")


async def here(referrals: Referrals, owner_url: str, away: str, stand_in: str) -> None:
    """st-1 and st-2 of Staffordshire, whatever they were before."""
    await manager(referrals, Area.STAFFORDSHIRE)
    owner = await asyncpg.connect(owner_url)
    # A new one makes no supervisors yet.
    await owner.execute(
        "UPDATE staff SET role_since = now() - interval '1 day' WHERE id = 'sm-staffordshire'"
    )
    await owner.close()
    for staff_id, role in (("st-1", away), ("st-2", stand_in)):
        person = Staff(id=staff_id, role=Role(role), areas=(Area.STAFFORDSHIRE,))
        await enter(referrals.pool, referrals.keys, person)


@pytest.mark.parametrize(
    ("away", "stand_in"),
    [
        *(("caseworker", other) for other in ("caseworker", "facilitator", "supervisor", "service_manager")),
        *(("facilitator", other) for other in ("caseworker", "supervisor")),
        *(("supervisor", other) for other in ("supervisor", "service_manager")),
        ("service_manager", "supervisor"),
        ("partner", "partner"),
    ],
)
async def test_a_stand_in_has_a_role_that_may_do_the_work(
    rj: Rj, referrals: Referrals, owner_url: str, away: str, stand_in: str
) -> None:
    await here(referrals, owner_url, away, stand_in)
    said = await rj(*STANDS_IN)
    assert said.out == "st-1 is absent until the end of Fri 6 Dec 2030; st-2 stands in.\n"
    await rj("staff", "absent", "st-1", "--back", "--as", "st-1")


@pytest.mark.parametrize(
    ("away", "stand_in", "accepted"),
    [
        ("caseworker", "partner", "caseworker, facilitator, supervisor, service manager"),
        ("facilitator", "commissioner", "caseworker, facilitator, supervisor, service manager"),
        ("supervisor", "caseworker", "supervisor, service manager"),
        ("service_manager", "facilitator", "supervisor, service manager"),
        ("partner", "supervisor", "partner"),
    ],
)
async def test_who_may_not_do_the_work_does_not_stand_in(
    rj: Rj, referrals: Referrals, owner_url: str, away: str, stand_in: str, accepted: str
) -> None:
    await here(referrals, owner_url, away, stand_in)
    said = await rj(*STANDS_IN)
    assert said.code == 3
    assert said.one_sentence() == (
        f"rj: stand-in: st-2 is a {stand_in.replace('_', ' ')}; accepted for a {away.replace('_', ' ')}:"
        f" {accepted}.\n"
    )
    assert "absent" not in (await rj("staff", "list", "--as", "sm-staffordshire")).out


async def test_nobody_stands_in_for_a_commissioner(rj: Rj, referrals: Referrals, owner_url: str) -> None:
    await here(referrals, owner_url, "commissioner", "commissioner")
    said = await rj(*STANDS_IN)
    assert "Nobody stands in for a commissioner" in said.one_sentence()


async def test_a_stand_in_works_wherever_the_absent_one_does(rj: Rj, referrals: Referrals) -> None:
    everywhere = (Area.STAFFORDSHIRE, Area.NORTH_WALES, Area.SUSSEX)
    for staff_id, areas in (("st-1", everywhere), ("st-2", (Area.NORTH_WALES,))):
        person = Staff(id=staff_id, role=Role.CASEWORKER, areas=areas)
        await enter(referrals.pool, referrals.keys, person)
    said = await rj(*STANDS_IN)
    assert said.one_sentence() == (
        "rj: stand-in: st-2 does not work in staffordshire, sussex, where st-1 does.\n"
    )


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("staff", "rj staff --help"),
        ("staff add x-1 --role caseworker --area durham", "--as"),
        ("staff absent cw-1 --back", "--as"),
        ("staff messages", "--as"),
        ("staff list", "--as"),
        ("staff log", "--as"),
        ("staff proposals", "--as"),
        ("staff confirm x-1", "--as"),
        ("staff add CW-1 --role caseworker --area durham --as sm-1", "a staff id is small letters"),
        (
            "staff add x-1 --as sm-1 --role wizard --area durham",
            "Invalid value for '--role': 'wizard' is not one of",
        ),
        ("staff add x-1 --as sm-1 --role system --area durham", "--role: accepted"),
        ("staff add x-1 --as sm-1 --role caseworker --area atlantis", "--area"),
        ("staff add x-1 --as sm-1 --role caseworker", "--area"),
        (
            "staff add x-1 --as sm-1 --role caseworker --area durham --name \0",
            "--name: holds a control character",
        ),
        (
            "staff add x-1 --as sm-1 --role caseworker --area durham --name \u202eadA",
            "--name: it has characters",
        ),
        ("staff add x-1 --as sm-1 --role caseworker --area durham --name 42", "--name: it has no letter"),
        (
            f"staff add x-1 --as sm-1 --role caseworker --area durham --name {'A' * 201}",
            "--name: it takes at most 200",
        ),
        (
            "staff add x-1 --as sm-1 --role caseworker --area durham --email nowhere",
            "--email: it must be one e-mail",
        ),
        ("staff messages --as cw-1 --email nowhere", "--email: it must be one e-mail"),
        ("staff messages --as cw-1 --at-once escalations", "Did you mean escalation?"),
        ("staff messages --as cw-1 --at-once escalation,", "--at-once: accepted: none, default, or some of"),
        ("staff absent cw-1 --as cw-1", "Give --until DATE and --stand-in ID, or --back"),
        ("staff absent cw-1 --as cw-1 --until 2030-01-01", "--stand-in"),
        ("staff absent cw-1 --as cw-1 --back --until 2030-01-01", "--back: takes neither"),
        ("staff absent cw-1 --as cw-1 --until 2030-02-30 --stand-in cw-2", "--until"),
    ],
)
async def test_bad_input_gets_one_sentence(rj: Rj, command: str, sentence: str) -> None:
    await changes_nothing(rj, command, 2, sentence)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("staff messages --as nobody-1", "nobody-1 is not in the staff register"),
        ("staff messages --as nobody-1 --email x@example.org", "nobody-1 is not in the staff register"),
        (
            "staff first sm-9 --area durham",
            "There is already a service manager, who enters others: rj staff add",
        ),
        ("staff first sm-1 --area durham", "sm-1 is in the staff register already"),
        ("staff add x-1 --role caseworker --area durham --as su-1", "is kept by service managers"),
        ("staff add x-1 --role caseworker --area durham --as nobody-1", "nobody-1 is not in the staff"),
        ("staff add x-1 --role caseworker --area durham --as cw-gone", "cw-gone is no longer active"),
        (
            "staff add sm-1 --role service_manager --area durham --as sm-1",
            "Nobody may change their own rights",
        ),
        ("staff confirm x-1 --as sm-1", "Nothing is proposed about x-1"),
        ("staff decline x-1 --as sm-1", "Nothing is proposed about x-1"),
        ("staff log --as cw-1", "for supervisors, service managers and auditors"),
        ("staff proposals --as pa-1", "for supervisors, service managers and auditors"),
        (
            "staff list --as pa-1",
            "You see the status of what you sent: rj list, or Referrals in the console.",
        ),
        ("staff list --as co-1", "You see figures: rj funnel, without --as, or Figures in the console."),
        ("staff list --as cw-1 --area kent", "cw-1 does not work in kent"),
        ("staff absent cw-1 --as cw-1 --until 9999-12-31 --stand-in cw-2", "until: Give a day from today"),
        ("staff absent cw-1 --as cw-1 --until 2020-01-01 --stand-in cw-2", "until: Give a day from today"),
        (
            "staff absent cw-1 --as cw-1 --until 2030-01-01 --stand-in cw-1",
            "stand-in: Nobody stands in for themself",
        ),
        (
            "staff absent cw-1 --as cw-1 --until 2030-01-01 --stand-in nobody-1",
            "stand-in: nobody-1 is not in the staff",
        ),
        ("staff absent cw-1 --as cw-1 --until 2030-01-01 --stand-in cw-gone", "cw-gone is no longer active"),
        (
            "staff absent cw-1 --as cw-1 --until 2030-01-01 --stand-in cw-kent",
            "cw-kent does not work in durham",
        ),
        (
            "staff absent nobody-1 --as cw-1 --until 2030-01-01 --stand-in cw-1",
            "nobody-1 is not in the staff register",
        ),
        ("staff absent nobody-1 --as su-1 --back", "nobody-1 is not in the staff register"),
    ],
)
async def test_what_the_register_does_not_allow_is_refused(rj: Rj, command: str, sentence: str) -> None:
    await changes_nothing(rj, command, 3, sentence)


async def changes_nothing(rj: Rj, command: str, code: int, sentence: str) -> None:
    before = (await rj("staff", "list", "--json", "--as", "sm-1")).json
    said = await rj(*command.split(" "))
    assert (said.code, said.out) == (code, "")
    assert sentence in said.one_sentence()
    assert (await rj("staff", "list", "--json", "--as", "sm-1")).json == before


async def test_a_person_is_invited_to_the_console_by_email_and_the_link_is_shown_only_when_asked_for(
    rj: Rj, referrals: Referrals, post_office: PostOffice
) -> None:
    by = ("--as", await manager(referrals, Area.GWENT))
    entered = ("staff", "add", "gw-9", "--role", "caseworker", "--area", "gwent", *by)
    await rj(*entered, "--email", "gw-9@example.org")
    known = {"RJ_CONSOLE_URL": "https://console.example.org", "RJ_SMTP_URL": post_office.mail.url}
    invited = await rj("staff", "invite", "gw-9", *by, env=known)
    assert invited.out.startswith(
        "Invited: gw-9, by e-mail, at their address in the register. The link works"
    )
    assert "https" not in invited.out
    link = r"https://console\.example\.org/invitation\?token=[\w-]{43}"
    letter = newest_to(post_office, "gw-9@example.org").get_content()
    assert re.search(link, letter)
    shown = await rj("staff", "invite", "gw-9", "--show-link", *by, env=known)
    assert re.fullmatch(link, shown.out.splitlines()[-1])
    assert shown.out.splitlines()[-1] not in letter


async def test_who_cannot_be_invited_is_told_in_one_sentence(rj: Rj, referrals: Referrals) -> None:
    by = ("--as", await manager(referrals, Area.GWENT))
    await rj("staff", "add", "gw-8", "--role", "caseworker", "--area", "gwent", *by)
    console = {"RJ_CONSOLE_URL": "https://console.example.org"}
    for arguments, env, code, sentence in (
        (("gw-8", *by), {}, 3, "Set RJ_CONSOLE_URL first"),
        (("gw-8", *by), console, 3, "no e-mail address of gw-8"),
        (("nobody-here", *by), console, 3, "nobody-here"),
        (("gw-8", "--as", "cw-1"), console, 3, "for service managers"),
        (("Gw 8", *by), console, 2, "small letters"),
        (("gw-8", *by), console | {"RJ_OIDC_ISSUER": "https://id.example.org"}, 2, "RJ_OIDC_CLIENT_ID"),
    ):
        said = await rj("staff", "invite", *arguments, env=env)
        assert said.code == code
        assert sentence in said.one_sentence()
