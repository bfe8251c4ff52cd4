"""Coarse facts: what reports need from special category data, stored by area and month without a referral.

Some describe the referral as it is now and change with it: who takes part, how far the criminal process has come.
Others record one event: a score, an answer, a level of risk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lifecycle.state import fold
from schemas.areas import LONDON
from schemas.events import NeedsScored, Recorded, RiskAssessed, ScaleScored, StepCorrected, SurveyAnswered
from schemas.policy import FactKind, Kept, Policy
from schemas.referral import Participant, Referral
from schemas.vocabulary import EndReason, Interest, Level, ParticipantRole

# Highest first; unknown ranks lowest.
_LEVELS = (Level.HIGH, Level.MEDIUM, Level.LOW, Level.UNKNOWN)
_DECLINED = (EndReason.DECLINED, EndReason.DECLINED_BEFORE_SHARING)
_NOT_ASKED = "unknown"
# What the facts about a referral as it is now are made of. Most steps change none of it.
_STANDS_ON = (
    *("participants", "sensitive_categories", "hate_strands", "district", "justice_stage", "received_at"),
)
_TWO_SIDES = (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)


@dataclass(frozen=True)
class CoarseFact:
    """One fact.

    Attributes:
        sequence: of the event it comes from; 0 for a fact about the referral as it is now.
        place: distinguishes it from the other facts of that sequence.
        kind: the policy decides by kind whether it is kept after an erasure.
        month: first day of the month of the event, or of receipt of the referral; London time.
        name: what it is counted as.
        value: one of a closed list, or a score.
        of_who_declined: whether it is about somebody who declined.
    """

    sequence: int
    place: str
    kind: FactKind
    month: date
    name: str
    value: str
    of_who_declined: bool = False


@dataclass(frozen=True)
class Changes:
    """The facts that a step adds or changes, and those that it removes."""

    added: tuple[CoarseFact, ...]
    gone: tuple[CoarseFact, ...]


def changes(
    before: Referral | None, events: Sequence[Recorded], after: Referral, history: Iterable[Recorded] = ()
) -> Changes:
    """The changes that a step makes to the facts.

    Args:
        before: the state before it.
        events: the step's.
        after: the state after it.
        history: the log before it; needed only where the step takes an earlier one back.
    """
    same = before is not None and all(getattr(before, name) is getattr(after, name) for name in _STANDS_ON)
    stood = {each.place: each for each in _standing(before)} if before and not same else {}
    stands = {each.place: each for each in _standing(after)} if not same else {}
    taken_back = {each.event.corrects for each in events if isinstance(each.event, StepCorrected)}
    said_then = _said(history, before or after) if taken_back else ()
    steps = {each.sequence: each.step for each in history} if taken_back else {}
    return Changes(
        added=(
            *(each for place, each in stands.items() if stood.get(place) != each),
            *_said(events, after),
        ),
        gone=(
            *(each for place, each in stood.items() if place not in stands),
            *(each for each in said_then if steps[each.sequence] in taken_back),
        ),
    )


def facts_of(history: Sequence[Recorded]) -> tuple[CoarseFact, ...]:
    """All facts of a referral, from its whole log. A step that was taken back leaves none."""
    referral = fold(history)
    gone = {each.event.corrects for each in history if isinstance(each.event, StepCorrected)}
    counted = [each for each in history if each.step not in gone]
    return (*_standing(referral), *_said(counted, referral))


def gone_after_erasure(facts: Iterable[CoarseFact], policy: Policy) -> tuple[CoarseFact, ...]:
    """The facts to delete when a referral is erased, including every kind that the policy does not name."""
    return tuple(each for each in facts if not _stays(each, policy))


def _stays(fact: CoarseFact, policy: Policy) -> bool:
    rule = policy.facts.get(fact.kind)
    match rule.after_erasure if rule else Kept.GOES:
        case Kept.STAYS:
            return True
        case Kept.OF_WHO_DECLINED:
            return fact.of_who_declined
        case Kept.GOES:
            return False


def _standing(referral: Referral) -> Iterator[CoarseFact]:
    month = _month(referral.received_at)

    def fact(kind: FactKind, place: str, name: str, value: str, declined: bool = False) -> CoarseFact:
        return CoarseFact(0, f"{kind}/{place}", kind, month, name, value, declined)

    if referral.justice_stage and referral.justice_stage != _NOT_ASKED:
        yield fact(FactKind.JUSTICE_STAGE, "", FactKind.JUSTICE_STAGE, referral.justice_stage)
    for category in dict.fromkeys(referral.sensitive_categories):
        yield fact(FactKind.SENSITIVE_CATEGORY, category, FactKind.SENSITIVE_CATEGORY, category)
    for strand in dict.fromkeys(referral.hate_strands):
        yield fact(FactKind.HATE_STRAND, strand, FactKind.HATE_STRAND, strand)
    if referral.district:
        yield fact(FactKind.DISTRICT, "", FactKind.DISTRICT, referral.district)
    for person in referral.participants:
        if person.role not in _TWO_SIDES:
            continue
        for kind, value in _is(person):
            yield fact(kind, person.id, f"{person.role}_{kind}", value)
            if _declined(person):
                name = f"{person.role}_who_declined_{kind}"
                yield fact(kind, f"{person.id}/declined", name, value, declined=True)


def _is(person: Participant) -> Iterator[tuple[FactKind, str]]:
    yield FactKind.AGE_BAND, person.age_band
    yield FactKind.GENDER, person.gender
    # The head alone: among 19 groups most people of an area and a month would stand out.
    yield FactKind.ETHNICITY, person.ethnicity.head
    for kind, value in _asked_later(person):
        # Older logs have no such fact, and read the same as when nobody has asked.
        if value != _NOT_ASKED:
            yield kind, value
    if person.role is ParticipantRole.RESPONSIBLE:
        yield FactKind.CUSTODY, person.custody


def _asked_later(person: Participant) -> Iterator[tuple[FactKind, str]]:
    """What was added to the facts after the first services had begun."""
    yield FactKind.DISABILITY, person.disability
    yield FactKind.RELIGION, person.religion
    yield FactKind.SEXUAL_ORIENTATION, person.sexual_orientation
    yield FactKind.GENDER_IDENTITY, person.gender_identity
    yield FactKind.PREGNANCY_OR_MATERNITY, person.pregnancy_or_maternity


def _declined(person: Participant) -> bool:
    return person.interest is Interest.DECLINED or person.ended in _DECLINED


def _said(events: Iterable[Recorded], referral: Referral) -> Iterator[CoarseFact]:
    for recorded in events:
        for kind, place, name, value in _said_by(recorded, referral):
            yield CoarseFact(recorded.sequence, place, kind, _month(recorded.at), name, value)


def _said_by(recorded: Recorded, referral: Referral) -> Iterator[tuple[FactKind, str, str, str]]:
    # The place does not name a side: a correction may have removed the participant.
    match recorded.event:
        case RiskAssessed(factors=(_, *_)) as event:
            levels = {assessment.level for assessment in event.factors}
            highest = next(level for level in _LEVELS if level in levels)
            about = _side(referral, event.about) if event.about else "pair"
            yield FactKind.RISK_LEVEL, "highest", f"{about}_risk_level", highest
        case ScaleScored(scale=scale, score=int(score)) as event if scale:
            name = f"{_side(referral, event.participant)}_{scale}_{event.occasion}"
            yield FactKind.SCALE_SCORE, "score", name, str(score)
        case NeedsScored() as event:
            for need, score in {each.need: each.score for each in event.needs}.items():
                yield FactKind.NEED_SCORE, need, f"{need}_{event.occasion}", str(score)
        case SurveyAnswered() as event:
            answers = {
                "satisfied": _yes_or_no(event.satisfied),
                "would_recommend": _yes_or_no(event.would_recommend),
                "feels": event.feels,
                "rating": str(event.rating) if event.rating is not None else None,
            }
            for question, answer in answers.items():
                if answer is not None:
                    name = f"{_side(referral, event.participant)}_{question}"
                    yield FactKind.SURVEY_ANSWER, question, name, answer


def _side(referral: Referral, participant_id: str) -> str:
    person = referral.participant(participant_id)
    return person.role if person else "unknown"


def _yes_or_no(answer: bool | None) -> str | None:
    return None if answer is None else "yes" if answer else "no"


def _month(at: datetime) -> date:
    return at.astimezone(LONDON).date().replace(day=1)
