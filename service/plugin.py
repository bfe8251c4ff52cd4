"""The one plugin that makes a client, a worker and a replayer speak of referrals alike: pydantic models,
encrypted with the referral's key, failures and headers too."""

from __future__ import annotations

from collections.abc import Mapping
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
from temporalio.common import HeaderCodecBehavior
from temporalio.plugin import SimplePlugin
from temporalio.worker import ReplayerConfig

from service.codec import ReferralCodec, reference_of
from service.converter import referral_converter
from service.sandbox import ReferralRunner
from stores.keys import KeyStore


def referral_plugin(keys: KeyStore) -> SimplePlugin:
    """Give it to `Client.connect`, from which workers inherit it, and to `Replayer`; after any other, so that
    it encrypts the headers which that one sets."""
    return _ReferralPlugin(keys)


class _ReferralPlugin(SimplePlugin):
    def __init__(self, keys: KeyStore) -> None:
        super().__init__(
            "rj-referrals",
            data_converter=referral_converter(keys),
            interceptors=[_EncryptHeaders(keys)],
            workflow_runner=ReferralRunner(),
        )

    # SimplePlugin has no parameter for headers.
    def configure_client(self, config: ClientConfig) -> ClientConfig:
        config = super().configure_client(config)
        config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
        return config

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        config = super().configure_replayer(config)
        config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
        return config


class _EncryptHeaders(Interceptor):
    """The client gives its codec no context for headers; here the workflow's id is still known."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def intercept_client(self, inner: OutboundInterceptor) -> OutboundInterceptor:
        return _HeaderEncrypter(inner, self._keys)


class _HeaderEncrypter(OutboundInterceptor):
    def __init__(self, inner: OutboundInterceptor, keys: KeyStore) -> None:
        super().__init__(inner)
        self._keys = keys

    async def start_workflow(self, call: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        call.headers = await self._encrypted(call.headers, call.id)
        return await super().start_workflow(call)

    async def query_workflow(self, call: QueryWorkflowInput) -> Any:
        call.headers = await self._encrypted(call.headers, call.id)
        return await super().query_workflow(call)

    async def signal_workflow(self, call: SignalWorkflowInput) -> None:
        call.headers = await self._encrypted(call.headers, call.id)
        await super().signal_workflow(call)

    async def start_workflow_update(self, call: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        call.headers = await self._encrypted(call.headers, call.id)
        return await super().start_workflow_update(call)

    async def start_update_with_start_workflow(
        self, call: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        start, update = call.start_workflow_input, call.update_workflow_input
        start.headers = await self._encrypted(start.headers, start.id)
        update.headers = await self._encrypted(update.headers, start.id)
        return await super().start_update_with_start_workflow(call)

    async def _encrypted(self, headers: Mapping[str, Payload], workflow_id: str) -> Mapping[str, Payload]:
        if not headers:
            return headers
        payloads = await ReferralCodec(self._keys, reference_of(workflow_id)).encode(list(headers.values()))
        return dict(zip(headers, payloads, strict=True))
