"""Keeping the service healthy: serving, doctor, what is stuck, reconciling, erasure, upgrading, verifying."""
