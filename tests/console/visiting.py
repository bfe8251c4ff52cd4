"""A browser without a screen: it follows links, keeps the cookie, and sends forms with what they carry."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx

from casework.signing_in.sessions import begin_session, form_token
from console.app import make_app
from console.asked import Console
from console.security.cookies import COOKIE
from schemas.web import SignedInBy

BASE = "https://console.example.org"


class Visitor:
    """Somebody who looks at the console.

    Attributes:
        client: sends requests as they are.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Use a client that reaches the console."""
        self.client = client

    async def get(self, address: str, status: int = 200) -> str:
        """The page at an address. Fails where it is answered with another status."""
        answer = await self.client.get(address)
        assert answer.status_code == status, f"{address}: {answer.status_code} {heading(answer.text)}"
        return answer.text

    async def post(
        self, address: str, fields: Mapping[str, str | Sequence[str]] | None = None, status: int = 303
    ) -> httpx.Response:
        """The answer to a form of this session. Fails where it has another status."""
        token = self.client.cookies.get(COOKIE)
        sent = {"csrf": form_token(token)} if token else {}
        data = {
            key: value if isinstance(value, str) else list(value)
            for key, value in (sent | dict(fields or {})).items()
        }
        answer = await self.client.post(address, data=data, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == status, f"{address}: {answer.status_code} {heading(answer.text)}"
        return answer


def heading(page: str) -> str:
    """The main heading of a page and the sentence below it, for a test that fails."""
    found = re.search(r"<h1.*?</h1>.*?</p>", page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0] if found else page[:300])).strip()


@asynccontextmanager
async def visiting(console: Console, staff_id: str | None = None) -> AsyncIterator[Visitor]:
    """A visitor of a console, signed in as a member of staff, or as nobody."""
    transport = httpx.ASGITransport(make_app(console), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        if staff_id is not None:
            token = await begin_session(console.referrals, staff_id, SignedInBy.PASSWORD, "A test")
            client.cookies.set(COOKIE, token, domain="console.example.org", path="/")
        yield Visitor(client)
