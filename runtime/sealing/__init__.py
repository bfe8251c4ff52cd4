"""Sealing of all data that Temporal keeps, each payload for its place."""
