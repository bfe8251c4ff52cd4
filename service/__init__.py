"""What every process shares: settings, servers, logging, metrics."""
