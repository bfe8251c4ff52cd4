"""From models to payloads and back: the SDK's conversion by pydantic, made once in a process, not at every turn."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self

from temporalio.api.common.v1 import Memo, Payload, Payloads
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    PayloadCodec,
    SerializationContext,
)

from runtime.sealing.codec import ReferralCodec
from runtime.sealing.places import NOT_ENCRYPTED, PayloadRefused, Place
from stores.keys.referral_keys import KeyStore


class _RefusedPayloads(EncodingPayloadConverter):
    """Says of a payload that was refused why it cannot be read."""

    @property
    def encoding(self) -> str:
        return NOT_ENCRYPTED.decode()

    def to_payload(self, value: Any) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> NoReturn:
        raise PayloadRefused("This was not sealed by this installation for the place where it was found.")


_ONCE = PydanticPayloadConverter()
_ONCE.converters = {**_ONCE.converters, NOT_ENCRYPTED: _RefusedPayloads()}


class _SharedPayloadConverter(PydanticPayloadConverter):
    """Every instance shares what pydantic has learned of our types.

    The SDK makes a new one for each workflow and twice in each of its turns; learning the types again costs more
    time than converting, and would be kept in memory for every workflow that is cached.
    """

    def __init__(self) -> None:
        self.converters = _ONCE.converters


class ReferralConverter(DataConverter):
    """Pydantic models, sealed with the referral's key for their place, failures too.

    Beside the public methods it overrides those by which the SDK's workers and clients convert what is one thing only:
    tests/runtime/test_codec.py notices should a later SDK go another way.
    """

    def with_context(self, context: SerializationContext) -> Self:
        """The converter of the workflow or activity that the context names; only its codec differs."""
        if not isinstance(self.payload_codec, ReferralCodec):
            return super().with_context(context)
        return self._with_codec(self.payload_codec.with_context(context))

    async def decode(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """What a caller or an activity is given. Raises PayloadRefused."""
        opened = await self._codec.decode(payloads)
        return self.payload_converter.from_payloads(opened, type_hints)

    async def _decode_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        # What a workflow is given, of which the SDK asks the codec only.
        return await self._codec.open_for_workflow(payloads)

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        # Nothing of ours is stored elsewhere. Of what says it is, the SDK raises, and a stranger's signal could block a
        # workflow; here the codec refuses it.
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _transform_outbound_payloads(self, payloads: Payloads) -> None:
        await self._codec.at(Place.FAILURE).encode_wrapper(payloads)

    async def _transform_inbound_payloads(self, payloads: Payloads) -> None:
        await self._codec.at(Place.FAILURE).decode_wrapper(payloads)

    async def _transform_inbound_payload(self, payload: Payload) -> Payload:
        # An activity's header.
        [opened] = await self._codec.at(Place.HEADER).decode([payload])
        return opened

    async def _encode_memo_existing(self, source: Mapping[str, Any], memo: Memo) -> None:
        await DataConverter._encode_memo_existing(self._at(Place.MEMO), source, memo)

    async def _decode_memo(self, source: Memo) -> Mapping[str, Any]:
        return await DataConverter._decode_memo(self._at(Place.MEMO), source)

    async def _decode_memo_field(self, source: Memo, key: str, default: Any, type_hint: type | None) -> Any:
        return await DataConverter._decode_memo_field(self._at(Place.MEMO), source, key, default, type_hint)

    @property
    def _codec(self) -> ReferralCodec:
        codec: PayloadCodec | None = self.payload_codec
        if not isinstance(codec, ReferralCodec):
            raise TypeError("a referral's converter has no other codec than ours")
        return codec

    def _at(self, place: Place) -> Self:
        return self._with_codec(self._codec.at(place))

    def _with_codec(self, codec: PayloadCodec) -> Self:
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
