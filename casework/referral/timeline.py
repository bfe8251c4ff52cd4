"""What happened on a referral, as a signed-in person may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from casework.access import What, require_access
from casework.session import Session
from casework.words import people_of, sentence
from lifecycle import Refused
from lifecycle.people.contacts import contact_of
from schemas.access import DataKind
from schemas.base import Model
from schemas.events import (
    Event,
    ParticipantAdded,
    Recorded,
    ReferralReceived,
    StepCorrected,
    TransferAccepted,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
from stores.keys import erasures
from stores.keys.erasures import Erasure
from stores.keys.referral_keys import DataKey
from stores.logs import event_log

# What is told of an event to whoever asks, where it is a single word: how the work goes, and nothing of what a person
# is like, lives through or is judged to be. What is not named here is not told.
_FOR_ANYBODY = frozenset(
    {"kind", "stage", "left", "participant", "purpose", "caseworker", "facilitator", "co_facilitator"}
    | {"deadline", "point", "rung", "corrects", "was", "version"}
    | {"template", "to", "perhaps_before", "task", "result"}
    | {"minutes", "work", "complaint"}
    | {"communication", "activity"}
)
_AFTER_ERASURE = frozenset({"kind"})
_OF_TRANSFER = (TransferOffered, TransferOfferWithdrawn, TransferAccepted, TransferRefused)


class Entry(Model):
    """One event of a timeline.

    Attributes:
        recorded: when, by whom and what. Of its event only what `told` names may be shown.
        sentence: what happened, in plain words, as far as it is told.
        told: the fields of the event that are told.
        taken_back_by: the step that took this one back as a mistake.
    """

    recorded: Recorded = Field(repr=False)
    sentence: str = Field(repr=False)
    told: frozenset[str]
    taken_back_by: int | None = None

    @property
    def begins_step(self) -> bool:
        """Whether it is the first event of its step, whose number people name."""
        return self.recorded.sequence == self.recorded.step

    def details(self) -> dict[str, Any]:
        """The fields of the event that are told, with their values."""
        return self.recorded.event.model_dump(exclude_defaults=True, include=set(self.told))

    def for_script(self) -> dict[str, Any]:
        """All that is told of it, JSON-ready."""
        return self.recorded.model_dump(mode="json", exclude={"event"}) | {
            "sentence": self.sentence,
            "event": self.recorded.event.model_dump(mode="json", include=set(self.told)),
        }


class Timeline(Model):
    """What happened on a referral, oldest first.

    Attributes:
        entries: its events.
        erasure: the note of its erasure, after which nothing is opened for anybody.
    """

    entries: tuple[Entry, ...]
    erasure: Erasure | None

    def for_script(self) -> dict[str, Any]:
        """All that is told, JSON-ready."""
        return {
            "erased": self.erasure.model_dump(mode="json") if self.erasure else None,
            "events": [each.for_script() for each in self.entries],
        }


async def read_timeline(session: Session, reference: str, *, outline: bool = False) -> Timeline:
    """The timeline of a referral.

    Args:
        outline: leave out what is said about people, and their names.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    referrals = session.referrals
    erasure = await erasures.find(referrals.pool, reference)
    # Of an erased referral nothing is shown about people, so no look is recorded.
    what = What.CASELOAD if outline or erasure else What.PEOPLE
    await require_access(session, what, reference, DataKind.TIMELINE)
    key: DataKey | None = None
    if not outline and erasure is None:
        key = await referrals.keys.get(reference)
    history = await event_log.read(referrals.pool, reference, key=key)
    if not history:
        raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
    return timeline_of(history, erasure, opened=key is not None)


def timeline_of(history: Sequence[Recorded], erasure: Erasure | None, *, opened: bool) -> Timeline:
    """The timeline that a log makes.

    Args:
        history: the whole log; opened with the referral's key where `opened` is true.
        erasure: the note of its erasure.
        opened: whether what is said about people is told too.
    """
    people = people_of(history, names_in(history) if opened else {})
    taken_back = {
        recorded.event.corrects: recorded.step
        for recorded in history
        if isinstance(recorded.event, StepCorrected)
    }
    entries = []
    for recorded in history:
        told = told_of_event(recorded.event, opened=opened, erased=erasure is not None)
        entries.append(
            Entry(
                recorded=recorded,
                sentence=sentence(recorded.event, people, told),
                told=told,
                taken_back_by=taken_back.get(recorded.step),
            )
        )
    return Timeline(entries=tuple(entries), erasure=erasure)


def told_of_event(event: Event, *, opened: bool, erased: bool) -> frozenset[str]:
    """The fields of an event that are told.

    Args:
        opened: whether what is said about people is told too.
        erased: whether the referral was erased; then nothing is told but the kind.
    """
    if opened:
        return frozenset(type(event).model_fields)
    names = _AFTER_ERASURE if erased else _FOR_ANYBODY
    if not erased and isinstance(event, _OF_TRANSFER):
        names |= {"area"}
    return frozenset(name for name, value in event if name in names and isinstance(value, str | int))


def names_in(history: Sequence[Recorded]) -> dict[str, str]:
    """The names of the participants as they are known now, by id, from a log that was opened."""
    ids = dict.fromkeys(
        person.id
        for recorded in history
        for person in (
            recorded.event.participants
            if isinstance(recorded.event, ReferralReceived)
            else (recorded.event.participant,)
            if isinstance(recorded.event, ParticipantAdded)
            else ()
        )
    )
    found = {each: contact_of(history, each).person.name for each in ids}
    return {each: name for each, name in found.items() if name}
