from __future__ import annotations

import re
from urllib.parse import unquote
from uuid import uuid4

import pytest

from casework import drafts
from casework.session import Session, WayIn, sign_in
from console.asked import Console
from runtime.referrals import NotAnswered, Referrals
from schemas import commands as c
from schemas.steps import Receipt
from stores.database import connect
from stores.logs import event_log
from tests.console.acting.browsing import Control, controls
from tests.console.visiting import Visitor, visiting

CONTACT = {"channel": "phone", "outcome": "no_answer", "note": "Rang twice, nobody picked up."}


def contact(reference: str) -> str:
    return f"/referrals/{reference}/steps/record_contact_attempt?participant=h1"


async def filled(visitor: Visitor, address: str, **fields: str) -> dict[str, str | list[str]]:
    """What a browser sends of the form at an address, with these fields filled in."""
    found = controls(await visitor.get(address))
    return _sent(found) | {name.replace("__", "-"): value for name, value in fields.items()}


def _sent(found: dict[str, Control]) -> dict[str, str | list[str]]:
    return {
        name: each.value[0] if len(each.value) == 1 else each.value
        for name, each in found.items()
        if each.value and name not in ("csrf", "back")
    }


async def kinds(referrals: Referrals, reference: str) -> list[str]:
    return [each.event.kind for each in await event_log.history(referrals.pool, referrals.keys, reference)]


async def begun(referrals: Referrals, reference: str) -> list[str]:
    """What cas-1 has begun on a referral and not recorded."""
    found = await drafts.begun(await session(referrals))
    return [each.kind for each in found if each.reference == reference]


async def session(referrals: Referrals, who: str = "cas-1") -> Session:
    return await sign_in(referrals, who, WayIn.CONSOLE)


async def test_a_contact_is_recorded_and_leads_to_the_referral_with_a_receipt(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    page = await cass.get(contact(reference))
    assert '<h1 class="govuk-heading-l rj-tight">Record a contact with June I.</h1>' in page
    assert re.search(rf"<title>Record a contact . {reference} . Referrals</title>", page)
    assert "Her partner may pick up" in page
    assert re.search(r"Phone\s*<strong class=\"rj-tag rj-tag--green\">safe</strong>", page)
    assert re.search(r"Letter\s*<strong class=\"rj-tag rj-tag--red\">not safe</strong>", page)
    assert "The first contact deadline is met." in re.sub(r"\s+", " ", page)
    answer = await cass.post(contact(reference), await filled(cass, contact(reference), **CONTACT))
    sequence = len(await kinds(suffolk, reference))
    assert answer.headers["location"] == f"/referrals/{reference}?recorded={sequence}"
    assert "contact_attempted" in await kinds(suffolk, reference)


async def test_sending_a_form_twice_records_once(cass: Visitor, suffolk: Referrals, reference: str) -> None:
    fields = await filled(cass, contact(reference), **CONTACT)
    first = await cass.post(contact(reference), fields)
    second = await cass.post(contact(reference), fields)
    assert first.headers["location"] == second.headers["location"]
    assert (await kinds(suffolk, reference)).count("contact_attempted") == 1


async def test_what_is_missing_is_said_at_its_question_and_nothing_typed_is_lost(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    fields = await filled(cass, contact(reference), note="She said <b>no</b>")
    answer = await cass.post(contact(reference), fields, status=422)
    assert 'href="#f-outcome"' in answer.text
    assert "Choose an answer to “What came of it?”." in answer.text
    assert "<title>Error: Record a contact" in answer.text
    again = controls(answer.text)
    assert again["note"].value == ["She said <b>no</b>"]
    assert again["_command"].value == [fields["_command"]]
    # It is offered again, to its author alone.
    kept = await cass.get(contact(reference))
    assert controls(kept)["note"].value == ["She said <b>no</b>"]
    assert "Saved " in kept
    assert "contact_attempted" not in await kinds(suffolk, reference)


async def test_a_draft_is_its_authors_alone_and_gone_once_recorded(
    cass: Visitor, console: Console, suffolk: Referrals, reference: str
) -> None:
    fields = await filled(cass, contact(reference), **CONTACT)
    await cass.post(contact(reference).replace("?", "/draft?"), fields, status=200)
    async with visiting(console, "sus-1") as sue:
        assert controls(await sue.get(contact(reference)))["note"].value == [""]
    assert await begun(suffolk, reference) == ["record_contact_attempt"]
    await cass.post(contact(reference), fields)
    assert await begun(suffolk, reference) == []
    # Our script may have been slower than the person.
    await cass.post(contact(reference).replace("?", "/draft?"), fields, status=200)
    assert controls(await cass.get(contact(reference)))["note"].value == [""]
    assert await begun(suffolk, reference) == []


async def test_a_draft_can_be_discarded(cass: Visitor, suffolk: Referrals, reference: str) -> None:
    fields = await filled(cass, contact(reference), note="Nothing")
    await cass.post(contact(reference), fields | {"_do": "check"}, status=200)
    answer = await cass.post(contact(reference), fields | {"_do": "discard"})
    assert answer.headers["location"] == contact(reference)
    assert controls(await cass.get(contact(reference)))["note"].value == [""]


async def test_what_a_rule_refuses_is_said_at_its_question_by_names(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    address = f"/referrals/{reference}/steps/give_consent?participant=h1&purpose=share_risk_information"
    fields = await filled(cass, address, form="written", form_version="2026.1")
    answer = await cass.post(address, fields, status=409)
    assert '<a href="#f-agencies">Say with which agencies risk information may be shared.</a>' in answer.text
    assert controls(answer.text)["form_version"].value == ["2026.1"]


async def test_who_records_on_an_older_state_sees_what_changed_and_may_record_all_the_same(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    fields = await filled(cass, contact(reference), **CONTACT)
    await suffolk.take(reference, c.AddNote(note="June rang us herself"), "sus-1")
    answer = await cass.post(contact(reference), fields, status=409)
    assert "This has changed since you began" in answer.text
    assert "A note was added." in answer.text
    assert "Sue Invented" in answer.text
    assert "contact_attempted" not in await kinds(suffolk, reference)
    again = _sent(controls(answer.text))
    assert again["_command"] == fields["_command"]
    await cass.post(contact(reference), again)
    assert "contact_attempted" in await kinds(suffolk, reference)


async def test_where_no_answer_comes_the_same_can_be_sent_once_more(
    cass: Visitor, suffolk: Referrals, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = await filled(cass, contact(reference), **CONTACT)
    take = Referrals.take

    async def unanswered(self: Referrals, *args: object, **more: object) -> Receipt:
        await take(self, *args, **more)  # type: ignore[arg-type]
        raise NotAnswered("No answer came in time.")

    monkeypatch.setattr(Referrals, "take", unanswered)
    answer = await cass.post(contact(reference), fields, status=503)
    assert "Record it now" in answer.text
    monkeypatch.setattr(Referrals, "take", take)
    again = {name: each.value for name, each in controls(answer.text).items() if name not in ("csrf", "back")}
    assert again["_command"] == [fields["_command"]]
    assert again["note"] == [CONTACT["note"]]
    answer = await cass.post(contact(reference), again)
    assert "?recorded=" in answer.headers["location"]
    assert (await kinds(suffolk, reference)).count("contact_attempted") == 1


async def test_what_cannot_be_taken_back_says_first_what_will_follow(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    address = f"/referrals/{reference}/steps/close"
    fields = await filled(cass, address, reason="service_no_capacity", note="It came twice.")
    answer = await cass.post(address, fields)
    assert answer.headers["location"] == f"{address}/confirm"
    page = await cass.get(f"{address}/confirm")
    assert "The referral closed in victim contact" in page
    assert "The first contact deadline ends." in re.sub(r"\s+", " ", page)
    assert "referral_closed" not in await kinds(suffolk, reference)
    sent = _sent(controls(page))
    answer = await cass.post(f"{address}/confirm", sent)
    assert "?recorded=" in answer.headers["location"]
    assert (await kinds(suffolk, reference)).count("referral_closed") == 1
    # Pressed twice, it is recorded once and answered the same.
    again = await cass.post(f"{address}/confirm", sent)
    assert again.headers["location"] == answer.headers["location"]
    assert (await kinds(suffolk, reference)).count("referral_closed") == 1
    answer = await cass.post(f"{address}/confirm", sent | {"_command": str(uuid4())})
    assert answer.headers["location"] == address


async def test_what_a_rule_does_not_allow_is_not_asked_to_be_confirmed(cass: Visitor, reference: str) -> None:
    address = f"/referrals/{reference}/steps/close"
    answer = await cass.post(address, await filled(cass, address, reason="service_duplicate"), status=409)
    assert 'href="#f-reason"' in answer.text


async def test_what_cannot_be_taken_back_is_never_recorded_from_its_form(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    address = f"/referrals/{reference}/steps/withdraw?participant=h1"
    answer = await cass.post(address, await filled(cass, address))
    assert answer.headers["location"] == f"/referrals/{reference}/steps/withdraw/confirm?participant=h1"
    page = await cass.get(answer.headers["location"])
    assert "Record that June I. leaves" in page
    assert "June" not in re.search(r"<title>(.*?)</title>", page)[1]  # type: ignore[index]
    assert "participation_ended" not in await kinds(suffolk, reference)


async def test_who_confirms_on_an_older_state_reads_again_what_follows(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    address = f"/referrals/{reference}/steps/close"
    await cass.post(address, await filled(cass, address, reason="service_no_capacity"))
    page = await cass.get(f"{address}/confirm")
    await suffolk.take(reference, c.AddNote(note="They want to go on"), "sus-1")
    answer = await cass.post(f"{address}/confirm", _sent(controls(page)), status=409)
    assert "This has changed since you began." in answer.text
    answer = await cass.post(f"{address}/confirm", _sent(controls(answer.text)))
    assert "?recorded=" in answer.headers["location"]


async def test_what_is_not_possible_now_says_what_is_missing(cass: Visitor, reference: str) -> None:
    page = await cass.get(f"/referrals/{reference}/steps/begin_risk_assessment")
    assert "Not possible now." in page
    assert "A person harmed must have said that they are interested" in page
    assert 'name="_command"' not in page


async def test_there_is_no_page_for_what_is_no_step_of_a_person(cass: Visitor, reference: str) -> None:
    for kind in ("nonsense", "reach_deadline", "settle_notice", "open_referral"):
        await cass.get(f"/referrals/{reference}/steps/{kind}", status=404)
    await cass.get("/referrals/RJ-0000-0000/steps/add_note", status=404)


async def test_a_row_can_be_added_and_removed_without_scripts(
    cass: Visitor, suffolk: Referrals, reference: str
) -> None:
    address = f"/referrals/{reference}/steps/record_agreement"
    filled_in = {"items.0.text": "Write a letter", "_do": "add:items"}
    found = controls((await cass.post(address, filled_in, status=200)).text)
    assert found["items.0.text"].value == ["Write a letter"]
    assert "items.1.text" in found
    removed = {"items.0.text": "One", "items.1.text": "Two", "_do": "remove:items.0"}
    found = controls((await cass.post(address, removed, status=200)).text)
    assert found["items.1.text"].value == ["Two"]
    assert "items.0.text" not in found


async def test_names_are_hidden_on_request(cass: Visitor, reference: str) -> None:
    await cass.post("/hide-names", {"back": "/"})
    page = await cass.get(contact(reference))
    assert "Record a contact with the person harmed" in page
    assert "June" not in page


async def test_a_partner_raises_a_concern_and_sees_nothing_else(console: Console, suffolk: Referrals) -> None:
    from tests.console.acting.people import opening

    receipt = await suffolk.open(opening(), "pas-1")
    reference = receipt.reference
    address = f"/referrals/{reference}/steps/raise_safeguarding"
    async with visiting(console, "pas-1") as pat:
        page = await pat.get(address)
        assert "June" not in page
        assert "Cass" not in page
        answer = await pat.post(address, await filled(pat, address, note="Her son was seen near her house."))
        assert answer.headers["location"].startswith(f"/referrals/{reference}?recorded=")
        assert "safeguarding_raised" in await kinds(suffolk, reference)
        page = await pat.get(f"/referrals/{reference}/steps/add_note")
        assert "Not possible now." in page


async def test_a_sign_in_that_ran_out_loses_nothing_typed(
    console: Console, suffolk: Referrals, reference: str, owner_url: str
) -> None:
    async with visiting(console, "cas-1") as cass:
        fields = await filled(cass, contact(reference), **CONTACT)
        owner = await connect(owner_url)
        await owner.execute(
            "UPDATE web_session SET seen_at = now() - interval '31 minutes' WHERE staff = 'cas-1'"
        )
        await owner.close()
        answer = await cass.post(contact(reference), fields, status=401)
        back = re.search(r'href="(/sign-in\?next=[^"]+)"', answer.text)
        assert back is not None
        wanted = unquote(back[1]).partition("next=")[2]
        assert wanted == f"{contact(reference)}&kept=1"
    async with visiting(console, "cas-1") as cass:
        found = controls(await cass.get(wanted))
        assert found["note"].value == [CONTACT["note"]]
        assert found["_command"].value == [fields["_command"]]
        # It is a draft from then on.
        assert controls(await cass.get(contact(reference)))["note"].value == [CONTACT["note"]]
        await cass.post(contact(reference), fields)
    assert "contact_attempted" in await kinds(suffolk, reference)


async def test_the_side_says_what_follows_while_somebody_writes(cass: Visitor, reference: str) -> None:
    address = f"/referrals/{reference}/steps/hold"
    fields = await filled(cass, address)
    answer = await cass.post(f"{address}/draft", fields, status=200)
    assert "It is said here once enough is filled in." in answer.text
    fields |= {"review_on-day": "1", "review_on-month": "3", "review_on-year": "2030", "reason": "On holiday"}
    answer = await cass.post(f"{address}/draft", fields, status=200)
    assert "First contact stands still." in answer.text
    assert "Saved at" in answer.text
    assert "<html" not in answer.text
