"""The overview of a referral: what it is, what comes next, what is not possible yet, and what was just recorded."""

from __future__ import annotations

import re

from console.asked import Console
from schemas import commands as c
from tests.book import MONDAY
from tests.console.referral.cases import (
    CASEWORKER,
    FACILITATOR,
    JACK,
    JUNE,
    SUPERVISOR,
    Cases,
    attempt,
    people,
)
from tests.console.referral.reading import links, said, section, title
from tests.console.visiting import visiting
from tests.life import HARMED


async def test_people_are_called_by_first_name_and_initial_and_stand_in_no_title(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
    assert "June I. and Jack I." in said(page)
    assert "There was no answer from June I. by phone" in section(page, "latest")
    assert JUNE not in page
    assert JACK not in page
    assert title(page) == f"Overview \u2013 {reference} \u2013 Referrals"
    assert not [each for each in links(page) if "june" in each.lower()]


async def test_the_stages_say_when_each_was_entered_and_left(console: Console, cases: Cases) -> None:
    reference = await cases.judged()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
    stages = re.search(r'<ol class="rj-stages">.*?</ol>', page, re.DOTALL)
    assert stages
    words = said(f"<main>{stages[0]}</main>")
    assert "Done: Risk assessment 2 Mar" in words
    assert "Now: Offender consent since 2 Mar" in words
    assert words.endswith("To come: Preparation To come: Conference To come: Follow-up")


async def test_a_stage_that_was_gone_back_from_is_to_come_again(console: Console, cases: Cases) -> None:
    reference = await cases.prepared()
    await cases.now(reference, "cw-1", c.ReassessRisk(reason="A threat was reported"))
    async with visiting(console, CASEWORKER) as visitor:
        page = said(await visitor.get(f"/referrals/{reference}"))
    assert "Now: Risk assessment since" in page
    assert "To come: Preparation 2 Mar" in page


async def test_what_comes_next_leads_to_its_form_filled_with_what_is_known(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
    assert "Try again to reach June I." in section(page, "next")
    assert f"/referrals/{reference}/steps/record_contact_attempt?participant={HARMED}" in links(page)


async def test_what_is_not_possible_yet_says_what_is_missing_and_names_whom_it_waits_for(
    console: Console, cases: Cases
) -> None:
    reference = await cases.prepared()
    async with visiting(console, FACILITATOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
    next_part = section(page, "next")
    assert "Not yet: book the activity." in next_part
    assert "Everyone taking part must have had a preparation meeting: June I., Jack I." in next_part
    assert "Readiness for a direct meeting must be signed off." in next_part
    assert "h1" not in next_part


async def test_a_safeguarding_concern_and_a_hold_cannot_be_missed(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    await cases.now(reference, "fa-1", c.RaiseSafeguarding(note="Somebody waits outside her house"))
    async with visiting(console, CASEWORKER) as visitor:
        for tab in (
            "",
            "/people",
            "/risk",
            "/activities",
            "/agreement",
            "/messages",
            "/timeline",
            "/deadlines",
        ):
            page = said(await visitor.get(f"/referrals/{reference}{tab}"))
            assert "Safeguarding: contact nobody Faye Invented raised a concern" in page
        page = said(await visitor.get(f"/referrals/{reference}/people/{HARMED}"))
        assert "Contact nobody A safeguarding concern is open." in page
        assert "Calls: not safe" in page
    held = await cases.contacted()
    await cases.now(
        held, "cw-1", c.Hold.model_validate({"review_on": "2199-03-01", "reason": "She is abroad"})
    )
    async with visiting(console, CASEWORKER) as visitor:
        page = said(await visitor.get(f"/referrals/{held}"))
    assert "On hold Cass Invented put it on hold on" in page
    assert "She is abroad" in page
    assert "Not while it is on hold: Record a contact" in page


async def test_what_was_just_recorded_is_shown_with_what_it_met_to_who_recorded_it(
    console: Console, cases: Cases
) -> None:
    reference = await cases.open(participants=people())
    await cases.tell(
        reference,
        [
            ("cw-1", c.RecordDuplicateCheck()),
            ("cw-1", c.Allocate(caseworker="cw-1")),
            ("cw-1", attempt("reached")),
        ],
        MONDAY,
    )
    history = await cases.pool.fetch("SELECT sequence FROM event WHERE reference = $1", reference)
    last = max(row["sequence"] for row in history)
    async with visiting(console, CASEWORKER) as visitor:
        page = said(await visitor.get(f"/referrals/{reference}?recorded={last}"))
        assert "Recorded June I. was reached by phone." in page
        assert "Deadline met: First contact." in page
        assert "A supervisor can take it back" in page
        for other in ("999", "0", "x", "1" * 40):
            assert "Deadline met" not in said(await visitor.get(f"/referrals/{reference}?recorded={other}"))
    async with visiting(console, SUPERVISOR) as visitor:
        assert "Deadline met" not in said(await visitor.get(f"/referrals/{reference}?recorded={last}"))


async def test_more_actions_lists_all_that_may_be_done_and_nothing_else(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/steps")
    assert "At this stage Record a contact" in said(page)
    assert f"/referrals/{reference}/steps/hold" in links(page)
    assert f"/referrals/{reference}/steps/correct_step" not in links(page)
    assert f"/referrals/{reference}/steps/resume" not in links(page)
