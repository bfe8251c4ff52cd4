"""What a caseworker's step costs, measured beside an update that does nothing: `python -m benchmarks`."""
