"""What a client asks of workflows, each payload sealed for its place; it needs nothing of a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    ClientConfig,
    Interceptor,
    OutboundInterceptor,
    Plugin,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.common import HeaderCodecBehavior, RawValue
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import ConnectConfig, ServiceClient

from runtime.sealing.codec import ReferralCodec, querying
from runtime.sealing.converter import ReferralConverter, referral_converter
from runtime.sealing.places import Place, mark
from stores.keys.referral_keys import KeyStore


class CallsPlugin(Plugin):
    """For a client that asks and runs no worker: importing what workers need takes a twentieth of a second."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._converter = referral_converter(keys)

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        """See the base class."""
        config["data_converter"] = self._converter
        return seal_calls(config, self._keys, self._converter)

    async def connect_service_client(
        self,
        config: ConnectConfig,
        next: Callable[[ConnectConfig], Awaitable[ServiceClient]],  # noqa: A002
    ) -> ServiceClient:
        """See the base class."""
        return await next(config)


def seal_calls(config: ClientConfig, keys: KeyStore, converter: ReferralConverter) -> ClientConfig:
    """The configuration of a client whose calls and headers are sealed for their places."""
    config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
    sealing = _SealForPlaces(keys, converter, config["namespace"])
    config["interceptors"] = [*config.get("interceptors", ()), sealing]
    return config


class _SealForPlaces(Interceptor):
    """Says of what a caller sends what it is, which the codec is not told; and seals the headers, for which the client
    gives it no context."""

    def __init__(self, keys: KeyStore, converter: ReferralConverter, namespace: str) -> None:
        self._keys = keys
        self._converter = converter
        self._namespace = namespace

    def intercept_client(self, inner: OutboundInterceptor) -> OutboundInterceptor:
        return _PlaceMarker(inner, self._keys, self._converter, self._namespace)


class _PlaceMarker(OutboundInterceptor):
    def __init__(
        self, inner: OutboundInterceptor, keys: KeyStore, converter: ReferralConverter, namespace: str
    ) -> None:
        super().__init__(inner)
        self._keys = keys
        self._converter = converter
        self._namespace = namespace

    async def start_workflow(self, call: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        call.args = marked(self._converter, call.args, Place.START)
        call.start_signal_args = marked(self._converter, call.start_signal_args, Place.SIGNAL)
        call.headers = await self._sealed(call.headers, call.id)
        return await super().start_workflow(call)

    async def query_workflow(self, call: QueryWorkflowInput) -> Any:
        call.args = marked(self._converter, call.args, Place.QUERY)
        call.headers = await self._sealed(call.headers, call.id)
        with querying():
            return await super().query_workflow(call)

    async def signal_workflow(self, call: SignalWorkflowInput) -> None:
        call.args = marked(self._converter, call.args, Place.SIGNAL)
        call.headers = await self._sealed(call.headers, call.id)
        await super().signal_workflow(call)

    async def start_workflow_update(self, call: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        call.args = marked(self._converter, call.args, Place.UPDATE)
        call.headers = await self._sealed(call.headers, call.id)
        return await super().start_workflow_update(call)

    async def start_update_with_start_workflow(
        self, call: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        start, update = call.start_workflow_input, call.update_workflow_input
        start.args = marked(self._converter, start.args, Place.START)
        update.args = marked(self._converter, update.args, Place.UPDATE)
        start.headers = await self._sealed(start.headers, start.id)
        update.headers = await self._sealed(update.headers, start.id)
        return await super().start_update_with_start_workflow(call)

    async def _sealed(self, headers: Mapping[str, Payload], workflow_id: str) -> Mapping[str, Payload]:
        if not headers:
            return headers
        context = WorkflowSerializationContext(namespace=self._namespace, workflow_id=workflow_id)
        codec = ReferralCodec(self._keys).with_context(context).at(Place.HEADER)
        payloads = await codec.encode(list(headers.values()))
        return dict(zip(headers, payloads, strict=True))


def marked(converter: ReferralConverter, values: Sequence[Any], place: Place) -> list[RawValue]:
    """Values as payloads that say for which place they are to be sealed."""
    payloads = converter.payload_converter.to_payloads(values)
    for payload in payloads:
        mark(payload, place.encode())
    return [RawValue(payload) for payload in payloads]
