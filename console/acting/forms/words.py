"""How the questions of forms are asked, by the names of fields, and the words of closed lists.

A command that asks otherwise says so in `console/acting/commands`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from casework.words import area_in_words, in_words
from schemas.areas import Area


class Question(NamedTuple):
    """How a field is asked for."""

    label: str
    hint: str = ""


_SEALED = "Encrypted. Only people who work on this referral can read it."

QUESTIONS = {
    "about": Question("Who is it about?"),
    "accompanies": Question("Whom do they accompany?"),
    "acknowledges": Question("Do they acknowledge the basic facts?"),
    "activity": Question("Which activity?"),
    "address": Question("Address", "With the postcode, on as many lines as it has."),
    "adjourned": Question("Was sentencing adjourned for restorative justice?"),
    "advanced_practitioner": Question(
        "Is the facilitator an advanced practitioner?", "The staff register has to say so too."
    ),
    "age_band": Question("Age when the referral was received"),
    "agencies": Question("With which agencies may information be shared?"),
    "agency": Question("Which agency?"),
    "agrees": Question("Do they agree, now, to get it?", "Nothing is handed over without."),
    "answer": Question("What did they say?"),
    "approved": Question("Do you sign it off?"),
    "area": Question("Which police area?"),
    "asked_at": Question("When did they ask to be called?"),
    "asked_by": Question("Who asked for it?"),
    "attending": Question("Who takes part?"),
    "author": Question("Whose words are they?"),
    "began_at": Question("When did it begin?", "Leave it empty if it began as booked."),
    "by": Question("Who undertakes it?"),
    "by_guardian": Question("Which parent or guardian, if it is not the person's own consent?"),
    "caseworker": Question("To whom?"),
    "channel": Question("How?"),
    "co_facilitator": Question("Who co-facilitates?"),
    "comment": Question("What else did they say?", _SEALED),
    "communication": Question("Which letter or message?"),
    "complaint": Question("Which complaint?"),
    "confirmation": Question("What was confirmed?"),
    "conflict": Question("Is it a conflict without a crime?", "Both sides are parties to it."),
    "contact": Question("Which contact?"),
    "contact_note": Question("How are they reached, in words?", "What is no number and no address."),
    "contact_safety": Question("Safe contact"),
    "court_date": Question("Day of the sentencing hearing"),
    "crime_reference": Question("Crime reference number", "As the police write it. " + _SEALED),
    "custody": Question("Prison or probation"),
    "date_of_birth": Question("Date of birth", "For example, 17 5 1990."),
    "deadline": Question("Which deadline?"),
    "deferred_on": Question("Day on which sentence was deferred"),
    "disability": Question("Disability"),
    "district": Question("Local authority district", "Its code of nine characters, such as E06000047."),
    "due_on": Question("By when?"),
    "duplicate_of": Question(
        "Of which referral is it a duplicate?", "Its reference, such as RJ-7KQ4-M2X1. Empty: of none."
    ),
    "email": Question("E-mail address"),
    "ethnicity": Question("Ethnic group"),
    "evidence": Question("What do you base that on?"),
    "facilitator": Question("Who facilitates?"),
    "factor": Question("Risk factor"),
    "factors": Question("Risk factors"),
    "feels": Question("How do they feel compared with before?"),
    "form": Question("In what form?"),
    "form_version": Question("Version of the form", "Such as 2026.1; it stands at the foot of the form."),
    "gate": Question("Which condition do you override?", "No consent can be overridden."),
    "gender": Question("Gender"),
    "gender_identity": Question("Is their gender the sex registered at birth?"),
    "given_on": Question("On which day was it given?"),
    "harmed_person_told": Question("Was the person harmed told of it?"),
    "hate_strands": Question("Strands of hate crime"),
    "held_on": Question("On which day?"),
    "id": Question("Number in the referral", "Such as h2 for another person harmed, or i2 for another item."),
    "incident_on": Question("Day of the incident"),
    "initiator": Question("Who asked for restorative justice?"),
    "interest": Question("Do they want to take part?"),
    "interpreter_needed": Question("Do they need an interpreter?"),
    "interpreter_offered": Question("Was an interpreter offered?"),
    "item": Question("Which item of the agreement?"),
    "items": Question("What was agreed"),
    "justice_stage": Question("How far are the proceedings?"),
    "language": Question("Language they speak best", "Or British Sign Language."),
    "legal_advice_offered": Question("Was legal advice offered?"),
    "level": Question("How high is the risk?"),
    "linked_to": Question("Which closed referral does it continue?", "Its reference."),
    "made_at": Question("When?", "Leave it empty for now."),
    "made_by": Question("Who complained?"),
    "may_leave_voicemail": Question("May a voicemail be left?"),
    "method": Question("By which method?"),
    "minutes": Question("How many minutes?", "From 1 to 1440."),
    "missing": Question("What is still needed?"),
    "mitigation": Question("What is done about it?"),
    "name": Question("Name"),
    "need": Question("Need"),
    "needs": Question("What helps them take part?", "Language, health, learning."),
    "neutral_words_only": Question("Must messages avoid the words restorative justice?"),
    "note": Question("Note", _SEALED),
    "occasion": Question("Before or after the activity?"),
    "offence": Question("Kind of offence"),
    "offence_group": Question("Offence group of the police"),
    "origin": Question("How did it come to you?"),
    "outcome": Question("What came of it?"),
    "participant": Question("Who?"),
    "participants": Question("People"),
    "partly": Question("Was it held only in part?", "It began and was not completed."),
    "person": Question("Who they are"),
    "phone": Question("Telephone number"),
    "plea": Question("What is the plea?"),
    "pregnancy_or_maternity": Question("Pregnancy or maternity"),
    "prison": Question("Prison", "If they are in one."),
    "prison_number": Question("Prison number", "Such as A1234BC."),
    "purpose": Question("Consent to what?"),
    "rating": Question("How do they rate it, from 0 to 10?"),
    "reason": Question("Why?", _SEALED),
    "received_by": Question("Who drafted it with the author, or was given it?", "Nobody named: you."),
    "received_on": Question("On which day did it come?", "Leave it empty for today."),
    "religion": Question("Religion or belief"),
    "reply_to": Question("Which one does it answer?"),
    "result": Question("What is the result?"),
    "resumes_at": Question("When does it go on?", "Leave it empty if it is to be booked again."),
    "review_on": Question("When is it to be reviewed?"),
    "role": Question("What are they in this referral?"),
    "safe_channels": Question("Which ways are safe?", "Nothing is safe that is not ticked."),
    "safe_from": Question("Safe from", "London time, such as 9:00. Empty: no hour is safe."),
    "safe_until": Question("Safe until", "London time, such as 17:30."),
    "satisfied": Question("Are they satisfied?"),
    "scale": Question("Which scale?"),
    "score": Question("Score"),
    "seen_by": Question("Who else may see messages?", _SEALED),
    "sensitive_categories": Question("What makes it a sensitive case?"),
    "sent_by": Question("Person at the agency who sent it"),
    "sentence_date": Question(
        "Is there a day by which the work is best done?", "It has a deadline of its own."
    ),
    "sentence_date_is": Question("What is that day?"),
    "sexual_orientation": Question("Sexual orientation"),
    "source": Question("Who sent it?"),
    "spent_on": Question("On which day?", "Leave it empty for today."),
    "started_at": Question("When did it begin?", "Leave it empty if it began as booked."),
    "starts_at": Question("When does it begin?"),
    "step": Question("Which step was a mistake?"),
    "subject": Question("What is it about?"),
    "summary": Question("What happened?", _SEALED),
    "taken_out": Question("What was taken out, or is to be?", _SEALED),
    "taking_part": Question("Who takes part?", "Nobody ticked: everyone who is committed."),
    "task": Question("Which task?"),
    "text": Question("In words", _SEALED),
    "through": Question("Through whom was it given, if not to you?", _SEALED),
    "to": Question("For whom is it?"),
    "until": Question("Until when?"),
    "venue": Question("Where?", _SEALED),
    "verdict": Question("What is the verdict?"),
    "version": Question("Which version of the policy?"),
    "why": Question("Why does it end?"),
    "work": Question("What was it spent on?"),
    "would_recommend": Question("Would they recommend it?"),
}
"""How each field is asked for, where a command does not ask otherwise."""

_VALUES = {
    "ies_r": "IES-R",
    "pcl_5": "PCL-5",
    "18_to_24": "18 to 24",
    "25_to_34": "25 to 34",
    "35_to_54": "35 to 54",
    "over_54": "55 or over",
    "unknown": "Not known",
    "email": "E-mail",
    "text": "Text message",
    "in_person": "In person",
    "through_agency": "Through an agency",
}


def question(name: str, described: str) -> Question:
    """How a field is asked for; where the table does not say, by its name and what the schema says of it."""
    if name in QUESTIONS:
        return QUESTIONS[name]
    return Question(_sentence(in_words(name)), f"{_sentence(described)}." if described else "")


def value_in_words(value: Enum | str) -> str:
    """A word of a closed list as an answer to choose: No answer."""
    written = str(value.value) if isinstance(value, Enum) else value
    if isinstance(value, Area):
        return area_in_words(value)
    return _VALUES.get(written) or _sentence(in_words(written))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
