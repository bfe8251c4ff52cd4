"""Opening a referral, taking a step, and what may be done next: what is possible, what is not, what it would do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import Field

from casework.access import What, require_access
from casework.referral.deadlines import DeadlineChange, changes_between
from casework.session import Session
from casework.words import People, sentence
from lifecycle import (
    Refused,
    areas_concerned,
    deadlines,
    fold,
    notices,
    notices_wanted,
    permitted_and_blocked,
    work_of,
)
from lifecycle.notifying.notices import held_back
from lifecycle.outcome import Outcome, decide_request, outcome_of
from lifecycle.timing.clocks import every_deadline
from messages.notice_facts import template_in_words
from runtime.referrals import Opening
from schemas.base import Model
from schemas.commands import (
    COMMANDS,
    AcceptTransfer,
    Command,
    OfferTransfer,
    OpenReferral,
    RefuseTransfer,
)
from schemas.events import EscalationCleared, Recorded
from schemas.notices import Party
from schemas.people import Actor, Staff
from schemas.policy import DeadlineName, Policy
from schemas.referral import Referral
from schemas.steps import Receipt, Request
from schemas.vocabulary import Source, Stage
from stores import staff
from stores.logs import event_log
from stores.logs.claims import check_named

_AN_ID = re.compile(r"\b[a-z]{1,2}[0-9]{1,2}\b")


class PermittedStep(Model):
    """A step that somebody may take now.

    Attributes:
        kind: of the command.
        meaning: what it is for, in one line.
        of_this_stage: whether it is the work of the stage, rather than what may be asked for in any.
    """

    kind: str
    meaning: str
    of_this_stage: bool


class ShutGate(Model):
    """A condition that does not hold.

    Attributes:
        code: stable, such as consent_missing.
        sentence: what must hold, and what is missing.
        participants: the ids of those whom the sentence names.
    """

    code: str
    sentence: str
    participants: tuple[str, ...]


class BlockedStep(Model):
    """A step of this stage that is somebody's to take and not possible now.

    Attributes:
        kind: of the command.
        meaning: what it is for, in one line.
        gates: every condition that does not hold, in the order in which they are checked.
    """

    kind: str
    meaning: str
    gates: tuple[ShutGate, ...]


class ClearedEscalation(Model):
    """An escalation that a step brings to its end."""

    deadline: str
    point: str


class PersonTold(Model):
    """A person whom a step tells of something.

    Attributes:
        to: a member of staff's or a participant's id.
        party: staff, the agency that sent the referral, or a participant.
        template: of the message.
        what: it tells, in words.
        leaves: whether it is sent to them; else it is in their inbox only.
        held_back: whether a hold or a safeguarding concern keeps it from leaving.
    """

    to: str
    party: Party
    template: str
    what: str
    leaves: bool
    held_back: bool


class Preview(Model):
    """What a step would do. Nothing of it is recorded.

    Attributes:
        events: that would be recorded.
        sentences: what would have happened, one for each event, by ids.
        stage_before: where the referral is.
        stage_after: where the referral would be.
        deadlines_met: keys of the deadlines that would end, or begin anew because their work is done.
        deadlines_set: deadlines that would be new, moved, stopped or set going again.
        escalations_cleared: what would no longer be escalated.
        people_told: who would be sent or shown what.
    """

    events: tuple[Recorded, ...] = Field(repr=False)
    sentences: tuple[str, ...] = Field(repr=False)
    stage_before: Stage
    stage_after: Stage
    deadlines_met: tuple[str, ...]
    deadlines_set: tuple[DeadlineChange, ...]
    escalations_cleared: tuple[ClearedEscalation, ...]
    people_told: tuple[PersonTold, ...]


async def opening(session: Session, source: Source, external_id: str | None) -> Opening:
    """What a referral is to be opened as, for who must know it even where no answer comes."""
    return await session.referrals.opening(source, external_id)


async def open_referral(
    session: Session, form: OpenReferral, external_id: str | None = None, *, opening: Opening | None = None
) -> Receipt:
    """Open a referral.

    Args:
        form: what is known of it.
        external_id: its id in the system that sends it; the same source and id open it once, however often sent.
        opening: from :func:`opening`; else it is asked for here.

    Raises:
        Refused: it may not be opened as it is. Nothing is left behind.
        NotAnswered, TemporalUnreachable: it may or may not be recorded; the same opening may be sent again.
    """
    return await session.referrals.open(form, session.member.id, external_id=external_id, opening=opening)


async def take(session: Session, reference: str, command: Command, command_id: UUID | None = None) -> Receipt:
    """Take a step on a referral.

    Args:
        command_id: given twice, the step is taken once and answered the same.

    Raises:
        Refused: the rules, the register or the reference do not allow it.
        NotAnswered, TemporalUnreachable: it may or may not be recorded; the same command id may be sent again.
    """
    return await session.referrals.take(reference, command, session.member.id, command_id=command_id)


async def events_of(session: Session, receipt: Receipt) -> tuple[Recorded, ...]:
    """The events of the step that somebody was given a receipt for, without what is sealed.

    Raises:
        Refused: the referral is not of an area of theirs.
    """
    history = await event_log.read(session.referrals.pool, receipt.reference)
    step = next((each.step for each in history if each.sequence == receipt.sequence), receipt.sequence)
    taken = tuple(each for each in history if each.step == step)
    # Who refused a transfer has nothing more to do with the referral, and yet knows what they did.
    if not any(each.actor == session.member.id for each in taken):
        await session.referrals.actor(receipt.reference, session.member.id)
    return taken


async def permitted(session: Session, reference: str) -> tuple[PermittedStep, ...]:
    """The steps that somebody may take on a referral now, by the log, in the order of the lifecycle.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.STATUS, reference)
    actors = await session.referrals.actors(reference, session.member.id)
    referral, now = fold(await _history(session, reference)), datetime.now(UTC)
    found = {step.kind: step for actor in actors for step in permitted_steps(referral, actor, now)}
    return tuple(found.values())


def permitted_steps(referral: Referral, actor: Actor, at: datetime) -> tuple[PermittedStep, ...]:
    """The steps that somebody may take on a referral in this state."""
    work = work_of(referral.stage)
    return tuple(
        PermittedStep(kind=kind, meaning=meaning_of(kind), of_this_stage=COMMANDS[kind] in work)
        for kind, refusals in permitted_and_blocked(referral, actor, at).items()
        if not refusals
    )


async def permitted_after(session: Session, receipt: Receipt) -> tuple[PermittedStep, ...]:
    """The steps that somebody may take after the one that they have a receipt for; none where the referral is not
    theirs to see, as a partner's who raised a concern about another's."""
    try:
        return await permitted(session, receipt.reference)
    except Refused:
        return ()


async def blocked(session: Session, reference: str) -> tuple[BlockedStep, ...]:
    """The steps of this stage that are somebody's to take and not possible now, each with all that is missing.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.CASELOAD, reference)
    actor = await session.referrals.actor(reference, session.member.id)
    return blocked_steps(fold(await _history(session, reference)), actor, datetime.now(UTC))


def blocked_steps(referral: Referral, actor: Actor, at: datetime) -> tuple[BlockedStep, ...]:
    """The steps of its stage that are somebody's to take on a referral in this state, and not possible now."""
    work = work_of(referral.stage)
    return tuple(
        BlockedStep(
            kind=kind,
            meaning=meaning_of(kind),
            gates=tuple(shut_gate(referral, each) for each in refusals),
        )
        for kind, refusals in permitted_and_blocked(referral, actor, at).items()
        if refusals and COMMANDS[kind] in work
    )


def shut_gate(referral: Referral, refused: Refused) -> ShutGate:
    """What a refusal says stands in the way, and whom it names."""
    known = {person.id for person in referral.participants}
    named = dict.fromkeys(each for each in _AN_ID.findall(refused.message) if each in known)
    return ShutGate(code=refused.code, sentence=refused.message, participants=tuple(named))


async def preview(session: Session, reference: str, command: Command) -> Preview:
    """What a step would do, were it taken now. It is decided by the rules on the state that the log leads to.

    Raises:
        Refused: as the step would be; or the referral is not theirs to see.
    """
    referrals = session.referrals
    answers_an_offer = isinstance(command, AcceptTransfer | RefuseTransfer)
    await require_access(session, What.STATUS if answers_an_offer else What.CASELOAD, reference)
    actor = await referrals.actor(reference, session.member.id, command)
    history = await _history(session, reference)
    areas = areas_concerned(fold(history))
    if isinstance(command, OfferTransfer):
        areas |= {command.area}
    request = Request(command_id=uuid4(), actor=actor, command=command)
    found = preview_of(
        history,
        request,
        datetime.now(UTC),
        policy=referrals.policies.of(actor.area),
        team=await staff.team(referrals.pool, *areas),
    )
    if found.events:
        await check_named(referrals.pool, request)
    return found


def preview_of(
    history: Sequence[Recorded], request: Request, at: datetime, *, policy: Policy, team: Sequence[Staff]
) -> Preview:
    """What a request would do to a referral, by the rules alone.

    Args:
        history: the whole log of the referral.
        request: the command and who asks.
        at: now, aware; a step is never dated before the last.
        policy: what the service has settled for the area.
        team: the active members of staff and partners of the areas that it concerns.

    Raises:
        Refused: as the step would be.
    """
    before = fold(history)
    at = max(at, history[-1].at)
    happened = decide_request(before.reference, before, request, at, history=history, policy=policy)
    outcome = outcome_of(before, happened, request, at) if happened else Outcome((), before)
    after = outcome.referral
    people = People({each.id: each.role for each in (*before.participants, *after.participants)})
    return Preview(
        events=outcome.events,
        sentences=tuple(sentence(each.event, people) for each in outcome.events),
        stage_before=before.stage,
        stage_after=after.stage,
        deadlines_met=deadlines_met(before, after),
        deadlines_set=changes_between(before, after),
        escalations_cleared=tuple(
            ClearedEscalation(deadline=each.event.deadline, point=each.event.point)
            for each in outcome.events
            if isinstance(each.event, EscalationCleared)
        ),
        people_told=tuple(
            PersonTold(
                to=each.to,
                party=each.party,
                template=each.template,
                what=template_in_words(each.template),
                leaves=each.outward,
                held_back=held_back(after, each),
            )
            for each in notices(notices_wanted(before, outcome.events, after), team)
        ),
    )


def deadlines_met(before: Referral, after: Referral) -> tuple[str, ...]:
    """Keys of the deadlines that were open and are not any more, or that begin anew because their work was done.

    Inactivity, which every step sets back, is among them only where its clock has ended.
    """
    still = {each.key: each for each in every_deadline(after)}
    return tuple(
        each.key
        for each in deadlines(before)
        if each.key not in still
        or (each.name is not DeadlineName.INACTIVITY and still[each.key].started_at != each.started_at)
    )


def meaning_of(kind: str) -> str:
    """What a command is for, in one line."""
    return (COMMANDS[kind].__doc__ or "").partition("\n")[0]


async def _history(session: Session, reference: str) -> list[Recorded]:
    return await event_log.history(session.referrals.pool, session.referrals.keys, reference)
