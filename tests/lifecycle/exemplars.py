"""Examples of every command, built from the state of a referral: what a person at the keyboard could fill in.

Of each command there are some that a permitted person would see accepted, and some that are wrong. Every Sensitive
field holds the canary.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from lifecycle import deadlines
from schemas import commands as c
from schemas.commands import Command
from schemas.events import Recorded
from schemas.exchange import CheckResult, CommunicationAnswer, CommunicationForm
from schemas.facts import AgreementItem, FactorAssessment, NeedScore
from schemas.notices import Outcome
from schemas.people import Actor, ContactSafety
from schemas.privacy import is_sensitive
from schemas.referral import Referral
from schemas.vocabulary import (
    ActivityEndReason,
    AgeBand,
    Agency,
    Channel,
    ClosureReason,
    ComplaintAbout,
    ComplaintOutcome,
    Confirmation,
    ConsentForm,
    ContactOutcome,
    Custody,
    EndReason,
    FollowUpContact,
    Gender,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Method,
    Need,
    Occasion,
    OverridableGate,
    ParticipantRole,
    Plea,
    Purpose,
    ReviewSubject,
    RiskFactor,
    Scale,
    SensitiveCategory,
    SentenceDate,
    SignOffSubject,
    TaskResult,
    Verdict,
    Work,
)
from tests.lifecycle.story import ELSEWHERE, HOME, NEWER_POLICY, opening, person

CANARY = "Canary Nobody"
_BORN = "1997-09-09"
# Recognisable, and of forms that are accepted.
_IN_FORM = {
    "date_of_birth": _BORN,
    "phone": "07700 900813",
    "email": "canary.nobody@example.org",
    "address": f"{CANARY}, 1 Nowhere Street, DH1 1AA",
    "prison_number": "C4444NY",
    "crime_reference": f"{CANARY} 1",
}
_NOBODY = "h77"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Keyboard:
    """What is in front of somebody who fills in a command."""

    referral: Referral
    history: Sequence[Recorded]
    actor: Actor
    at: datetime

    def ids(self, *roles: ParticipantRole) -> list[str]:
        """Those whose part goes on first, then those who left, then somebody unknown."""
        people = [each for each in self.referral.participants if not roles or each.role in roles]
        people.sort(key=lambda each: not each.active)
        return [*(each.id for each in people), _NOBODY]

    def free(self, prefix: str) -> str:
        taken = {each.id for each in self.referral.participants}
        return next(name for number in range(1, 100) if (name := f"{prefix}{number}") not in taken)


_MADE: dict[str, Callable[[Keyboard], Iterator[Command]]] = {}


def of(
    kind: str,
) -> Callable[[Callable[[Keyboard], Iterator[Command]]], Callable[[Keyboard], Iterator[Command]]]:
    def enter(make: Callable[[Keyboard], Iterator[Command]]) -> Callable[[Keyboard], Iterator[Command]]:
        _MADE[kind] = make
        return make

    return enter


def exemplars(kind: str, keyboard: Keyboard) -> Iterator[Command]:
    """Examples of that command."""
    several = [each.id for each in keyboard.referral.activities][:3]
    for command in _MADE[kind](keyboard):
        yield with_canary(command)
        if "activity" in type(command).model_fields and len(several) > 1:
            for each in several:
                yield with_canary(command).model_copy(update={"activity": each})


def with_canary(model: M) -> M:
    """The same with the canary in every Sensitive field."""
    changes: dict[str, Any] = {}
    for name, value in model:
        if is_sensitive(type(model), name):
            changes[name] = _IN_FORM.get(name, CANARY)
        elif isinstance(value, BaseModel):
            changes[name] = with_canary(value)
        elif isinstance(value, tuple) and any(isinstance(each, BaseModel) for each in value):
            changes[name] = tuple(with_canary(each) for each in value)
    return model.model_copy(update=changes)


def _plain(kind: str) -> None:
    """A command of which only the reason, if any, is filled in."""

    @of(kind)
    def examples_of_any_kind(keyboard: Keyboard) -> Iterator[Command]:
        command = c.COMMANDS[kind]
        words = {
            name: CANARY
            for name, field in command.model_fields.items()
            if field.is_required() and is_sensitive(command, name)
        }
        yield command(**words)  # type: ignore[misc]


for _kind in (
    "begin_risk_assessment",
    "request_more_information",
    "reassess_risk",
    "reconfirm_risk",
    "begin_victim_contact",
    "begin_preparation",
    "request_readiness_sign_off",
    "stop_activity",
    "return_to_preparation",
    "request_further_activity",
    "raise_safeguarding",
    "lift_safeguarding",
    "resume",
    "add_note",
    "refuse_transfer",
    "reopen",
):
    _plain(_kind)


@of("open_referral")
def examples_of_open_referral(keyboard: Keyboard) -> Iterator[Command]:
    yield opening()


@of("record_duplicate_check")
def examples_of_record_duplicate_check(keyboard: Keyboard) -> Iterator[Command]:
    yield c.RecordDuplicateCheck()
    yield c.RecordDuplicateCheck(duplicate_of="RJ-0000-0000")
    yield c.RecordDuplicateCheck(duplicate_of=keyboard.referral.reference)


@of("allocate")
def examples_of_allocate(keyboard: Keyboard) -> Iterator[Command]:
    yield c.Allocate(caseworker=keyboard.actor.id)
    yield c.Allocate(caseworker="cw-2")


@of("record_contact_attempt")
def examples_of_record_contact_attempt(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for channel in (Channel.PHONE, Channel.LETTER):
            yield c.RecordContactAttempt(participant=who, channel=channel, outcome=ContactOutcome.NO_ANSWER)
        yield c.RecordContactAttempt(participant=who, channel=Channel.PHONE, outcome=ContactOutcome.REACHED)
    tomorrow = keyboard.at + timedelta(days=1)
    yield c.RecordContactAttempt(
        participant="h1", channel=Channel.PHONE, outcome=ContactOutcome.NO_ANSWER, made_at=tomorrow
    )


@of("record_information_given")
def examples_of_record_information_given(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.RecordInformationGiven(participant=who, channel=Channel.PHONE)


@of("record_interest")
def examples_of_record_interest(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for interest in Interest:
            yield c.RecordInterest(participant=who, interest=interest)


@of("record_risk_assessment")
def examples_of_record_risk_assessment(keyboard: Keyboard) -> Iterator[Command]:
    for about in (None, *keyboard.ids()):
        for level in (Level.LOW, Level.HIGH):
            factors = tuple(FactorAssessment(factor=factor, level=level) for factor in RiskFactor)
            yield c.RecordRiskAssessment(about=about, factors=factors)


@of("record_risk_verdict")
def examples_of_record_risk_verdict(keyboard: Keyboard) -> Iterator[Command]:
    for verdict in Verdict:
        yield c.RecordRiskVerdict(verdict=verdict)


@of("record_acknowledgement")
def examples_of_record_acknowledgement(keyboard: Keyboard) -> Iterator[Command]:
    for who in (*keyboard.ids(ParticipantRole.RESPONSIBLE), "h1"):
        for acknowledges in (True, False):
            yield c.RecordAcknowledgement(participant=who, acknowledges=acknowledges)


@of("assign_facilitators")
def examples_of_assign_facilitators(keyboard: Keyboard) -> Iterator[Command]:
    yield c.AssignFacilitators(facilitator="fa-1", co_facilitator="sv-1", advanced_practitioner=True)
    yield c.AssignFacilitators(facilitator="fa-1")
    yield c.AssignFacilitators(facilitator="sv-2", co_facilitator="sv-2")


@of("plan_activity")
def examples_of_plan_activity(keyboard: Keyboard) -> Iterator[Command]:
    sides = [keyboard.ids(role)[:2] for role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)]
    pairs = [(harmed, responsible) for harmed in sides[0] for responsible in sides[1]]
    for method in (Method.LETTER, Method.FACE_TO_FACE):
        for taking_part in ((), *pairs, ("h1",), (_NOBODY, "r1")):
            yield c.PlanActivity(method=method, taking_part=taking_part, reason=CANARY)


@of("end_activity")
def examples_of_end_activity(keyboard: Keyboard) -> Iterator[Command]:
    for why in ActivityEndReason:
        yield c.EndActivity(why=why, reason=CANARY)


@of("adjourn_activity")
def examples_of_adjourn_activity(keyboard: Keyboard) -> Iterator[Command]:
    for held in examples_of_record_activity_held(keyboard):
        began_at = getattr(held, "started_at", None)
        for resumes_at in (None, keyboard.at + timedelta(days=2)):
            yield c.AdjournActivity(began_at=began_at, resumes_at=resumes_at, reason=CANARY)


@of("choose_method")
def examples_of_choose_method(keyboard: Keyboard) -> Iterator[Command]:
    for method in Method:
        yield c.ChooseMethod(method=method)


@of("record_preparation_meeting")
def examples_of_record_preparation_meeting(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for days in (0, 1):
            day = (keyboard.at + timedelta(days=days)).date()
            yield c.RecordPreparationMeeting(participant=who, held_on=day, channel=Channel.IN_PERSON)


@of("record_confirmation")
def examples_of_record_confirmation(keyboard: Keyboard) -> Iterator[Command]:
    for who in (*keyboard.ids(ParticipantRole.RESPONSIBLE), "h1"):
        for confirmation in Confirmation:
            yield c.RecordConfirmation(participant=who, confirmation=confirmation)


@of("book_activity")
def examples_of_book_activity(keyboard: Keyboard) -> Iterator[Command]:
    active = [each for each in keyboard.referral.participants if each.active]
    committed = [
        each.id
        for each in active
        if (each.role is ParticipantRole.HARMED and each.interest is Interest.INTERESTED)
        or (each.role is ParticipantRole.RESPONSIBLE and each.acknowledges)
    ]
    of_each = [
        [who for who in committed if who in each.taking_part]
        for each in keyboard.referral.activities
        if each.taking_part
    ]
    for attending in (committed, *of_each, [each.id for each in active], ["h1", _NOBODY], committed[:1] * 2):
        for days in (2, 30):
            if len(attending) > 1:
                starts = keyboard.at + timedelta(days=days)
                yield c.BookActivity(starts_at=starts, attending=tuple(attending))


@of("record_activity_held")
def examples_of_record_activity_held(keyboard: Keyboard) -> Iterator[Command]:
    yield c.RecordActivityHeld()
    yield c.RecordActivityHeld(partly=True)
    began = [keyboard.at, keyboard.at + timedelta(days=1), keyboard.referral.risk.confirmed_at]
    began += [each.risk_confirmed_at for each in keyboard.referral.activities]
    began += [each.at for each in keyboard.history if each.event.kind == "activity_booked"][-2:]
    for moment in began:
        if moment is not None:
            yield c.RecordActivityHeld(started_at=moment)


@of("postpone_activity")
def examples_of_postpone_activity(keyboard: Keyboard) -> Iterator[Command]:
    for who in (None, *keyboard.ids()):
        yield c.PostponeActivity(asked_by=who, reason=CANARY)


@of("draft_communication")
def examples_of_draft_communication(keyboard: Keyboard) -> Iterator[Command]:
    people = keyboard.ids(ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)
    for author in people:
        for to in people:
            for activity in (None, *(each.id for each in keyboard.referral.activities)):
                yield c.DraftCommunication(
                    author=author, to=(to,), form=CommunicationForm.LETTER, activity=activity
                )
    for each in keyboard.referral.communications:
        recipients = tuple(one.participant for one in each.recipients)
        yield c.DraftCommunication(
            communication=each.id, author=each.author, to=recipients, form=CommunicationForm.RECORDED_MESSAGE
        )
        yield c.DraftCommunication(
            author=recipients[0], to=(each.author,), form=CommunicationForm.SPOKEN, reply_to=each.id
        )
    yield c.DraftCommunication(author="h1", to=("r1",), form=CommunicationForm.LETTER, received_by="fa-1")
    yield c.DraftCommunication(
        communication="c99", author="h1", to=("r1",), form=CommunicationForm.LETTER, activity="a9"
    )


@of("check_communication")
def examples_of_check_communication(keyboard: Keyboard) -> Iterator[Command]:
    for which in (*(each.id for each in keyboard.referral.communications), "c99"):
        for result in CheckResult:
            yield c.CheckCommunication(communication=which, result=result)


def _deliveries(keyboard: Keyboard) -> Iterator[tuple[str, str]]:
    """Each communication with each who could be meant, and one that is unknown."""
    for each in keyboard.referral.communications:
        for who in keyboard.ids(ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE):
            yield each.id, who
    yield "c99", "h1"


@of("offer_communication")
def examples_of_offer_communication(keyboard: Keyboard) -> Iterator[Command]:
    for which, who in _deliveries(keyboard):
        yield c.OfferCommunication(communication=which, participant=who)


@of("record_answer")
def examples_of_record_answer(keyboard: Keyboard) -> Iterator[Command]:
    for which, who in _deliveries(keyboard):
        for answer in CommunicationAnswer:
            yield c.RecordAnswer(communication=which, participant=who, answer=answer)


@of("hand_over_communication")
def examples_of_hand_over_communication(keyboard: Keyboard) -> Iterator[Command]:
    for which, who in _deliveries(keyboard):
        for agrees in (True, False):
            yield c.HandOverCommunication(communication=which, participant=who, agrees=agrees)


@of("record_agreement")
def examples_of_record_agreement(keyboard: Keyboard) -> Iterator[Command]:
    taken = {item.id for item in keyboard.referral.agreement}
    free = next(name for number in range(1, 100) if (name := f"i{number}") not in taken)
    due_on = (keyboard.at + timedelta(days=30)).date()
    for item, who in ((item, who) for item in (free, "i1") for who in keyboard.ids()):
        yield c.RecordAgreement(items=(AgreementItem(id=item, by=who, due_on=due_on),))


@of("settle_agreement_item")
def examples_of_settle_agreement_item(keyboard: Keyboard) -> Iterator[Command]:
    for item in (*(item.id for item in keyboard.referral.agreement), "i99"):
        yield c.SettleAgreementItem(item=item, outcome=ItemOutcome.COMPLETED)


@of("record_follow_up")
def examples_of_record_follow_up(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for contact in FollowUpContact:
            yield c.RecordFollowUp(participant=who, contact=contact)


@of("record_survey")
def examples_of_record_survey(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.RecordSurvey(participant=who, satisfied=True, feels="better", rating=9)


@of("record_scale")
def examples_of_record_scale(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.RecordScale(participant=who, scale=Scale.FEAR, occasion=Occasion.BEFORE, score=7)


@of("record_needs")
def examples_of_record_needs(keyboard: Keyboard) -> Iterator[Command]:
    for who in (*keyboard.ids(ParticipantRole.HARMED), "r1"):
        score = NeedScore(need=Need.OUTLOOK_AND_ATTITUDES, score=2)
        yield c.RecordNeeds(participant=who, occasion=Occasion.BEFORE, needs=(score,))


@of("report_outcome")
def examples_of_report_outcome(keyboard: Keyboard) -> Iterator[Command]:
    yield c.ReportOutcome(agency=Agency.COURT)


@of("give_consent")
def examples_of_give_consent(keyboard: Keyboard) -> Iterator[Command]:
    guardians = [None, *keyboard.ids(ParticipantRole.GUARDIAN)]
    day = keyboard.at.date()
    for who in keyboard.ids():
        for purpose in Purpose:
            for guardian in guardians:
                yield c.GiveConsent(
                    participant=who,
                    purpose=purpose,
                    by_guardian=guardian,
                    form=ConsentForm.WRITTEN,
                    form_version="2026.1",
                    given_on=day,
                    agencies=(Agency.PROBATION,),
                )
    for days, form in ((1, ConsentForm.WRITTEN), (0, ConsentForm.VERBAL)):
        yield c.GiveConsent(
            participant="h1",
            purpose=Purpose.TAKE_PART,
            form=form,
            form_version="2026.1",
            given_on=day + timedelta(days=days),
        )


@of("withdraw_consent")
def examples_of_withdraw_consent(keyboard: Keyboard) -> Iterator[Command]:
    for each in keyboard.referral.consents:
        yield c.WithdrawConsent(
            participant=each.participant, purpose=each.purpose, by_guardian=each.by_guardian
        )
    yield c.WithdrawConsent(participant=_NOBODY, purpose=Purpose.TAKE_PART)


@of("withdraw")
def examples_of_withdraw(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.Withdraw(participant=who)


@of("end_participation")
def examples_of_end_participation(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for reason in EndReason:
            yield c.EndParticipation(participant=who, reason=reason)


@of("add_participant")
def examples_of_add_participant(keyboard: Keyboard) -> Iterator[Command]:
    for prefix in ("h", "r", "s", "g"):
        accompanies = "h1" if prefix in "sg" else None
        yield c.AddParticipant(participant=person(keyboard.free(prefix), accompanies=accompanies))
    yield c.AddParticipant(participant=person("h1"))
    yield c.AddParticipant(participant=person(keyboard.free("s"), accompanies=_NOBODY))


@of("amend_participant")
def examples_of_amend_participant(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.AmendParticipant(participant=who, gender=Gender.ANOTHER)
        for age_band in (AgeBand.UNDER_18, AgeBand.FROM_18_TO_24):
            yield c.AmendParticipant(participant=who, age_band=age_band)
        yield c.AmendParticipant(participant=who, custody=Custody.ON_LICENCE)


@of("record_contact_safety")
def examples_of_record_contact_safety(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        safety = ContactSafety(safe_channels=(Channel.LETTER,))
        yield c.RecordContactSafety(participant=who, contact_safety=safety)


@of("amend_referral")
def examples_of_amend_referral(keyboard: Keyboard) -> Iterator[Command]:
    yield c.AmendReferral()
    yield c.AmendReferral(sensitive_categories=())
    yield c.AmendReferral(sensitive_categories=(SensitiveCategory.STALKING,))
    yield c.AmendReferral(justice_stage=JusticeStage.PRE_SENTENCE)
    yield c.AmendReferral(deferred_on=keyboard.at.date() + timedelta(days=1))


@of("record_court_news")
def examples_of_record_court_news(keyboard: Keyboard) -> Iterator[Command]:
    yield c.RecordCourtNews(plea=Plea.GUILTY)
    yield c.RecordCourtNews(court_date=keyboard.at.date() + timedelta(days=90))
    yield c.RecordCourtNews(court_date=keyboard.at.date() + timedelta(days=900))


@of("record_custody_details")
def examples_of_record_custody_details(keyboard: Keyboard) -> Iterator[Command]:
    for who in (*keyboard.ids(ParticipantRole.RESPONSIBLE), "h1"):
        yield c.RecordCustodyDetails(participant=who)
        for days in (60, -1):
            yield c.RecordCustodyDetails(
                participant=who,
                sentence_date=keyboard.at.date() + timedelta(days=days),
                sentence_date_is=SentenceDate.RELEASE,
            )


@of("record_time_spent")
def examples_of_record_time_spent(keyboard: Keyboard) -> Iterator[Command]:
    for who in (None, *keyboard.ids()):
        yield c.RecordTimeSpent(minutes=45, work=Work.CONTACT, participant=who)
    tomorrow = keyboard.at.date() + timedelta(days=1)
    yield c.RecordTimeSpent(minutes=45, work=Work.MEETING, spent_on=tomorrow)


@of("record_complaint")
def examples_of_record_complaint(keyboard: Keyboard) -> Iterator[Command]:
    for who in (None, *keyboard.ids()):
        yield c.RecordComplaint(about=ComplaintAbout.DELAY, made_by=who, text=CANARY)


@of("answer_complaint")
def examples_of_answer_complaint(keyboard: Keyboard) -> Iterator[Command]:
    for each in (*(each.id for each in keyboard.referral.complaints), "k99"):
        yield c.AnswerComplaint(complaint=each, outcome=ComplaintOutcome.UPHELD, text=CANARY)


@of("hold")
def examples_of_hold(keyboard: Keyboard) -> Iterator[Command]:
    for days in (30, 0):
        yield c.Hold(review_on=(keyboard.at + timedelta(days=days)).date(), reason=CANARY)


@of("reassign")
def examples_of_reassign(keyboard: Keyboard) -> Iterator[Command]:
    for who in ("cw-1", "cw-2", "sv-2"):
        yield c.Reassign(caseworker=who)


@of("offer_transfer")
def examples_of_offer_transfer(keyboard: Keyboard) -> Iterator[Command]:
    for area in (ELSEWHERE, HOME):
        yield c.OfferTransfer(area=area, reason=CANARY)


@of("withdraw_transfer_offer")
def examples_of_withdraw_transfer_offer(keyboard: Keyboard) -> Iterator[Command]:
    yield c.WithdrawTransferOffer(reason=CANARY)


@of("accept_transfer")
def examples_of_accept_transfer(keyboard: Keyboard) -> Iterator[Command]:
    for who in (None, "cw-9"):
        yield c.AcceptTransfer(caseworker=who)


@of("sign_off")
def examples_of_sign_off(keyboard: Keyboard) -> Iterator[Command]:
    for subject in SignOffSubject:
        for approved in (True, False):
            yield c.DecideSignOff(subject=subject, approved=approved, reason=CANARY)


@of("override_gate")
def examples_of_override_gate(keyboard: Keyboard) -> Iterator[Command]:
    for gate in (*OverridableGate, Purpose.TAKE_PART, "nonsense"):
        yield c.OverrideGate(gate=gate, reason=CANARY)


@of("record_review")
def examples_of_record_review(keyboard: Keyboard) -> Iterator[Command]:
    for subject in ReviewSubject:
        for who in (None, *keyboard.ids()):
            yield c.RecordReview(subject=subject, participant=who)


@of("complete_task")
def examples_of_complete_task(keyboard: Keyboard) -> Iterator[Command]:
    for task in keyboard.referral.tasks:
        for result in TaskResult:
            yield c.CompleteTask(task=task.id, result=result, note=CANARY)
    yield c.CompleteTask(task="999-9", result=TaskResult.PASSED_ON)


@of("extend_deadline")
def examples_of_extend_deadline(keyboard: Keyboard) -> Iterator[Command]:
    for each in deadlines(keyboard.referral):
        yield c.ExtendDeadline(deadline=each.key, until=each.due_at + timedelta(days=7), reason=CANARY)
    yield c.ExtendDeadline(deadline="inactivity", until=keyboard.at - timedelta(days=7), reason=CANARY)
    yield c.ExtendDeadline(deadline="nonsense", until=keyboard.at + timedelta(days=700), reason=CANARY)


@of("reach_deadline")
def examples_of_reach_deadline(keyboard: Keyboard) -> Iterator[Command]:
    for each in deadlines(keyboard.referral):
        for point in each.points:
            yield c.ReachDeadline(deadline=each.key, point=point)
    yield c.ReachDeadline(deadline="nonsense", point="due")


@of("correct_step")
def examples_of_correct_step(keyboard: Keyboard) -> Iterator[Command]:
    # The latest first: that is what a person takes back.
    for step in sorted({each.step for each in keyboard.history}, reverse=True):
        yield c.CorrectStep(step=step, reason=CANARY)
    yield c.CorrectStep(step=10_000, reason=CANARY)


@of("close")
def examples_of_close(keyboard: Keyboard) -> Iterator[Command]:
    for reason in ClosureReason:
        yield c.Close(reason=reason)


@of("book_preparation_meeting")
def examples_of_book_preparation_meeting(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        for starts_at in (keyboard.at + timedelta(days=2), keyboard.at - timedelta(days=2)):
            yield c.BookPreparationMeeting(participant=who, starts_at=starts_at)


@of("cancel_preparation_meeting")
def examples_of_cancel_preparation_meeting(keyboard: Keyboard) -> Iterator[Command]:
    for who in keyboard.ids():
        yield c.CancelPreparationMeeting(participant=who)


@of("adopt_policy")
def examples_of_adopt_policy(keyboard: Keyboard) -> Iterator[Command]:
    for version in (NEWER_POLICY.version, keyboard.referral.policy.version):
        yield c.AdoptPolicy(version=version)


@of("settle_notice")
def examples_of_settle_notice(keyboard: Keyboard) -> Iterator[Command]:
    for outcome in Outcome:
        yield c.SettleNotice(notice="1-1", template="appointment", to="h1", outcome=outcome)
