"""The state of an activity: a direct meeting or an indirect exchange of some or all who take part."""

from datetime import date
from typing import Any

from pydantic import AwareDatetime, Field

from schemas.base import FIRST_ACTIVITY, ActivityId, Model, ParticipantId
from schemas.people import StaffId
from schemas.policy import DeadlineName
from schemas.vocabulary import (
    ActivityEndReason,
    ActivityState,
    FollowUpContact,
    Method,
    OverridableGate,
    SignOffSubject,
    Stage,
)


class Part(Model):
    """One person's part in an activity: how they are prepared for it and followed up after it."""

    participant: ParticipantId
    prepared_on: date | None = None
    meeting_at: AwareDatetime | None = Field(
        default=None, description="the preparation meeting that is booked"
    )
    followed_up: tuple[FollowUpContact, ...] = ()
    surveyed: bool = False


class RunBy(Model):
    """Who prepares and runs an activity, where they are not the referral's facilitators."""

    facilitator: StaffId
    co_facilitator: StaffId | None = None
    advanced_practitioner: bool = False


class Booked(Model):
    """The booking of an activity."""

    method: Method
    starts_at: AwareDatetime
    attending: tuple[ParticipantId, ...]


class Sitting(Model):
    """A beginning of a direct activity that was adjourned."""

    began_at: AwareDatetime
    attending: tuple[ParticipantId, ...]


class Held(Model):
    """An activity that took place."""

    method: Method
    partly: bool
    at: AwareDatetime
    attending: tuple[ParticipantId, ...]


class Activity(Model):
    """A direct meeting or an indirect exchange, from its plan to its follow-up."""

    id: ActivityId
    method: Method | None = None
    taking_part: tuple[ParticipantId, ...] = Field(
        default=(), description="of the two sides; empty: everyone who is committed"
    )
    run_by: RunBy | None = Field(default=None, description="None: the referral's facilitators")
    state: ActivityState = ActivityState.IN_PREPARATION
    parts: tuple[Part, ...] = Field(default=(), description="of those of whom anything was recorded")
    overrides: tuple[OverridableGate, ...] = ()
    risk_confirmed_at: AwareDatetime | None = Field(
        default=None, description="when the risk of this activity was last confirmed by itself"
    )
    booked: Booked | None = None
    adjourned: tuple[Sitting, ...] = ()
    held: tuple[Held, ...] = Field(default=(), description="more than once where a further meeting was asked")
    ended: ActivityEndReason | None = None
    ended_at: AwareDatetime | None = None

    @property
    def to_come(self) -> bool:
        """Whether it is still to take place: it was neither held nor ended."""
        return self.state in (
            ActivityState.IN_PREPARATION,
            ActivityState.BOOKED,
            ActivityState.STOPPED,
        )

    def part(self, participant: str) -> Part:
        """A person's part in it; an empty one where nothing was recorded."""
        found = (part for part in self.parts if part.participant == participant)
        return next(found, Part(participant=participant))

    def about(self, subject: str = "") -> str:
        """How this activity's part of a key is written: h1 for the first, h1/a2 for another."""
        parts = [subject] if subject else []
        return "/".join(parts if self.id == FIRST_ACTIVITY else [*parts, self.id])


def activity_in_key(key: str) -> str | None:
    """The activity that the key of a deadline or appointment is about, the first where it names none.

    None where it is about no activity.
    """
    name, *parts = key.split("/")
    if name not in _OF_AN_ACTIVITY:
        return None
    named = parts[_OF_AN_ACTIVITY[name] :]
    return named[0] if named else FIRST_ACTIVITY


# Where in a key the activity stands, after its name: conference/a2, check_in/r1/a2.
_OF_AN_ACTIVITY = {
    "conference": 0,
    DeadlineName.RISK_RECONFIRMATION: 0,
    "preparation": 1,
    DeadlineName.CHECK_IN: 1,
    DeadlineName.SURVEY: 1,
    DeadlineName.FOLLOW_UP_SIX_WEEKS: 1,
    DeadlineName.FOLLOW_UP_THREE_MONTHS: 1,
}


def activities_of_older_state(state: dict[str, Any]) -> dict[str, Any]:
    """The fields of a referral's state as they are now, from those of a version that knew one activity only.

    Args:
        state: as it was stored, JSON or Python values.
    """
    if "activities" in state or state.keys().isdisjoint(_ONE_ACTIVITY):
        return state
    changed = {name: value for name, value in state.items() if name not in _ONE_ACTIVITY}
    overrides = state.get("overrides") or ()
    of_the_risk = [each for each in overrides if each == OverridableGate.RISK_SIGN_OFF]
    first: dict[str, Any] = {
        "method": state.get("method"),
        "booked": state.get("activity"),
        "held": state.get("held") or (),
        "overrides": [each for each in overrides if each not in of_the_risk],
        "parts": [part for person in state.get("participants", ()) if (part := _part_of(person))],
    }
    changed["overrides"] = of_the_risk
    changed["activities"] = []
    if any(first.values()):
        changed["activities"] = [{"id": FIRST_ACTIVITY, "state": _state_of(state), **first}]
    for name in ("sign_offs", "sign_off_requests"):
        changed[name] = [_with_first_activity(each) for each in state.get(name) or ()]
    return changed


_ONE_ACTIVITY = frozenset({"method", "activity", "held"})


def _part_of(person: Any) -> dict[str, Any] | None:
    if not isinstance(person, dict):
        return None
    kept = {name: person[name] for name in Part.model_fields if name != "participant" and person.get(name)}
    return {"participant": person["id"], **kept} if kept else None


def _state_of(state: dict[str, Any]) -> ActivityState:
    stage = state.get("closed_from") if state.get("stage") == Stage.CLOSED else state.get("stage")
    if state.get("activity"):
        return ActivityState.BOOKED
    match stage:
        case Stage.CONFERENCE:
            return ActivityState.STOPPED
        case Stage.FOLLOW_UP:
            return ActivityState.HELD
        case _:
            return ActivityState.IN_PREPARATION


def _with_first_activity(sign_off: Any) -> Any:
    if isinstance(sign_off, dict) and sign_off.get("subject") == SignOffSubject.READINESS:
        return {**sign_off, "activity": FIRST_ACTIVITY}
    return sign_off
