"""How a participant can be reached, read from the log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schemas.events import (
    ContactSafetyRecorded,
    CustodyDetailsRecorded,
    Event,
    ParticipantAdded,
    ParticipantAmended,
    Recorded,
    ReferralReceived,
    StepCorrected,
)
from schemas.facts import CustodyDetails, NewParticipant
from schemas.people import ContactSafety, Person


@dataclass(frozen=True)
class Contact:
    """How one person can be reached, as known now.

    Attributes:
        person: name and addresses; sealed wherever they are stored.
        safety: which channels and hours are safe; None for staff, whose work address always is.
    """

    person: Person = field(repr=False)
    safety: ContactSafety | None = field(repr=False)


def contact_of(history: Iterable[Recorded], participant: str) -> Contact:
    """How a participant can be reached. A channel is safe only if it was recorded as safe.

    Args:
        history: the whole log, decrypted with the referral's key.
        participant: their id.
    """
    contact = Contact(Person(), ContactSafety())
    for event in standing_events(list(history)):
        contact = _after(contact, event, participant)
    return contact


def custody_details_of(history: Iterable[Recorded], participant: str) -> CustodyDetails | None:
    """Where a participant serves a sentence, as recorded last; None where nothing was recorded.

    Args:
        history: the whole log, decrypted with the referral's key.
        participant: their id.
    """
    found = [
        event
        for event in standing_events(list(history))
        if isinstance(event, CustodyDetailsRecorded) and event.participant == participant
    ]
    return found[-1] if found else None


def standing_events(history: list[Recorded]) -> Iterator[Event]:
    """The events of steps that were not taken back."""
    gone = {recorded.event.corrects for recorded in history if isinstance(recorded.event, StepCorrected)}
    return (recorded.event for recorded in history if recorded.step not in gone)


def _after(contact: Contact, event: Event, participant: str) -> Contact:
    match event:
        case ReferralReceived():
            joined = next((each for each in event.participants if each.id == participant), None)
            return _joined(joined) if joined else contact
        case ParticipantAdded() if event.participant.id == participant:
            return _joined(event.participant)
        case ParticipantAmended() if event.participant == participant and event.person is not None:
            given = {name: value for name, value in event.person if value is not None}
            return Contact(contact.person.model_copy(update=given), _without(contact.safety, event))
        case ContactSafetyRecorded() if event.participant == participant:
            return Contact(contact.person, event.contact_safety)
        case _:
            return contact


def _without(safety: ContactSafety | None, event: ParticipantAmended) -> ContactSafety | None:
    if safety is None:
        return None
    still = tuple(channel for channel in safety.safe_channels if channel not in event.no_longer_safe)
    return safety.model_copy(update={"safe_channels": still})


def _joined(person: NewParticipant) -> Contact:
    return Contact(person.person, person.contact_safety)
