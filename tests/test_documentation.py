"""What the pages name is there: every link leads somewhere, every `rj` command and option and every setting exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from runtime.settings import Settings
from starter import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    plain = _FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    explicit = re.findall(r'<a id="([^"]+)">', plain)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings} | set(
        explicit
    )


def dead_links(page: Path, text: str) -> Iterator[str]:
    """The links of the text that lead to no file or heading."""
    for target in _LINK.findall(_FENCE.sub("", text)):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield target


def commands(text: str) -> Iterator[list[str]]:
    """Each `rj` command of the text, in words."""
    for language, block in _FENCE.findall(text):
        for line in block.splitlines() if language != "toml" else ():
            if language != "console" or line.startswith("$ "):
                yield from commands_of_line(line.removeprefix("$ "))
    for span in _SPAN.findall(_FENCE.sub("", text)):
        yield from commands_of_line(span)


def commands_of_line(line: str) -> Iterator[list[str]]:
    """The `rj` commands of one line of a shell."""
    for part in re.split(r"\||&&|;|\$\(", line.partition(" #")[0]):
        words = shlex.split(part.replace("xargs rj", "rj"), posix=False) if "'" not in part else part.split()
        # A drawing may say `rj` too.
        if words[:1] == ["rj"] and len(words) > 1 and re.match(r"[a-z-]", words[1]):
            yield words[1:]


def unknown(words: list[str]) -> Iterator[str]:
    """What of a command does not exist: the command itself, or an option."""
    command = typer.main.get_command(app)
    words = list(words)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] in ("…", "COMMAND"):
            return
        found = command.commands.get(words.pop(0))
        if found is None:
            yield "no such command"
            return
        command = found
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {
        "--help"
    }
    for word in words:
        if re.match(r"--[a-z]", word) and word.partition("=")[0] not in known:
            yield f"no such option: {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page, page.read_text())) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_rj_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    wrong = {
        f"rj {' '.join(words)}": problems
        for words in commands(page.read_text())
        if (problems := list(unknown(words)))
    }
    assert wrong == {}


def test_a_dead_link_and_an_unknown_command_are_found() -> None:
    page = ROOT / "README.md"
    assert list(dead_links(page, "[a](docs/nothing.md) [b](#no-such-heading) [c](docs/policy.md)")) == [
        "docs/nothing.md",
        "#no-such-heading",
    ]
    [words] = commands("`rj list --nonsense --as su-1`")
    assert list(unknown(words)) == ["no such option: --nonsense"]
    [words] = commands("```console\n$ rj nonsense\n```\n")
    assert list(unknown(words)) == ["no such command"]


def rows() -> dict[str, tuple[str, str, str]]:
    """The rows of docs/settings.md: meaning, default and what is accepted, by variable."""
    page = (ROOT / "docs" / "settings.md").read_text()
    return {name: (meaning, default, accepted) for name, meaning, default, accepted in _ROW.findall(page)}


def test_every_setting_is_on_the_page_of_settings_and_no_other() -> None:
    fields = {
        str(field.validation_alias or f"RJ_{name.upper()}") for name, field in Settings.model_fields.items()
    }
    told = {name for name in rows() if not name.startswith("TEMPORAL_")}
    assert told == fields


def test_the_page_of_settings_gives_the_defaults_and_choices_of_the_code() -> None:
    told = rows()
    for name, field in Settings.model_fields.items():
        _, default, accepted = told[str(field.validation_alias or f"RJ_{name.upper()}")]
        if field.default_factory is None and field.default not in (None, ()):
            written = str(field.default).lower() if isinstance(field.default, bool) else field.default
            assert default == f"`{written}`", name
        for choice in getattr(field.annotation, "__args__", ()):
            if isinstance(choice, str):
                assert f"`{choice}`" in accepted, name


def test_the_glossary_is_in_alphabetical_order_and_explains_each_term_once() -> None:
    terms = re.findall(r"^\*\*([^*]+)\*\*", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert len(terms) > 80
    letters = [re.sub("[^a-z]", "", term.lower()) for term in terms]
    assert letters == sorted(set(letters))
