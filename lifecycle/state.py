"""The state of a referral: how its log is folded into it, event by event."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any, TypeVar

from schemas.base import Model
from schemas.events import (
    DeadlineExtended,
    EscalationCleared,
    PolicyAdopted,
    Reassigned,
    Recorded,
    ReferralReceived,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
from schemas.facts import KnownOfPerson, NewParticipant
from schemas.people import Role
from schemas.referral import Participant, Referral
from schemas.vocabulary import Stage

# Administrative events and those that only follow from a step: they do not count as activity on the case.
_NOTHING_DONE = (
    DeadlineExtended,
    EscalationCleared,
    PolicyAdopted,
    Reassigned,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
E = TypeVar("E", bound=Model)


@singledispatch
def apply(event: Model, referral: Referral, recorded: Recorded) -> Referral:
    """The state after an event; an event that does not change the state has no function registered."""
    return referral


def evolve(referral: Referral | None, recorded: Recorded) -> Referral:
    """The state after a recorded event. Never refuses: the event has already happened."""
    if referral is None:
        if not isinstance(recorded.event, ReferralReceived):
            raise ValueError("the first event of a referral must be referral_received")
        return state_when_received(recorded.event, recorded)
    changes: dict[str, Any] = {"sequence": recorded.sequence}
    if recorded.role is not Role.SYSTEM and not isinstance(recorded.event, _NOTHING_DONE):
        changes["last_activity_at"] = recorded.at
    return apply(recorded.event, referral, recorded).model_copy(update=changes)


def fold(records: Iterable[Recorded]) -> Referral:
    """The state of a referral from its log, which must not be empty."""
    referral: Referral | None = None
    for recorded in records:
        referral = evolve(referral, recorded)
    if referral is None:
        raise ValueError("a referral has at least one event")
    return referral


def state_when_received(event: ReferralReceived, recorded: Recorded) -> Referral:
    """The state of a referral that was just received."""
    known = {each.participant: each for each in event.known}
    return Referral(
        reference=event.reference,
        sequence=recorded.sequence,
        policy=event.policy,
        area=event.area,
        source=event.source,
        initiator=event.initiator,
        asked_by=event.asked_by,
        offence=event.offence,
        offence_group=event.offence_group,
        conflict=event.conflict,
        hate_strands=event.hate_strands,
        district=event.district,
        sensitive_categories=event.sensitive_categories,
        justice_stage=event.justice_stage,
        received_at=min(event.asked_at or recorded.at, recorded.at),
        linked_to=event.linked_to,
        sent_by_partner=recorded.actor if recorded.role is Role.PARTNER else None,
        court_date=event.court_date,
        deferred_on=event.deferred_on,
        stage=Stage.RECEIVED,
        stage_entered_at=recorded.at,
        last_activity_at=recorded.at,
        participants=tuple(as_participant(person, known.get(person.id)) for person in event.participants),
    )


def event_from(event: type[E], command: Model, **more: Any) -> E:
    """An event with the fields of a command."""
    return event(**{name: value for name, value in command if name != "kind"} | more)


def as_participant(person: NewParticipant, known: KnownOfPerson | None) -> Participant:
    """A participant's state, without anything that identifies them.

    Args:
        known: what the event says of their sealed details; None: it is older than that.
    """
    return Participant(
        id=person.id,
        role=person.role,
        age_band=person.age_band,
        gender=person.gender,
        ethnicity=person.ethnicity,
        disability=person.disability,
        religion=person.religion,
        sexual_orientation=person.sexual_orientation,
        gender_identity=person.gender_identity,
        pregnancy_or_maternity=person.pregnancy_or_maternity,
        interpreter_needed=person.interpreter_needed,
        custody=person.custody,
        accompanies=person.accompanies,
        safe_channels=person.contact_safety.safe_channels,
        reachable_by=known.reachable_by if known else None,
        birthday_known=known is not None and known.birthday_known,
        turns_18_on=known.turns_18_on if known else None,
    )


def change_participant(referral: Referral, participant_id: str, **changes: Any) -> Referral:
    """The state with one participant changed; the same state where there is no such participant."""
    return referral.model_copy(
        update={
            "participants": tuple(
                person.model_copy(update=changes) if person.id == participant_id else person
                for person in referral.participants
            )
        }
    )
