"""How a rule says no."""


class Refused(Exception):
    """What was asked for is not possible. Nothing has happened.

    Attributes:
        code: stable and machine-readable, such as ``consent_missing``.
        message: one sentence that a caseworker understands. Never anything about a person.
        field: the field of the command that is at fault, if one is.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
