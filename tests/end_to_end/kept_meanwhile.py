"""What is kept of people before and beside the record: drafts, forms, uploads, searches, invitations and sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

from casework import drafts
from casework.opening.drafts import begin_opening
from casework.opening.going_through import claim, go_through
from casework.opening.uploads import receive_upload
from casework.referral_lists import ListFilters
from casework.searching.search import search
from casework.session import WayIn, sign_in
from casework.signing_in import inviting
from casework.signing_in.kept_forms import keep_typed
from casework.signing_in.sessions import begin_session, form_token
from casework.team.saved_views import keep_view
from runtime.referrals import Referrals
from schemas.web import SignedInBy
from stores.database import connect
from tests.casework.signing_in.people import PASSWORD, People
from tests.life import PHONE, mailbox

KEPT_IN = (
    "account_event",
    "account_invitation",
    "blind_index",
    "draft",
    "import_upload",
    "kept_form",
    "opening_draft",
    "request_to_be_called",
    "saved_view",
    "search_log",
    "unsent_answers",
    "web_session",
)
"""The tables of the console that hold what people said or did, or what lets somebody in."""

_HEADINGS = "External id,Area,Source,Initiator,Offence,Justice stage,Person harmed name,Person harmed phone"


async def keep_everything(referrals: Referrals, reference: str, words: str) -> list[str]:
    """Have something with the words kept wherever the console keeps something; the secrets that lead into it."""
    now = datetime.now(UTC)
    mine = await sign_in(referrals, "cw-1", WayIn.CONSOLE)
    token = await begin_session(referrals, "cw-1", SignedInBy.PASSWORD, "Firefox on Linux")
    form = form_token(token)
    left = drafts.Draft(fields={"note": [words], words: [PHONE]}, command_id=uuid4(), expected=3)
    await drafts.save(mine, reference, "add_note", "", left)
    await referrals.pool.execute(
        "UPDATE web_session SET seen_at = now() - interval '31 minutes' WHERE staff = 'cw-1' AND how = 'password'"
    )
    for path in (f"/referrals/{reference}/steps/add_note", "/search"):
        typed = [("note", words), ("email", mailbox(words))]
        assert await keep_typed(referrals, token, form, path, typed, now)
    await begin_opening(mine, {"h1": {"name": words, "phone": PHONE}})
    await _upload(referrals, words)
    await search(mine, words)
    await search(mine, PHONE)
    await keep_view(mine, "Invented list", ListFilters())
    manager = await sign_in(referrals, "sm-1", WayIn.CONSOLE)
    link = await People(referrals, 0).link(manager, "cw-2", now)
    await inviting.choose_password(referrals, link, PASSWORD, now)
    return [token, form, link, PASSWORD]


async def _upload(referrals: Referrals, words: str) -> None:
    """One that is checked, and of which a row is refused."""
    mine = await sign_in(referrals, "cw-1", WayIn.CONSOLE)
    known = f"durham,police,agency,burglary,no proceedings,{words},{PHONE}"
    rows = (_HEADINGS, f"CASE-{uuid4().hex[:12]},{known}", f"CASE-2,{known},and more", "")
    upload = await receive_upload(mine, "\n".join(rows).encode(), None)
    claimed = await claim(mine, upload, record=False)
    assert claimed is not None
    await go_through(mine, claimed)


async def every_table(owner_url: str) -> dict[str, bytes]:
    """All that stands in each table of the database, as its owner reads it."""
    owner = await connect(owner_url)
    tables = await owner.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {}
    for [table] in tables:
        rows = await owner.fetch(f"SELECT * FROM {table}")
        found[table.removeprefix("public.")] = b"\n".join(_as_bytes(row.values()) for row in rows)
    await owner.close()
    return found


def _as_bytes(values: Iterable[object]) -> bytes:
    def each() -> Iterator[bytes]:
        for value in values:
            # What is sealed is read as it lies there: in hexadecimal nobody would find a word in it.
            yield value if isinstance(value, bytes) else str(value).encode()

    return b" ".join(each())
