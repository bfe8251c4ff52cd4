"""Of which kind a failure is: every way in answers by that."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from casework.bulk.following import BulkWorkFailed
from casework.failures import Kind, failure_of
from lifecycle import Refused
from messages.wording import BadTemplate
from runtime.referrals import NotAnswered
from stores.keys.referral_keys import KeyErased, MasterKeyProblem


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (Refused("closed", "It is closed.", "stage"), Kind.REFUSED, "stage: It is closed."),
        (Refused("closed", "It is closed."), Kind.REFUSED, "It is closed."),
        (
            KeyErased("RJ-7KQ4-M2X1"),
            Kind.REFUSED,
            "Referral RJ-7KQ4-M2X1 has been erased; its details cannot be read.",
        ),
        (MasterKeyProblem("There is none."), Kind.BAD_INPUT, "There is none."),
        (BadTemplate("It lacks a subject."), Kind.BAD_INPUT, "It lacks a subject."),
        (NotAnswered("No answer came in time."), Kind.UNREACHABLE, "No answer came in time."),
        (
            asyncpg.AdminShutdownError("secret"),
            Kind.UNREACHABLE,
            "The database stopped answering; nothing is lost, try again.",
        ),
        (
            asyncpg.UndefinedTableError("secret"),
            Kind.UNREACHABLE,
            "The database lacks our tables: `rj up` makes them, as its owner.",
        ),
        (BulkWorkFailed("It ended."), Kind.FAULT, "It ended."),
    ],
)
def test_what_people_can_meet_has_a_kind_and_a_sentence(error: Exception, kind: Kind, sentence: str) -> None:
    assert failure_of(error) == (kind, sentence)


def test_a_fault_that_nobody_foresaw_has_no_sentence() -> None:
    assert failure_of(KeyError("a name")) is None
    assert failure_of(FileNotFoundError(Path("x"))) is None
