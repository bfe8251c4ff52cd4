"""How a referral, its timeline and a preview are laid out in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from casework import words
from casework.words import in_words, on_day, when
from cli.common import due
from schemas.base import FIRST_ACTIVITY
from schemas.notices import Party

if TYPE_CHECKING:
    from casework.referral.steps import BlockedStep, PersonTold, Preview
    from casework.referral.timeline import Timeline
    from casework.referral.view import AnyView, OfferView, ReferralView

# What nobody reads in a timeline.
_LEFT_OUT = {"policy", "becomes", "reference"}


def view_lines(view: AnyView) -> Iterator[str]:
    """How a referral stands, as far as its reader may see it."""
    from casework.referral.view import ErasedView, OfferView, ReferralView, SentOnView, StatusView

    match view:
        case OfferView():
            yield from _offer(view)
        case SentOnView():
            yield f"{view.reference}: {view.area} took it over from {view.left} on {when(view.at)}."
        case StatusView():
            yield f"{view.reference}: {in_words(view.status)}"
        case ErasedView():
            yield words.erased(view.erasure)
            yield from words.standing(view.referral)
        case ReferralView():
            yield from _standing(view)


def _offer(view: OfferView) -> Iterator[str]:
    yield f"{view.reference}: {view.area} offers it to {view.offered_to} since {when(view.offered_at)}"
    yield f"Why: {view.reason or 'the words cannot be read any more'}"
    kind = "; a sensitive case" if view.sensitive else ""
    yield f"In {in_words(view.stage)}, received {when(view.received_at)}; {in_words(view.offence)}{kind}"
    if view.on_hold:
        yield "It is on hold."
    if view.safeguarding:
        yield "A safeguarding concern is open: it can be taken over once that is lifted."
    people = ", ".join(f"{in_words(role)}: {number}" for role, number in view.people.items())
    yield f"People: {people}"
    if view.deadlines:
        yield f"Deadlines, by the policy of {view.area}:"
        for deadline in view.deadlines:
            yield f"  {deadline.key}: {due(deadline.due_at)}"


def _standing(view: ReferralView) -> Iterator[str]:
    from casework.referral.view import Source

    referral = view.referral
    if view.source is Source.LOG_INSTEAD:
        yield "Its workflow does not answer (is Temporal up, and a worker?): read from the log instead."
    yield from words.standing(referral)
    yield from words.origin(referral)
    if view.withheld:
        yield "Sensitive case: why, and what was judged, is for those who work on it. If you must see it, say why:"
        yield f"  rj timeline {referral.reference} --reason - --as YOUR-ID"
    yield from words.what_stops(referral)
    yield from words.activities(referral)
    yield from words.complaints(referral)
    yield from words.time_spent(referral)
    yield "Participants:"
    for person in referral.participants:
        yield f"  {words.participant(referral, person)}"
    for task in view.to_tell:
        yield words.to_tell(task)
    for message in view.messages:
        yield words.message_underway(message.notice, held_back=message.held_back)
    if view.deadlines:
        yield "Deadlines:"
        for deadline in view.deadlines:
            yield f"  {deadline.key}: {due(deadline.due_at)}"
    if view.stopped:
        yield f"Stopped by the hold: {', '.join(deadline.key for deadline in view.stopped)}"


def blocked_lines(steps: Iterable[BlockedStep]) -> Iterator[str]:
    """The steps that are not possible now, each with what is missing below it."""
    for step in steps:
        yield f"{step.kind}  {step.meaning}"
        for gate in step.gates:
            yield f"  {gate.sentence}"


def preview_lines(preview: Preview) -> Iterator[str]:
    """What a step would do."""
    if not preview.events:
        yield "It would change nothing."
        return
    yield "It would be recorded:"
    for sentence in preview.sentences:
        yield f"  {sentence}"
    if preview.stage_after is preview.stage_before:
        yield f"Stage: {in_words(preview.stage_after)}, as now"
    else:
        yield f"Stage: {in_words(preview.stage_after)}; now {in_words(preview.stage_before)}"
    if preview.deadlines_met:
        yield f"Deadlines met: {', '.join(map(words.deadline_in_words, preview.deadlines_met))}"
    for each in preview.deadlines_set:
        yield words.deadline_change(each.key, each.change, each.due_at, each.was_due_at)
    for cleared in preview.escalations_cleared:
        point = words.point_in_words(cleared.point)
        yield f"No longer escalated: {words.deadline_in_words(cleared.deadline)} ({point})"
    for told in preview.people_told:
        yield f"Told: {told.to}: {told.what}; {_how(told)}"
    if not preview.people_told:
        yield "Nobody would be told."
    yield "Nothing is recorded yet."


def _how(told: PersonTold) -> str:
    if told.held_back:
        return "held back until contact may go on"
    if told.party is Party.PARTICIPANT:
        return "by a safe way in safe hours"
    return "by e-mail at once, and in their inbox" if told.leaves else "in their inbox"


def timeline_lines(timeline: Timeline) -> Iterator[str]:
    """The steps in order, each with its number, when, by whom, and what happened."""
    for entry in timeline.entries:
        recorded = entry.recorded
        number = f"{recorded.step:>4}" if entry.begins_step else " " * 4
        mark = f" (Taken back by step {entry.taken_back_by}.)" if entry.taken_back_by else ""
        yield f"{number}  {when(recorded.at)}  {recorded.actor}: {entry.sentence}{mark}"
        said = {name: value for name, value in entry.details().items() if name not in _LEFT_OUT}
        if said.get("activity") == FIRST_ACTIVITY:
            # It stands alone in most referrals, and the sentence names any other.
            del said["activity"]
        for line in _details(said):
            yield f"        {line}"
    if timeline.erasure:
        yield words.erased(timeline.erasure)


def _details(said: dict[str, Any]) -> Iterator[str]:
    short = {name: value for name, value in said.items() if not isinstance(value, tuple | dict)}
    if short:
        yield _flat(short)
    for name, value in said.items():
        match value:
            case dict():
                yield f"{in_words(name)}: {_flat(value)}"
            case [dict(), *_]:
                yield from (f"{in_words(name)}: {_flat(item)}" for item in value)
            case tuple():
                yield f"{in_words(name)}: {_text(value)}"


def _flat(said: dict[str, Any]) -> str:
    return ", ".join(
        _flat(value) if isinstance(value, dict) else f"{in_words(name)}: {_text(value)}"
        for name, value in said.items()
    )


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return in_words(value.value)
        case datetime():
            return when(value)
        case date():
            return on_day(value)
        case tuple():
            return ", ".join(map(_text, value))
        case _:
            return str(value)
