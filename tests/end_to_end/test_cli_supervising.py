"""The supervisor's questions through `rj`: escalations, sign-offs, workload, lists, and bulk reassignment."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

import casework.bulk.following
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Role, Staff
from schemas.steps import Receipt
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.end_to_end.conftest import Rj
from tests.end_to_end.running import ROOT
from tests.life import HARMED, until_conference, until_preparation
from tests.register import enter
from tests.workflows.test_reassignment import order, owned, reassigned, start, take_of, working
from workflows.reassignment import Progress

AREA = Area.MERSEYSIDE


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """An area of these tests' own, with nothing open in it."""
    recorded = Book(pool, keys, AREA, "me")
    await recorded.hire()
    await recorded.close_all()
    return recorded


@pytest.mark.parametrize("command", ["escalations", "signoffs", "workload", "stuck", "reassign", "list"])
async def test_the_help_has_an_example(rj: Rj, command: str) -> None:
    said = await rj(command, "--help")
    assert re.search(rf"Example: .*rj {command}", " ".join(said.out.split()))


async def test_escalations_are_listed_oldest_first_and_by_rung(rj: Rj, book: Book) -> None:
    assert (await rj("escalations", "--area", AREA, "--as", "me-su")).out == "No escalation waits.\n"
    late = await book.allocated(MONDAY)
    later = await book.allocated(MONDAY + timedelta(days=1))
    for reference in (later, late):
        await book.reach(reference, "first_contact", "due", "escalate-1")
    await book.reach(late, "first_contact", "escalate-2")
    said = await rj("escalations", "--area", "merseyside", "--as", "me-su")
    assert said.code == 0, said.err
    assert [line.split()[0] for line in said.out.splitlines()] == ["REFERENCE", late, later, late]
    assert "first_contact  supervisor since Thu 5 Mar 2026 10:00" in said.out
    high = (
        await rj("escalations", "--area", AREA, "--rung", "service_manager", "--json", "--as", "me-su")
    ).json
    assert [(each["reference"], each["rung"]) for each in high] == [(late, "service_manager")]
    one = await rj("escalations", "--area", AREA, "--limit", "1", "--as", "me-su")
    assert len(one.out.splitlines()) == 2
    assert "There are more than 1; --limit shows more." in one.err


async def test_past_escalations_say_how_long_it_took(rj: Rj, book: Book) -> None:
    reference = await book.allocated(MONDAY)
    raised = await book.reach(reference, "first_contact", "due", "escalate-1")
    attempt = c.RecordContactAttempt.model_validate(
        {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
    )
    await book.take(reference, "cw-1", attempt, raised + timedelta(days=1, hours=3))
    command = (
        "escalations",
        "--as",
        "me-su",
        "--area",
        AREA,
        "--all",
        "--since",
        "2026-03-01",
        "--limit",
        "1000",
    )
    [line] = [each for each in (await rj(*command)).out.splitlines() if reference in each]
    assert re.search(r"supervisor +Thu 5 Mar 2026 10:00 +Fri 6 Mar 2026 13:00 +1 d 3 h$", line)
    [found] = [each for each in (await rj(*command, "--json")).json if each["reference"] == reference]
    assert found["took_seconds"] == 27 * 3600
    recent = await rj("escalations", "--area", AREA, "--all", "--since", "2098-01-01", "--as", "me-su")
    assert recent.out == "None was raised since Wed 1 Jan 2098 00:00.\n"


async def test_sign_offs_are_shown_to_who_may_give_them(rj: Rj, book: Book) -> None:
    assert (await rj("signoffs", "--area", AREA, "--all", "--as", "me-1")).out == "No sign-off waits.\n"
    reference = await book.open(MONDAY)
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    await book.tell(reference, until_conference(datetime.now(UTC))[:-3], datetime.now(UTC))
    said = await rj("signoffs", "--area", AREA, "--all", "--as", "me-1")
    assert re.search(rf"{reference} +merseyside +readiness +me-fa +\w{{3}} .* \d\d:\d\d\n", said.out), (
        said.out
    )
    [mine] = (await rj("signoffs", "--as", "me-su", "--json")).json
    assert (mine["reference"], mine["subject"], mine["requested_by"]) == (reference, "readiness", "me-fa")
    assert mine["concerns"]["facilitator"] == "me-fa"
    whole = (await rj("signoffs", "--as", "me-su")).out
    assert f"\n{reference}, readiness:\n  method: face to face\n  facilitator: me-fa with me-fb" in whole
    assert re.search(r"\n  h1 \(harmed\): prepared \w{3} .*\n  r1 \(responsible\): prepared ", whole), whole
    # Who would have made it may not give it, whatever role they have meanwhile.
    member = await staff.get(book.pool, "me-fb")
    assert member is not None
    await enter(book.pool, book.keys, member.model_copy(update={"role": Role.SUPERVISOR}))
    assert (await rj("signoffs", "--as", "me-fb")).out == "No sign-off waits that me-fb may give.\n"
    refused = await rj("signoffs", "--as", "me-1")
    assert refused.code == 3
    assert "supervisors and service managers" in refused.one_sentence()
    elsewhere = await rj("signoffs", "--as", "me-su", "--area", "durham")
    assert (elsewhere.code, elsewhere.out) == (3, "")
    assert "me-su does not work in durham" in elsewhere.one_sentence()


async def test_a_risk_assessment_is_printed_with_its_factors_and_the_note_of_a_closure(
    rj: Rj, book: Book
) -> None:
    reference = await book.open(MONDAY)
    story = until_preparation(MONDAY.date())
    begun = next(at for at, (_, command) in enumerate(story) if command.kind == "begin_risk_assessment")
    await book.tell(reference, story[: begun + 1], MONDAY)
    threats = {"factor": "threats", "level": "high", "evidence": "Rang twice", "mitigation": "By letter"}
    assessed = c.RecordRiskAssessment.model_validate({"about": HARMED, "factors": [threats]})
    await book.take(reference, "cw-1", assessed, MONDAY)
    verdict = c.RecordRiskVerdict.model_validate({"verdict": "proceed_indirect"})
    await book.take(reference, "cw-1", verdict, MONDAY)
    closing = await book.allocated(MONDAY)
    close = c.Close.model_validate({"reason": "risk_unsafe", "note": "Nobody is safe"})
    await book.take(closing, "cw-1", close, MONDAY)
    said = (await rj("signoffs", "--as", "me-su")).out
    assert (
        f"\n{reference}, risk assessment:\n  verdict: only without meeting\n  h1:\n    threats: high\n"
        "      evidence: Rang twice\n      mitigation: By letter\n  not assessed: acknowledgement, attitudes"
    ) in said
    assert f"\n{closing}, closure:\n  reason: risk: unsafe\n  note: Nobody is safe\n" in said
    everybodys = (await rj("signoffs", "--all", "--as", "me-2")).out
    assert reference in everybodys
    assert "Rang twice" not in everybodys
    assert "Nobody is safe" not in everybodys


async def test_the_workload_says_who_has_how_much_and_who_is_away(rj: Rj, book: Book) -> None:
    late = await book.allocated(MONDAY)
    await book.reach(late, "first_contact", "due", "escalate-1")
    await book.open(MONDAY)
    await rj("staff", "absent", "me-1", "--until", "2030-12-06", "--stand-in", "me-2", "--as", "me-su")
    said = await rj("workload", "--area", AREA, "--as", "me-su")
    lines = [re.split(r" {2,}", line) for line in said.out.splitlines()]
    assert lines[0] == ["CASEWORKER", "OPEN", "ON HOLD", "DUE THIS WEEK", "OVERDUE", "ESCALATIONS"]
    assert ["me-1", "1", "0", "0", "1", "1", "absent until Fri 6 Dec 2030, stand-in me-2"] in lines
    assert ["me-2", "0", "0", "0", "0", "0"] in lines
    assert ["nobody yet", "1", "0", "0", "1", "0"] in lines
    found = {
        each["staff"]: each for each in (await rj("workload", "--area", AREA, "--json", "--as", "me-su")).json
    }
    assert (found["me-1"]["overdue"], found["me-1"]["stand_in"]) == (1, "me-2")
    await rj("staff", "absent", "me-1", "--back", "--as", "me-1")


async def test_lists_are_filtered_by_safeguarding_and_by_when_they_are_due(
    rj: Rj, reference: str, book: Book
) -> None:
    every = ("list", "--as", "cw-1", "--area", "durham", "--limit", "10000")
    assert reference not in (await rj(*every, "--safeguarding")).out
    await rj("do", reference, "raise_safeguarding", "--set", "note=Afraid", "--as", "pa-1")
    assert reference in (await rj(*every, "--safeguarding")).out
    # The first contact is due within two working days, with a long weekend six days on.
    assert reference in (await rj(*every, "--due-within", "14")).out
    overdue = await book.open(MONDAY)
    assert overdue in (await rj("list", "--area", AREA, "--due-within", "0", "--as", "me-su")).out
    quiet = (datetime.now(UTC) + timedelta(days=20)).date()
    await rj("hold", reference, "--until", quiet, "--reason", "Away", "--as", "cw-1")
    assert reference not in (await rj(*every, "--due-within", "19")).out
    assert reference in (await rj(*every, "--due-within", "20")).out


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("list --caseworker nobody-1 --as su-1", 3, "nobody-1 is not in the staff register"),
        ("list --area durhm --as su-1", 2, "Did you mean durham?"),
        ("escalations --area west_yorkshir --as su-1", 2, "Did you mean west-yorkshire?"),
        ("signoffs --area durhm --as su-1", 2, "Did you mean durham?"),
        ("workload --area durhm --as su-1", 2, "Did you mean durham?"),
        ("funnel --area durhm", 2, "Did you mean durham?"),
        ("staff list --area durhm --as su-1", 2, "Did you mean durham?"),
        ("staff add zz-1 --role caseworker --area durhm --as su-1", 2, "Did you mean durham?"),
        ("list --area zzzz --as su-1", 2, "Accepted: avon-and-somerset, bedfordshire"),
        ("list --due-within -1 --as su-1", 2, "--due-within"),
        ("escalations --rung nobody --as su-1", 2, "--rung"),
        ("escalations --since 2026-01-01 --as su-1", 2, "--since: is for --all"),
        ("signoffs --as nobody-1", 3, "not in the staff register"),
        ("reassign --from me-1 --to me-1 --as me-su --yes", 3, "to themself"),
        ("reassign --from nobody-1 --to me-1 --as me-su --yes", 3, "from: nobody-1 is not in the staff"),
        ("reassign --from me-1 --to nobody-1 --as me-su --yes", 3, "to: nobody-1 is not in the staff"),
        ("reassign --from me-1 --to me-2 --as nobody-1 --yes", 3, "as: nobody-1 is not in the staff"),
        ("reassign --from me-1 --to me-2 --as me-1 --yes", 3, "by supervisors and service managers"),
        (
            "reassign --from me-1 --to me-2 --as su-1 --area merseyside --yes",
            3,
            "su-1 does not work in merseyside",
        ),
        ("reassign --from me-1 --to me-2 --as me-su --reason x --yes", 2, "reason: "),
        ("reassign --from me-1", 2, "--to"),
    ],
)
async def test_bad_input_gets_one_sentence(
    rj: Rj, book: Book, command: str, code: int, sentence: str
) -> None:
    said = await rj(*command.split())
    assert (said.code, said.out) == (code, ""), said
    assert sentence in said.one_sentence()
    # Not all forty-three areas, where one was only mistyped.
    assert "Did you mean" not in sentence or "warwickshire" not in said.err


async def test_an_area_may_be_written_as_it_is_spoken(rj: Rj) -> None:
    assert (await rj("list", "--area", "DURHAM ", "--as", "cw-1")).code == 0


@pytest_asyncio.fixture
async def people(referrals: Referrals) -> tuple[str, str]:
    """Two caseworkers of Essex, the first of Hertfordshire as well, and their supervisor es-su."""
    name = f"es-{uuid4().hex[:8]}"
    giver, taker = f"{name}-a", f"{name}-b"
    both = (Area.ESSEX, Area.HERTFORDSHIRE)
    await enter(referrals.pool, referrals.keys, Staff(id=giver, role=Role.CASEWORKER, areas=both))
    await enter(referrals.pool, referrals.keys, Staff(id=taker, role=Role.CASEWORKER, areas=(Area.ESSEX,)))
    await enter(referrals.pool, referrals.keys, Staff(id="es-su", role=Role.SUPERVISOR, areas=both))
    return giver, taker


async def test_all_referrals_of_one_go_to_another(
    rj: Rj, referrals: Referrals, people: tuple[str, str]
) -> None:
    giver, taker = people
    mine = await owned(referrals, giver, 3)
    command = ("reassign", "--from", giver, "--to", taker, "--reason", "On leave", "--as", "es-su")
    unasked = await rj(*command)
    assert unasked.code == 2
    assert "--yes" in unasked.one_sentence()
    said = await rj(*command, "--yes")
    assert (said.code, said.out) == (0, f"Reassigned from {giver} to {taker}: 3.\n"), said
    assert [await reassigned(referrals, reference) for reference in mine] == [[taker]] * 3
    again = await rj(*command, "--yes")
    assert (again.code, again.out) == (
        0,
        f"{giver} has no such open referral: there is nothing to reassign.\n",
    )
    assert (await rj(*command, "--yes", "--json")).json["moved"] == 0


async def test_a_referral_where_the_taker_does_not_work_is_refused_and_named(
    rj: Rj, referrals: Referrals, people: tuple[str, str]
) -> None:
    giver, taker = people
    [here] = await owned(referrals, giver, 1)
    [there] = await owned(referrals, giver, 1, Area.HERTFORDSHIRE)
    command = ("reassign", "--from", giver, "--to", taker, "--as", "es-su", "--yes")
    said = await rj(*command)
    assert said.code == 3
    assert f"1 in hertfordshire will be refused: {taker} does not work there." in said.err
    assert "rj: 1 of 2 stayed as they were." in said.err
    assert f"Refused: 1.\n  {there}  {taker} does not work in this referral's area." in said.out
    assert await reassigned(referrals, here) == [taker]
    found = await rj(*command, "--area", "hertfordshire", "--json")
    assert (found.code, found.out) == (3, "")
    assert "does not work in Hertfordshire" in found.err


async def test_who_stops_watching_does_not_stop_it_and_may_follow_it_again(
    referrals: Referrals,
    people: tuple[str, str],
    database_url: str,
    temporal_address: str,
    master_keys: MasterKeys,
) -> None:
    servers = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "RJ_MASTER_KEYS_FILE": str(master_keys.path),
    }
    giver, taker = people
    mine = await owned(referrals, giver, 2)
    go_on, queue, really = asyncio.Event(), str(uuid4()), take_of(referrals)

    async def waits(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        await go_on.wait()
        return await really(reference, command, staff_id, command_id)

    command = ("reassign", "--from", giver, "--to", taker, "--as", "es-su")
    async with working(referrals, queue, waits):
        await start(referrals, order(people), queue)
        watching = await follow(command, servers)
        watching.send_signal(signal.SIGINT)
        out, err = await watching.communicate()
        assert (watching.returncode, out) == (130, b"")
        assert err == b"It goes on by itself; run the same command again to follow it.\nrj: Stopped.\n"
        again = await follow(command, servers)
        go_on.set()
        out, err = await again.communicate()
    assert (again.returncode, err) == (0, b"")
    assert out.decode() == f"Reassigned from {giver} to {taker}: 2.\n"
    assert [await reassigned(referrals, reference) for reference in mine] == [[taker]] * 2


async def test_who_waits_for_a_worker_that_is_not_there_is_told(
    rj: Rj, referrals: Referrals, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, taker = people
    await owned(referrals, giver, 1)
    queue, asked, loop = str(uuid4()), asyncio.Event(), asyncio.get_running_loop()
    really, answers = casework.bulk.following._ask, list[Progress | None]()

    async def ask(handle: Any, query: Any) -> Progress | None:
        answers.append(await really(handle, query))
        if len(answers) == 2:
            # The first silence was told of; now a worker comes.
            loop.call_soon_threadsafe(asked.set)
        return answers[-1]

    monkeypatch.setattr("casework.bulk.following._ask", ask)
    monkeypatch.setattr("casework.bulk.following._QUERY_WITHIN", timedelta(seconds=0.5))
    monkeypatch.setattr("casework.bulk.reassignment.SERVICE_QUEUE", queue)
    monkeypatch.setattr("cli.following._SILENT_FOR", 0.1)
    waiting = asyncio.ensure_future(rj("reassign", "--from", giver, "--to", taker, "--as", "es-su", "--yes"))
    await asked.wait()
    async with working(referrals, queue):
        said = await waiting
    assert answers[0] is None
    assert (said.code, said.out) == (0, f"Reassigned from {giver} to {taker}: 1.\n")
    assert said.err == "No worker answers: it goes on when one runs (`rj up`, or `python worker.py`).\n"


async def follow(command: tuple[str, ...], servers: dict[str, str]) -> asyncio.subprocess.Process:
    """An `rj` process of its own that follows a reassignment which runs already."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "starter.py"), *command),
        env=os.environ | servers,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    first = await process.stderr.readline()
    assert first == b"Following the one that es-su has begun already.\n"
    return process


async def test_reading_needs_no_temporal(rj: Rj, book: Book) -> None:
    reference = await book.open(MONDAY)
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    for command in (("escalations",), ("signoffs",), ("workload",), ("deadlines", reference)):
        assert (await rj(*command, "--as", "me-su", env=away)).code == 0
    assert (await rj("deadlines", reference, "--json", "--as", "me-su", env=away)).json["source"] == "log"
    assert len(await event_log.read(book.pool, reference)) == 1
