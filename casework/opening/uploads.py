"""A spreadsheet that somebody gives in a browser, on its way in: kept between the pages, with what came of it.

It is kept sealed in PostgreSQL, so that any process may answer the next page and go on where another ended
(`casework/opening/going_through.py`). A referral is derived from its source and id, so what is imported again is here
already.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from casework.opening.headings import Heading, heading_shown, name_of, place_by_label, wrong_with
from casework.session import Session
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.headings import number_known, place_of
from casework.spreadsheets.reading import open_spreadsheet
from casework.spreadsheets.sheets import Spreadsheet
from lifecycle import Refused
from lifecycle.stages.intake import MAY_OPEN
from schemas.base import Model
from stores import import_uploads
from stores.keys.referral_keys import KeyErased, KeyUnknown

LARGEST = 20_000_000
"""Bytes of a file. More is for whoever runs the service, by `rj import`."""

# What the command line says of what is elsewhere on the page.
_ON_THE_PAGE = (
    ("`rj import --template` makes a file to begin with", "the template is a file to begin with"),
    ("say which one with --sheet NAME", "write its name below"),
    ("`rj import --columns` says how", "the template says how"),
    ("--sheet: ", ""),
    ("written into contact_note", "written into the contact note"),
)


class UploadState(StrEnum):
    """How far an import has come."""

    HEADINGS = "headings"
    """It is to be said what the headings mean."""
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


class RefusedRow(Model):
    """Why a row is refused; never what stands in it.

    Attributes:
        row: its number, as its program shows it.
        reasons: each with the heading that it is about, where it is about one.
    """

    row: int
    reasons: tuple[str, ...]


class UploadResult(Model):
    """What came of a trial or an import.

    Attributes:
        fresh: how many referrals would be opened, or were.
        here: how many are here already.
        refused: how many rows were refused.
        rows: the first of these.
        failed: why it could not go on, in a sentence; empty where it could.
    """

    fresh: int = 0
    here: int = 0
    refused: int = 0
    rows: tuple[RefusedRow, ...] = ()
    failed: str = ""


class Upload(Model):
    """A spreadsheet on its way in.

    Attributes:
        working: whether a process works on it now.
        done: how many rows it has been through.
        total: how many there are.
        headings: what each means.
        notes: what its reader should know, in sentences.
        problems: what is wrong with what the headings mean, in sentences.
        result: of the trial or the import; None before.
        suffix: of the file of refused rows.
    """

    id: str
    state: UploadState
    working: bool
    done: int
    total: int
    headings: tuple[Heading, ...] = Field(repr=False)
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    result: UploadResult | None
    suffix: str

    @property
    def interrupted(self) -> bool:
        """Whether it was begun, and the process that did it ended."""
        return self.state in (UploadState.CHECKING, UploadState.IMPORTING) and not self.working


async def receive_upload(session: Session, data: bytes, sheet: str | None) -> str:
    """Take a spreadsheet in, and return its id.

    Args:
        sheet: which sheet, where there are several.

    Raises:
        Refused: they may not open referrals.
        BadSpreadsheet: it cannot be imported, with a sentence for a page.
    """
    if session.member.role not in MAY_OPEN:
        raise Refused(
            "not_your_role", "Your role may not open referrals; it is for staff and partner agencies.", "as"
        )
    if len(data) > LARGEST:
        raise BadSpreadsheet(
            f"The file is larger than {LARGEST // 1_000_000} MB; divide it, or ask who runs the service to import it."
        )
    try:
        spreadsheet = await asyncio.to_thread(_open, data, sheet)
    except BadSpreadsheet as bad:
        raise BadSpreadsheet(for_the_page(str(bad))) from None
    about = {
        "sheet": sheet,
        "kind": spreadsheet.kind,
        "headings": spreadsheet.headings,
        "places": [name_of(place_of(each)) for each in spreadsheet.headings],
        "notes": spreadsheet.notes,
    }
    referrals = session.referrals
    return await import_uploads.receive(
        referrals.pool.nowhere,
        referrals.keys,
        session.member.id,
        data,
        json.dumps(about),
        spreadsheet.number_of_rows,
    )


async def uploads(session: Session) -> tuple[tuple[str, UploadState], ...]:
    """The signed-in person's spreadsheets on their way in, the latest first: id and state."""
    found = await import_uploads.of_staff(session.referrals.pool.nowhere, session.member.id)
    return tuple((each.id, UploadState(each.state)) for each in found)


async def read_upload(session: Session, upload: str) -> Upload:
    """How the signed-in person's spreadsheet stands.

    Raises:
        Refused: it is not there any more, or not theirs.
    """
    if not re.fullmatch(import_uploads.ID, upload, re.ASCII):
        raise _gone()
    kept = await import_uploads.look(session.referrals.pool.nowhere, upload, session.member.id)
    about = await part_of(session, upload, "about") if kept else None
    if kept is None or about is None:
        raise _gone()
    known = json.loads(about)
    result = await part_of(session, upload, "result")
    return Upload(
        id=upload,
        state=UploadState(kept.state),
        working=kept.working,
        done=kept.done,
        total=kept.total,
        headings=tuple(
            heading_shown(written, name)
            for written, name in zip(known["headings"], known["places"], strict=True)
        ),
        notes=tuple(known["notes"]),
        problems=tuple(wrong_with(known["headings"], known["places"])),
        result=UploadResult.model_validate_json(result) if result else None,
        suffix=".csv" if known["kind"] == "csv" else ".xlsx",
    )


async def say_headings(session: Session, upload: str, meant: Sequence[str]) -> tuple[str, ...]:
    """Keep what the headings mean, and say what is wrong with that.

    Args:
        meant: for each heading the name or the label of a column; empty: what stands below is left out.

    Raises:
        Refused: it is not there any more, is not theirs, or there are not as many headings.
    """
    found = await read_upload(session, upload)
    if len(meant) != len(found.headings) or found.state in (UploadState.IMPORTING, UploadState.DONE):
        raise Refused("headings_changed", "The headings are other ones by now; open the page again.")
    about = json.loads(await part_of(session, upload, "about") or b"{}")
    unknown = [
        f"“{heading.written[:40]}”: there is no column “{said[:40]}”; choose one of the list, or leave it empty."
        for heading, said in zip(found.headings, meant, strict=True)
        if said.strip() and place_by_label(said) is None
    ]
    about["places"] = [name_of(place_by_label(said)) for said in meant]
    referrals = session.referrals
    await import_uploads.keep_about(referrals.pool.nowhere, referrals.keys, upload, json.dumps(about))
    return (*unknown, *wrong_with(about["headings"], about["places"]))


async def drop_upload(session: Session, upload: str) -> None:
    """Drop a spreadsheet with all that came of it. What is not there or not theirs is left alone."""
    if upload in {each for each, _ in await uploads(session)}:
        await import_uploads.drop(session.referrals.pool.nowhere, upload)


async def refused_file(session: Session, upload: str) -> bytes:
    """The refused rows, as a spreadsheet of the same kind, with the reasons in the first column.

    Raises:
        Refused: there are none, it is not there any more, or not theirs.
    """
    await read_upload(session, upload)
    found = await part_of(session, upload, "refused")
    if found is None:
        raise Refused("none_refused", "No row was refused, so there is nothing to download.")
    return found


def for_the_page(sentence: str) -> str:
    """A sentence of the command line's, for who reads it on a page."""
    for of_command_line, of_page in _ON_THE_PAGE:
        sentence = sentence.replace(of_command_line, of_page)
    return sentence


def _open(data: bytes, sheet: str | None) -> Spreadsheet:
    return open_spreadsheet(io.BytesIO(data), "The file", known=number_known, sheet=sheet or None)


async def part_of(session: Session, upload: str, name: str) -> bytes | None:
    """A part of a spreadsheet that is kept: file, about, result or refused; None where it is not there."""
    referrals = session.referrals
    try:
        return await import_uploads.part(referrals.pool.nowhere, referrals.keys, upload, name)
    except (KeyUnknown, KeyErased):
        return None


def _gone() -> Refused:
    return Refused(
        "upload_gone",
        "This spreadsheet is not kept any more: it was imported or dropped, or nobody looked at it for an hour. "
        "What it opened is open; giving it again opens nothing twice.",
    )
