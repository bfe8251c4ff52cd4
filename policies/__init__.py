"""The policy files that ship with the service."""
