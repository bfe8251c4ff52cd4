"""The web console: it parses what a person asks, calls `casework`, and shows pages."""
