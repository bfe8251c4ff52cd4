"""How old people are: the age band that follows from a birthday, and a child who turns 18 meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import notices, notices_wanted
from lifecycle.people.ages import as_of, band_of, becomes, noticed_at
from schemas import commands as c
from schemas.areas import LONDON
from schemas.facts import NewParticipant
from schemas.people import Person, Role, Staff
from schemas.policy import DeadlineName
from schemas.privacy import split
from schemas.vocabulary import AgeBand, ContactOutcome, Method, ParticipantRole, Purpose, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    CLOCK,
    ELSEWHERE,
    HOME,
    MONDAY,
    POLICY,
    STRANGER,
    SUPERVISOR,
    WHY,
    Story,
    attempt,
    consent,
    opening,
    person,
    to,
    withdrawal,
)

# A Thursday in the week after the stories begin.
TURNS_18 = date(2026, 3, 12)
BORN = TURNS_18.replace(year=2008)
KEY = "coming_of_age/h1"


def born(day: date | str, participant: str = "h1", **known: Any) -> NewParticipant:
    details = person(participant).person.model_copy(update={"date_of_birth": str(day)})
    return person(participant, **{"age_band": AgeBand.UNKNOWN, "person": details} | known)


def of_a_child(**known: Any) -> c.OpenReferral:
    return opening(born(BORN), person("g1", accompanies="h1"), person("r1"), **known)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "years", "on"),
    [
        ("2008-03-12", 18, "2026-03-12"),
        ("2008-02-29", 18, "2026-03-01"),
        ("2004-02-29", 20, "2024-02-29"),
    ],
)
def test_somebody_becomes_an_age_on_their_birthday(day: str, years: int, on: str) -> None:
    assert becomes(years, date.fromisoformat(day)) == date.fromisoformat(on)


@pytest.mark.parametrize(
    ("day", "band"),
    [
        ("2026-03-02", AgeBand.UNDER_18),
        ("2008-03-03", AgeBand.UNDER_18),
        ("2008-03-02", AgeBand.FROM_18_TO_24),
        ("2001-03-03", AgeBand.FROM_18_TO_24),
        ("2001-03-02", AgeBand.FROM_25_TO_34),
        ("1991-03-02", AgeBand.FROM_35_TO_54),
        ("1971-03-03", AgeBand.FROM_35_TO_54),
        ("1971-03-02", AgeBand.OVER_54),
        ("1900-01-01", AgeBand.OVER_54),
    ],
)
def test_the_age_band_follows_from_the_birthday_on_the_day_of_receipt(day: str, band: AgeBand) -> None:
    assert band_of(date.fromisoformat(day), MONDAY.date()) is band
    story = Story(opening(born(day), person("r1")))
    assert story.someone("h1").age_band is band
    # Also where the birthday becomes known a year later.
    later = to(Stage.VICTIM_CONTACT, person("h1", age_band=AgeBand.UNKNOWN), person("r1")).later(days=365)
    later.do(c.AmendParticipant(participant="h1", person=Person(date_of_birth=day)), by=SUPERVISOR)
    assert later.someone("h1").age_band is band


def test_an_age_band_that_contradicts_the_birthday_is_refused() -> None:
    story = to(Stage.VICTIM_CONTACT)
    child = Person(date_of_birth="2015-01-01")
    for refused, field in (
        (
            c.AddParticipant(participant=born("2015-01-01", "s1", age_band=AgeBand.FROM_35_TO_54)),
            "participant.age_band",
        ),
        (c.AmendParticipant(participant="h1", person=child, age_band=AgeBand.FROM_35_TO_54), "age_band"),
    ):
        found = story.refuses(refused)
        assert (found.code, found.field) == ("age_contradicts", field)
    same = c.AddParticipant(participant=born("2015-01-01", "s1", age_band=AgeBand.UNDER_18))
    assert story.do(same).someone("s1").age_band is AgeBand.UNDER_18
    # Once the birthday is known, the band alone is not changed.
    assert (
        story.code(c.AmendParticipant(participant="s1", age_band=AgeBand.OVER_54), SUPERVISOR)
        == "age_contradicts"
    )


def test_only_a_supervisor_gives_a_child_the_birthday_of_an_adult() -> None:
    story = to(Stage.VICTIM_CONTACT, born(BORN), person("g1", accompanies="h1"), person("r1"))
    grown = c.AmendParticipant(participant="h1", person=Person(date_of_birth="1990-01-01"))
    found = story.refuses(grown)
    assert (found.code, found.field) == ("not_your_role", "person.date_of_birth")
    # A birthday by which they were a child when it was received, and are none any more, is that of an adult too.
    story.until(midnight(TURNS_18))
    another = born("2010-01-01"), person("g1", accompanies="h1"), person("r1")
    later = Story(opening(*another)).until(midnight(TURNS_18))
    just_18 = c.AmendParticipant(participant="h1", person=Person(date_of_birth=str(BORN)))
    assert later.code(just_18) == "not_your_role"
    assert later.until(midnight(TURNS_18) - timedelta(hours=1)).do(just_18).someone("h1").child
    assert not story.do(grown, by=SUPERVISOR).someone("h1").child
    assert KEY not in story.open


def test_who_has_turned_18_shares_the_case_with_another_area_alone_before_the_clock_notices() -> None:
    story = Story(of_a_child()).to(Stage.VICTIM_CONTACT).until(midnight(TURNS_18))
    for who in ("h1", "r1"):
        story.do(attempt(who, outcome=ContactOutcome.REACHED), consent(who, Purpose.TRANSFER))
    story.do(c.OfferTransfer(area=ELSEWHERE, reason=WHY), by=SUPERVISOR)
    assert story.do(c.AcceptTransfer(), by=STRANGER).referral.area is ELSEWHERE
    assert not story.someone("h1").came_of_age


def test_the_state_knows_no_birthday_of_an_adult() -> None:
    story = Story(opening(born("1990-05-17"), person("r1")))
    assert (story.someone("h1").birthday_known, story.someone("h1").turns_18_on) == (True, None)
    assert "05-17" not in story.referral.model_dump_json()


def test_the_day_on_which_a_child_turns_18_is_sealed() -> None:
    story = Story(of_a_child())
    public, sealed = split(story.history[0])
    assert str(TURNS_18) in str(sealed)
    for day in (TURNS_18, BORN):
        assert str(day) not in str(public)


@given(st.dates(date(2026, 1, 1), date(2060, 1, 1)))
def test_no_deadline_holds_a_birthday(day: date) -> None:
    noticed = noticed_at(day)
    assert (noticed.strftime("%a %H:%M"), noticed.tzinfo) == ("Mon 09:00", LONDON)
    assert timedelta(0) <= noticed.date() - day <= timedelta(days=6)


def test_the_clock_notices_on_the_first_monday() -> None:
    story = Story(of_a_child())
    assert story.open[KEY].due_at == datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert set(story.open[KEY].points) == {"due"}
    story.until(story.open[KEY].due_at).do(c.ReachDeadline(deadline=KEY, point="due"), by=CLOCK)
    assert story.events == ["deadline_reached", "participant_came_of_age"]
    assert not story.someone("h1").child
    assert story.someone("h1").age_band is AgeBand.UNDER_18  # as it was on the day of receipt
    assert KEY not in story.open
    assert not story.referral.escalations


def test_the_caseworker_and_the_supervisors_are_told_once() -> None:
    story = Story(of_a_child()).to(Stage.PREPARATION)
    before, known = story.referral, len(story.history)
    story.until(story.open[KEY].due_at).do(c.ReachDeadline(deadline=KEY, point="due"), by=CLOCK)
    team = [
        Staff(id="cw-1", role=Role.CASEWORKER, areas=(HOME,)),
        Staff(id="sv-1", role=Role.SUPERVISOR, areas=(HOME,)),
    ]
    told = notices(notices_wanted(before, story.history[known:], story.referral), team)
    assert {(each.template, each.to, each.about.participant) for each in told} == {
        ("came_of_age", "cw-1", "h1"),
        ("came_of_age", "sv-1", "h1"),
    }


@pytest.mark.parametrize(
    ("when", "child"),
    [
        (midnight(TURNS_18) - timedelta(minutes=1), True),
        (midnight(TURNS_18), False),
        (midnight(TURNS_18) + timedelta(days=1), False),
    ],
)
def test_a_guardian_is_needed_until_the_day_itself(when: datetime, child: bool) -> None:
    story = Story(of_a_child()).allocated().wants("h1").until(when)
    for purpose in (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION):
        story.do(consent("h1", purpose))
    assert ("begin_risk_assessment" in story.may()) is not child
    if child:
        found = story.refuses(c.BeginRiskAssessment())
        assert "own and guardian's" in found.message
    else:
        story.do(c.BeginRiskAssessment())


def test_a_child_who_turns_18_in_preparation_goes_on_alone() -> None:
    """What was consented to as a child still holds; what is consented to from then on is their own."""
    story = Story(of_a_child()).to(Stage.PREPARATION).with_facilitators()
    story.until(story.open[KEY].due_at).do(c.ReachDeadline(deadline=KEY, point="due"), by=CLOCK)
    story.do(c.ChooseMethod(method=Method.FACE_TO_FACE))
    for each in ("h1", "r1"):
        story.do(consent(each, Purpose.METHOD_DIRECT))
    story.prepared().ready().booked()
    assert story.stage is Stage.CONFERENCE


def test_a_guardian_cannot_end_the_part_of_an_adult() -> None:
    story = Story(of_a_child()).to(Stage.PREPARATION)
    withdrawn = withdrawal("h1", Purpose.TAKE_PART, by_guardian="g1")
    as_a_child = Story(of_a_child()).to(Stage.PREPARATION).do(withdrawn)
    assert not as_a_child.someone("h1").active
    story.until(midnight(TURNS_18)).do(withdrawn)
    assert story.someone("h1").active
    assert story.do(withdrawal("h1", Purpose.TAKE_PART)).referral.closed


def test_a_birthday_that_was_wrong_is_put_right() -> None:
    story = Story(of_a_child())
    story.until(story.open[KEY].due_at).do(c.ReachDeadline(deadline=KEY, point="due"), by=CLOCK)
    later = BORN + timedelta(days=60)
    story.do(c.AmendParticipant(participant="h1", person=Person(date_of_birth=str(later))))
    assert story.someone("h1").child
    assert story.open[KEY].due_at.date() > story.at.date()


def test_a_child_without_a_birthday_stays_one_until_a_supervisor_says_otherwise() -> None:
    story = Story(opening(person("h1", age_band=AgeBand.UNDER_18), person("r1"))).later(days=9000)
    assert as_of(story.referral, story.at) is story.referral
    assert story.someone("h1").child
    assert KEY not in story.open


def test_a_policy_from_before_has_no_such_clock_and_the_gates_are_exact_all_the_same() -> None:
    without = {
        name: rule for name, rule in POLICY.deadlines.items() if name is not DeadlineName.COMING_OF_AGE
    }
    story = Story(of_a_child(), policy=POLICY.model_copy(update={"deadlines": without})).allocated()
    assert KEY not in story.open
    story.wants("h1").until(midnight(TURNS_18))
    for purpose in (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION):
        story.do(consent("h1", purpose))
    assert "begin_risk_assessment" in story.may()


def test_a_supervisor_cannot_move_the_day() -> None:
    story = Story(of_a_child())
    later = story.open[KEY].due_at + timedelta(days=7)
    moved = c.ExtendDeadline(deadline=KEY, until=later, reason="a reason in a test")
    assert story.code(moved, SUPERVISOR) == "hard_date"


def test_who_has_left_has_no_such_clock() -> None:
    story = Story(opening(born(BORN), person("h2"), person("g1", accompanies="h1"), person("r1")))
    assert KEY in story.open
    assert KEY not in story.withdraws("h1", by=CASEWORKER).open
    assert story.ids(ParticipantRole.HARMED) == ["h2"]
