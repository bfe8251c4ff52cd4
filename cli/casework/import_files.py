"""What `rj import` writes besides: the columns that it knows, a file to begin with, and a report."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from cli.common import BadInput, plain, print_table

if TYPE_CHECKING:
    from casework.importing import Problem


def print_columns() -> None:
    """Print the columns that an import knows."""
    from casework.spreadsheets.columns import columns

    marked = ((name, "required" if each.required else "", each.meaning) for name, each in columns().items())
    print_table([("COLUMN", "", "MEANING"), *marked])


def give_template(target: str | None) -> None:
    """Write a file to begin with, or print it where no file is named."""
    from casework.spreadsheets.writing import examples_from, template_csv, write_template
    from cli.examples import example
    from schemas.commands import OpenReferral

    examples = examples_from(example(OpenReferral))
    if target is None or target == "-":
        typer.echo(template_csv(examples), nl=False)
        return
    path = Path(target)
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise BadInput(f"{target}: name a file that ends in .xlsx or .csv.")
    with new_file(path) as file:
        if path.suffix.lower() == ".csv":
            file.write(template_csv(examples).encode("utf-8-sig"))
        else:
            write_template(file, examples)
    typer.echo(f"Written: {plain(target)}. Replace the row below the headings; those with * are needed.")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write into, for its owner only. Raises BadInput."""
    from casework.spreadsheets.writing import create_private

    try:
        with create_private(path) as file:
            yield file
    except FileExistsError as error:
        raise BadInput(f"{path} exists already; name a new file.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {(error.strerror or '').lower()}.") from error


def write_report(report: Path, refused: Sequence[Problem]) -> None:
    """Write the number, column and reason of each refused row. Raises BadInput."""
    try:
        with report.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("row", "column", "reason"))
            writer.writerows((each.row, each.column, each.reason) for each in refused)
    except OSError as error:
        raise BadInput(f"--report: {report} cannot be written: {(error.strerror or '').lower()}.") from error
