"""Examples of a referral and of every command, made from the models. Everybody in them is invented."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from schemas.areas import LONDON
from schemas.reading.annotations import annotation_parts

# By the field's name: what a caseworker might well say. Phone numbers are of the block kept for drama by Ofcom.
_BY_NAME: dict[str, Any] = {
    "participant": "h1",
    "caseworker": "cw-1",
    "facilitator": "fa-1",
    "item": "i1",
    "form_version": "2026.1",
    "interpreter_offered": True,
    "legal_advice_offered": True,
    "acknowledges": True,
    "approved": True,
    "factor": "safe_contact",
    "level": "low",
    "evidence": "Does not want to be called at home.",
    "mitigation": "Call the work number only, before noon.",
    "verdict": "proceed_direct",
    "rating": 9,
    "satisfied": True,
    "would_recommend": True,
    "feels": "better",
    "score": 4,
    "harmed_person_told": True,
    "step": 3,
    "deadline": "risk_assessment",
    "gate": "risk_reconfirmation",
    "attending": ["h1", "r1"],
    "id": "i1",
    "by": "r1",
    "text": "Repair the shed door with the materials given.",
    "venue": "Example Community Centre, small hall",
}

_HARMED = {
    "id": "h1",
    "role": "harmed",
    "age_band": "35_to_54",
    "gender": "female",
    "person": {
        "name": "Alex Example",
        "date_of_birth": "1980-02-29",
        "phone": "07700 900123",
        "email": "alex@example.org",
        "address": "1 Example Street, Durham, DH1 1AA",
        "language": "English",
        "contact_note": "Rings back in the evening; the neighbour at number 3 knows when.",
        "needs": "Hard of hearing: speak clearly, offer a quiet room.",
    },
    "contact_safety": {
        "safe_channels": ["phone"],
        "safe_from": "09:00",
        "safe_until": "12:00",
        "seen_by": "A partner reads the post.",
    },
}
_RESPONSIBLE = {
    "id": "r1",
    "role": "responsible",
    "age_band": "18_to_24",
    "gender": "male",
    "custody": "community_order",
    "person": {"name": "Sam Sample", "phone": "07700 900456"},
}
_SUPPORTER = {
    "id": "s1",
    "role": "supporter",
    "accompanies": "h1",
    "person": {"name": "Robin Sample", "phone": "07700 900789"},
}

# By kind, what the names alone cannot tell.
_BY_KIND: dict[str, dict[str, Any]] = {
    "open_referral": {
        "area": "durham",
        "source": "police",
        "initiator": "harmed_person",
        "offence": "burglary",
        "offence_group": "burglary_residential",
        "district": "E06000047",
        "crime_reference": "42/12345/26",
        "justice_stage": "post_sentence_community",
        "participants": [_HARMED, _RESPONSIBLE],
        "summary": "A shed was broken into and a bicycle taken; it was found, damaged, a week later.",
        "sent_by": "PC Example, neighbourhood team",
    },
    "record_contact_attempt": {"outcome": "reached", "note": "Spoke for ten minutes; will think about it."},
    "record_interest": {"note": "Would like to ask why it was her shed."},
    "request_more_information": {"reason": "She wants to hear more before we go on."},
    "reassess_risk": {"reason": "He has moved to the street where she lives."},
    "record_acknowledgement": {"participant": "r1"},
    "plan_activity": {
        "method": "letter",
        "taking_part": ["h1", "r1"],
        "reason": "She would rather write to him than meet.",
    },
    "end_activity": {
        "why": "not_wanted",
        "reason": "She has said what she wanted to say; no letter is needed.",
    },
    "adjourn_activity": {"reason": "He became unwell; both wish to go on another day."},
    "choose_method": {"reason": "Both would rather meet in person."},
    "record_preparation_meeting": {"channel": "in_person", "note": "Went through how the meeting will run."},
    "record_confirmation": {"participant": "r1", "confirmation": "offender_manager"},
    "draft_communication": {
        "author": "h1",
        "to": ["r1"],
        "form": "letter",
        "note": "She wrote it by hand; we went through it together.",
    },
    "check_communication": {
        "communication": "c1",
        "result": "fit",
        "taken_out": "The name of the street where she lives.",
        "reason": "It would tell where she can be found; she agreed.",
    },
    "offer_communication": {"communication": "c1", "participant": "r1"},
    "record_answer": {"communication": "c1", "participant": "r1", "answer": "accepted"},
    "hand_over_communication": {
        "communication": "c1",
        "participant": "r1",
        "agrees": True,
        "note": "Read it twice, and asked to keep it.",
    },
    "postpone_activity": {"asked_by": "h1", "reason": "She has a hospital appointment that day."},
    "stop_activity": {"reason": "Voices were raised; both asked for a break and went home."},
    "return_to_preparation": {"reason": "Both would like to try again, by letter."},
    "record_follow_up": {"note": "Sleeps better; glad that she went."},
    "record_survey": {"comment": "I was listened to."},
    "request_further_activity": {"reason": "She would like to meet his mother as well."},
    "give_consent": {"purpose": "take_part", "form": "written"},
    "withdraw_consent": {"note": "Said so by phone; nothing more was asked."},
    "withdraw": {"note": "Said so by phone; nothing more was asked."},
    "end_participation": {"reason": "declined", "note": "Has other worries at present."},
    "add_participant": {"participant": _SUPPORTER},
    "amend_participant": {"person": {"phone": "07700 900321"}},
    "record_contact_safety": {"contact_safety": _HARMED["contact_safety"]},
    "amend_referral": {"justice_stage": "post_sentence_custody"},
    "record_court_news": {"plea": "guilty", "adjourned": True},
    "record_custody_details": {
        "participant": "r1",
        "prison": "HMP Example",
        "prison_number": "A1234BC",
        "sentence_date": (datetime.now(LONDON) + timedelta(weeks=20)).date().isoformat(),
        "sentence_date_is": "release",
    },
    "record_time_spent": {"minutes": 45, "work": "meeting"},
    "record_complaint": {"about": "delay", "made_by": "h1", "text": "Heard nothing for six weeks."},
    "answer_complaint": {"complaint": "k1", "outcome": "upheld", "text": "We are sorry; she was rung today."},
    "raise_safeguarding": {"note": "She said that she is afraid at home."},
    "lift_safeguarding": {"note": "Seen by social care; she is safe and wants to go on."},
    "hold": {"reason": "She is abroad for three weeks."},
    "offer_transfer": {
        "area": "northumbria",
        "reason": "The family has moved there and would like to go on.",
    },
    "withdraw_transfer_offer": {"reason": "The family stays here after all."},
    "refuse_transfer": {"reason": "The address that was given is not in our area."},
    "reassign": {"reason": "The caseworker is on leave."},
    "sign_off": {"subject": "risk_assessment"},
    "override_gate": {"reason": "Confirmed by phone this morning; the form follows."},
    "record_review": {"subject": "thinking_time", "participant": "h1", "note": "Asked for two more weeks."},
    "complete_task": {"task": "12-1", "note": "Rang her mother's number at ten, as agreed."},
    "extend_deadline": {"reason": "The prison needs another week."},
    "add_note": {"note": "She prefers to be called Al."},
    "correct_step": {"reason": "Entered on the wrong referral."},
    "close": {
        "reason": "harmed_needs_met_another_way",
        "note": "Got her answers from the officer in the case.",
    },
    "reopen": {"reason": "She called and would like to go on."},
}

# Days that lie ahead; any other is of something that happened.
_PLANNED = frozenset({"review_on", "due_on"})


def example(model: type[BaseModel]) -> dict[str, Any]:
    """A valid document for the command, JSON-ready: what it needs, and what is usually said with it.

    Days are counted from today, so that it is accepted as it stands.
    """
    said = _BY_KIND.get(model.model_fields["kind"].default, {})
    return {
        name: said[name] if name in said else _value(name, field.annotation)
        for name, field in model.model_fields.items()
        if name in said or (name != "kind" and (field.is_required() or name in _BY_NAME))
    }


def _value(name: str, annotation: Any) -> Any:
    if name in _BY_NAME:
        return _BY_NAME[name]
    today = datetime.now(LONDON)
    parts = annotation_parts(annotation)
    for part in parts:
        if get_origin(part) is tuple:
            return [_value(name, get_args(part)[0])]
        if part is datetime:
            return f"{(today + timedelta(weeks=3)).date()}T14:00"
        if part is date:
            ahead = name in _PLANNED
            return (today + timedelta(weeks=3 if ahead else 0)).date().isoformat()
        if issubclass(part, Enum):
            return next(iter(part)).value
        if issubclass(part, BaseModel):
            return {
                each: _value(each, field.annotation)
                for each, field in part.model_fields.items()
                if field.is_required() or each in _BY_NAME
            }
    raise LookupError(f"the example of {name} must be written by hand")
