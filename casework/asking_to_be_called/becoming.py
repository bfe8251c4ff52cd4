"""How the answers of somebody who asks to be called become a referral."""

from __future__ import annotations

from datetime import datetime

from schemas.areas import Area
from schemas.asking import Answers, Help, Others, WhoAsks, WhoToThem
from schemas.commands import OpenReferral
from schemas.facts import NewParticipant
from schemas.people import ContactSafety, Person
from schemas.vocabulary import Initiator, JusticeStage, Offence, ParticipantRole, Source

_HARMED, _RESPONSIBLE = "h1", "r1"
_SEEN_BY = {
    Others.NOBODY: "nobody, they say",
    Others.SOMEBODY: "somebody, they did not say who",
    Others.NOT_SURE: "they are not sure whether anybody",
}


def as_referral(answers: Answers, default_area: Area, asked_at: datetime) -> OpenReferral:
    """The referral that somebody asks for. What they did not say stays unknown, and nothing is safe that they did not
    call safe.

    Args:
        answers: every one that is needed.
        default_area: of who does not know theirs.
        asked_at: when they asked, aware.
    """
    who = answers.who or WhoAsks.HARMED
    harmed = who in (WhoAsks.HARMED, WhoAsks.FOR_HARMED)
    whose = _HARMED if harmed else _RESPONSIBLE
    people = {
        _HARMED: NewParticipant(id=_HARMED, role=ParticipantRole.HARMED),
        _RESPONSIBLE: NewParticipant(id=_RESPONSIBLE, role=ParticipantRole.RESPONSIBLE),
    }
    asked_by = whose
    role = people[whose].role
    if who.for_somebody_else:
        guardian = answers.who_to_them is WhoToThem.PARENT_OR_CARER
        role = ParticipantRole.GUARDIAN if guardian else ParticipantRole.SUPPORTER
        asked_by = "g1" if guardian else "s1"
    people[asked_by] = NewParticipant(
        id=asked_by,
        role=role,
        accompanies=whose if who.for_somebody_else else None,
        # Not asked whether they need none: absent unless they do.
        interpreter_needed=True if {Help.INTERPRETER, Help.SIGN_LANGUAGE} & set(answers.help) else None,
        person=_person(answers),
        contact_safety=_safety(answers),
    )
    return OpenReferral(
        area=answers.area or default_area,
        source=Source.SELF,
        initiator=Initiator.HARMED_PERSON if harmed else Initiator.PERSON_RESPONSIBLE,
        asked_by=asked_by,
        asked_at=asked_at,
        offence=Offence.UNKNOWN,
        justice_stage=JusticeStage.UNKNOWN,
        participants=tuple(people.values()),
        summary=answers.what,
    )


def _safety(answers: Answers) -> ContactSafety:
    seen_by = answers.seen_by or _SEEN_BY[answers.others or Others.NOT_SURE]
    return ContactSafety(
        safe_channels=answers.ways,
        safe_from=answers.safe_from,
        safe_until=answers.safe_until,
        may_leave_voicemail=answers.leave_message is True,
        seen_by=seen_by,
    )


def _person(answers: Answers) -> Person:
    spoken = {Help.WELSH: "Welsh", Help.SIGN_LANGUAGE: "British Sign Language"}
    languages = [spoken[each] for each in answers.help if each in spoken]
    languages += [answers.language] if answers.language else []
    return Person(
        name=answers.name,
        phone=answers.phone,
        email=answers.email,
        address=answers.address,
        language=", ".join(languages) or None,
        contact_note="\n".join(_notes(answers)) or None,
        needs=answers.needs,
    )


def _notes(answers: Answers) -> list[str]:
    notes = []
    if answers.hours_note:
        notes.append(f"On when it is safe, in their words: {answers.hours_note}")
    if answers.safe_from is None:
        notes.append("They are not sure when it is safe to contact them.")
    if answers.area is None and "area" in answers.answered:
        notes.append("They do not know the police area.")
    if answers.in_welsh:
        notes.append("They asked in Welsh.")
    return notes
