"""What people were told, through `rj inbox`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.notices import About, Category
from schemas.people import Role, Staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.caseload import Caseload, a_caseload
from tests.end_to_end.conftest import Rj
from tests.life import HARMED
from tests.register import enter

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest_asyncio.fixture
async def caseload(owner_url: str, pool: Pool, keys: KeyStore) -> AsyncIterator[Caseload]:
    async with a_caseload(owner_url, pool, keys) as made:
        yield made


async def test_letters_are_read_in_words_newest_first_and_once(rj: Rj, caseload: Caseload) -> None:
    await caseload.member("dg-1")
    reference = await caseload.referral("dg-1")
    about = About(deadline="thinking_time/h1", point="warn-1", at=NOW, due_at=NOW + timedelta(days=1))
    await caseload.letter(reference, "dg-1", "allocated", Category.NEWS, at=NOW)
    await caseload.letter(reference, "dg-1", "reminder", Category.NEWS, about, at=NOW + timedelta(hours=1))
    due = "is due on Friday 27 November 2026 at 9am (first warning)."
    told = [
        f"Thu 26 Nov 2026 10:00  new  {reference}: thinking time (h1) {due}",
        f"Thu 26 Nov 2026 09:00  new  {reference} is yours now.",
    ]
    looked = await rj("inbox", "--as", "dg-1", "--keep-unread")
    assert looked.out.splitlines()[1:] == told
    newest = await rj("inbox", "--as", "dg-1", "--limit", "1")
    assert newest.out.splitlines()[1:] == [told[0], "There is more; --limit shows more than 1 at a time."]
    # Only what was shown has been read.
    assert (await rj("inbox", "--as", "dg-1")).out.splitlines()[1:] == [told[1]]
    assert (await rj("inbox", "--as", "dg-1")).out == "There is nothing that you have not read.\n"
    everything = await rj("inbox", "--as", "dg-1", "--all")
    assert everything.out.splitlines()[1:] == [line.replace("new", "") for line in told]


async def test_a_script_reads_it_too(rj: Rj, caseload: Caseload) -> None:
    await caseload.member("dg-1")
    reference = await caseload.referral("dg-1")
    about = About(participant="h1", wanted="appointment", why="no_safe_channel")
    await caseload.letter(reference, "dg-1", "task", Category.TASK, about, at=NOW)
    [letter] = (await rj("inbox", "--as", "dg-1", "--json")).json
    assert letter == {
        "reference": reference,
        "id": "1-1",
        "at": NOW.isoformat(),
        "category": "task",
        "template": "task",
        "about": {"participant": "h1", "wanted": "appointment", "why": "no_safe_channel"},
        "read_at": None,
        "still_open": None,
        "says": f"{reference}: a message to h1 was not sent (your appointment), because there is no safe channel."
        " Tell them yourself only if that is safe; else ask your supervisor first.",
    }
    assert (await rj("inbox", "--as", "dg-1", "--json")).json == []


async def test_words_that_are_for_others_are_named_only(rj: Rj, caseload: Caseload) -> None:
    await caseload.member("dg-1")
    reference = await caseload.referral("dg-1")
    for template in ("appointment", "no_longer_there"):
        await caseload.letter(reference, "dg-1", template, Category.NEWS)
    says = {each["says"] for each in (await rj("inbox", "--as", "dg-1", "--json")).json}
    assert says == {f"{reference}: your appointment.", f"{reference}: no longer there."}


async def test_what_the_policy_tells_is_in_the_inbox(rj: Rj, reference: str, referrals: Referrals) -> None:
    await referrals.take(reference, c.RecordDuplicateCheck(), "cw-1")
    await referrals.take(reference, c.Allocate(caseworker="cw-2"), "su-1")
    said = [each["says"] for each in (await rj("inbox", "--as", "cw-2", "--json")).json]
    assert f"{reference} is yours now." in said


async def test_what_asked_somebody_to_act_is_marked_over_when_it_no_longer_waits(
    rj: Rj, pool: Pool, keys: KeyStore
) -> None:
    book = Book(pool, keys, Area.SOUTH_WALES, "sw")
    await book.hire()
    late, unsafe = await book.allocated(), await book.allocated()
    await book.reach(late, "first_contact", "warn-1", "due", "escalate-1")
    await book.take(unsafe, "cw-2", c.RaiseSafeguarding(note="Afraid at home"), MONDAY)

    async def waiting(who: str) -> dict[tuple[str, str], bool | None]:
        found = (await rj("inbox", "--as", who, "--all", "--json")).json
        return {(each["reference"], each["template"]): each["still_open"] for each in found}

    assert await waiting("sw-1") == {(late, "reminder"): True, (unsafe, "safeguarding"): True}
    assert await waiting("sw-su") == {(late, "escalation"): True, (unsafe, "safeguarding"): True}
    attempt = {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
    await book.take(late, "cw-1", c.RecordContactAttempt.model_validate(attempt), MONDAY + timedelta(days=9))
    assert await waiting("sw-1") == {(late, "reminder"): False, (unsafe, "safeguarding"): True}
    await book.take(unsafe, "su-1", c.LiftSafeguarding(note="She is safe"), MONDAY)
    assert await waiting("sw-su") == {(late, "escalation"): False, (unsafe, "safeguarding"): False}
    escalation = (await rj("inbox", "--as", "sw-sv")).out
    assert re.search(rf"  new, over  {late}: ", escalation), escalation
    assert re.search(rf"  over +{late}: ", (await rj("inbox", "--as", "sw-sv", "--all")).out)


async def test_who_left_an_area_reads_nothing_of_it_any_more(rj: Rj, pool: Pool, keys: KeyStore) -> None:
    book = Book(pool, keys, Area.WEST_YORKSHIRE, "wy")
    await book.hire()
    reference = await book.allocated()
    await book.reach(reference, "first_contact", "warn-1")
    assert reference in (await rj("inbox", "--as", "wy-1", "--all", "--keep-unread")).out
    moved = Staff(id="wy-1", role=Role.CASEWORKER, areas=(Area.SOUTH_YORKSHIRE,))
    await enter(pool, keys, moved)
    assert (await rj("inbox", "--as", "wy-1", "--all")).out == "There is nothing.\n"


@pytest.mark.parametrize(
    ("command", "sentence", "code"),
    [
        ("inbox", "--as", 2),
        ("inbox --as nobody-1", "nobody-1 is not in the staff register", 3),
        ("inbox --as cw-gone", "no longer active", 3),
        ("inbox --as cw-1 --limit 0", "--limit", 2),
    ],
)
async def test_bad_input_gets_one_sentence(rj: Rj, command: str, sentence: str, code: int) -> None:
    said = await rj(*command.split(" "))
    assert (said.code, said.out) == (code, "")
    assert sentence in said.one_sentence()
