"""The lifecycle page says what the rules say."""

from pathlib import Path

import pytest

from cli import docs
from schemas.commands import COMMANDS
from schemas.policy import DeadlineName
from schemas.vocabulary import ClosureReason


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(check=True) == 0, capsys.readouterr().err


def test_a_page_that_is_not_current_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "PAGE", tmp_path / "lifecycle.md")
    assert docs.main(check=True) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert docs.main(check=False) == 0
    assert docs.main(check=True) == 0


def test_the_page_leaves_nothing_out() -> None:
    page = docs.lifecycle_page()
    for kind in set(COMMANDS) - {"open_referral"}:
        assert f"| `{kind}` |" in page
    for name in (*DeadlineName, *ClosureReason):
        assert f"| {name.replace('_', ' ')} |" in page
