"""Importing referrals from a spreadsheet's file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    BadInput,
    Exit,
    JsonOption,
    as_staff_id,
    command_group,
    fail,
    guarded,
    plain,
    print_json,
    print_table,
    progress,
    run_as,
)

if TYPE_CHECKING:
    from casework.importing import RowOutcome, RowToOpen
    from casework.session import Session
    from cli.columns import Problem

app = command_group()

_LARGEST = 50_000_000
# More than a person reads; the report has them all.
_PRINTED = 20


@dataclass
class Imported:
    """What an import came to."""

    opened: int = 0
    already_here: int = 0
    refused: list[Problem] = field(default_factory=list)

    @property
    def refused_rows(self) -> int:
        """How many rows were refused; one may have several problems."""
        return len({problem.row for problem in self.refused})


@app.command("import")
def import_command(
    source: Annotated[str | None, typer.Argument(metavar="FILE.csv", help="A CSV file in UTF-8.")] = None,
    staff: Annotated[
        str | None,
        typer.Option("--as", metavar="STAFF", parser=as_staff_id, help="Your id in the staff register."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write each refused row's number, column and reason."),
    ] = None,
    columns: Annotated[
        bool, typer.Option("--columns", help="Print the columns with their meanings.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a header and one row to begin with.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Open a referral for each row of a CSV file. Safe to run twice: what is here already is not opened again.

    Every row is checked first; good rows are opened, the others reported. It ends with 2 where a row cannot be read,
    else with 3 where the rules refuse one.

    Example: rj import --template > cases.csv; rj import cases.csv --as cw-1 --report refused.csv
    """
    if columns or template:
        guarded(lambda: _print_help(columns=columns))
        return
    if source is None or staff is None:
        fail(
            Exit.BAD_INPUT, "Give a file and --as STAFF; `rj import --template` prints a file to begin with."
        )
    if report is not None:
        # Before anything is opened: a report that cannot be written is known at once.
        guarded(lambda: _write(report, []))
    rows, unreadable = guarded(lambda: _read(source))
    result = Imported(refused=[*unreadable])
    try:
        run_as(staff, lambda session: _import(session, rows, result))
    finally:
        if result.opened or result.already_here or result.refused:
            _tell(result, report, as_json=as_json)
    if result.refused:
        code = Exit.BAD_INPUT if unreadable else Exit.REFUSED
        fail(code, f"{result.refused_rows} rows were refused; mend them and import the file again.")


def _print_help(*, columns: bool) -> None:
    from cli.columns import columns as all_columns
    from cli.columns import template

    if columns:
        marked = (
            (name, "required" if each.required else "", each.meaning) for name, each in all_columns().items()
        )
        print_table([("COLUMN", "", "MEANING"), *marked])
    else:
        typer.echo(template(), nl=False)


def _read(source: str) -> tuple[list[RowToOpen], list[Problem]]:
    """The rows that read as referrals, and what is wrong with the others. Raises BadInput."""
    from cli.columns import Problem, check_header, read_row, read_rows
    from cli.reading import decode, read_bytes

    lines = list(read_rows(decode(read_bytes(source, _LARGEST), source), source))
    if not lines:
        raise BadInput(f"{source} is empty; `rj import --template` prints a file to begin with.")
    header = check_header(lines[0], source)
    good: list[RowToOpen] = []
    bad: list[Problem] = []
    first_of: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = read_row(number, header, cells)
        if isinstance(row, list):
            bad += row
            continue
        first = first_of.setdefault((row.form.source, row.external_id), number)
        if first == number:
            good.append(row)
        else:
            bad.append(Problem(number, "external_id", f"stands in row {first} already, from the same source"))
    return good, bad


async def _import(session: Session, rows: Sequence[RowToOpen], result: Imported) -> None:
    from casework.importing import Outcome, import_rows

    with progress() as bar:
        task = bar.add_task("Opening", total=len(rows))

        def told(row: RowOutcome) -> None:
            match row.outcome:
                case Outcome.OPENED:
                    result.opened += 1
                case Outcome.ALREADY_HERE:
                    result.already_here += 1
                case Outcome.REFUSED:
                    result.refused.append(_problem(row))
            bar.advance(task)

        await import_rows(session, rows, told)


def _problem(row: RowOutcome) -> Problem:
    from cli.columns import Problem, column_of, columns

    column = row.field if row.field in columns() else column_of(row.field or "")
    return Problem(row.number, column or "", (row.reason or "").rstrip("."))


def _tell(result: Imported, report: Path | None, *, as_json: bool) -> None:
    refused = sorted(result.refused, key=lambda problem: problem.row)
    if report is not None:
        _write(report, refused)
    if as_json:
        print_json(
            {
                "opened": result.opened,
                "already_here": result.already_here,
                "refused": [
                    {"row": each.row, "column": each.column, "reason": each.reason} for each in refused
                ],
            }
        )
        return
    typer.echo(
        f"Opened: {result.opened}. Already here: {result.already_here}. Refused: {result.refused_rows}."
    )
    for each in refused[:_PRINTED]:
        where = f"row {each.row}, {each.column}" if each.column else f"row {each.row}"
        typer.echo(plain(f"  {where}: {each.reason}"))
    if len(refused) > _PRINTED:
        typer.echo(f"  and {len(refused) - _PRINTED} more; --report FILE writes them all")


def _write(report: Path, refused: Sequence[Problem]) -> None:
    try:
        with report.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("row", "column", "reason"))
            writer.writerows((each.row, each.column, each.reason) for each in refused)
    except OSError as error:
        raise BadInput(f"--report: {report} cannot be written: {(error.strerror or '').lower()}.") from error
