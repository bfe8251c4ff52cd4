"""A process of ours: settings, connections, workers, logging, metrics, readiness."""
