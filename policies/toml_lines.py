"""On which line of a TOML file each thing stands: what tomllib, which reads the values, does not tell."""

import re
import tomllib
from bisect import bisect_left
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""The keys and, for an item of a list, the number from 0 that lead to a thing in a file."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|'
    r"'''.*?'''(?:'{0,2})|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
# A number, a word or a date, which may have a space before its time of day.
_OTHER = re.compile(r"\d{4}-\d\d-\d\d \d[^\s,\]}#]*|[^\s,\]}#]+")


def lines(text: str) -> dict[Place, int]:
    """The line, counted from 1, of every table, key and item of a list.

    Args:
        text: what tomllib accepts; of anything else the answer is worth nothing.
    """
    return _Reader(text).read()


class _Reader:
    """Walks through a file that is known to be well formed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at = 0
        self._found: dict[Place, int] = {}
        self._entries: dict[Place, int] = {}

    def read(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> Place:
        line = self._line()
        is_list = self._text.startswith("[[", self._at)
        self._at += 2 if is_list else 1
        *above, last = self._keys()
        self._at += 2 if is_list else 1
        place: Place = ()
        for key in above:
            place = self._entered((*place, key), line)
        place = (*place, last)
        if is_list:
            self._found.setdefault(place, line)
            self._entries[place] = self._entries.get(place, -1) + 1
        return self._entered(place, line)

    def _entered(self, place: Place, line: int) -> Place:
        """A table that a header names; of a list of tables, the entry that was begun last."""
        self._found.setdefault(place, line)
        if place in self._entries:
            place = (*place, self._entries[place])
            self._found.setdefault(place, line)
        return place

    def _pair(self, table: Place) -> None:
        line = self._line()
        place = table
        for key in self._keys():
            place = (*place, key)
            self._found.setdefault(place, line)
        self._at += 1  # the equals sign
        self._value(place)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip()
            quoted = _STRING.match(self._text, self._at)
            found = quoted or _BARE_KEY.match(self._text, self._at)
            if found is None:
                raise ValueError(f"no key at {self._at}")
            keys.append(str(tomllib.loads(f"key = {found[0]}")["key"]) if quoted else found[0])
            self._at = found.end()
            self._skip()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _value(self, place: Place) -> None:
        self._skip()
        match self._text[self._at]:
            case "[":
                self._inside("]", place)
            case "{":
                self._inside("}", place)
            case _:
                found = _STRING.match(self._text, self._at) or _OTHER.match(self._text, self._at)
                if found is None:
                    raise ValueError(f"no value at {self._at}")
                self._at = found.end()

    def _inside(self, end: str, place: Place) -> None:
        self._at += 1
        number = 0
        while self._skip() and self._text[self._at] != end:
            if self._text[self._at] == ",":
                self._at += 1
            elif end == "}":
                self._pair(place)
            else:
                self._found[(*place, number)] = self._line()
                self._value((*place, number))
                number += 1
        self._at += 1

    def _skip(self) -> bool:
        """Go past spaces, ends of lines and comments; whether anything is left."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _line(self) -> int:
        return bisect_left(self._ends, self._at) + 1
