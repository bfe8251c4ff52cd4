"""The summary of a working morning: what stands in it, and that it comes once, late rather than never."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import default
from uuid import uuid4

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.digest import LONGEST_LIST, DigestOutcome, Digests, WhyNone
from lifecycle.timing.working_time import is_working_day, shift_working_days
from messages.email import Mailer
from messages.wording import Medium, Wording
from policies.files import load_policies
from runtime.connections import connect_temporal
from runtime.schedules import order
from runtime.sealing.plugin import referral_plugin
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.notices import Category, Outcome
from schemas.people import Role, Staff
from schemas.policy import Policies, Rung
from schemas.referral import Escalation, Task
from stores import digests, register, staff
from stores.database import Pool, connect_pool
from stores.keys.referral_keys import KeyStore
from tests.asked import asked_by_digest
from tests.book import MONDAY, Book
from tests.caseload import HERE, Caseload, a_caseload
from tests.life import until_conference, until_preparation
from tests.messages.smtp_servers import Taking, smtp_server
from tests.time_skipping import TimeSkipping, time_skipping
from workflows.digest import DigestOrder, DigestResult, DigestWorkflow

# A Tuesday.
DAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
SENDER = "no-reply@example.org"
THERE = Area.NORTHUMBRIA
TASK = Task(id="8-1", template="appointment", to="h1", why=Outcome.NO_SAFE_CHANNEL, since=NOW)


@pytest_asyncio.fixture
async def caseload(owner_url: str, pool: Pool, keys: KeyStore) -> AsyncIterator[Caseload]:
    async with a_caseload(owner_url, pool, keys) as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def mornings(keys: KeyStore) -> AsyncIterator[TimeSkipping]:
    """A Temporal whose time runs as fast as the tests do."""
    async with time_skipping(referral_plugin(keys)) as env:
        yield env


def activities(
    of: Caseload | Book, mailer: Mailer | None = None, policies: Policies | None = None
) -> Digests:
    return Digests(of.pool, of.keys, policies or load_policies(), Wording.load(), mailer)


@asynccontextmanager
async def working(client: Client, of: Digests) -> AsyncIterator[str]:
    """The task queue of a worker of its own."""
    queue = f"digests-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[DigestWorkflow], activities=[of.readers, of.send]):
        yield queue


async def begun(
    env: TimeSkipping, queue: str, at: datetime | None = None
) -> WorkflowHandle[DigestWorkflow, DigestResult]:
    """A summary that has just begun, at the next half past eight of a working day unless another time is given."""
    now = (await env.get_current_time()).astimezone(LONDON)
    day = shift_working_days(now.date(), 1)
    at = at or datetime.combine(day, time(8, 30), LONDON)
    await env.sleep(at - now)
    return await env.client.start_workflow(
        DigestWorkflow.run, DigestOrder(), id=f"service/digest-{uuid4()}", task_queue=queue
    )


def letters(taking: Taking) -> dict[str, list[EmailMessage]]:
    """What each address has got."""
    got: dict[str, list[EmailMessage]] = {}
    for envelope in taking.taken:
        assert envelope.original_content is not None
        message = email.message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(message, EmailMessage)
        got.setdefault(envelope.rcpt_tos[0], []).append(message)
    return got


async def with_work(caseload: Caseload, staff_id: str) -> None:
    """Somebody who has something in their summary."""
    await caseload.member(staff_id)
    await caseload.referral(staff_id, {"first_contact": NOW - timedelta(days=300)})


# What stands in it.


async def said(caseload: Caseload, staff_id: str, policies: Policies | None = None) -> str:
    """The summary of one person; empty where there is none."""
    [member] = [each for each in await digests.readers(caseload.pool, NOW) if each.id == staff_id]
    found = await activities(caseload, policies=policies).summary(member, DAY, NOW)
    if found is None:
        return ""
    written = Wording.load().render("digest", Medium.EMAIL, found)
    assert written.subject == "Your work on Tuesday 1 December 2026"
    return written.body


async def test_deadlines_stand_under_when_they_are_due(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    reference = await caseload.referral(
        "dg-1",
        {
            "first_contact": NOW,
            "thinking_time/h1": NOW + timedelta(minutes=1),
            "check_in": datetime(2026, 12, 1, 23, 59, tzinfo=LONDON),
            "survey": datetime(2026, 12, 2, tzinfo=LONDON),
            "agreement_item/i1": datetime(2026, 12, 6, 23, 59, tzinfo=LONDON),
            "follow_up_six_weeks": datetime(2026, 12, 7, tzinfo=LONDON),
        },
    )
    body = await said(caseload, "dg-1")
    sections = dict(part.split("\n", 1) for part in body.split("\n\n") if f"  {reference}" in part)
    assert sections == {
        "OVERDUE: do these first (1)": (
            f"  {reference}  first contact, was due Tuesday 1 December 2026 at 8:30am (victim contact)"
        ),
        "DUE TODAY (2)": (
            f"  {reference}  thinking time (h1), due Tuesday 1 December 2026 at 8:31am (victim contact)\n"
            f"  {reference}  check-in, due Tuesday 1 December 2026 at 11:59pm (victim contact)"
        ),
        "DUE THIS WEEK (2)": (
            f"  {reference}  survey, due Wednesday 2 December 2026 at 12am (victim contact)\n"
            f"  {reference}  agreement item (i1), due Sunday 6 December 2026 at 11:59pm (victim contact)"
        ),
    }


async def test_without_work_there_is_no_summary(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    await caseload.referral("dg-1", {"first_contact": NOW + timedelta(days=14), "inactivity": NOW})
    assert await said(caseload, "dg-1") == ""


async def test_an_unread_message_is_something(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    await caseload.letter(await caseload.referral("dg-1"), "dg-1", "allocated", Category.NEWS)
    assert "There is 1 message in your inbox that you have not read." in await said(caseload, "dg-1")


async def test_a_supervisor_has_what_climbed_what_they_answer_for_and_what_is_nobodys(
    caseload: Caseload,
) -> None:
    await caseload.member("dg-su", Role.SUPERVISOR)
    await caseload.member("dg-sm", Role.SERVICE_MANAGER)
    await caseload.member("dg-1")
    raised = Escalation(
        deadline="first_contact", point="escalate-1", at=NOW, rung=Rung.SUPERVISOR, raised_at=NOW
    )
    called_in = raised.model_copy(update={"deadline": "unreachable_review", "point": "due"})
    climbed = await caseload.referral(
        "dg-1",
        {"first_contact": NOW, "survey": NOW, "inactivity": NOW, "unreachable_review": NOW},
        escalations=[raised, called_in],
    )
    unowned = await caseload.referral(None, {"allocation": NOW + timedelta(hours=1)})
    body = await said(caseload, "dg-su")
    assert f"COME TO YOU: a deadline was missed (2)\n  {climbed}  first contact, due" in body
    assert body.count("unreachable review") == 1
    assert f"DUE TODAY (1)\n  {unowned}  allocation, due" in body
    assert f"OVERDUE: do these first (1)\n  {climbed}  inactivity, was due" in body
    assert "survey" not in body
    # What has climbed is its caseworker's work still.
    own = await said(caseload, "dg-1")
    assert f"  {climbed}  first contact, was due" in own
    assert "COME TO YOU" not in own
    assert "inactivity" not in own
    assert await said(caseload, "dg-sm") == ""


async def test_where_no_supervisor_is_the_service_manager_answers(caseload: Caseload) -> None:
    await caseload.member("dg-sm", Role.SERVICE_MANAGER)
    raised = Escalation(
        deadline="first_contact", point="escalate-1", at=NOW, rung=Rung.SUPERVISOR, raised_at=NOW
    )
    climbed = await caseload.referral("dg-1", {"first_contact": NOW}, escalations=[raised])
    assert f"COME TO YOU: a deadline was missed (1)\n  {climbed}" in await said(caseload, "dg-sm")


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """Referrals with a log, in an area where nobody else works."""
    recorded = Book(pool, keys, THERE, "nu")
    await recorded.hire()
    for staff_id in ("nu-su", "nu-sv"):
        await register.set_absent(pool, keys, staff_id, None, None, staff_id)
    await recorded.close_all()
    return recorded


async def waits_for_readiness(book: Book, asks: str, *, co_facilitator: str) -> str:
    """A referral for which somebody asked that its readiness be signed off; fa-1 leads it."""
    reference = await book.open(MONDAY)
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    (who, _), *prepared = until_conference(MONDAY)[:-4]
    led = c.AssignFacilitators(facilitator="fa-1", co_facilitator=co_facilitator, advanced_practitioner=True)
    await book.tell(reference, [(who, led), *prepared, (asks, c.RequestReadinessSignOff())], MONDAY)
    return reference


async def said_there(book: Book, staff_id: str) -> str:
    """The summary of somebody who has no address; empty where there is none."""
    member = await staff.get(book.pool, staff_id)
    assert member is not None
    found = await activities(book).summary(member, DAY, NOW)
    return "" if found is None else Wording.load().render("digest", Medium.EMAIL, found).body


async def test_a_sign_off_waits_for_a_supervisor_who_made_none_of_it(caseload: Caseload, book: Book) -> None:
    await caseload.member("dg-sm", Role.SERVICE_MANAGER, THERE)
    reference = await waits_for_readiness(book, "fa-1", co_facilitator="su-2")
    asked = await said_there(book, "nu-su")
    assert (
        f"SIGN-OFFS ASKED OF YOU (1)\n  {reference}  readiness (preparation),"
        " asked for on Monday 2 March 2026 at 10am"
    ) in asked
    assert f"  {reference}  sign off (readiness), was due" in asked
    # Who prepared it with the one who asks is neither asked nor reminded, nor does it climb while somebody may.
    assert "readiness" not in await said_there(book, "nu-sv")
    for other in ("nu-fa", "dg-sm"):
        assert "SIGN-OFFS ASKED" not in await said_there(book, other)


async def test_where_only_its_authors_are_there_a_sign_off_waits_for_the_service_manager(
    caseload: Caseload, book: Book
) -> None:
    await caseload.member("dg-sm", Role.SERVICE_MANAGER, THERE)
    reference = await waits_for_readiness(book, "su-2", co_facilitator="fa-2")
    # An author stands in for who could have signed it.
    await register.set_absent(book.pool, book.keys, "nu-su", NOW + timedelta(days=7), "nu-sv", "nu-su")
    assert f"SIGN-OFFS ASKED OF YOU (1)\n  {reference}" in await said_there(book, "dg-sm")
    assert "readiness" not in await said_there(book, "nu-sv")


async def test_the_work_of_who_is_away_with_no_stand_in_falls_to_the_next_rung(caseload: Caseload) -> None:
    away = NOW + timedelta(days=7)
    await caseload.member("dg-1", absent_until=away)
    await caseload.member("dg-2")
    await caseload.member("dg-su", Role.SUPERVISOR)
    await caseload.member("dg-sm", Role.SERVICE_MANAGER)
    reference = await caseload.referral("dg-1", {"first_contact": NOW}, tasks=[TASK])
    body = await said(caseload, "dg-su")
    assert f"OVERDUE: do these first (1)\n  {reference}  first contact" in body
    assert "TO DO YOURSELF: a message could not be sent safely (1)" in body
    for other in ("dg-2", "dg-sm"):
        assert await said(caseload, other) == ""


async def test_what_climbed_falls_to_no_stand_in_below(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    await caseload.member("dg-su", Role.SUPERVISOR, absent_until=NOW + timedelta(days=7), stand_in="dg-1")
    await caseload.member("dg-sm", Role.SERVICE_MANAGER)
    raised = Escalation(
        deadline="first_contact", point="escalate-1", at=NOW, rung=Rung.SUPERVISOR, raised_at=NOW
    )
    climbed = await caseload.referral("dg-2", {"first_contact": NOW}, escalations=[raised])
    assert await said(caseload, "dg-1") == ""
    assert f"COME TO YOU: a deadline was missed (1)\n  {climbed}" in await said(caseload, "dg-sm")


async def test_who_stands_in_has_the_work_of_the_absent(caseload: Caseload) -> None:
    away = NOW + timedelta(days=7)
    await caseload.member("dg-3")
    await caseload.member("dg-2", absent_until=away, stand_in="dg-3")
    await caseload.member("dg-1", absent_until=away, stand_in="dg-2")
    reference = await caseload.referral("dg-1", {"first_contact": NOW}, tasks=[TASK])
    body = await said(caseload, "dg-3")
    assert f"OVERDUE: do these first (1)\n  {reference}  first contact" in body
    assert (
        f"TO DO YOURSELF: a message could not be sent safely (1)\n  {reference}  your appointment, to h1"
        " (victim contact), since Tuesday 1 December 2026 at 8:30am"
    ) in body
    assert [each.id for each in await digests.readers(caseload.pool, NOW)] == ["dg-3"]
    # Back again, they do their own.
    await caseload.member("dg-4")
    assert await said(caseload, "dg-4") == ""


async def test_a_stand_in_from_elsewhere_has_nothing_of_an_area_where_they_do_not_work(
    caseload: Caseload,
) -> None:
    await caseload.member("dg-kent", Role.CASEWORKER, Area.SURREY)
    await caseload.member(
        "dg-1", Role.CASEWORKER, HERE, Area.SURREY, absent_until=NOW + timedelta(days=1), stand_in="dg-kent"
    )
    await caseload.referral("dg-1", {"first_contact": NOW})
    there = await caseload.referral("dg-1", {"first_contact": NOW}, area=Area.SURREY)
    body = await said(caseload, "dg-kent")
    assert "OVERDUE: do these first (1)" in body
    assert there in body


async def test_a_long_list_ends_with_how_many_more_there_are(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    all_of_them = [
        await caseload.referral("dg-1", {"first_contact": NOW - timedelta(hours=30 - number)})
        for number in range(LONGEST_LIST + 7)
    ]
    lines = [line for line in (await said(caseload, "dg-1")).splitlines() if "first contact" in line]
    assert len(lines) == LONGEST_LIST
    assert lines[0].startswith(f"  {all_of_them[0]}  first contact, was due")
    assert lines[-1].startswith(
        f"  and 8 more, the next of them {all_of_them[LONGEST_LIST - 1]}  first contact, was due"
    )
    assert f"OVERDUE: do these first ({LONGEST_LIST + 7})" in await said(caseload, "dg-1")


# That it comes.


async def test_a_schedule_starts_it_and_all_it_says_is_sealed(
    caseload: Caseload, temporal_address: str, keys: KeyStore
) -> None:
    await with_work(caseload, "dg-1")
    client = await connect_temporal({"target_host": temporal_address, "namespace": "default"}, keys)
    taking = Taking()
    async with smtp_server(taking) as address:
        of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
        async with working(client, of) as queue:
            action = ScheduleActionStartWorkflow(
                DigestWorkflow.run, args=[order()], id="service/digest", task_queue=queue
            )
            schedule = await client.create_schedule(
                f"service/digest-{uuid4()}",
                Schedule(action=action, spec=ScheduleSpec()),
                trigger_immediately=True,
            )
            try:
                started = await _started(client, queue)
                run: WorkflowHandle[DigestWorkflow, DigestResult] = client.get_workflow_handle(
                    started, result_type=DigestResult
                )
                result = await run.result()
            finally:
                await schedule.delete()
        assert started.startswith("service/digest-")
        history = await client.get_workflow_handle(started).fetch_history()
    # At night and on a day off no summary is due.
    if result.why_none not in (WhyNone.TOO_EARLY, WhyNone.TOO_LATE, WhyNone.DAY_OFF):
        assert (result.sent, result.not_sent) == (1, 0)
        [[message]] = letters(taking).values()
        assert message["Message-ID"] == f"<digest.{result.day}.dg-1@messages.invalid>"
    assert b"dg-1" not in b"".join(event.SerializeToString() for event in history.events)


async def _started(client: Client, queue: str) -> str:
    async with asyncio.timeout(30):
        while True:
            async for found in client.list_workflows(f"TaskQueue = '{queue}'"):
                return found.id
            await asyncio.sleep(0.05)


async def test_killed_between_sending_and_recording_it_repeats_the_same_message_id(
    caseload: Caseload, mornings: TimeSkipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_work(caseload, "dg-1")
    mark_sent, taking = digests.mark_sent, Taking()

    async def gone(*_: object) -> None:
        monkeypatch.setattr(digests, "mark_sent", mark_sent)
        raise ConnectionError

    monkeypatch.setattr(digests, "mark_sent", gone)
    async with smtp_server(taking) as address:
        of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
        async with working(mornings.client, of) as queue:
            result = await (await begun(mornings, queue)).result()
            assert (result.sent, result.not_sent) == (1, 0)
            [twins] = letters(taking).values()
            assert {twin["Message-ID"] for twin in twins} == {f"<digest.{result.day}.dg-1@messages.invalid>"}
            assert len(twins) == 2
        # It is recorded now, so that whoever tries again sends nothing.
        again = await asked_by_digest().run(of.send, result.day, ["dg-1"])
    assert (again, len(taking.taken)) == ({"dg-1": DigestOutcome.SENT}, 2)


async def test_a_database_that_can_only_be_read_sends_nothing(caseload: Caseload, database_url: str) -> None:
    """Else every try of the day would send it again."""
    await with_work(caseload, "dg-1")
    taking = Taking()
    only_read = f"{database_url}{'&' if '?' in database_url else '?'}default_transaction_read_only=on"
    async with smtp_server(taking) as address, await connect_pool(only_read) as pool:
        mailer = Mailer(f"smtp://{address}", SENDER)
        of = Digests(pool, caseload.keys, load_policies(), Wording.load(), mailer)
        with pytest.raises(ApplicationError, match="ReadOnlySQLTransactionError"):
            await asked_by_digest().run(of.send, DAY, ["dg-1"])
    assert taking.taken == []


async def test_a_mail_server_that_is_down_for_an_hour_gets_it_when_it_is_back(
    caseload: Caseload, mornings: TimeSkipping
) -> None:
    for staff_id in ("dg-1", "dg-2"):
        await with_work(caseload, staff_id)
    taking = Taking()
    async with smtp_server(taking) as address:
        host, _, port = address.partition(":")
    of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
    async with working(mornings.client, of) as queue:
        handle = await begun(mornings, queue)
        await mornings.sleep(timedelta(hours=1))
        day = (await mornings.get_current_time()).astimezone(LONDON).date()
        assert not await digests.sent(caseload.pool, "dg-1", day)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(taking, hostname="localhost", loop=loop), host, int(port)
        )
        try:
            result = await handle.result()
        finally:
            server.close()
    assert (result.sent, result.not_sent) == (2, 0)
    assert sorted(letters(taking)) == ["dg-1@example.org", "dg-2@example.org"]
    lasted = await handle.describe()
    assert lasted.close_time is not None
    assert lasted.close_time - lasted.start_time < timedelta(hours=1, minutes=15)
    # A day without a mail server adds nothing to it.
    assert len((await handle.fetch_history()).events) < 30


@dataclass
class Choosy(Taking):
    """A server with an answer for single addresses.

    Attributes:
        answers: what it says to one; others are taken.
        asked: every address for which it was asked.
    """

    answers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        if address in self.answers:
            return self.answers[address]
        return await super().handle_RCPT(server, session, envelope, address, options)


async def test_one_who_cannot_be_sent_to_keeps_nobody_from_theirs(
    caseload: Caseload, mornings: TimeSkipping
) -> None:
    # More than are written to at once, so that some have to wait for others.
    readers = [f"dg-{number:02}" for number in range(25)]
    for staff_id in readers:
        await with_work(caseload, staff_id)
    full, wrong = "dg-00@example.org", "dg-10@example.org"
    taking = Choosy(answers={full: "452 4.2.2 Mailbox full", wrong: "550 5.1.1 No such mailbox"})
    async with smtp_server(taking) as address:
        of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
        async with working(mornings.client, of) as queue:
            handle = await begun(mornings, queue)
            result = await handle.result()
    assert (result.sent, result.refused, result.not_sent) == (23, 1, 1)
    assert set(letters(taking)) == {f"{each}@example.org" for each in readers} - {full, wrong}
    # Tried until the evening, the other one of the same lane only once.
    assert taking.asked.count(full) > 50
    assert {taking.asked.count(each) for each in taking.asked if each != full} == {1}
    closed = (await handle.describe()).close_time
    assert closed is not None
    assert time(17, 45) < closed.astimezone(LONDON).time() < time(18, 1)


async def test_whatever_is_wrong_with_one_keeps_nobody_from_theirs(
    caseload: Caseload, mornings: TimeSkipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [f"dg-{number:02}" for number in range(11)]
    for staff_id in readers:
        await with_work(caseload, staff_id)
    summary, taking = Digests.summary, Taking()

    async def faulty(of: Digests, reader: Staff, day: date, at: datetime) -> dict[str, object] | None:
        if reader.id == "dg-00":
            raise KeyError("a fault of ours")
        return await summary(of, reader, day, at)

    monkeypatch.setattr(Digests, "summary", faulty)
    async with smtp_server(taking) as address:
        of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
        async with working(mornings.client, of) as queue:
            result = await (await begun(mornings, queue)).result()
    assert (result.sent, result.not_sent) == (10, 1)
    assert "dg-10@example.org" in letters(taking)


async def test_on_a_bank_holiday_there_is_none(caseload: Caseload, mornings: TimeSkipping) -> None:
    await with_work(caseload, "dg-1")
    taking = Taking()
    async with smtp_server(taking) as address:
        of = activities(caseload, Mailer(f"smtp://{address}", SENDER))
        day = (await mornings.get_current_time()).astimezone(LONDON).date() + timedelta(days=1)
        while day.weekday() > 4 or is_working_day(day):
            day += timedelta(days=1)
        async with working(mornings.client, of) as queue:
            handle = await begun(mornings, queue, datetime.combine(day, time(8, 30), LONDON))
            result = await handle.result()
    assert result == DigestResult(day=day, why_none=WhyNone.DAY_OFF)
    assert taking.taken == []


async def test_where_every_area_of_somebody_is_closed_they_get_none(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    await caseload.member("dg-2", Role.CASEWORKER, HERE, Area.SURREY)
    shipped = load_policies().base
    closed = shipped.model_copy(update={"closures": (DAY,)})
    mailer = Mailer("smtp://127.0.0.1:1", SENDER)
    one = activities(caseload, mailer, Policies(base=shipped, areas={HERE: closed}))
    assert (await asked_by_digest().run(one.readers, DAY)).staff == ("dg-2",)
    everywhere = activities(caseload, mailer, Policies(base=closed, areas={}))
    assert (await asked_by_digest().run(everywhere.readers, DAY)).why_none is WhyNone.DAY_OFF


async def test_without_a_mail_server_it_says_so(caseload: Caseload, mornings: TimeSkipping) -> None:
    await with_work(caseload, "dg-1")
    async with working(mornings.client, activities(caseload)) as queue:
        result = await (await begun(mornings, queue)).result()
    assert result == DigestResult(day=result.day, why_none=WhyNone.NO_MAIL_SERVER)


async def test_in_the_evening_it_is_too_late(caseload: Caseload, mornings: TimeSkipping) -> None:
    await with_work(caseload, "dg-1")
    now = (await mornings.get_current_time()).astimezone(LONDON)
    evening = datetime.combine(shift_working_days(now.date(), 1), time(18), LONDON)
    async with working(mornings.client, activities(caseload)) as queue:
        result = await (await begun(mornings, queue, evening)).result()
    assert result == DigestResult(day=evening.date(), why_none=WhyNone.TOO_LATE)


async def test_five_hundred_readers_make_a_short_history(caseload: Caseload, mornings: TimeSkipping) -> None:
    for number in range(500):
        await caseload.member(f"dg-{number}")
    async with working(mornings.client, activities(caseload, Mailer("smtp://127.0.0.1:1", SENDER))) as queue:
        handle = await begun(mornings, queue)
        result = await handle.result()
    assert (result.nothing_to_say, result.not_sent) == (500, 0)
    assert len((await handle.fetch_history()).events) < 80


async def test_what_a_stranger_starts_sends_nothing(caseload: Caseload, mornings: TimeSkipping) -> None:
    """It needs no argument that could be refused, so that it was once as good as this service's own."""
    await with_work(caseload, "dg-1")
    taking = Taking()
    async with (
        smtp_server(taking) as address,
        working(mornings.client, activities(caseload, Mailer(f"smtp://{address}", SENDER))) as queue,
    ):
        started = await mornings.client.start_workflow(
            "DigestWorkflow", id=f"service/digest-{uuid4()}", task_queue=queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await started.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "NotOrdered"
    assert taking.taken == []
