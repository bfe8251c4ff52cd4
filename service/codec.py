"""Everything Temporal keeps about a referral is encrypted with that referral's own key.

Which key is told by the workflow id in the serialization context. What Temporal does not pass through a codec
stays plaintext: workflow, update and activity ids, search attributes, and the types of errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from stores.keys import INSTALLATION, DataKey, KeyStore

ENCODING = b"binary/encrypted"
NOT_ENCRYPTED = b"binary/not-encrypted"
"""What stands in the place of a payload that came in the clear where none may."""
_REFERENCE = "encryption-key-id"


class PayloadRefused(Exception):
    """A payload that belongs to no referral, or to another than the one at hand."""


def reference_of(workflow_id: str) -> str | None:
    """Whose key seals what a workflow says: the referral's, `RJ-7KQ4-M2X1`, for `referral/RJ-7KQ4-M2X1` and its
    children, `referral/RJ-7KQ4-M2X1/notice/12-1`; the installation's for `service/digest` and the like, which are about
    no person harmed or responsible; None for any other."""
    room, _, rest = workflow_id.partition("/")
    match room:
        case "referral":
            return rest.partition("/")[0] or None
        case "service":
            return INSTALLATION
        case _:
            return None


class ReferralCodec(PayloadCodec, WithSerializationContext):
    """Encrypts payloads for the referral of the context (AES-256-GCM); none leaves in plaintext.

    `encode` raises PayloadRefused where there is no referral, `decode` where there is another than the one
    the payload names; both raise stores.keys.KeyErased and KeyUnknown, `decode` SealBroken.
    """

    __slots__ = ("_keys", "_reference")

    def __init__(self, keys: KeyStore, reference: str | None = None) -> None:
        self._keys = keys
        self._reference = reference

    def with_context(self, context: SerializationContext) -> Self:
        """The codec of the referral whose workflow, child workflow or activity the context names."""
        workflow_id = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow_id = context.workflow_id
        reference = reference_of(workflow_id) if workflow_id else None
        return self if reference == self._reference else type(self)(self._keys, reference)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload whole, metadata too, as the data of an encrypted one."""
        reference = self._reference
        if reference is None:
            # The client encodes headers without a context, after service.plugin has encrypted them with one.
            if all(payload.metadata.get("encoding") == ENCODING for payload in payloads):
                return list(payloads)
            raise PayloadRefused(
                "Nothing is sent to Temporal unencrypted, and a key exists only for a workflow whose id begins "
                "with referral/REFERENCE or service/."
            )
        key = await self._keys.get(reference)
        aad = reference.encode()
        metadata = {"encoding": ENCODING, _REFERENCE: aad}
        return [Payload(metadata=metadata, data=key.seal(p.SerializeToString(), aad)) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads as they were. In a referral's workflow, one in the clear is replaced by one nobody can read."""
        opened = []
        for payload in payloads:
            if payload.metadata.get("encoding") == ENCODING:
                reference = self._reference_in(payload)
                key = await self._keys.get(reference)
                opened.append(_open(payload, key))
            elif self._reference is not None:
                # Whoever can reach Temporal can write in the clear; only who holds the key is obeyed. Raising here
                # would stop the workflow's turn, and let a stranger block a referral; what no converter reads is
                # refused by the update's validator, and nothing else happens.
                opened.append(Payload(metadata={"encoding": NOT_ENCRYPTED}))
            else:
                opened.append(payload)
        return opened

    def _reference_in(self, payload: Payload) -> str:
        named = payload.metadata.get(_REFERENCE, b"").decode()
        if not named or self._reference not in (None, named):
            raise PayloadRefused(
                f"A payload of {named or 'no referral'} was found in a workflow of {self._reference}."
            )
        return named


def _open(payload: Payload, key: DataKey) -> Payload:
    return Payload.FromString(key.open(payload.data, key.reference.encode()))
