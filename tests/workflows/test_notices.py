"""Messages on their way: real mail, the double of GOV.UK Notify, and nights that pass in a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import pytest_asyncio
from aiosmtpd.smtp import Envelope
from icalendar import Calendar

from lifecycle.timing.working_time import shift_working_days
from messages.email import Mailer
from messages.govuk_notify import Notify
from messages.outward import Outward
from messages.wording import Wording
from policies.files import load_policies
from runtime.sealing.plugin import referral_plugin
from runtime.workers import worker
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.commands import Command, OpenReferral
from schemas.events import DeadlineReached, EscalationCleared, EscalationRaised, NoticeSettled, Recorded
from schemas.notices import Category, Outcome
from schemas.people import ContactSafety, Role, Staff
from schemas.policy import Rung
from schemas.referral import Task
from schemas.vocabulary import Channel, TaskResult
from stores import notices as store
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.life import form, until_conference, until_preparation
from tests.messages.notify_double import NotifyDouble, Taken, notify_double
from tests.messages.smtp_servers import Taking, smtp_server
from tests.register import enter
from tests.replay.replaying import replay, replay_altered
from tests.time_skipping import time_skipping
from tests.workflows.conftest import Years
from workflows.ids import notice_workflow_id

HERE = (Area.NORFOLK,)
STAFF = tuple(
    Staff(id=who, role=role, areas=HERE, email=f"{who}@example.org")
    for who, role in {
        "cw-post": Role.CASEWORKER,
        "su-post": Role.SUPERVISOR,
        "su-post-2": Role.SUPERVISOR,
        "sm-post": Role.SERVICE_MANAGER,
        "pa-post": Role.PARTNER,
    }.items()
)
REACHED = {
    "name": "Ada Invented",
    "phone": "07700 900123",
    "email": "ada@example.org",
    "address": "1 Nowhere Street, Nowhere, SW1A 1AA",
}
ALWAYS = {"safe_from": "00:00", "safe_until": "23:59"}


class PostYears(Years):
    """An engine whose time is moved by hand, with a mail server that can be switched off."""

    taking: Taking
    notify: NotifyDouble

    def letters(self, to: str, reference: str) -> list[EmailMessage]:
        """The e-mails to somebody about a referral."""
        found = [self._read(each) for each in self.taking.taken]
        short = reference.removeprefix("RJ-").lower()
        return [
            each for each in found if each["To"] == to and str(each["Message-ID"]).startswith(f"<{short}.")
        ]

    @staticmethod
    def _read(envelope: Envelope) -> EmailMessage:
        assert isinstance(envelope.original_content, bytes)
        return message_from_bytes(envelope.original_content, policy=default)


@pytest_asyncio.fixture(scope="module")
async def post(pool: Pool, keys: KeyStore) -> AsyncIterator[PostYears]:
    await enter(pool, keys, *STAFF)
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(time_skipping(referral_plugin(keys)))
        await env.add_search_attributes()
        taking = Taking()
        address = await stack.enter_async_context(smtp_server(taking))
        notify = await stack.enter_async_context(notify_double())
        outward = Outward(
            Wording.load(),
            Mailer(f"smtp://{address}", "service@example.org"),
            Notify(notify.api_key, notify.text_template, notify.letter_template, notify.url),
        )
        await stack.enter_async_context(worker(env.client, pool, keys, load_policies(), outward))
        engine = PostYears(env, pool, keys)
        engine.taking, engine.notify = taking, notify
        yield engine
        histories = [await handle.fetch_history() for handle in engine.handles]
        for handle in engine.handles:
            reference = handle.id.removeprefix("referral/")
            for row in await pool.fetch("SELECT id FROM notice WHERE reference = $1 AND outward", reference):
                child = env.client.get_workflow_handle(notice_workflow_id(reference, row["id"]))
                histories.append(await child.fetch_history())
        assert await replay(histories, keys) == len(histories)
        await replay_altered(histories, keys)


def sent(safety: dict[str, object] | None = None) -> OpenReferral:
    """A referral in which the person harmed can be reached, if at all, as their safety says."""
    known = ContactSafety.model_validate(safety or {}).model_dump()
    people = [
        {"id": "h1", "role": "harmed", "person": REACHED, "contact_safety": known},
        {"id": "r1", "role": "responsible"},
    ]
    return form(area="norfolk", participants=people)


async def preparing(post: PostYears, safety: dict[str, object]) -> Years.Handle:
    """A referral in preparation. Its supervisors are asked for nothing on the way."""
    referral = await post.open(sent(safety), "cw-post")
    await referral.take_all(by_one((await post.now()).date()))
    return referral


def by_one(on: date) -> list[tuple[str, Command]]:
    """Until preparation, all by one caseworker."""
    steps = [step for _, step in until_preparation(on)]
    return [
        ("cw-post", c.Allocate(caseworker="cw-post") if isinstance(step, c.Allocate) else step)
        for step in steps
    ]


def booking(starts_at: datetime) -> c.BookPreparationMeeting:
    return c.BookPreparationMeeting(participant="h1", starts_at=starts_at)


async def log(referral: Years.Handle) -> list[Recorded]:
    return await event_log.read(referral.years.pool, referral.reference)


async def settled(
    referral: Years.Handle, template: str, count: int = 1
) -> list[tuple[datetime, NoticeSettled]]:
    """The outcomes of the messages of a template, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            found = [
                (each.at, each.event)
                for each in await log(referral)
                if isinstance(each.event, NoticeSettled) and each.event.template == template
            ]
            if len(found) >= count:
                return found
            # Lets the server's clock go on, for a try may wait for its turn.
            await referral.years.env.sleep(timedelta(seconds=5))


async def a_day_at(post: PostYears, hour: int) -> None:
    """Pass on to that hour in London, on a working day that is followed by one."""
    day = shift_working_days((await post.now()).astimezone(LONDON).date(), 1)
    while day.weekday() > 2:
        day = shift_working_days(day, 1)
    await post.pass_until(datetime.combine(day, time(hour), LONDON).astimezone(UTC))


async def test_escalations_arrive_in_order_and_doing_the_work_clears_them(post: PostYears) -> None:
    await a_day_at(post, 9)
    referral = await post.open(sent(), "cw-post")
    await referral.take_all(
        [("cw-post", c.RecordDuplicateCheck()), ("cw-post", c.Allocate(caseworker="cw-post"))]
    )
    await post.env.sleep(timedelta(days=14))
    await settled(referral, "escalation", 3)
    happened = [
        (each.event.deadline, each.event.point)
        for each in await log(referral)
        if isinstance(each.event, DeadlineReached | EscalationRaised)
    ]
    of_contact = [point for key, point in happened if key == "first_contact"]
    assert of_contact == ["warn-1", "due", "escalate-1", "escalate-1", "escalate-2", "escalate-2"]
    for supervisor in ("su-post", "su-post-2"):
        [letter] = post.letters(f"{supervisor}@example.org", referral.reference)
        assert letter["Subject"] == f"A deadline was missed: {referral.reference.removeprefix('RJ-')}"
        assert referral.reference in letter.get_content()
    [letter] = post.letters("sm-post@example.org", referral.reference)
    assert not post.letters("cw-post@example.org", referral.reference), "reminders wait for the morning"
    overview = await referral.overview()
    assert [each.point for each in overview.referral.escalations] == ["escalate-1", "escalate-2"]
    await referral.take(
        c.RecordContactAttempt.model_validate(
            {"participant": "h1", "channel": "phone", "outcome": "reached"}
        ),
        "cw-post",
    )
    cleared = [each.event.point for each in await log(referral) if isinstance(each.event, EscalationCleared)]
    assert cleared == ["escalate-1", "escalate-2"]
    assert (await referral.overview()).referral.escalations == ()
    reminders = await store.inbox(post.pool, "cw-post", unread=False, limit=500)
    mine = [each for each in reminders if each.reference == referral.reference]
    assert {(each.notice.template, each.notice.about.point) for each in mine} >= {
        ("reminder", "warn-1"),
        ("reminder", "due"),
    }


async def test_a_message_waits_for_safe_hours(post: PostYears) -> None:
    referral = await preparing(
        post, {"safe_channels": ["email"], "safe_from": "10:00", "safe_until": "10:30"}
    )
    await a_day_at(post, 20)
    evening = await post.now()
    await referral.take(booking(evening + timedelta(days=9)), "cw-post")
    await post.env.sleep(timedelta(hours=10))
    assert post.letters(REACHED["email"], referral.reference) == []
    await post.env.sleep(timedelta(hours=6))
    [(at, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.channel) == (Outcome.DELIVERED, Channel.EMAIL)
    assert time(10) <= at.astimezone(LONDON).time() < time(10, 30)
    [letter] = post.letters(REACHED["email"], referral.reference)
    assert "estorative" not in str(letter)
    assert "Ada" not in str(letter)
    assert referral.reference not in letter["Subject"] + letter.get_content()


async def test_a_safe_channel_that_became_unsafe_meanwhile_is_not_used(post: PostYears) -> None:
    await a_day_at(post, 20)
    referral = await preparing(
        post, {"safe_channels": ["email"], "safe_from": "10:00", "safe_until": "11:00"}
    )
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    unsafe = {"participant": "h1", "contact_safety": {"safe_channels": ["phone"]}}
    await referral.take(c.RecordContactSafety.model_validate(unsafe), "cw-post")
    [(_, outcome)] = await settled(referral, "appointment")
    assert outcome.outcome is Outcome.NO_SAFE_CHANNEL
    assert post.letters(REACHED["email"], referral.reference) == []
    tasks = [
        each.notice
        for each in await store.inbox(post.pool, "cw-post", limit=500)
        if each.reference == referral.reference and each.notice.category is Category.TASK
    ]
    assert [(each.template, each.about.participant, each.about.wanted) for each in tasks] == [
        ("task", "h1", "appointment")
    ]
    [task] = await untold(referral)
    activity = (await referral.overview()).referral.activity("a1")
    assert activity is not None
    meeting_at = activity.part("h1").meeting_at
    assert (task.appointment, task.starts_at, task.cancelled) == ("preparation/h1", meeting_at, False)
    key = f"task/{task.id}"
    reached: set[Rung] = set()
    # How many working days that takes depends on the day on which the tests run, and on what was said before.
    for _ in range(14):
        await post.env.sleep(timedelta(days=1))
        standing = (await referral.overview()).referral.escalations
        reached |= {each.rung for each in standing if each.deadline == key}
    assert reached == {Rung.SUPERVISOR, Rung.SERVICE_MANAGER}
    await referral.take(c.CompleteTask(task=task.id, result=TaskResult.PASSED_ON), "cw-post")
    done = await referral.overview()
    assert done.referral.tasks == ()
    assert key not in {each.deadline for each in done.referral.escalations}


async def untold(referral: PostYears.Handle) -> tuple[Task, ...]:
    """What waits to be told, once the referral's own workflow knows of it."""
    async with asyncio.timeout(20):
        while True:
            tasks = (await referral.overview()).referral.tasks
            if tasks:
                return tasks
            await asyncio.sleep(0.05)


async def test_safeguarding_holds_a_message_back_and_lifting_lets_it_go(post: PostYears) -> None:
    await a_day_at(post, 20)
    referral = await preparing(
        post, {"safe_channels": ["email"], "safe_from": "10:00", "safe_until": "18:00"}
    )
    await referral.take(booking(await post.now() + timedelta(days=20)), "cw-post")
    await referral.take(c.RaiseSafeguarding(note="invented"), "cw-post")
    [(_, alert), _] = await settled(referral, "safeguarding", 2)
    assert alert.outcome is Outcome.DELIVERED
    await post.env.sleep(timedelta(days=5))
    assert post.letters(REACHED["email"], referral.reference) == []
    await a_day_at(post, 12)
    await referral.take(c.LiftSafeguarding(note="invented"), "su-post")
    [(at, outcome)] = await settled(referral, "appointment")
    assert outcome.outcome is Outcome.DELIVERED
    assert await post.now() - at < timedelta(minutes=30), "it was told, and did not wait for its next look"


async def test_when_a_text_fails_the_next_safe_channel_takes_over(post: PostYears) -> None:
    referral = await preparing(post, {"safe_channels": ["text", "email"], **ALWAYS})
    await a_day_at(post, 12)
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    [text] = await taken(post, referral.reference)
    assert "estorative" not in text.body
    assert "RJ" not in text.body
    post.notify.set_state(text.id, "permanent-failure")
    [(_, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.channel) == (Outcome.DELIVERED, Channel.EMAIL)


async def taken(post: PostYears, reference: str) -> list[Taken]:
    async with asyncio.timeout(20):
        while not (
            found := [
                t for t in post.notify.taken if (t.reference or "").startswith(reference.removeprefix("RJ-"))
            ]
        ):
            await post.env.sleep(timedelta(seconds=2))
    return list(found)


async def test_a_text_is_delivered_when_notify_says_so(post: PostYears) -> None:
    referral = await preparing(post, {"safe_channels": ["text"], **ALWAYS})
    await a_day_at(post, 12)
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    [text] = await taken(post, referral.reference)
    await post.env.sleep(timedelta(hours=1))
    assert await store.pending(post.pool, referral.reference), (
        "Notify has it, and has yet to say what became of it"
    )
    post.notify.set_state(text.id, "delivered")
    [(_, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.channel) == (Outcome.DELIVERED, Channel.TEXT)


@pytest.mark.parametrize("trouble", ["429", "500", "nothing"])
async def test_whatever_notify_answers_one_text_arrives(post: PostYears, trouble: str) -> None:
    referral = await preparing(post, {"safe_channels": ["text"], **ALWAYS})
    await a_day_at(post, 12)
    match trouble:
        case "429":
            post.notify.fail_with(429, "RateLimitError", times=3)
        case "500":
            post.notify.fail_with(500, times=5)
        case _:
            post.notify.take_but_hang_up()
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    [text] = await taken(post, referral.reference)
    post.notify.set_state(text.id, "delivered")
    [(_, outcome)] = await settled(referral, "appointment")
    assert outcome.outcome is Outcome.DELIVERED
    assert len(await taken(post, referral.reference)) == 1


async def test_a_letter_goes_to_who_was_rung_before(post: PostYears) -> None:
    referral = await preparing(post, {"safe_channels": ["letter"], **ALWAYS})
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    [letter] = await taken(post, referral.reference)
    assert letter.to.startswith("Ada Invented\n1 Nowhere Street")
    post.notify.set_state(letter.id, "received")
    # Asked for the first time before it was set, Notify is asked again six hours later.
    await post.env.sleep(timedelta(hours=7))
    [(_, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.channel) == (Outcome.DELIVERED, Channel.LETTER)


async def test_mail_that_is_down_for_a_day_arrives_when_it_is_back(post: PostYears) -> None:
    referral = await preparing(post, {"safe_channels": ["email"], **ALWAYS})
    post.taking.mail = "421 4.3.2 Down"
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    await post.env.sleep(timedelta(days=1))
    assert post.letters(REACHED["email"], referral.reference) == []
    post.taking.mail = None
    await post.env.sleep(timedelta(minutes=20))
    [(_, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.perhaps_before) == (Outcome.DELIVERED, False)
    assert len(post.letters(REACHED["email"], referral.reference)) == 1


async def test_an_answer_that_got_lost_is_told(post: PostYears) -> None:
    """The mail server took it and the line broke: it is sent again under the same Message-ID, and it is said."""
    referral = await preparing(post, {"safe_channels": ["email"], **ALWAYS})
    await settle_everything(post, referral)
    post.taking.drops = True
    await referral.take(booking(await post.now() + timedelta(days=9)), "cw-post")
    async with asyncio.timeout(20):
        while not post.letters(REACHED["email"], referral.reference):
            await post.env.sleep(timedelta(seconds=1))
    post.taking.drops = False
    await post.env.sleep(timedelta(minutes=20))
    [(_, outcome)] = await settled(referral, "appointment")
    assert (outcome.outcome, outcome.perhaps_before) == (Outcome.DELIVERED, True)
    twins = post.letters(REACHED["email"], referral.reference)
    assert len(twins) >= 2
    assert len({each["Message-ID"] for each in twins}) == 1


async def settle_everything(post: PostYears, referral: Years.Handle) -> None:
    async with asyncio.timeout(20):
        while await store.pending(post.pool, referral.reference):
            await post.env.sleep(timedelta(seconds=5))


async def test_a_meeting_comes_as_an_invitation_is_moved_and_cancelled(post: PostYears) -> None:
    referral = await preparing(post, {})
    first = (await post.now() + timedelta(days=9)).replace(minute=0, second=0, microsecond=0)
    second = first + timedelta(days=1)
    await referral.take(booking(first), "cw-post")
    await settled(referral, "invitation")
    await referral.take(booking(second), "cw-post")
    await settled(referral, "invitation", 2)
    await referral.take(c.CancelPreparationMeeting(participant="h1"), "cw-post")
    await settled(referral, "invitation_cancelled")
    letters = post.letters("cw-post@example.org", referral.reference)
    calendars = [
        Calendar.from_ical(part.get_content())
        for letter in letters
        for part in letter.walk()
        if part.get_content_type() == "text/calendar"
    ]
    events = [calendar.walk("VEVENT")[0] for calendar in calendars]
    assert [str(each["METHOD"]) for each in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [each.decoded("DTSTART") for each in events] == [first, second, second]
    assert len({str(each["UID"]) for each in events}) == 1
    numbers = [each.decoded("SEQUENCE") for each in events]
    assert numbers == sorted(set(numbers))
    for letter in letters:
        assert "RJ-" not in letter["Subject"]
        assert "Ada" not in str(letter)


async def test_a_conference_comes_to_those_who_run_it(post: PostYears) -> None:
    for who in ("fa-post", "fa-post-2"):
        await enter(
            post.pool,
            post.keys,
            Staff(
                id=who,
                role=Role.FACILITATOR,
                areas=HERE,
                email=f"{who}@example.org",
                advanced_practitioner=True,
            ),
        )
    referral = await preparing(post, {})
    start = await post.now() + timedelta(days=2)
    people = {"fa-1": "fa-post", "fa-2": "fa-post-2", "cw-1": "cw-post", "su-1": "su-post"}
    for who, command in until_conference(await post.now()):
        step = command
        if isinstance(command, c.AssignFacilitators):
            step = command.model_copy(update={"facilitator": "fa-post", "co_facilitator": "fa-post-2"})
        if isinstance(command, c.BookActivity):
            step = command.model_copy(update={"starts_at": start})
        await referral.take(step, people[who])
    await settled(referral, "invitation", 3)
    assert len(post.letters("fa-post-2@example.org", referral.reference)) == 1
