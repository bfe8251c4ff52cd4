"""`rj doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer

from cli.arguments import JsonOption
from cli.common import Exit, command_group, guarded, plain, print_json
from runtime.findings import Finding, Severity

app = command_group()

_MARKS = {
    Severity.OK: "ok",
    Severity.NOTE: "note",
    Severity.BLOCKED: "PROBLEM",
    Severity.SETUP: "PROBLEM",
    Severity.SERVER: "PROBLEM",
    Severity.UNKNOWN: "?",
}


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Say what is wrong with this installation and how to mend it.

    Ends with 0 only when a referral could be opened now and nothing keeps one from going on; else with 2 for what is
    set or entered wrongly, 4 for a server that is missing.
    """
    from operations.diagnosis.doctor import diagnose

    findings = guarded(lambda: asyncio.run(diagnose()))
    if json:
        print_json([_as_json(finding) for finding in findings])
    else:
        _show(findings)
    raise typer.Exit(_code(findings))


def _as_json(finding: Finding) -> dict[str, str | None]:
    """A finding by the names that scripts read it by."""
    return {
        "check": finding.check,
        "standing": finding.severity,
        "said": finding.said,
        "remedy": finding.remedy,
    }


def _show(findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        mark = _MARKS[finding.severity]
        typer.echo(f"{mark:<7}  {finding.check:<{width}}  {plain(finding.said)}")
        if finding.remedy:
            typer.echo(f"{'':<7}  {'':<{width}}  → {plain(finding.remedy)}")
    typer.echo(f"\n{_verdict(findings)}")


def _verdict(findings: Sequence[Finding]) -> str:
    severities = {finding.severity for finding in findings}
    if severities & {Severity.SETUP, Severity.SERVER, Severity.UNKNOWN}:
        return "No referral can be opened."
    if Severity.BLOCKED in severities:
        return "A referral can be opened, but some cannot go on."
    return "A referral can be opened."


def _code(findings: Sequence[Finding]) -> Exit:
    severities = {finding.severity for finding in findings}
    if severities & {Severity.SETUP, Severity.BLOCKED}:
        return Exit.BAD_INPUT
    return Exit.UNREACHABLE if severities & {Severity.SERVER, Severity.UNKNOWN} else Exit.DONE
