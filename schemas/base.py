"""The base class and the shared types of the models in this package."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema, core_schema

from schemas.areas import LONDON
from schemas.privacy import Sensitive


class Model(BaseModel):
    """Immutable. An unknown field is ignored, so that what a newer version stored can still be read.

    Input (command line, HTTP, import) is parsed with unknown fields forbidden. Errors never repeat the input.

    What reads and writes a model is made when the model is first used: making it for all takes a tenth of a second,
    and a command uses few. A process that serves makes all at its start, by :func:`prepare_models`.
    """

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, str_strip_whitespace=True, defer_build=True
    )


def prepare_models() -> None:
    """Make at once what reads and writes every model that has been imported.

    For a process that serves: there several threads may be the first to use a model, and the first caller would wait.
    """
    models = [Model]
    for model in models:
        models += model.__subclasses__()
        model.model_rebuild()


class ByKind:
    """Marks a union of models that are told apart by their field `kind`: each is read and written by itself.

    With pydantic's own discriminator, whoever reads one of them would wait until what reads and writes each is made.
    """

    def __get_pydantic_core_schema__(self, union: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the union, which names its models and does not contain their schemas."""
        return core_schema.tagged_union_schema(
            {
                model.model_fields["kind"].default: core_schema.no_info_plain_validator_function(
                    model.model_validate
                )
                for model in get_args(union)
            },
            discriminator="kind",
        )


ParticipantId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{1,2}[0-9]{1,2}$"),
    Field(description="a participant's id within the referral, such as h1 (harmed) or r1 (responsible)"),
]

ActivityId = Annotated[
    str,
    StringConstraints(pattern=r"^a[1-9][0-9]?$"),
    Field(description="an activity's id within the referral, such as a1"),
]

FIRST_ACTIVITY = "a1"
"""The activity of every event that names none: those of versions that knew one activity only."""

D = TypeVar("D", bound=date)

_DAY = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
# A date outside these years is a typing mistake, and calculating with it could leave the calendar's range.
_YEARS = range(1900, 2200)


def _begins_with_a_day(value: Any) -> bool:
    # A bare number would be read as seconds since 1970.
    return not isinstance(value, int | float) and (not isinstance(value, str) or bool(_DAY.match(value)))


def _written_out(value: Any) -> Any:
    if not _begins_with_a_day(value):
        raise ValueError("write the day as year-month-day, such as 2026-11-26")
    return value


def _with_its_time(value: Any) -> Any:
    # A day alone would be read as midnight, which nobody means.
    if not _begins_with_a_day(value) or (isinstance(value, str) and _DAY.fullmatch(value.rstrip())):
        raise ValueError("write the day with the time, such as 2026-11-26T14:00")
    return value


def _within_years(value: D) -> D:
    if value.year not in _YEARS:
        raise ValueError(f"the year must lie between {_YEARS[0]} and {_YEARS[-1]}")
    return value


def _by_the_clock_in_london(value: Any, parse: ValidatorFunctionWrapHandler) -> datetime:
    moment: datetime = parse(value)
    if moment.utcoffset() is not None:
        return moment.astimezone(UTC)
    if not isinstance(value, str):
        # A datetime object without an offset could be in any time zone.
        raise ValueError("needs an offset from UTC")
    earlier, later = (moment.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier < later:
        raise ValueError(
            "that time occurs twice, as the clocks go back: add +01:00 for the first, +00:00 for the second"
        )
    if earlier > later:
        raise ValueError(
            "that time does not exist, as the clocks go forward: write another, or add the offset +00:00"
        )
    return earlier


Day = Annotated[date, BeforeValidator(_written_out), AfterValidator(_within_years)]
"""A day in England and Wales."""

Moment = Annotated[
    datetime,
    BeforeValidator(_with_its_time),
    AfterValidator(_within_years),
    WrapValidator(_by_the_clock_in_london),
]
"""An instant, in UTC. Written without an offset it is London time."""

Note = Annotated[str | None, Sensitive, Field(max_length=4000, description="what staff wrote; sealed")]
