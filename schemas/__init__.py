"""The data model: the state of a referral, the commands on it, the events that happened to it.

Pydantic models with no behaviour beyond validation. Nothing here reads a clock, a file or a network.
"""
