"""`rj doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

import typer

from cli.common import Exit, JsonOption, guarded, plain, print_json, room
from runtime.findings import Finding, Standing

app = room()

_MARKS = {
    Standing.OK: "ok",
    Standing.NOTE: "note",
    Standing.BLOCKED: "PROBLEM",
    Standing.SETUP: "PROBLEM",
    Standing.SERVER: "PROBLEM",
    Standing.UNKNOWN: "?",
}


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Say what is wrong with this installation and how to mend it.

    Ends with 0 only when a referral could be opened now and nothing keeps one from going on; else with 2 for what is
    set or entered wrongly, 4 for a server that is missing.
    """
    from operations.doctor import diagnose

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
    typer.echo(f"\n{_verdict(findings)}")


def _verdict(findings: Sequence[Finding]) -> str:
    standings = {finding.standing for finding in findings}
    if standings & {Standing.SETUP, Standing.SERVER, Standing.UNKNOWN}:
        return "No referral can be opened."
    if Standing.BLOCKED in standings:
        return "A referral can be opened, but some cannot go on."
    return "A referral can be opened."


def _code(findings: Sequence[Finding]) -> Exit:
    standings = {finding.standing for finding in findings}
    if standings & {Standing.SETUP, Standing.BLOCKED}:
        return Exit.BAD_INPUT
    return Exit.UNREACHABLE if standings & {Standing.SERVER, Standing.UNKNOWN} else Exit.DONE
