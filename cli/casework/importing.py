"""Importing referrals from a spreadsheet."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from cli.arguments import JsonOption, as_staff_id
from cli.casework.import_files import give_template, new_file, print_columns, write_report
from cli.common import (
    BadInput,
    Exit,
    command_group,
    fail,
    guarded,
    plain,
    print_json,
    progress,
    run_as,
)

if TYPE_CHECKING:
    from casework.importing import CheckedRow, Problem, RowOutcome
    from casework.session import Session
    from casework.spreadsheets.columns import Place
    from casework.spreadsheets.sheets import Spreadsheet
    from casework.spreadsheets.writing import RefusedRows

app = command_group()

# More than a person reads; the file of refused rows has them all.
_PRINTED = 20
_STANDARD_INPUT = "standard-input"


@dataclass
class Imported:
    """What an import came to.

    Attributes:
        dry_run: whether nothing was to be recorded.
        kept: what became of each row that was not refused.
        unreadable: whether a row was refused because it cannot be read, and not by the rules.
    """

    dry_run: bool
    kept: list[RowOutcome] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    unreadable: bool = False

    @property
    def refused_rows(self) -> int:
        """How many rows were refused; one may have several problems."""
        return len({problem.row for problem in self.refused})

    def count(self, *outcomes: str) -> int:
        """How many rows came to one of these."""
        return sum(each.outcome in outcomes for each in self.kept)


@dataclass(frozen=True)
class Asked:
    """What was asked of an import, beside the file and who asks."""

    sheet: str | None
    mapping: Path | None
    refused: Path | None
    dry_run: bool


@app.command("import")
def import_command(
    source: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A spreadsheet: .xlsx, .ods or CSV; - reads standard input."),
    ] = None,
    staff: Annotated[
        str | None,
        typer.Option("--as", metavar="STAFF", parser=as_staff_id, help="Your id in the staff register."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row, say what would be opened, and record nothing.")
    ] = False,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which sheet, where there are several.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help='What your headings mean: "Victim name" = "harmed_name".'),
    ] = None,
    write_map: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write such a file for the headings that are not known."),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the refused rows; else beside the spreadsheet."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write each refused row's number, column and reason."),
    ] = None,
    columns: Annotated[
        bool, typer.Option("--columns", help="Print the columns with their meanings.")
    ] = False,
    template: Annotated[
        bool,
        typer.Option("--template", help="Write a file to begin with, .xlsx or .csv; without FILE print CSV."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Open a referral for each row of a spreadsheet. Safe to run twice: what is here already is not opened again.

    Good rows are opened; the refused ones are written into a new spreadsheet with the reasons, to be mended there and
    imported again. It ends with 2 where a row cannot be read, else with 3 where the rules refuse one.

    Example: rj import --template cases.xlsx; rj import cases.xlsx --as cw-1 --dry-run
    """
    if columns:
        guarded(print_columns)
    elif template:
        guarded(lambda: give_template(source))
    elif source is not None and write_map is not None:
        guarded(lambda: _write_mapping(source, Asked(sheet, mapping, None, dry_run), write_map))
    elif source is None or staff is None:
        fail(Exit.BAD_INPUT, "Give a file and --as STAFF; `rj import --template` makes a file to begin with.")
    else:
        _import_file(source, staff, Asked(sheet, mapping, refused, dry_run), report, as_json=as_json)


def _import_file(source: str, staff: str, asked: Asked, report: Path | None, *, as_json: bool) -> None:
    result = Imported(asked.dry_run)
    with _file(source) as file:
        spreadsheet, places = guarded(lambda: _opened(file, source, asked))
        refused = guarded(lambda: _refused_rows(spreadsheet, source, asked, report))
        try:
            run_as(
                staff,
                lambda session: _import(session, spreadsheet, places, result, refused),
                temporal=not asked.dry_run,
            )
            if not result.kept and not result.refused:
                _tell_of_no_rows(result, spreadsheet, report, as_json=as_json)
        finally:
            if refused is not None:
                guarded(refused.close)
            if result.kept or result.refused:
                _tell(result, spreadsheet, report, refused.path if refused else None, as_json=as_json)
                if refused and refused.path and not as_json:
                    _tell_of_refused(refused.path, staff, asked)
    if result.refused:
        code = Exit.BAD_INPUT if result.unreadable else Exit.REFUSED
        rows = "1 row was" if result.refused_rows == 1 else f"{result.refused_rows} rows were"
        them = "it" if result.refused_rows == 1 else "them"
        fail(code, f"{rows} refused; mend {them} and import {them} again.")


@contextmanager
def _file(source: str) -> Iterator[BinaryIO]:
    """The file, or the standard input, which is kept in memory as it is read more than once."""
    if source == "-":
        from casework.spreadsheets.reading import LARGEST
        from cli.reading import read_bytes

        with io.BytesIO(guarded(lambda: read_bytes(source, LARGEST))) as given:
            yield given
        return
    with guarded(lambda: _open_file(source)) as file:
        yield file


def _open_file(source: str) -> BinaryIO:
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed by the caller
        # A pipe or a device has no end to which one could go and come back.
        if not file.seekable():
            file.close()
            raise BadInput(f"{source} is no file; give its contents with `rj import -`.")
        return file
    except (OSError, ValueError) as error:
        # A ValueError says that no file can have such a name.
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "no file has such a name"
        raise BadInput(f"{source} cannot be read: {reason}.") from error


def _opened(file: BinaryIO, source: str, asked: Asked) -> tuple[Spreadsheet, list[Place | None]]:
    from casework.spreadsheets.headings import match_headings

    with progress() as bar:
        # A large workbook takes some seconds; how many is not known before.
        bar.add_task("Reading", total=None)
        spreadsheet, mapping = _open_with_mapping(file, source, asked)
    return spreadsheet, match_headings(spreadsheet.headings, mapping, spreadsheet.name)


def _open_with_mapping(
    file: BinaryIO, source: str, asked: Asked
) -> tuple[Spreadsheet, dict[str, Place | None]]:
    from casework.spreadsheets.headings import number_known, plain_name, read_mapping
    from casework.spreadsheets.reading import open_spreadsheet
    from cli.reading import read_bytes

    mapping: dict[str, Place | None] = {}
    if asked.mapping is not None:
        mapping = read_mapping(read_bytes(str(asked.mapping), 1_000_000), str(asked.mapping))

    def known(headings: Sequence[str]) -> int:
        return number_known(headings) + sum(plain_name(heading) in mapping for heading in headings)

    name = "The standard input" if source == "-" else source
    return open_spreadsheet(file, name, known=known, sheet=asked.sheet), mapping


def _refused_rows(
    spreadsheet: Spreadsheet, source: str, asked: Asked, report: Path | None
) -> RefusedRows | None:
    """Where the refused rows go, which can be written. A dry run keeps them only where it was told a file."""
    from casework.spreadsheets.writing import RefusedRows

    if report is not None:
        # Before anything is opened: a report that cannot be written is known at once.
        write_report(report, [])
    if asked.dry_run and asked.refused is None:
        return None
    beside = Path.cwd() / _STANDARD_INPUT if source == "-" else Path(source)
    refused = RefusedRows(spreadsheet, asked.refused, beside)
    refused.check()
    return refused


async def _import(
    session: Session,
    spreadsheet: Spreadsheet,
    places: list[Place | None],
    result: Imported,
    refused: RefusedRows | None,
) -> None:
    from casework.importing import import_rows
    from casework.spreadsheets.rows import checked_rows

    heading_of = {
        place.name: heading for place, heading in zip(places, spreadsheet.headings, strict=True) if place
    }
    with progress() as bar:
        task = bar.add_task("Checking" if result.dry_run else "Opening", total=spreadsheet.number_of_rows)

        def told(row: CheckedRow, outcome: RowOutcome) -> None:
            if outcome.problems:
                result.refused += outcome.problems
                result.unreadable = result.unreadable or row.to_open is None
                if refused is not None:
                    refused.add(row.cells, _reasons(outcome.problems, heading_of))
            else:
                result.kept.append(outcome)
            # Blank rows count too.
            bar.update(task, completed=row.number - spreadsheet.heading_row)

        await import_rows(session, checked_rows(spreadsheet, places), told, record=not result.dry_run)


def _reasons(problems: Sequence[Problem], heading_of: dict[str, str]) -> str:
    """Why a row was refused, with the headings as they stand above it."""
    return "; ".join(
        f"{heading_of.get(each.column, each.column)}: {each.reason}" if each.column else each.reason
        for each in problems
    )


def _tell(
    result: Imported, spreadsheet: Spreadsheet, report: Path | None, refused_in: Path | None, *, as_json: bool
) -> None:
    refused = sorted(result.refused, key=lambda problem: problem.row)
    if report is not None:
        write_report(report, refused)
    kept = sorted(result.kept, key=lambda row: row.number)
    if as_json:
        print_json(
            {
                "opened": result.count("opened"),
                "would_open": result.count("would_open"),
                "already_here": result.count("already_here"),
                "rows": [
                    {"row": each.number, "outcome": each.outcome, "reference": each.reference}
                    for each in kept
                ],
                "refused": [each.model_dump() for each in refused],
                "refused_rows": refused_in,
            }
        )
        return
    for note in spreadsheet.notes:
        typer.echo(note)
    for each in kept:
        if each.reference is not None:
            typer.echo(f"  row {each.number}: {each.reference} {each.outcome.value.replace('_', ' ')}")
    for problem in refused[:_PRINTED]:
        where = f"row {problem.row}, {problem.column}" if problem.column else f"row {problem.row}"
        typer.echo(plain(f"  {where}: {problem.reason}"))
    if len(refused) > _PRINTED:
        typer.echo(f"  and {len(refused) - _PRINTED} more; --report FILE writes them all")
    if result.dry_run:
        first = f"Nothing was recorded. Would open: {result.count('would_open')}"
    else:
        first = f"Opened: {result.count('opened')}"
    typer.echo(f"{first}. Already here: {result.count('already_here')}. Refused: {result.refused_rows}.")


def _tell_of_no_rows(
    result: Imported, spreadsheet: Spreadsheet, report: Path | None, *, as_json: bool
) -> None:
    if not as_json:
        typer.echo(
            plain(
                f"{spreadsheet.name} has nothing below its headings, which are in row {spreadsheet.heading_row}."
            )
        )
    _tell(result, spreadsheet, report, None, as_json=as_json)


def _tell_of_refused(path: Path, staff: str, asked: Asked) -> None:
    mapping = f" --map {shlex.quote(str(asked.mapping))}" if asked.mapping else ""
    said = (
        f"The refused rows are in {path}, which only you can read: it holds what is said of people. Mend them there, "
        f"import it with `rj import {shlex.quote(str(path))} --as {staff}{mapping}`, and delete it."
    )
    typer.echo(plain(said))


def _write_mapping(source: str, asked: Asked, target: Path) -> None:
    from casework.spreadsheets.headings import mapping_for, unknown_headings

    with _file(source) as file:
        spreadsheet, mapping = _open_with_mapping(file, source, asked)
    unknown = unknown_headings(spreadsheet.headings, mapping)
    if not unknown:
        typer.echo("Every heading is known; no mapping is needed.")
        return
    with new_file(target) as made:
        made.write(mapping_for(unknown).encode())
    typer.echo(
        plain(
            f"Written: {target}, with {len(unknown)} headings to fill in. Then: rj import {source} --map {target}"
        )
    )
