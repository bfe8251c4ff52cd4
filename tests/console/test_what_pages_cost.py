"""How many statements each page sends to PostgreSQL, and how much it weighs: fixed, however much there is to show.

`make bench-console` takes the times, on a hundred thousand referrals.
"""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from console.asked import Console
from console.static_files import address_of, files
from runtime.referrals import Referrals
from tests.browser.caseload import CASEWORKER, MANAGER, PARTNER, SUPERVISOR, Caseload, write_caseload
from tests.console.visiting import Visitor, visiting
from tests.statements import counted

FIRST, AFTER = 250_000, 40_000
"""Bytes of a first visit, with all that the page loads, and of the next one."""

# A picture below what is seen first is loaded by whoever comes there.
_NAMED = re.compile(r'<(?![^>]*loading="lazy")[^>]*(?:href|src)="/static/\w+/([^"]+)"')
_IMPORTED = re.compile(r'(?:from|import\()\s*"\./([^"]+)"')

ONE = "/referrals/{reference}"
STATEMENTS = {
    (CASEWORKER, "/my-work"): 10,
    (CASEWORKER, "/referrals"): 10,
    (CASEWORKER, "/inbox"): 8,
    (CASEWORKER, "/account"): 5,
    (CASEWORKER, "/help"): 2,
    (CASEWORKER, "/new-referral"): 3,
    (CASEWORKER, "/search"): 2,
    (CASEWORKER, ONE): 8,
    (CASEWORKER, f"{ONE}/people"): 7,
    (CASEWORKER, f"{ONE}/people/h1"): 7,
    (CASEWORKER, f"{ONE}/risk"): 7,
    (CASEWORKER, f"{ONE}/activities"): 7,
    (CASEWORKER, f"{ONE}/agreement"): 7,
    (CASEWORKER, f"{ONE}/messages"): 8,
    (CASEWORKER, f"{ONE}/timeline"): 7,
    (CASEWORKER, f"{ONE}/deadlines"): 7,
    (CASEWORKER, f"{ONE}/steps"): 7,
    (CASEWORKER, f"{ONE}/steps/record_contact_attempt?participant=h1"): 22,
    (CASEWORKER, f"{ONE}/steps/close"): 16,
    (SUPERVISOR, "/my-work"): 12,
    (SUPERVISOR, "/team"): 7,
    (SUPERVISOR, "/team/sign-offs"): 5,
    (SUPERVISOR, "/team/escalations"): 5,
    (SUPERVISOR, "/team/workload"): 4,
    (SUPERVISOR, "/figures"): 2,
    (SUPERVISOR, "/policy"): 3,
    (SUPERVISOR, f"{ONE}/access-log"): 12,
    (MANAGER, "/staff"): 4,
    (MANAGER, "/audit"): 3,
    (PARTNER, "/referrals"): 3,
}
"""Who asks for which page, and how many statements it takes once what is kept for a while, such as keys, is kept."""


@pytest_asyncio.fixture(scope="module")
async def written(referrals: Referrals, owner_url: str) -> Caseload:
    """The caseload that the tests in a browser look at."""
    return await write_caseload(referrals, owner_url)


@pytest.mark.parametrize(("staff_id", "path"), STATEMENTS, ids="{}".format)
async def test_a_page_takes_a_fixed_number_of_statements_and_weighs_little(
    console: Console, written: Caseload, staff_id: str, path: str
) -> None:
    async with visiting(console, staff_id) as visitor:
        address = path.format(reference=written.to_be_reached)
        await visitor.get(address)
        with counted() as sent:
            answer = await visitor.client.get(address)
        assert len(sent) == STATEMENTS[staff_id, path], "\n".join(sent)
        # As it comes over the wire: compressed.
        weight = int(answer.headers["content-length"])
        assert weight <= AFTER
        assert weight + await loaded(visitor, answer.text) <= FIRST


async def loaded(visitor: Visitor, page: str) -> int:
    """The bytes of all that a page loads, as they come over the wire, scripts that scripts ask for among them."""
    waiting, seen = _NAMED.findall(page), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            folder = name.rpartition("/")[0]
            imported = (
                _IMPORTED.findall(files()[name].plain.decode("latin-1")) if name.endswith(".js") else []
            )
            waiting += [f"{folder}/{each}".lstrip("/") for each in imported]
    sent = [await visitor.client.get(address_of(name), headers={"Accept-Encoding": "gzip"}) for name in seen]
    return sum(int(each.headers["content-length"]) for each in sent)
