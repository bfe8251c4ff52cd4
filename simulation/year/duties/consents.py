"""The consents that people give, a child's with that of a guardian."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lifecycle.people.consents import in_force
from schemas import commands as c
from schemas.commands import Command
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    Agency,
    ConsentForm,
    ParticipantRole,
    Purpose,
)
from simulation.year.duties.table import Case, Todo, today

_FORM = "2026.1"


def consents(case: Case, person: Participant, *purposes: Purpose) -> Iterator[Todo]:
    """The consents of a person that are missing; a child's guardian is asked too."""
    referral = case.referral
    for purpose in purposes:
        if in_force(referral, person, purpose):
            continue
        standing = [
            each.by_guardian
            for each in referral.consents
            if each.participant == person.id and each.purpose is purpose and each.in_force
        ]
        asked: list[str | None] = [None]
        if person.child:
            asked += [each.id for each in _guardians(referral, person)]
        for guardian in asked:
            if guardian in standing:
                continue

            def give(at: datetime, purpose: Purpose = purpose, guardian: str | None = guardian) -> Command:
                shares = purpose is Purpose.SHARE_RISK_INFORMATION
                return c.GiveConsent(
                    participant=person.id,
                    purpose=purpose,
                    form_version=_FORM,
                    given_on=today(at),
                    form=ConsentForm.WRITTEN,
                    by_guardian=guardian,
                    agencies=(Agency.POLICE, Agency.PROBATION) if shares else (),
                )

            ended = case.times("participation_ended")
            key = f"consent/{person.id}/{purpose}/{guardian}/{ended}"
            yield Todo(key, case.facilitator, 1.5 if guardian else 0.3, give)


def _guardians(referral: Referral, person: Participant) -> list[Participant]:
    return [
        each
        for each in referral.participants
        if each.role is ParticipantRole.GUARDIAN and each.accompanies == person.id and each.active
    ]
