"""Text as a terminal or a log may show it: nothing in it moves a cursor, turns a direction or goes unseen."""

from __future__ import annotations

import re

MARK = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that is not shown."""

# What has no look of its own and only joins or parts its neighbours; without it, the text reads the same.
_DROPPED = "\u00ad\u034f\u180b-\u180d\u180f\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
# Letters and signs that are printable by their category, and blank.
_BLANK = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_TO_DROP = re.compile(f"[{_DROPPED}]")
_ONE_LINE = re.compile(r"\s")


def visible(text: str) -> str:
    """The text with its line ends and tabs, where each control character, override of direction, tag, half of a
    character or blank letter is MARK; what only joins or parts letters, such as a zero-width space, is left out.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, _TO_DROP.sub("", text)))


def one_line(text: str) -> str:
    """As `visible`, with a blank for each line end and tab."""
    return visible(_ONE_LINE.sub(" ", text))


def _shown(character: str) -> str:
    if character in "\n\t" or (character.isprintable() and character not in _BLANK):
        return character
    return " " if character.isspace() and not character.isascii() else MARK
