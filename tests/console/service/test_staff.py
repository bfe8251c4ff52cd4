"""The staff register on pages: who is in it, entering and changing, and what takes a second service manager."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from console.asked import Console
from runtime.referrals import Referrals
from schemas.people import Role, Staff
from stores import register, staff
from stores.database import connect
from tests.conftest import PostOffice
from tests.console.derbyshire import HERE, allocated, hire
from tests.console.visiting import visiting
from tests.register import enter

ENTERED: Mapping[str, str | Sequence[str]] = {
    "name": "Nia Invented",
    "role": "caseworker",
    "areas": ["derbyshire"],
    "level": "trainee",
    "volunteer": "yes",
    "email": "nia@example.org",
}


@pytest.fixture(autouse=True)
async def people(referrals: Referrals) -> None:
    await hire(referrals)


def new_id() -> str:
    return f"dy-{uuid4().hex[:8]}"


async def of(referrals: Referrals, staff_id: str) -> Staff:
    found = await staff.get(referrals.pool, staff_id)
    assert found is not None
    return found


async def test_the_register_shows_who_is_there_and_how_they_stand(
    console: Console, referrals: Referrals
) -> None:
    async with visiting(console, "dy-sm") as visitor:
        page = await visitor.get("/staff")
        for name in ("Dana Invented", "Fern Invented", "Alba Invented"):
            assert name in page
        assert "advanced practitioner" in page
        # Of an address only their own page tells.
        assert "@example.org" not in page
        assert "Dana Invented" not in await visitor.get("/staff?role=auditor")
        assert "dy-cw@example.org" in await visitor.get("/staff/dy-cw")
        await visitor.get("/staff?role=king", status=422)
        await visitor.get("/staff/nobody-1", status=404)
        await visitor.get("/staff/cw-1", status=404)


async def test_a_service_manager_enters_a_person_with_all_that_the_register_keeps(
    console: Console, referrals: Referrals
) -> None:
    who = new_id()
    async with visiting(console, "dy-sm") as visitor:
        answer = await visitor.post("/staff/register/enter", {"id": who, **ENTERED})
        assert answer.headers["location"] == f"/staff/{who}?done=entered"
        assert "Entered." in await visitor.get(answer.headers["location"])
        page = await visitor.get("/staff/register/log")
        assert re.search(rf'href="/staff/{who}">Nia Invented</a> entered: caseworker in derbyshire', page)
        assert "nia@example.org" not in page
    member = await of(referrals, who)
    assert (member.role, member.areas, member.name) == (Role.CASEWORKER, (HERE,), "Nia Invented")
    assert (member.trainee, member.volunteer, member.email) == (True, True, "nia@example.org")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "Nia!"}, "Give an id of small letters"),
        ({"id": "dy-cw"}, "is in the register already"),
        ({"role": "king"}, "Choose what they are."),
        ({"role": "system"}, "Choose what they are."),
        ({"areas": []}, "Choose at least one area."),
        ({"areas": ["atlantis"]}, "Choose at least one area."),
        ({"level": ""}, "Choose how experienced they are."),
        ({"name": "\u202e"}, "Name:"),
        ({"email": "x@"}, "E-mail: it must be one e-mail address"),
        ({"areas": ["durham"]}, "Only a service manager of durham may do this."),
    ],
)
async def test_what_is_wrong_with_an_entry_is_said_and_nothing_is_entered(
    console: Console, referrals: Referrals, wrong: dict[str, str | list[str]], said: str
) -> None:
    who = new_id()
    async with visiting(console, "dy-sm") as visitor:
        answer = await visitor.post("/staff/register/enter", {"id": who, **ENTERED, **wrong}, status=422)
        assert "There is a problem" in answer.text
        assert said in answer.text
        assert "Nia Invented" in answer.text or "name" in wrong
    assert await staff.get(referrals.pool, who) is None


async def test_who_left_is_changed_and_what_they_still_have_is_told(
    console: Console, referrals: Referrals
) -> None:
    who = new_id()
    leaver = Staff(
        id=who, role=Role.CASEWORKER, areas=(HERE,), name="Lena Invented", email="lena@example.org"
    )
    await enter(referrals.pool, referrals.keys, leaver)
    await allocated(referrals, who)
    async with visiting(console, "dy-sm") as visitor, visiting(console, who) as theirs:
        assert "Lena Invented" in await theirs.get("/my-work")
        page = await visitor.get(f"/staff/{who}/change")
        assert 'value="lena@example.org"' in page
        fields = {
            "name": "Lena Invented",
            "role": "caseworker",
            "areas": ["derbyshire"],
            "level": "practitioner",
        }
        answer = await visitor.post(f"/staff/{who}/change", {**fields, "active": "no"})
        page = await visitor.get(answer.headers["location"])
        assert "1 open referral in Derbyshire still belongs to them" in re.sub(r"\s+", " ", page)
        assert f"/team/workload/{who}?area=derbyshire" in page
        # They are signed out with their next request.
        assert (await theirs.client.get("/my-work")).status_code == 303
        assert "Lena Invented" not in await visitor.get("/staff")
        assert "Lena Invented" in await visitor.get("/staff?gone=yes")
    member = await of(referrals, who)
    assert (member.active, member.email) == (False, "lena@example.org")


@asynccontextmanager
async def long_there(owner_url: str, staff_id: str) -> AsyncIterator[None]:
    """Somebody who was given their role more than a day ago, as who makes supervisors has to be."""
    owner = await connect(owner_url)
    since = await owner.fetchval("SELECT role_since FROM staff WHERE id = $1", staff_id)
    change = "UPDATE staff SET role_since = $2 WHERE id = $1"
    await owner.execute(change, staff_id, since - timedelta(days=2))
    try:
        yield
    finally:
        await owner.execute(change, staff_id, since)
        await owner.close()


async def test_nobody_changes_their_own_rights(console: Console, owner_url: str) -> None:
    async with long_there(owner_url, "dy-sm"), visiting(console, "dy-sm") as visitor:
        assert 'href="/staff/dy-sm/change"' not in await visitor.get("/staff/dy-sm")
        fields = {
            "name": "Mina Invented",
            "role": "supervisor",
            "areas": ["derbyshire"],
            "level": "practitioner",
        }
        answer = await visitor.post("/staff/dy-sm/change", fields, status=422)
        assert "Nobody may change their own rights" in answer.text


async def test_a_second_service_manager_confirms_or_declines_what_takes_two(
    console: Console, referrals: Referrals, owner_url: str
) -> None:
    second, third = new_id(), new_id()
    async with long_there(owner_url, "dy-sm"):
        await enter(
            referrals.pool, referrals.keys, Staff(id=second, role=Role.SERVICE_MANAGER, areas=(HERE,))
        )
        await _proposed_and_confirmed(console, referrals, second, third)


async def _proposed_and_confirmed(console: Console, referrals: Referrals, second: str, third: str) -> None:
    proposed = {"id": third, "name": "Tess Invented", "role": "service_manager", "areas": ["derbyshire"]}
    async with visiting(console, "dy-sm") as first, visiting(console, second) as other:
        answer = await first.post("/staff/register/enter", {**proposed, "level": "practitioner"})
        assert answer.headers["location"] == "/staff?done=proposed"
        assert await staff.get(referrals.pool, third) is None
        page = await first.get("/staff?done=proposed")
        assert "It takes two service managers" in page
        assert f"/staff/{third}/confirm" not in page
        assert "Take back" in page
        await first.post(f"/staff/{third}/confirm", status=409)
        assert f"/staff/{third}/confirm" in await other.get("/staff")
        await other.post(f"/staff/{third}/decline")
        assert await staff.get(referrals.pool, third) is None
        await other.post(f"/staff/{third}/confirm", status=409)
        await first.post("/staff/register/enter", {**proposed, "level": "practitioner"})
        answer = await other.post(f"/staff/{third}/confirm")
        assert answer.headers["location"] == f"/staff/{third}?done=confirmed"
    assert (await of(referrals, third)).role is Role.SERVICE_MANAGER
    # As it was: dy-sm alone manages Derbyshire for the other tests.
    for gone in (third, second):
        known = await of(referrals, gone)
        ended = known.model_copy(update={"active": False})
        kind = await register.enter(referrals.pool, referrals.keys, ended, "dy-sm")
        if kind is register.Kind.PROPOSED:
            await register.confirm(referrals.pool, referrals.keys, gone, gone)


async def test_a_service_manager_invites_a_person_by_e_mail(
    console: Console, referrals: Referrals, post_office: PostOffice
) -> None:
    who = new_id()
    address = f"{who}@example.org"
    invited = Staff(id=who, role=Role.CASEWORKER, areas=(HERE,), name="Ines Invented", email=address)
    await enter(referrals.pool, referrals.keys, invited)
    ways = {
        "console_url": "https://console.example.org",
        "smtp_url": post_office.mail.url,
        "mail_from": "service@example.org",
    }
    here = replace(console, settings=console.settings.model_copy(update=ways))
    async with visiting(here, "dy-sm") as visitor:
        answer = await visitor.post(f"/staff/{who}/invite")
        assert "Invited: an e-mail with a link is on its way." in await visitor.get(
            answer.headers["location"]
        )
        # Who has no address is not invited, and the sentence names nothing of the command line.
        answer = await visitor.post("/staff/dy-cx/invite", status=409)
        assert "has no e-mail address of dy-cx: enter one first." in answer.text
    sent = [path.read_text() for path in post_office.mail.folder.glob("*.eml")]
    assert [address in each for each in sent if "/invitation?token=" in each.replace("=\n", "")].count(
        True
    ) == 1


@pytest.mark.parametrize("address", ["/staff", "/staff/dy-cw", "/staff/dy-cw/change", "/staff/register/log"])
async def test_the_register_is_kept_by_service_managers_alone(console: Console, address: str) -> None:
    for who in ("dy-cw", "dy-fa", "dy-su", "dy-au", "dy-co", "dy-pa"):
        async with visiting(console, who) as visitor:
            assert "not for your role" in await visitor.get(address, status=403)
