"""What a command must say in words."""

from typing import Annotated

from pydantic import Field

from schemas.privacy import Sensitive

Why = Annotated[str, Sensitive, Field(min_length=3, max_length=2000, description="why, in words; sealed")]


Said = Annotated[str, Sensitive, Field(min_length=3, max_length=4000, description="in words; sealed")]
