"""The referral's own clock, on the time-skipping server."""

from __future__ import annotations

from datetime import datetime, timedelta

from lifecycle.timing.working_time import add_span, clock_start
from schemas import commands as c
from schemas.commands import Command
from schemas.events import DeadlineReached
from stores.logs import event_log
from tests.life import HARMED, asides, form, until_closed, until_conference, until_preparation
from tests.workflows.conftest import Years


async def reached(referral: Years.Handle) -> list[tuple[str, str, datetime]]:
    """What the clock recorded: which deadline, which point, and when that was to be."""
    log = await event_log.read(referral.years.pool, referral.reference)
    return [
        (recorded.event.deadline, recorded.event.point, recorded.event.at)
        for recorded in log
        if isinstance(recorded.event, DeadlineReached)
    ]


async def test_each_point_of_a_deadline_is_recorded_when_it_comes(years: Years) -> None:
    referral = await years.open(form())
    received = (await referral.overview()).referral.received_at
    start = clock_start(received)
    due = add_span(start, "2wd")
    await years.pass_until(add_span(due, "1wd") + timedelta(minutes=1))
    found = await reached(referral)
    assert [point for point in found if point[0] == "first_contact"] == [
        ("first_contact", "warn-1", add_span(start, "1wd")),
        ("first_contact", "due", due),
        ("first_contact", "escalate-1", add_span(due, "1wd")),
    ]
    assert ("allocation", "due", add_span(start, "1wd")) in found
    assert [at for _, _, at in found] == sorted(at for _, _, at in found)


async def test_work_that_is_done_stops_its_clock(years: Years) -> None:
    referral = await years.open(form())
    await referral.take_all(until_preparation((await years.now()).date())[:3])
    await years.env.sleep(timedelta(days=14))
    assert not [point for point in await reached(referral) if point[0] == "first_contact"]


async def test_an_earlier_deadline_wakes_the_clock_before_a_later_one(years: Years) -> None:
    """The clock sleeps towards inactivity when a hold sets a nearer date."""
    referral = await years.open(form())
    await referral.take_all(until_preparation((await years.now()).date())[:3])
    day = (await years.now()).date() + timedelta(days=3)
    await referral.take(c.Hold(review_on=day, reason="away for a few days"), "cw-1")
    await years.env.sleep(timedelta(days=5))
    assert [key for key, _, _ in await reached(referral)] == ["hold_review"]


async def test_a_hold_stops_the_clock_and_it_goes_on_where_it_stopped(years: Years) -> None:
    referral = await years.open(form())
    before = {deadline.key: deadline.due_at for deadline in (await referral.overview()).deadlines}
    review = (await years.now()).date() + timedelta(weeks=4)
    await referral.take(c.Hold(review_on=review, reason="waiting for news"), "cw-1")
    held = await years.now()
    await years.env.sleep(timedelta(weeks=3))
    assert await reached(referral) == []
    await referral.take(c.Resume(), "cw-1")
    length = await years.now() - held
    after = {deadline.key: deadline.due_at for deadline in (await referral.overview()).deadlines}
    for key in ("allocation", "first_contact"):
        assert abs(after[key] - before[key] - length) < timedelta(seconds=5)


async def test_a_closed_referral_has_no_deadline_and_its_workflow_ends(years: Years) -> None:
    referral = await years.open(form())
    await referral.take(c.Close.model_validate({"reason": "service_no_capacity"}), "cw-1")
    await years.env.sleep(timedelta(days=60))
    assert await reached(referral) == []
    assert await referral.handle.result() == "closed"


async def test_a_clock_never_closes_a_case(years: Years) -> None:
    referral = await years.open(form())
    await years.env.sleep(timedelta(days=365))
    overview = await referral.overview()
    assert overview.referral.stage == "received"


async def test_two_years_pass_in_a_moment(years: Years) -> None:
    """From first contact to follow-up with a long preparation."""
    opened = await years.now()
    referral = await years.open(form())
    await referral.take_all(until_preparation(opened.date()))
    await referral.take_all(asides(opened.date()))
    await years.env.sleep(timedelta(days=600))
    await referral.take(c.ReassessRisk(reason="much time has passed"), "cw-1")
    await _assess_again(years, referral)
    await referral.take_all(until_conference(await years.now()))
    await referral.take_all(until_closed(await years.now())[:4])
    await years.env.sleep(timedelta(days=130))
    await referral.take_all(until_closed(await years.now())[4:])
    assert await referral.handle.result() == "closed"
    assert await years.now() - opened >= timedelta(days=730)
    reviews = [point for point in await reached(referral) if point[0] == "preparation_review"]
    assert reviews, "preparation is reviewed, and never ended, by the clock"


async def _assess_again(years: Years, referral: Years.Handle) -> None:
    """A new round, in which the person responsible is not assessed yet: a gap, so a supervisor signs it off."""
    steps: dict[str, tuple[str, Command]] = {
        step[1].kind: step for step in until_preparation((await years.now()).date())
    }
    signed = c.DecideSignOff.model_validate({"subject": "risk_assessment", "approved": True})
    await referral.take_all(
        [
            steps["record_risk_assessment"],
            steps["record_risk_verdict"],
            ("su-1", signed),
            steps["begin_preparation"],
        ]
    )


async def test_a_point_that_comes_twice_is_recorded_twice(years: Years) -> None:
    """Thinking time that was reviewed runs again, and is due again."""
    referral = await years.open(form())
    await referral.take_all(until_preparation((await years.now()).date())[:5])
    undecided = {"participant": HARMED, "interest": "undecided"}
    await referral.take(c.RecordInterest.model_validate(undecided), "cw-1")
    await years.env.sleep(timedelta(days=40))
    review = {"subject": "thinking_time", "participant": HARMED}
    await referral.take(c.RecordReview.model_validate(review), "cw-1")
    await years.env.sleep(timedelta(days=40))
    points = [point for point in await reached(referral) if point[0] == f"thinking_time/{HARMED}"]
    assert [point for _, point, _ in points] == ["due", "due"]
