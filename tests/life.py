"""A whole life of a referral as commands, for tests that need one. Everybody in it is invented."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from schemas import commands as c
from schemas.commands import Command, OpenReferral, parse_command
from schemas.vocabulary import RiskFactor

HARMED, RESPONSIBLE = "h1", "r1"
BIRTHDAY = "1907-11-13"
PRISON_NUMBER = "Q7393XV"
# Of the range kept free for drama; nobody else in the tests has them.
PHONE, OTHER_PHONE = "+447700900813", "+447700900831"


def mailbox(words: str) -> str:
    """An e-mail address that begins with the words."""
    return f"{'.'.join(words.lower().split())}@example.org"


def form(words: str = "Invented", **changes: object) -> OpenReferral:
    """A referral of a burglary in Durham; the words stand in every Sensitive field that takes words."""
    person = {
        "name": words,
        "date_of_birth": BIRTHDAY,
        "phone": PHONE,
        "email": mailbox(words),
        "address": f"{words}, 1 Nowhere Street, DH1 1AA",
        "language": words,
        "contact_note": words,
        "needs": words,
    }
    safety = {"safe_channels": ["phone"], "safe_from": "09:00", "safe_until": "17:00", "seen_by": words}
    body = {
        "area": "durham",
        "source": "police",
        "initiator": "agency",
        "offence": "burglary",
        "justice_stage": "post_sentence_community",
        "participants": [
            {"id": HARMED, "role": "harmed", "person": person, "contact_safety": safety},
            {"id": RESPONSIBLE, "role": "responsible", "person": person},
        ],
        "summary": words,
        "sent_by": words,
        "crime_reference": _crime_reference(words),
    }
    opened = parse_command("open_referral", body | changes)
    assert isinstance(opened, OpenReferral)
    return opened


def hours_of_another_time(now: datetime) -> dict[str, str]:
    """Safe hours that begin in five hours at the soonest and in twenty at the latest.

    Args:
        now: in London.
    """
    if now.hour < 12:
        return {"safe_from": "20:00", "safe_until": "20:30"}
    return {"safe_from": "06:00", "safe_until": "06:30"}


def consent(
    participant: str, purpose: str, on: date, words: str = "Invented", **more: object
) -> c.GiveConsent:
    """A written consent."""
    agencies = ["probation"] if purpose == "share_risk_information" else []
    body = {
        "participant": participant,
        "purpose": purpose,
        "form_version": "2026.1",
        "given_on": on,
        "form": "written",
        "agencies": agencies,
        "through": words,
    }
    return c.GiveConsent.model_validate(body | more)


def until_preparation(on: date, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from just after the opening until preparation begins."""
    factors = [
        {"factor": factor, "level": "low", "evidence": words, "mitigation": words} for factor in RiskFactor
    ]
    return [
        ("cw-1", c.RecordDuplicateCheck()),
        ("cw-1", c.Allocate(caseworker="cw-1")),
        ("cw-1", _attempt(HARMED, "no_answer", words)),
        ("cw-1", _attempt(HARMED, "reached", words)),
        ("cw-1", c.RecordInformationGiven.model_validate({"participant": HARMED, "channel": "phone"})),
        ("cw-1", _interest(HARMED, words)),
        ("cw-1", consent(HARMED, "take_part", on, words)),
        ("cw-1", consent(HARMED, "share_risk_information", on, words)),
        ("cw-1", c.BeginRiskAssessment()),
        ("cw-1", c.RecordRiskAssessment.model_validate({"about": HARMED, "factors": factors})),
        ("cw-1", c.RecordRiskVerdict.model_validate({"verdict": "proceed_direct", "missing": words})),
        ("cw-1", _attempt(RESPONSIBLE, "reached", words)),
        ("cw-1", c.RecordInformationGiven.model_validate({"participant": RESPONSIBLE, "channel": "phone"})),
        ("cw-1", _interest(RESPONSIBLE, words)),
        ("cw-1", c.RecordAcknowledgement(participant=RESPONSIBLE, acknowledges=True)),
        ("cw-1", consent(RESPONSIBLE, "take_part", on, words)),
        ("cw-1", c.BeginPreparation()),
    ]


def until_conference(now: datetime, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from preparation until the conference is booked for this moment."""
    on = now.date()
    meetings = [
        c.RecordPreparationMeeting.model_validate(
            {"participant": person, "held_on": on, "channel": "in_person", "note": words}
        )
        for person in (HARMED, RESPONSIBLE)
    ]
    return [
        ("cw-1", c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2", advanced_practitioner=True)),
        ("cw-1", c.ChooseMethod.model_validate({"method": "face_to_face", "reason": words})),
        *(("fa-1", meeting) for meeting in meetings),
        ("fa-1", consent(HARMED, "method_direct", on, words)),
        ("fa-1", consent(RESPONSIBLE, "method_direct", on, words)),
        *book(now, words),
    ]


def book(now: datetime, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from a prepared referral until the conference is booked for this moment."""
    return [
        ("fa-1", c.RequestReadinessSignOff()),
        ("su-1", c.DecideSignOff.model_validate({"subject": "readiness", "approved": True, "reason": words})),
        ("fa-1", c.ReconfirmRisk(note=words)),
        (
            "fa-1",
            c.BookActivity.model_validate(
                {"starts_at": now, "attending": [HARMED, RESPONSIBLE], "venue": words}
            ),
        ),
    ]


def detours(now: datetime, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from a booked conference, through all that may come between, to one that is booked again."""
    factors = [{"factor": factor, "level": "low"} for factor in RiskFactor]
    supporter = {
        "id": "s1",
        "role": "supporter",
        "accompanies": HARMED,
        "person": {"name": words},
        "contact_safety": {"seen_by": words},
    }
    return [
        ("fa-1", c.PostponeActivity(asked_by=HARMED, reason=words)),
        *book(now, words),
        ("fa-1", c.StopActivity(reason=words)),
        ("fa-1", c.ReturnToPreparation(reason=words)),
        (
            "fa-1",
            c.BookPreparationMeeting(participant=HARMED, starts_at=now + timedelta(days=9), venue=words),
        ),
        ("fa-1", c.CancelPreparationMeeting(participant=HARMED, reason=words)),
        ("su-2", c.OverrideGate(gate="confirmations", reason=words)),
        ("cw-1", c.AddParticipant.model_validate({"participant": supporter})),
        (
            "cw-1",
            c.EndParticipation.model_validate({"participant": "s1", "reason": "declined", "note": words}),
        ),
        ("cw-1", consent(HARMED, "case_study", now.date(), words)),
        (
            "cw-1",
            c.WithdrawConsent.model_validate({"participant": HARMED, "purpose": "case_study", "note": words}),
        ),
        ("su-2", c.ExtendDeadline(deadline="inactivity", until=now + timedelta(days=900), reason=words)),
        ("cw-1", c.ReassessRisk(reason=words)),
        ("cw-1", c.RequestMoreInformation(reason=words)),
        ("cw-1", c.BeginRiskAssessment()),
        *(
            ("cw-1", c.RecordRiskAssessment.model_validate({"about": person, "factors": factors}))
            for person in (HARMED, RESPONSIBLE)
        ),
        ("cw-1", c.RecordRiskVerdict.model_validate({"verdict": "proceed_direct"})),
        ("cw-1", c.BeginPreparation()),
        *book(now, words),
    ]


def until_closed(now: datetime, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from the conference, which begins at this moment, until the referral is closed."""
    on = now.date()
    item = {"id": "i1", "by": RESPONSIBLE, "due_on": on + timedelta(weeks=4), "text": words}
    steps: list[tuple[str, Command]] = [
        ("fa-1", c.RecordActivityHeld(started_at=now, note=words)),
        ("fa-1", consent(HARMED, "outcome_agreement", on, words)),
        ("fa-1", consent(RESPONSIBLE, "outcome_agreement", on, words)),
        ("fa-1", c.RecordAgreement.model_validate({"items": [item]})),
        ("cw-1", c.SettleAgreementItem.model_validate({"item": "i1", "outcome": "completed"})),
    ]
    for person in (HARMED, RESPONSIBLE):
        for contact in ("check_in", "six_weeks", "three_months"):
            body = {"participant": person, "contact": contact, "note": words}
            steps.append(("cw-1", c.RecordFollowUp.model_validate(body)))
        survey = {"participant": person, "satisfied": True, "rating": 9, "comment": words}
        steps.append(("cw-1", c.RecordSurvey.model_validate(survey)))
    reason = "completed_direct_with_agreement"
    return [*steps, ("cw-1", c.Close.model_validate({"reason": reason, "note": words}))]


def letters(now: datetime, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what, from preparation or follow-up, to have a letter handed over in an exchange that is then held;
    another activity is planned and ended, as nobody wants it."""
    on = now.date()
    whom = {"communication": "c1", "participant": RESPONSIBLE}
    meetings = [
        {"participant": person, "held_on": on, "channel": "in_person", "activity": "a2"}
        for person in (HARMED, RESPONSIBLE)
    ]
    # It begins with the hand-over, before it was to.
    booking = {"starts_at": now + timedelta(hours=1), "attending": [HARMED, RESPONSIBLE], "activity": "a2"}
    draft = {"author": HARMED, "to": [RESPONSIBLE], "form": "letter", "activity": "a2", "note": words}
    check = {"communication": "c1", "result": "fit", "taken_out": words, "reason": words}
    return [
        ("cw-1", c.PlanActivity.model_validate({"method": "letter", "reason": words})),
        ("cw-1", c.PlanActivity.model_validate({"method": "shuttle", "reason": words})),
        ("cw-1", c.EndActivity.model_validate({"activity": "a3", "why": "not_wanted", "reason": words})),
        ("fa-1", consent(HARMED, "method_indirect", on, words)),
        ("fa-1", consent(RESPONSIBLE, "method_indirect", on, words)),
        *(("fa-1", c.RecordPreparationMeeting.model_validate(each)) for each in meetings),
        ("fa-1", c.DraftCommunication.model_validate(draft)),
        ("cw-1", c.CheckCommunication.model_validate(check)),
        ("fa-1", c.ReconfirmRisk(activity="a2", note=words)),
        ("fa-1", c.BookActivity.model_validate(booking)),
        ("fa-1", c.OfferCommunication.model_validate(whom | {"note": words})),
        ("fa-1", c.RecordAnswer.model_validate(whom | {"answer": "accepted", "note": words})),
        ("fa-1", c.HandOverCommunication.model_validate(whom | {"agrees": True, "note": words})),
        ("fa-1", c.RecordActivityHeld(activity="a2")),
    ]


def asides(on: date, words: str = "Invented") -> list[tuple[str, Command]]:
    """Who asks for what that leaves the referral in its stage: pauses, concerns, amendments, notes."""
    amended = {"participant": HARMED, "person": {"name": words, "phone": OTHER_PHONE}}
    safety = {"participant": HARMED, "contact_safety": {"safe_channels": ["phone"], "seen_by": words}}
    custody = {"participant": RESPONSIBLE, "prison": words, "prison_number": PRISON_NUMBER}
    return [
        ("cw-1", c.RecordComplaint.model_validate({"about": "delay", "made_by": HARMED, "text": words})),
        (
            "su-1",
            c.AnswerComplaint.model_validate({"complaint": "k1", "outcome": "upheld", "text": words}),
        ),
        ("cw-1", c.RecordCustodyDetails.model_validate(custody)),
        ("cw-1", c.RecordTimeSpent.model_validate({"minutes": 45, "work": "contact", "participant": HARMED})),
        ("cw-1", c.AddNote(note=words)),
        ("cw-1", c.Hold(review_on=on + timedelta(days=30), reason=words)),
        ("cw-1", c.Resume()),
        ("fa-1", c.RaiseSafeguarding(note=words)),
        ("su-1", c.LiftSafeguarding(note=words)),
        ("cw-1", c.AmendParticipant.model_validate(amended)),
        ("cw-1", c.RecordContactSafety.model_validate(safety)),
        (
            "cw-1",
            c.AmendReferral.model_validate({"summary": words, "crime_reference": _crime_reference(words)}),
        ),
        ("su-1", c.Reassign(caseworker="cw-2", reason=words)),
        ("su-2", c.RecordReview.model_validate({"subject": "supervision", "note": words})),
    ]


def _crime_reference(words: str) -> str:
    """The words, where they could be one."""
    return words if any(map(str.isdigit, words)) else "42/12345/26"


def _attempt(participant: str, outcome: str, words: str) -> c.RecordContactAttempt:
    body = {"participant": participant, "channel": "phone", "outcome": outcome, "note": words}
    return c.RecordContactAttempt.model_validate(body)


def _interest(participant: str, words: str) -> c.RecordInterest:
    return c.RecordInterest.model_validate(
        {"participant": participant, "interest": "interested", "note": words}
    )
