"""What a failure gives away."""

from __future__ import annotations


def said(error: BaseException | None) -> str:
    """Every word that an exception, and what is shown as its cause, carries with it."""
    words = ""
    while error is not None:
        words += f"{error} {error!r} {vars(error)} "
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return words
