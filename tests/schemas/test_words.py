"""How values are said: each entry of the table is a value of some closed list, and none reads like a variable."""

from __future__ import annotations

from enum import StrEnum

import pytest

import schemas.vocabulary
from schemas.policy import DeadlineName
from schemas.vocabulary import characteristics, words
from schemas.vocabulary.words import in_words


def _values() -> set[str]:
    named = [each for module in (schemas.vocabulary, characteristics) for each in vars(module).values()]
    lists: list[type[StrEnum]] = [DeadlineName]
    lists += [each for each in named if isinstance(each, type) and issubclass(each, StrEnum) and len(each)]
    return {str(value) for each in lists for value in each}


def test_each_entry_is_a_value_of_a_closed_list() -> None:
    assert set(words._SAID) - _values() == set()


@pytest.mark.parametrize("value", sorted(_values()))
def test_no_value_reads_like_a_variable(value: str) -> None:
    assert "_" not in in_words(value)
