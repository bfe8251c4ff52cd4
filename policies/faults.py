"""One thing that is wrong with a policy, and what helps to find and to tell it."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from policies.toml_lines import Place
from schemas.base import Model

M = TypeVar("M", bound=Model)

# Characters of what may be a word misspelt. Comparing takes time that grows with the square of what is compared.
_LONGEST_MEANT = 60


class Fault(NamedTuple):
    """One thing that is wrong with a policy.

    Attributes:
        place: where it is.
        sentence: what it is and what is accepted, without its full stop.
        against: where that stands which it does not agree with.
    """

    place: Place
    sentence: str
    against: tuple[Place, ...] = ()


def instead(given: Any, accepted: Iterable[str]) -> str:
    """What may have been meant or, where nothing is near, all that is accepted."""
    known, word = list(accepted), str(given)
    near = get_close_matches(word, known, n=1) if len(word) <= _LONGEST_MEANT else []
    return f"Did you mean {near[0]}?" if near else f"Accepted: {', '.join(known) or 'none'}"


def valid(model: type[M], table: Any) -> M | None:
    """What a table says; None where it is faulty in itself, which is told elsewhere."""
    try:
        return model.model_validate(table)
    except ValidationError:
        return None


def notice_tables(written: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The notices that are tables, by name. One that is false is not told, and anything else is a fault of its own."""
    notices = written.get("notices")
    if not isinstance(notices, dict):
        return {}
    return {name: rule for name, rule in notices.items() if isinstance(rule, dict)}
