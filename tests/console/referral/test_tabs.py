"""The pages of a referral beside its overview: people, risk, activities, agreement, messages, timeline, deadlines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from console.asked import Console
from schemas import commands as c
from tests.book import MONDAY
from tests.console.referral.cases import (
    CASEWORKER,
    FACILITATOR,
    FACTORS,
    NOTE,
    SUPERVISOR,
    Cases,
    attempt,
    people,
)
from tests.console.referral.reading import links, said
from tests.console.visiting import visiting
from tests.life import HARMED, RESPONSIBLE, book, consent, letters, until_closed


async def test_people_stand_with_safe_contact_consents_and_who_is_there_for_them(
    console: Console, cases: Cases
) -> None:
    reference = await cases.judged()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/people")
    words = said(page)
    june, _, jack = words.partition("Jack I. person responsible")
    assert "Safe contact Phone, 09:00 to 17:00; no voicemail; neutral words only" in june
    assert "Supporter Nia P." in june
    assert "Take part In force 2 Mar, written form 2026.1, recorded by Cass Invented" in june
    assert "Missing: consent to take part" in jack
    assert "No way to reach them is known to be safe." in jack
    assert "Nia P. supporter for June I." in jack
    for step in ("amend_participant", "record_contact_safety", "withdraw"):
        assert f"/referrals/{reference}/steps/{step}?participant={HARMED}" in links(page)
    give = f"/referrals/{reference}/steps/give_consent?participant={RESPONSIBLE}&purpose=take_part"
    assert give in links(page)


async def test_a_childs_own_consent_is_not_enough_alone(console: Console, cases: Cases) -> None:
    reference = await cases.contacted(participants=people(age_band="under_18"), sensitive_categories=[])
    await cases.now(reference, "cw-1", consent(HARMED, "take_part", MONDAY.date()))
    async with visiting(console, CASEWORKER) as visitor:
        page = said(await visitor.get(f"/referrals/{reference}/people"))
    assert "Under 18: a parent or guardian consents too" in page
    assert "Take part Not enough alone" in page
    assert "Take part Missing" in page


async def test_who_left_has_no_details_to_show(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    ending = c.EndParticipation.model_validate({"participant": "s1", "reason": "unsuitable"})
    await cases.now(reference, "cw-1", ending)
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/people")
        assert f"/referrals/{reference}/people/s1" not in links(page)
        assert "Their part has ended: unsuitable" in said(page)
        await visitor.get(f"/referrals/{reference}/people/s1", status=409)


async def test_risk_stands_by_person_and_factor_with_what_changed_since_the_last_round(
    console: Console, cases: Cases
) -> None:
    reference = await cases.prepared()
    changed = [{**each, "level": "high"} if each["factor"] == "threats" else each for each in FACTORS]
    await cases.tell(
        reference,
        [
            ("cw-1", c.ReassessRisk(reason="A threat was reported")),
            ("cw-1", c.RecordRiskAssessment.model_validate({"about": HARMED, "factors": changed})),
            ("cw-1", c.RecordRiskAssessment.model_validate({"factors": FACTORS[:3]})),
            ("cw-1", c.RecordRiskVerdict.model_validate({"verdict": "proceed_indirect"})),
        ],
        datetime.now(UTC),
    )
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/risk")
    words = said(page)
    assert "It may go on, by an indirect method only" in words
    assert "It waits for a supervisor" in words
    assert "1 changed since the round before" in words
    [row] = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*Threats and weapons.*?</tr>", page, re.DOTALL)
    assert "High was low Nothing known against it" in said(f"<main>{row}</main>")
    assert "Earlier rounds Begun Mon 2 Mar 2026: It may go on, by a direct method too" in words


async def test_an_activity_says_what_it_lacks_who_runs_it_and_where_it_is(
    console: Console, cases: Cases
) -> None:
    reference = await cases.prepared()
    async with visiting(console, FACILITATOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}/activities")
        assert "A meeting face to face In preparation" in said(page)
        assert "must have had a preparation meeting: June I., Jack I." in said(page)
        assert "Run by Faye Invented with no-fb" in said(page)
        booking = f"/referrals/{reference}/steps/book_preparation_meeting?participant={HARMED}"
        assert booking in links(page)
        on, at = MONDAY.date(), datetime.now(UTC) + timedelta(days=3)
        meetings = [
            c.RecordPreparationMeeting.model_validate(
                {"participant": each, "held_on": on, "channel": "in_person"}
            )
            for each in (HARMED, RESPONSIBLE)
        ]
        story: list[tuple[str, c.Command]] = [("fa-1", each) for each in meetings]
        story += [("fa-1", consent(each, "method_direct", on)) for each in (HARMED, RESPONSIBLE)]
        await cases.tell(reference, [*story, *book(at, "Village hall")], datetime.now(UTC))
        page = await visitor.get(f"/referrals/{reference}/activities")
        assert "Booked" in said(page)
        assert "with June I. and Jack I. Village hall" in said(page)
        await cases.tell(reference, letters(datetime.now(UTC)), datetime.now(UTC))
        page = await visitor.get(f"/referrals/{reference}/activities")
    assert "An exchange of letters a2 Held" in said(page)
    assert "c1: letter by June I.; handed over to Jack I." in said(page)
    assert "It will not take place: it is not wanted any more" in said(page)
    assert f"/referrals/{reference}/steps/postpone_activity?activity=a1" in links(page)


async def test_an_agreement_says_what_became_of_each_item(console: Console, cases: Cases) -> None:
    reference = await cases.prepared()
    on, at = MONDAY.date(), datetime.now(UTC) + timedelta(days=1)
    story: list[tuple[str, c.Command]] = [
        (
            "fa-1",
            c.RecordPreparationMeeting.model_validate(
                {"participant": each, "held_on": on, "channel": "phone"}
            ),
        )
        for each in (HARMED, RESPONSIBLE)
    ]
    story += [("fa-1", consent(each, "method_direct", on)) for each in (HARMED, RESPONSIBLE)]
    await cases.tell(reference, [*story, *book(at)], datetime.now(UTC))
    agreed = until_closed(at, "Mend the fence")[:4]
    await cases.tell(reference, agreed, at)
    async with visiting(console, FACILITATOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}/agreement")
        assert "Mend the fence i1 Jack I." in said(page)
        assert f"/referrals/{reference}/steps/settle_agreement_item?item=i1" in links(page)
        settled = c.SettleAgreementItem.model_validate(
            {"item": "i1", "outcome": "completed", "harmed_person_told": True}
        )
        await cases.take(reference, "fa-1", settled, at)
        page = said(await visitor.get(f"/referrals/{reference}/agreement"))
    assert "Completed recorded" in page
    assert "the person harmed was told" in page


async def test_messages_say_to_whom_and_what_became_of_them(console: Console, cases: Cases) -> None:
    reference = await cases.sent()
    await cases.tell(
        reference, [("cw-1", c.RecordDuplicateCheck()), ("cw-1", c.Allocate(caseworker="cw-1"))], MONDAY
    )
    async with visiting(console, CASEWORKER) as visitor:
        page = said(await visitor.get(f"/referrals/{reference}/messages"))
    assert "A referral was received Pat Invented" in page
    assert "In their inbox" in page


async def test_a_timeline_is_found_by_subject_person_and_author_and_never_shows_an_address(
    console: Console, cases: Cases
) -> None:
    reference = await cases.judged()
    await cases.now(reference, "su-1", c.AddNote(note="Looked at in supervision"))
    here = f"/referrals/{reference}/timeline"
    async with visiting(console, CASEWORKER) as visitor:
        everything = said(await visitor.get(here))
        assert f"Read the note of step 5 {NOTE}" in everything
        assert "+4477" not in everything
        contact = said(await visitor.get(f"{here}?about=contact&person={HARMED}&by=&page=1"))
        assert "4 steps" in contact
        assert "June I. consented" not in contact
        by_sue = said(await visitor.get(f"{here}?by={SUPERVISOR}"))
        assert "1 step , the latest first" in by_sue or "1 step, the latest first" in by_sue
        assert "Looked at in supervision" in by_sue
        assert "No step is like that." in said(await visitor.get(f"{here}?person=h9"))
        await visitor.get(f"{here}?page=nothing", status=422)
        await visitor.get(f"{here}?person={'h' * 20}", status=422)


async def test_a_long_timeline_stands_on_several_pages(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    await cases.tell(reference, [("cw-1", attempt("no_answer"))] * 25, MONDAY)
    here = f"/referrals/{reference}/timeline"
    async with visiting(console, CASEWORKER) as visitor:
        first = await visitor.get(f"{here}?about=contact")
        assert "26 steps, page 1 of 2" in said(first)
        assert "?about=contact&page=2" in links(first)
        last = said(await visitor.get(f"{here}?page=99"))
    assert "page 2 of 2" in last
    assert "The referral was received" in last


async def test_a_step_is_correctable_by_another_supervisor_alone_and_shown_as_taken_back(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted()
    await cases.now(reference, "su-1", c.AddNote(note="Wrong referral"))
    rows = await cases.pool.fetch(
        "SELECT step FROM event WHERE reference = $1 AND kind IN ('contact_attempted', 'note_added')"
        " ORDER BY sequence",
        reference,
    )
    tried, noted = (row["step"] for row in rows)
    here = f"/referrals/{reference}/steps/correct_step?step="
    async with visiting(console, CASEWORKER) as visitor:
        assert not [
            each for each in links(await visitor.get(f"/referrals/{reference}/timeline")) if here in each
        ]
    async with visiting(console, SUPERVISOR) as visitor:
        found = links(await visitor.get(f"/referrals/{reference}/timeline"))
        assert f"{here}{tried}" in found
        assert f"{here}{noted}" not in found
        assert f"{here}1" not in found
        await cases.now(reference, "su-2", c.CorrectStep(step=noted, reason="It is of another referral"))
        page = await visitor.get(f"/referrals/{reference}/timeline")
    assert "taken back as a mistake by step" in said(page)


async def test_each_deadline_says_why_and_what_ends_it(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/deadlines")
        assert "Case supervision" in said(page)
        assert "12 weeks after its clock started Mon 2 Mar 2026 10:00" in said(page)
        assert "Ground: standard" in said(page)
        assert "record_review" not in said(page)
        assert f"/referrals/{reference}/steps/record_review?subject=supervision" in links(page)
        assert not [each for each in links(page) if "extend_deadline" in each]
    async with visiting(console, SUPERVISOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}/deadlines")
    assert f"/referrals/{reference}/steps/extend_deadline?deadline=supervision" in links(page)


@pytest.mark.parametrize("tab", ["", "/people", "/timeline"])
async def test_whatever_people_write_is_shown_as_text(console: Console, cases: Cases, tab: str) -> None:
    wicked = '"><script>alert(1)</script>'
    reference = await cases.contacted()
    await cases.now(reference, "cw-1", c.AddNote(note=wicked))
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}{tab}")
    assert "<script>alert" not in page
