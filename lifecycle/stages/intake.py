"""Received: a referral is sent, checked for a duplicate, and allocated to a caseworker."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from lifecycle.gates import gate
from lifecycle.people.details import check_new_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, WORKERS, rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from lifecycle.timing.working_time import shift_months
from schemas.areas import LONDON
from schemas.commands import Allocate, OpenReferral, RecordDuplicateCheck
from schemas.events import (
    Allocated,
    DuplicateChecked,
    Event,
    Reassigned,
    Recorded,
    ReferralReceived,
    StageEntered,
)
from schemas.facts import NewParticipant
from schemas.people import Actor, Role
from schemas.policy import DeadlineName, Policy
from schemas.referral import Referral
from schemas.vocabulary import (
    Initiator,
    JusticeStage,
    Offence,
    ParticipantRole,
    SensitiveCategory,
    Source,
    Stage,
)
from schemas.vocabulary.offences import HateStrand, OffenceGroup

_CRIME_REFERENCE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 /-]{2,39}")

MAY_OPEN = WORKERS | {Role.PARTNER}

# How long ago somebody may have asked. A later note of it would change the figures of a month that was reported.
ASKED_AT_MOST_AGO = timedelta(days=7)
# Whoever takes a request and whoever records it may be two machines, whose clocks are never quite the same.
_CLOCKS_APART = timedelta(minutes=1)

_SIDES = {
    Initiator.HARMED_PERSON: ParticipantRole.HARMED,
    Initiator.PERSON_RESPONSIBLE: ParticipantRole.RESPONSIBLE,
}

# Months. Source: Sentencing Act 2020, section 5.
LONGEST_DEFERMENT = 6

_PREFIXES = {
    ParticipantRole.HARMED: "h",
    ParticipantRole.RESPONSIBLE: "r",
    ParticipantRole.SUPPORTER: "s",
    ParticipantRole.GUARDIAN: "g",
    ParticipantRole.INTERPRETER: "i",
    ParticipantRole.APPROPRIATE_ADULT: "a",
}
_ROLES = {prefix: role for role, prefix in _PREFIXES.items()}


def open_referral(
    reference: str, policy: Policy, command: OpenReferral, actor: Actor, at: datetime
) -> tuple[ReferralReceived]:
    """The events that follow when a referral is sent: it is received under the policy that it keeps.

    Raises:
        Refused: the rules do not allow this referral to be opened.
    """
    # By itself the service opens only what somebody asked for, on its public pages.
    if actor.role not in MAY_OPEN and not (actor.role is Role.SYSTEM and command.asked_by):
        raise Refused(
            "not_your_role", "Your role may not open a referral; it is for staff and partner agencies."
        )
    if actor.area != command.area:
        raise Refused("other_area", "You may open referrals of your own area only.", "area")
    by_responsible = command.initiator is Initiator.PERSON_RESPONSIBLE
    if by_responsible and _refused_category(policy, command.sensitive_categories):
        raise Refused("offender_initiated_refused", f"{offender_initiated_accepted.sentence}.", "initiator")
    if command.conflict and not policy.conflicts_without_crime_accepted:
        raise Refused(
            "conflict_not_accepted",
            "This service does not accept a conflict without a crime; its policy says so "
            "(conflicts_without_crime_accepted).",
            "conflict",
        )
    check_offence(command.offence, command.offence_group, conflict=command.conflict)
    check_hate_strands(command.hate_strands, command.sensitive_categories)
    check_crime_reference(command.crime_reference)
    _check_dates(command, at)
    _check_participants(command)
    _check_who_asked(command, at)
    received_at = min(command.asked_at or at, at)
    checked = [
        check_new_participant(person, received_at, at, f"participants.{place}")
        for place, person in enumerate(command.participants)
    ]
    return (
        event_from(
            ReferralReceived,
            command,
            reference=reference,
            policy=policy,
            participants=tuple(person for person, _ in checked),
            known=tuple(known for _, known in checked),
        ),
    )


def check_offence(offence: Offence, group: OffenceGroup | None, *, conflict: bool) -> None:
    """Raise Refused where the offence, its group and being a conflict without a crime contradict each other."""
    if conflict != (offence is Offence.NO_CRIME):
        accepted = (
            "is no_crime" if conflict else "is no_crime for a conflict without a crime alone (conflict)"
        )
        raise Refused("offence_does_not_fit", f"The offence {accepted}.", "offence")
    if group is not None and not group.fits(offence):
        fitting = ", ".join(each for each in OffenceGroup if each.fits(offence)) or "none"
        raise Refused(
            "offence_group_does_not_fit",
            f"This offence group is not of the offence {offence}; accepted: {fitting}.",
            "offence_group",
        )


def check_hate_strands(strands: Iterable[HateStrand], categories: Iterable[SensitiveCategory]) -> None:
    """Raise Refused where a strand is named of what is not marked as a hate crime: what a sensitive case asks for would
    not be asked."""
    if any(strands) and SensitiveCategory.HATE_CRIME not in set(categories):
        raise Refused(
            "hate_crime_missing",
            "Strands belong to a hate crime: name hate_crime among the sensitive categories too.",
            "hate_strands",
        )


def check_crime_reference(given: str | None) -> None:
    """Raise Refused where a crime reference cannot be one. Every force has a form of its own, so little is checked."""
    if given is not None and not _CRIME_REFERENCE.fullmatch(given):
        raise Refused(
            "crime_reference_unlikely",
            "A crime reference has letters, digits, spaces, / and - only, and at least one digit, "
            "such as 42/12345/26.",
            "crime_reference",
        )


def _check_dates(command: OpenReferral, at: datetime) -> None:
    today = at.astimezone(LONDON).date()
    if command.incident_on and command.incident_on > today:
        raise Refused("in_the_future", "The incident cannot be in the future.", "incident_on")
    check_court_dates(command.court_date, command.deferred_on, at)
    check_court_date(command.court_date, command.justice_stage, at)


def check_court_date(court_date: date | None, stage: JusticeStage | None, at: datetime) -> None:
    """Raise Refused where a court date is given that is past, or after sentence.

    Args:
        stage: of justice, as it is then; None: no longer known.
        at: now, aware.
    """
    if court_date is None:
        return
    if court_date < at.astimezone(LONDON).date():
        raise Refused("in_the_past", "The court date is past; give one that is to come.", "court_date")
    if stage not in (None, JusticeStage.PRE_SENTENCE):
        raise Refused(
            "court_date_contradicts",
            "A court date is one before sentence; leave it out, or give the justice stage pre_sentence.",
            "court_date",
        )


def check_court_dates(court_date: date | None, deferred_on: date | None, at: datetime) -> None:
    """Raise Refused where sentence was deferred in the future, or to a date that the law does not allow."""
    if deferred_on is None:
        return
    if deferred_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "The deferment cannot be in the future.", "deferred_on")
    latest = shift_months(deferred_on, LONGEST_DEFERMENT)
    if court_date is not None and not deferred_on <= court_date <= latest:
        raise Refused(
            "court_date_impossible",
            "Sentence is deferred for at most six months (Sentencing Act 2020): "
            f"the court date must be between {deferred_on} and {latest}.",
            "court_date",
        )


def _check_participants(command: OpenReferral) -> None:
    ids = Counter(person.id for person in command.participants)
    twice = [participant_id for participant_id, count in ids.items() if count > 1]
    if twice:
        raise Refused(
            "id_taken",
            f"Each participant needs their own id; used twice: {', '.join(twice)}.",
            "participants",
        )
    for person in command.participants:
        check_participant(person, frozenset(ids), "participants")
    for role, words in (
        (ParticipantRole.HARMED, "person harmed"),
        (ParticipantRole.RESPONSIBLE, "person responsible"),
    ):
        if not any(person.role is role for person in command.participants):
            raise Refused("side_missing", f"A referral needs at least one {words}.", "participants")


def _check_who_asked(command: OpenReferral, at: datetime) -> None:
    if command.asked_at is not None:
        if command.asked_by is None:
            raise Refused("who_asked_missing", "Say who asked (asked_by) when you say when.", "asked_by")
        if command.asked_at > at + _CLOCKS_APART:
            raise Refused("in_the_future", "They cannot have asked in the future.", "asked_at")
        if command.asked_at < at - ASKED_AT_MOST_AGO:
            raise Refused(
                "too_long_ago",
                f"They can have asked at most {ASKED_AT_MOST_AGO.days} days ago; leave it out where it was earlier.",
                "asked_at",
            )
    if command.asked_by is None:
        return
    if command.source is not Source.SELF:
        raise Refused("not_a_self_referral", "Who asked is said of a self-referral only.", "asked_by")
    people = {person.id: person for person in command.participants}
    asked = people.get(command.asked_by)
    if asked is None:
        raise Refused(
            "participant_unknown",
            f"Who asked is nobody here; known: {', '.join(sorted(people))}.",
            "asked_by",
        )
    for_whom = people[asked.accompanies] if asked.accompanies else asked
    if for_whom.role is not _SIDES.get(command.initiator):
        raise Refused(
            "initiator_does_not_fit",
            "Whose side asked says who initiated it: a person harmed, or a person responsible.",
            "initiator",
        )


def role_of_id(participant: str) -> ParticipantRole:
    """What somebody with that id is in a referral; the prefix says so."""
    return _ROLES[participant.rstrip("0123456789")]


def check_participant(person: NewParticipant, known: frozenset[str], field: str) -> None:
    """Raise Refused, naming the field, where a new participant's id does not fit their role, or the person they
    accompany is unknown."""
    prefix = _PREFIXES[person.role]
    if person.id.rstrip("0123456789") != prefix:
        raise Refused(
            "id_does_not_fit",
            f"Who is {person.role.replace('_', ' ')} has the id {prefix} and a number, such as {prefix}1.",
            field,
        )
    known -= {person.id}
    if person.accompanies and person.accompanies not in known:
        raise Refused(
            "participant_unknown",
            f"{person.id} accompanies nobody known here; known: {', '.join(sorted(known))}.",
            field,
        )


@gate("duplicate_check_missing", "A duplicate check must be recorded first")
def duplicate_checked(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if referral.duplicate_of:
        return f"it is the same as {referral.duplicate_of}; close it as a duplicate"
    return None if referral.duplicate_checked else ""


@gate(
    "offender_initiated_refused",
    "A referral that the person responsible initiated must not be of a category in which these are refused",
)
def offender_initiated_accepted(referral: Referral, actor: Actor, at: datetime) -> str | None:
    # Checked again here, since the category may become known only after the referral was opened.
    if referral.initiator is not Initiator.PERSON_RESPONSIBLE:
        return None
    # The category is not repeated in a message that many people may read.
    return "" if _refused_category(referral.policy, referral.sensitive_categories) else None


def _refused_category(policy: Policy, categories: Iterable[SensitiveCategory]) -> bool:
    return any(name in policy.offender_initiated_refused for name in categories)


# Allowed in later stages too: a duplicate may be found later, and is closed as one.
@rule(RecordDuplicateCheck, stages=OPEN_STAGES)
def decide_record_duplicate_check(
    referral: Referral, command: RecordDuplicateCheck, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.duplicate_of == referral.reference:
        raise Refused("same_referral", "A referral cannot be a duplicate of itself.", "duplicate_of")
    yield event_from(DuplicateChecked, command)


@rule(
    Allocate,
    stages=[Stage.RECEIVED],
    gates=[duplicate_checked, offender_initiated_accepted],
    may_lead_to=[Stage.VICTIM_CONTACT, Stage.OFFENDER_CONSENT],
)
def decide_allocate(referral: Referral, command: Allocate, actor: Actor, at: datetime) -> Iterator[Event]:
    if actor.role not in SUPERVISORS and command.caseworker != actor.id:
        raise Refused("not_your_role", "Only a supervisor may allocate to somebody else.", "caseworker")
    yield event_from(Allocated, command)
    offender_first = referral.initiator is Initiator.PERSON_RESPONSIBLE
    yield StageEntered(
        stage=Stage.OFFENDER_CONSENT if offender_first else Stage.VICTIM_CONTACT, left=Stage.RECEIVED
    )


@apply.register
def apply_duplicate_checked(event: DuplicateChecked, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"duplicate_checked": True, "duplicate_of": event.duplicate_of})


@apply.register(Allocated)
@apply.register(Reassigned)
def apply_allocated_or_reassigned(
    event: Allocated | Reassigned, referral: Referral, recorded: Recorded
) -> Referral:
    return referral.model_copy(update={"caseworker": event.caseworker})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    # Where another area took it over, that area allocates it, in whatever stage.
    if referral.stage is Stage.RECEIVED or (referral.transfers and referral.caseworker is None):
        yield Clock(DeadlineName.ALLOCATION, started_at=referral.here_since)
    if referral.court_date is not None and referral.justice_stage is JusticeStage.PRE_SENTENCE:
        # A court date is due at the start of its day.
        from_court = datetime.combine(referral.court_date, datetime.min.time(), LONDON)
        yield Clock(DeadlineName.COURT_DATE, falls_on=from_court)
