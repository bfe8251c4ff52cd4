"""Why a deadline is when it is, moving one, and standing still, through `rj`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from casework.referral.deadlines import Explained, changes_in, explained
from casework.words import ENDS_WITH, deadline_change
from cli.explaining import lines
from lifecycle import fold
from lifecycle.timing.working_time import at_day_end
from schemas import commands as c
from schemas.areas import Area
from schemas.policy import DeadlineName
from schemas.referral import Referral
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.end_to_end.conftest import Rj
from tests.life import HARMED, until_preparation

SUNDAY = MONDAY - timedelta(days=1)


@pytest.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """Referrals at times of the test's own choosing."""
    recorded = Book(pool, keys, Area.LINCOLNSHIRE, "li")
    await recorded.hire()
    return recorded


async def state(book: Book, reference: str) -> Referral:
    return fold(await event_log.history(book.pool, book.keys, reference))


async def told(book: Book, reference: str, at: datetime) -> dict[str, tuple[Explained, str]]:
    """What is explained of each deadline, and its words."""
    found = explained(await state(book, reference), at)
    return {each.key: (each, "\n".join(lines(each, at))) for each in found}


async def test_every_deadline_says_what_ends_it() -> None:
    assert set(ENDS_WITH) == set(DeadlineName)


async def test_the_words_name_the_span_its_ground_its_source_and_what_follows(book: Book) -> None:
    reference = await book.open(MONDAY)
    _, words = (await told(book, reference, MONDAY))["first_contact"]
    assert words == (
        "first contact: due Wed 4 Mar 2026 10:00\n"
        "  key: first_contact\n"
        "  because: 2 working days after its clock started Mon 2 Mar 2026 10:00 (local: Our judgement, steps too; "
        "compare the Victims' Code, right 4.5: referral to a service within 2 working days)\n"
        "  next: Tue 3 Mar 2026 10:00: warning to the caseworker\n"
        "  ends with: an attempt to reach whoever is approached first (record_contact_attempt)"
    )
    _, words = (await told(book, reference, MONDAY))["allocation"]
    assert "next: Tue 3 Mar 2026 10:00: due: the caseworker is reminded; escalates to the supervisor" in words


async def test_what_came_outside_of_working_hours_counts_from_their_beginning(book: Book) -> None:
    reference = await book.open(SUNDAY)
    found, words = (await told(book, reference, SUNDAY))["first_contact"]
    assert found.counted_from == MONDAY - timedelta(hours=1)
    assert "started Sun 1 Mar 2026 10:00, which counts from Mon 2 Mar 2026 09:00" in words


async def test_what_was_reached_and_escalated_is_told_with_what_is_left(book: Book) -> None:
    reference = await book.open(MONDAY)
    last = await book.reach(reference, "first_contact", "warn-1", "due", "escalate-1")
    found, words = (await told(book, reference, last))["first_contact"]
    assert found.overdue
    assert "first contact: due Wed 4 Mar 2026 10:00 (overdue)" in words
    assert (
        "reached: warning 1 Tue 3 Mar 2026 10:00, due Wed 4 Mar 2026 10:00, escalation 1 Thu 5 Mar 2026 10:00"
        in words
    )
    assert "escalated to the supervisor since Thu 5 Mar 2026 10:00" in words
    assert "next: Mon 9 Mar 2026 10:00: escalates to the service manager" in words
    last = await book.reach(reference, "first_contact", "escalate-2")
    assert "next: nothing more; it stays open" in (await told(book, reference, last))["first_contact"][1]


async def test_a_point_that_has_passed_unrecorded_says_so(book: Book) -> None:
    reference = await book.open(MONDAY)
    late = MONDAY + timedelta(days=30)
    assert "(not recorded yet: does a worker run?)" in (await told(book, reference, late))["first_contact"][1]


async def test_a_number_for_a_stage_of_justice_says_whose_it_is(book: Book) -> None:
    court = (MONDAY + timedelta(days=60)).date()
    reference = await book.open(MONDAY, justice_stage="pre_sentence", court_date=court)
    await book.tell(reference, until_preparation(MONDAY.date())[:9], MONDAY)
    everything = await told(book, reference, MONDAY)
    found, words = everything["risk_assessment"]
    assert found.span == "5wd"
    assert "5 working days after" in words
    assert "; for referrals before sentence; for others 10 working days (borrowed: HMPPS" in words
    found, words = everything["court_date"]
    assert (found.span, found.started_at) == (None, None)
    assert "because: it falls on the day of the hearing (law: Sentencing Act 2020" in words


async def test_inactivity_in_preparation_says_why_it_is_longer(book: Book) -> None:
    reference = await book.open(MONDAY)
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    found, words = (await told(book, reference, MONDAY))["inactivity"]
    assert found.span == "60wd"
    assert "60 working days after" in words
    assert "; in preparation; elsewhere 20 working days (" in words
    assert "due: the supervisor is called in" in words


async def test_an_extension_and_a_hold_are_told_apart(book: Book) -> None:
    reference = await book.open(MONDAY)
    review = (MONDAY + timedelta(days=5)).date()
    await book.take(reference, "cw-1", c.Hold(review_on=review, reason="Away"), MONDAY)
    noon = MONDAY + timedelta(hours=2)
    everything = await told(book, reference, noon)
    paused, words = everything["first_contact"]
    assert paused.paused
    assert not paused.overdue
    assert "next: it waits for a resume; resumed now, it would be due Wed 4 Mar 2026 12:00" in words
    assert "escalates" not in words
    long_after = (await told(book, reference, MONDAY + timedelta(days=30)))["first_contact"]
    assert "(overdue)" not in long_after[1], "a clock that stands still is not late"
    running, words = everything["hold_review"]
    assert not running.paused
    assert "it falls on the day that was set when the hold began" in words
    later = MONDAY + timedelta(days=1)
    await book.take(reference, "cw-1", c.Resume(), later)
    found, words = (await told(book, reference, later))["first_contact"]
    assert found.due_at == MONDAY + timedelta(days=3)
    assert "moved from Wed 4 Mar 2026 10:00: its clock stood still" in words
    assert "extended" not in words
    until = at_day_end((MONDAY + timedelta(days=8)).date())
    extension = c.ExtendDeadline(deadline="first_contact", until=until, reason="Ill")
    await book.take(reference, "su-1", extension, later)
    _, words = (await told(book, reference, later))["first_contact"]
    assert "extended until Tue 10 Mar 2026 17:00; it was due Thu 5 Mar 2026 10:00" in words
    assert "moved from Wed 4 Mar 2026 10:00" in words


async def test_a_point_that_was_moved_is_to_be_reached_again(book: Book) -> None:
    reference = await book.open(MONDAY)
    at = await book.reach(reference, "first_contact", "warn-1", "due")
    extension = c.ExtendDeadline(deadline="first_contact", until=at + timedelta(days=7), reason="Ill")
    await book.take(reference, "su-1", extension, at)
    found, words = (await told(book, reference, at))["first_contact"]
    assert found.reached == ()
    assert "next: Tue 10 Mar 2026 10:00: warning to the caseworker" in words


async def test_whom_a_deadline_is_about_is_said(book: Book) -> None:
    reference = await book.allocated(MONDAY)
    undecided = {"participant": HARMED, "interest": "undecided"}
    for command in (
        c.RecordInformationGiven.model_validate({"participant": HARMED, "channel": "phone"}),
        c.RecordInterest.model_validate(undecided),
    ):
        await book.take(reference, "cw-1", command, MONDAY)
    _, words = (await told(book, reference, MONDAY))["thinking_time/h1"]
    assert words.startswith("thinking time about h1: due ")


async def test_rj_explains_the_deadlines_of_a_referral(rj: Rj, reference: str) -> None:
    said = await rj("deadlines", reference, "--as", "cw-1")
    assert said.code == 0, said.err
    assert f"{reference}: 4 by the policy that it keeps (England and Wales, version 2026-12.3)." in said.out
    for key in ("allocation", "first_contact", "inactivity"):
        assert f"  key: {key}\n" in said.out
    found = (await rj("deadlines", reference, "--json", "--as", "cw-1")).json
    assert (found["closed"], found["on_hold"], found["source"]) == (False, False, "log")
    [contact] = [each for each in found["deadlines"] if each["key"] == "first_contact"]
    assert (contact["span"], contact["ground"], contact["paused"]) == ("2wd", "local", False)
    assert [each["what"] for each in contact["next"]] == ["warning to the caseworker"]


async def test_a_closed_referral_has_no_deadlines(rj: Rj, reference: str) -> None:
    await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    assert (
        await rj("deadlines", reference, "--as", "cw-1")
    ).out == f"{reference} is closed; it has no deadlines.\n"
    assert (await rj("deadlines", reference, "--json", "--as", "cw-1")).json["deadlines"] == []


async def test_a_deadline_is_extended_once(rj: Rj, reference: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    command = (
        *("extend", reference, "first_contact", "--until", day, "--reason", "Was in hospital, with a=b"),
        *("--as", "su-1", "--command-id", uuid4()),
    )
    said = await rj(*command)
    assert said.code == 0, said.err
    assert "Recorded (step 2): deadline extended\nStage: received\n" in said.out
    assert re.search(rf"Moved: first contact: due \w+ {day.day} .* 17:00 \(was .*\)\n", said.out)
    assert (await rj(*command)).out == said.out
    found = (await rj("deadlines", reference, "--json", "--as", "cw-1")).json["deadlines"]
    [contact] = [each for each in found if each["key"] == "first_contact"]
    assert contact["due_at"] == at_day_end(day).isoformat().replace("+00:00", "Z")
    moved = await rj(
        *("extend", reference, "first_contact", "--until", f"{day + timedelta(days=10)}T14:00"),
        *("--reason", "Longer", "--as", "su-1"),
    )
    assert re.search(r"Moved: first contact: due .* 14:00 \(was .* 17:00\)\n", moved.out), moved


async def test_a_hold_stops_the_clocks_and_a_resume_says_when_each_is_due(rj: Rj, reference: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=20)).date()
    held = await rj("hold", reference, "--until", day, "--reason", "Away", "--as", "cw-1")
    assert held.code == 0, held.err
    assert "put on hold" in held.out
    assert "Stands still: first contact\n" in held.out
    assert "New: hold review: due " in held.out
    said = (await rj("deadlines", reference, "--as", "cw-1")).out
    assert "On hold since" in said
    assert "it waits for a resume" in said
    command = ("resume", reference, "--as", "cw-1", "--command-id", uuid4())
    resumed = await rj(*command)
    assert resumed.code == 0, resumed.err
    for name in ("allocation", "first contact", "inactivity"):
        # In the same minute none has moved as far as people read it.
        assert re.search(rf"(Moved|Goes on): {name}: due ", resumed.out), resumed.out
    assert "hold review" not in resumed.out
    assert (await rj(*command)).out == resumed.out
    assert "sequence" in (await rj(*command, "--json")).json
    await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")


async def test_what_a_resume_has_moved_is_said_by_the_log(book: Book) -> None:
    reference = await book.open(MONDAY)
    review = (MONDAY + timedelta(days=5)).date()
    await book.take(reference, "cw-1", c.Hold(review_on=review, reason="Away"), MONDAY)
    await book.take(reference, "cw-1", c.Resume(), MONDAY + timedelta(days=1))
    history = await event_log.history(book.pool, book.keys, reference)
    changes = changes_in(history, history[-1].command_id)
    assert [deadline_change(each.key, each.change, each.due_at, each.was_due_at) for each in changes] == [
        "Moved: allocation: due Wed 4 Mar 2026 10:00 (was Tue 3 Mar 2026 10:00)",
        "Moved: first contact: due Thu 5 Mar 2026 10:00 (was Wed 4 Mar 2026 10:00)",
        "Moved: inactivity: due Tue 31 Mar 2026 10:00 (was Mon 30 Mar 2026 10:00)",
        "Moved: supervision: due Tue 26 May 2026 10:00 (was Mon 25 May 2026 10:00)",
    ]


BAD: list[tuple[str, int, str]] = [
    ("deadlines Canary", 2, "not a reference"),
    ("deadlines RJ-0000-0000 --as cw-1", 3, "There is no referral"),
    (
        "extend {ref} first_contact --until soon --reason Canary --as su-1",
        2,
        "write the day with the time, such as 2026-11-26T14:00; or a day, which means 17:00",
    ),
    ("extend {ref} first_contact --until 2099-02-30 --reason Canary --as su-1", 2, "there is no such day"),
    (
        "extend {ref} first_contact --until 2099-01-02T25:00 --reason Canary --as su-1",
        2,
        "must be a time that exists, such as 2026-11-26T14:00; or a day",
    ),
    ("extend {ref} first_contact --until 2099-10-25T01:30 --reason Canary --as su-1", 2, "occurs twice"),
    (
        "extend {ref} first_contact --until 2020-01-02 --reason Canary --as su-1",
        3,
        "an extension must be later",
    ),
    ("extend {ref} first_contct --until 2099-01-02 --reason Canary --as su-1", 3, "open: allocation"),
    ("extend {ref} first_contact --until 2099-01-02 --reason Canary --as cw-1", 3, "Your role may not"),
    ("extend {ref} first_contact --until 2099-01-02 --reason x --as su-1", 2, "reason: "),
    ("extend {ref} first_contact --until 2099-01-02 --as su-1", 2, "--reason"),
    ("hold {ref} --until 2020-01-02 --reason Canary --as cw-1", 3, "must be after today"),
    ("hold {ref} --until tomorrow --reason Canary --as cw-1", 2, "write the day as year-month-day"),
    ("resume {ref} --as cw-1", 3, "must be on hold"),
    ("resume {ref} --as cw-1 --command-id 5", 2, "--command-id"),
]


@pytest.mark.parametrize(("command", "code", "sentence"), BAD)
async def test_bad_input_gets_one_sentence_and_leaves_nothing(
    rj: Rj, reference: str, pool: Pool, command: str, code: int, sentence: str
) -> None:
    said = await rj(*command.format(ref=reference).split())
    assert (said.code, said.out) == (code, ""), said
    assert sentence in said.one_sentence()
    assert "Canary" not in said.err
    assert len(await event_log.read(pool, reference)) == 1


@pytest.mark.parametrize("command", ["deadlines", "extend", "hold", "resume"])
async def test_the_help_has_an_example(rj: Rj, command: str) -> None:
    said: Any = await rj(command, "--help")
    assert re.search(rf"Example: .*rj {command}", " ".join(said.out.split()))
