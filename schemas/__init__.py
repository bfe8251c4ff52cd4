"""The words of restorative justice: what a referral is, what may be asked of it, what happened to it.

Pydantic models with no behaviour beyond validation. Nothing here reads a clock, a file or a network.
"""
