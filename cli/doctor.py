"""`rj doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from cli.common import Exit, JsonOption, guarded, plain, print_json, room

if TYPE_CHECKING:
    from service.findings import Finding

app = room()

_MARKS = {"ok": "ok", "note": "note", "setup": "PROBLEM", "server": "PROBLEM", "unknown": "?"}


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Say what is wrong with this installation and how to mend it.

    Ends with 0 only when a referral could be opened now; else with 2 for what is set or entered wrongly, 4 for a
    server that is missing.
    """
    from service.diagnosis import diagnose

    findings = guarded(lambda: asyncio.run(diagnose()))
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        _show(findings)
    raise typer.Exit(_code(findings))


def _show(findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        mark = _MARKS[finding.standing]
        typer.echo(f"{mark:<7}  {finding.check:<{width}}  {plain(finding.said)}")
        if finding.remedy:
            typer.echo(f"{'':<7}  {'':<{width}}  → {plain(finding.remedy)}")
    typer.echo(
        "\n" + ("A referral can be opened." if _code(findings) is Exit.DONE else "No referral can be opened.")
    )


def _code(findings: Sequence[Finding]) -> Exit:
    found = {str(finding.standing) for finding in findings}
    if "setup" in found:
        return Exit.BAD_INPUT
    return Exit.UNREACHABLE if found & {"server", "unknown"} else Exit.DONE
