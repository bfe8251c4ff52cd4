"""From models to payloads and back: the SDK's conversion by pydantic, made once in a process, not at every turn."""

from __future__ import annotations

import copy
from typing import Self

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    SerializationContext,
)

from service.codec import ReferralCodec
from stores.keys import KeyStore

_ONCE = PydanticPayloadConverter()


class _SharedPayloadConverter(PydanticPayloadConverter):
    """Every instance shares what pydantic has learned of our types.

    The SDK makes a new one for each workflow and twice in each of its turns; learning the types again costs more
    time than converting, and would be kept in memory for every workflow that is cached.
    """

    def __init__(self) -> None:
        self.converters = _ONCE.converters


class ReferralConverter(DataConverter):
    """Pydantic models, encrypted with the referral's key, failures too."""

    def with_context(self, context: SerializationContext) -> Self:
        """The converter of the referral that the context names; only its codec differs."""
        if not isinstance(self.payload_codec, ReferralCodec):
            return super().with_context(context)
        codec = self.payload_codec.with_context(context)
        if codec is self.payload_codec:
            return self
        # Copied as it is: the base class would make every part anew.
        clone = copy.copy(self)
        object.__setattr__(clone, "payload_codec", codec)
        return clone


def referral_converter(keys: KeyStore) -> ReferralConverter:
    """The converter of every client, worker and replayer."""
    return ReferralConverter(
        payload_converter_class=_SharedPayloadConverter,
        payload_codec=ReferralCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
