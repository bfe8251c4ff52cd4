"""Invented people of an invented year: the staff of an area, and who takes part in each referral.

Telephone numbers are of the ranges kept free for drama, e-mail addresses of example.org, and the street is none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

from schemas.areas import LONDON, Area
from schemas.commands import OpenReferral
from schemas.facts import NewParticipant
from schemas.people import ContactSafety, Person, Role, Staff
from schemas.vocabulary import (
    AgeBand,
    Channel,
    Custody,
    Initiator,
    JusticeStage,
    Offence,
    ParticipantRole,
    SensitiveCategory,
    Source,
)
from simulation.year import chances

T = TypeVar("T")

_NAMES = (
    *("Ada", "Alun", "Amina", "Bartek", "Bea", "Bronwen", "Cai", "Cora", "Dilwyn", "Dora", "Elin", "Emeka"),
    *("Farah", "Fred", "Gethin", "Grace", "Hal", "Hana", "Idris", "Iris", "Jack", "Jolanta", "June", "Kamil"),
    *("Kate", "Layla", "Leo", "Lowri", "Maud", "Max", "Nia", "Olu", "Piotr", "Priya", "Rhys", "Rosa"),
    *(
        "Samira",
        "Seren",
        "Tomos",
        "Una",
        "Viktor",
        "Wren",
        "Yusuf",
        "Zofia",
        "Łukasz",
        "Siân",
        "نور",
        "Suharto",
    ),
)
_YEARS = {
    AgeBand.UNDER_18: (11, 17),
    AgeBand.FROM_18_TO_24: (18, 24),
    AgeBand.FROM_25_TO_34: (25, 34),
    AgeBand.FROM_35_TO_54: (35, 54),
    AgeBand.OVER_54: (55, 82),
}
_ALWAYS_SENSITIVE = {
    Offence.SEXUAL: SensitiveCategory.SEXUAL_VIOLENCE,
    Offence.HOMICIDE: SensitiveCategory.HOMICIDE,
}
_FROM_ELSEWHERE = (SensitiveCategory.DOMESTIC_ABUSE, SensitiveCategory.STALKING, SensitiveCategory.HATE_CRIME)
_PREFIX = {
    ParticipantRole.HARMED: "h",
    ParticipantRole.RESPONSIBLE: "r",
    ParticipantRole.SUPPORTER: "s",
    ParticipantRole.GUARDIAN: "g",
    ParticipantRole.INTERPRETER: "i",
}


class Team(NamedTuple):
    """The staff of one area by what they do, each with an id of their own area."""

    partners: tuple[Staff, ...]
    caseworkers: tuple[Staff, ...]
    facilitators: tuple[Staff, ...]
    supervisors: tuple[Staff, ...]
    manager: Staff
    commissioner: Staff

    @property
    def everybody(self) -> tuple[Staff, ...]:
        """All of them, by id, as the register returns them."""
        people = (*self.partners, *self.caseworkers, *self.facilitators, *self.supervisors)
        return tuple(sorted((*people, self.manager, self.commissioner), key=lambda each: each.id))

    def member(self, staff_id: str) -> Staff:
        """The one with that id."""
        return next(each for each in self.everybody if each.id == staff_id)


def team_of(area: Area) -> Team:
    """The invented staff of an area. Some have an e-mail address, the others only the inbox."""

    def staff(role: Role, letters: str, count: int, advanced: int = 0) -> tuple[Staff, ...]:
        return tuple(
            Staff(
                id=f"{area}-{letters}-{number}",
                role=role,
                areas=(area,),
                name=f"{_NAMES[(7 * number + len(letters + role)) % 40]} Invented",
                email=f"{area}-{letters}-{number}@example.org" if number == 1 else None,
                advanced_practitioner=number <= advanced,
            )
            for number in range(1, count + 1)
        )

    [manager] = staff(Role.SERVICE_MANAGER, "sm", 1)
    [commissioner] = staff(Role.COMMISSIONER, "co", 1)
    return Team(
        partners=staff(Role.PARTNER, "pa", 2),
        caseworkers=staff(Role.CASEWORKER, "cw", 4),
        facilitators=staff(Role.FACILITATOR, "fa", 3, advanced=2),
        supervisors=staff(Role.SUPERVISOR, "su", 2),
        manager=manager,
        commissioner=commissioner,
    )


def everybody_invented() -> Iterator[Staff]:
    """The staff of the invented years of all areas."""
    for area in Area:
        yield from team_of(area).everybody


def drawn(chance: random.Random, likely: Mapping[T, float]) -> T:
    """One of these, each as likely as it says."""
    return chance.choices(tuple(likely), tuple(likely.values()))[0]


def referral_form(chance: random.Random, area: Area, number: int, at: datetime) -> OpenReferral:
    """What is known of an invented referral when it is sent.

    Args:
        chance: the referral's own chances.
        number: which of the year's it is, for telephone numbers and house numbers.
        at: when it is sent, aware.
    """
    today = at.astimezone(LONDON).date()
    source = drawn(chance, chances.SOURCES)
    justice_stage = drawn(chance, chances.JUSTICE_STAGES.get(source, chances.JUSTICE_STAGES_ELSE))
    offence = drawn(chance, chances.OFFENCES)
    initiator = _initiator(chance, source)
    categories = _categories(chance, offence, initiator)
    people = tuple(_People(chance, number, today, source, justice_stage).all())
    if any(each.age_band is AgeBand.UNDER_18 for each in people):
        categories = (*categories, SensitiveCategory.CHILD_PARTICIPANT)
    pre_sentence = justice_stage is JusticeStage.PRE_SENTENCE
    return OpenReferral(
        area=area,
        source=source,
        initiator=initiator,
        offence=offence,
        sensitive_categories=categories,
        justice_stage=justice_stage,
        court_date=today + timedelta(days=chance.randint(30, 70)) if pre_sentence else None,
        incident_on=today - timedelta(days=chance.randint(10, 400)),
        participants=people,
        summary="Invented: nobody was harmed, and nobody did anything.",
        sent_by=None if source is Source.SELF else "Invented Sender",
    )


def _initiator(chance: random.Random, source: Source) -> Initiator:
    if source is Source.SELF:
        return Initiator.HARMED_PERSON
    asks = 0.35 if source in (Source.PRISON, Source.PROBATION) else 0.02
    return Initiator.PERSON_RESPONSIBLE if chance.random() < asks else Initiator.AGENCY


def _categories(
    chance: random.Random, offence: Offence, initiator: Initiator
) -> tuple[SensitiveCategory, ...]:
    sure = _ALWAYS_SENSITIVE.get(offence)
    found: tuple[SensitiveCategory, ...] = (sure,) if sure else ()
    if not found and chance.random() < chances.SENSITIVE_ELSE:
        found = (chance.choice(_FROM_ELSEWHERE),)
    if initiator is Initiator.PERSON_RESPONSIBLE:
        # The shipped policy refuses the others where the person responsible asks.
        found = tuple(each for each in found if each is SensitiveCategory.HATE_CRIME)
    return found


class _People:
    """Those who take part in one referral."""

    def __init__(
        self,
        chance: random.Random,
        number: int,
        today: date,
        source: Source,
        justice_stage: JusticeStage,
    ) -> None:
        self._chance = chance
        self._number = number
        self._today = today
        self._young = source is Source.YOUTH_JUSTICE
        self._justice_stage = justice_stage
        self._count = dict.fromkeys(_PREFIX, 0)
        self._all = 0

    def all(self) -> Iterator[NewParticipant]:
        """Both sides, each person followed by those who accompany them."""
        for role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE):
            for _ in range(drawn(self._chance, chances.PEOPLE_A_SIDE)):
                yield from self._with_company(role)

    def _with_company(self, role: ParticipantRole) -> Iterator[NewParticipant]:
        child = self._chance.random() < self._child(role)
        age = AgeBand.UNDER_18 if child else drawn(self._chance, chances.AGES)
        person = self._new(role, age)
        yield person
        if child:
            yield self._new(ParticipantRole.GUARDIAN, AgeBand.FROM_35_TO_54, person.id)
        if self._chance.random() < chances.SUPPORTER:
            yield self._new(ParticipantRole.SUPPORTER, drawn(self._chance, chances.AGES), person.id)
        if self._chance.random() < chances.INTERPRETER:
            yield self._new(ParticipantRole.INTERPRETER, AgeBand.UNKNOWN, person.id)

    def _child(self, role: ParticipantRole) -> float:
        if role is ParticipantRole.HARMED:
            return chances.CHILD_HARMED
        return 1 if self._young else chances.CHILD_RESPONSIBLE

    def _new(self, role: ParticipantRole, age: AgeBand, accompanies: str | None = None) -> NewParticipant:
        self._count[role] += 1
        self._all += 1
        custody = Custody.UNKNOWN
        if role is ParticipantRole.RESPONSIBLE:
            custody = drawn(self._chance, chances.CUSTODY.get(self._justice_stage, {Custody.NONE: 1}))
        person = self._person(age)
        return NewParticipant(
            id=f"{_PREFIX[role]}{self._count[role]}",
            role=role,
            age_band=age,
            gender=drawn(self._chance, chances.GENDERS),
            ethnicity=drawn(self._chance, chances.ETHNICITIES),
            custody=custody,
            accompanies=accompanies,
            person=person,
            contact_safety=self._safety(person),
        )

    def _person(self, age: AgeBand) -> Person:
        chance = self._chance
        line = (self._number * 7 + self._all) % 1000
        return Person(
            name=f"{chance.choice(_NAMES)} Invented",
            date_of_birth=self._born(age),
            phone=f"07700 900{line:03}",
            email=f"invented-{self._number}-{self._all}@example.org" if chance.random() < 0.7 else None,
            address=f"{line} Nowhere Street, Nowhere, DH1 1AA" if chance.random() < 0.6 else None,
        )

    def _born(self, age: AgeBand) -> str | None:
        years = _YEARS.get(age)
        if years is None or self._chance.random() >= chances.BORN_KNOWN:
            return None
        # Not within the days about a birthday, so that it fits the age band however days are counted.
        days = self._chance.randint(years[0] * 366, years[1] * 365 + 200)
        return (self._today - timedelta(days=days)).isoformat()

    def _safety(self, person: Person) -> ContactSafety:
        if self._chance.random() < chances.NO_SAFE_CHANNEL:
            return ContactSafety()
        starts, ends = self._chance.choice(
            (("09:00", "17:00"), ("09:00", "20:00"), ("10:00", "14:00"), ("16:00", "20:00"))
        )
        channels = [Channel.PHONE, Channel.TEXT]
        if person.email:
            channels.append(Channel.EMAIL)
        if self._chance.random() < 0.5 and person.address:
            channels.append(Channel.LETTER)
        return ContactSafety(safe_channels=tuple(channels), safe_from=starts, safe_until=ends)
