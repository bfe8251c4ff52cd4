"""What is wrong with a form, for the summary at its top and for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from casework.failures import Refused


class Errors:
    """What is wrong with the fields of a form; nothing, where it may be recorded."""

    def __init__(self, found: Mapping[str, str] | None = None) -> None:
        """Begin with what was found: by field, a sentence. The field "" is the form as a whole."""
        self._found = dict(found or {})

    @classmethod
    def of(cls, refused: Refused, *fields: str, called: Mapping[str, str] | None = None) -> Errors:
        """What was refused.

        Args:
            fields: of the form.
            called: how the form names a field that was refused, where it does otherwise.
        """
        field = (called or {}).get(refused.field or "", refused.field or "")
        return cls({field if field in fields else "": refused.message})

    def __bool__(self) -> bool:
        return bool(self._found)

    def __getitem__(self, field: str) -> str:
        return self._found[field]

    def add(self, field: str, sentence: str) -> None:
        """Say what is wrong with a field."""
        self._found.setdefault(field, sentence)

    def at(self, field: str) -> dict[str, str] | None:
        """What a field of GOV.UK's macros is told; None where nothing is wrong with it."""
        return {"text": self._found[field]} if field in self._found else None

    @property
    def summary(self) -> dict[str, Any]:
        """What the summary at the top is told: each sentence leads to its field."""
        return {"titleText": "There is a problem", "errorList": list(self._lines())}

    def _lines(self) -> Iterator[dict[str, str]]:
        for field, sentence in self._found.items():
            yield {"text": sentence, "href": f"#{field}" if field else "#form"}
