"""A year of a referral that nobody hurries: each deadline comes on the day that the domain gives for it.

The days are counted here once more, in other words than the engine's, from the numbers as they were agreed.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest
from temporalio.client import WorkflowUpdateFailedError

from schemas import commands as c
from schemas.areas import LONDON
from schemas.commands import Command
from schemas.events import DeadlineReached
from schemas.policy import DeadlineName
from stores.logs import event_log
from tests.life import (
    HARMED,
    RESPONSIBLE,
    book,
    consent,
    form,
    until_closed,
    until_conference,
    until_preparation,
)
from tests.workflows.conftest import Years

OFF = holidays.country_holidays("GB", subdiv="ENG")


def working_days(start: date, count: int) -> date:
    """The day that many working days after, or before, another."""
    day = start
    while count:
        day += timedelta(days=1 if count > 0 else -1)
        if day.weekday() < 5 and day not in OFF:
            count -= 1 if count > 0 else -1
    return day


def three_months(start: date) -> date:
    year, month = (start.year, start.month + 3) if start.month < 10 else (start.year + 1, start.month - 9)
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


async def a_working_morning(years: Years) -> date:
    """Pass on to ten o'clock of a Tuesday with a working week before and after it; that day."""
    day = (await years.now()).astimezone(LONDON).date() + timedelta(days=1)
    while day.weekday() != 1 or any(day + timedelta(days=near) in OFF for near in range(-7, 8)):
        day += timedelta(days=1)
    await years.pass_until(datetime.combine(day, time(10), LONDON).astimezone(UTC))
    return day


async def came(referral: Years.Handle) -> dict[tuple[str, str], list[date]]:
    """The days on which points of deadlines were recorded, in London."""
    found: dict[tuple[str, str], list[date]] = {}
    for each in await event_log.read(referral.years.pool, referral.reference):
        if isinstance(each.event, DeadlineReached):
            key = each.event.deadline, each.event.point
            found.setdefault(key, []).append(each.at.astimezone(LONDON).date())
    return found


async def steps_of(years: Years) -> dict[str, list[tuple[str, Command]]]:
    found: dict[str, list[tuple[str, Command]]] = {}
    for step in until_preparation((await years.now()).date()):
        found.setdefault(step[1].kind, []).append(step)
    return found


async def test_every_deadline_comes_on_its_day(years: Years) -> None:
    expected: dict[tuple[str, str], list[date]] = {}

    def expect(key: str, **points: date) -> None:
        for point, day in points.items():
            expected.setdefault((key, point.replace("_", "-")), []).append(day)

    # Received, and looked at by nobody.
    day = await a_working_morning(years)
    referral = await years.open(form())
    expect("allocation", due=working_days(day, 1), escalate_1=working_days(day, 1))
    expect(
        "first_contact",
        warn_1=working_days(day, 1),
        due=working_days(day, 2),
        escalate_1=working_days(day, 3),
    )
    expect("inactivity", due=working_days(day, 20))
    twelve_weeks = day + timedelta(weeks=12)
    expect(
        "supervision",
        warn_1=day + timedelta(weeks=10),
        due=twelve_weeks,
        escalate_1=working_days(twelve_weeks, 10),
    )
    await years.env.sleep(timedelta(weeks=5))

    # Three attempts on two channels, and a person who cannot be reached.
    day = await a_working_morning(years)
    await referral.take_all([("cw-1", c.RecordDuplicateCheck()), ("cw-1", c.Allocate(caseworker="cw-1"))])
    for channel in ("phone", "phone", "text"):
        tried = {"participant": HARMED, "channel": channel, "outcome": "no_answer"}
        await referral.take(c.RecordContactAttempt.model_validate(tried), "cw-1")
    expect(f"unreachable_review/{HARMED}", due=working_days(day, 10))
    complaint = {"about": "delay", "text": "Invented"}
    await referral.take(c.RecordComplaint.model_validate(complaint), "cw-1")
    answered = working_days(day, 20)
    expect("complaint/k1", warn_1=working_days(day, 15), due=answered, escalate_1=answered)
    release = working_days(day, 40)
    custody = {"participant": RESPONSIBLE, "sentence_date": release, "sentence_date_is": "release"}
    await referral.take(c.RecordCustodyDetails.model_validate(custody), "cw-1")
    expect(
        f"sentence_date/{RESPONSIBLE}",
        warn_1=working_days(release, -20),
        warn_2=working_days(release, -10),
        due=release,
    )
    expect("inactivity", due=working_days(day, 20))
    await years.env.sleep(timedelta(weeks=5))

    # Reached, and thinks it over.
    day = await a_working_morning(years)
    steps = await steps_of(years)
    await referral.take_all([steps["record_contact_attempt"][1], steps["record_information_given"][0]])
    undecided = {"participant": HARMED, "interest": "undecided"}
    await referral.take(c.RecordInterest.model_validate(undecided), "cw-1")
    expect(f"thinking_time/{HARMED}", due=working_days(day, 20))
    expect("inactivity", due=working_days(day, 20))
    await years.env.sleep(timedelta(weeks=5))

    # Assessed late, and signed off late.
    day = await a_working_morning(years)
    steps = await steps_of(years)
    await referral.take_all(
        [steps["record_interest"][0], *steps["give_consent"][:2], *steps["begin_risk_assessment"]]
    )
    expect(
        "risk_assessment",
        warn_1=working_days(day, 7),
        due=working_days(day, 10),
        escalate_1=working_days(day, 12),
    )
    expect("inactivity", due=working_days(day, 20))
    await years.env.sleep(timedelta(weeks=5))
    day = await a_working_morning(years)
    high = {"about": HARMED, "factors": [{"factor": "threats", "level": "high"}]}
    await referral.take(c.RecordRiskAssessment.model_validate(high), "cw-1")
    await referral.take_all(steps["record_risk_verdict"])
    expect(
        "sign_off/risk_assessment",
        warn_1=working_days(day, 3),
        due=working_days(day, 5),
        escalate_1=working_days(day, 5),
    )
    expect("inactivity", due=working_days(day, 20))
    await years.env.sleep(timedelta(weeks=5))
    day = await a_working_morning(years)
    signed = {"subject": "risk_assessment", "approved": True}
    await referral.take(c.DecideSignOff.model_validate(signed), "su-1")

    # The person responsible takes their time.
    expect("offender_decision", due=working_days(day, 20))
    expect("inactivity", due=working_days(day, 20))
    await years.env.sleep(timedelta(weeks=5))
    day = await a_working_morning(years)
    steps = await steps_of(years)
    await referral.take_all(
        [
            steps["record_contact_attempt"][2],
            steps["record_information_given"][1],
            steps["record_interest"][1],
            *steps["record_acknowledgement"],
            steps["give_consent"][2],
        ]
    )
    await referral.take_all(steps["begin_preparation"])

    # A long preparation: a review after twelve weeks, and the supervisor's list after sixty working days.
    expect("preparation_review", due=day + timedelta(weeks=12))
    expect("inactivity", due=working_days(day, 60))
    await years.env.sleep(timedelta(weeks=14))

    # After the conference.
    day = await a_working_morning(years)
    await referral.take_all(until_conference(await years.now()))
    await referral.take_all(until_closed(await years.now())[:1])
    item = {"id": "i1", "by": RESPONSIBLE, "due_on": day + timedelta(weeks=8)}
    on = (await years.now()).date()
    await referral.take_all(
        [
            ("fa-1", consent(HARMED, "outcome_agreement", on)),
            ("fa-1", consent(RESPONSIBLE, "outcome_agreement", on)),
            ("fa-1", c.RecordAgreement.model_validate({"items": [item]})),
        ]
    )
    expect("agreement_item/i1", due=day + timedelta(weeks=8))
    expect("inactivity", due=working_days(day, 20))
    for who in (HARMED, RESPONSIBLE):
        expect(f"check_in/{who}", due=working_days(day, 2), escalate_1=working_days(day, 5))
        expect(f"survey/{who}", due=day + timedelta(weeks=4))
        six_weeks = day + timedelta(weeks=6)
        expect(f"follow_up_six_weeks/{who}", due=six_weeks, escalate_1=working_days(six_weeks, 10))
        months = three_months(day)
        expect(f"follow_up_three_months/{who}", due=months, escalate_1=working_days(months, 10))
    await years.env.sleep(timedelta(weeks=20))

    # A hold has its own day.
    review = (await years.now()).date() + timedelta(days=10)
    await referral.take(c.Hold(review_on=review, reason="invented"), "cw-1")
    expect("hold_review", due=review)
    await years.env.sleep(timedelta(days=11))

    found = await came(referral)
    assert {key: found.get(key) for key in expected} == expected
    # Three that are left have their own dates, and tests of their own below; a task is tested in test_notices.
    named = {key.partition("/")[0] for key, _ in expected}
    # The answer of another area has its own tests too.
    elsewhere = {
        DeadlineName.COURT_DATE,
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.COMING_OF_AGE,
        DeadlineName.TASK,
        DeadlineName.TRANSFER_ANSWER,
    }
    assert named == set(DeadlineName) - elsewhere


async def test_a_child_who_turns_18_in_preparation_is_noticed_by_the_clock(years: Years) -> None:
    day = await a_working_morning(years)
    # On a Thursday three weeks on, noticed on the Monday after it.
    turns_18 = day + timedelta(days=23)
    noticed = day + timedelta(days=27)
    born = turns_18.replace(year=turns_18.year - 18)
    people = [
        {"id": HARMED, "role": "harmed", "person": {"date_of_birth": born.isoformat()}},
        {"id": "g1", "role": "guardian", "accompanies": HARMED},
        {"id": RESPONSIBLE, "role": "responsible"},
    ]
    referral = await years.open(form(participants=people))
    steps = until_preparation(day)
    for_child = [
        ("cw-1", consent(HARMED, purpose, day, by_guardian="g1"))
        for purpose in ("take_part", "share_risk_information")
    ]
    await referral.take_all(steps[:7])
    await referral.take_all([*for_child, *steps[7:11]])
    signed = {"subject": "risk_assessment", "approved": True}
    await referral.take_all([("su-1", c.DecideSignOff.model_validate(signed)), *steps[11:]])
    # The evening before the birthday a guardian's consent to the method is lacking; on the day it is not.
    meeting = until_conference(await years.now())
    await referral.take_all(meeting[:6])
    await years.pass_until(
        datetime.combine(turns_18, time(0), LONDON).astimezone(UTC) - timedelta(minutes=30)
    )
    start = datetime.combine(turns_18 + timedelta(days=1), time(11), LONDON).astimezone(UTC)
    *ready, books = book(start)
    await referral.take_all(ready)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await referral.take_all([books])
    assert "own and guardian's" in str(refused.value.cause)
    await years.pass_until(datetime.combine(turns_18, time(0), LONDON).astimezone(UTC))
    await referral.take_all([books])
    # The state learns it from the clock.
    assert HARMED in {each.id for each in (await referral.overview()).referral.participants if each.child}
    await years.pass_until(datetime.combine(noticed, time(9, 30), LONDON).astimezone(UTC))
    assert (await came(referral))[f"coming_of_age/{HARMED}", "due"] == [noticed]
    assert not any(each.child for each in (await referral.overview()).referral.participants)


async def test_a_hearing_warns_twenty_ten_and_five_working_days_before(years: Years) -> None:
    day = await a_working_morning(years)
    hearing = working_days(day, 30)
    referral = await years.open(form(justice_stage="pre_sentence", court_date=hearing))
    await years.pass_until(datetime.combine(hearing, time(1), LONDON).astimezone(UTC))
    found = {point: days for (key, point), days in (await came(referral)).items() if key == "court_date"}
    assert found == {
        "warn-1": [working_days(hearing, -20)],
        "warn-2": [working_days(hearing, -10)],
        "warn-3": [working_days(hearing, -5)],
        "due": [hearing],
    }


async def test_risk_is_to_be_confirmed_from_five_working_days_before(years: Years) -> None:
    day = await a_working_morning(years)
    referral = await years.open(form())
    await referral.take_all(until_preparation(day))
    start = datetime.combine(working_days(day, 20), time(11), LONDON).astimezone(UTC)
    steps = until_conference(start)
    for who, step in steps:
        held = step
        if isinstance(step, c.RecordPreparationMeeting):
            held = step.model_copy(update={"held_on": day})
        if isinstance(step, c.GiveConsent):
            held = step.model_copy(update={"given_on": day})
        await referral.take(held, who)
    await years.pass_until(start)
    found = await came(referral)
    assert found["risk_reconfirmation", "warn-1"] == [working_days(day, 15)]


async def test_a_hold_of_three_weeks_moves_each_open_deadline_by_exactly_that(years: Years) -> None:
    await a_working_morning(years)
    referral = await years.open(form())
    steps = until_preparation((await years.now()).date())
    await referral.take_all(steps[:2])
    await referral.take_all(steps[2:10])
    before = {each.key: each.points for each in (await referral.overview()).deadlines}
    review = (await years.now()).date() + timedelta(weeks=4)
    await referral.take(c.Hold(review_on=review, reason="invented"), "cw-1")
    held = (await referral.overview()).referral.hold
    assert held is not None
    await years.env.sleep(timedelta(weeks=3))
    await referral.take(c.Resume(), "cw-1")
    overview = await referral.overview()
    length = overview.referral.frozen[-1].length
    assert length >= timedelta(weeks=3)
    after = {each.key: each.points for each in overview.deadlines}
    assert set(after) == set(before) == {"risk_assessment", "inactivity", "supervision"}
    # Inactivity starts anew, since to resume is to act.
    assert after["risk_assessment"] == {point: at + length for point, at in before["risk_assessment"].items()}
