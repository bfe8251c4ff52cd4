"""What people say stands on pages alone: in no address, header, cookie, title or log, and in no browser's cache.

Whatever can be filled in is filled in with words that stand nowhere else, and sent.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote_plus

import httpx
import pytest
import structlog

from casework.session import WayIn, sign_in
from casework.signing_in.sessions import form_token
from console.acting.forms.reading import posted_from
from console.acting.wording import worded_form
from console.asked import Console
from console.opening.questions import pages
from console.security.cookies import COOKIE
from lifecycle.state import fold
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Actor, Role, Staff
from stores.logs import event_log
from tests.casework.signing_in.conftest import quick_hashing
from tests.casework.signing_in.people import PASSWORD, People, settings
from tests.console.acting.browsing import controls
from tests.console.acting.test_forms import KINDS, as_body
from tests.console.public_visitor import CANARIES as PUBLIC
from tests.console.public_visitor import Asker
from tests.console.test_new_referral import answered
from tests.console.visiting import Visitor, visiting
from tests.life import PHONE, form, until_preparation
from tests.lifecycle.exemplars import Keyboard, exemplars
from tests.register import enter

__all__ = ["quick_hashing"]

HERE = Area.SURREY
CW, SU = "sr-cw", "sr-su"
WORDS = "Canary-Who-Sings"
WRITTEN = {
    "phone": "07700 900813",
    "email": "canary.sings@example.org",
    "day": "12",
    "month": "10",
    "year": "1906",
}
# Not a birthday of other tests: a day of a consent, as these, is no secret.
A_DAY = "1906-10-12"
CANARIES = (
    *PUBLIC,
    A_DAY,
    PHONE.removeprefix("+44"),
    "07700 900813",
    "1997-09-09",
    "c4444ny",
    "crumpet",
)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


class Seen:
    """Every answer of a test, and all that was logged meanwhile."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response] = []
        self.statuses: set[int] = set()

    async def note(self, answer: httpx.Response) -> None:
        """Keep an answer, for a client's event hook."""
        await answer.aread()
        self.answers.append(answer)
        self.statuses.add(answer.status_code)

    def watch(self, visitor: Visitor) -> Visitor:
        """Note whatever this visitor is answered."""
        visitor.client.event_hooks["response"].append(self.note)
        return visitor

    def faults(self) -> Iterator[str]:
        """Where a canary stands where none may, and what a browser might keep."""
        for answer in self.answers:
            where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
            said = [str(answer.request.url), *answer.headers.values(), *_TITLE.findall(answer.text)]
            told = unquote_plus(" ".join(said)).lower()
            yield from (f"{where}: {canary}" for canary in CANARIES if canary in told)
            if answer.headers["cache-control"] != "no-store":
                yield f"{where}: may be kept"
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                yield f"{where}: a fault"


@contextmanager
def nothing_told(caplog: pytest.LogCaptureFixture) -> Iterator[Seen]:
    """Whatever is answered and logged meanwhile tells nothing that was said."""
    seen = Seen()
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        yield seen
    assert seen.answers
    assert list(seen.faults()) == []
    everything = f"{caplog.text}{logged}".lower()
    assert [each for each in CANARIES if each in everything] == []


def filled(page: str, **more: str) -> dict[str, list[str]]:
    """All that can be filled in on a page, with canaries wherever one writes."""
    found: dict[str, list[str]] = {}
    for name, control in controls(page).items():
        if control.kind == "hidden":
            found[name] = control.value
        elif control.values:
            found[name] = [each for each in control.values if each][:1]
        elif control.kind != "file":
            part = re.split(r"[.-]", name)[-1]
            found[name] = [WRITTEN.get(part, WORDS)]
    return found | {name: [value] for name, value in more.items()}


@pytest.fixture
async def team(console: Console) -> Referrals:
    """The engine, with a caseworker and a supervisor in Surrey."""
    for who, role in ((CW, Role.CASEWORKER), (SU, Role.SUPERVISOR)):
        await enter(console.referrals.pool, console.referrals.keys, Staff(id=who, role=role, areas=(HERE,)))
    return console.referrals


@pytest.fixture
async def reference(team: Referrals) -> str:
    """A referral that is being prepared, with canaries wherever words stand."""
    opened = (await team.open(form(WORDS, area=HERE), CW)).reference
    for who, command in until_preparation(datetime.now(UTC).date(), WORDS):
        theirs = c.Allocate(caseworker=CW) if isinstance(command, c.Allocate) else command
        await team.take(opened, theirs, SU if who.startswith("su") else CW)
    return opened


async def test_no_form_of_a_step_tells_what_was_filled_in(
    console: Console, team: Referrals, reference: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def keyboard() -> Keyboard:
        history = await event_log.read(team.pool, reference, key=await team.keys.get(reference))
        actor = Actor(id=CW, role=Role.CASEWORKER, area=HERE)
        return Keyboard(fold(history), history, actor, datetime.now(UTC))

    at_first = await keyboard()
    with nothing_told(caplog) as seen:
        async with visiting(console, CW) as visitor, visiting(console, SU) as supervisor:
            for each in (visitor, supervisor):
                seen.watch(each)
            for kind in KINDS:
                address = f"/referrals/{reference}/steps/{kind}"
                fields = posted_from(worded_form(kind), as_body(next(exemplars(kind, at_first))))
                if (await posted(visitor, address, fields)).status_code == HTTPStatus.CONFLICT:
                    await posted(supervisor, address, fields)
                # What cannot be read is shown again.
                page = await visitor.client.get(f"{address}?participant=h1")
                await posted(visitor, address, filled(page.text, _do="record"))
            note = f"/referrals/{reference}/steps/add_note"
            await posted(visitor, f"{note}/draft", {"note": [WORDS]})
            await posted(visitor, f"{note}/confirm", {"note": [WORDS]})
            for tab in ("", "/people", "/risk", "/activities", "/messages", "/timeline", "/access-log"):
                await supervisor.client.get(f"/referrals/{reference}{tab}")
    assert {303, 409, 422} <= seen.statuses
    # What was recorded holds them.
    assert "canary nobody" in fold_text(await keyboard())


def fold_text(keyboard: Keyboard) -> str:
    return "".join(each.model_dump_json() for each in keyboard.history).lower()


async def posted(who: Visitor, address: str, fields: dict[str, list[str]]) -> httpx.Response:
    """The answer to a form, whatever its status."""
    data = {"csrf": [form_token(who.client.cookies[COOKIE])], "_do": ["record"], **fields}
    return await who.client.post(address, data=data, headers={"Sec-Fetch-Site": "same-origin"})


async def test_no_page_of_a_new_referral_tells_what_was_answered(
    console: Console, team: Referrals, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_told(caplog) as seen:
        async with visiting(console, CW) as visitor:
            seen.watch(visitor)
            start = (await visitor.post("/new-referral")).headers["location"].rpartition("/")[0]
            for question in pages((HERE,), {}, conflicts=False):
                address = f"{start}/{question.slug}"
                await posted(visitor, address, filled(await visitor.get(address)))
            # Not all of that may be said of one referral.
            await answered(visitor, start, name=WORDS)
            assert WORDS in await visitor.get(f"{start}/check")
            answer = await posted(visitor, f"{start}/check", {"choice": ["new"]})
            assert answer.status_code == HTTPStatus.SEE_OTHER
            await visitor.get(answer.headers["location"])


async def test_no_spreadsheet_tells_what_stands_in_it(
    console: Console, team: Referrals, caplog: pytest.LogCaptureFixture
) -> None:
    table = f"External id,Area,Person harmed name,{WORDS}\n{WORDS},surrey,{WORDS},{PHONE}\n"
    with nothing_told(caplog) as seen:
        async with visiting(console, CW) as visitor:
            seen.watch(visitor)
            answer = await visitor.client.post(
                "/import",
                data={"csrf": form_token(visitor.client.cookies[COOKIE])},
                files={"file": (f"{WORDS}.csv", table.encode())},
                headers={"Sec-Fetch-Site": "same-origin"},
            )
            where = answer.headers["location"]
            page = await visitor.get(where)
            assert WORDS in page
            await posted(visitor, f"{where}/headings", filled(page))
            await posted(visitor, f"{where}/drop", {})


async def test_no_search_tells_what_was_sought(
    console: Console, reference: str, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_told(caplog) as seen:
        async with visiting(console, SU) as visitor:
            seen.watch(visitor)
            for text in (WORDS, *WRITTEN.values(), A_DAY, f"{WORDS}, {A_DAY}", "x" * 301 + WORDS):
                await posted(visitor, "/search", {"text": [text]})
            assert reference in (await posted(visitor, "/search", {"text": [PHONE]})).text
            await posted(visitor, "/lists/keep", {"name": [WORDS]})
            why = {"reason": [WORDS], "back": [f"/referrals/{reference}"]}
            await posted(visitor, f"/referrals/{reference}/reason", why)


@pytest.mark.parametrize("base", ["/self-referral", "/hunanatgyfeirio"])
async def test_no_public_page_tells_what_was_answered(
    console: Console, team: Referrals, base: str, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_told(caplog) as seen:
        async with visiting(console) as visitor:
            asker = Asker(seen.watch(visitor).client, base)
            await asker.to_check({"area": {"area": [HERE]}})
            page = await asker.send()
            assert page.status_code == HTTPStatus.OK
            for question in ("name", "words", "ways", "check", "nothing"):
                await visitor.client.post(f"{base}/{question}", data={"name": WORDS, "phone": WORDS})


@pytest.mark.usefixtures("quick_hashing")
async def test_signing_in_tells_nothing_that_was_typed(
    console: Console, team: Referrals, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2026, 11, 27, 9, 0, 15, tzinfo=UTC)
    ours = replace(console, settings=settings(), now=lambda: now)
    people = People(team, 12_000)
    manager = await people.member("sm-lancs", Role.SERVICE_MANAGER)
    account = await people.account(await sign_in(team, manager.id, WayIn.COMMAND_LINE), now)
    with nothing_told(caplog) as seen:
        async with visiting(ours) as visitor:
            seen.watch(visitor)
            fields = {"staff": account.member.id, "password": PASSWORD}
            for typed in ({"staff": WORDS}, {"password": WORDS}, {"staff": f"x\r\nX-Header: {WORDS}"}):
                await sent(visitor, "/sign-in/password", fields | typed)
            assert (await sent(visitor, "/sign-in/password", fields)).status_code == HTTPStatus.SEE_OTHER
            for address in ("/sign-in/code", "/sign-in/recovery-code"):
                await sent(visitor, address, {"code": WORDS})
            await sent(visitor, "/sign-in/code", {"code": account.code(now)})
            assert COOKIE in visitor.client.cookies
            for address in ("password", "recovery-codes", "messages", "absence"):
                page = await visitor.get(f"/account/{address}")
                await posted(visitor, f"/account/{address}", filled(page))
            # Whose session has ended is asked to sign in; what they sent is in no address.
            await posted(visitor, "/sign-out", {})
            await sent(visitor, "/search", {"text": WORDS})
            await visitor.client.get("/search")


async def sent(visitor: Visitor, address: str, fields: dict[str, str]) -> httpx.Response:
    """The answer to a form that nobody is signed in for."""
    return await visitor.client.post(address, data=fields, headers={"Sec-Fetch-Site": "same-origin"})
