"""Pydantic's validation errors in words for the person who wrote the value."""

from collections.abc import Mapping
from typing import Any

MEANS = {
    "string_too_short": "needs {min_length} or more characters",
    "string_too_long": "takes at most {max_length} characters",
    "too_short": "needs {min_length} or more",
    "too_long": "takes at most {max_length}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "finite_number": "must be a whole number",
    "tuple_type": "must be a list",
    "date_type": "must be a day such as 2026-11-26",
    "date_parsing": "must be a day that exists, such as 2026-11-26",
    "date_from_datetime_parsing": "must be a day that exists, such as 2026-11-26",
    "date_from_datetime_inexact": "must be a day without a time, such as 2026-11-26",
}
"""Sentences by pydantic's error type, filled with its limits; callers add words for types about whole objects."""


def in_words(problem: Any, means: Mapping[str, str]) -> str:
    """The sentence for a problem's type, or pydantic's own message where there is none."""
    if problem["type"] in means:
        return means[problem["type"]].format_map(problem.get("ctx", {}))
    text: str = problem["msg"].replace("Input should", "must").replace("String should", "must")
    return text[0].lower() + text[1:]


def accepted_words(problem: Any) -> list[str]:
    """The accepted words, where the problem is about a closed list."""
    expected: str = problem["ctx"]["expected"]
    return expected.replace("'", "").replace(" or ", ", ").split(", ")
