"""The base of every word here."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.privacy import Sensitive


class Model(BaseModel):
    """Immutable; an unknown field is ignored, so that what was stored by a newer version still reads.

    At the doors (command line, HTTP, import) parsing forbids unknown fields. Errors never repeat the input.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


ParticipantId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{1,2}[0-9]{1,2}$"),
    Field(description="a participant's id within the referral, such as h1 (harmed) or r1 (responsible)"),
]

Note = Annotated[str | None, Sensitive, Field(max_length=4000, description="what staff wrote; sealed")]
