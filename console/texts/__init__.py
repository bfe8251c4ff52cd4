"""The texts of pages that are shown in more than one language: a file a language, the same keys in each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ENGLISH, WELSH = "en", "cy"
LANGUAGES = (ENGLISH, WELSH)

_FOLDER = Path(__file__).parent


class Texts:
    """The texts of one language.

    Attributes:
        language: its code, as HTML has it.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        """Take the texts of a language, by their keys."""
        self.language = language
        self._texts = texts

    def __call__(self, key: str, /, **filled: object) -> str:
        """The text of a key, with what stands in braces filled in.

        Raises:
            KeyError: there is no such text, or something of it is not filled in.
        """
        return self._texts[key].format_map(filled) if filled else self._texts[key]

    def get(self, key: str, otherwise: str) -> str:
        """The text of a key; another where there is none."""
        return self._texts.get(key, otherwise)

    def items(self) -> Mapping[str, str]:
        """Every text, by its key."""
        return dict(self._texts)


@cache
def texts(language: str) -> Texts:
    """The texts of a language, by its code."""
    written = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flat(written)))


def _flat(table: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{above}{key}.") if isinstance(value, dict) else [(f"{above}{key}", value)]
    return found
