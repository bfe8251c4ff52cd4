"""The situations of which an invented service has at least one referral, so that every list shows something."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from lifecycle.notifying.tasks import open_tasks
from schemas.commands import OpenReferral
from schemas.facts import NewParticipant
from schemas.people import ContactSafety
from schemas.vocabulary import AgeBand, Initiator, Interest, RiskFactor, Source, Stage, Verdict
from simulation.year.chances import TransferEnd
from simulation.year.courses import Answers, Course
from stores.logs.whole_logs import WholeLog

Found: TypeAlias = Callable[[WholeLog, datetime], bool]
"""Whether a referral is in the situation at that moment, the end of the year."""

_YES = Answers(
    attempts=0,
    reached=True,
    thinks_first=False,
    interest=Interest.INTERESTED,
    acknowledges=True,
    pleads_guilty=True,
)
_NOTHING_BETWEEN: Mapping[str, Any] = {
    "duplicate": False,
    "adjourned": True,
    "verdict": Verdict.PROCEED_INDIRECT,
    "leaves_in": None,
    "concern_in": None,
    "hold_in": None,
    "moves_in": None,
}


@dataclass(frozen=True)
class Situation:
    """One of them.

    Attributes:
        days: how long ago a referral arrived that is most likely to be in it: from, until.
        course: what of its course is not left to chance.
        willing: whether everybody is reached and takes part, so that it goes on.
        unreachable: whether it was asked for by the person harmed, whom no message may reach.
        two_harmed: whether two people were harmed.
        between_areas: whether the year must be of more than one area.
    """

    there: Found
    days: tuple[float, float]
    course: Mapping[str, Any] = field(default_factory=dict)
    willing: bool = True
    unreachable: bool = False
    two_harmed: bool = False
    between_areas: bool = False

    def age(self, chance: random.Random) -> timedelta:
        """How long ago one arrived that is looked at."""
        return timedelta(days=chance.uniform(*self.days))

    def bent(self, form: OpenReferral, course: Course) -> tuple[OpenReferral, Course]:
        """The form and the course, changed so that they are likely to lead to it."""
        if self.willing:
            course = replace(course, answers=dict.fromkeys(course.answers, _YES), **_NOTHING_BETWEEN)
        if self.unreachable:
            nobody = tuple(
                each.model_copy(update={"contact_safety": ContactSafety()}) for each in form.participants
            )
            asked = {"source": Source.SELF, "initiator": Initiator.HARMED_PERSON, "participants": nobody}
            form = form.model_copy(update=asked)
        if self.two_harmed:
            form = form.model_copy(update={"participants": _with_another_harmed(form.participants)})
        return form, replace(course, **self.course)


def _with_another_harmed(people: tuple[NewParticipant, ...]) -> tuple[NewParticipant, ...]:
    if any(each.id == "h2" for each in people):
        return people
    first = next(each for each in people if each.id == "h1")
    another = first.model_copy(update={"id": "h2", "age_band": AgeBand.FROM_35_TO_54})
    if another.person is not None:
        person = another.person.model_copy(update={"name": "Vera Invented", "date_of_birth": None})
        another = another.model_copy(update={"person": person})
    return (*people, another)


def _in(stage: Stage) -> Found:
    return lambda log, end: log.referral.stage is stage


def _overdue(log: WholeLog, end: datetime) -> bool:
    return any(deadline.due_at <= end for deadline in log.deadlines)


SITUATIONS: Mapping[str, Situation] = {
    "received": Situation(_in(Stage.RECEIVED), (0.01, 0.2), {"pace": 4}),
    "victim contact": Situation(_in(Stage.VICTIM_CONTACT), (2, 10)),
    "risk assessment": Situation(_in(Stage.RISK_ASSESSMENT), (6, 30)),
    "offender consent": Situation(_in(Stage.OFFENDER_CONSENT), (15, 45)),
    "preparation": Situation(_in(Stage.PREPARATION), (25, 70)),
    "conference": Situation(_in(Stage.CONFERENCE), (35, 90)),
    "follow-up": Situation(_in(Stage.FOLLOW_UP), (60, 120)),
    "closed": Situation(_in(Stage.CLOSED), (60, 300), willing=False),
    "overdue": Situation(_overdue, (5, 60), {"pace": 8}),
    "escalated": Situation(lambda log, end: bool(log.referral.escalations), (6, 60), {"pace": 10}),
    "on hold": Situation(
        lambda log, end: log.referral.hold is not None, (15, 50), {"hold_in": Stage.VICTIM_CONTACT, "pace": 2}
    ),
    "safeguarding": Situation(
        lambda log, end: log.referral.safeguarding is not None,
        (8, 40),
        {"concern_in": Stage.RISK_ASSESSMENT, "pace": 2},
    ),
    "sign-off": Situation(
        lambda log, end: bool(log.referral.sign_off_requests), (12, 40), {"high_factor": RiskFactor.THREATS}
    ),
    "several activities": Situation(
        lambda log, end: sum(each.to_come for each in log.referral.activities) > 1,
        (25, 70),
        {"apart": True, "one_ends": False},
        two_harmed=True,
    ),
    "exchange": Situation(
        lambda log, end: not log.referral.closed and bool(log.referral.communications),
        (30, 80),
        {"writes": True, "replies": True},
    ),
    "offered to another area": Situation(
        lambda log, end: log.referral.transfer_offer is not None,
        (3, 25),
        {"moves_in": Stage.VICTIM_CONTACT, "pace": 2},
        between_areas=True,
    ),
    "from another area": Situation(
        lambda log, end: bool(log.referral.transfers) and not log.referral.closed,
        (15, 50),
        {"moves_in": Stage.VICTIM_CONTACT, "transfer": TransferEnd.ACCEPTED},
        between_areas=True,
    ),
    "task": Situation(
        lambda log, end: bool(open_tasks(log.referral)), (0.1, 3), {"pace": 4}, unreachable=True
    ),
    "sensitive": Situation(lambda log, end: log.referral.sensitive, (5, 60), willing=False),
}
"""By what they are called. Each is looked for, and lived through if chance has given none."""
