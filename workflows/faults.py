"""What no trying again mends."""

# Faults of ours do not mend themselves by trying again.
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
