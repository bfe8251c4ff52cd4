"""What docs/security.md promises names the tests that hold it, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_each_test_that_the_security_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_[a-z0-9_]+)\(", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 50
    assert named - defined == set()


def test_each_promise_of_the_security_page_names_a_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    promises = re.findall(r"^\*\*([^*]+)\*\*(.*?)(?=\n\n)", page, re.MULTILINE | re.DOTALL)
    # What an intruder may do, and what they can read, is no promise.
    unheld = [said for said, rest in promises if "test_" not in rest and "tests/" not in rest]
    assert unheld == [
        "An intruder on this machine may start and stop workflows.",
        "What whoever reaches Temporal can read",
    ]
