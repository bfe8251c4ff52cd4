"""How a referral stands, a sentence at a time, by ids and never by names."""

from __future__ import annotations

from collections.abc import Iterator

from casework.words.exchange import communications
from casework.words.people import on_day, side_in_words, when
from lifecycle.people.consents import in_force
from messages.notice_facts import template_in_words
from schemas.activity import Activity
from schemas.notices import Notice, Party
from schemas.referral import Participant, Referral, SignOffRequest, Task
from schemas.vocabulary import ActivityState, JusticeStage, Method, Offence, ParticipantRole, Purpose
from schemas.vocabulary.words import in_words
from stores.keys.erasures import Erasure


def standing(referral: Referral) -> Iterator[str]:
    """In which stage a referral is, and how it ended: all that is left to say of an erased one."""
    yield f"{referral.reference}: {in_words(referral.stage)} since {when(referral.stage_entered_at)}"
    if referral.closed and referral.closure_reason:
        yield f"Closed as {in_words(referral.closure_reason)} by {referral.closed_by}"


def erased(note: Erasure) -> str:
    """That a referral was erased."""
    return (
        f"Erased {when(note.erased_at)} by {note.by_staff} ({in_words(note.reason)}): "
        "what was said about people cannot be read any more."
    )


def origin(referral: Referral) -> Iterator[str]:
    """Where a referral is from, and whose it is."""
    stage_of_justice, offence = "stage of justice unknown", "offence unknown"
    if referral.justice_stage not in (None, JusticeStage.UNKNOWN):
        stage_of_justice = in_words(referral.justice_stage)
    if referral.offence is not Offence.UNKNOWN:
        offence = in_words(referral.offence_group or referral.offence)
    what = "conflict without a crime" if referral.conflict else offence
    yield (
        f"Area {referral.area}, {what}, {stage_of_justice}; "
        f"sent by {in_words(referral.source)}, wished for by {in_words(referral.initiator)}, "
        f"received {when(referral.received_at)}"
    )
    if referral.sensitive:
        yield f"Sensitive case: {', '.join(map(in_words, referral.sensitive_categories)) or 'a child takes part'}"
    yield f"Caseworker: {referral.caseworker or 'none yet'}"


def what_stops(referral: Referral) -> Iterator[str]:
    """What keeps a referral from going on: a concern, a hold, a sign-off that is waited for."""
    if referral.safeguarding:
        raised = referral.safeguarding
        yield f"SAFEGUARDING: contact nobody; {raised.raised_by} raised a concern {when(raised.since)}"
    if referral.hold:
        yield f"On hold since {when(referral.hold.since)}, to be reviewed {on_day(referral.hold.review_on)}"
    for request in referral.sign_off_requests:
        asked = f"asked by {request.requested_by} {when(request.requested_at)}"
        yield f"Waits for a sign-off: {in_words(request.subject)}{_which(request)}, {asked}"


def _which(request: SignOffRequest) -> str:
    return f" of {request.activity}" if request.about != request.subject else ""


def activities(referral: Referral) -> Iterator[str]:
    """Who runs the activities, and of each what is booked, what was held and what was agreed."""
    if referral.facilitator:
        yield f"Facilitator: {_run_by(referral.facilitator, referral.co_facilitator)}"
    if len(referral.activities) == 1:
        yield from _of_activity(referral, referral.activities[0])
        return
    for activity in referral.activities:
        yield f"Activity {activity.id}: {_kind_and_people(activity)}; {_how_far(activity)}"
        yield from (f"  {line}" for line in _of_activity(referral, activity) if not line.startswith("Method"))


def _run_by(facilitator: str | None, co_facilitator: str | None) -> str:
    return f"{facilitator}{f' with {co_facilitator}' if co_facilitator else ''}"


def _kind_and_people(activity: Activity) -> str:
    method = in_words(activity.method) if activity.method else "no method yet"
    return f"{method}, {', '.join(activity.taking_part) or 'everyone who takes part'}"


def _how_far(activity: Activity) -> str:
    if activity.state is ActivityState.ENDED:
        why = f": {in_words(activity.ended)}" if activity.ended else ""
        on = f" {when(activity.ended_at)}" if activity.ended_at else ""
        return f"ended{on}{why}"
    return in_words(activity.state)


def _of_activity(referral: Referral, activity: Activity) -> Iterator[str]:
    if activity.run_by:
        yield f"Run by: {_run_by(activity.run_by.facilitator, activity.run_by.co_facilitator)}"
    if activity.method:
        yield f"Method: {in_words(activity.method)}"
    booked = activity.booked
    if booked:
        yield f"Booked: {in_words(booked.method)}, {when(booked.starts_at)}, {', '.join(booked.attending)}"
    yield from communications(referral, activity.id)
    for person in referral.participants:
        meeting_at = activity.part(person.id).meeting_at
        if meeting_at is not None and person.active:
            yield f"Booked: preparation meeting, {when(meeting_at)}, {person.id}"
    for sitting in activity.adjourned:
        yield f"Adjourned: began {when(sitting.began_at)}"
    for held in activity.held:
        yield f"{'Partly held' if held.partly else 'Held'}: {in_words(held.method)}, {when(held.at)}"
    for item in referral.agreement:
        if item.activity == activity.id:
            state = in_words(item.outcome) if item.outcome else f"due {on_day(item.due_on)}"
            yield f"Agreement {item.id} by {item.by}: {state}"


def complaints(referral: Referral) -> Iterator[str]:
    """The complaints about the service, answered or not."""
    for each in referral.complaints:
        by = f" by {each.made_by}" if each.made_by else ""
        state = in_words(each.outcome) if each.outcome else "not answered"
        yield f"Complaint {each.id} about {in_words(each.about)}{by}, {when(each.since)}: {state}"


def time_spent(referral: Referral) -> Iterator[str]:
    """The time that staff recorded, by what it was spent on."""
    if referral.minutes_spent:
        spent = ", ".join(f"{in_words(work)} {minutes}" for work, minutes in referral.minutes_spent.items())
        yield f"Minutes spent: {spent}; {sum(referral.minutes_spent.values())} in all"


def participant(referral: Referral, person: Participant) -> str:
    """What somebody is in the referral, what they said to it, and which consents they gave and lack."""
    parts = [f"{person.id} {side_in_words(person.role, conflict=referral.conflict)}"]
    if person.accompanies:
        parts.append(f"for {person.accompanies}")
    if person.child:
        parts.append("under 18")
    if person.interpreter_needed:
        parts.append("needs an interpreter")
    if person.ended:
        return ", ".join([*parts, f"part ended: {in_words(person.ended)}"])
    if person.interest:
        parts.append(in_words(person.interest))
    if person.acknowledges is not None and not referral.conflict:
        parts.append("acknowledges the facts" if person.acknowledges else "denies the facts")
    given = [purpose for purpose in Purpose if in_force(referral, person, purpose)]
    missing = missing_consents(referral, person)
    said = [", ".join(parts), f"consents to {', '.join(map(in_words, given)) or 'nothing yet'}"]
    if missing:
        said.append(f"missing: {', '.join(map(in_words, missing))}")
    return "; ".join(said)


def missing_consents(referral: Referral, person: Participant) -> tuple[Purpose, ...]:
    """The consents of a person that are needed for what they take part in, and not in force; none once it closed."""
    needed = _needed(_methods(referral, person), person.role)
    if referral.closed or not person.active:
        return ()
    return tuple(each for each in needed if not in_force(referral, person, each))


def _methods(referral: Referral, person: Participant) -> tuple[Method, ...]:
    """The methods of the activities that a person takes part in, without those that ended."""
    found = (
        each.method
        for each in referral.activities
        if each.state is not ActivityState.ENDED and (not each.taking_part or person.id in each.taking_part)
    )
    return tuple(dict.fromkeys(method for method in found if method))


def _needed(methods: tuple[Method, ...], role: ParticipantRole) -> tuple[Purpose, ...]:
    """The consents without which a person's side does not come to an activity."""
    chosen = tuple(dict.fromkeys(method.purpose for method in methods))
    match role:
        case ParticipantRole.HARMED:
            return (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION, *chosen)
        case ParticipantRole.RESPONSIBLE:
            return (Purpose.TAKE_PART, *chosen)
        case _:
            return ()


def to_tell(task: Task) -> str:
    """What a person has to tell somebody, because no message could."""
    of = f" ({when(task.starts_at)})" if task.starts_at else ""
    what = f"{template_in_words(task.template)}{of}, to {task.to}"
    return f"To tell yourself ({task.id}): {what}, since {when(task.since)}"


def message_underway(notice: Notice, *, held_back: bool) -> str:
    """A message that has not left yet, and what it waits for.

    Args:
        held_back: whether a hold or a safeguarding concern keeps it from leaving.
    """
    if held_back:
        state = "held back with everything else"
    elif notice.party is Party.PARTICIPANT:
        state = "leaves by a safe way in safe hours"
    else:
        state = "leaves as soon as the mail server takes it"
    what = f"{template_in_words(notice.template)}, to {notice.to}, since {when(notice.at)}"
    return f"Message on its way: {what}; {state}"
