"""The pages that are written from the code say what it says."""

import inspect
from pathlib import Path
from typing import get_args

import pytest

import cli.docs.__main__ as docs
from cli.docs.privacy_page import privacy_page
from schemas.commands import COMMANDS
from schemas.events import Event
from schemas.policy import DeadlineName, Policy
from schemas.privacy import models_below
from schemas.referral import Referral
from schemas.vocabulary import ClosureReason
from schemas.vocabulary.words import in_words


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(check=True) == 0, capsys.readouterr().err


def test_each_page_that_is_not_current_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "FOLDER", tmp_path)
    assert docs.main(check=True) == 1
    assert capsys.readouterr().err.count("\n") == 3
    assert docs.main(check=False) == 0
    assert docs.main(check=True) == 0


def test_the_privacy_page_lists_every_field_of_the_log_and_the_state() -> None:
    page = privacy_page(docs.COMMAND)
    recorded = {
        each
        for top in (*COMMANDS.values(), *get_args(get_args(Event)[0]), Referral)
        for each in models_below(top)
    }
    for model in recorded - set(models_below(Policy)):
        for name in model.model_fields:
            declared = next(kin for kin in model.__mro__ if name in inspect.get_annotations(kin))
            rows = [line for line in page.splitlines() if line.startswith(f"| `{declared.__name__}` |")]
            assert name == "kind" or any(f"`{name}`" in row for row in rows), (model, name)


def test_the_first_section_of_the_privacy_page_is_read_in_two_minutes() -> None:
    first = privacy_page(docs.COMMAND).partition("## In two minutes")[2].partition("\n## ")[0]
    assert len(first.split()) < 480


def test_the_page_leaves_nothing_out() -> None:
    page = docs.lifecycle_page()
    for kind in set(COMMANDS) - {"open_referral"}:
        assert f"| `{kind}` |" in page
    for name in (*DeadlineName, *ClosureReason):
        assert f"| {in_words(name)} |" in page
