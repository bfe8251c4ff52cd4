"""What every process needs: settings, connections, workers, logging, metrics, readiness."""
