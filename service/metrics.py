"""Temporal's runtime, of which a process has one, and the metrics it serves to Prometheus."""

import functools

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from service.settings import BadSetting


@functools.cache
def runtime(metrics_address: str | None) -> Runtime:
    """The runtime for this process's client and worker; raises BadSetting where the address cannot be listened on.

    Our own counters are made on its `metric_meter`, so that they are served beside Temporal's.
    """
    metrics = (
        PrometheusConfig(bind_address=metrics_address, durations_as_seconds=True) if metrics_address else None
    )
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics))
    except (RuntimeError, ValueError):
        raise BadSetting(
            f"RJ_METRICS_ADDRESS={metrics_address} cannot be used: nothing can listen there; choose another port."
        ) from None
