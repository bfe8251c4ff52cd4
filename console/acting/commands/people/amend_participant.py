"""Correct or complete what is known about somebody."""

from __future__ import annotations

from console.acting.commands.people.about_people import (
    ASKED_OF_A_PERSON,
    CHARACTERISTICS,
    CHARACTERISTICS_ASKED,
    below,
)
from console.acting.forms.fields import Section
from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Only what you fill in is changed; what you leave empty stays as it is.",
    asks=(
        Ask("participant", "About whom?"),
        Ask("person", "Name and how they are reached"),
        *below("person", ASKED_OF_A_PERSON),
        Ask("interpreter_needed", "Do they need an interpreter?"),
        Ask("custody", "Prison or probation"),
        *CHARACTERISTICS_ASKED,
    ),
    sections=(Section("Age, gender and what returns ask for", CHARACTERISTICS),),
)
