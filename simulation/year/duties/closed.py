"""A closed referral, of which one or the other is reopened."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import commands as c
from schemas.vocabulary import (
    ClosureReason,
    Stage,
)
from simulation.year.duties.table import WORDS, Case, Todo, duty


@duty(Stage.CLOSED)
def reopening(case: Case) -> Iterator[Todo]:
    referral = case.referral
    declined = referral.closure_reason in (
        ClosureReason.HARMED_DECLINED_INFORMED,
        ClosureReason.HARMED_DECLINED_BEFORE_SHARING,
        ClosureReason.RESPONSIBLE_DECLINED,
    )
    if case.course.reopened and declined and not case.times("referral_reopened"):
        yield Todo("reopen", case.supervisor, 25, lambda at: c.Reopen(reason=WORDS))
