"""What happened: a sentence for each kind of event, which says as much as its reader is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from casework.words.people import People, deadline_in_words, in_words, on_day, when
from messages.notice_facts import template_in_words
from schemas.activity import activity_in_key
from schemas.base import FIRST_ACTIVITY
from schemas.events import Event
from schemas.exchange import CheckResult, CommunicationAnswer, CommunicationForm, DraftOrigin
from schemas.notices import Outcome
from schemas.vocabulary import (
    ActivityEndReason,
    Channel,
    Confirmation,
    ContactOutcome,
    FollowUpContact,
    Initiator,
    Interest,
    ItemOutcome,
    Method,
    Purpose,
    SignOffSubject,
    Source,
    TaskResult,
    Verdict,
)

_BY = {
    Channel.PHONE: "by phone",
    Channel.TEXT: "by text",
    Channel.EMAIL: "by e-mail",
    Channel.LETTER: "by letter",
    Channel.IN_PERSON: "in person",
    Channel.VIDEO: "by video",
    Channel.THROUGH_AGENCY: "through an agency",
}
_METHODS = {
    Method.FACE_TO_FACE: "a meeting face to face",
    Method.VIDEO: "a meeting by video",
    Method.SHUTTLE: "shuttle mediation",
    Method.LETTER: "an exchange of letters",
    Method.RECORDED_MESSAGE: "a recorded message",
}
_FORMS = {
    CommunicationForm.LETTER: "letter",
    CommunicationForm.RECORDED_MESSAGE: "recorded message",
    CommunicationForm.SPOKEN: "spoken message",
}
_TO_WHAT = {
    Purpose.BE_CONTACTED: "to be contacted",
    Purpose.TAKE_PART: "to take part",
    Purpose.SHARE_RISK_INFORMATION: "to share risk information",
    Purpose.METHOD_DIRECT: "to a direct meeting",
    Purpose.METHOD_VIDEO: "to a meeting by video",
    Purpose.METHOD_INDIRECT: "to an indirect exchange",
    Purpose.RECORDING: "to be recorded",
    Purpose.SUPPORTERS: "to have supporters there",
    Purpose.OUTCOME_AGREEMENT: "to the outcome agreement",
    Purpose.SHARE_OUTCOME: "to share the outcome",
    Purpose.EVALUATION: "to evaluation",
    Purpose.CASE_STUDY: "to a case study",
    Purpose.TRANSFER: "to share the case with the service of another area",
}
_FROM = {
    Source.SELF: "somebody concerned",
    Source.POLICE: "the police",
    Source.PROBATION: "probation",
    Source.PRISON: "a prison",
    Source.YOUTH_JUSTICE: "youth justice",
    Source.COURT: "a court",
    Source.VICTIM_SERVICES: "victim services",
    Source.OTHER: "another agency",
}
_WISHED_BY = {
    Initiator.HARMED_PERSON: "a person harmed wishes for it",
    Initiator.PERSON_RESPONSIBLE: "a person responsible wishes for it",
    Initiator.AGENCY: "an agency wishes for it",
}
_VERDICTS = {
    Verdict.PROCEED_DIRECT: "it may go on, by a direct method too",
    Verdict.PROCEED_INDIRECT: "it may go on by an indirect method only",
    Verdict.NOT_YET: "not yet",
    Verdict.UNSAFE: "unsafe",
}
_CONFIRMED_BY = {
    Confirmation.CUSTODY: "the prison",
    Confirmation.OFFENDER_MANAGER: "the offender manager",
    Confirmation.VICTIM_LIAISON: "the victim liaison officer",
}
_SIGNED = {
    SignOffSubject.RISK_ASSESSMENT: "the risk assessment",
    SignOffSubject.READINESS: "readiness for a direct meeting",
    SignOffSubject.CLOSURE: "the closure",
}
_ENDED = {
    ActivityEndReason.COULD_NOT_GO_ON: "nobody of one side is left in it",
    ActivityEndReason.REPLACED: "it was replaced by another",
    ActivityEndReason.NOT_WANTED: "it is not wanted any more",
}
_FOLLOWED_UP = {
    FollowUpContact.CHECK_IN: "at the check-in",
    FollowUpContact.SIX_WEEKS: "after six weeks",
    FollowUpContact.THREE_MONTHS: "after three months",
}
_BECAME = {
    Outcome.DELIVERED: "was delivered",
    Outcome.REFUSED: "was refused by every safe way",
    Outcome.NO_SAFE_CHANNEL: "could not be sent: there is no safe way",
    Outcome.NOT_SET_UP: "could not be sent: the service is not set up for any safe way",
    Outcome.TOO_LATE: "was not sent: it would have come too late",
    Outcome.WITHHELD: "was withheld: contact was stopped",
    Outcome.NOT_WANTED: "was not sent: it was no longer needed",
}


class Told:
    """An event by the fields that are told of it. What is not told, or not known, is None."""

    def __init__(self, event: Event, fields: Collection[str] | None) -> None:
        self._event = event
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name, None) if self.tells(name) else None

    def tells(self, name: str) -> bool:
        """Whether this field is told, though it may hold nothing."""
        return self._fields is None or name in self._fields


Say: TypeAlias = Callable[[Told, People], str]
SENTENCES: dict[str, Say] = {}
"""What is said of an event, by its kind. Each says as much as it is told."""


def says(kind: str) -> Callable[[Say], Say]:
    """Enter the sentence of a kind of event; decorates the function that makes it."""

    def enter(say: Say) -> Say:
        SENTENCES[kind] = say
        return say

    return enter


def sentence(event: Event, people: People, told: Collection[str] | None = None) -> str:
    """What happened, in one plain sentence.

    Args:
        event: that happened.
        people: how the people of the referral are called.
        told: the fields that the reader may see; None: all of them.
    """
    text = SENTENCES[event.kind](Told(event, told), people)
    first = text.partition(" ")[0]
    # An id keeps its small letter.
    return f"{text if any(map(str.isdigit, first)) else text[0].upper() + text[1:]}."


@says("referral_received")
def say_referral_received(told: Told, people: People) -> str:
    if told.source is None:
        return "the referral was received"
    return f"the referral was received from {_FROM[told.source]}; {_WISHED_BY[told.initiator]}"


@says("duplicate_checked")
def say_duplicate_checked(told: Told, people: People) -> str:
    if not told.tells("duplicate_of"):
        return "it was checked whether the same request is here already"
    if told.duplicate_of:
        return f"it was found that the same request is here already, as {told.duplicate_of}"
    return "it was checked that the same request is not here already"


@says("allocated")
def say_allocated(told: Told, people: People) -> str:
    return f"the referral was allocated to {told.caseworker or 'a caseworker'}"


@says("reassigned")
def say_reassigned(told: Told, people: People) -> str:
    return f"the referral went to {told.caseworker or 'another caseworker'}"


@says("transfer_offered")
def say_transfer_offered(told: Told, people: People) -> str:
    return f"the referral was offered to {told.area or 'another area'}"


@says("transfer_offer_withdrawn")
def say_transfer_offer_withdrawn(told: Told, people: People) -> str:
    return f"the offer to {told.area or 'another area'} ended without an answer"


@says("transfer_accepted")
def say_transfer_accepted(told: Told, people: People) -> str:
    area, left = told.area or "another area", f" from {told.left}" if told.left else ""
    owner = f"; {told.caseworker} owns it there" if told.caseworker else ""
    version = f", under version {told.version} of its policy" if told.version else ""
    return f"{area} took the referral over{left}{version}{owner}"


@says("transfer_refused")
def say_transfer_refused(told: Told, people: People) -> str:
    return f"{told.area or 'the other area'} does not take the referral over"


@says("stage_entered")
def say_stage_entered(told: Told, people: People) -> str:
    if told.stage is None or told.left is None:
        return "the referral moved to another stage"
    return f"the referral moved from {in_words(told.left)} to {in_words(told.stage)}"


@says("contact_attempted")
def say_contact_attempted(told: Told, people: People) -> str:
    who, within = people.called(told.participant), people.within(told.participant)
    by = _BY.get(told.channel, "")
    match told.outcome:
        case ContactOutcome.REACHED:
            text = f"{within} was reached {by}"
        case ContactOutcome.NO_ANSWER:
            text = f"there was no answer from {within} {by}"
        case ContactOutcome.VOICEMAIL_LEFT:
            text = f"a voicemail was left for {who}"
        case ContactOutcome.MESSAGE_SENT:
            text = f"a message was sent to {within} {by}"
        case ContactOutcome.WRONG_DETAILS:
            text = f"{within} could not be reached {by}: the details are wrong"
        case _:
            text = f"an attempt was made to reach {who}"
    return f"{text}; this way is not marked as safe" if told.unsafe_channel else text


@says("information_given")
def say_information_given(told: Told, people: People) -> str:
    by = f" {_BY[told.channel]}" if told.channel else ""
    return f"{people.within(told.participant)} was told{by} what restorative justice is"


@says("interest_recorded")
def say_interest_recorded(told: Told, people: People) -> str:
    who = people.within(told.participant)
    match told.interest:
        case Interest.INTERESTED:
            return f"{who} is interested in taking part"
        case Interest.UNDECIDED:
            return f"{who} has not decided yet whether to take part"
        case Interest.DECLINED:
            return f"{who} does not want to take part"
        case _:
            return f"{who} said whether they want to take part"


@says("risk_assessed")
def say_risk_assessed(told: Told, people: People) -> str:
    if not told.tells("about"):
        return "the risk was assessed"
    return f"the risk was assessed for {people.called(told.about) if told.about else 'the pair'}"


@says("risk_verdict_given")
def say_risk_verdict_given(told: Told, people: People) -> str:
    text = "the risk assessment came to a verdict"
    return f"{text}: {_VERDICTS[told.verdict]}" if told.verdict else text


@says("risk_reconfirmed")
def say_risk_reconfirmed(told: Told, people: People) -> str:
    of = f" of {told.activity}" if told.activity else ""
    return f"the risk{of} was looked at again and stands as assessed"


@says("facts_acknowledged")
def say_facts_acknowledged(told: Told, people: People) -> str:
    who = people.within(told.participant)
    if told.acknowledges is None:
        return f"{who} said whether they acknowledge the basic facts"
    return f"{who} {'acknowledges' if told.acknowledges else 'denies'} the basic facts"


@says("facilitators_assigned")
def say_facilitators_assigned(told: Told, people: People) -> str:
    co = f" with {told.co_facilitator}" if told.co_facilitator else ""
    what = f"activity {told.activity}" if told.activity else "the activity"
    return f"{what} will be run by {told.facilitator or 'a facilitator'}{co}"


@says("activity_planned")
def say_activity_planned(told: Told, people: People) -> str:
    if told.method is None:
        return f"an activity was planned{_as_which(told)}"
    of = f", with {people.listed(told.taking_part)}" if told.taking_part else ", with all who take part"
    return f"{_METHODS[told.method]} was planned{_as_which(told)}{of}"


def _which(told: Told, preposition: str = "") -> str:
    """Which activity it is, where it is not the first, which stands alone in most referrals."""
    if told.activity in (None, FIRST_ACTIVITY):
        return ""
    return f" {preposition} {told.activity}" if preposition else f" {told.activity}"


def _as_which(told: Told) -> str:
    """Which activity it is, also where it is the first."""
    return f" as {told.activity}" if told.activity else ""


@says("activity_adjourned")
def say_activity_adjourned(told: Told, people: People) -> str:
    began = f" that began {when(told.began_at)}" if told.began_at else ""
    if told.resumes_at:
        return f"the meeting{_which(told, 'of')}{began} was adjourned; it goes on {when(told.resumes_at)}"
    return f"the meeting{_which(told, 'of')}{began} was adjourned"


@says("activity_taken_up")
def say_activity_taken_up(told: Told, people: People) -> str:
    return f"the activity{_which(told)} is prepared again"


@says("activity_ended")
def say_activity_ended(told: Told, people: People) -> str:
    why = f": {_ENDED[told.why]}" if told.why else ""
    return f"the activity {told.activity or ''} will not take place{why}".replace("  ", " ")


@says("method_chosen")
def say_method_chosen(told: Told, people: People) -> str:
    if told.method is None:
        return f"a method{_which(told, 'for')} was chosen"
    instead = f", instead of {_METHODS[told.replaces]}" if told.replaces else ""
    return f"the method{_which(told, 'of')} was chosen: {_METHODS[told.method]}{instead}"


@says("preparation_meeting_held")
def say_preparation_meeting_held(told: Told, people: People) -> str:
    on = f" on {on_day(told.held_on)}, {_BY[told.channel]}" if told.held_on and told.channel else ""
    return f"{people.within(told.participant)} had a preparation meeting{_which(told, 'for')}{on}"


@says("preparation_meeting_booked")
def say_preparation_meeting_booked(told: Told, people: People) -> str:
    start = f" for {when(told.starts_at)}" if told.starts_at else ""
    return (
        f"a preparation meeting{_which(told, 'for')} with {people.within(told.participant)} was booked{start}"
    )


@says("preparation_meeting_cancelled")
def say_preparation_meeting_cancelled(told: Told, people: People) -> str:
    start = f" on {when(told.starts_at)}" if told.starts_at else ""
    meeting = f"preparation meeting{_which(told, 'for')} with {people.within(told.participant)}"
    return f"the {meeting} was cancelled{start and ','}{start}"


@says("confirmed")
def say_confirmed(told: Told, people: People) -> str:
    who = people.called(told.participant)
    if told.confirmation is None:
        return f"a confirmation was recorded for {who}"
    return f"{_CONFIRMED_BY[told.confirmation]} confirmed for {who}"


@says("activity_booked")
def say_activity_booked(told: Told, people: People) -> str:
    if told.starts_at is None:
        return f"{f'activity{_which(told)}' if _which(told) else 'an activity'} was booked"
    what = f"{_METHODS[told.method]}{_which(told, 'as')}"
    return f"{what} was booked for {when(told.starts_at)}, with {people.listed(told.attending)}"


@says("activity_held")
def say_activity_held(told: Told, people: People) -> str:
    if told.method is None:
        return f"the activity{_which(told)} took place"
    partly = ", but was not brought to its end" if told.partly else ""
    return f"{_METHODS[told.method]}{_which(told, 'as')} took place{partly}"


@says("activity_postponed")
def say_activity_postponed(told: Told, people: People) -> str:
    if not told.tells("asked_by"):
        return f"the activity{_which(told)} was put off"
    by = people.called(told.asked_by) if told.asked_by else "the service"
    return f"the activity{_which(told)} of {when(told.booked_for)} was put off, as asked by {by}"


@says("activity_stopped")
def say_activity_stopped(told: Told, people: People) -> str:
    return f"the activity{_which(told)} was stopped and did not reach its purpose"


@says("communication_drafted")
def say_communication_drafted(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    if told.author is None or told.to is None:
        return f"{which} was drafted"
    what = f"{'the' if told.communication else 'a'} {_FORMS[told.form]} {told.communication or ''}".rstrip()
    given = told.origin is DraftOrigin.GIVEN_TO_FACILITATOR
    reply = f", in reply to {told.reply_to}" if told.reply_to else ""
    did = f"gave {what} to the service" if given else f"drafted {what}"
    return f"{people.within(told.author)} {did} for {people.listed(told.to)}{reply}"


@says("communication_checked")
def say_communication_checked(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    match told.result:
        case CheckResult.FIT:
            out = ", after something was taken out" if told.taken_out else ""
            return f"{which} was checked and is fit to be offered{out}"
        case CheckResult.TO_BE_CHANGED:
            return f"{which} was checked and is to be changed"
        case _:
            return f"{which} was checked"


@says("communication_offered")
def say_communication_offered(told: Told, people: People) -> str:
    return f"{people.within(told.participant)} was offered {told.communication or 'a communication'}"


@says("communication_answered")
def say_communication_answered(told: Told, people: People) -> str:
    who, which = people.within(told.participant), told.communication or "a communication"
    match told.answer:
        case CommunicationAnswer.ACCEPTED:
            return f"{who} would like to have {which}"
        case CommunicationAnswer.REFUSED:
            return f"{who} does not want {which}"
        case CommunicationAnswer.LATER:
            return f"{who} leaves {which} for later"
        case _:
            return f"{who} answered the offer of {which}"


@says("communication_handed_over")
def say_communication_handed_over(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    return f"{which} was handed over to {people.called(told.participant)}"


@says("agreement_made")
def say_agreement_made(told: Told, people: People) -> str:
    items = f", of {len(told.items)} item{'s' * (len(told.items) != 1)}" if told.items else ""
    return f"an outcome agreement{_which(told, 'of')} was made{items}"


@says("agreement_item_settled")
def say_agreement_item_settled(told: Told, people: People) -> str:
    if told.outcome is None:
        return "it was recorded what became of an item of the agreement"
    done = "was completed" if told.outcome is ItemOutcome.COMPLETED else "will not be completed"
    return f"item {told.item} of the agreement {done}"


@says("followed_up")
def say_followed_up(told: Told, people: People) -> str:
    who = people.within(told.participant)
    return f"{who} was followed up{_which(told, 'of')} {_FOLLOWED_UP.get(told.contact, 'after the activity')}"


@says("survey_answered")
def say_survey_answered(told: Told, people: People) -> str:
    return f"{people.within(told.participant)} said what they thought of the service{_which(told, 'after')}"


@says("scale_scored")
def say_scale_scored(told: Told, people: People) -> str:
    scale = f"the scale {in_words(told.scale)}" if told.scale else "an outcome scale"
    occasion = f" {in_words(told.occasion)} the activity" if told.occasion else ""
    return f"{people.within(told.participant)} was scored on {scale}{occasion}"


@says("needs_scored")
def say_needs_scored(told: Told, people: People) -> str:
    occasion = f" {in_words(told.occasion)} the activity" if told.occasion else ""
    return f"the eight needs of {people.within(told.participant)} were scored{occasion}"


@says("outcome_reported")
def say_outcome_reported(told: Told, people: People) -> str:
    return f"an outcome report went to {in_words(told.agency) if told.agency else 'an agency'}"


@says("consent_given")
def say_consent_given(told: Told, people: People) -> str:
    purpose = _TO_WHAT.get(told.purpose, "to something")
    if told.by_guardian:
        return f"{people.within(told.by_guardian)} consented for {people.within(told.participant)} {purpose}"
    return f"{people.within(told.participant)} consented {purpose}"


@says("consent_withdrawn")
def say_consent_withdrawn(told: Told, people: People) -> str:
    who = people.within(told.participant)
    if told.by_guardian:
        who = f"{people.within(told.by_guardian)} for {who}"
    return (
        f"{who} withdrew the consent {_TO_WHAT[told.purpose]}"
        if told.purpose
        else f"{who} withdrew a consent"
    )


@says("participation_ended")
def say_participation_ended(told: Told, people: People) -> str:
    why = f": {in_words(told.reason)}" if told.reason else ""
    return f"the part of {people.within(told.participant)} ended{why}"


@says("participant_added")
def say_participant_added(told: Told, people: People) -> str:
    person = told.participant
    return f"{people.within(person.id) if person else 'a person'} joined the referral"


@says("participant_amended")
def say_participant_amended(told: Told, people: People) -> str:
    text = f"what is known about {people.within(told.participant)} was put right"
    lost = [_BY[channel] for channel in told.no_longer_safe or ()]
    return f"{text}; reaching them {' or '.join(lost)} is no longer marked as safe" if lost else text


@says("participant_came_of_age")
def say_participant_came_of_age(told: Told, people: People) -> str:
    return (
        f"{people.within(told.participant)} turned 18: no parent or guardian need consent for them any more"
    )


@says("contact_safety_recorded")
def say_contact_safety_recorded(told: Told, people: People) -> str:
    return f"it was recorded how {people.within(told.participant)} may be reached safely"


@says("referral_amended")
def say_referral_amended(told: Told, people: People) -> str:
    return "what is known about the referral was put right"


@says("court_updated")
def say_court_updated(told: Told, people: People) -> str:
    news = []
    if told.plea:
        news.append(f"the plea is {in_words(told.plea)}")
    if told.adjourned is not None:
        news.append("sentencing was adjourned for this" if told.adjourned else "sentencing is not adjourned")
    if told.court_date:
        news.append(f"the hearing is on {on_day(told.court_date)}")
    return f"there is news from the court{': ' if news else ''}{', '.join(news)}"


@says("custody_details_recorded")
def say_custody_details_recorded(told: Told, people: People) -> str:
    what = f" ({in_words(told.sentence_date_is)})" if told.sentence_date_is else ""
    by = f"; the day to bear in mind is {on_day(told.sentence_date)}{what}" if told.sentence_date else ""
    return f"it was recorded where {people.within(told.participant)} serves a sentence{by}"


@says("time_spent_recorded")
def say_time_spent_recorded(told: Told, people: People) -> str:
    if told.minutes is None:
        return "time was spent on the referral"
    return f"time was spent on {in_words(told.work)}: {told.minutes} minute{'s' * (told.minutes != 1)}"


@says("complaint_recorded")
def say_complaint_recorded(told: Told, people: People) -> str:
    by = f" by {people.called(told.made_by)}" if told.made_by else ""
    about = f" about {in_words(told.about)}" if told.about else ""
    return f"a complaint{about} was made{by}"


@says("complaint_answered")
def say_complaint_answered(told: Told, people: People) -> str:
    what = f"complaint {told.complaint}" if told.complaint else "a complaint"
    return f"{what} was answered{f': {in_words(told.outcome)}' if told.outcome else ''}"


@says("safeguarding_raised")
def say_safeguarding_raised(told: Told, people: People) -> str:
    return "a safeguarding concern was raised: every message and contact is frozen"


@says("safeguarding_lifted")
def say_safeguarding_lifted(told: Told, people: People) -> str:
    return "the safeguarding freeze was lifted"


@says("put_on_hold")
def say_put_on_hold(told: Told, people: People) -> str:
    until = f", to be looked at again on {on_day(told.review_on)}" if told.review_on else ""
    return f"the referral was put on hold; its clocks stand still{until}"


@says("resumed")
def say_resumed(told: Told, people: People) -> str:
    return "the hold ended; the clocks go on where they stopped"


@says("sign_off_requested")
def say_sign_off_requested(told: Told, people: People) -> str:
    what = f": {_SIGNED[told.subject]}{_which(told, 'of')}" if told.subject else ""
    return f"a sign-off was asked for{what}"


@says("signed_off")
def say_signed_off(told: Told, people: People) -> str:
    if told.subject is None or told.approved is None:
        return "a supervisor decided on a sign-off"
    became = "signed off" if told.approved else "returned, not signed off"
    return f"{_SIGNED[told.subject]}{_which(told, 'of')} was {became}"


@says("gate_overridden")
def say_gate_overridden(told: Told, people: People) -> str:
    return f"a supervisor overrode a condition{_which(told, 'of')}{f': {in_words(told.gate)}' if told.gate else ''}"


@says("reviewed")
def say_reviewed(told: Told, people: People) -> str:
    subject = f" of {in_words(told.subject).removesuffix(' review')}" if told.subject else ""
    about = f", about {people.called(told.participant)}" if told.participant else ""
    return f"a review{subject} was made{about}"


@says("task_completed")
def say_task_completed(told: Told, people: People) -> str:
    match told.result:
        case TaskResult.PASSED_ON:
            return "what no message could tell was passed on"
        case TaskResult.NOT_NEEDED:
            return "what no message could tell need not be passed on"
        case _:
            return "somebody dealt with a message that could not be sent"


@says("deadline_extended")
def say_deadline_extended(told: Told, people: People) -> str:
    until = f" to {when(told.until)}" if told.until else " later"
    return f"{_deadline(told)} was moved{until}"


@says("deadline_reached")
def say_deadline_reached(told: Told, people: People) -> str:
    kind, _, number = (told.point or "").partition("-")
    match kind:
        case "warn":
            return f"{_deadline(told)} is due soon: warning {number}"
        case "due":
            return f"{_deadline(told)} is due"
        case "escalate":
            return f"{_deadline(told)} is late: escalation {number}"
        case _:
            return f"{_deadline(told)} came to one of its points"


@says("escalation_raised")
def say_escalation_raised(told: Told, people: People) -> str:
    to = f" to the {in_words(told.rung)}" if told.rung else ""
    return f"{_deadline(told)} was escalated{to}"


@says("escalation_cleared")
def say_escalation_cleared(told: Told, people: People) -> str:
    return f"{_deadline(told)} is no longer escalated"


def _deadline(told: Told) -> str:
    return deadline_in_words(told.deadline) if told.deadline else "a deadline"


@says("notice_settled")
def say_notice_settled(told: Told, people: People) -> str:
    what = f"the message “{template_in_words(told.template)}”" if told.template else "a message"
    to = f" to {people.within(told.to)}" if told.to else ""
    if told.outcome is None:
        return f"{what}{to} came to its end"
    by = f" {_BY[told.channel]}" if told.channel else ""
    return f"{what}{to} {_BECAME[told.outcome]}{by}"


@says("policy_adopted")
def say_policy_adopted(told: Told, people: People) -> str:
    if told.version is None:
        return "the referral goes on under another version of the policy"
    return f"the referral goes on under version {told.version} of the policy, before {told.was}"


@says("appointment_called_off")
def say_appointment_called_off(told: Told, people: People) -> str:
    if told.appointment is None:
        return "a meeting that lay ahead is off"
    kind, *parts = told.appointment.split("/")
    what = in_words(kind)
    if kind == "preparation":
        what = f"preparation meeting with {people.within(parts[0])}"
    activity = activity_in_key(told.appointment)
    what += f" for {activity}" if activity not in (None, FIRST_ACTIVITY) else ""
    return f"the {what} of {when(told.starts_at)} is off"


@says("note_added")
def say_note_added(told: Told, people: People) -> str:
    return "a note was added"


@says("step_corrected")
def say_step_corrected(told: Told, people: People) -> str:
    return f"{f'step {told.corrects}' if told.corrects else 'a step'} was taken back as a mistake"


@says("referral_closed")
def say_referral_closed(told: Told, people: People) -> str:
    stage = f" in {in_words(told.stage)}" if told.stage else ""
    return f"the referral closed{stage}{f': {in_words(told.reason)}' if told.reason else ''}"


@says("referral_reopened")
def say_referral_reopened(told: Told, people: People) -> str:
    return f"the referral was reopened{f', in {in_words(told.stage)}' if told.stage else ''}"
