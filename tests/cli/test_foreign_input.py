"""Reading what others give costs work in proportion to its length: counted, not timed; or it is refused by its size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.headings import match_headings
from cli import failures
from cli.arguments import near, nearest
from cli.common import BadInput
from cli.examples import example
from cli.failures import explained
from cli.reading import parsed, read_document, refuse_unprintable
from policies.faults import instead
from policies.files import problems
from schemas.commands import OpenReferral

# What takes time in proportion to its length four times over costs four times as much; the square would be sixteen.
_FOURFOLD = 6


class Counted(str):
    """A text that counts how often it is compared with another."""

    __slots__ = ()
    compared: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)

    def strip(self, characters: str | None = None, /) -> Counted:
        return self


def comparisons(work: Callable[[], object]) -> int:
    Counted.compared = 0
    with pytest.raises((BadInput, BadSpreadsheet)):
        work()
    return Counted.compared + 1


def document(tmp_path: Path, text: str) -> str:
    path = tmp_path / "given.json"
    path.write_text(text)
    return str(path)


def test_a_repeated_name_is_found_in_one_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = json.loads

    def counted(text: str, **options: Any) -> Any:
        hook = options["object_pairs_hook"]
        return whole(
            text,
            **options | {"object_pairs_hook": lambda found: hook([(Counted(a), b) for a, b in found])},
        )

    monkeypatch.setattr("cli.reading.json.loads", counted)

    def of(number: int) -> int:
        names = ",".join(f'"k{at}":1' for at in (*range(number), number - 1))
        return comparisons(lambda: read_document(document(tmp_path, f"{{{names}}}")))

    assert of(800) <= _FOURFOLD * of(200)


def test_headings_are_matched_in_one_pass() -> None:
    def of(number: int) -> int:
        return comparisons(lambda: match_headings([Counted(f"x{at}") for at in range(number)], {}, "x.csv"))

    assert of(800) <= _FOURFOLD * of(200)


def test_where_a_text_stands_is_put_together_only_for_the_one_that_is_wrong() -> None:
    class Named(str):
        __slots__ = ()
        written: ClassVar[int] = 0

        def __format__(self, form: str) -> str:
            Named.written += 1
            return str.__format__(self, form)

    refuse_unprintable({Named("k" * 1000): ["fine"] * 1000})
    assert Named.written == 0
    with pytest.raises(BadInput, match=r"^a\.3: holds a control character"):
        refuse_unprintable({"a": ["x", "x", "x", "\x1b"]})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 900 + "]" * 900, "too many brackets"),
        ('{"a":' * 21 + "1" + "}" * 21, "too many brackets"),
        (json.dumps({f"k{at}": at for at in range(501)}), "more than 500 items"),
        (json.dumps({"participants": [{}] * 501}), "more than 500 items"),
    ],
)
def test_a_document_of_a_shape_that_no_form_has_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_document(document(tmp_path, text))


def test_only_so_many_faults_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(given: str, accepted: object) -> str:
        looked.append(given)
        return ""

    monkeypatch.setattr(failures, "nearest", look)
    with pytest.raises(ValidationError) as caught:
        parsed(OpenReferral, example(OpenReferral) | {f"k{at}": at for at in range(5000)})
    known = explained(caught.value)
    assert known is not None
    assert known[1].endswith("k9, k10 and more.")
    assert len(looked) <= 100


def test_what_is_too_long_to_be_a_slip_is_compared_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(*given: object, **options: object) -> list[str]:
        raise AssertionError("compared")

    for module in ("cli.arguments", "policies.faults"):
        monkeypatch.setattr(f"{module}.get_close_matches", compare)
    assert nearest("x" * 61, ["x"]) == ""
    assert near("x" * 61, ["x"]) == []
    assert instead("x" * 61, ["x"]) == "Accepted: x"


def problem(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "england-and-wales.toml"\n{text}\n')
    [found] = problems(path)
    return str(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # tomllib takes time that grows with the square of the parts of a name.
        (".".join("a" * 3001) + " = 1", "this line is longer than 6,000 characters"),
        ("# rest\n" * 15_000, "is larger than 100 kB"),
        (".".join("a" * 500) + " = 1", "more than 10 tables or lists in one another"),
        ("".join(f"k{at} = 1\n" for at in range(5_001)), "says more than 5,000 things"),
    ],
)
def test_a_policy_that_would_take_long_to_read_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in problem(tmp_path, text)


def test_a_policy_may_not_build_on_more_and_more_files(tmp_path: Path) -> None:
    for number in range(1100):
        (tmp_path / f"{number}.toml").write_text(f'extends = "{number + 1}.toml"\n')
    assert [str(each) for each in problems(tmp_path / "0.toml")] == [
        "extends: at most 10 files build on another"
    ]


def test_faults_of_a_policy_are_told_up_to_what_anybody_mends(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "england-and-wales.toml"\n' + "".join(f"k{at} = 1\n" for at in range(4_000)))
    assert len(problems(path)) == 200
