"""A referral that was received: looked at for a duplicate, then allocated."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import commands as c
from schemas.vocabulary import (
    ClosureReason,
    Stage,
)
from simulation.year.duties.table import Case, Todo, duty


@duty(Stage.RECEIVED)
def intake(case: Case) -> Iterator[Todo]:
    referral = case.referral
    another = case.another if case.course.duplicate else None
    if referral.duplicate_of:
        yield Todo(
            "duplicate", case.caseworker, 0, lambda at: c.Close(reason=ClosureReason.SERVICE_DUPLICATE)
        )
    elif not referral.duplicate_checked:
        looks = case.pick("check", case.team.caseworkers).id
        yield Todo("check", looks, 0.4, lambda at: c.RecordDuplicateCheck(duplicate_of=another))
    else:
        gets = case.pick("allocate", case.team.caseworkers).id
        yield Todo("allocate", case.supervisor, 0.4, lambda at: c.Allocate(caseworker=gets))
