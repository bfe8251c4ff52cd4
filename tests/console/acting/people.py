"""Who works in Suffolk, and a referral there. Everybody is invented."""

from __future__ import annotations

from datetime import datetime

from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.commands import Command, OpenReferral, parse_command
from schemas.people import Role, Staff
from tests.life import consent

AREA = Area.SUFFOLK
PEOPLE = (
    Staff(id="cas-1", role=Role.CASEWORKER, areas=(AREA,), name="Cass Invented"),
    Staff(id="cas-2", role=Role.CASEWORKER, areas=(AREA,), name="Kit Invented"),
    Staff(id="fas-1", role=Role.FACILITATOR, areas=(AREA,), name="Faye Invented", advanced_practitioner=True),
    Staff(id="sus-1", role=Role.SUPERVISOR, areas=(AREA,), name="Sue Invented"),
    Staff(id="sus-2", role=Role.SUPERVISOR, areas=(AREA,), name="Sam Invented"),
    Staff(id="pas-1", role=Role.PARTNER, areas=(AREA,), name="Pat Invented"),
    Staff(id="aus-1", role=Role.AUDITOR, areas=(AREA,), name="Alba Invented"),
    # Last, for a new service manager makes no supervisors.
    Staff(id="sms-1", role=Role.SERVICE_MANAGER, areas=(AREA,), name="Mina Invented"),
)


def opening(**known: object) -> OpenReferral:
    """A burglary; June was harmed, and Jack is responsible."""
    body: dict[str, object] = {
        "area": AREA,
        "source": "police",
        "initiator": "agency",
        "offence": "burglary",
        "justice_stage": "post_sentence_community",
        "participants": [
            {
                "id": "h1",
                "role": "harmed",
                "age_band": "35_to_54",
                "person": {"name": "June Imagined", "phone": "+447700900841"},
                "contact_safety": {
                    "safe_channels": ["phone"],
                    "safe_from": "09:00",
                    "safe_until": "17:00",
                    "seen_by": "Her partner may pick up",
                },
            },
            {"id": "r1", "role": "responsible", "age_band": "25_to_34", "person": {"name": "Jack Imagined"}},
        ],
    }
    found = parse_command("open_referral", body | known)
    assert isinstance(found, OpenReferral)
    return found


def until_risk_assessment() -> tuple[Command, ...]:
    """From the first contact until the risk is assessed."""
    contact, today = {"participant": "h1", "channel": "phone"}, datetime.now(LONDON).date()
    return (
        c.RecordContactAttempt.model_validate(contact | {"outcome": "reached"}),
        c.RecordInformationGiven.model_validate(contact),
        c.RecordInterest.model_validate({"participant": "h1", "interest": "interested"}),
        consent("h1", "take_part", today),
        consent("h1", "share_risk_information", today),
        c.BeginRiskAssessment(),
    )
