"""What can go wrong when somebody asks for something: of which kind it is, and the sentence that a person reads.

Every way in answers by the kind: the command line with an exit code, the HTTP API with a status.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import asyncpg

from casework.bulk.following import BulkWorkFailed
from casework.spreadsheets.errors import BadSpreadsheet
from lifecycle import Refused
from messages.wording import BadTemplate
from policies.files import BadPolicy
from runtime.embedded.data_folder import NotRunning
from runtime.referrals import NotAnswered, TemporalUnreachable
from runtime.settings import BadSetting
from stores.database import DatabaseUnreachable
from stores.keys.referral_keys import KeyErased, KeyUnknown, MasterKeyInUse, MasterKeyProblem, SealBroken

__all__ = ["Failure", "Kind", "Refused", "failure_of"]

_BAD_INPUT = (BadSetting, BadPolicy, BadSpreadsheet, BadTemplate, MasterKeyProblem)
_REFUSED = (KeyErased, KeyUnknown, MasterKeyInUse, SealBroken)
_UNREACHABLE = (NotRunning, NotAnswered, TemporalUnreachable, DatabaseUnreachable)
_DATABASE_AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
_NOT_PREPARED = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)


class Kind(StrEnum):
    """Of which kind a failure is."""

    BAD_INPUT = "bad_input"
    """What was sent or set cannot be read, or is incomplete; nothing was asked."""
    REFUSED = "refused"
    """It reads well, and the rules or how things stand do not allow it."""
    UNREACHABLE = "unreachable"
    """A server does not answer; the same may be asked again."""
    FAULT = "fault"
    """Of ours."""


class Failure(NamedTuple):
    """Why something did not happen.

    Attributes:
        sentence: as a person reads it; never anything about a person in a referral.
    """

    kind: Kind
    sentence: str


def failure_of(error: Exception) -> Failure | None:
    """What an error comes to; None where it is none of what people can meet."""
    match error:
        case Refused():
            sentence = f"{error.field}: {error.message}" if error.field else error.message
            return Failure(Kind.REFUSED, sentence)
        case BulkWorkFailed():
            return Failure(Kind.FAULT, str(error))
        case _ if isinstance(error, _REFUSED):
            return Failure(Kind.REFUSED, str(error))
        case _ if isinstance(error, _BAD_INPUT):
            return Failure(Kind.BAD_INPUT, str(error))
        case _ if isinstance(error, _UNREACHABLE):
            return Failure(Kind.UNREACHABLE, str(error))
        case _ if isinstance(error, _DATABASE_AWAY):
            return Failure(Kind.UNREACHABLE, "The database stopped answering; nothing is lost, try again.")
        case _ if isinstance(error, _NOT_PREPARED):
            return Failure(
                Kind.UNREACHABLE, "The database lacks our tables: `rj up` makes them, as its owner."
            )
        case _:
            return None
