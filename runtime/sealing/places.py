"""Where in Temporal a payload may stand. What is sealed is sealed for one place, and is obeyed at no other."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

ENCODING: Final = b"binary/encrypted"
NOT_ENCRYPTED: Final = b"binary/not-encrypted"
"""What stands in the place of a payload that was refused; no converter reads it."""

_MARK = "rj-place"


class PayloadRefused(ApplicationError):
    """A payload that is in the clear, or was sealed for another place than the one where it was found.

    Not tried again: trying changes nothing.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, type="PayloadRefused", non_retryable=True)


class Place(StrEnum):
    """What a payload is. An activity's arguments, for one, never open as what an activity answered."""

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
    """Write on a payload that is not sealed for what place it is, or was, sealed. The mark is never sent."""
    payload.metadata[_MARK] = mark


def take_mark(payload: Payload) -> bytes | None:
    """Take the mark off again."""
    return payload.metadata.pop(_MARK, None)


def refuse(payload: Payload) -> None:
    """Put in the place of a payload one that nobody can read."""
    payload.Clear()
    payload.metadata["encoding"] = NOT_ENCRYPTED


def is_refused(payload: Payload) -> bool:
    """Whether it was refused."""
    return bool(payload.metadata.get("encoding") == NOT_ENCRYPTED)
