"""What is allowed in every stage: consents, participants, case details, notes, reviews and deadlines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lifecycle.ages import noticed_at
from lifecycle.clocks import Clock, clocks, deadlines, next_point
from lifecycle.core import (
    OPEN_STAGES,
    SUPERVISORS,
    apply,
    as_participant,
    change_participant,
    event_from,
    gate,
    rule,
)
from lifecycle.details import check_new_participant, check_person, check_safety
from lifecycle.ladder import raised
from lifecycle.leaving import LEAVING_LEADS_TO, end_participation, known_participant
from lifecycle.refusal import Refused
from lifecycle.stages.intake import (
    check_court_date,
    check_court_dates,
    check_crime_reference,
    check_hate_strands,
    check_offence,
    check_participant,
)
from schemas.areas import LONDON
from schemas.commands import (
    AddNote,
    AddParticipant,
    AmendParticipant,
    AmendReferral,
    ExtendDeadline,
    GiveConsent,
    ReachDeadline,
    Reassign,
    RecordContactSafety,
    RecordCourtNews,
    RecordReview,
    SettleNotice,
    WithdrawConsent,
)
from schemas.events import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactSafetyRecorded,
    CourtUpdated,
    DeadlineExtended,
    DeadlineReached,
    Event,
    NoteAdded,
    NoticeSettled,
    ParticipantAdded,
    ParticipantAmended,
    ParticipantCameOfAge,
    Reassigned,
    Recorded,
    ReferralAmended,
    Reviewed,
)
from schemas.people import Actor, Person, Role
from schemas.policy import DeadlineName
from schemas.referral import Consent, Participant, ReachedPoint, Referral
from schemas.vocabulary import AgeBand, Channel, EndReason, ParticipantRole, Purpose, ReviewSubject, Stage

# These can still be withdrawn after closing: what they allow goes on.
_OUTLIVES_CLOSING = frozenset({Purpose.SHARE_OUTCOME, Purpose.EVALUATION, Purpose.CASE_STUDY})
_HARD_DATES = frozenset(
    {
        DeadlineName.COURT_DATE,
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.SENTENCE_DATE,
        DeadlineName.COMING_OF_AGE,
    }
)
_ABOUT_A_PERSON = frozenset({ReviewSubject.UNREACHABLE, ReviewSubject.THINKING_TIME})
_BY_A_SUPERVISOR = frozenset(
    {ReviewSubject.UNREACHABLE, ReviewSubject.PREPARATION, ReviewSubject.SUPERVISION}
)


@gate("nothing_to_withdraw", "There must be a consent in force that can be withdrawn")
def consent_to_withdraw(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if any(_may_withdraw(referral, consent) for consent in referral.consents) else ""


@gate("no_deadline", "A deadline must be open")
def deadline_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if deadlines(referral) else ""


@gate("point_not_reached", "A point of an open deadline must be reached and not yet recorded")
def point_reached(referral: Referral, actor: Actor, at: datetime) -> str | None:
    point = next_point(deadlines(referral), referral)
    return None if point and point[0] <= at else ""


def _may_withdraw(referral: Referral, consent: Consent) -> bool:
    return consent.in_force and (not referral.closed or consent.purpose in _OUTLIVES_CLOSING)


@rule(GiveConsent, stages=OPEN_STAGES, on_hold=True)
def decide_give_consent(
    referral: Referral, command: GiveConsent, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if command.given_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "A consent can be recorded only after it was given.", "given_on")
    if command.by_guardian is not None:
        guardian = known_participant(referral, command.by_guardian, field="by_guardian")
        if guardian.role is not ParticipantRole.GUARDIAN or guardian.accompanies != person.id:
            raise Refused(
                "not_their_guardian",
                f"{guardian.id} is not recorded as guardian of {person.id}.",
                "by_guardian",
            )
    if command.purpose is Purpose.RECORDING and not referral.policy.recording_allowed:
        raise Refused(
            "recording_not_allowed", "Recording is not allowed under this referral's policy.", "purpose"
        )
    if command.purpose is Purpose.SHARE_RISK_INFORMATION and not command.agencies:
        raise Refused(
            "agencies_missing", "Say with which agencies risk information may be shared.", "agencies"
        )
    yield event_from(ConsentGiven, command)


@rule(
    WithdrawConsent,
    stages=Stage,
    gates=[consent_to_withdraw],
    may_lead_to=LEAVING_LEADS_TO,
    on_hold=True,
    in_safeguarding=True,
)
def decide_withdraw_consent(
    referral: Referral, command: WithdrawConsent, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant, left=frozenset(EndReason))
    given = [
        consent
        for consent in referral.consents
        if consent.participant == person.id
        and consent.purpose is command.purpose
        and consent.by_guardian == command.by_guardian
        and consent.in_force
    ]
    if not given:
        raise Refused("no_such_consent", "No such consent of this person is in force.", "purpose")
    if not _may_withdraw(referral, given[0]):
        raise Refused("closed", "The referral is closed; this consent ended with it.", "purpose")
    yield event_from(ConsentWithdrawn, command)
    # A guardian has no say any more once the child is an adult.
    their_own = command.by_guardian is None or not person.grown_up
    if command.purpose is Purpose.TAKE_PART and person.active and their_own:
        yield from end_participation(referral, person, EndReason.WITHDREW, at)


@rule(AddParticipant, stages=OPEN_STAGES, on_hold=True)
def decide_add_participant(
    referral: Referral, command: AddParticipant, actor: Actor, at: datetime
) -> Iterator[Event]:
    known = frozenset(person.id for person in referral.participants)
    if command.participant.id in known:
        raise Refused("id_taken", f"There is already a participant {command.participant.id}.", "participant")
    check_participant(command.participant, known, "participant")
    person, of_person = check_new_participant(command.participant, referral.received_at, at, "participant")
    yield ParticipantAdded(participant=person, known=of_person)


@rule(AmendParticipant, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_amend_participant(
    referral: Referral, command: AmendParticipant, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    checked = check_person(
        command.person or Person(), person.id, command.age_band, referral.received_at, at, "", "person"
    )
    if person.birthday_known and not checked.known.birthday_known and command.age_band is not None:
        raise Refused(
            "age_contradicts",
            "The age band follows from the date of birth that is recorded; mend that instead.",
            "age_band",
        )
    turns_18 = checked.known.turns_18_on
    adult_now = turns_18 is not None and turns_18 <= at.astimezone(LONDON).date()
    grows_up = person.child and (adult_now or checked.age_band not in (None, AgeBand.UNDER_18))
    if grows_up and actor.role not in SUPERVISORS:
        raise Refused(
            "not_your_role",
            "Only a supervisor may change a child's age band to an adult's; no guardian need consent then.",
            "age_band" if command.age_band is not None else "person.date_of_birth",
        )
    yield event_from(
        ParticipantAmended,
        command,
        person=checked.person if command.person is not None else None,
        age_band=checked.age_band,
        no_longer_safe=_leads_elsewhere(command.person),
        known=checked.known if command.person is not None else None,
    )


def _leads_elsewhere(person: Person | None) -> tuple[Channel, ...]:
    # The old number being safe does not make the new one safe.
    if person is None:
        return ()
    new = {
        Channel.PHONE: person.phone,
        Channel.TEXT: person.phone,
        Channel.EMAIL: person.email,
        Channel.LETTER: person.address,
    }
    return tuple(channel for channel, address in new.items() if address)


@rule(RecordContactSafety, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_contact_safety(
    referral: Referral, command: RecordContactSafety, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    check_safety(command.contact_safety, person.reachable_by, "contact_safety")
    yield event_from(ContactSafetyRecorded, command)


@rule(AmendReferral, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_amend_referral(
    referral: Referral, command: AmendReferral, actor: Actor, at: datetime
) -> Iterator[Event]:
    categories = command.sensitive_categories
    if categories is not None and actor.role not in SUPERVISORS:
        dropped = [each for each in referral.sensitive_categories if each not in categories]
        if dropped:
            raise Refused(
                "not_your_role",
                "Only a supervisor may remove a category that makes a case sensitive.",
                "sensitive_categories",
            )
    check_court_date(command.court_date, command.justice_stage or referral.justice_stage, at)
    check_court_dates(
        command.court_date or referral.court_date, command.deferred_on or referral.deferred_on, at
    )
    check_offence(
        command.offence or referral.offence,
        command.offence_group or referral.offence_group,
        conflict=referral.conflict,
    )
    check_hate_strands(
        referral.hate_strands if command.hate_strands is None else command.hate_strands,
        referral.sensitive_categories if categories is None else categories,
    )
    check_crime_reference(command.crime_reference)
    yield event_from(ReferralAmended, command)


@rule(RecordCourtNews, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_court_news(
    referral: Referral, command: RecordCourtNews, actor: Actor, at: datetime
) -> Iterator[Event]:
    check_court_dates(command.court_date or referral.court_date, referral.deferred_on, at)
    check_court_date(command.court_date, referral.justice_stage, at)
    yield event_from(CourtUpdated, command)


@rule(AddNote, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_add_note(referral: Referral, command: AddNote, actor: Actor, at: datetime) -> Iterator[Event]:
    yield event_from(NoteAdded, command)


@rule(Reassign, stages=OPEN_STAGES - {Stage.RECEIVED}, roles=SUPERVISORS, on_hold=True, in_safeguarding=True)
def decide_reassign(referral: Referral, command: Reassign, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.caseworker == referral.caseworker:
        raise Refused("same_caseworker", "This caseworker already has the referral.", "caseworker")
    yield event_from(Reassigned, command)


@rule(RecordReview, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_review(
    referral: Referral, command: RecordReview, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.subject in _BY_A_SUPERVISOR and actor.role not in SUPERVISORS:
        raise Refused("not_your_role", "Only a supervisor may record this review.", "subject")
    if command.subject in _ABOUT_A_PERSON:
        if command.participant is None:
            raise Refused(
                "participant_missing", "This review is about a person; name the participant.", "participant"
            )
        known_participant(referral, command.participant)
    yield event_from(Reviewed, command)


@rule(
    ExtendDeadline,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[deadline_open],
    on_hold=True,
    in_safeguarding=True,
)
def decide_extend_deadline(
    referral: Referral, command: ExtendDeadline, actor: Actor, at: datetime
) -> Iterator[Event]:
    still_open = {deadline.key: deadline for deadline in deadlines(referral)}
    found = still_open.get(command.deadline)
    if found is None:
        raise Refused(
            "deadline_unknown", f"No such deadline is open; open: {', '.join(still_open)}.", "deadline"
        )
    if found.name in _HARD_DATES:
        raise Refused("hard_date", "The service cannot move this date.", "deadline")
    if command.until <= found.due_at:
        raise Refused(
            "not_later",
            f"It is due {found.due_at.astimezone(LONDON):%a %-d %b %Y %H:%M}; an extension must be later.",
            "until",
        )
    yield event_from(DeadlineExtended, command)


@rule(
    ReachDeadline,
    stages=OPEN_STAGES,
    roles=frozenset({Role.SYSTEM}),
    gates=[point_reached],
    on_hold=True,
    in_safeguarding=True,
)
def decide_reach_deadline(
    referral: Referral, command: ReachDeadline, actor: Actor, at: datetime
) -> Iterator[Event]:
    reached = {(point.deadline, point.point, point.at) for point in referral.reached}
    for deadline in deadlines(referral):
        due = deadline.points.get(command.point)
        if deadline.key != command.deadline or due is None:
            continue
        if due <= at and (deadline.key, command.point, due) not in reached:
            yield DeadlineReached(deadline=deadline.key, point=command.point, at=due)
            yield from raised(referral, deadline, command.point)
            if deadline.name is DeadlineName.COMING_OF_AGE and command.point == "due":
                yield ParticipantCameOfAge(participant=deadline.key.partition("/")[2])
            return
    raise Refused("point_not_reached", "This deadline has no such point that is reached and unrecorded.")


@rule(SettleNotice, stages=Stage, roles=frozenset({Role.SYSTEM}), on_hold=True, in_safeguarding=True)
def decide_settle_notice(
    referral: Referral, command: SettleNotice, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(NoticeSettled, command)


@apply.register
def apply_consent_given(event: ConsentGiven, referral: Referral, recorded: Recorded) -> Referral:
    consent = Consent(
        participant=event.participant,
        purpose=event.purpose,
        form=event.form,
        form_version=event.form_version,
        given_on=event.given_on,
        recorded_by=recorded.actor,
        by_guardian=event.by_guardian,
    )
    return referral.model_copy(update={"consents": (*referral.consents, consent)})


@apply.register
def apply_consent_withdrawn(event: ConsentWithdrawn, referral: Referral, recorded: Recorded) -> Referral:
    key = (event.participant, event.purpose, event.by_guardian)
    consents = tuple(
        consent.model_copy(update={"withdrawn_at": recorded.at})
        if consent.in_force and (consent.participant, consent.purpose, consent.by_guardian) == key
        else consent
        for consent in referral.consents
    )
    return referral.model_copy(update={"consents": consents})


@apply.register
def apply_participant_added(event: ParticipantAdded, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={"participants": (*referral.participants, as_participant(event.participant, event.known))}
    )


@apply.register
def apply_participant_amended(event: ParticipantAmended, referral: Referral, recorded: Recorded) -> Referral:
    known = {
        "age_band": event.age_band,
        "gender": event.gender,
        "ethnicity": event.ethnicity,
        "disability": event.disability,
        "religion": event.religion,
        "sexual_orientation": event.sexual_orientation,
        "gender_identity": event.gender_identity,
        "pregnancy_or_maternity": event.pregnancy_or_maternity,
        "interpreter_needed": event.interpreter_needed,
        "custody": event.custody,
    }
    person = referral.participant(event.participant)
    still = person.safe_channels if person else ()
    return change_participant(
        referral,
        event.participant,
        **_known_from_details(person, event),
        safe_channels=tuple(channel for channel in still if channel not in event.no_longer_safe),
        **{name: value for name, value in known.items() if value is not None},
    )


def _known_from_details(person: Participant | None, event: ParticipantAmended) -> dict[str, Any]:
    """The changes to what the rules know of a person's sealed details."""
    if event.known is None or person is None:
        return {}
    changes: dict[str, Any] = {}
    if person.reachable_by is not None:
        still = [channel for channel in person.reachable_by if channel not in event.no_longer_safe]
        changes["reachable_by"] = tuple(dict.fromkeys((*still, *event.known.reachable_by)))
    if event.known.birthday_known:
        changes |= {
            "birthday_known": True,
            "turns_18_on": event.known.turns_18_on,
            # The clock notices it anew by the date that is now recorded.
            "came_of_age": False,
        }
    return changes


@apply.register
def apply_participant_came_of_age(
    event: ParticipantCameOfAge, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, came_of_age=True)


@apply.register
def apply_contact_safety_recorded(
    event: ContactSafetyRecorded, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, safe_channels=event.contact_safety.safe_channels)


@apply.register
def apply_referral_amended(event: ReferralAmended, referral: Referral, recorded: Recorded) -> Referral:
    known = {
        "offence": event.offence,
        "offence_group": event.offence_group,
        "hate_strands": event.hate_strands,
        "district": event.district,
        "sensitive_categories": event.sensitive_categories,
        "justice_stage": event.justice_stage,
        "court_date": event.court_date,
        "deferred_on": event.deferred_on,
    }
    return referral.model_copy(update={name: value for name, value in known.items() if value is not None})


@apply.register
def apply_court_updated(event: CourtUpdated, referral: Referral, recorded: Recorded) -> Referral:
    known = {"plea": event.plea, "adjourned": event.adjourned, "court_date": event.court_date}
    return referral.model_copy(update={name: value for name, value in known.items() if value is not None})


@apply.register
def apply_reviewed(event: Reviewed, referral: Referral, recorded: Recorded) -> Referral:
    if event.subject in _ABOUT_A_PERSON and event.participant is not None:
        return change_participant(referral, event.participant, reviewed_at=recorded.at)
    return referral.model_copy(update={"reviewed": {**referral.reviewed, event.subject: recorded.at}})


@apply.register
def apply_deadline_extended(event: DeadlineExtended, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={
            "extensions": {**referral.extensions, event.deadline: event.until},
            "extended_at": {**referral.extended_at, event.deadline: recorded.at},
        }
    )


@apply.register
def apply_deadline_reached(event: DeadlineReached, referral: Referral, recorded: Recorded) -> Referral:
    # Only the latest instant of each point is kept, so that the state does not grow over the years.
    others = tuple(
        each for each in referral.reached if (each.deadline, each.point) != (event.deadline, event.point)
    )
    reached = ReachedPoint(deadline=event.deadline, point=event.point, at=event.at)
    return referral.model_copy(update={"reached": (*others, reached)})


@clocks
def _supervision(referral: Referral) -> Iterator[Clock]:
    held_at = referral.reviewed.get(ReviewSubject.SUPERVISION, referral.received_at)
    yield Clock(DeadlineName.SUPERVISION, started_at=held_at)


@clocks
def _inactivity(referral: Referral) -> Iterator[Clock]:
    preparing = referral.stage is Stage.PREPARATION
    yield Clock(
        DeadlineName.INACTIVITY,
        started_at=referral.last_activity_at,
        due=referral.policy.inactivity_in_preparation if preparing else None,
    )


@clocks
def _coming_of_age(referral: Referral) -> Iterator[Clock]:
    for person in referral.participants:
        if person.active and person.turns_18_on is not None and not person.came_of_age:
            yield Clock(DeadlineName.COMING_OF_AGE, person.id, falls_on=noticed_at(person.turns_18_on))
