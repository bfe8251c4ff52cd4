"""The one plugin that makes a client, a worker and a replayer speak of referrals alike: pydantic models,
sealed with the referral's key for the place where they stand, failures and headers too."""

from __future__ import annotations

from typing import Any

from temporalio.client import ClientConfig
from temporalio.common import HeaderCodecBehavior
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ReplayerConfig,
    WorkflowRunner,
)
from temporalio.worker import Interceptor as WorkerInterceptor

from runtime.sealing.calls import marked, seal_calls
from runtime.sealing.converter import ReferralConverter, referral_converter
from runtime.sealing.places import Place
from stores.keys.referral_keys import KeyStore


def referral_plugin(keys: KeyStore) -> SimplePlugin:
    """Give it to `Client.connect`, from which workers inherit it, and to `Replayer`; after any other, so that
    it encrypts the headers which that one sets."""
    return _ReferralPlugin(keys)


def _referral_runner(_: WorkflowRunner | None) -> WorkflowRunner:
    # For workers and replayers alone.
    from temporalio.worker.workflow_sandbox import SandboxRestrictions

    from runtime.sealing.sandbox import ReferralRunner

    # A validator decides, and with it checks telephone numbers and e-mail addresses: it shares what is imported once.
    shared = SandboxRestrictions.default.with_passthrough_modules("phonenumbers", "email_validator", "idna")
    return ReferralRunner(restrictions=shared)


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
        return seal_calls(super().configure_client(config), self._keys, self._converter)

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        config = super().configure_replayer(config)
        config["header_codec_behavior"] = HeaderCodecBehavior.CODEC
        return config


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
        super().heartbeat(*marked(self._converter, details, Place.HEARTBEAT))
