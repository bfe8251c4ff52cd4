"""The periods that figures may be of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from reports.figures_seen import periods
from reports.funnel import funnel
from tests.reports.test_funnel import Log, log  # noqa: F401


def test_periods_are_financial_years_and_the_quarters_that_have_begun() -> None:
    found = {each.key: each for each in periods(date(2027, 1, 10))}
    assert list(found) == [
        "all",
        "2026",
        "2026-q4",
        "2026-q3",
        "2026-q2",
        "2026-q1",
        "2025",
        *(f"2025-q{n}" for n in (4, 3, 2, 1)),
    ]
    assert found["2026"].called == "April 2026 to March 2027"
    assert (found["2026-q4"].since, found["2026-q4"].before) == (date(2027, 1, 1), date(2027, 4, 1))
    assert found["2026-q4"].called == "January to March 2027"
    assert list({each.key: each for each in periods(date(2026, 4, 1))})[:3] == ["all", "2026", "2026-q1"]


async def test_a_period_counts_what_was_sent_in_it(log: Log) -> None:  # noqa: F811
    now = datetime.now(UTC)
    await log.open()
    hour = timedelta(hours=1)
    assert (await log.funnel(since=now - hour)).count("received") == 1
    assert (await log.funnel(since=now - hour, before=now + hour)).count("received") == 1
    assert (await log.funnel(since=now + hour)).count("received") == 0
    assert (await log.funnel(before=now - hour)).count("received") == 0
    assert await funnel(log.pool, areas=[], references=log.references) != await log.funnel()
