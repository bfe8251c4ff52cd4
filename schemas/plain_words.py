"""What pydantic says of a value that is not as it must be, in words for the person who wrote it."""

from collections.abc import Mapping
from typing import Any

MEANS = {
    "string_too_short": "needs {min_length} or more characters",
    "string_too_long": "takes {max_length} characters at the most",
    "too_short": "needs {min_length} or more",
    "too_long": "takes {max_length} at the most",
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
"""By the type of the problem, with its numbers; what it is that must have fields, each place says in its own words."""


def in_words(problem: Any, means: Mapping[str, str]) -> str:
    """What a problem means by its type, or as pydantic has it where the type has no words of ours."""
    if problem["type"] in means:
        return means[problem["type"]].format_map(problem.get("ctx", {}))
    text: str = problem["msg"].replace("Input should", "must").replace("String should", "must")
    return text[0].lower() + text[1:]


def accepted_words(problem: Any) -> list[str]:
    """The words that would have been accepted, where it is one of a closed list."""
    expected: str = problem["ctx"]["expected"]
    return expected.replace("'", "").replace(" or ", ", ").split(", ")
