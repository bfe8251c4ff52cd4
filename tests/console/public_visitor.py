"""Somebody who asks on the public pages to be called, with a browser without a screen and without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape

import httpx

from console.public.asking import TRAP
from console.public.cookie import COOKIE

GIVEN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "messages": {"leave_message": ["yes"]},
    "others": {"others": ["somebody"], "seen_by": ["Canary-Who-Sings"]},
    "times": {
        "hours": ["other"],
        "safe_from": ["18:00"],
        "safe_until": ["20:00"],
        "hours_note": ["Canary-Who-Sings"],
    },
    "ways": {
        "ways": ["phone", "text", "email", "letter"],
        "phone": ["07700 900778"],
        "email": ["canary.sings@example.org"],
        "address": ["Canary-Who-Sings, 1 Nowhere Street, SA1 1AA"],
    },
    "name": {"name": ["Canary-Who-Sings"]},
    "about": {"who": ["for_harmed"]},
    "them": {"who_to_them": ["somebody_else"]},
    "words": {"what": ["Canary-Who-Sings"]},
    "area": {"area": ["dyfed-powys"]},
    "help": {"help": ["interpreter"], "language": ["Canary"], "needs": ["Canary-Who-Sings"]},
}
CANARIES = ("canary", "sings", "7700900778", "7700 900778", "nowhere street")


class Asker:
    """Somebody who asks.

    Attributes:
        client: sends requests as they are.
        answers: every answer so far.
    """

    def __init__(self, client: httpx.AsyncClient, base: str = "/self-referral") -> None:
        """Use a client that reaches the console."""
        self.client = client
        self.base = base
        self.answers: list[httpx.Response] = []

    @property
    def token(self) -> str | None:
        """What the browser holds."""
        return self.client.cookies.get(COOKIE)

    async def get(self, address: str) -> httpx.Response:
        """The answer at an address."""
        return self._kept(await self.client.get(address))

    async def post(self, address: str, fields: Mapping[str, Sequence[str]] | None = None) -> httpx.Response:
        """The answer to the form at an address, which is read first for what it carries."""
        page = (await self.get(address)).text
        found = re.search(r'name="csrf" value="(\w+)"', page)
        data: dict[str, list[str]] = {key: list(values) for key, values in (fields or {}).items()}
        if found:
            data["csrf"] = [found[1]]
        return self._kept(
            await self.client.post(address, data=data, headers={"Sec-Fetch-Site": "same-origin"})
        )

    async def start(self) -> str:
        """Begin; the address of the first question."""
        answer = await self.post(self.base)
        assert answer.status_code == 303
        return answer.headers["location"]

    async def to_check(self, given: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> list[str]:
        """Answer every question; the questions in the order in which they were asked."""
        asked = []
        where = await self.start()
        while not where.endswith("/check"):
            name = where.removeprefix(f"{self.base}/")
            asked.append(name)
            answer = await self.post(where, {**GIVEN, **(given or {})}[name])
            assert answer.status_code == 303, (name, said_wrong(answer.text))
            where = answer.headers["location"]
        return asked

    async def send(self, *, trapped: bool = False) -> httpx.Response:
        """Send what was answered; the page that tells the number."""
        answer = await self.post(f"{self.base}/check", {TRAP: ["https://spam.example"]} if trapped else None)
        assert answer.status_code == 303
        return await self.get(answer.headers["location"])

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        self.answers.append(answer)
        return answer


def reference_in(page: str) -> str:
    """The number that a page tells."""
    found = re.search(r"RJ-[0-9A-Z]{4}-[0-9A-Z]{4}", page)
    assert found
    return found[0]


def said_wrong(page: str) -> list[str]:
    """What the summary of errors on a page says, with the field that each leads to."""
    found = re.findall(r'<a href="#(\w+)">(.*?)</a>', page, re.DOTALL)
    return [f"{field}: {unescape(said).strip()}" for field, said in found]


def words_of(page: str) -> str:
    """What a page says to its reader, a line for each element."""
    body = page[page.index("<main") : page.index("</main>")]
    body = re.sub(
        r"<svg.*?</svg>|<input[^>]*>|<label for=\"web_page\">.*?</label>", "", body, flags=re.DOTALL
    )
    lines = (" ".join(unescape(each).split()) for each in re.split(r"<[^>]+>", body))
    return "\n".join(each for each in lines if each)
