"""What contributors are told is kept: hooks run the checks, the change log has the version, CI runs what decides."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def checks_of_the_makefile() -> list[str]:
    """The commands of `make check`."""
    recipe = re.search(r"^check:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.group(1).splitlines()]


def commands_of_the_hooks() -> list[str]:
    """What the hooks of pre-commit run; those that need a shell, without it."""
    entries = re.findall(r"^ +entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    return [re.sub(r"^bash -c '(.*)'$", r"\1", entry) for entry in entries]


def test_the_hooks_before_a_commit_run_the_commands_of_make_check() -> None:
    assert len(checks_of_the_makefile()) >= 8
    assert commands_of_the_hooks() == checks_of_the_makefile()


def test_every_hook_looks_at_the_whole_tree() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text().split("- id: ")[1:]
    for hook in hooks:
        assert "pass_filenames: false" in hook
        assert "always_run: true" in hook


def test_the_change_log_has_a_section_for_the_version_or_for_what_is_unreleased() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    sections = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert {version, "Unreleased"} & set(sections)
    released = [section for section in sections if section != "Unreleased"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", section) for section in released)
    assert released == sorted(
        released, key=lambda each: [int(part) for part in each.split(".")], reverse=True
    )
    assert sections[: len(sections) - len(released)] in ([], ["Unreleased"])


def test_the_workflow_of_the_forge_runs_what_decides_on_the_oldest_supported_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.search(r"^ +- run: \.ci/run$", workflow, re.MULTILINE)
    assert f'"{project["requires-python"].removeprefix(">=")}"' in workflow


def test_every_decision_is_in_the_index_and_answers_the_same_questions() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    pages = sorted(page for page in folder.glob("*.md") if page.name != "README.md")
    assert len(pages) >= 6
    for page in pages:
        assert f"({page.name})" in index, page.name
        headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert headings == [
            "The question",
            "What we do",
            "Why",
            "What we gave up",
            "When to look again",
        ], page.name
