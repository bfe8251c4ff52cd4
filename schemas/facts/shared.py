"""The types of fields that many facts share."""

from typing import Annotated

from pydantic import Field

from schemas.base import ActivityId
from schemas.privacy import Sensitive

Reason = Annotated[
    str | None, Sensitive, Field(min_length=3, max_length=2000, description="why, in words; sealed")
]


Which = Annotated[
    ActivityId | None,
    Field(description="the activity that is meant, such as a1; may be left out where only one can be meant"),
]
