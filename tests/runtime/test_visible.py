"""What reaches a terminal: nothing that moves its cursor, turns a direction or goes unseen."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from pathlib import Path

import pytest
import structlog
import typer
from typer.testing import CliRunner

from cli.screen import Screen
from cli.terminal import Shown, only_what_is_seen
from runtime.logging import configure_logging
from runtime.visible import MARK, one_line, visible
from starter import app

ESCAPE, TITLE, OVERRIDE, TAG = "\x1b[2J", "\x1b]0;x\x07", "\u202e", "\U000e0041"
NASTY = f"a{ESCAPE}{TITLE}{OVERRIDE}{TAG}\x9b31m\u2066[bold]\ud800\u200b"


def unseen(text: str) -> list[str]:
    """What in a text has an effect on a terminal, or no look of its own; but for line ends."""
    return [
        f"U+{ord(each):04X}"
        for each in text
        if each != "\n" and unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    ]


def test_no_character_of_all_passes_that_is_not_seen() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert set(unseen(visible(everything))) == {"U+0009"}
    assert unseen(one_line(everything)) == []
    assert "\n" not in one_line(everything)
    assert not set("\u3164\u2800\ufe0f\U000e0101\u034f") & set(visible(everything))


def test_what_people_write_is_shown_as_they_wrote_it() -> None:
    written = "Siân Tŷ-Ŵyn: £5 😀 नमस्ते\n\t漢字"
    assert visible(written) == written
    assert visible("co\u00adoperate ❤\ufe0f") == "cooperate ❤"
    assert visible(f"a{ESCAPE}") == f"a{MARK}[2J"
    assert one_line("a\r\nb\u2028c") == "a  b c"


def test_everything_printed_passes_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    with only_what_is_seen():
        print(NASTY)  # noqa: T201 - as a library would
        sys.stderr.writelines([NASTY])
        Screen().print(NASTY, soft_wrap=True)
    out, err = capsys.readouterr()
    assert unseen(out + err) == []
    # Nor is it taken for rich's own marks.
    assert out.count("[bold]") == 2
    assert isinstance(sys.stdout, io.TextIOBase)


def test_a_stream_of_ascii_is_not_written_past() -> None:
    raw = io.BytesIO()
    before, sys.stdout = sys.stdout, io.TextIOWrapper(raw, encoding="ascii")
    try:
        with only_what_is_seen():
            typer.echo(f"ŵ{NASTY}")
            assert isinstance(sys.stdout, Shown)
    finally:
        sys.stdout = before
    assert unseen(raw.getvalue().decode()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["example", NASTY],
        [NASTY],
        ["list", f"--{NASTY}"],
        ["list", "--area", NASTY],
        ["list", "--stage", NASTY],
        ["list", "--limit", NASTY],
        ["show", NASTY],
        ["open", f"{NASTY}.json", "--as", "cw-1"],
        ["policy", "check", f"{NASTY}.toml"],
        ["import", f"{NASTY}.csv", "--as", "cw-1"],
        ["import", "/dev/null", "--as", "cw-1", "--report", f"/no/{NASTY}"],
        ["notices", "preview", NASTY],
        ["fields", NASTY],
    ],
)
def test_what_somebody_typed_comes_back_as_it_may_be_seen(arguments: list[str]) -> None:
    # Half a character cannot be typed: it stands for a byte that is no UTF-8.
    said = CliRunner().invoke(app, [each.replace("\ud800", "\udcff") for each in arguments])
    assert said.exit_code == 2
    assert said.stdout + said.stderr
    assert unseen(said.stdout + said.stderr) == []


def test_a_file_quotes_nothing_unseen(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f'extends = "england-and-wales.toml"\n["{OVERRIDE}{TAG}\\u001b"]\n[areas."\\u009b{OVERRIDE}"]\n'
    )
    said = CliRunner().invoke(app, ["policy", "check", str(path)])
    assert said.stdout.count("is not known here") + said.stdout.count("no police area") == 2
    assert unseen(said.stdout) == []


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_log_holds_nothing_unseen(form: str) -> None:
    stream = io.StringIO()
    try:
        configure_logging("json" if form == "json" else "console", "info", stream)
        structlog.stdlib.get_logger("x").warning(f"said\n{NASTY}", area=NASTY, more=[NASTY])
    finally:
        configure_logging("console", "info")
    entry = stream.getvalue()
    assert unseen(entry) == []
    assert entry.count("\n") == 1
    if form == "json":
        assert json.loads(entry)["area"] == NASTY
