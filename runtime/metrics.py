"""Temporal's runtime, one per process, and the metrics it serves to Prometheus."""

import functools
import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from runtime.settings import BadSetting

_LOGGING = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(
        logger=logging.getLogger("temporal.core"),
        append_target_to_name=False,
        prepend_target_on_message=False,
    ),
)


@functools.cache
def runtime(metrics_address: str | None) -> Runtime:
    """The runtime for this process's client and worker; raises BadSetting where the address cannot be listened on.

    Our own counters are made on its `metric_meter` and served beside Temporal's. The log of Temporal's core goes to
    our log.
    """
    metrics = (
        PrometheusConfig(bind_address=metrics_address, durations_as_seconds=True) if metrics_address else None
    )
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics, logging=_LOGGING))
    except (RuntimeError, ValueError):
        raise BadSetting(
            f"RJ_METRICS_ADDRESS={metrics_address} cannot be used: nothing can listen there; choose another port."
        ) from None
