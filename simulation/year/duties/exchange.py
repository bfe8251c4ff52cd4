"""What the people of an exchange write or say to each other: drafted, checked, offered, answered, handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from lifecycle.activities.communications import exchanges, indirect, of_activity, writers_of
from lifecycle.activities.state import ACTIVITY_STAGES
from lifecycle.stages.risk_assessment import confirmed_recently
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import Command
from schemas.exchange import (
    CheckResult,
    Communication,
    CommunicationAnswer,
    CommunicationForm,
    Delivery,
    DraftOrigin,
    Recipient,
)
from schemas.vocabulary import Method, ParticipantRole, Stage
from simulation.year.duties.risk import last_confirmed, reconfirm
from simulation.year.duties.table import WORDS, Case, Todo, duty

_FORMS: Mapping[Method, CommunicationForm] = {
    Method.LETTER: CommunicationForm.LETTER,
    Method.RECORDED_MESSAGE: CommunicationForm.RECORDED_MESSAGE,
    Method.SHUTTLE: CommunicationForm.SPOKEN,
}


def under_way(case: Case, activity: Activity) -> bool:
    """Whether something of an exchange is still to be handed over before it counts as held."""
    if not case.course.writes or not indirect(activity):
        return False
    present = [each for each in of_activity(case.referral, activity.id) if _present(activity, each)]
    return not present or any(
        _waits(case, activity, each, recipient) for each in present for recipient in each.recipients
    )


def _present(activity: Activity, communication: Communication) -> bool:
    """Whether a communication is of the present round of its activity."""
    return communication.ended_at is None and any(
        _delivered_now(activity, each) or each.delivery is not Delivery.HANDED_OVER
        for each in communication.recipients
    )


def _delivered_now(activity: Activity, recipient: Recipient) -> bool:
    return recipient.delivery is Delivery.HANDED_OVER and recipient.held_before == len(activity.held)


def _waits(case: Case, activity: Activity, communication: Communication, recipient: Recipient) -> bool:
    """Whether a recipient is to get it still; who refused what somebody else has is not asked again."""
    if recipient.participant not in {each.id for each in writers_of(case.referral, activity)}:
        return False
    if recipient.delivery is Delivery.REFUSED:
        return not any(_delivered_now(activity, each) for each in communication.recipients)
    return recipient.delivery is not Delivery.HANDED_OVER


@duty(*ACTIVITY_STAGES)
def letters(case: Case) -> Iterator[Todo]:
    if not case.course.writes:
        return
    for activity in exchanges(case.referral):
        present = [each for each in of_activity(case.referral, activity.id) if _present(activity, each)]
        if not present:
            yield from _first_draft(case, activity)
        for communication in present:
            yield from _checked(case, communication)
            if (
                communication.result is CheckResult.FIT
                and case.referral.stage is Stage.CONFERENCE
                and activity.booked
            ):
                yield from _delivered(case, activity, communication)
        if case.course.replies:
            yield from _reply(case, activity, present)


def _first_draft(case: Case, activity: Activity) -> Iterator[Todo]:
    people = writers_of(case.referral, activity)
    authors = [each.id for each in people if each.role is ParticipantRole.RESPONSIBLE]
    readers = tuple(each.id for each in people if each.role is ParticipantRole.HARMED)
    prepared = authors and activity.part(authors[0]).prepared_on
    if not prepared or not readers:
        return
    origin = case.pick(f"origin/{activity.id}", tuple(DraftOrigin))
    form = _FORMS[activity.booked.method if activity.booked else activity.method or Method.LETTER]
    yield Todo(
        f"draft/{activity.id}/{case.times('communication_drafted')}",
        case.facilitator,
        3,
        lambda at: c.DraftCommunication(
            activity=activity.id, author=authors[0], to=readers, form=form, origin=origin
        ),
    )


def _reply(case: Case, activity: Activity, present: list[Communication]) -> Iterator[Todo]:
    there = {each.id for each in writers_of(case.referral, activity)}
    answered = {each.reply_to for each in present}
    for letter in present:
        got = [each.participant for each in letter.recipients if _delivered_now(activity, each)]
        writes = next((each for each in got if each in there), None)
        if letter.reply_to or letter.id in answered or writes is None or letter.author not in there:
            continue

        def reply(at: datetime, letter: Communication = letter, author: str = writes) -> Command:
            return c.DraftCommunication(
                activity=activity.id,
                author=author,
                to=(letter.author,),
                form=letter.form,
                reply_to=letter.id,
            )

        yield Todo(f"reply/{letter.id}", case.facilitator, 3, reply)


def _checked(case: Case, communication: Communication) -> Iterator[Todo]:
    drafts = case.times("communication_drafted")
    if communication.result is CheckResult.TO_BE_CHANGED:
        yield Todo(
            f"redraft/{communication.id}/{drafts}",
            case.facilitator,
            3,
            lambda at: c.DraftCommunication(
                communication=communication.id,
                author=communication.author,
                to=tuple(each.participant for each in communication.recipients),
                form=communication.form,
                reply_to=communication.reply_to,
            ),
        )
    elif communication.result is None:
        colleague = next(
            (each.id for each in case.team.facilitators if each.id not in communication.drafted_by),
            case.supervisor,
        )
        changed = case.course.changed and not case.times("communication_checked")
        result = CheckResult.TO_BE_CHANGED if changed else CheckResult.FIT

        def check(at: datetime) -> Command:
            return c.CheckCommunication(
                communication=communication.id, result=result, reason=WORDS if changed else None
            )

        yield Todo(f"check/{communication.id}/{drafts}", colleague, 1.2, check)


def _delivered(case: Case, activity: Activity, communication: Communication) -> Iterator[Todo]:
    for recipient in communication.recipients:
        if _waits(case, activity, communication, recipient):
            yield _next_with(case, activity, communication, recipient)


def _next_with(case: Case, activity: Activity, communication: Communication, recipient: Recipient) -> Todo:
    """What is next with one recipient: whoever left it for later or refused it says yes when asked again."""
    which, who, asked = communication.id, recipient.participant, case.times("communication_answered")
    about = f"{which}/{who}/{asked}"

    def offer(at: datetime) -> Command:
        return c.OfferCommunication(communication=which, participant=who)

    def answer(at: datetime) -> Command:
        said = CommunicationAnswer.ACCEPTED if asked else case.course.first_answer
        return c.RecordAnswer(communication=which, participant=who, answer=said)

    def hand_over(at: datetime) -> Command:
        return c.HandOverCommunication(communication=which, participant=who, agrees=True)

    match recipient.delivery:
        case Delivery.NOT_OFFERED | Delivery.REFUSED:
            days = 7 if recipient.delivery is Delivery.REFUSED else 0.8
            return Todo(f"offer/{about}", case.facilitator, days, offer)
        case Delivery.OFFERED | Delivery.LATER:
            days = 5 if recipient.delivery is Delivery.LATER else 0.8
            return Todo(f"answer/{about}", case.facilitator, days, answer)
    key = f"hand_over/{about}/{last_confirmed(case, activity)}"
    if key not in case.refused and confirmed_recently(case.referral, activity, case.life.last_at):
        return Todo(key, case.facilitator, 0.5, hand_over)
    return Todo(f"confirm/{key}/{case.life.last_at:%Y%m%d}", case.facilitator, 0.3, reconfirm(case, activity))
