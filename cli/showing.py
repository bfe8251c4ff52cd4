"""How a referral and its timeline are put into words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from casework.access import What, require_access
from casework.session import Session
from cli.common import due, when, words
from lifecycle import Refused
from lifecycle.clocks import paused_deadlines
from lifecycle.consents import in_force
from lifecycle.notifying.notices import held_back
from lifecycle.notifying.tasks import open_tasks
from messages.notice_facts import template_in_words
from schemas.access import DataKind
from schemas.events import Event, Recorded, StepCorrected
from schemas.notices import Notice, Party
from schemas.referral import Participant, Referral
from schemas.steps import Overview
from schemas.vocabulary import Method, ParticipantRole, Purpose
from stores.keys import erasures
from stores.keys.erasures import Erasure
from stores.keys.referral_keys import DataKey
from stores.logs import event_log

_SIDES = {ParticipantRole.HARMED: "person harmed", ParticipantRole.RESPONSIBLE: "person responsible"}
# What nobody reads in a timeline.
_LEFT_OUT = {"policy", "becomes", "reference"}
# What is told of an event to whoever asks, where it is a single word: how the work goes, and nothing of what a person
# is like, lives through or is judged to be. What is not named here is not told.
_FOR_ANYBODY = frozenset(
    {"kind", "stage", "left", "participant", "purpose", "caseworker", "facilitator", "co_facilitator"}
    | {"deadline", "point", "rung", "corrects", "was", "version"}
    | {"template", "to", "perhaps_before", "task", "result"}
)
_AFTER_ERASURE = frozenset({"kind"})


# What the rules need of a person, and nobody who only asks how a referral stands.
_RULES_ONLY: dict[str, Any] = {
    "policy": True,
    "risk": {"assessments"},
    "tasks": {"__all__": {"why"}},
    "participants": {
        "__all__": {"age_band", "gender", "ethnicity", "custody", "safe_channels", "attempts"},
    },
}
# Of a message that is on its way.
_ON_ITS_WAY = {"id", "at", "template", "to"}
_LEFT_BY_ERASURE = {"reference", "sequence", "area", "stage", "received_at", "closed_at", "closure_reason"}


def overview_json(overview: Overview, underway: Sequence[Notice], *, erased: bool) -> dict[str, Any]:
    """How a referral stands, for a script; of an erased one only that it was there."""
    if erased:
        return {
            "referral": overview.referral.model_dump(mode="json", include=_LEFT_BY_ERASURE),
            "deadlines": [],
            "messages": [],
        }
    return {
        **overview.model_dump(mode="json", exclude={"referral": _RULES_ONLY}),
        "messages": [each.model_dump(mode="json", include=_ON_ITS_WAY) for each in _to_others(underway)],
    }


def standing_lines(referral: Referral) -> Iterator[str]:
    """In which stage a referral is, and how it ended: all that is left to say of an erased one."""
    yield f"{referral.reference}: {words(referral.stage)} since {when(referral.stage_entered_at)}"
    if referral.closed and referral.closure_reason:
        yield f"Closed as {words(referral.closure_reason)} by {referral.closed_by}"


def overview_lines(overview: Overview, underway: Sequence[Notice]) -> Iterator[str]:
    """How a referral stands.

    Args:
        underway: its messages that have no outcome yet.
    """
    referral = overview.referral
    yield from standing_lines(referral)
    stage_of_justice = words(referral.justice_stage or "stage of justice unknown")
    yield (
        f"Area {referral.area}, {words(referral.offence)}, {stage_of_justice}; "
        f"sent by {words(referral.source)}, wished for by {words(referral.initiator)}, "
        f"received {when(referral.received_at)}"
    )
    if referral.sensitive:
        yield f"Sensitive case: {', '.join(map(words, referral.sensitive_categories)) or 'a child takes part'}"
    yield f"Caseworker: {referral.caseworker or 'none yet'}"
    yield from _what_stops(referral)
    yield from _activity(referral)
    yield "Participants:"
    for person in referral.participants:
        yield f"  {_participant(referral, person)}"
    yield from _to_be_told(referral, underway)
    if overview.deadlines:
        yield "Deadlines:"
        for deadline in overview.deadlines:
            yield f"  {deadline.key}: {due(deadline.due_at)}"
    if stopped := paused_deadlines(referral):
        yield f"Stopped by the hold: {', '.join(deadline.key for deadline in stopped)}"


def _what_stops(referral: Referral) -> Iterator[str]:
    if referral.safeguarding:
        raised = referral.safeguarding
        yield f"SAFEGUARDING: contact is frozen since {when(raised.since)}, raised by {raised.raised_by}"
    if referral.hold:
        yield f"On hold since {when(referral.hold.since)}, to be reviewed {referral.hold.review_on:%a %-d %b %Y}"
    for request in referral.sign_off_requests:
        asked = f"asked by {request.requested_by} {when(request.requested_at)}"
        yield f"Waits for a sign-off: {words(request.subject)}, {asked}"


def _to_others(underway: Iterable[Notice]) -> list[Notice]:
    return [each for each in underway if each.party is not Party.STAFF]


def _to_be_told(referral: Referral, underway: Iterable[Notice]) -> Iterator[str]:
    """What a person has to tell, and what is still on its way to somebody outside."""
    for task in open_tasks(referral):
        of = f" ({when(task.starts_at)})" if task.starts_at else ""
        what = f"{template_in_words(task.template)}{of}, to {task.to}, since {when(task.since)}"
        yield f"To tell yourself ({task.id}): {what}"
    for notice in _to_others(underway):
        if held_back(referral, notice):
            state = "held back with everything else"
        elif notice.party is Party.PARTICIPANT:
            state = "leaves by a safe way in safe hours"
        else:
            state = "leaves as soon as the mail server takes it"
        what = f"{template_in_words(notice.template)}, to {notice.to}, since {when(notice.at)}"
        yield f"Message on its way: {what}; {state}"


def _activity(referral: Referral) -> Iterator[str]:
    if referral.facilitator:
        co = f" with {referral.co_facilitator}" if referral.co_facilitator else ""
        yield f"Facilitator: {referral.facilitator}{co}"
    if referral.method:
        yield f"Method: {words(referral.method)}"
    if referral.activity:
        activity = referral.activity
        yield f"Booked: {words(activity.method)}, {when(activity.starts_at)}, {', '.join(activity.attending)}"
    for person in referral.participants:
        if person.meeting_at is not None and person.active:
            yield f"Booked: preparation meeting, {when(person.meeting_at)}, {person.id}"
    for held in referral.held:
        yield f"{'Partly held' if held.partly else 'Held'}: {words(held.method)}, {when(held.at)}"
    for item in referral.agreement:
        state = words(item.outcome) if item.outcome else f"due {item.due_on:%a %-d %b %Y}"
        yield f"Agreement {item.id} by {item.by}: {state}"


def _participant(referral: Referral, person: Participant) -> str:
    parts = [f"{person.id} {_SIDES.get(person.role, words(person.role))}"]
    if person.accompanies:
        parts.append(f"for {person.accompanies}")
    if person.child:
        parts.append("under 18")
    if person.ended:
        return ", ".join([*parts, f"part ended: {words(person.ended)}"])
    if person.interest:
        parts.append(words(person.interest))
    if person.acknowledges is not None:
        parts.append("acknowledges the facts" if person.acknowledges else "denies the facts")
    given = [purpose for purpose in Purpose if in_force(referral, person, purpose)]
    missing = [purpose for purpose in _needed(referral.method, person.role) if purpose not in given]
    said = [", ".join(parts), f"consents to {', '.join(map(words, given)) or 'nothing yet'}"]
    if missing and not referral.closed:
        said.append(f"missing: {', '.join(map(words, missing))}")
    return "; ".join(said)


def _needed(method: Method | None, role: ParticipantRole) -> tuple[Purpose, ...]:
    """The consents without which a person's side does not come to an activity."""
    chosen = (method.purpose,) if method else ()
    match role:
        case ParticipantRole.HARMED:
            return (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION, *chosen)
        case ParticipantRole.RESPONSIBLE:
            return (Purpose.TAKE_PART, *chosen)
        case _:
            return ()


@dataclass(frozen=True)
class Timeline:
    """What happened on a referral.

    Attributes:
        history: its events.
        erasure: the note of its erasure, after which nothing is opened for anybody.
        opened: whether what is said about people is told too.
    """

    history: list[Recorded]
    erasure: Erasure | None
    opened: bool

    def told(self, event: Event) -> set[str]:
        """The fields of an event that are told."""
        if self.opened:
            return set(type(event).model_fields)
        names = _AFTER_ERASURE if self.erasure else _FOR_ANYBODY
        return {name for name, value in event if name in names and isinstance(value, str | int)}

    def as_json(self) -> dict[str, Any]:
        """All that is told, for a script."""
        return {
            "erased": self.erasure.model_dump(mode="json") if self.erasure else None,
            "events": [
                each.model_dump(mode="json", exclude={"event"})
                | {"event": each.event.model_dump(mode="json", include=self.told(each.event))}
                for each in self.history
            ],
        }


async def read_timeline(session: Session, reference: str, *, outline: bool = False) -> Timeline:
    """The timeline, as a member of staff may see it.

    Args:
        outline: leave out what is said about people.

    Raises:
        Refused: the referral is unknown, or it is not for them.
    """
    await require_access(session, What.CASELOAD if outline else What.PEOPLE, reference, DataKind.TIMELINE)
    referrals = session.referrals
    erasure = await erasures.find(referrals.pool, reference)
    key: DataKey | None = None
    if not outline and erasure is None:
        key = await referrals.keys.get(reference)
    history = await event_log.read(referrals.pool, reference, key=key)
    if not history:
        raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
    return Timeline(history, erasure, opened=key is not None)


def timeline_lines(timeline: Timeline) -> Iterator[str]:
    """The steps in order, each with its number, when, by whom, and what happened."""
    taken_back = {
        recorded.event.corrects: recorded.step
        for recorded in timeline.history
        if isinstance(recorded.event, StepCorrected)
    }
    for recorded in timeline.history:
        number = f"{recorded.step:>4}" if recorded.sequence == recorded.step else " " * 4
        by = taken_back.get(recorded.step)
        mark = f" (taken back by step {by})" if by else ""
        yield f"{number}  {when(recorded.at)}  {recorded.actor}: {words(recorded.event.kind)}{mark}"
        told = timeline.told(recorded.event) - _LEFT_OUT
        said = recorded.event.model_dump(exclude_defaults=True, include=told)
        for line in _details(said):
            yield f"        {line}"
    if timeline.erasure:
        yield erasure_line(timeline.erasure)


def erasure_line(note: Erasure) -> str:
    """That a referral was erased."""
    return (
        f"Erased {when(note.erased_at)} by {note.by_staff} ({words(note.reason)}): "
        "what was said about people cannot be read any more."
    )


def _details(said: dict[str, Any]) -> Iterator[str]:
    short = {name: value for name, value in said.items() if not isinstance(value, tuple | dict)}
    if short:
        yield _flat(short)
    for name, value in said.items():
        match value:
            case dict():
                yield f"{words(name)}: {_flat(value)}"
            case [dict(), *_]:
                yield from (f"{words(name)}: {_flat(item)}" for item in value)
            case tuple():
                yield f"{words(name)}: {_text(value)}"


def _flat(said: dict[str, Any]) -> str:
    return ", ".join(
        _flat(value) if isinstance(value, dict) else f"{words(name)}: {_text(value)}"
        for name, value in said.items()
    )


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return words(value.value)
        case datetime():
            return when(value)
        case date():
            return f"{value:%a %-d %b %Y}"
        case tuple():
            return ", ".join(map(_text, value))
        case _:
            return str(value)
