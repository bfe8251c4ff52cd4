from __future__ import annotations

import re
from dataclasses import replace

from casework.signing_in.sessions import begin_session
from console.asked import Console
from console.security.cookies import COOKIE
from schemas.web import SignedInBy
from stores.database import connect
from tests.console.visiting import visiting


async def test_a_page_leads_who_is_not_signed_in_to_where_they_sign_in(console: Console) -> None:
    async with visiting(console) as visitor:
        answer = await visitor.client.get("/my-work")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=%2Fmy-work"


async def test_a_session_opens_the_pages_of_its_role(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        assert "My work" in await visitor.get("/my-work")
    async with visiting(console, "co-1") as visitor:
        assert "not for your role" in await visitor.get("/my-work", status=403)


async def test_signing_out_ends_the_session_and_clears_the_browser(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        token = visitor.client.cookies[COOKIE]
        answer = await visitor.post("/sign-out")
        assert "cookies" in answer.headers["clear-site-data"]
        visitor.client.cookies.set(COOKIE, token, domain="console.example.org")
        assert (await visitor.client.get("/my-work")).status_code == 303


async def test_a_session_ends_after_thirty_minutes_without_use(console: Console, owner_url: str) -> None:
    async with visiting(console, "cw-2") as visitor:
        await visitor.get("/my-work")
        await _seen_before(owner_url, "cw-2", "29 minutes")
        await visitor.get("/my-work")
        await _seen_before(owner_url, "cw-2", "31 minutes")
        assert (await visitor.client.get("/my-work")).status_code == 303


async def test_a_session_ends_after_twelve_hours_though_used(console: Console, owner_url: str) -> None:
    async with visiting(console, "fa-1") as visitor:
        await visitor.get("/my-work")
        owner = await connect(owner_url)
        await owner.execute(
            "UPDATE web_session SET signed_in_at = now() - interval '12 hours 1 minute' WHERE staff = 'fa-1'"
        )
        await owner.close()
        assert (await visitor.client.get("/my-work")).status_code == 303


async def test_a_form_of_another_session_is_refused(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        await visitor.post("/hide-names", {"csrf": "0" * 64}, status=403)
        assert "Hide names" in await visitor.get("/my-work")


async def test_what_a_form_carries_is_another_each_time_and_each_is_taken(console: Console) -> None:
    # Else it could be guessed from the lengths of many compressed pages.
    async with visiting(console, "cw-1") as visitor:
        pages = [await visitor.client.get("/account") for _ in range(2)]
        assert [page.headers.get("content-encoding") for page in pages] == ["gzip", "gzip"]
        carried = [re.findall(r'name="csrf" value="([^"]+)"', page.text)[0] for page in pages]
        assert len(set(carried)) == 2
        for each in carried:
            await visitor.post("/hide-names", {"csrf": each, "back": "/my-work"})
        forged = carried[0][:32] + carried[1][32:]
        await visitor.post("/hide-names", {"csrf": forged}, status=403)


async def test_a_form_from_another_site_is_refused(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        answer = await visitor.client.post("/hide-names", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        answer = await visitor.client.post("/hide-names", headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403


async def test_names_stay_hidden_for_the_session(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        await visitor.post("/hide-names", {"back": "/my-work"})
        assert "Show names" in await visitor.get("/my-work")


async def test_only_a_demo_has_a_door_without_a_password(console: Console) -> None:
    async with visiting(console) as visitor:
        await visitor.post("/sign-in/demo", {"staff": "cw-1"}, status=409)
        assert "Choose as whom" not in await visitor.get("/sign-in")
    async with visiting(replace(console, demo=True)) as visitor:
        assert "invented" in await visitor.get("/sign-in")


async def test_who_came_in_by_the_demos_door_stays_only_while_it_is_open(console: Console) -> None:
    own_staff = False

    async def has_own_staff() -> bool:
        return own_staff

    token = await begin_session(console.referrals, "cw-1", SignedInBy.DEMO, "A test")
    demo = replace(console, demo=True, has_own_staff=has_own_staff)
    async with visiting(demo) as visitor:
        visitor.client.cookies.set(COOKIE, token, domain="console.example.org")
        assert (await visitor.client.get("/my-work")).status_code == 200
        own_staff = True
        assert (await visitor.client.get("/my-work")).status_code == 303
        assert "The demo is over" in await visitor.get("/sign-in")
        await visitor.post("/sign-in/demo", {"staff": "cw-1"}, status=409)
    token = await begin_session(console.referrals, "cw-1", SignedInBy.DEMO, "A test")
    async with visiting(console) as visitor:
        visitor.client.cookies.set(COOKIE, token, domain="console.example.org")
        assert (await visitor.client.get("/my-work")).status_code == 303


async def test_a_form_that_is_no_text_is_refused(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        part = b'--x\r\nContent-Disposition: form-data; name="back"\r\n\r\n\\ud800\r\n--x--\r\n'
        kind = "multipart/form-data; boundary=x; charset=raw_unicode_escape"
        answer = await visitor.client.post("/hide-names", content=part, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "send it as UTF-8" in answer.text


async def test_after_signing_in_nobody_is_led_to_another_site(console: Console) -> None:
    async with visiting(console) as visitor:
        for elsewhere in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"):
            answer = await visitor.client.get("/sign-in", params={"next": elsewhere})
            assert "evil" not in answer.text
            assert "alert" not in answer.text


async def _seen_before(owner_url: str, staff_id: str, ago: str) -> None:
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE web_session SET seen_at = now() - $2::text::interval WHERE staff = $1", staff_id, ago
    )
    await owner.close()
