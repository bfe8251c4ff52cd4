"""When a consent is in force, and whose consent is missing."""

from collections.abc import Iterable
from datetime import datetime

from schemas.areas import LONDON
from schemas.referral import Consent, Participant, Referral
from schemas.vocabulary import ConsentForm, Interest, ParticipantRole, Purpose

TWO_SIDES = (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)


def in_force(
    referral: Referral,
    person: Participant,
    purpose: Purpose,
    form: ConsentForm | None = None,
    moment: datetime | None = None,
) -> bool:
    """Whether a person's consent is in force: their own, and for a child a parent's or guardian's too.

    Source: UN Basic Principles on restorative justice (2002), for children.

    Args:
        form: only a consent given in this form counts.
        moment: the instant to ask about, past or future; None: now.
    """
    standing = [
        consent
        for consent in referral.consents
        if consent.participant == person.id
        and consent.purpose is purpose
        and _stands(consent, moment)
        and (form is None or consent.form is form)
    ]
    own = any(consent.by_guardian is None for consent in standing)
    guardians = any(consent.by_guardian is not None for consent in standing)
    child = person.child if moment is None else person.child_at(moment)
    return own and (guardians or not child)


def _stands(consent: Consent, moment: datetime | None) -> bool:
    if moment is None:
        return consent.in_force
    given = consent.given_on <= moment.astimezone(LONDON).date()
    return given and (consent.withdrawn_at is None or consent.withdrawn_at > moment)


def lacking(
    referral: Referral, people: Iterable[Participant], *purposes: Purpose, moment: datetime | None = None
) -> str | None:
    """Which consents are missing, as a phrase for people; None where none is."""
    missing = [
        f"{person.id} has not consented to {purpose.replace('_', ' ')}"
        + (" (a child: own and guardian's)" if person.child else "")
        for person in people
        for purpose in purposes
        if not in_force(referral, person, purpose, moment=moment)
    ]
    return "; ".join(missing) or None


def committed_harmed(referral: Referral) -> tuple[Participant, ...]:
    """The persons harmed who are interested and have not left."""
    return tuple(
        person
        for person in referral.taking_part(ParticipantRole.HARMED)
        if person.interest is Interest.INTERESTED
    )


def committed_responsible(referral: Referral) -> tuple[Participant, ...]:
    """The persons responsible who acknowledge the basic facts and have not left.

    In a conflict without a crime there is no offence to acknowledge: the parties of this side who are interested.
    """
    return tuple(
        person
        for person in referral.taking_part(ParticipantRole.RESPONSIBLE)
        if person.acknowledges or (referral.conflict and person.interest is Interest.INTERESTED)
    )


def both_sides(referral: Referral) -> tuple[Participant, ...]:
    """All who are committed, of both sides."""
    return (*committed_harmed(referral), *committed_responsible(referral))
