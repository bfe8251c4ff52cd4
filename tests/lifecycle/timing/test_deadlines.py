"""Every deadline of the default policy, at instants counted by hand on a calendar of 2026.

Easter is 3 to 6 April, the early May bank holiday 4 May, the spring one 25 May; clocks go forward on 29 March.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import deadlines, next_point
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.facts import AgreementItem
from schemas.notices import Outcome
from schemas.policy import DeadlineName
from schemas.referral import Referral
from schemas.vocabulary import (
    AgeBand,
    Channel,
    ClosureReason,
    ComplaintAbout,
    ContactOutcome,
    FollowUpContact,
    Initiator,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Purpose,
    ReviewSubject,
    SentenceDate,
    Stage,
    Verdict,
)
from tests.lifecycle.story import (
    CHILD,
    CLOCK,
    MONDAY,
    POLICY,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    assessment,
    attempt,
    informed,
    interest,
    opening,
    person,
    to,
    verdict,
)

PRE_SENTENCE = {"justice_stage": JusticeStage.PRE_SENTENCE}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def points(story: Story, key: str) -> dict[str, str]:
    """The points of an open deadline as they are read: month-day hour, UTC of 2026."""
    return {name: f"{at:%m-%d %H:%M}" for name, at in story.open[key].points.items()}


# Every story here begins on Monday 2 March 2026 at 10:00, unless it says otherwise.


def test_allocation() -> None:
    assert points(Story(), "allocation") == {
        "due": "03-03 10:00",
        "escalate-1": "03-03 10:00",
        "escalate-2": "03-04 10:00",
    }
    assert "allocation" not in Story().allocated().open


def test_allocation_of_what_came_on_a_friday_afternoon() -> None:
    late = Story(at=utc("2026-03-06T14:00"))
    assert points(late, "allocation") == {
        "due": "03-10 09:00",
        "escalate-1": "03-10 09:00",
        "escalate-2": "03-11 09:00",
    }


FIRST = {
    "warn-1": "03-03 10:00",
    "due": "03-04 10:00",
    "escalate-1": "03-05 10:00",
    "escalate-2": "03-09 10:00",
}


def test_first_contact_counts_from_receipt() -> None:
    assert points(Story(), "first_contact") == FIRST
    story = Story().later(days=1).allocated()
    assert points(story, "first_contact") == FIRST
    assert "first_contact" not in story.do(attempt("h1")).open


def test_first_contact_is_with_who_asked_and_then_with_the_person_harmed() -> None:
    story = Story(opening(initiator=Initiator.PERSON_RESPONSIBLE))
    assert points(story, "first_contact") == FIRST
    assert points(story.allocated(), "first_contact") == FIRST
    assert "first_contact" not in story.responsible_agree().open
    story.until(utc("2026-03-09T10:00")).do(c.BeginVictimContact())
    assert points(story, "first_contact") == {
        "warn-1": "03-10 10:00",
        "due": "03-11 10:00",
        "escalate-1": "03-12 10:00",
        "escalate-2": "03-16 10:00",
    }


def test_unreachable_review_counts_from_the_first_of_enough_attempts() -> None:
    story = to(Stage.VICTIM_CONTACT).do(attempt("h1"), attempt("h1")).later(days=2)
    assert "unreachable_review/h1" not in story.do(attempt("h1")).open
    assert points(story.do(attempt("h1", Channel.TEXT)), "unreachable_review/h1") == {
        "due": "03-16 10:00",
        "escalate-1": "03-23 10:00",
    }
    reviewed = story.until(utc("2026-03-16T11:00")).do(
        c.RecordReview(subject=ReviewSubject.UNREACHABLE, participant="h1"), by=SUPERVISOR
    )
    assert points(reviewed, "unreachable_review/h1") == {"due": "03-30 10:00", "escalate-1": "04-08 10:00"}
    reached = reviewed.do(attempt("h1", outcome=ContactOutcome.REACHED))
    assert "unreachable_review/h1" not in reached.open


@pytest.mark.parametrize(("stage", "who"), [(Stage.VICTIM_CONTACT, "h1"), (Stage.OFFENDER_CONSENT, "r1")])
def test_thinking_time_of_either_party(stage: Stage, who: str) -> None:
    story = to(stage).do(informed(who), interest(who, Interest.UNDECIDED))
    assert points(story, f"thinking_time/{who}") == {"due": "03-30 09:00"}
    story.later(days=7).do(c.RecordReview(subject=ReviewSubject.THINKING_TIME, participant=who))
    assert points(story, f"thinking_time/{who}") == {"due": "04-08 09:00"}
    assert f"thinking_time/{who}" not in story.do(interest(who)).open


def test_risk_assessment() -> None:
    story = to(Stage.RISK_ASSESSMENT)
    assert points(story, "risk_assessment") == {
        "warn-1": "03-11 10:00",
        "due": "03-16 10:00",
        "escalate-1": "03-18 10:00",
        "escalate-2": "03-23 10:00",
    }
    assert points(to(Stage.RISK_ASSESSMENT, **PRE_SENTENCE), "risk_assessment") == {
        "warn-1": "03-05 10:00",
        "due": "03-09 10:00",
        "escalate-1": "03-11 10:00",
        "escalate-2": "03-12 10:00",
    }
    assert "risk_assessment" not in story.do(assessment("h1"), verdict(Verdict.UNSAFE)).open


def test_sign_off() -> None:
    def waiting(**known: object) -> Story:
        return to(Stage.RISK_ASSESSMENT, **known).do(assessment("h1", threats=Level.HIGH), verdict())

    story = waiting()
    assert points(story, "sign_off/risk_assessment") == {
        "warn-1": "03-05 10:00",
        "due": "03-09 10:00",
        "escalate-1": "03-09 10:00",
    }
    assert "risk_assessment" not in story.open
    assert points(waiting(**PRE_SENTENCE), "sign_off/risk_assessment") == {
        "warn-1": "03-03 10:00",
        "due": "03-04 10:00",
        "escalate-1": "03-04 10:00",
    }
    story.do(approval("risk_assessment", False, WHY), by=SUPERVISOR)
    assert "sign_off/risk_assessment" not in story.open
    assert "risk_assessment" in story.open


def test_offender_decision() -> None:
    story = to(Stage.OFFENDER_CONSENT)
    assert points(story, "offender_decision") == {"due": "03-30 09:00"}
    story.until(utc("2026-03-30T09:00")).do(c.RecordReview(subject=ReviewSubject.OFFENDER_DECISION))
    assert points(story, "offender_decision") == {"due": "04-29 09:00"}


def test_preparation_is_reviewed_every_twelve_weeks() -> None:
    story = to(Stage.PREPARATION)
    assert points(story, "preparation_review") == {"due": "05-25 09:00", "escalate-1": "06-08 09:00"}
    story.until(utc("2026-05-22T09:00"))
    story.do(c.RecordReview(subject=ReviewSubject.PREPARATION), by=SUPERVISOR)
    assert points(story, "preparation_review") == {"due": "08-14 09:00", "escalate-1": "08-28 09:00"}


def test_risk_is_confirmed_before_an_activity() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    # Booked for Monday 23 March; five working days before it is Monday 16 March.
    story.do(c.ReconfirmRisk(), story.booking(days=21))
    assert points(story, "risk_reconfirmation") == {"warn-1": "03-16 10:00", "due": "03-23 10:00"}
    story.until(utc("2026-03-16T10:00")).do(c.ReconfirmRisk())
    assert "risk_reconfirmation" not in story.open


COURT = PRE_SENTENCE | {"court_date": date(2026, 4, 14)}


def test_court_date_warns_twenty_ten_and_five_working_days_before() -> None:
    # Counted from its first minute, which is 23:00 UTC of the day before.
    assert points(Story(opening(**COURT)), "court_date") == {
        "warn-1": "03-13 00:00",
        "warn-2": "03-27 00:00",
        "warn-3": "04-06 23:00",
        "due": "04-13 23:00",
    }


def test_court_date_is_one_before_sentence_only() -> None:
    story = Story(opening(**COURT))
    assert (
        "court_date" not in story.do(c.AmendReferral(justice_stage=JusticeStage.POST_SENTENCE_COMMUNITY)).open
    )


def test_after_an_activity() -> None:
    story = to(Stage.FOLLOW_UP)  # held on Wednesday 4 March at 10:00
    for who in ("h1", "r1"):
        assert points(story, f"check_in/{who}") == {
            "due": "03-06 10:00",
            "escalate-1": "03-11 10:00",
            "escalate-2": "03-13 10:00",
        }
        assert points(story, f"survey/{who}") == {"due": "04-01 09:00"}
        assert points(story, f"follow_up_six_weeks/{who}") == {
            "due": "04-15 09:00",
            "escalate-1": "04-29 09:00",
            "escalate-2": "05-14 09:00",
        }
        assert points(story, f"follow_up_three_months/{who}") == {
            "due": "06-04 09:00",
            "escalate-1": "06-18 09:00",
            "escalate-2": "07-02 09:00",
        }
    for contact, key in zip(
        FollowUpContact, ("check_in", "follow_up_six_weeks", "follow_up_three_months"), strict=True
    ):
        story.do(c.RecordFollowUp(participant="h1", contact=contact))
        assert f"{key}/h1" not in story.open
        assert f"{key}/r1" in story.open
    assert "survey/h1" not in story.do(c.RecordSurvey(participant="h1")).open


def test_who_left_is_not_followed_up() -> None:
    story = to(Stage.FOLLOW_UP, person("h1"), person("h2"), person("r1")).withdraws("h2")
    assert not [key for key in story.open if key.endswith("/h2")]
    assert [key for key in story.open if key.endswith("/h1")]


def with_item() -> Story:
    story = (
        to(Stage.FOLLOW_UP).agrees("h1", Purpose.OUTCOME_AGREEMENT).agrees("r1", Purpose.OUTCOME_AGREEMENT)
    )
    item = AgreementItem(id="i1", by="r1", due_on=date(2026, 6, 1))
    return story.do(c.RecordAgreement(items=(item,)))


ITEM = {"due": "06-01 16:00", "escalate-1": "06-15 16:00"}


def test_agreement_item() -> None:
    story = with_item()
    assert points(story, "agreement_item/i1") == ITEM
    assert (
        "agreement_item/i1"
        not in story.do(c.SettleAgreementItem(item="i1", outcome=ItemOutcome.COMPLETED)).open
    )


def test_inactivity() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert points(story, "inactivity") == {"due": "03-30 09:00", "escalate-1": "04-15 09:00"}
    assert points(story.later(days=1).do(c.AddNote(note="invented")), "inactivity") == {
        "due": "03-31 09:00",
        "escalate-1": "04-16 09:00",
    }
    # Sixty working days: over Easter, which has two days off, and two bank holidays in May.
    assert points(to(Stage.PREPARATION), "inactivity") == {
        "due": "05-29 09:00",
        "escalate-1": "06-12 09:00",
    }


# A hold.


def paused(story: Story, review_on: str = "2026-06-01") -> Story:
    return story.do(c.Hold(review_on=date.fromisoformat(review_on), reason=WHY))


def test_a_hold_has_its_own_review_and_stops_every_other_clock() -> None:
    story = paused(to(Stage.RISK_ASSESSMENT))
    assert set(story.open) == {"hold_review"}
    assert points(story, "hold_review") == {
        "due": "06-01 08:00",
        "escalate-1": "06-08 08:00",
        "escalate-2": "06-15 08:00",
    }


def test_a_hold_does_not_stop_what_has_a_date_of_its_own() -> None:
    assert set(paused(Story(opening(**COURT))).open) == {"hold_review", "court_date"}
    assert set(paused(with_item()).open) == {"hold_review", "agreement_item/i1"}
    assert set(paused(to(Stage.CONFERENCE)).open) == {"hold_review"}


def test_a_clock_goes_on_exactly_where_it_stopped() -> None:
    story = to(Stage.RISK_ASSESSMENT).until(utc("2026-03-12T10:00"))
    paused(story).until(utc("2026-03-26T15:30")).do(c.Resume())
    # Fourteen days and five and a half hours later; what lay behind before the hold stays where it was.
    assert points(story, "risk_assessment") == {
        "warn-1": "03-11 10:00",
        "due": "03-30 15:30",
        "escalate-1": "04-01 15:30",
        "escalate-2": "04-06 15:30",
    }


def test_each_hold_counts_and_only_from_the_start_of_the_clock() -> None:
    story = paused(Story()).later(days=1).do(c.Resume()).allocated().harmed_agree()
    story.do(c.BeginRiskAssessment())  # Tuesday 3 March at 10:00
    assert points(story, "risk_assessment")["due"] == "03-17 10:00"
    for _ in range(2):
        paused(story).later(days=2).do(c.Resume())
    assert points(story, "risk_assessment")["due"] == "03-21 10:00"


def test_a_clock_that_still_waits_for_monday_moves_by_the_whole_hold_too() -> None:
    story = Story(at=utc("2026-03-06T14:00"))  # due on Tuesday 10 March at 9:00
    paused(story).later(weeks=1).do(c.Resume())
    assert points(story, "allocation")["due"] == "03-17 09:00"


def test_what_was_overdue_before_a_hold_is_overdue_after_it() -> None:
    story = Story().until(utc("2026-03-05T10:00"))
    paused(story).later(days=10).do(c.Resume())
    assert points(story, "allocation")["due"] == "03-03 10:00"


def test_dates_of_their_own_are_where_they_were_after_a_hold() -> None:
    court = Story(opening(**COURT))
    before = court.open["court_date"].points
    assert paused(court).later(days=10).do(c.Resume()).open["court_date"].points == before
    item = paused(with_item()).later(days=10).do(c.Resume())
    assert points(item, "agreement_item/i1") == ITEM


def test_a_reminder_is_not_repeated_after_a_hold() -> None:
    story = to(Stage.RISK_ASSESSMENT).until(utc("2026-03-11T10:00"))
    story.do(c.ReachDeadline(deadline="risk_assessment", point="warn-1"), by=CLOCK)
    paused(story).later(days=1).do(c.Resume())
    found = next_point(story.open.values(), story.referral)
    assert found is not None
    assert (found[1].key, found[2]) == ("risk_assessment", "due")


def test_time_spent_closed_is_not_on_the_clock() -> None:
    story = to(Stage.FOLLOW_UP).later(days=1)
    story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT)).later(days=100)
    story.do(c.Reopen(reason=WHY), by=SUPERVISOR)
    assert story.open["survey/h1"].due_at == utc("2026-04-01T09:00") + timedelta(days=100)


# Extensions.


def extend(story: Story, key: str, until: str) -> Story:
    return story.do(c.ExtendDeadline(deadline=key, until=utc(until), reason=WHY), by=SUPERVISOR)


def test_an_extension_moves_every_point() -> None:
    assert points(
        extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-03-20T10:00"), "risk_assessment"
    ) == {
        "warn-1": "03-15 10:00",
        "due": "03-20 10:00",
        "escalate-1": "03-22 10:00",
        "escalate-2": "03-27 10:00",
    }


def test_a_hold_moves_an_extended_deadline_as_well() -> None:
    story = extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-03-20T10:00")
    paused(story).later(days=3).do(c.Resume())
    assert points(story, "risk_assessment")["due"] == "03-23 10:00"


def test_an_extension_is_for_the_clock_that_ran() -> None:
    story = extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2027-01-01T10:00").later(hours=1)
    story.do(c.RequestMoreInformation(reason=WHY), c.BeginRiskAssessment())
    assert points(story, "risk_assessment")["due"] == "03-16 11:00"

    story.do(assessment("h1", threats=Level.HIGH), verdict())
    extend(story, "sign_off/risk_assessment", "2027-01-01T10:00").later(hours=1)
    story.do(approval("risk_assessment", False, WHY), by=SUPERVISOR).do(verdict())
    assert points(story, "sign_off/risk_assessment")["due"] == "03-09 12:00"


def undecided() -> Story:
    return to(Stage.VICTIM_CONTACT).do(informed("h1"), interest("h1", Interest.UNDECIDED))


def out_of_reach() -> Story:
    return to(Stage.VICTIM_CONTACT).do(*(attempt("h1", each) for each in list(Channel)[:3]))


def reviewed(subject: ReviewSubject, participant: str | None = None) -> c.RecordReview:
    return c.RecordReview(subject=subject, participant=participant)


@pytest.mark.parametrize(
    ("story", "key", "restarts"),
    [
        (lambda: to(Stage.VICTIM_CONTACT), "inactivity", c.AddNote(note="invented")),
        (undecided, "thinking_time/h1", reviewed(ReviewSubject.THINKING_TIME, "h1")),
        (out_of_reach, "unreachable_review/h1", reviewed(ReviewSubject.UNREACHABLE, "h1")),
        (lambda: to(Stage.PREPARATION), "preparation_review", reviewed(ReviewSubject.PREPARATION)),
        (lambda: to(Stage.OFFENDER_CONSENT), "offender_decision", reviewed(ReviewSubject.OFFENDER_DECISION)),
    ],
)
def test_an_extension_ends_with_its_clock(story: Callable[[], Story], key: str, restarts: Command) -> None:
    extended = extend(story(), key, "2027-01-01T10:00").later(days=2)
    assert extended.open[key].due_at == utc("2027-01-01T10:00")
    never = story().later(days=2).do(restarts, by=SUPERVISOR)
    assert extended.do(restarts, by=SUPERVISOR).open[key] == never.open[key]


def test_an_extension_stays_with_its_clock_in_the_next_stage() -> None:
    story = extend(Story(), "first_contact", "2026-03-20T10:00").later(hours=1).allocated()
    assert story.stage is Stage.VICTIM_CONTACT
    assert points(story, "first_contact")["due"] == "03-20 10:00"


def test_the_review_of_a_second_hold_is_not_that_of_the_first() -> None:
    story = extend(paused(Story(), "2026-03-10"), "hold_review", "2026-12-01T09:00").later(hours=1)
    assert points(story, "hold_review")["due"] == "12-01 09:00"
    assert points(paused(story.do(c.Resume()), "2026-03-12"), "hold_review") == {
        "due": "03-12 09:00",
        "escalate-1": "03-19 09:00",
        "escalate-2": "03-26 09:00",
    }


def older(story: Story) -> Story:
    """The referral as it was kept before it was written down when an extension was given."""
    kept = story.referral.model_dump(mode="json", exclude={"extended_at"})
    story.referral = Referral.model_validate_json(json.dumps(kept))
    return story


def test_an_extension_of_an_older_state_holds_until_its_clock_ends() -> None:
    story = older(extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-03-20T10:00"))
    assert points(story, "risk_assessment")["due"] == "03-20 10:00"
    paused(story.later(days=1)).later(days=3).do(c.Resume())
    assert points(story, "risk_assessment")["due"] == "03-23 10:00"
    story.do(c.RequestMoreInformation(reason=WHY), c.BeginRiskAssessment())
    assert points(story, "risk_assessment")["due"] == "03-20 10:00"


def test_an_extension_of_an_older_state_on_hold_is_moved_by_the_hold() -> None:
    story = extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-03-20T10:00")
    older(paused(story.later(days=1)).later(days=2).do(c.AddNote(note="invented")))
    story.later(days=1).do(c.Resume())
    assert points(story, "risk_assessment")["due"] == "03-23 10:00"


# Holds and extensions together.


def reach_all_until(story: Story, moment: datetime) -> Story:
    """Let the clock record everything up to a moment, at the time of each."""
    while (found := next_point(story.open.values(), story.referral)) and found[0] <= moment:
        at, deadline, point = found
        story.until(max(story.at, at)).do(c.ReachDeadline(deadline=deadline.key, point=point), by=CLOCK)
    return story.until(moment)


def test_a_warning_that_was_extended_and_reached_stays_behind_a_hold() -> None:
    story = extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-04-13T10:00")
    assert points(story, "risk_assessment")["warn-1"] == "04-08 10:00"
    paused(reach_all_until(story, utc("2026-04-09T10:00"))).later(weeks=3).do(c.Resume())
    assert points(story, "risk_assessment") == {
        "warn-1": "04-08 10:00",
        "due": "05-04 10:00",
        "escalate-1": "05-06 10:00",
        "escalate-2": "05-11 10:00",
    }
    found = next_point([story.open["risk_assessment"]], story.referral)
    assert found is not None
    assert found[2] == "due"


def test_the_escalations_of_an_extended_deadline_that_is_late_wait_for_the_hold() -> None:
    story = extend(to(Stage.RISK_ASSESSMENT), "risk_assessment", "2026-04-13T10:00")
    paused(reach_all_until(story, utc("2026-04-14T10:00"))).later(weeks=3).do(c.Resume())
    assert points(story, "risk_assessment") == {
        "warn-1": "04-08 10:00",
        "due": "04-13 10:00",
        "escalate-1": "05-06 10:00",
        "escalate-2": "05-11 10:00",
    }


def test_an_extension_after_a_hold_is_not_moved_by_it() -> None:
    story = paused(to(Stage.RISK_ASSESSMENT)).later(days=3).do(c.Resume())
    extend(story, "risk_assessment", "2026-03-25T10:00")
    assert points(story, "risk_assessment")["due"] == "03-25 10:00"
    paused(story.later(hours=1)).later(days=2).do(c.Resume())
    assert points(story, "risk_assessment")["due"] == "03-27 10:00"


def test_an_extension_never_brings_forward_what_a_newer_policy_gives_more_time() -> None:
    story = paused(to(Stage.RISK_ASSESSMENT)).later(weeks=2).do(c.Resume())
    extend(story, "risk_assessment", "2026-04-01T10:00")
    rules = story.referral.policy.deadlines
    longer = rules | {
        DeadlineName.RISK_ASSESSMENT: rules[DeadlineName.RISK_ASSESSMENT].model_copy(update={"due": "15wd"})
    }
    policy = story.referral.policy.model_copy(update={"deadlines": longer})
    story.referral = story.referral.model_copy(update={"policy": policy})
    # Fifteen working days end on 23 March, and the hold adds two weeks.
    assert points(story, "risk_assessment")["due"] == "04-06 10:00"


def stopped_by_a_hold(story: Story) -> dict[str, dict[str, datetime]]:
    """The points of what a hold stops. Inactivity is left out: to pause and to resume is to act."""
    pausable = (each for each in story.open.values() if each.started_at and each.name != "inactivity")
    return {each.key: each.points for each in pausable}


def dated(story: Story) -> dict[str, dict[str, datetime]]:
    """The points of what has a date of its own."""
    return {each.key: each.points for each in story.open.values() if each.started_at is None}


STAGES = [stage for stage in Stage if stage is not Stage.CLOSED]


def late_in(stage: Stage) -> Story:
    """A referral that has been in a stage so long that some of its points lie behind and some ahead."""
    story = with_item() if stage is Stage.FOLLOW_UP else to(stage, **COURT)
    if stage is Stage.RISK_ASSESSMENT:
        story.do(assessment("h1", threats=Level.HIGH), verdict())
    if stage in (Stage.VICTIM_CONTACT, Stage.OFFENDER_CONSENT):
        who = "h1" if stage is Stage.VICTIM_CONTACT else "r1"
        story.do(informed(who), interest(who, Interest.UNDECIDED)).later(minutes=1)
        story.do(attempt(who, Channel.TEXT), attempt(who, Channel.EMAIL), attempt(who))
    return story


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("stage", STAGES)
def test_three_weeks_on_hold_are_three_weeks(stage: Stage, extended: bool) -> None:
    for days in (0, 1, 4, 15, 30, 70, 90):
        story = late_in(stage)
        if extended:
            for key, each in stopped_by_a_hold(story).items():
                extend(story, key, f"{each['due'] + timedelta(days=3):%Y-%m-%dT%H:%M}")
        reach_all_until(story, story.at + timedelta(days=days, minutes=1))
        # In a conference nothing waits that a hold could stop.
        before, own_dates, since = stopped_by_a_hold(story), dated(story), story.at
        assert before or stage is Stage.CONFERENCE
        reached = story.referral.reached
        paused(story, "2026-12-01").later(weeks=3).do(c.Resume())
        assert stopped_by_a_hold(story) == {
            key: {name: at + timedelta(weeks=3) if at > since else at for name, at in each.items()}
            for key, each in before.items()
        }
        assert dated(story) == own_dates
        assert story.referral.reached == reached


WORK = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([1, 23, 70, 200, 800])),
    st.tuples(st.just("hold"), st.sampled_from([1, 23, 70, 504])),
    st.tuples(st.just("extend"), st.integers(1, 20)),
    st.tuples(st.just("clock"), st.integers(1, 12)),
)


@settings(max_examples=150, deadline=None, derandomize="CI" in os.environ, database=None)
@given(
    stage=st.sampled_from([stage for stage in STAGES if stage is not Stage.CONFERENCE]),
    work=st.lists(WORK, min_size=3, max_size=15),
    data=st.data(),
)
def test_a_hold_adds_its_length_to_what_lay_ahead(
    stage: Stage, work: list[tuple[str, int]], data: st.DataObject
) -> None:
    story = late_in(stage)
    for what, number in work:
        before, since = stopped_by_a_hold(story), story.at
        expected = before
        match what:
            case "time":
                story.later(hours=number)
            case "clock":
                for _ in range(number):
                    found = next_point(story.open.values(), story.referral)
                    if found is not None:
                        reach_all_until(story, max(story.at, found[0]))
            case "extend" if before:
                key = data.draw(st.sampled_from(sorted(before)))
                until = max(before[key]["due"], story.at) + timedelta(days=number)
                story.do(c.ExtendDeadline(deadline=key, until=until, reason=WHY), by=SUPERVISOR)
                extended = stopped_by_a_hold(story)[key]
                assert extended["due"] == until
                expected = before | {key: extended}
            case "hold":
                held = timedelta(hours=number)
                review = (story.at + timedelta(days=60)).date()
                story.do(c.Hold(review_on=review, reason=WHY)).later(hours=number).do(c.Resume())
                expected = {
                    key: {name: at + held if at > since else at for name, at in each.items()}
                    for key, each in before.items()
                }
                stands = {
                    (each.deadline, each.point)
                    for each in story.referral.reached
                    if before.get(each.deadline, {}).get(each.point) == each.at
                }
                for key, name in stands:
                    assert expected[key][name] == before[key][name]
        assert stopped_by_a_hold(story) == expected


# What is true of all.


def test_the_next_point_is_the_earliest_not_yet_reached() -> None:
    story = Story()
    order = []
    while (found := next_point(story.open.values(), story.referral)) is not None:
        at, deadline, point = found
        order.append(f"{deadline.key} {point}")
        story.until(at).do(c.ReachDeadline(deadline=deadline.key, point=point), by=CLOCK)
    assert order == [
        "allocation due",
        "allocation escalate-1",
        "first_contact warn-1",
        "allocation escalate-2",
        "first_contact due",
        "first_contact escalate-1",
        "first_contact escalate-2",
        "inactivity due",
        "inactivity escalate-1",
        "supervision warn-1",
        "supervision due",
        "supervision escalate-1",
    ]


def test_case_supervision_is_due_twelve_weeks_from_receipt_and_from_each_one_held() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert points(story, "supervision") == {
        "warn-1": "05-11 09:00",
        "due": "05-25 09:00",
        "escalate-1": "06-08 09:00",
    }
    story.later(weeks=3).do(c.RecordReview(subject=ReviewSubject.SUPERVISION), by=SUPERVISOR)
    assert story.open["supervision"].started_at == story.at
    story.do(c.RecordReview(subject=ReviewSubject.PREPARATION), by=SUPERVISOR)
    assert f"{story.open['supervision'].due_at:%m-%d}" == "06-15"


def test_a_policy_pinned_before_a_deadline_existed_runs_none_of_it() -> None:
    added = {DeadlineName.SUPERVISION, DeadlineName.COMPLAINT, DeadlineName.SENTENCE_DATE}
    older = POLICY.model_copy(
        update={"deadlines": {name: rule for name, rule in POLICY.deadlines.items() if name not in added}}
    )
    story = Story(policy=older).to(Stage.VICTIM_CONTACT)
    story.do(c.RecordComplaint(about=ComplaintAbout.DELAY, text="Invented"))
    story.do(
        c.RecordCustodyDetails(
            participant="r1", sentence_date=date(2026, 9, 1), sentence_date_is=SentenceDate.RELEASE
        )
    )
    assert not added & {each.name for each in story.open.values()}


def test_a_clock_never_kills_a_case() -> None:
    story = to(Stage.VICTIM_CONTACT)
    while (found := next_point(story.open.values(), story.referral)) is not None:
        at, deadline, point = found
        story.until(at).do(c.ReachDeadline(deadline=deadline.key, point=point), by=CLOCK)
    assert story.stage is Stage.VICTIM_CONTACT
    assert story.referral.participants[0].active


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_closing_cancels_every_deadline(stage: Stage) -> None:
    story = to(stage, **COURT)
    assert story.open
    assert deadlines(story.withdraws("h1").referral) == ()


def test_every_deadline_of_the_policy_runs_somewhere() -> None:
    stories = [Story(opening(**COURT)), paused(Story()), with_item()]
    stories += [to(stage) for stage in Stage if stage is not Stage.CLOSED]
    stories.append(to(Stage.VICTIM_CONTACT).do(informed("h1"), interest("h1", Interest.UNDECIDED)))
    stories.append(to(Stage.VICTIM_CONTACT).do(*[attempt("h1", each) for each in list(Channel)[:3]]))
    stories.append(to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), verdict()))
    untold = c.SettleNotice(notice="1-1", template="appointment", to="h1", outcome=Outcome.NO_SAFE_CHANNEL)
    stories.append(to(Stage.VICTIM_CONTACT).do(untold, by=CLOCK))
    stories.append(
        to(Stage.VICTIM_CONTACT).do(c.RecordComplaint(about=ComplaintAbout.DELAY, text="Invented"))
    )
    released = c.RecordCustodyDetails(
        participant="r1", sentence_date=date(2026, 9, 1), sentence_date_is=SentenceDate.RELEASE
    )
    stories.append(to(Stage.VICTIM_CONTACT).do(released))
    booked_ahead = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    stories.append(booked_ahead.do(c.ReconfirmRisk(), booked_ahead.booking(days=30)))
    young = person(
        "h1", age_band=AgeBand.UNKNOWN, person=CHILD.person.model_copy(update={"date_of_birth": "2010-05-17"})
    )
    stories.append(Story(opening(young, person("r1"))))
    offer = c.OfferTransfer(area=Area.CUMBRIA, reason="they moved")
    stories.append(Story().do(offer, by=SUPERVISOR))
    running = {deadline.name for story in stories for deadline in story.open.values()}
    assert running == set(DeadlineName)


def test_the_stories_begin_on_a_monday() -> None:
    assert (MONDAY.strftime("%A"), MONDAY.hour) == ("Monday", 10)
