"""How a change of the staff register is put into words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from casework.staff import Entry, Kind
from schemas.areas import LONDON
from schemas.people import Staff
from schemas.vocabulary.words import in_words

_DONE = {
    Kind.CARRIED_OVER: "in the register before there was a log of it",
    Kind.FIRST: "made the first service manager",
    Kind.ENTERED: "entered",
    Kind.CHANGED: "changed",
    Kind.PROPOSED: "proposed",
    Kind.CONFIRMED: "confirmed",
    Kind.DECLINED: "declined what was proposed of them",
    Kind.ABSENT: "absent",
    Kind.BACK: "back",
    Kind.MESSAGES: "chose what reaches them",
}
_WHOLE = (Kind.CARRIED_OVER, Kind.FIRST, Kind.ENTERED)


def change_in_words(entry: Entry) -> str:
    """What was changed, in one line: cw-1 changed: caseworker, now supervisor. Neither a name nor an address."""
    said = f"{entry.subject} {_DONE[entry.kind]}"
    if entry.after is None or entry.kind is Kind.DECLINED:
        return said
    if entry.before is None or entry.kind in _WHOLE:
        details = [_standing(entry.after)]
    else:
        details = list(_changes(entry.before, entry.after))
    return f"{said}: {'; '.join(details)}" if details else said


def _standing(member: Staff) -> str:
    marks = [f"{in_words(member.role)} in {', '.join(member.areas)}"]
    if member.advanced_practitioner:
        marks.append("advanced practitioner")
    if member.trainee:
        marks.append("trainee")
    if member.volunteer:
        marks.append("volunteer")
    if not member.active:
        marks.append("inactive")
    return ", ".join(marks)


def _changes(before: Staff, after: Staff) -> Iterator[str]:
    if before.role != after.role:
        yield f"{in_words(before.role)}, now {in_words(after.role)}"
    if before.areas != after.areas:
        yield f"in {', '.join(before.areas)}, now in {', '.join(after.areas)}"
    if before.active != after.active:
        yield "active again" if after.active else "inactive"
    yield from _changed_marks(before, after)
    if before.name != after.name:
        yield "another name"
    if before.email != after.email:
        yield "another address" if after.email else "no address any more"
    if after.absent_until and (before.absent_until, before.stand_in) != (after.absent_until, after.stand_in):
        # They are back at that instant; the day before is the last away.
        last = after.absent_until.astimezone(LONDON) - timedelta(days=1)
        yield f"until the end of {last:%a %-d %b %Y}, {after.stand_in} stands in"
    if before.at_once != after.at_once:
        yield f"at once {', '.join(map(in_words, after.at_once)) or 'nothing'}"
    if before.digest != after.digest:
        yield "the summary" if after.digest else "no summary"


def _changed_marks(before: Staff, after: Staff) -> Iterator[str]:
    if before.advanced_practitioner != after.advanced_practitioner:
        yield "advanced practitioner" if after.advanced_practitioner else "no longer an advanced practitioner"
    if before.trainee != after.trainee:
        yield "trainee" if after.trainee else "no longer a trainee"
    if before.volunteer != after.volunteer:
        yield "volunteer" if after.volunteer else "no longer a volunteer"
