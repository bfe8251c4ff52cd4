"""People who click: each follows the links of the pages that they see, those first that were followed least."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.routing import Match, Route

from benchmarks.console.serving import Served
from casework.signing_in.sessions import begin_session
from console.app import make_app
from console.asked import Console
from console.pages import all_pages
from console.security.cookies import COOKIE
from schemas.web import SignedInBy

_LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')
_KEPT = 100
# Seconds from one click of a person to the next, at the median: quicker than anybody reads.
PAUSE = 1.0


@dataclass
class Pages:
    """What addresses there are, found by following links.

    Attributes:
        seen: by whom and at which addresses each page was seen, by its path in the table of pages.
    """

    routes: list[Route]
    seen: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, console: Console) -> Pages:
        """The pages of a console; those that stay open for news are none to click on."""
        shown = {page.path for page in all_pages() if "GET" in page.methods and not page.waits}
        routes = [each for each in make_app(console).routes if isinstance(each, Route)]
        return cls([each for each in routes if each.path in shown and "GET" in (each.methods or ())])

    def path(self, address: str) -> str | None:
        """The path of the page at an address, as the table has it."""
        scope = {"type": "http", "method": "GET", "path": address.partition("?")[0], "root_path": ""}
        return next((each.path for each in self.routes if each.matches(scope)[0] is Match.FULL), None)


@dataclass
class Clicker:
    """Somebody who clicks.

    Attributes:
        staff_id: who.
        known: addresses that they have seen links to, by page.
        asked: how often they opened each page.
        failed: addresses that were answered with anything but a page: with the status.
    """

    staff_id: str
    pages: Pages
    client: httpx.AsyncClient
    chance: random.Random
    known: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, int]] = field(default_factory=list)

    async def click(self, until: float, pause: float) -> None:
        """Click until a moment of the clock `time.monotonic`."""
        self._learn("/")
        while time.monotonic() < until:
            path = min(self.known, key=lambda each: (self.asked[each], self.chance.random()))
            self.asked[path] += 1
            await self._open(path, self.chance.choice(self.known[path]))
            await asyncio.sleep(self.chance.expovariate(1 / pause) if pause else 0)

    async def _open(self, path: str, address: str) -> None:
        answer = await self.client.get(address)
        if answer.status_code == httpx.codes.SEE_OTHER:
            self._learn(answer.headers["location"])
            return
        if answer.status_code != httpx.codes.OK:
            self.failed.append((address, answer.status_code))
            return
        if not answer.headers["content-type"].startswith("text/html"):
            return
        seen = self.pages.seen[path]
        if (self.staff_id, address) not in seen and len(seen) < _KEPT:
            seen.append((self.staff_id, address))
        for link in _LINK.findall(answer.text):
            self._learn(link.replace("&amp;", "&"))

    def _learn(self, address: str) -> None:
        path = self.pages.path(address)
        if path is None:
            return
        known = self.known[path]
        if address not in known:
            if len(known) < _KEPT:
                known.append(address)
            else:
                known[self.chance.randrange(_KEPT)] = address


@dataclass(frozen=True)
class Clicked:
    """What came of it.

    Attributes:
        milliseconds: of each answer, by page, as the console measured it.
        failed: addresses that were not answered with a page, by their status.
    """

    milliseconds: dict[str, list[float]]
    pages: Pages
    failed: list[tuple[str, int]]


async def clicked(served: Served, people: list[str], seconds: float, pause: float = PAUSE) -> Clicked:
    """Have people click at the same time, after they have clicked for a tenth of the time unmeasured."""
    pages = Pages.of(Console(served.referrals, served.settings))
    clickers = [await _sit_down(served, staff_id, pages) for staff_id in people]
    try:
        await _all(clickers, seconds / 10, pause)
        began = served.log.stat().st_size
        await _all(clickers, seconds, pause)
    finally:
        for each in clickers:
            await each.client.aclose()
    return Clicked(_measured(served.log, began), pages, [one for each in clickers for one in each.failed])


async def _sit_down(served: Served, staff_id: str, pages: Pages) -> Clicker:
    token = await begin_session(served.referrals, staff_id, SignedInBy.PASSWORD, "A benchmark")
    client = httpx.AsyncClient(base_url=served.address, headers={"Cookie": f"{COOKIE}={token}"}, timeout=60)
    return Clicker(staff_id, pages, client, random.Random(staff_id))


async def _all(clickers: list[Clicker], seconds: float, pause: float) -> None:
    until = time.monotonic() + seconds
    await asyncio.gather(*(each.click(until, pause) for each in clickers))


def _measured(log: Path, began: int) -> dict[str, list[float]]:
    """The milliseconds of each page from its place in the log on."""
    found: dict[str, list[float]] = defaultdict(list)
    with log.open("rb") as lines:
        lines.seek(began)
        for line in lines:
            told = json.loads(line)
            shown = told.get("event") == "answered" and (told["method"], told["status"]) == ("GET", 200)
            if shown and told["page"] and not told["page"].startswith("/static"):
                found[told["page"]].append(told["milliseconds"])
    return found
