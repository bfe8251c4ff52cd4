"""The refusal of a command by a rule."""


class Refused(Exception):
    """A command was refused. Nothing has happened.

    Attributes:
        code: stable, for programs, such as ``consent_missing``.
        message: one sentence that a caseworker understands. Never anything about a person.
        field: the command's field that is at fault, if one is.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
