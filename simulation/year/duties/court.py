"""News from the court before a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas import commands as c
from schemas.commands import Command
from schemas.vocabulary import (
    ClosureReason,
    EndReason,
    Interest,
    JusticeStage,
    ParticipantRole,
    Plea,
)
from simulation.year.duties.table import Case, Todo, today


def news_from_court(case: Case) -> Iterator[Todo]:
    """The plea comes first, then the judge adjourns so that the work can be done, or does not."""
    referral = case.referral
    if referral.justice_stage is not JusticeStage.PRE_SENTENCE:
        return
    if not any(each.interest is Interest.INTERESTED for each in referral.taking_part(ParticipantRole.HARMED)):
        return
    people = referral.taking_part(ParticipantRole.RESPONSIBLE)
    guilty = all(
        case.course.answers[each.id].pleads_guilty for each in people if each.id in case.course.answers
    )
    if referral.plea is None:
        plea = Plea.GUILTY if guilty else Plea.NOT_GUILTY
        yield Todo("plea", case.caseworker, 6, lambda at: c.RecordCourtNews(plea=plea))
    elif referral.plea is Plea.NOT_GUILTY:
        for person in people:

            def end(at: datetime, who: str = person.id) -> Command:
                return c.EndParticipation(participant=who, reason=EndReason.NOT_GUILTY_PLEA)

            yield Todo(f"not_guilty/{person.id}", case.caseworker, 0.5, end)
    elif referral.adjourned is None:
        yield Todo("adjourned", case.caseworker, 4, lambda at: _adjournment(case.course.adjourned, at))
    elif not referral.adjourned:
        yield Todo(
            "not_adjourned",
            case.caseworker,
            1,
            lambda at: c.Close(reason=ClosureReason.COURT_NO_ADJOURNMENT),
        )


def _adjournment(adjourned: bool, at: datetime) -> Command:
    new_date = today(at) + timedelta(weeks=8) if adjourned else None
    return c.RecordCourtNews(adjourned=adjourned, court_date=new_date)
