"""Failures that retrying cannot fix."""

# Bugs and wrong data: a retry meets them again.
FAULTS = (
    "AssertionError",
    "AttributeError",
    "KeyError",
    "KeyErased",
    "KeyUnknown",
    "PayloadRefused",
    "SealBroken",
    "StepForged",
    "TypeError",
    "ValidationError",
    "ValueError",
)
