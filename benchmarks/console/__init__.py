"""How quick the console is on a service of 100,000 referrals: `python -m benchmarks.console`."""
