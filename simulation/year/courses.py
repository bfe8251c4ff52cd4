"""What becomes of one invented referral as far as people decide it: drawn once, when it is received."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.commands import OpenReferral
from schemas.exchange import CommunicationAnswer
from schemas.facts import NewParticipant
from schemas.vocabulary import (
    Interest,
    JusticeStage,
    Method,
    ParticipantRole,
    RiskFactor,
    Stage,
    Verdict,
)
from simulation.year import chances
from simulation.year.chances import TransferEnd
from simulation.year.people import drawn


@dataclass(frozen=True)
class Answers:
    """How one person answers.

    Attributes:
        attempts: how many come before they are reached.
        reached: whether they ever are.
        thinks_first: whether they are undecided for a while.
        interest: what they say in the end.
        acknowledges: whether they acknowledge the basic facts.
        pleads_guilty: before a sentence.
    """

    attempts: int
    reached: bool
    thinks_first: bool
    interest: Interest
    acknowledges: bool
    pleads_guilty: bool


@dataclass(frozen=True)
class Course:
    """What will be, as far as people decide it and the rules do not.

    Attributes:
        pace: how much longer than usual each step takes its workers.
        answers: of those of the two sides, by id.
        leaves_in, concern_in, hold_in, note_in: the stage in which somebody leaves, a safeguarding concern is raised,
            the referral is put on hold, a note is written; None: never.
        long: whether everybody is followed up to the end.
        apart: whether each of several people harmed has an activity of their own.
        one_ends: whether one of several activities is not wanted any more.
        interrupted: whether a meeting is adjourned.
        writes: whether what is exchanged is recorded as communications.
        changed: whether the first draft is to be changed.
        moves_in: the stage in which the referral is offered to another area, where there is one; None: never.
    """

    pace: float
    answers: dict[str, Answers] = field(repr=False)
    duplicate: bool
    adjourned: bool
    verdict: Verdict
    high_factor: RiskFactor | None
    method: Method
    leaves_in: Stage | None
    concern_in: Stage | None
    hold_in: Stage | None
    note_in: Stage | None
    returned: bool
    postponed: bool
    stopped: bool
    partly: bool
    items: int
    kept: bool
    long: bool
    scales: bool
    further: bool
    corrected: bool
    reassigned: bool
    reopened: bool
    apart: bool
    one_ends: bool
    interrupted: bool
    writes: bool
    changed: bool
    first_answer: CommunicationAnswer
    replies: bool
    moves_in: Stage | None
    transfer: TransferEnd
    counts_time: bool
    complains_in: Stage | None


def course_of(chance: random.Random, form: OpenReferral) -> Course:
    """Draw what will become of a referral."""
    pre_sentence = form.justice_stage is JusticeStage.PRE_SENTENCE
    direct = chances.DIRECT_OF_ACTIVITIES_PRE_SENTENCE if pre_sentence else chances.DIRECT_OF_ACTIVITIES
    meets = chance.random() < direct
    verdict = Verdict.PROCEED_DIRECT if meets else Verdict.PROCEED_INDIRECT
    return Course(
        pace=drawn(chance, chances.PACES),
        answers={
            each.id: _answers(chance, each, pre_sentence)
            for each in form.participants
            if each.role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)
        },
        duplicate=chance.random() < chances.DUPLICATE,
        # 147 of 179 (pathfinder).
        adjourned=chance.random() < 147 / 179,
        verdict=Verdict.UNSAFE if chance.random() < chances.UNSAFE else verdict,
        high_factor=chance.choice(tuple(RiskFactor)) if chance.random() < chances.HIGH_RISK else None,
        method=_method(chance, meets),
        leaves_in=_stage(chance, chances.LEAVES),
        concern_in=_stage(chance, chances.CONCERN),
        hold_in=_stage(chance, chances.HOLD),
        note_in=chance.choice(tuple(Stage)) if chance.random() < chances.NOTE else None,
        returned=chance.random() < chances.RETURNED,
        postponed=chance.random() < chances.POSTPONED,
        stopped=chance.random() < chances.STOPPED,
        partly=chance.random() < chances.PARTLY,
        items=chance.randint(1, 3) if chance.random() < chances.AGREEMENT else 0,
        kept=chance.random() < chances.KEPT,
        long=chance.random() < chances.FOLLOWED_LONG,
        scales=chance.random() < chances.SCALES,
        further=chance.random() < chances.FURTHER_ACTIVITY,
        corrected=chance.random() < chances.CORRECTED,
        reassigned=chance.random() < chances.REASSIGNED,
        reopened=chance.random() < chances.REOPENED,
        apart=chance.random() < chances.APART,
        one_ends=chance.random() < chances.ONE_ENDS,
        interrupted=chance.random() < chances.INTERRUPTED,
        writes=chance.random() < chances.WRITES,
        changed=chance.random() < chances.CHANGED,
        first_answer=drawn(chance, chances.FIRST_ANSWERS),
        replies=chance.random() < chances.REPLIES,
        moves_in=_stage(chance, chances.MOVES),
        transfer=drawn(chance, chances.TRANSFERS),
        counts_time=chance.random() < chances.COUNTS_TIME,
        complains_in=_stage(chance, chances.COMPLAINS),
    )


def _stage(chance: random.Random, likely: Mapping[Stage, float]) -> Stage | None:
    never = 1 - sum(likely.values())
    return chance.choices((None, *likely), (never, *likely.values()))[0]


def _answers(chance: random.Random, person: NewParticipant, pre_sentence: bool) -> Answers:
    harmed = person.role is ParticipantRole.HARMED
    if harmed:
        reached = chances.REACHED_PRE_SENTENCE if pre_sentence else chances.REACHED
        interested = chances.INTERESTED_PRE_SENTENCE if pre_sentence else chances.INTERESTED
    else:
        reached, interested = chances.RESPONSIBLE_REACHED, chances.RESPONSIBLE_INTERESTED
    return Answers(
        attempts=drawn(chance, {0: 0.5, 1: 0.25, 2: 0.15, 3: 0.1}),
        reached=chance.random() < reached,
        thinks_first=chance.random() < chances.THINKS_IT_OVER,
        interest=Interest.INTERESTED if chance.random() < interested else Interest.DECLINED,
        acknowledges=chance.random() < chances.ACKNOWLEDGES,
        # 179 of the 446 cases with an interested person harmed (pathfinder).
        pleads_guilty=chance.random() < 179 / 446,
    )


def _method(chance: random.Random, meets: bool) -> Method:
    if meets:
        return chance.choices((Method.FACE_TO_FACE, Method.VIDEO), (9, 1))[0]
    return chance.choices((Method.LETTER, Method.SHUTTLE, Method.RECORDED_MESSAGE), (6, 3, 1))[0]
