"""Contact with both sides: they are reached, informed, asked, and say whether they take part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lifecycle.people.consents import in_force
from schemas import commands as c
from schemas.commands import Command
from schemas.referral import Participant
from schemas.vocabulary import (
    Channel,
    ClosureReason,
    ConsentForm,
    ContactOutcome,
    EndReason,
    Initiator,
    Interest,
    JusticeStage,
    ParticipantRole,
    Purpose,
    Stage,
)
from simulation.year.duties.consents import consents
from simulation.year.duties.court import news_from_court
from simulation.year.duties.table import Case, Todo, duty

_CHANNELS = (Channel.PHONE, Channel.TEXT, Channel.PHONE, Channel.EMAIL)
_UNREACHABLE = {
    ParticipantRole.HARMED: ClosureReason.HARMED_NOT_CONTACTABLE,
    ParticipantRole.RESPONSIBLE: ClosureReason.RESPONSIBLE_NOT_CONTACTABLE,
}


@duty(Stage.VICTIM_CONTACT)
def contact_with_the_harmed(case: Case) -> Iterator[Todo]:
    yield from _contact(case, ParticipantRole.HARMED)
    yield from news_from_court(case)
    people = case.referral.taking_part(ParticipantRole.HARMED)
    settled = not any(_still_asked(case, each) for each in people)
    interested = [each for each in people if each.interest is Interest.INTERESTED]
    consented = all(
        in_force(case.referral, each, purpose)
        for each in interested
        for purpose in (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    )
    waits_for_court = case.referral.justice_stage is JusticeStage.PRE_SENTENCE and not case.referral.adjourned
    if settled and interested and consented and not waits_for_court:
        yield Todo(
            f"assess/{case.times('stage_entered')}", case.caseworker, 1, lambda at: c.BeginRiskAssessment()
        )


@duty(Stage.OFFENDER_CONSENT)
def contact_with_the_responsible(case: Case) -> Iterator[Todo]:
    yield from _contact(case, ParticipantRole.RESPONSIBLE)
    referral = case.referral
    people = referral.taking_part(ParticipantRole.RESPONSIBLE)
    for person in people:
        if person.interest is Interest.INTERESTED and person.acknowledges is None:
            yes = _answers_yes(case, person)

            def acknowledge(at: datetime, who: str = person.id, yes: bool = yes) -> Command:
                return c.RecordAcknowledgement(participant=who, acknowledges=yes)

            yield Todo(f"acknowledges/{person.id}", case.caseworker, 2, acknowledge)
    settled = not any(_still_asked(case, each) or each.acknowledges is None for each in people)
    ready = all(in_force(referral, each, Purpose.TAKE_PART, ConsentForm.WRITTEN) for each in people)
    if people and settled and ready:
        moves = case.times("stage_entered")
        if referral.initiator is Initiator.PERSON_RESPONSIBLE and referral.risk.verdict is None:
            yield Todo(f"harmed/{moves}", case.caseworker, 1, lambda at: c.BeginVictimContact())
        else:
            yield Todo(f"prepare/{moves}", case.caseworker, 1, lambda at: c.BeginPreparation())


def _answers_yes(case: Case, person: Participant) -> bool:
    answers = case.course.answers.get(person.id)
    return answers is None or answers.acknowledges


def _final_interest(case: Case, person: Participant) -> Interest:
    answers = case.course.answers.get(person.id)
    # Who is asked again after a referral was reopened has thought better of it.
    return Interest.INTERESTED if answers is None or case.times("referral_reopened") else answers.interest


def _still_asked(case: Case, person: Participant) -> bool:
    """Whether they have not answered yet and may still be reached."""
    if person.interest in (Interest.INTERESTED, Interest.DECLINED):
        return False
    answers = case.course.answers.get(person.id)
    return answers is None or answers.reached or len(person.attempts) < 3


def _contact(case: Case, role: ParticipantRole) -> Iterator[Todo]:
    people = case.referral.taking_part(role)
    for person in people:
        if person.informed_at is None:
            yield from _reach(case, person)
        elif person.interest in (None, Interest.UNDECIDED):
            yield from _ask(case, person)
        elif role is ParticipantRole.HARMED:
            yield from consents(case, person, Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
        elif person.acknowledges:
            yield from consents(case, person, Purpose.TAKE_PART)
    asked = case.referral.sign_off_requests
    lost = [each for each in people if each.interest is None and not _still_asked(case, each)]
    if role is ParticipantRole.RESPONSIBLE and 0 < len(lost) < len(people):
        for person in lost:

            def end(at: datetime, who: str = person.id) -> Command:
                return c.EndParticipation(participant=who, reason=EndReason.NOT_TRACED)

            yield Todo(f"not_traced/{person.id}", case.caseworker, 9, end)
    if people and not asked and not any(_still_asked(case, each) or each.interest for each in people):
        tried = sum(len(each.attempts) for each in people)
        yield Todo(
            f"unreachable/{role}/{tried}/{case.times('signed_off')}",
            case.caseworker,
            9,
            lambda at: c.Close(reason=_UNREACHABLE[role]),
        )


def _reach(case: Case, person: Participant) -> Iterator[Todo]:
    tried = len(person.attempts)
    if any(each.outcome is ContactOutcome.REACHED for each in person.attempts):

        def inform(at: datetime) -> Command:
            return c.RecordInformationGiven(
                participant=person.id, channel=Channel.PHONE, legal_advice_offered=True
            )

        yield Todo(f"inform/{person.id}/{tried}", case.caseworker, 0, inform)
        return
    answers = case.course.answers.get(person.id)
    reached = answers is None or answers.reached
    wanted = answers.attempts if answers and reached else 3
    if tried > wanted or (tried == wanted and not reached):
        return
    safe = [each for each in _CHANNELS if each in person.safe_channels]
    ways = tuple(safe) or (Channel.THROUGH_AGENCY, Channel.IN_PERSON)
    outcome = ContactOutcome.REACHED if tried == wanted else ContactOutcome.NO_ANSWER
    channel = ways[tried % len(ways)]
    if outcome is ContactOutcome.REACHED and channel in (Channel.TEXT, Channel.EMAIL):
        channel = ways[0]
    elif channel in (Channel.TEXT, Channel.EMAIL):
        outcome = ContactOutcome.MESSAGE_SENT

    def attempt(at: datetime) -> Command:
        return c.RecordContactAttempt(participant=person.id, channel=channel, outcome=outcome)

    # The first is due within two working days.
    yield Todo(f"attempt/{person.id}/{tried}", case.caseworker, 2.5 if tried else 1, attempt)


def _ask(case: Case, person: Participant) -> Iterator[Todo]:
    answers = case.course.answers.get(person.id)
    thinks = answers is not None and answers.thinks_first and person.interest is None
    interest = Interest.UNDECIDED if thinks else _final_interest(case, person)

    def answer(at: datetime) -> Command:
        return c.RecordInterest(participant=person.id, interest=interest)

    days = 12 if person.interest is Interest.UNDECIDED else 0
    yield Todo(
        f"asks/{person.id}/{interest}/{case.times('referral_reopened')}", case.caseworker, days, answer
    )
