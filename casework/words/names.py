"""People's names as those who work on a referral say them: the first name and an initial."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from casework.words.people import first_name

_A_WORD = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_AN_ID = re.compile(r"\b[a-z]{1,2}[0-9]{1,2}\b")


def short_names(names: Mapping[str, str]) -> dict[str, str]:
    """How each is called: June I.; where two would be called the same, with their id: June I. (h2).

    Args:
        names: whole names, by the participants' ids.
    """
    short = {who: short_name(name) for who, name in names.items()}
    often = Counter(short.values())
    return {who: f"{name} ({who})" if often[name] > 1 else name for who, name in short.items()}


def short_name(name: str) -> str:
    """The first name and the initial of the last: June I."""
    first = first_name(name) or name
    last = name.rsplit(maxsplit=1)[-1]
    return first if last == first else f"{first} {last[0].upper()}."


def spoken(sentence: str, called: Mapping[str, str]) -> str:
    """A sentence of the rules as it is read: people by what they are called, words of lists as words."""
    return _A_WORD.sub(lambda word: word[0].replace("_", " "), with_names(sentence, called))


def with_names(text: str, called: Mapping[str, str]) -> str:
    """A sentence in which people stand by their ids, with what they are called in these places."""

    def name(found: re.Match[str]) -> str:
        return called.get(found[0], found[0])

    return _AN_ID.sub(name, text)
