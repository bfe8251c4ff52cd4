"""Texts that a spreadsheet's program could take for a formula: made harmless when they leave, read as they were."""

from __future__ import annotations

import re

# A program that opens a CSV file runs what begins so, after any white space.
_LIKE_A_FORMULA = re.compile(r"'*\s*[=+\-@\t\r]")
_MADE_HARMLESS = re.compile(r"'+\s*[=+\-@\t\r]")


def made_harmless(text: str) -> str:
    """The text with an apostrophe before what could be taken for a formula; :func:`as_it_was` takes it away again."""
    return f"'{text}" if _LIKE_A_FORMULA.match(text) else text


def as_it_was(text: str) -> str:
    """The text without the apostrophe by which a spreadsheet's program is told that it is text and no formula."""
    return text[1:] if _MADE_HARMLESS.match(text) else text
