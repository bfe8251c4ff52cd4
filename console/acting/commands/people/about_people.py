"""What is asked about a person, new or known, in one order and in the same words."""

from __future__ import annotations

from dataclasses import replace

from console.acting.forms.fields import Kind
from console.acting.wording import Ask

ASKED_OF_A_PERSON = (
    Ask("name", "Name"),
    Ask("date_of_birth", "Date of birth"),
    Ask("phone", "Telephone number"),
    Ask("email", "E-mail address"),
    Ask("address", "Address"),
    Ask("language", "Language they speak best"),
    Ask("contact_note", "How else are they reached?"),
    Ask("needs", "What helps them take part?"),
)
CHARACTERISTICS = (
    "age_band",
    "gender",
    "ethnicity",
    "disability",
    "religion",
    "sexual_orientation",
    "gender_identity",
    "pregnancy_or_maternity",
)
"""What returns ask for; each may be left as not known."""

CHARACTERISTICS_ASKED = (
    Ask(
        "age_band",
        "Age when the referral was received",
        hint="A date of birth says it better.",
        kind=Kind.SELECT,
    ),
    Ask("gender", "Gender", hint="As they describe themselves.", kind=Kind.SELECT),
    Ask("ethnicity", "Ethnic group", hint="As in the census.", kind=Kind.SELECT),
    Ask("disability", "Are they disabled?", kind=Kind.SELECT),
    Ask("religion", "Religion or belief", kind=Kind.SELECT),
    Ask("sexual_orientation", "Sexual orientation", kind=Kind.SELECT),
    Ask("gender_identity", "Is their gender the sex registered at birth?", kind=Kind.SELECT),
    Ask("pregnancy_or_maternity", "Pregnancy or maternity", kind=Kind.SELECT),
)


def below(prefix: str, asks: tuple[Ask, ...]) -> tuple[Ask, ...]:
    """The same questions, of what stands below another field."""
    return tuple(replace(each, name=f"{prefix}.{each.name}") for each in asks)
