"""The Temporal workflows: they wait and retry durably, and decide nothing by rules."""
