"""What is allowed in every stage, and by whom."""

from datetime import date, timedelta

import pytest

from lifecycle import BETWEEN, RULES, STAGES, THROUGHOUT, Refused
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Actor, Role
from schemas.vocabulary import AgeBand, Custody, Gender, Purpose, ReviewSubject, SensitiveCategory, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    COMMISSIONER,
    ELSEWHERE,
    EVERYBODY,
    GUARDIAN,
    OTHER_SUPERVISOR,
    PARTNER,
    SERVICE_MANAGER,
    STRANGER,
    SUPERVISOR,
    WHY,
    Story,
    consent,
    opening,
    person,
    to,
)

OPEN: list[Stage] = [stage for stage in Stage if stage is not Stage.CLOSED]
ON_HOLD = c.Hold(review_on=date(2026, 5, 1), reason=WHY)


@pytest.mark.parametrize("stage", list(Stage))
def test_nobody_of_another_area_may_do_anything(stage: Stage) -> None:
    story = to(Stage.PREPARATION).withdraws("h1") if stage is Stage.CLOSED else to(stage)
    for actor in EVERYBODY:
        assert story.may(actor.model_copy(update={"area": ELSEWHERE})) == frozenset()
    assert story.code(c.AddNote(note="invented"), STRANGER) == "other_area"


@pytest.mark.parametrize("stage", OPEN)
def test_a_commissioner_sees_figures_and_does_nothing(stage: Stage) -> None:
    assert to(stage).may(COMMISSIONER) == frozenset()


@pytest.mark.parametrize("stage", OPEN)
def test_a_partner_may_only_raise_a_concern(stage: Stage) -> None:
    assert to(stage).may(PARTNER) == {"raise_safeguarding"}


def test_what_belongs_to_supervisors() -> None:
    theirs = {
        command.model_fields["kind"].default
        for command, rule in RULES.items()
        if Role.CASEWORKER not in rule.roles and Role.SYSTEM not in rule.roles
    }
    assert theirs == {
        "reassign",
        "offer_transfer",
        "withdraw_transfer_offer",
        "accept_transfer",
        "refuse_transfer",
        "extend_deadline",
        "sign_off",
        "override_gate",
        "lift_safeguarding",
        "reopen",
        "correct_step",
        "adopt_policy",
        "answer_complaint",
    }


def test_every_command_has_a_rule_and_opening_is_not_repeated() -> None:
    assert {command.model_fields["kind"].default for command in RULES} == set(c.COMMANDS) - {"open_referral"}
    assert Story().code(opening()) == "already_open"


def test_commands_are_listed_in_the_order_of_the_lifecycle() -> None:
    modules = [module.__name__ for module in (*STAGES, *BETWEEN, *THROUGHOUT)]
    of_each = [modules.index(rule.decide.__module__) for rule in RULES.values()]
    assert of_each == sorted(of_each)


def test_a_consent_is_recorded_after_it_was_given_and_of_somebody_known() -> None:
    story = to(Stage.VICTIM_CONTACT)
    tomorrow = story.at.date() + timedelta(days=1)
    assert story.code(consent("h1", Purpose.TAKE_PART, given_on=tomorrow)) == "in_the_future"
    assert story.code(consent("h9", Purpose.TAKE_PART)) == "participant_unknown"


def test_sharing_risk_information_names_the_agencies() -> None:
    found = to(Stage.VICTIM_CONTACT).refuses(consent("h1", Purpose.SHARE_RISK_INFORMATION, agencies=()))
    assert (found.code, found.field) == ("agencies_missing", "agencies")


def test_people_join_with_an_id_of_their_own() -> None:
    story = to(Stage.PREPARATION)
    assert story.code(c.AddParticipant(participant=person("h1"))) == "id_taken"
    assert story.code(c.AddParticipant(participant=person("s1", accompanies="h9"))) == "participant_unknown"
    with pytest.raises(Refused) as refused:
        story.do(c.AddParticipant(participant=person("s1", accompanies="h9")))
    assert refused.value.field == "participant"
    story.do(c.AddParticipant(participant=person("s1", accompanies="h1")))
    assert story.someone("s1").accompanies == "h1"


def test_what_is_known_of_a_person_is_put_right_field_by_field() -> None:
    story = Story().do(c.AmendParticipant(participant="r1", custody=Custody.IN_PRISON))
    before, after = (
        story.someone("r1"),
        story.do(c.AmendParticipant(participant="r1", gender=Gender.MALE)).someone("r1"),
    )
    assert (after.custody, after.gender, after.age_band) == ("in_prison", "male", before.age_band)


def test_only_a_supervisor_says_that_a_child_is_none() -> None:
    story = to(Stage.VICTIM_CONTACT, CHILD, GUARDIAN, person("r1"))
    grown_up = c.AmendParticipant(participant="h1", age_band=AgeBand.FROM_18_TO_24)
    found = story.refuses(grown_up)
    assert (found.code, found.field) == ("not_your_role", "age_band")
    assert story.do(c.AmendParticipant(participant="h1", gender=Gender.FEMALE)).someone("h1").child
    assert not story.do(grown_up, by=SUPERVISOR).someone("h1").child


def test_only_a_supervisor_says_that_a_case_is_not_sensitive() -> None:
    story = to(Stage.VICTIM_CONTACT, sensitive_categories=("hate_crime",))
    found = story.refuses(c.AmendReferral(sensitive_categories=(SensitiveCategory.STALKING,)))
    assert (found.code, found.field) == ("not_your_role", "sensitive_categories")
    story.do(c.AmendReferral(sensitive_categories=(SensitiveCategory.HATE_CRIME, SensitiveCategory.STALKING)))
    assert not story.do(c.AmendReferral(sensitive_categories=()), by=SUPERVISOR).referral.sensitive


def test_a_referral_is_reassigned_to_somebody_else() -> None:
    story = to(Stage.PREPARATION)
    assert story.code(c.Reassign(caseworker="cw-1"), SUPERVISOR) == "same_caseworker"
    assert story.do(c.Reassign(caseworker="cw-2"), by=SUPERVISOR).referral.caseworker == "cw-2"


@pytest.mark.parametrize(
    "subject", [ReviewSubject.UNREACHABLE, ReviewSubject.PREPARATION, ReviewSubject.SUPERVISION]
)
def test_some_reviews_are_a_supervisors(subject: ReviewSubject) -> None:
    review = c.RecordReview(subject=subject, participant="h1")
    story = to(Stage.PREPARATION)
    assert story.code(review) == "not_your_role"
    assert story.do(review, by=SUPERVISOR).events == ["reviewed"]


def test_a_review_about_a_person_says_about_whom() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert story.code(c.RecordReview(subject=ReviewSubject.THINKING_TIME)) == "participant_missing"
    story.do(c.RecordReview(subject=ReviewSubject.THINKING_TIME, participant="h1"))
    assert story.someone("h1").reviewed_at == story.at


def test_a_deadline_is_extended_later_and_never_a_hard_date() -> None:
    story = to(Stage.RISK_ASSESSMENT, justice_stage="pre_sentence", court_date="2026-06-01")
    due = story.open["risk_assessment"].due_at

    def extension(key: str, days: int = 1) -> c.ExtendDeadline:
        return c.ExtendDeadline(deadline=key, until=due + timedelta(days=days), reason=WHY)

    assert story.code(extension("risk_assessment"), CASEWORKER) == "not_your_role"
    assert story.code(extension("check_in/h1"), SUPERVISOR) == "deadline_unknown"
    assert story.code(extension("risk_assessment", 0), SUPERVISOR) == "not_later"
    assert story.code(extension("court_date", 365), SUPERVISOR) == "hard_date"
    story.do(extension("risk_assessment"), by=SUPERVISOR)
    assert story.open["risk_assessment"].due_at == due + timedelta(days=1)


def test_only_the_clock_reaches_a_deadline_and_each_point_once() -> None:
    story = Story()
    due = story.open["allocation"].due_at
    reach = c.ReachDeadline(deadline="allocation", point="due")
    assert story.code(reach, CLOCK) == "point_not_reached"
    assert story.until(due).code(reach, SERVICE_MANAGER) == "not_your_role"
    assert story.code(c.ReachDeadline(deadline="allocation", point="warn-7"), CLOCK) == "point_not_reached"
    story.do(reach, by=CLOCK)
    assert story.code(reach, CLOCK) == "point_not_reached"
    assert story.do(c.ReachDeadline(deadline="allocation", point="escalate-1"), by=CLOCK).referral.reached


def test_the_clock_is_no_activity_but_people_are() -> None:
    story = Story()
    story.until(story.open["allocation"].due_at)
    story.do(c.ReachDeadline(deadline="allocation", point="due"), by=CLOCK)
    assert story.referral.last_activity_at < story.at
    assert story.do(c.AddNote(note="invented")).referral.last_activity_at == story.at


@pytest.mark.parametrize("stage", OPEN)
def test_anyone_raises_a_concern_in_any_stage_even_on_hold(stage: Stage) -> None:
    for actor in (CASEWORKER, PARTNER, SUPERVISOR):
        story = to(stage).do(ON_HOLD).do(c.RaiseSafeguarding(note=WHY), by=actor)
        assert story.referral.safeguarding is not None


FROZEN = frozenset(
    {
        "record_contact_attempt",
        "record_information_given",
        "record_interest",
        "begin_risk_assessment",
        "begin_preparation",
        "begin_victim_contact",
        "book_activity",
        "record_activity_held",
        "request_readiness_sign_off",
        "report_outcome",
        "override_gate",
        "give_consent",
    }
)


@pytest.mark.parametrize("stage", OPEN)
def test_a_concern_freezes_contact_and_every_way_on(stage: Stage) -> None:
    story = to(stage).do(c.RaiseSafeguarding(note=WHY))
    for actor in (CASEWORKER, SUPERVISOR, SERVICE_MANAGER):
        assert not story.may(actor) & FROZEN


def test_a_concern_is_raised_once_and_lifted_by_another_supervisor() -> None:
    story = to(Stage.PREPARATION).do(c.RaiseSafeguarding(note=WHY), by=SUPERVISOR)
    assert story.code(c.RaiseSafeguarding(note=WHY)) == "safeguarding_open"
    lift = c.LiftSafeguarding(note=WHY)
    assert story.code(lift, CASEWORKER) == "not_your_role"
    assert story.code(lift, SUPERVISOR) == "no_safeguarding"
    assert story.do(lift, by=OTHER_SUPERVISOR).referral.safeguarding is None
    assert story.stage is Stage.PREPARATION


@pytest.mark.parametrize("stage", OPEN)
def test_a_hold_pauses_and_returns_to_the_same_stage(stage: Stage) -> None:
    story = to(stage).do(ON_HOLD)
    assert story.code(ON_HOLD) == "already_on_hold"
    assert not story.may() & {"begin_preparation", "book_activity", "record_activity_held", "allocate"}
    story.later(days=3).do(c.Resume())
    assert (story.stage, story.referral.hold) == (stage, None)
    assert story.code(c.Resume()) == "not_on_hold"


def test_a_hold_is_reviewed_in_the_future() -> None:
    story = Story()
    assert story.code(c.Hold(review_on=story.at.date(), reason=WHY)) == "not_later"


def test_a_refusal_says_where_and_by_whom_it_would_be_possible() -> None:
    found = Story().refuses(c.BeginPreparation())
    assert (found.code, "offender_consent" in found.message) == ("wrong_stage", True)
    found = Story().refuses(c.Resume(), Actor(id="pcc-1", role=Role.COMMISSIONER, area=Area.KENT))
    assert "caseworker" in found.message
