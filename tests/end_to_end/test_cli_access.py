"""Who sees what through `rj`: nobody in particular sees figures and health, each person what is for them."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Rj

# Every command that prints something of the caseload, for a referral of Durham that pa-1 did not send.
CASELOAD = [
    *(
        "list",
        "show {ref}",
        "timeline {ref}",
        "timeline {ref} --outline",
        "deadlines {ref}",
        "permitted {ref}",
        "permitted {ref} --blocked",
        "preview {ref} resume",
        "search 7K",
    ),
    *("escalations", "escalations --all", "signoffs --all", "workload", "tasks", "contact {ref} h1"),
    *("inbox", "staff list", "staff log", "staff proposals"),
]


@pytest.mark.parametrize("command", CASELOAD)
async def test_without_a_person_no_caseload_is_shown(rj: Rj, reference: str, command: str) -> None:
    for more in ("", " --json"):
        said = await rj(*(command.format(ref=reference) + more).split())
        assert (said.code, said.out) == (2, "")
        assert "Missing option '--as'" in said.one_sentence()


@pytest.mark.parametrize("command", ["funnel", "keys status", "policy show", "fields close"])
async def test_without_a_person_figures_and_settings_are(rj: Rj, command: str) -> None:
    said = await rj(*command.split())
    assert said.code == 0, said.err
    assert "RJ-" not in said.out


@pytest.mark.parametrize("command", ["verify", "stuck"])
async def test_without_a_person_the_health_is_shown_by_reference_and_nobody_is_named(
    rj: Rj, command: str
) -> None:
    said = await rj(*command.split())
    # What other tests have left broken or stuck is said here.
    assert said.code in (0, 3), said.err
    assert said.out
    assert "Alex Example" not in said.out


@pytest.mark.parametrize("command", CASELOAD)
@pytest.mark.parametrize("who", ["nobody-1", "cw-gone"])
async def test_a_stranger_and_who_has_left_see_nothing(
    rj: Rj, reference: str, command: str, who: str
) -> None:
    said = await rj(*command.format(ref=reference).split(), "--as", who)
    assert (said.code, said.out) == (3, "")
    said.one_sentence()


@pytest.mark.parametrize("command", [each for each in CASELOAD if "{ref}" in each])
@pytest.mark.parametrize("who", ["cw-kent", "co-1", "pa-1"])
async def test_a_referral_is_not_shown_to_another_area_a_commissioner_or_a_partner_who_did_not_send_it(
    rj: Rj, reference: str, command: str, who: str
) -> None:
    said = await rj(*command.format(ref=reference).split(), "--as", who)
    assert (said.code, said.out) == (3, "")
    said.one_sentence()


@pytest.mark.parametrize("command", [each for each in CASELOAD if "{ref}" not in each and each != "inbox"])
async def test_a_commissioner_sees_figures_only(rj: Rj, command: str) -> None:
    said = await rj(*command.split(), "--as", "co-1")
    assert (said.code, said.out) == (3, "")
    assert "You see figures: rj funnel, without --as, or Figures in the console." in said.one_sentence()


_AN_AUDITORS = ("staff log", "staff proposals")


@pytest.mark.parametrize("command", [each for each in CASELOAD if each not in (*_AN_AUDITORS, "inbox")])
async def test_an_auditor_sees_no_referral(rj: Rj, reference: str, command: str) -> None:
    said = await rj(*command.format(ref=reference).split(), "--as", "au-1")
    assert (said.code, said.out) == (3, "")
    assert (
        "You see the logs: rj verify, rj access-log, rj searches, rj staff log, or Audit in the console."
        in said.one_sentence()
    )


async def test_an_auditor_reads_who_looked_and_who_changed_the_register(rj: Rj, reference: str) -> None:
    why = "Invented: a canary reason"
    await rj("timeline", reference, "--reason", "-", "--as", "cw-2", given=why)
    for options in ((reference,), ("--by", "cw-2")):
        said = await rj("access-log", *options, "--as", "au-1")
        assert said.code == 0
        assert "cw-2 (caseworker)" in said.out
        assert why not in said.out
        assert why not in (await rj("access-log", *options, "--as", "au-1", "--json")).out
    said = await rj("staff", "log", "--as", "au-1")
    assert "cw-1 entered: caseworker in durham" in said.out
    assert "Test Caseworker" not in said.out


async def test_lists_show_nothing_of_other_areas(rj: Rj, reference: str) -> None:
    every = ("list", "--limit", "10000", "--json", "--as")
    assert reference in (await rj(*every, "cw-1")).out
    assert reference in (await rj(*every, "sm-1")).out
    assert {each["area"] for each in (await rj(*every, "cw-kent")).json} <= {"kent"}
    for command in ("list", "escalations", "signoffs", "workload", "tasks", "staff list"):
        said = await rj(*command.split(), "--as", "su-1", "--area", "kent")
        assert (said.code, said.out) == (3, "")
        assert "su-1 does not work in kent" in said.one_sentence()


async def test_a_partner_sees_the_status_of_what_they_sent_and_nothing_else(rj: Rj, reference: str) -> None:
    example = (await rj("example", "referral")).out
    mine = (await rj("open", "-", "--as", "pa-1", "--json", given=example)).json["reference"]
    status = ("show", mine, "--as", "pa-1")
    assert (await rj(*status)).out == f"{mine}: received\n"
    await rj("do", mine, "record_duplicate_check", "--as", "cw-1")
    await rj("do", mine, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
    assert (await rj(*status)).out == f"{mine}: in hand\n"
    await rj("do", mine, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    assert (await rj(*status, "--json")).json == {"reference": mine, "status": "closed"}
    listed = (await rj("list", "--as", "pa-1", "--limit", "10000", "--json")).json
    assert {"reference": mine, "area": "durham", "status": "closed"} in listed
    assert reference not in {each["reference"] for each in listed}
    for command in CASELOAD:
        if command not in ("list", "search 7K", "show {ref}", "permitted {ref}", "inbox"):
            said = await rj(*command.format(ref=mine).split(), "--as", "pa-1")
            assert (said.code, said.out) == (3, ""), command
    assert (await rj("list", "--stage", "closed", "--as", "pa-1")).code == 2
