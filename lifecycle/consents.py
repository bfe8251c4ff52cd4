"""When a consent is in force, and who lacks which."""

from collections.abc import Iterable

from schemas.referral import Participant, Referral
from schemas.vocabulary import ConsentForm, Interest, ParticipantRole, Purpose

TWO_SIDES = (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)


def in_force(
    referral: Referral, person: Participant, purpose: Purpose, form: ConsentForm | None = None
) -> bool:
    """Whether a person's consent stands: their own, and for a child a parent's or guardian's as well.

    Source: UN Basic Principles on restorative justice (2002), for children.

    Args:
        form: only a consent given in this form counts.
    """
    standing = [
        consent
        for consent in referral.consents
        if consent.participant == person.id
        and consent.purpose is purpose
        and consent.in_force
        and (form is None or consent.form is form)
    ]
    own = any(consent.by_guardian is None for consent in standing)
    guardians = any(consent.by_guardian is not None for consent in standing)
    return own and (guardians or not person.child)


def lacking(referral: Referral, people: Iterable[Participant], *purposes: Purpose) -> str | None:
    """Who lacks which consent, as people read it; None where nobody lacks any."""
    missing = [
        f"{person.id} has not consented to {purpose.replace('_', ' ')}"
        + (" (a child: own and guardian's)" if person.child else "")
        for person in people
        for purpose in purposes
        if not in_force(referral, person, purpose)
    ]
    return "; ".join(missing) or None


def committed_harmed(referral: Referral) -> tuple[Participant, ...]:
    """The harmed persons who said that they are interested and have not left."""
    return tuple(
        person
        for person in referral.taking_part(ParticipantRole.HARMED)
        if person.interest is Interest.INTERESTED
    )


def committed_responsible(referral: Referral) -> tuple[Participant, ...]:
    """The persons responsible who acknowledge the basic facts and have not left."""
    return tuple(
        person for person in referral.taking_part(ParticipantRole.RESPONSIBLE) if person.acknowledges
    )


def both_sides(referral: Referral) -> tuple[Participant, ...]:
    """All who are committed, of both sides."""
    return (*committed_harmed(referral), *committed_responsible(referral))
