"""Text made safe for a terminal or a log: nothing in it moves the cursor, changes direction or is invisible."""

from __future__ import annotations

import re

MARK = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that is not shown."""

# Invisible characters that only join or separate their neighbours; the text reads the same without them.
_DROPPED = "\u00ad\u034f\u180b-\u180d\u180f\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
# Characters that count as printable but look blank.
_BLANK = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_TO_DROP = re.compile(f"[{_DROPPED}]")
_ONE_LINE = re.compile(r"\s")


def visible(text: str) -> str:
    """The text with MARK for each control character, direction override, tag, lone surrogate and blank letter.

    Line ends and tabs stay; characters that only join or separate letters, such as a zero-width space, are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, _TO_DROP.sub("", text)))


def one_line(text: str) -> str:
    """As `visible`, with a space for each line end and tab."""
    return visible(_ONE_LINE.sub(" ", text))


def _shown(character: str) -> str:
    if character in "\n\t" or (character.isprintable() and character not in _BLANK):
        return character
    return " " if character.isspace() and not character.isascii() else MARK
