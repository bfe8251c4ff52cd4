"""The funnel, counted by example: each referral once, what was taken back not at all, what was erased all the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.steps import Steps
from lifecycle import fold
from policies.files import load_policies
from policies.notice_checks import EVENTS
from reports import funnel as figures
from reports.funnel import Funnel, funnel
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Staff
from schemas.privacy import DataClass, class_of
from schemas.reading.reference import reference_from
from schemas.steps import Request
from schemas.vocabulary import Source
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests import life
from tests.life import HARMED, PHONE, RESPONSIBLE, form

TWO_HARMED = [
    {
        "id": each,
        "role": "harmed",
        "person": {"phone": PHONE},
        "contact_safety": {"safe_channels": ["phone"]},
    }
    for each in ("h1", "h2")
]
TWO_HARMED += [
    {"id": "r1", "role": "responsible"},
]


class Log:
    """Referrals recorded step by step, without Temporal, and the funnel of these alone."""

    def __init__(self, pool: Pool, keys: KeyStore) -> None:
        self.pool, self.keys = pool, keys
        self.references: list[str] = []
        self._steps = Steps(pool, keys, load_policies())

    async def open(self, **changes: object) -> str:
        reference = reference_from(uuid4().int)
        await self.keys.create(reference)
        self.references.append(reference)
        await self.take(reference, "cw-1", form("Invented", **changes))
        return reference

    async def take(self, reference: str, who: str, command: Command, area: Area = Area.DURHAM) -> int:
        """Take a step; its number."""
        member = await staff.get(self.pool, who)
        assert isinstance(member, Staff)
        request = Request(command_id=uuid4(), actor=member.acting_in(area), command=command)
        history = await event_log.history(self.pool, self.keys, reference)
        await ActivityEnvironment().run(
            self._steps.take_step, reference, fold(history) if history else None, request, datetime.now(UTC)
        )
        return len(history) + 1

    async def tell(self, reference: str, *stories: list[tuple[str, Command]]) -> None:
        for story in stories:
            for who, command in story:
                await self.take(reference, who, command)

    async def funnel(self, **only: object) -> Funnel:
        return await funnel(self.pool, references=self.references, **only)  # type: ignore[arg-type]

    async def counts(self, *names: str) -> tuple[int, ...]:
        counted = await self.funnel()
        return tuple(counted.count(name) for name in names)


@pytest.fixture
def log(pool: Pool, keys: KeyStore) -> Log:
    return Log(pool, keys)


def attempt(participant: str, outcome: str) -> tuple[str, Command]:
    body = {"participant": participant, "channel": "phone", "outcome": outcome}
    return "cw-1", c.RecordContactAttempt.model_validate(body)


def informed(participant: str) -> tuple[str, Command]:
    body = {"participant": participant, "channel": "phone"}
    return "cw-1", c.RecordInformationGiven.model_validate(body)


def interest(participant: str, answer: str) -> tuple[str, Command]:
    return "cw-1", c.RecordInterest.model_validate({"participant": participant, "interest": answer})


async def test_nothing_is_counted_where_nothing_is_asked_for(log: Log) -> None:
    counted = await log.funnel()
    assert {figure.count for figure in counted.figures} == {0}
    assert counted.closures == ()


async def test_every_figure_says_its_rule(log: Log) -> None:
    counted = await log.funnel()
    assert all(figure.rule.endswith(".") for figure in counted.figures)
    names = [figure.name for figure in counted.figures]
    assert len(set(names)) == len(names)
    assert {figure.counts for figure in counted.figures} == {"referrals", "items"}


async def test_a_whole_life_counts_once_at_every_point(log: Log) -> None:
    now = datetime.now(UTC)
    reference = await log.open()
    await log.tell(reference, life.until_preparation(now.date()))
    now = datetime.now(UTC)
    await log.tell(reference, [("cw-1", c.ReconfirmRisk())])
    await log.tell(reference, life.until_conference(datetime.now(UTC)))
    await log.tell(reference, life.until_closed(datetime.now(UTC)))
    reached = [
        *("received", "attempted", "contacted", "informed", "interested", "assessed_proceed_direct"),
        *("approached", "acknowledged", "consented", "both_consented", "prepared", "direct_held"),
        *("agreements", "agreement_items", "items_completed", "closed"),
    ]
    assert await log.counts(*reached) == (1,) * len(reached)
    counted = await log.funnel()
    assert {figure.name for figure in counted.figures if figure.count} == set(reached)
    [closures] = counted.closures
    assert (closures.reason, closures.stage, closures.count) == (
        "completed_direct_with_agreement",
        "follow_up",
        1,
    )


async def test_several_participants_and_several_attempts_are_one_referral(log: Log) -> None:
    reference = await log.open(participants=TWO_HARMED)
    await log.tell(
        reference, [attempt("h1", "no_answer"), attempt("h1", "reached"), attempt("h2", "reached")]
    )
    await log.tell(reference, [informed("h1"), informed("h2")])
    await log.tell(reference, [interest("h1", "interested"), interest("h2", "declined")])
    assert await log.counts("attempted", "contacted", "informed", "interested", "declined", "closed") == (
        *(1, 1, 1, 1, 1),
        0,
    )


async def test_the_person_responsible_is_approached_not_contacted(log: Log) -> None:
    reference = await log.open()
    await log.tell(reference, [attempt(RESPONSIBLE, "reached"), informed(RESPONSIBLE)])
    await log.tell(reference, [interest(RESPONSIBLE, "interested")])
    assert await log.counts("approached", "attempted", "contacted", "informed", "interested") == (
        1,
        0,
        0,
        0,
        0,
    )


async def test_the_last_word_counts_for_undecided_and_declined(log: Log) -> None:
    reference = await log.open(participants=TWO_HARMED)
    await log.tell(reference, [informed("h1"), interest("h1", "undecided")])
    assert await log.counts("interested", "undecided", "declined") == (0, 1, 0)
    await log.tell(reference, [interest("h1", "interested")])
    assert await log.counts("interested", "undecided", "declined") == (1, 0, 0)
    await log.tell(reference, [interest("h1", "declined")])
    assert await log.counts("interested", "undecided", "declined") == (1, 0, 1)


async def test_a_step_that_was_taken_back_does_not_count(log: Log) -> None:
    reference = await log.open()
    await log.tell(reference, [attempt(HARMED, "no_answer")])
    mistaken = await log.take(reference, *attempt(HARMED, "reached"))
    assert await log.counts("attempted", "contacted") == (1, 1)
    await log.take(reference, "su-1", c.CorrectStep(step=mistaken, reason="Another person answered"))
    assert await log.counts("attempted", "contacted") == (1, 0)


async def test_a_correction_takes_back_only_in_its_own_referral(log: Log) -> None:
    first, second = await log.open(), await log.open()
    mistaken = await log.take(first, *attempt(HARMED, "reached"))
    assert await log.take(second, *attempt(HARMED, "reached")) == mistaken
    await log.take(first, "su-1", c.CorrectStep(step=mistaken, reason="Another person answered"))
    assert await log.counts("received", "contacted") == (2, 1)


async def test_the_last_plea_and_the_last_court_news_count(log: Log) -> None:
    reference = await log.open()
    await log.tell(reference, [("cw-1", c.RecordCourtNews.model_validate({"plea": "not_guilty"}))])
    assert await log.counts("plea_guilty", "adjourned") == (0, 0)
    await log.tell(reference, [("cw-1", c.RecordCourtNews.model_validate({"plea": "guilty"}))])
    await log.tell(reference, [("cw-1", c.RecordCourtNews.model_validate({"adjourned": True}))])
    assert await log.counts("plea_guilty", "adjourned") == (1, 1)
    await log.tell(reference, [("cw-1", c.RecordCourtNews.model_validate({"adjourned": False}))])
    assert await log.counts("plea_guilty", "adjourned") == (1, 0)


async def test_a_reopened_referral_is_not_closed_and_closes_by_its_last_reason(log: Log) -> None:
    reference = await log.open()
    close = c.Close.model_validate
    await log.tell(reference, [("cw-1", close({"reason": "service_no_capacity"}))])
    assert await log.counts("closed", "reopened") == (1, 0)
    await log.tell(reference, [("su-1", c.Reopen(reason="There is room again"))])
    assert await log.counts("closed", "reopened") == (0, 1)
    assert (await log.funnel()).closures == ()
    await log.tell(reference, [("cw-1", close({"reason": "service_referrer_withdrew"}))])
    assert await log.counts("closed", "reopened") == (1, 1)
    [closures] = (await log.funnel()).closures
    assert (closures.reason, closures.stage, closures.count) == ("service_referrer_withdrew", "received", 1)


async def test_a_linked_referral_counts_as_re_referred(log: Log) -> None:
    first = await log.open()
    await log.tell(first, [("cw-1", c.Close.model_validate({"reason": "service_no_capacity"}))])
    await log.open(linked_to=first)
    assert await log.counts("received", "re_referred") == (2, 1)


def test_nothing_is_counted_that_is_sealed() -> None:
    queries = (figures._REFERRALS_SQL, figures._ITEMS_SQL, figures._CLOSURES_SQL)
    counted = {name for query in queries for name in re.findall(r"->>? '(\w+)'", query)}
    assert {"participant", "interest", "verdict", "items"} <= counted
    kinds = {kind for query in queries for kind in re.findall(r"'([a-z]+_[a-z_]+)'", query)}
    for name in counted:
        holding = [EVENTS[kind] for kind in kinds & set(EVENTS) if name in EVENTS[kind].model_fields]
        classes = {class_of(event, name) for event in holding}
        # Why a referral was reopened is in words; why it closed is one of a list.
        assert not holding or DataClass.FIGURE in classes, name
        assert DataClass.SPECIAL not in classes, name


async def test_an_erased_referral_still_counts(log: Log) -> None:
    reference = await log.open()
    await log.tell(reference, [attempt(HARMED, "reached"), informed(HARMED), interest(HARMED, "interested")])
    await log.tell(reference, [("su-1", c.Close.model_validate({"reason": "erased"}))])
    async with log.pool.acquire() as connection, connection.transaction():
        await log.keys.destroy(connection, reference, "asked for", "su-1")
    assert await log.counts("received", "contacted", "interested", "closed") == (1, 1, 1, 1)


async def test_area_and_source_choose(log: Log) -> None:
    await log.open()
    await log.open(source="court")
    by_source = await log.funnel(source=Source.COURT)
    assert by_source.count("received") == 1
    assert (await log.funnel(areas=[Area.DURHAM])).count("received") == 2
    assert (await log.funnel(areas=[Area.KENT])).count("received") == 0


async def test_what_another_area_took_over_counts_in_each_for_what_happened_there(log: Log) -> None:
    now = datetime.now(UTC)
    reference = await log.open()
    await log.tell(reference, life.until_preparation(now.date()))
    for participant in (HARMED, RESPONSIBLE):
        await log.take(reference, "cw-1", life.consent(participant, "transfer", now.date()))
    await log.take(reference, "su-1", c.OfferTransfer(area=Area.KENT, reason="They moved."))
    await log.take(reference, "sm-1", c.AcceptTransfer(caseworker="cw-kent"), Area.KENT)
    await log.take(reference, "cw-kent", c.AssignFacilitators(facilitator="cw-kent"), Area.KENT)
    held = {"participant": HARMED, "held_on": now.date(), "channel": "in_person"}
    await log.take(reference, "cw-kent", c.RecordPreparationMeeting.model_validate(held), Area.KENT)
    await log.take(reference, "cw-kent", c.Close.model_validate({"reason": "service_no_capacity"}), Area.KENT)

    there, here = await log.funnel(areas=[Area.DURHAM]), await log.funnel(areas=[Area.KENT])
    both = await log.funnel()
    for name, by_area in {
        "received": (1, 0, 1),
        "received_by_transfer": (0, 1, 1),
        "transferred_away": (1, 0, 1),
        "informed": (1, 0, 1),
        "interested": (1, 0, 1),
        "both_consented": (1, 0, 1),
        "assessed_proceed_direct": (1, 0, 1),
        "closed": (0, 1, 1),
    }.items():
        assert (there.count(name), here.count(name), both.count(name)) == by_area, name
    assert [each.count for each in here.closures] == [1]
    assert there.closures == ()
    # No other area has anything of it.
    assert {each.count for each in (await log.funnel(areas=[Area.ESSEX])).figures} == {0}


async def test_what_takes_both_sides_counts_where_the_second_of_them_happened(log: Log) -> None:
    now = datetime.now(UTC)
    reference = await log.open()
    before, after = life.until_preparation(now.date())[:9], life.until_preparation(now.date())[9:]
    await log.tell(reference, before)
    await log.take(reference, "cw-1", life.consent(HARMED, "transfer", now.date()))
    await log.take(reference, "su-1", c.OfferTransfer(area=Area.KENT, reason="They moved."))
    await log.take(reference, "sm-1", c.AcceptTransfer(caseworker="cw-kent"), Area.KENT)
    for _, command in after:
        await log.take(reference, "cw-kent", command, Area.KENT)
    there, here = await log.funnel(areas=[Area.DURHAM]), await log.funnel(areas=[Area.KENT])
    assert (there.count("both_consented"), here.count("both_consented")) == (0, 1)
    assert (there.count("consented"), here.count("consented")) == (0, 1)
