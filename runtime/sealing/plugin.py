"""The one plugin that makes a client, a worker and a replayer speak of referrals alike: pydantic models,
sealed with the referral's key for the place where they stand, failures and headers too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    ClientConfig,
    Interceptor,
    OutboundInterceptor,
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
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ReplayerConfig,
    WorkflowRunner,
)
from temporalio.worker import Interceptor as WorkerInterceptor

from runtime.sealing.codec import ReferralCodec, querying
from runtime.sealing.converter import ReferralConverter, referral_converter
from runtime.sealing.places import Place, mark
from stores.keys.referral_keys import KeyStore


def referral_plugin(keys: KeyStore) -> SimplePlugin:
    """Give it to `Client.connect`, from which workers inherit it, and to `Replayer`; after any other, so that
    it encrypts the headers which that one sets."""
    return _ReferralPlugin(keys)


def _referral_runner(_: WorkflowRunner | None) -> WorkflowRunner:
    # For workers and replayers alone.
    from runtime.sealing.sandbox import ReferralRunner

    return ReferralRunner()


class _ReferralPlugin(SimplePlugin):
    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._converter = referral_converter(keys)
        super().__init__(
            "rj-referrals",
            data_converter=self._converter,
            interceptors=[_MarkHeartbeats(self._converter)],
            workflow_runner=_referral_runner,
        )

    # SimplePlugin has no parameter for headers, and none for what depends on the namespace.
    def configure_client(self, config: ClientConfig) -> ClientConfig:
        config = super().configure_client(config)
        config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
        sealing = _SealForPlaces(self._keys, self._converter, config["namespace"])
        config["interceptors"] = [*config.get("interceptors", ()), sealing]
        return config

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        config = super().configure_replayer(config)
        config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
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
        call.args = _marked(self._converter, call.args, Place.START)
        call.start_signal_args = _marked(self._converter, call.start_signal_args, Place.SIGNAL)
        call.headers = await self._sealed(call.headers, call.id)
        return await super().start_workflow(call)

    async def query_workflow(self, call: QueryWorkflowInput) -> Any:
        call.args = _marked(self._converter, call.args, Place.QUERY)
        call.headers = await self._sealed(call.headers, call.id)
        with querying():
            return await super().query_workflow(call)

    async def signal_workflow(self, call: SignalWorkflowInput) -> None:
        call.args = _marked(self._converter, call.args, Place.SIGNAL)
        call.headers = await self._sealed(call.headers, call.id)
        await super().signal_workflow(call)

    async def start_workflow_update(self, call: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        call.args = _marked(self._converter, call.args, Place.UPDATE)
        call.headers = await self._sealed(call.headers, call.id)
        return await super().start_workflow_update(call)

    async def start_update_with_start_workflow(
        self, call: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        start, update = call.start_workflow_input, call.update_workflow_input
        start.args = _marked(self._converter, start.args, Place.START)
        update.args = _marked(self._converter, update.args, Place.UPDATE)
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


class _MarkHeartbeats(WorkerInterceptor):
    """Says of what an activity reports in between that it is no answer."""

    def __init__(self, converter: ReferralConverter) -> None:
        self._converter = converter

    def intercept_activity(self, inner: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ActivityInbound(inner, self._converter)


class _ActivityInbound(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, converter: ReferralConverter) -> None:
        super().__init__(inner)
        self._converter = converter

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_ActivityOutbound(outbound, self._converter))


class _ActivityOutbound(ActivityOutboundInterceptor):
    def __init__(self, inner: ActivityOutboundInterceptor, converter: ReferralConverter) -> None:
        super().__init__(inner)
        self._converter = converter

    def heartbeat(self, *details: Any) -> None:
        super().heartbeat(*_marked(self._converter, details, Place.HEARTBEAT))


def _marked(converter: ReferralConverter, values: Sequence[Any], place: Place) -> list[RawValue]:
    payloads = converter.payload_converter.to_payloads(values)
    for payload in payloads:
        mark(payload, place.encode())
    return [RawValue(payload) for payload in payloads]
