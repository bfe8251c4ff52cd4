"""Importing on the page: what the headings mean, a trial, the import, the refused rows, and nothing kept afterwards."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from casework.opening import going_through
from casework.opening.going_through import claim, go_through
from casework.opening.uploads import UploadState, read_upload, uploads
from casework.session import Session, WayIn, sign_in
from casework.signing_in.sessions import form_token
from casework.spreadsheets.writing import examples_from, write_template
from console.asked import Console
from console.opening import importing
from console.security.cookies import COOKIE
from operations.serving import _periodic_tasks
from runtime.referrals import NotAnswered, Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.console import import_uploads
from stores.database import Connection, connect
from tests.console.visiting import Visitor, visiting
from tests.register import enter

CW, OTHER = "ci-1", "ci-2"
NAME = "Ermintrude Imported-Ð"
HEADINGS = "External id,Area,Source,Initiator,Offence,Justice stage,Person harmed name,Person harmed phone"


def row(case: str, **changes: str) -> str:
    known = {
        "id": case, "area": "cheshire", "source": "police", "initiator": "agency", "offence": "burglary",
        "stage": "no proceedings", "name": NAME, "phone": "07700 900771",
    } | changes  # fmt: skip
    return ",".join(known.values())


def csv(*rows: str, headings: str = HEADINGS) -> bytes:
    return "\n".join([headings, *rows, ""]).encode()


def case() -> str:
    return f"CASE-{uuid4().hex[:12]}"


@pytest.fixture
async def people(console: Console) -> None:
    for who in (CW, OTHER):
        member = Staff(id=who, role=Role.CASEWORKER, areas=(Area.CHESHIRE,))
        await enter(console.referrals.pool, console.referrals.keys, member)


@pytest.fixture
async def session(console: Console, people: None) -> Session:
    return await sign_in(console.referrals, CW, WayIn.CONSOLE)


@pytest.fixture
async def visitor(console: Console, people: None) -> AsyncIterator[Visitor]:
    async with visiting(console, CW) as found:
        yield found


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[Connection]:
    connection = await connect(owner_url)
    yield connection
    await connection.close()


async def give(visitor: Visitor, data: bytes, name: str = "cases.csv", status: int = 303, **more: str) -> str:
    """Send a file, and return where that leads, or the page."""
    token = visitor.client.cookies[COOKIE]
    answer = await visitor.client.post(
        "/import",
        data={"csrf": form_token(token)} | more,
        files={"file": (name, data)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == status, answer.text[:2000]
    where: str = answer.headers.get("location", answer.text)
    return where


async def ended(visitor: Visitor, address: str) -> str:
    """The page once no process works on it."""
    while importing._at_work:
        await asyncio.gather(*importing._at_work, return_exceptions=True)
    return await visitor.get(address)


def count(page: str, what: str) -> int:
    found = re.search(rf">{what}</dt><dd[^>]*>(\d+)<", page)
    assert found is not None, page
    return int(found[1])


async def test_a_trial_says_what_would_be_opened_and_records_nothing(
    console: Console, visitor: Visitor, owner: Connection
) -> None:
    before = await owner.fetchval("SELECT count(*) FROM referral")
    address = await give(visitor, csv(row(case()), row(case(), phone="banana"), row(case(), area="atlantis")))
    page = await ended(visitor, address)
    assert (count(page, "Would be opened"), count(page, "Here already"), count(page, "Refused")) == (1, 0, 2)
    assert "Person harmed phone: It is no telephone number that can be rung" in page
    assert "Import 1 referral" in page
    assert "banana" not in page
    assert await owner.fetchval("SELECT count(*) FROM referral") == before


async def test_good_rows_are_opened_and_refused_ones_given_back(
    console: Console, visitor: Visitor, owner: Connection
) -> None:
    good, bad = case(), case()
    address = await give(visitor, csv(row(good), row(bad, phone="banana")))
    await ended(visitor, address)
    begun = await visitor.post(f"{address}/begin")
    assert begun.headers["location"] == address
    page = await ended(visitor, address)
    assert (count(page, "Opened"), count(page, "Refused")) == (1, 1)
    answer = await visitor.client.get(f"{address}/refused")
    assert answer.headers["content-disposition"] == 'attachment; filename="refused-rows.csv"'
    assert answer.headers["cache-control"] == "no-store"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == f"Reason refused,{HEADINGS}"
    assert bad in lines[1]
    assert "banana" in lines[1]
    assert len(lines) == 2
    # Mended and given again as it is, with the reasons still in it; what is here already is not opened twice.
    mended = answer.content.replace(b"banana", b"07700 900772") + csv(row(good)).split(b"\n")[1].join(
        [b",", b""]
    )
    again = await give(visitor, mended)
    assert count(await ended(visitor, again), "Would be opened") == 1
    await visitor.post(f"{again}/begin")
    page = await ended(visitor, again)
    assert (count(page, "Opened"), count(page, "Here already")) == (1, 1)


_KEPT = "SELECT to_jsonb(u)::text AS row, sealed_file FROM import_upload u WHERE id = $1"


async def test_nothing_is_kept_afterwards(
    console: Console, visitor: Visitor, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = await give(visitor, csv(row(case()), row(case(), phone="banana")), name=f"{NAME}.csv")
    upload = address.rpartition("/")[2]
    await ended(visitor, address)
    [kept] = await owner.fetch(_KEPT, upload)
    assert "rmintrude" not in kept["row"]
    assert b"rmintrude" not in kept["sealed_file"]
    await visitor.post(f"{address}/begin")
    await ended(visitor, address)
    assert await owner.fetchval("SELECT sealed_file IS NULL FROM import_upload WHERE id = $1", upload)
    await visitor.post(f"{address}/drop")
    assert await owner.fetchval("SELECT count(*) FROM import_upload WHERE id = $1", upload) == 0
    assert await owner.fetchval("SELECT count(*) FROM keys.data_key WHERE reference = $1", upload) == 0
    await visitor.get(address, 409)
    await visitor.get(f"{address}/refused", 409)
    assert "rmintrude" not in caplog.text
    assert "banana" not in caplog.text


async def test_what_nobody_looks_at_for_an_hour_is_dropped(
    console: Console, visitor: Visitor, owner: Connection
) -> None:
    addresses = [await give(visitor, csv(row(case()))) for _ in range(2)]
    for address in addresses:
        await ended(visitor, address)
    old, young = (each.rpartition("/")[2] for each in addresses)
    age = "UPDATE import_upload SET changed_at = now() - $2::text::interval WHERE id = $1"
    await owner.execute(age, old, "61 minutes")
    await owner.execute(age, young, "59 minutes")
    await visitor.get(addresses[0], 409)
    [drafts] = [
        each for each in _periodic_tasks(console.referrals, console.settings, None) if each.name == "drafts"
    ]
    await drafts.run()
    left = {row["id"] for row in await owner.fetch("SELECT id FROM import_upload")}
    assert (old in left, young in left) == (False, True)


async def test_headings_that_are_not_known_are_asked_for_with_a_suggestion(visitor: Visitor) -> None:
    headings = HEADINGS.replace("External id", "Our number").replace(
        "Person harmed name", "Person harmd name"
    )
    address = await give(visitor, csv(row(case()), headings=headings))
    page = await visitor.get(address)
    assert "“Our number” means" in page
    assert "Perhaps: Person harmed name" in page
    assert "No heading means “External id” (its id in your system" in page
    assert '<option value="Person harmed phone">' in page
    known = [*HEADINGS.split(",")]
    page = (await visitor.post(f"{address}/headings", {"meant": ["", *known[1:]]}, 422)).text
    assert "No heading means “External id” (its id in your system" in page
    page = (await visitor.post(f"{address}/headings", {"meant": ["Nonsense", *known[1:]]}, 422)).text
    assert "there is no column “Nonsense”" in page
    page = (await visitor.post(f"{address}/headings", {"meant": ["Area", *known[1:]]}, 422)).text
    assert "“Our number” and “Area” mean the same column" in page
    await visitor.post(f"{address}/headings", {"meant": known})
    assert count(await ended(visitor, address), "Would be opened") == 1
    # What stands below a heading that means nothing is left out.
    await visitor.post(f"{address}/headings", {"meant": [*known[:-1], ""]})
    assert count(await ended(visitor, address), "Would be opened") == 1
    await visitor.post(f"{address}/headings", {"meant": known[:3]}, 409)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Choose a spreadsheet"),
        (b"\n\n", "the template is a file to begin with"),
        (b"%PDF-1.7 x", "is not a spreadsheet"),
        (b"PK\x03\x04broken", "damaged"),
    ],
)
async def test_what_is_no_spreadsheet_is_told_in_a_sentence_and_not_kept(
    session: Session, visitor: Visitor, data: bytes, sentence: str
) -> None:
    before = len(await uploads(session))
    page = await give(visitor, data, status=422)
    assert sentence in page
    assert "rj import" not in page
    assert len(await uploads(session)) == before


async def test_a_file_that_is_too_large_is_refused_with_what_is_accepted(visitor: Visitor) -> None:
    page = await give(visitor, b"x" * 21_000_000, status=413)
    assert "too large" in page
    page = await give(visitor, b"x" * 20_100_000, status=422)
    assert "larger than 20 MB; divide it" in page


async def test_a_workbook_is_imported_and_its_refused_rows_are_one_too(visitor: Visitor) -> None:
    made = io.BytesIO()
    changed = {"area": "cheshire", "external_id": case(), "harmed_phone": "banana"}
    write_template(made, examples_from(importing._EXAMPLE) | changed)
    address = await give(visitor, made.getvalue(), "cases.xlsx")
    assert count(await ended(visitor, address), "Refused") == 1
    answer = await visitor.client.get(f"{address}/refused")
    assert answer.content.startswith(b"PK")
    assert "refused-rows.xlsx" in answer.headers["content-disposition"]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_the_template_can_be_given_back_as_it_is(visitor: Visitor, kind: str) -> None:
    answer = await visitor.client.get(f"/import/template.{kind}")
    assert answer.status_code == 200
    address = await give(visitor, answer.content.replace(b"durham", b"cheshire"), f"t.{kind}")
    page = await ended(visitor, address)
    # A caseworker of Cheshire opens none in Durham, which the workbook's row is of.
    assert count(page, "Would be opened") + count(page, "Refused") == 1


async def test_another_person_neither_sees_nor_drops_it(console: Console, visitor: Visitor) -> None:
    address = await give(visitor, csv(row(case(), phone="banana")))
    await ended(visitor, address)
    async with visiting(console, OTHER) as other:
        assert address not in await other.get("/import")
        for page in (address, f"{address}/refused"):
            await other.get(page, 409)
        await other.post(f"{address}/begin", status=409)
        await other.post(f"{address}/drop")
    assert address in await visitor.get("/import")
    assert count(await visitor.get(address), "Refused") == 1


async def test_a_process_that_ends_leaves_an_import_that_another_goes_on_with(
    console: Console, session: Session, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, owner: Connection
) -> None:
    cases = [case() for _ in range(30)]
    address = await give(visitor, csv(*map(row, cases)))
    upload = address.rpartition("/")[2]
    await ended(visitor, address)
    some = asyncio.Event()
    really = Referrals.open

    async def opens_some(self: Referrals, *args: object, **more: object) -> object:
        receipt = await really(self, *args, **more)  # type: ignore[arg-type]
        some.set()
        return receipt

    monkeypatch.setattr(Referrals, "open", opens_some)
    claimed = await claim(session, upload, record=True)
    assert claimed is not None
    work = asyncio.create_task(go_through(session, claimed))
    await some.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    found = await read_upload(session, upload)
    assert (found.state, found.working, found.interrupted) == (UploadState.IMPORTING, False, True)
    assert "It was interrupted" in await visitor.get(address)
    await visitor.post(f"{address}/begin")
    page = await ended(visitor, address)
    assert count(page, "Opened") + count(page, "Here already") == 30
    assert count(page, "Here already") >= 1
    assert count(page, "Refused") == 0


async def test_one_whose_process_says_nothing_any_more_is_taken_over_and_a_living_one_is_not(
    console: Console, session: Session, visitor: Visitor, owner: Connection
) -> None:
    address = await give(visitor, csv(row(case())))
    upload = address.rpartition("/")[2]
    await ended(visitor, address)
    pool = console.referrals.pool.nowhere
    dead = uuid4()
    assert await import_uploads.claim(pool, upload, dead, "importing")
    assert (await read_upload(session, upload)).working
    assert await claim(session, upload, record=True) is None, "another is at it"
    silent = "UPDATE import_upload SET worked_at = now() - interval '16 seconds' WHERE id = $1"
    await owner.execute(silent, upload)
    assert (await read_upload(session, upload)).interrupted
    claimed = await claim(session, upload, record=True)
    assert claimed is not None
    await go_through(session, claimed)
    assert (await read_upload(session, upload)).state is UploadState.DONE
    assert await claim(session, upload, record=True) is None, "it was imported"
    assert not await import_uploads.beat(pool, upload, dead, 1), "who was taken for dead stops"


async def test_where_no_answer_comes_it_says_so_and_goes_on_later(
    visitor: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await give(visitor, csv(row(case())))
    await ended(visitor, address)
    with monkeypatch.context() as patched:

        async def silent(*_: object, **__: object) -> object:
            raise NotAnswered("No answer came.")

        patched.setattr(Referrals, "open", silent)
        await visitor.post(f"{address}/begin")
        page = await ended(visitor, address)
    assert "No answer came." in page
    assert "Go on" in page
    await visitor.post(f"{address}/begin")
    assert count(await ended(visitor, address), "Opened") == 1


async def test_dropping_it_stops_the_import(
    session: Session, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(going_through, "_BEAT", 0.01)
    address = await give(visitor, csv(*(row(case()) for _ in range(30))))
    await ended(visitor, address)
    first = asyncio.Event()
    stopped = asyncio.Event()

    async def waits(*_: object, **__: object) -> object:
        first.set()
        try:
            return await asyncio.Event().wait()
        finally:
            stopped.set()

    monkeypatch.setattr(Referrals, "open", waits)
    await visitor.post(f"{address}/begin")
    await first.wait()
    page = await visitor.get(address)
    assert "Importing" in page
    assert "data-again-after" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    await visitor.post(f"{address}/drop")
    await asyncio.wait_for(stopped.wait(), 10)
    await asyncio.gather(*importing._at_work)


async def test_who_may_not_open_referrals_imports_none(console: Console) -> None:
    async with visiting(console, "co-1") as visitor:
        await visitor.get("/import", 403)
        await give(visitor, csv(row(case())), status=403)
