"""Referrals in an area of their own, as pages show them. Everybody in them is invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Role, Staff
from schemas.reading.reference import reference_from
from schemas.vocabulary import RiskFactor
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.life import HARMED, RESPONSIBLE, consent, form
from tests.register import enter

HERE = Area.NOTTINGHAMSHIRE
CASEWORKER, STRANGER, FACILITATOR, SUPERVISOR, OTHER_SUPERVISOR = "no-1", "no-2", "no-fa", "no-su", "no-sv"
PARTNER = "no-pa"
JUNE, JACK, NIA = "June Invented", "Jack Invented", "Nia Pretend"
PHONE, READ_PHONE, PLACE = "+447700900447", "07700 900447", "4 Nowhere Lane, NG1 1AA"
NOTE = "She would rather be rung before noon"
FACTORS = [{"factor": each, "level": "low", "evidence": "Nothing known against it"} for each in RiskFactor]


def people(**of_june: object) -> list[dict[str, object]]:
    """June, whom Nia accompanies, and Jack."""
    safety = {"safe_channels": ["phone"], "safe_from": "09:00", "safe_until": "17:00"}
    june = {"name": JUNE, "phone": PHONE, "address": PLACE}
    return [
        {"id": HARMED, "role": "harmed", "person": june, "contact_safety": safety, **of_june},
        {"id": RESPONSIBLE, "role": "responsible", "person": {"name": JACK}},
        {"id": "s1", "role": "supporter", "accompanies": HARMED, "person": {"name": NIA}},
    ]


class Cases(Book):
    """Referrals of Nottinghamshire, and who works there."""

    def __init__(self, pool: Pool, keys: KeyStore) -> None:
        super().__init__(pool, keys, HERE, "no")

    async def hire(self) -> None:
        """Enter the people into the register, those whose names pages show with these."""
        await super().hire()
        named = {
            CASEWORKER: (Role.CASEWORKER, "Cass Invented"),
            FACILITATOR: (Role.FACILITATOR, "Faye Invented"),
            SUPERVISOR: (Role.SUPERVISOR, "Sue Invented"),
            PARTNER: (Role.PARTNER, "Pat Invented"),
        }
        for name, (role, whole) in named.items():
            advanced = name == FACILITATOR
            member = Staff(id=name, role=role, areas=(HERE,), name=whole, advanced_practitioner=advanced)
            await enter(self.pool, self.keys, member)
        self._people["pa-1"] = PARTNER

    async def sent(self) -> str:
        """A referral that the partner sent, and on which nobody works."""
        reference = reference_from(uuid4().int)
        await self.keys.create(reference)
        await self.take(reference, "pa-1", form(area=HERE, participants=people()), MONDAY)
        return reference

    async def contacted(self, **changes: Any) -> str:
        """A referral of the caseworker's in victim contact, in which June was tried once."""
        reference = await self.open(**{"participants": people(), **changes})
        await self.tell(
            reference,
            [
                ("cw-1", c.RecordDuplicateCheck()),
                ("cw-1", c.Allocate(caseworker="cw-1")),
                ("cw-1", attempt("no_answer", NOTE)),
            ],
            MONDAY,
        )
        return reference

    async def judged(self, **changes: Any) -> str:
        """One in which the risk was assessed and June consented; next Jack is asked."""
        reference = await self.contacted(**changes)
        on = MONDAY.date()
        assessed = {"about": HARMED, "factors": FACTORS}
        await self.tell(
            reference,
            [
                ("cw-1", attempt("reached")),
                ("cw-1", told(HARMED)),
                ("cw-1", interested(HARMED)),
                ("cw-1", consent(HARMED, "take_part", on)),
                ("cw-1", consent(HARMED, "share_risk_information", on)),
                ("cw-1", c.BeginRiskAssessment()),
                ("cw-1", c.RecordRiskAssessment.model_validate(assessed)),
                ("cw-1", c.RecordRiskVerdict.model_validate({"verdict": "proceed_direct"})),
            ],
            MONDAY,
        )
        if changes.get("sensitive_categories"):
            signed = {"subject": "risk_assessment", "approved": True}
            await self.take(reference, "su-1", c.DecideSignOff.model_validate(signed), MONDAY)
        return reference

    async def prepared(self, **changes: Any) -> str:
        """One in preparation, with facilitators and a meeting face to face, for which nobody is prepared yet."""
        reference = await self.judged(**changes)
        on = MONDAY.date()
        await self.tell(
            reference,
            [
                ("cw-1", told(RESPONSIBLE)),
                ("cw-1", interested(RESPONSIBLE)),
                ("cw-1", c.RecordAcknowledgement(participant=RESPONSIBLE, acknowledges=True)),
                ("cw-1", consent(RESPONSIBLE, "take_part", on)),
                ("cw-1", c.BeginPreparation()),
                (
                    "cw-1",
                    c.AssignFacilitators(
                        facilitator="fa-1", co_facilitator="fa-2", advanced_practitioner=True
                    ),
                ),
                ("cw-1", c.ChooseMethod.model_validate({"method": "face_to_face"})),
            ],
            MONDAY,
        )
        return reference

    async def now(self, reference: str, who: str, command: Command) -> None:
        """Take a step at this moment."""
        await self.take(reference, who, command, datetime.now(UTC))


def attempt(outcome: str, note: str | None = None, whom: str = HARMED) -> c.RecordContactAttempt:
    """An attempt to reach somebody by phone."""
    body = {"participant": whom, "channel": "phone", "outcome": outcome, "note": note}
    return c.RecordContactAttempt.model_validate(body)


def told(whom: str) -> c.RecordInformationGiven:
    """That somebody was told what restorative justice is."""
    return c.RecordInformationGiven.model_validate({"participant": whom, "channel": "phone"})


def interested(whom: str) -> c.RecordInterest:
    """That somebody wants to take part."""
    return c.RecordInterest.model_validate({"participant": whom, "interest": "interested"})
