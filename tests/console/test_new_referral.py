"""A new referral one question a page: short, kept meanwhile, checked by the rules, opened once."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator

import pytest

from console.asked import Console
from console.opening.questions import pages
from operations.serving import _periodic_tasks
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.console import opening_drafts
from stores.database import Connection, connect
from stores.keys.referral_keys import KeyUnknown
from stores.logs import event_log
from tests.console.visiting import Visitor, visiting
from tests.register import enter

NAME = "Hyacinth Oddfellow-Ỹ"
CW, OTHER, PARTNER = "cn-1", "cn-2", "cn-pa"

FROM = {"source": "police", "initiator": "agency", "sent_by": "PC Invented"}
OFFENCE = {"offence": "burglary", "crime_reference": "CN/44/26"}
PROCEEDINGS = {"justice_stage": "post_sentence_community"}
HARMED = {"name": NAME, "date_of_birth-day": "8", "date_of_birth-month": "9", "date_of_birth-year": "1974"}


@pytest.fixture
async def people(console: Console) -> None:
    roles = {CW: Role.CASEWORKER, OTHER: Role.CASEWORKER, PARTNER: Role.PARTNER}
    for who, role in roles.items():
        member = Staff(id=who, role=role, areas=(Area.CHESHIRE,))
        await enter(console.referrals.pool, console.referrals.keys, member)


@pytest.fixture
async def visitor(console: Console, people: None) -> AsyncIterator[Visitor]:
    async with visiting(console, CW) as found:
        yield found


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[Connection]:
    connection = await connect(owner_url)
    yield connection
    await connection.close()


async def begun(visitor: Visitor) -> str:
    """The address of a referral that was just begun."""
    answer = await visitor.post("/new-referral")
    return answer.headers["location"].removesuffix("/from")


async def answered(visitor: Visitor, address: str, **harmed: str) -> None:
    """Answer what must be, and who was harmed."""
    await visitor.post(f"{address}/from", FROM)
    await visitor.post(f"{address}/offence", OFFENCE)
    await visitor.post(f"{address}/sensitive", {"_do": "skip"})
    await visitor.post(f"{address}/proceedings", PROCEEDINGS)
    await visitor.post(f"{address}/harmed", HARMED | harmed)


async def opened(visitor: Visitor, address: str) -> str:
    answer = await visitor.post(f"{address}/check", {"choice": "new"})
    assert answer.headers["location"] == f"{address}/opened"
    return address.rpartition("/")[2]


def test_the_way_is_shorter_than_ten_pages_with_the_check() -> None:
    on_the_way = [each for each in pages(("cheshire",), {}, conflicts=False) if each.on_the_way]
    assert len(on_the_way) + 1 < 10
    needed = [each for each in on_the_way if any(field.required for field in each.form.fields)]
    assert len(needed) == 3
    assert all(each.optional for each in on_the_way if each not in needed)


# A conflict follows from the offence; who asked and when is said on the public pages.
_NOT_ASKED = {"kind", "conflict", "participants", "asked_by", "asked_at"}


def test_every_part_of_a_referral_is_asked_for_on_exactly_one_page() -> None:
    from console.opening.questions import _fields_of_a_person
    from schemas.commands import OpenReferral

    every = pages(("cheshire", "kent"), {}, conflicts=True)
    case = [field.name for page in every if not page.person for field in page.form.fields]
    assert sorted(case) == sorted(set(OpenReferral.model_fields) - _NOT_ASKED)
    harmed = [field.name for page in every if page.person == "h1" for field in page.form.fields]
    assert sorted(harmed) == sorted(set(_fields_of_a_person()) - {"id", "role", "accompanies", "custody"})


async def test_each_page_leads_to_the_next_and_skips_what_is_optional(visitor: Visitor) -> None:
    address = await begun(visitor)
    assert "Where does the referral come from?" in await visitor.get(f"{address}/from")
    steps = [
        ("from", FROM, "offence"),
        ("offence", OFFENCE, "sensitive"),
        ("sensitive", {"_do": "skip"}, "proceedings"),
        ("proceedings", PROCEEDINGS, "harmed"),
        ("harmed", {"_do": "skip"}, "harmed-contact"),
        ("harmed-contact", {"_do": "skip"}, "responsible"),
        ("responsible", {"_do": "skip"}, "summary"),
        ("summary", {"_do": "skip"}, "check"),
    ]
    for page, fields, following in steps:
        answer = await visitor.post(f"{address}/{page}", fields)
        assert answer.headers["location"] == f"{address}/{following}"
        assert "<h1" in await visitor.get(f"{address}/{following}")
    reference = await opened(visitor, address)
    page = await visitor.get(f"{address}/opened")
    assert reference in page
    assert "Next: allocation" in page


async def test_what_was_answered_is_opened_and_nothing_is_kept(
    console: Console, visitor: Visitor, owner: Connection
) -> None:
    address = await begun(visitor)
    await answered(visitor, address)
    contact = {
        "safe_channels": ["phone", "text"], "safe_from": "9:30", "safe_until": "17.00",
        "may_leave_voicemail": "false", "neutral_words_only": "true", "phone": "07700 900661",
    }  # fmt: skip
    await visitor.post(f"{address}/harmed-contact", contact)
    await visitor.post(f"{address}/responsible", {"name": "Reg Invented", "custody": "none"})
    added = await visitor.post(f"{address}/people", {"role": "supporter"})
    assert added.headers["location"] == f"{address}/person-s1?from=check"
    await visitor.post(f"{address}/person-s1?from=check", {"name": "Sam Invented", "accompanies": "h1"})
    page = await visitor.get(f"{address}/check")
    for said in (
        NAME,
        "Sun 8 Sep 1974",
        "+447700900661",
        "Reg Invented",
        "Sam Invented",
        "Police",
        "CN/44/26",
    ):
        assert said.replace("+447700900661", "07700 900661") in page, said
    reference = await opened(visitor, address)
    key = await console.referrals.keys.get(reference)
    [first, *_] = await event_log.read(console.referrals.pool, reference, key=key)
    received = first.event
    assert received.kind == "referral_received"
    assert (received.source, received.crime_reference, received.sent_by) == (
        "police",
        "CN/44/26",
        "PC Invented",
    )
    harmed, responsible, supporter = received.participants
    assert (harmed.person.name, harmed.person.date_of_birth) == (NAME, "1974-09-08")
    assert harmed.person.phone == "+447700900661"
    assert (harmed.contact_safety.safe_channels, harmed.contact_safety.safe_from) == (
        ("phone", "text"),
        "09:30",
    )
    assert responsible.person.name == "Reg Invented"
    assert (supporter.id, supporter.accompanies) == ("s1", "h1")
    assert await owner.fetchval("SELECT count(*) FROM opening_draft WHERE reference = $1", reference) == 0
    # Sent again by the back button: it is opened once, and said so.
    again = await visitor.post(f"{address}/check", {"choice": "new"})
    assert again.headers["location"] == f"{address}/opened"
    assert len(await event_log.read(console.referrals.pool, reference)) == 1


async def test_what_cannot_be_read_or_is_refused_is_told_at_its_question_and_nothing_typed_is_lost(
    visitor: Visitor,
) -> None:
    address = await begun(visitor)
    page = (await visitor.post(f"{address}/from", {"source": "police"}, 422)).text
    assert "Choose an answer to “Who asked for restorative justice?”." in page
    await answered(visitor, address)
    for slug, fields, sentence in (
        ("harmed", {"name": "?", "date_of_birth-year": "1974"}, "needs a day and a month"),
        ("harmed", {"name": "12"}, "It has no letter"),
        ("harmed", HARMED | {"age_band": "under_18"}, "not the age band of the date of birth"),
        ("harmed-contact", {"phone": "banana"}, "no telephone number that can be rung"),
        ("harmed-contact", {"safe_channels": "phone"}, "there must be a telephone number"),
        ("harmed-contact", {"safe_from": "17:00", "safe_until": "9:00"}, "must end after they begin"),
        ("offence", {"offence": "burglary", "crime_reference": "no digit"}, "at least one digit"),
        ("offence", {"offence": "x"}, "Offence"),
        ("proceedings", {"justice_stage": "no_proceedings", "court_date-day": "1", "court_date-month": "2",
                         "court_date-year": "2040"}, "A court date is one before sentence"),
        ("sensitive", {"hate_strands": "race"}, "Strands belong to a hate crime"),
    ):  # fmt: skip
        page = (await visitor.post(f"{address}/{slug}", fields, 422)).text
        assert sentence in page or slug == "offence", (slug, sentence)
        assert "There is a problem" in page
        for value in fields.values():
            assert f'value="{value}"' in page or value in ("x", "race", "phone"), (slug, value)
    # What was wrong was not kept.
    assert NAME in await visitor.get(f"{address}/check")


async def test_what_a_browser_hides_is_not_taken_for_an_answer(visitor: Visitor) -> None:
    address = await begun(visitor)
    for kept in (["-none-"], ["stalking"]):
        sent = {"sensitive_categories": kept, "hate_strands": "race"}
        await visitor.post(f"{address}/sensitive?from=check", sent)
        assert "Hostility towards what?" not in await visitor.get(f"{address}/check")


async def test_what_is_missing_is_told_with_its_page_before_anything_is_opened(visitor: Visitor) -> None:
    address = await begun(visitor)
    page = (await visitor.post(f"{address}/check", {"choice": "new"}, 422)).text
    for slug, name in (("from", "f-source"), ("offence", "f-offence"), ("proceedings", "f-justice-stage")):
        assert f'href="{address}/{slug}?from=check#{name}"' in page
    assert 'id="f-source"' in await visitor.get(f"{address}/from?from=check")


async def test_change_leads_back_to_the_answers(visitor: Visitor) -> None:
    address = await begun(visitor)
    await answered(visitor, address)
    answer = await visitor.post(f"{address}/offence?from=check", {"offence": "robbery"})
    assert answer.headers["location"] == f"{address}/check"
    page = await visitor.get(f"{address}/check")
    assert "Robbery" in page
    assert "CN/44/26" not in page, "a page's answers replace those it had"


async def test_a_person_who_was_added_can_be_taken_away(visitor: Visitor) -> None:
    address = await begun(visitor)
    for role, person in (("interpreter", "i1"), ("interpreter", "i2"), ("harmed", "h2")):
        answer = await visitor.post(f"{address}/people", {"role": role})
        assert answer.headers["location"] == f"{address}/person-{person}?from=check"
    await visitor.post(f"{address}/people", {"remove": "i1"})
    await visitor.get(f"{address}/person-i1", 409)
    await visitor.get(f"{address}/person-i2")
    await visitor.post(f"{address}/people", {"remove": "h1"}, 409)
    await visitor.post(f"{address}/people", {"role": "king"}, 409)


async def test_a_possible_duplicate_is_shown_before_it_opens_with_a_choice(
    console: Console, visitor: Visitor
) -> None:
    address = await begun(visitor)
    await answered(visitor, address, name="Dup Licate-Invented")
    first = await opened(visitor, address)
    address = await begun(visitor)
    await answered(visitor, address, name="Dup Licate-Invented")
    page = (await visitor.post(f"{address}/check", status=200)).text
    assert f"It is {first}: open no other" in page
    assert "The same name, date of birth and crime reference of h1" in page
    assert await event_log.length(console.referrals.pool, address.rpartition("/")[2]) == 0
    page = (await visitor.post(f"{address}/check", {"choice": ""}, 422)).text
    assert "Choose whether it is here already" in page
    kept = await visitor.post(f"{address}/check", {"choice": f"same:{first}"})
    assert kept.headers["location"] == f"/referrals/{first}"
    await visitor.get(f"{address}/check", 409)
    assert await event_log.length(console.referrals.pool, address.rpartition("/")[2]) == 0


async def test_one_that_goes_on_from_a_closed_referral_says_so(console: Console, visitor: Visitor) -> None:
    from schemas import commands as c

    address = await begun(visitor)
    await answered(visitor, address, name="Clo Sed-Invented")
    first = await opened(visitor, address)
    closing = c.Close.model_validate({"reason": "service_no_capacity"})
    await console.referrals.take(first, closing, CW)
    address = await begun(visitor)
    await answered(visitor, address, name="Clo Sed-Invented")
    assert f"It goes on from {first}" in (await visitor.post(f"{address}/check", status=200)).text
    await visitor.post(f"{address}/check", {"choice": f"goes-on:{first}"})
    [received, *_] = await event_log.read(console.referrals.pool, address.rpartition("/")[2])
    assert received.event.kind == "referral_received"
    assert received.event.linked_to == first


async def test_a_partner_opens_one_and_is_told_of_no_duplicate(console: Console, visitor: Visitor) -> None:
    address = await begun(visitor)
    await answered(visitor, address, name="Par Tner-Invented")
    await opened(visitor, address)
    async with visiting(console, PARTNER) as partner:
        address = await begun(partner)
        await answered(partner, address, name="Par Tner-Invented")
        answer = await partner.post(f"{address}/check")
        assert answer.headers["location"] == f"{address}/opened"
        assert "You see here how it stands" in await partner.get(f"{address}/opened")


async def test_answers_are_for_who_gave_them_alone(console: Console, visitor: Visitor) -> None:
    address = await begun(visitor)
    await answered(visitor, address)
    reference = address.rpartition("/")[2]
    assert reference in await visitor.get("/new-referral")
    async with visiting(console, OTHER) as other:
        assert reference not in await other.get("/new-referral")
        await other.get(f"{address}/harmed", 409)
        await other.post(f"{address}/harmed", HARMED, 409)
        await other.post(f"{address}/drop")
    assert NAME in await visitor.get(f"{address}/harmed")


async def test_answers_are_sealed_and_dropped_with_their_key(
    console: Console, visitor: Visitor, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = await begun(visitor)
    await answered(visitor, address)
    reference = address.rpartition("/")[2]
    rows = await owner.fetch("SELECT to_jsonb(d)::text AS row, sealed FROM opening_draft d")
    for row in rows:
        assert "yacinth" not in row["row"]
        assert b"yacinth" not in row["sealed"]
    assert "yacinth" not in caplog.text
    for slug in ("harmed", "check"):
        page = await visitor.get(f"{address}/{slug}")
        title = re.search("<title>(.*?)</title>", page)
        assert title is not None
        assert "yacinth" not in title[1]
    await visitor.post(f"{address}/drop")
    assert reference not in await visitor.get("/new-referral")
    console.referrals.keys._cache.clear()
    with pytest.raises(KeyUnknown):
        await console.referrals.keys.get(reference)


async def test_answers_are_dropped_after_two_weeks_and_no_key_of_a_referral_with_them(
    console: Console, visitor: Visitor, owner: Connection
) -> None:
    old, young = await begun(visitor), await begun(visitor)
    await answered(visitor, old)
    age = "UPDATE opening_draft SET changed_at = now() - $2::text::interval WHERE reference = $1"
    await owner.execute(age, old.rpartition("/")[2], "14 days 1 minute")
    await owner.execute(age, young.rpartition("/")[2], "13 days")
    await visitor.get(f"{old}/check", 409)
    [drafts] = [
        each for each in _periodic_tasks(console.referrals, console.settings, None) if each.name == "drafts"
    ]
    await drafts.run()
    left = {row["reference"] for row in await owner.fetch("SELECT reference FROM opening_draft")}
    assert old.rpartition("/")[2] not in left
    assert young.rpartition("/")[2] in left
    keys = {row["reference"] for row in await owner.fetch("SELECT reference FROM keys.data_key")}
    assert old.rpartition("/")[2] not in keys
    # One that was sent, whether it was opened or not: its key may seal what Temporal keeps.
    await owner.execute(
        "UPDATE opening_draft SET sent_at = now() WHERE reference = $1", young.rpartition("/")[2]
    )
    await opening_drafts.drop(console.referrals.pool.nowhere, young.rpartition("/")[2])
    assert await owner.fetchval(
        "SELECT count(*) FROM keys.data_key WHERE reference = $1", young.rpartition("/")[2]
    )


async def test_who_may_not_open_a_referral_has_no_such_page(console: Console) -> None:
    async with visiting(console, "co-1") as visitor:
        await visitor.get("/new-referral", 403)
        await visitor.post("/new-referral", status=403)
