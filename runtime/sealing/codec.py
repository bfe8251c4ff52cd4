"""All that Temporal keeps about a referral is sealed with that referral's own key, for one place only.

The workflow id in the serialization context decides the key. The additional data of each seal names the namespace,
the workflow and the payload's place (`Place`), so that a copy elsewhere does not open.

What Temporal does not pass through a codec stays plaintext: workflow, update and activity ids, search attributes, the
names of updates, signals and queries, and the types of errors.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from runtime.sealing.places import ENCODING, PayloadRefused, Place, mark, refuse, take_mark
from stores.keys.referral_keys import (
    INSTALLATION,
    DataKey,
    KeyErased,
    KeyStore,
    KeyUnknown,
    MasterKeyProblem,
    SealBroken,
)
from workflows.ids import DIGEST

_REFERENCE = "encryption-key-id"
_VERSION = "seal-version"
_PLACE = "seal-place"

_FOR_A_PLACE = b"2"
"""The version of seals that name their place. Older seals have none; their additional data is the reference."""

OLD_BEGINS_WITHIN = timedelta(days=1)
"""How long after the migration payloads sealed by an older process may start something in a workflow: those in transit
then, and those of processes not replaced yet."""

OLD_READ_WITHIN = timedelta(days=30)
"""How long after it activities and callers read payloads of an older process. Messages may be retried for days."""

_OLD = b"old until "


def reference_of(workflow_id: str) -> str | None:
    """Whose key seals a workflow's payloads: the referral `RJ-7KQ4-M2X1` for `referral/RJ-7KQ4-M2X1` and its children,
    `referral/RJ-7KQ4-M2X1/notice/12-1`; the installation for `service/digest` and the like, which hold no participant's
    data; None for any other."""
    prefix, _, rest = workflow_id.partition("/")
    match prefix:
        case "referral":
            return rest.partition("/")[0] or None
        case "service":
            return INSTALLATION
        case _:
            return None


class _Bound(NamedTuple):
    """What a workflow's payloads are bound to: the reference of the key, and the additional data for each place."""

    workflow_id: str
    reference: str
    data: dict[bytes, bytes]


@functools.lru_cache(maxsize=4096)
def _bound(namespace: str, workflow_id: str) -> _Bound | None:
    reference = reference_of(workflow_id)
    if reference is None:
        return None
    return _Bound(
        workflow_id,
        reference,
        {place.encode(): _additional_data(namespace, workflow_id, place) for place in Place},
    )


def _additional_data(namespace: str, workflow_id: str, place: Place) -> bytes:
    if place in _SET_BY_A_SCHEDULE and workflow_id.startswith(f"{DIGEST}-"):
        # A schedule's start argument is sealed when the schedule is made, and Temporal then appends the time to the
        # id. So it is bound to the schedule's id; all other payloads of the day's workflow to its own id.
        workflow_id = DIGEST
    # Each prefixed with its length: no two lists of fields give the same bytes.
    fields = (b"temporal payload", _FOR_A_PLACE, namespace.encode(), workflow_id.encode(), place.encode())
    return b"".join(len(field).to_bytes(4) + field for field in fields)


_SET_BY_A_SCHEDULE = (Place.START, Place.MEMO, Place.DESCRIPTION, Place.HEADER)

_TO_A_CALLER = frozenset({Place.UPDATE_ANSWER, Place.QUERY_ANSWER, Place.WORKFLOW_ANSWER, Place.DESCRIPTION})
_TO_WHO_QUERIES = frozenset({Place.QUERY_ANSWER})
_TO_AN_ACTIVITY = frozenset({Place.ACTIVITY, Place.HEARTBEAT})


_querying: ContextVar[bool] = ContextVar("querying", default=False)


@contextmanager
def querying() -> Iterator[None]:
    """Payloads decoded in this context are query answers: the SDK tells the codec only the workflow."""
    token = _querying.set(True)
    try:
        yield
    finally:
        _querying.reset(token)


class ReferralCodec(PayloadCodec, WithSerializationContext):
    """Seals payloads for a workflow and a place in it (AES-256-GCM); none leaves in plaintext.

    What a payload is, is written on it by who knows (`places.mark`): `plugin` for what callers send,
    `sandbox` for what workflows do. One without a mark is what only one thing can be in its context: what a
    caller says in a summary, what an activity answers.

    `encode` raises PayloadRefused where there is no referral. `decode` raises it for what is in the clear, and for what
    is sealed for another workflow, namespace or place; who does not raise is `open_for_workflow`. All raise
    stores.keys.KeyErased and KeyUnknown, and what the database raises.
    """

    __slots__ = ("_bound", "_keys", "_opens", "_seals_for")

    def __init__(
        self,
        keys: KeyStore,
        bound: _Bound | None = None,
        seals_for: Place = Place.DESCRIPTION,
        opens: frozenset[Place] = frozenset(),
    ) -> None:
        self._keys = keys
        self._bound = bound
        self._seals_for = seals_for
        self._opens = opens

    def with_context(self, context: SerializationContext) -> Self:
        """The codec for the workflow, child workflow or activity that the context names."""
        match context:
            case WorkflowSerializationContext():
                bound = _bound(context.namespace, context.workflow_id)
                to_whom = _TO_WHO_QUERIES if _querying.get() else _TO_A_CALLER
                return type(self)(self._keys, bound, Place.DESCRIPTION, to_whom)
            case ActivitySerializationContext(workflow_id=str(workflow_id)):
                bound = _bound(context.namespace, workflow_id)
                return type(self)(self._keys, bound, Place.ACTIVITY_ANSWER, _TO_AN_ACTIVITY)
            case _:
                return type(self)(self._keys)

    def at(self, place: Place) -> Self:
        """The same codec, for payloads of one place only."""
        return type(self)(self._keys, self._bound, place, frozenset({place}))

    async def opens(self, payload: Payload) -> bool:
        """Whether a payload was sealed for this place, or before places existed; refuses nothing.

        Raises:
            stores.keys.KeyErased, stores.keys.KeyUnknown.
        """
        try:
            _, place = await self._open(payload)
        except PayloadRefused:
            return False
        return place is None or place in self._opens

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload whole, with its metadata."""
        bound = self._bound
        if bound is None:
            # The client encodes headers without a context, after runtime.sealing.plugin has sealed them with one.
            if all(payload.metadata.get("encoding") == ENCODING for payload in payloads):
                return list(payloads)
            raise PayloadRefused(
                "Nothing is sent to Temporal unencrypted, and a key exists only for a workflow whose id begins "
                "with referral/REFERENCE or service/."
            )
        key = await self._keys.get(bound.reference)
        return [self._sealed(payload, bound, key) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Unseal the payloads, each of which must have been sealed for this place."""
        return [await self._open_here(payload) for payload in payloads]

    async def open_for_workflow(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Unseal the payloads, each marked with the place it was sealed for; one that does not open is replaced.

        Anybody who reaches Temporal can send plaintext; it must have no effect. Raising here would fail the workflow
        task, and let a stranger block a referral. `runtime.sealing.sandbox` looks at the marks.
        """
        return [await self._open_or_refuse(payload) for payload in payloads]

    def _sealed(self, payload: Payload, bound: _Bound, key: DataKey) -> Payload:
        place = take_mark(payload) or self._seals_for.encode()
        data = bound.data.get(place)
        if data is None:
            raise PayloadRefused("A payload has no known place to be sealed for.")
        return Payload(
            metadata={
                "encoding": ENCODING,
                _REFERENCE: bound.reference.encode(),
                _VERSION: _FOR_A_PLACE,
                _PLACE: place,
            },
            data=key.seal(payload.SerializeToString(), data),
        )

    async def _open_here(self, payload: Payload) -> Payload:
        try:
            opened, place = await self._open(payload)
            await self._require_here(place)
        except PayloadRefused:
            self._say_refused()
            raise
        return opened

    def _say_refused(self) -> None:
        # Brings rich in, for tracebacks, which a client has no need of.
        import structlog

        structlog.stdlib.get_logger(__name__).error(
            "a payload that was not sealed for its place was refused",
            alert="payload_refused",
            workflow_id=self._bound.workflow_id if self._bound else None,
            place=", ".join(sorted(self._opens)),
        )

    async def _require_here(self, place: Place | None) -> None:
        if place in self._opens:
            return
        if place is None:
            if datetime.now(UTC) < await self._keys.places_named_since() + OLD_READ_WITHIN:
                return
            raise PayloadRefused("A payload of an older version is no longer read.")
        raise PayloadRefused("A payload was sealed for another place.")

    async def _open_or_refuse(self, payload: Payload) -> Payload:
        try:
            opened, place = await self._open(payload)
        except PayloadRefused:
            refused = Payload()
            refuse(refused)
            return refused
        mark(opened, place.encode() if place else await self._old())
        return opened

    async def _old(self) -> bytes:
        until = await self._keys.places_named_since() + OLD_BEGINS_WITHIN
        return _OLD + str(until.timestamp()).encode()

    async def _open(self, payload: Payload) -> tuple[Payload, Place | None]:
        """The payload and the place it was sealed for; None for one from before places existed."""
        metadata, bound = payload.metadata, self._bound
        if metadata.get("encoding") != ENCODING:
            raise PayloadRefused("A payload was not sealed.")
        if bound is None or metadata.get(_REFERENCE) != bound.reference.encode():
            raise PayloadRefused("A payload was sealed for another referral, or for none.")
        place = metadata.get(_PLACE, b"")
        match metadata.get(_VERSION):
            case None if not place:
                data: bytes | None = bound.reference.encode()
            case b"2":
                data = bound.data.get(place)
            case _:
                data = None
        if data is None:
            raise PayloadRefused("A payload was sealed by an unknown version.")
        key = await self._keys.get(bound.reference)
        try:
            opened = Payload.FromString(key.open(payload.data, data))
        except (SealBroken, DecodeError) as error:
            raise PayloadRefused(
                "A payload was sealed for another place, or has been altered since."
            ) from error
        return opened, Place(place.decode()) if place else None


def may_stand(place: bytes | None, expected: Iterable[Place], at: float) -> bool:
    """Whether a payload marked by `open_for_workflow` is allowed where it was found.

    Args:
        place: the mark.
        expected: the places that it may have been sealed for.
        at: the workflow's time when it was found, in seconds since 1970, so that a replay gives the same answer.
    """
    if place is None:
        return False
    if place.startswith(_OLD):
        return at < float(place[len(_OLD) :])
    return Place(place.decode()) in expected


async def opens_as_start(client: Client, execution: str, payload: Payload) -> bool:
    """Whether this installation sealed a workflow's first argument for that workflow, as far as the client's keys can
    tell."""
    if payload.metadata.get("encoding") != ENCODING:
        return False
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=execution)
    codec = client.data_converter.with_context(context).payload_codec
    if not isinstance(codec, ReferralCodec):
        return True  # a client without keys cannot tell more
    try:
        return await codec.at(Place.START).opens(payload)
    except KeyUnknown:
        return False
    except (KeyErased, MasterKeyProblem, SealBroken):
        return True  # cannot be told without its key
