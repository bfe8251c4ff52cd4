"""Follow-up: agreements are tracked, people are contacted, outcomes are recorded."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from lifecycle.activities.gates import TAKING_PART
from lifecycle.activities.state import ACTIVITY_STAGES, activity_of, change_part, described, held, several
from lifecycle.gates import Candidates, activity_gate, gate
from lifecycle.people.consents import TWO_SIDES, lacking
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from lifecycle.timing.working_time import at_day_end
from schemas.activity import Activity, Held
from schemas.base import FIRST_ACTIVITY
from schemas.commands import (
    RecordAgreement,
    RecordFollowUp,
    RecordNeeds,
    RecordScale,
    RecordSurvey,
    ReportOutcome,
    RequestFurtherActivity,
    SettleAgreementItem,
)
from schemas.events import (
    ActivityTakenUp,
    AgreementItemSettled,
    AgreementMade,
    Event,
    FollowedUp,
    NeedsScored,
    OutcomeReported,
    Recorded,
    ScaleScored,
    StageEntered,
    SurveyAnswered,
)
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Item, Participant, Referral
from schemas.vocabulary import FollowUpContact, ParticipantRole, Purpose, Stage

_CONTACTS = {
    FollowUpContact.CHECK_IN: DeadlineName.CHECK_IN,
    FollowUpContact.SIX_WEEKS: DeadlineName.FOLLOW_UP_SIX_WEEKS,
    FollowUpContact.THREE_MONTHS: DeadlineName.FOLLOW_UP_THREE_MONTHS,
}


HELD = Candidates("nothing_held", "An activity must have been held", held)


def attended(referral: Referral, activity: Activity) -> tuple[Participant, ...]:
    """The people of both sides who took part in an activity when it was last held, also those who have left since."""
    return _at_one_of(referral, activity.held[-1:])


def _at_one_of(referral: Referral, activities: Iterable[Held]) -> tuple[Participant, ...]:
    there = {each for held in activities for each in held.attending}
    return tuple(
        person for person in referral.participants if person.id in there and person.role in TWO_SIDES
    )


@gate("nothing_held", "An activity must have been held")
def activity_held(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.held else ""


@activity_gate("agreement_consent_missing", "Everyone who took part must consent to the outcome agreement")
def agreement_consents(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    there = (each for each in attended(referral, activity) if each.active)
    return lacking(referral, there, Purpose.OUTCOME_AGREEMENT)


@gate("share_consent_missing", "Everyone who took part must consent to share the outcome")
def share_consents(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return lacking(referral, _at_one_of(referral, referral.held), Purpose.SHARE_OUTCOME)


@gate("no_open_item", "There must be an item of the agreement that is still open")
def item_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if any(item.outcome is None for item in referral.agreement) else ""


@rule(RecordAgreement, stages=ACTIVITY_STAGES, activity=HELD, gates=[agreement_consents])
def decide_record_agreement(
    referral: Referral, command: RecordAgreement, actor: Actor, at: datetime
) -> Iterator[Event]:
    for item in command.items:
        known_participant(referral, item.by, field="items")
    taken = {item.id for item in referral.agreement}
    twice = [item.id for item in command.items if item.id in taken]
    if twice:
        raise Refused("id_taken", f"There is already an item with this id: {', '.join(twice)}.", "items")
    yield event_from(AgreementMade, command)


@rule(SettleAgreementItem, stages=OPEN_STAGES, gates=[item_open])
def decide_settle_agreement_item(
    referral: Referral, command: SettleAgreementItem, actor: Actor, at: datetime
) -> Iterator[Event]:
    still_open = [item.id for item in referral.agreement if item.outcome is None]
    if command.item not in still_open:
        raise Refused(
            "item_unknown", f"There is no open item with that id; open: {', '.join(still_open)}.", "item"
        )
    yield event_from(AgreementItemSettled, command)


@rule(RecordFollowUp, stages=ACTIVITY_STAGES, activity=HELD)
def decide_record_follow_up(
    referral: Referral, command: RecordFollowUp, actor: Actor, at: datetime
) -> Iterator[Event]:
    _known_after(referral, command.participant, command.activity)
    yield event_from(FollowedUp, command)


@rule(RecordSurvey, stages=ACTIVITY_STAGES, activity=HELD)
def decide_record_survey(
    referral: Referral, command: RecordSurvey, actor: Actor, at: datetime
) -> Iterator[Event]:
    _known_after(referral, command.participant, command.activity)
    yield event_from(SurveyAnswered, command)


def _known_after(referral: Referral, participant: str, activity_id: str | None) -> None:
    """Raise Refused where there is no such participant, their part has ended, or, beside other activities, they are of
    a side and did not take part in this one."""
    person = known_participant(referral, participant)
    activity = activity_of(referral, activity_id)
    if several(referral) and person.role in TWO_SIDES and person not in attended(referral, activity):
        raise Refused(
            "not_in_activity", f"{person.id} did not take part in {described(activity)}.", "participant"
        )


@rule(RecordScale, stages=OPEN_STAGES - {Stage.RECEIVED})
def decide_record_scale(
    referral: Referral, command: RecordScale, actor: Actor, at: datetime
) -> Iterator[Event]:
    known_participant(referral, command.participant)
    yield event_from(ScaleScored, command)


@rule(RecordNeeds, stages=OPEN_STAGES - {Stage.RECEIVED})
def decide_record_needs(
    referral: Referral, command: RecordNeeds, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.role is not ParticipantRole.HARMED:
        raise Refused("not_harmed", "The eight needs are asked of a person harmed.", "participant")
    yield event_from(NeedsScored, command)


@rule(ReportOutcome, stages=ACTIVITY_STAGES, gates=[activity_held, share_consents])
def decide_report_outcome(
    referral: Referral, command: ReportOutcome, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(OutcomeReported, command)


@rule(
    RequestFurtherActivity,
    stages=ACTIVITY_STAGES,
    activity=HELD,
    gates=TAKING_PART,
    may_lead_to=[Stage.PREPARATION],
)
def decide_request_further_activity(
    referral: Referral, command: RequestFurtherActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    activity = activity_of(referral, command.activity)
    yield ActivityTakenUp(activity=activity.id, reason=command.reason)
    if referral.stage is Stage.FOLLOW_UP:
        yield StageEntered(stage=Stage.PREPARATION, left=referral.stage)


@apply.register
def apply_agreement_made(event: AgreementMade, referral: Referral, recorded: Recorded) -> Referral:
    made_in = event.activity or FIRST_ACTIVITY
    items = tuple(Item(id=item.id, activity=made_in, by=item.by, due_on=item.due_on) for item in event.items)
    return referral.model_copy(update={"agreement": (*referral.agreement, *items)})


@apply.register
def apply_agreement_item_settled(
    event: AgreementItemSettled, referral: Referral, recorded: Recorded
) -> Referral:
    items = tuple(
        item.model_copy(update={"outcome": event.outcome}) if item.id == event.item else item
        for item in referral.agreement
    )
    return referral.model_copy(update={"agreement": items})


@apply.register
def apply_followed_up(event: FollowedUp, referral: Referral, recorded: Recorded) -> Referral:
    part = activity_of(referral, event.activity).part(event.participant)
    if event.contact in part.followed_up:
        return referral
    followed_up = (*part.followed_up, event.contact)
    return change_part(referral, event.activity, event.participant, followed_up=followed_up)


@apply.register
def apply_survey_answered(event: SurveyAnswered, referral: Referral, recorded: Recorded) -> Referral:
    return change_part(referral, event.activity, event.participant, surveyed=True)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for item in referral.agreement:
        if item.outcome is None:
            yield Clock(DeadlineName.AGREEMENT_ITEM, item.id, falls_on=at_day_end(item.due_on))
    # A single activity is followed up in the stage of that name; beside others, each once it was held.
    stages = ACTIVITY_STAGES if several(referral) else {Stage.FOLLOW_UP}
    if referral.stage not in stages:
        return
    for activity in held(referral):
        yield from _clocks_after(referral, activity)


def _clocks_after(referral: Referral, activity: Activity) -> Iterator[Clock]:
    held_at = activity.held[-1].at
    for person in attended(referral, activity):
        if not person.active:
            continue
        part, about = activity.part(person.id), activity.about(person.id)
        for contact, name in _CONTACTS.items():
            if contact not in part.followed_up:
                yield Clock(name, about, started_at=held_at)
        if not part.surveyed:
            yield Clock(DeadlineName.SURVEY, about, started_at=held_at)
