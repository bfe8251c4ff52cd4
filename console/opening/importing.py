"""Importing a spreadsheet: what its headings mean, a trial, the import with its progress, and the refused rows."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import structlog
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser
from starlette.responses import Response

from casework.opening.going_through import claim, go_through
from casework.opening.headings import column_labels
from casework.opening.uploads import (
    LARGEST,
    Upload,
    UploadState,
    drop_upload,
    read_upload,
    receive_upload,
    refused_file,
    say_headings,
    uploads,
)
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.writing import examples_from, template_csv, write_template
from console.asked import Asked

_HOME = "/import"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CSV = "text/csv; charset=utf-8"

# A file that is sent waits in memory: on a disk it would lie in the clear.
MultiPartParser.spool_max_size = LARGEST + 1

log = structlog.stdlib.get_logger(__name__)

_at_work: set[asyncio.Task[None]] = set()


async def start(asked: Asked) -> Response:
    """Take a spreadsheet."""
    if asked.request.method != "POST":
        return await _ask_for_file(asked)
    file = asked.posted.get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    if not data:
        return await _ask_for_file(asked, "Choose a spreadsheet: .xlsx, .ods or CSV.")
    try:
        upload = await receive_upload(asked.session, data, asked.posted_text("sheet") or None)
    except BadSpreadsheet as bad:
        return await _ask_for_file(asked, str(bad))
    found = await read_upload(asked.session, upload)
    # Where every heading is known, there is nothing to ask.
    if not found.problems and all(each.column or not each.asked for each in found.headings):
        await _begin(asked, upload, record=False)
    return asked.redirect(f"{_HOME}/{upload}")


async def _ask_for_file(asked: Asked, problem: str = "") -> Response:
    return asked.show(
        "opening/import.html",
        status=422 if problem else 200,
        problem=problem,
        sheet=asked.posted_text("sheet"),
        largest=LARGEST // 1_000_000,
        begun=await uploads(asked.session),
    )


async def show(asked: Asked) -> Response:
    """Show how an import stands: its headings, its progress, or what came of it."""
    found = await read_upload(asked.session, asked.request.path_params["upload"])
    if found.state is UploadState.HEADINGS or asked.request.query_params.get("headings"):
        return _ask_headings(asked, found, [])
    return asked.show("opening/progress.html", upload=found, address=_address(found))


def _ask_headings(asked: Asked, upload: Upload, problems: list[str]) -> Response:
    return asked.show(
        "opening/headings.html",
        status=422 if problems else 200,
        upload=upload,
        address=_address(upload),
        labels=column_labels(),
        problems=problems,
        meant=asked.posted.getlist("meant") or [each.column for each in upload.headings],
    )


async def headings(asked: Asked) -> Response:
    """Take what the headings mean, and try it."""
    upload = asked.request.path_params["upload"]
    meant = [str(each) for each in asked.posted.getlist("meant")]
    problems = await say_headings(asked.session, upload, meant)
    if problems:
        return _ask_headings(asked, await read_upload(asked.session, upload), list(problems))
    await _begin(asked, upload, record=False)
    return asked.redirect(f"{_HOME}/{upload}")


async def begin(asked: Asked) -> Response:
    """Import what was tried, or go on where a process ended."""
    found = await read_upload(asked.session, asked.request.path_params["upload"])
    trial = found.state is UploadState.CHECKING
    await _begin(asked, found.id, record=not trial)
    return asked.redirect(_address(found))


async def drop(asked: Asked) -> Response:
    """Drop a spreadsheet with all that came of it."""
    await drop_upload(asked.session, asked.request.path_params["upload"])
    return asked.redirect(_HOME)


async def refused(asked: Asked) -> Response:
    """Give the refused rows, to be mended and imported again."""
    found = await read_upload(asked.session, asked.request.path_params["upload"])
    return _file(await refused_file(asked.session, found.id), f"refused-rows{found.suffix}")


async def template(asked: Asked) -> Response:
    """Give a spreadsheet to begin with."""
    examples = examples_from(_EXAMPLE)
    if asked.request.path_params["kind"] == "csv":
        return _file(template_csv(examples).encode("utf-8-sig"), "referrals.csv")
    made = BytesIO()
    await asyncio.to_thread(write_template, made, examples)
    return _file(made.getvalue(), "referrals.xlsx")


def _file(data: bytes, name: str) -> Response:
    kind = _CSV if name.endswith(".csv") else _XLSX
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _address(upload: Upload) -> str:
    return f"{_HOME}/{upload.id}"


async def _begin(asked: Asked, upload: str, *, record: bool) -> None:
    """Go through the rows beside the pages. Where this process ends before, another goes on with it."""
    claimed = await claim(asked.session, upload, record=record)
    if claimed is None:
        return
    task = asyncio.create_task(go_through(asked.session, claimed))
    _at_work.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[None]) -> None:
    _at_work.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("an import failed", exc_info=error)


_EXAMPLE: dict[str, Any] = {
    "area": "durham",
    "source": "police",
    "initiator": "agency",
    "offence": "burglary",
    "justice_stage": "post_sentence_community",
    "participants": [
        {
            "id": "h1",
            "role": "harmed",
            "person": {"name": "June Invented", "date_of_birth": "1990-05-17", "phone": "07700 900123"},
            "contact_safety": {"safe_channels": ["phone"], "safe_from": "09:00", "safe_until": "17:00"},
        },
        {"id": "r1", "role": "responsible"},
    ],
}
"""What stands in the row of the template. Everybody in it is invented."""
