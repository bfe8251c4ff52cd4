"""The places of payloads in Temporal. A payload is sealed for one place and accepted at no other."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

ENCODING: Final = b"binary/encrypted"
NOT_ENCRYPTED: Final = b"binary/not-encrypted"
"""The encoding of the replacement for a refused payload; no converter reads it."""

_MARK = "rj-place"


class PayloadRefused(ApplicationError):
    """A payload was not sealed, or was sealed for another place than where it was found.

    Not retried, since a retry would change nothing.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, type="PayloadRefused", non_retryable=True)


class Place(StrEnum):
    """What a payload is. An activity's arguments, for example, never open as an activity's result."""

    START = "start"
    UPDATE = "update"
    SIGNAL = "signal"
    QUERY = "query"
    ACTIVITY = "activity"
    UPDATE_ANSWER = "update answer"
    QUERY_ANSWER = "query answer"
    ACTIVITY_ANSWER = "activity answer"
    WORKFLOW_ANSWER = "workflow answer"
    HEARTBEAT = "heartbeat"
    FAILURE = "failure"
    HEADER = "header"
    MEMO = "memo"
    DESCRIPTION = "description"


def mark(payload: Payload, mark: bytes) -> None:
    """Mark an unsealed payload with the place it is to be, or was, sealed for. The mark is never sent."""
    payload.metadata[_MARK] = mark


def take_mark(payload: Payload) -> bytes | None:
    """Remove and return the mark."""
    return payload.metadata.pop(_MARK, None)


def refuse(payload: Payload) -> None:
    """Replace a payload by one that nobody can read."""
    payload.Clear()
    payload.metadata["encoding"] = NOT_ENCRYPTED


def is_refused(payload: Payload) -> bool:
    """Whether it was refused."""
    return bool(payload.metadata.get("encoding") == NOT_ENCRYPTED)
