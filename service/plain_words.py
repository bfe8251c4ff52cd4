"""What pydantic says of a value that is not as it must be, in words for the person who wrote it."""

MEANS = {
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
"""By the type of the problem; what it is that must have fields, each place says in its own words."""
