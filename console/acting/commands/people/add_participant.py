"""Add a person."""

from __future__ import annotations

from casework.referral.acting import ActingView
from console.acting.commands.people.about_people import (
    ASKED_OF_A_PERSON,
    CHARACTERISTICS,
    CHARACTERISTICS_ASKED,
    below,
)
from console.acting.commands.people.new_ids import id_for_role
from console.acting.forms.fields import Kind, Section, When
from console.acting.wording import Ask, Body, Wording


def _with_id(body: Body, view: ActingView) -> Body:
    participant = body.get("participant") or {}
    if participant.get("id"):
        return body
    return {**body, "participant": {"id": id_for_role(participant.get("role"), view.called), **participant}}


WORDING = Wording(
    asks=(
        Ask(
            "participant",
            "The new person",
            sections=(
                Section("Safe contact", ("contact_safety",)),
                Section("Age, gender and what returns ask for", CHARACTERISTICS),
            ),
        ),
        Ask("participant.id", hidden=True),
        Ask(
            "participant.role",
            "What are they in this referral?",
            words={"harmed": "Person harmed", "responsible": "Person responsible"},
        ),
        Ask(
            "participant.accompanies",
            "Whom do they accompany?",
            hint="Of a supporter, guardian, interpreter or appropriate adult.",
            only=frozenset({"of_a_side"}),
            none="Nobody",
            when=When("role", ("supporter", "guardian", "interpreter", "appropriate_adult")),
        ),
        Ask("participant.person", "Name and how they are reached"),
        *below("participant.person", ASKED_OF_A_PERSON),
        Ask("participant.contact_safety", "Safe contact"),
        Ask("participant.contact_safety.safe_channels", "Which ways are safe?"),
        Ask("participant.contact_safety.safe_from"),
        Ask("participant.contact_safety.safe_until"),
        Ask("participant.contact_safety.may_leave_voicemail"),
        Ask("participant.contact_safety.seen_by"),
        Ask("participant.contact_safety.neutral_words_only"),
        Ask("participant.interpreter_needed", "Do they need an interpreter?"),
        Ask("participant.custody", kind=Kind.SELECT, when=When("role", ("responsible",))),
        *below("participant", CHARACTERISTICS_ASKED),
    ),
    settle=_with_id,
)
