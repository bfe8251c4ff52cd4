"""One try at a message, broken off at every place where a worker may die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

import activities.steps
from activities.notices import Carried, Notices
from activities.steps import Steps
from lifecycle.notifying.sending import GIVE_UP_AFTER, Tried
from lifecycle.outcome import decide_request
from messages.channels import ChannelRefused
from messages.email import Mailer
from messages.govuk_notify import Notify
from messages.outward import Outward
from messages.wording import Wording
from policies.files import load_policies
from schemas.commands import Close, OpenReferral, RaiseSafeguarding, RecordContactSafety
from schemas.events import Event, NoticeSettled, ReferralReceived
from schemas.notices import Notice, Outcome
from schemas.people import Actor, Role
from schemas.reading.reference import reference_from
from schemas.steps import Request
from schemas.vocabulary import Channel, ClosureReason
from stores import notices as store
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.asked import asked_by_notice
from tests.life import form
from tests.messages.notify_double import NotifyDouble, notify_double
from tests.messages.smtp_servers import Taking, smtp_server

REACHED = {"phone": "07700 900123", "email": "ada@example.org", "address": "1 Nowhere Street, SW1A 1AA"}


@dataclass
class Post:
    """A service with one referral, and an acknowledgement to the person harmed who sent it."""

    pool: Pool
    keys: KeyStore
    steps: Steps
    taking: Taking
    notify: NotifyDouble
    outward: Outward

    async def message(self, *channels: str, person: dict[str, str] | None = None) -> tuple[str, Notice]:
        safety = {"safe_channels": channels, "safe_from": "00:00", "safe_until": "23:59"}
        people = [
            {"id": "h1", "role": "harmed", "person": person or REACHED, "contact_safety": safety},
            {"id": "r1", "role": "responsible"},
        ]
        sent = form(source="self", initiator="harmed_person", participants=people)
        reference = reference_from(uuid4().int)
        await self.keys.create(reference)
        actor = Actor.model_validate({"id": "cw-1", "role": Role.CASEWORKER, "area": "durham"})
        request = Request(command_id=uuid4(), actor=actor, command=sent)
        taken = await self.steps.take_step(reference, None, request, datetime.now(UTC))
        [notice] = taken.notices
        assert notice.template == "acknowledgement"
        return reference, notice

    async def carry(
        self, reference: str, notice: Notice, after: timedelta = timedelta(), attempt: int = 1
    ) -> Carried:
        """One try, so long after now by Temporal's clock."""
        env = asked_by_notice(reference, notice.id)
        env.info = replace(env.info, started_time=datetime.now(UTC) + after, attempt=attempt)
        notices = Notices(self.pool, self.keys, self.steps, self.outward)
        return await env.run(notices.carry, reference, notice)

    def letters(self, notice: Notice, reference: str) -> list[EmailMessage]:
        found = [
            message_from_bytes(each.original_content, policy=default)
            for each in self.taking.taken
            if isinstance(each.original_content, bytes)
        ]
        short = reference.removeprefix("RJ-").lower()
        return [each for each in found if each["Message-ID"] == f"<{short}.{notice.id}@messages.invalid>"]

    def texts(self, reference: str) -> list[str]:
        return [
            each.body
            for each in self.notify.taken
            if (each.reference or "").startswith(reference.removeprefix("RJ-"))
        ]

    async def outcomes(self, reference: str) -> list[NoticeSettled]:
        history = await event_log.read(self.pool, reference)
        return [each.event for each in history if isinstance(each.event, NoticeSettled)]


@pytest_asyncio.fixture
async def post(pool: Pool, keys: KeyStore) -> AsyncIterator[Post]:
    taking = Taking()
    async with smtp_server(taking) as address, notify_double() as notify:
        outward = Outward(
            Wording.load(),
            Mailer(f"smtp://{address}", "service@example.org"),
            Notify(notify.api_key, notify.text_template, notify.letter_template, notify.url),
        )
        yield Post(pool, keys, Steps(pool, keys, load_policies()), taking, notify, outward)


@pytest.fixture
def dies_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tried], None]:
    """The worker dies just before it says how far the message has come; the next one lives."""

    def arm(state: Tried) -> None:
        name = "begin" if state is Tried.BEGUN else "mark"
        real = getattr(store, name)
        armed = [True]

        async def dies(*args: object, **more: object) -> object:
            if armed and (name == "begin" or args[4] is state):
                armed.clear()
                raise asyncio.CancelledError
            return await real(*args, **more)

        monkeypatch.setattr(store, name, dies)

    return arm


async def broken_off(try_: Awaitable[Carried]) -> None:
    with pytest.raises(asyncio.CancelledError):
        await try_


async def test_carried_once_however_often_it_is_asked(post: Post) -> None:
    reference, notice = await post.message("email")
    for _ in range(3):
        assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    assert len(post.letters(notice, reference)) == 1
    [outcome] = await post.outcomes(reference)
    assert (outcome.channel, outcome.perhaps_before) == (Channel.EMAIL, False)


async def test_killed_before_an_email_is_said_to_be_sent(
    post: Post, dies_at: Callable[[Tried], None]
) -> None:
    reference, notice = await post.message("email")
    dies_at(Tried.SENT)
    await broken_off(post.carry(reference, notice))
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    twins = post.letters(notice, reference)
    assert len(twins) == 2, "both bear the same Message-ID, so that a twin can be told and dropped"
    [outcome] = await post.outcomes(reference)
    assert outcome.perhaps_before


async def test_killed_before_an_outcome_is_recorded(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, notice = await post.message("email")
    real = post.steps.take_step

    async def dies(*args: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(post.steps, "take_step", dies)
    await broken_off(post.carry(reference, notice))
    monkeypatch.setattr(post.steps, "take_step", real)
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    assert len(post.letters(notice, reference)) == 1
    [outcome] = await post.outcomes(reference)
    assert not outcome.perhaps_before


async def test_killed_before_a_text_is_said_to_be_taken(post: Post, dies_at: Callable[[Tried], None]) -> None:
    reference, notice = await post.message("text")
    dies_at(Tried.UNDERWAY)
    await broken_off(post.carry(reference, notice))
    carried = await post.carry(reference, notice)
    assert carried.outcome is None
    assert len(post.texts(reference)) == 1, "Notify was asked by reference first"
    post.notify.set_state(post.notify.taken[-1].id, "delivered")
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    assert len(post.texts(reference)) == 1


async def test_killed_before_anything_was_sent(post: Post, dies_at: Callable[[Tried], None]) -> None:
    reference, notice = await post.message("text")
    dies_at(Tried.BEGUN)
    await broken_off(post.carry(reference, notice))
    assert post.texts(reference) == []
    await post.carry(reference, notice)
    assert len(post.texts(reference)) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(429, "RateLimitError"), (500, "Exception"), (403, "AuthError")]
)
async def test_a_channel_that_is_away_is_tried_again_and_nothing_is_lost(
    post: Post, status: int, error: str
) -> None:
    reference, notice = await post.message("text", "email")
    post.notify.fail_with(status, error)
    with pytest.raises(ApplicationError) as away:
        await post.carry(reference, notice)
    assert away.value.type == "ChannelAway"
    assert not away.value.non_retryable
    assert REACHED["phone"] not in str(away.value)
    if status == 429:
        assert away.value.next_retry_delay == timedelta(seconds=60)
    assert post.letters(notice, reference) == [], (
        "the next channel's turn comes when this one has failed for good"
    )
    await post.carry(reference, notice)
    assert len(post.texts(reference)) == 1


async def test_a_channel_that_is_away_for_days_is_given_up_for_the_next(post: Post) -> None:
    reference, notice = await post.message("text", "email")
    post.notify.fail_with(500)
    with pytest.raises(ApplicationError):
        await post.carry(reference, notice)
    carried = await post.carry(reference, notice, after=GIVE_UP_AFTER + timedelta(minutes=1), attempt=2)
    assert carried.outcome is Outcome.DELIVERED
    assert len(post.letters(notice, reference)) == 1
    assert post.texts(reference) == []


async def test_what_may_have_left_before_its_channel_was_given_up_is_told(
    post: Post, dies_at: Callable[[Tried], None]
) -> None:
    """The mail server took it and nobody heard; it was away for days; nobody may be written to any other way."""
    reference, notice = await post.message("email")
    dies_at(Tried.SENT)
    await broken_off(post.carry(reference, notice))
    given_up = await post.carry(reference, notice, after=GIVE_UP_AFTER + timedelta(minutes=1), attempt=2)
    assert given_up.outcome is Outcome.REFUSED
    [outcome] = await post.outcomes(reference)
    assert outcome.perhaps_before


async def test_a_channel_is_tried_once_more_after_a_long_wait(post: Post) -> None:
    """A hold of a week, or a night outside safe hours, is no failure of the channel."""
    reference, notice = await post.message("text", "email")
    post.notify.fail_with(500)
    with pytest.raises(ApplicationError):
        await post.carry(reference, notice)
    await post.carry(reference, notice, after=timedelta(days=7))
    assert len(post.texts(reference)) == 1
    assert post.letters(notice, reference) == []


async def test_what_may_have_left_before_it_was_not_wanted_is_told(
    post: Post, dies_at: Callable[[Tried], None]
) -> None:
    reference, notice = await post.message("email")
    dies_at(Tried.SENT)
    await broken_off(post.carry(reference, notice))
    actor = Actor.model_validate({"id": "cw-1", "role": Role.CASEWORKER, "area": "durham"})
    close = Request(command_id=uuid4(), actor=actor, command=Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    await post.steps.take_step(reference, None, close, datetime.now(UTC))
    assert (await post.carry(reference, notice)).outcome is Outcome.NOT_WANTED
    [outcome] = await post.outcomes(reference)
    assert outcome.perhaps_before


async def test_a_text_of_which_nothing_more_is_heard_gives_way_to_the_next_channel(post: Post) -> None:
    reference, notice = await post.message("text", "email")
    waiting = await post.carry(reference, notice)
    assert waiting.until is not None
    assert (await post.carry(reference, notice, after=timedelta(hours=1))).outcome is None
    assert (await post.carry(reference, notice, after=timedelta(days=4))).outcome is Outcome.DELIVERED
    assert len(post.letters(notice, reference)) == 1


async def test_an_address_that_every_channel_refuses_ends_as_a_task(post: Post) -> None:
    reference, notice = await post.message("email")
    post.taking.rcpt = "550 5.1.1 Nobody here"
    assert (await post.carry(reference, notice)).outcome is Outcome.REFUSED
    [outcome] = await post.outcomes(reference)
    assert outcome.outcome is Outcome.REFUSED


async def test_a_text_that_may_have_left_is_asked_for_before_anything_else_goes(
    post: Post, dies_at: Callable[[Tried], None]
) -> None:
    """Made unsafe meanwhile, or Notify switched off: no second way before it is known what became of the first."""
    reference, notice = await post.message("text", "email")
    dies_at(Tried.UNDERWAY)
    await broken_off(post.carry(reference, notice))
    notify, post.outward = post.outward.notify, replace(post.outward, notify=None)
    waiting = await post.carry(reference, notice)
    assert waiting.until is not None
    post.outward = replace(post.outward, notify=notify)
    actor = Actor.model_validate({"id": "cw-1", "role": Role.CASEWORKER, "area": "durham"})
    unsafe = RecordContactSafety.model_validate(
        {
            "participant": "h1",
            "contact_safety": {"safe_channels": ["email"], "safe_from": "00:00", "safe_until": "23:59"},
        }
    )
    request = Request(command_id=uuid4(), actor=actor, command=unsafe)
    await post.steps.take_step(reference, None, request, datetime.now(UTC))
    post.notify.set_state(post.notify.taken[-1].id, "delivered")
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    assert post.letters(notice, reference) == []
    assert len(post.texts(reference)) == 1


async def test_a_concern_that_is_raised_while_a_channel_refuses_stops_the_next_one(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, notice = await post.message("text", "email")
    actor = Actor.model_validate({"id": "cw-1", "role": Role.CASEWORKER, "area": "durham"})
    concern = Request(command_id=uuid4(), actor=actor, command=RaiseSafeguarding(note="invented"))
    assert post.outward.notify is not None

    async def refuses(*args: object, **more: object) -> None:
        await post.steps.take_step(reference, None, concern, datetime.now(UTC))
        raise ChannelRefused("No such number.")

    monkeypatch.setattr(post.outward.notify, "send_text", refuses)
    assert (await post.carry(reference, notice)).outcome is None
    assert post.letters(notice, reference) == []


async def test_what_changes_between_looking_and_sending_is_looked_at_anew(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, notice = await post.message("email")
    actor = Actor.model_validate({"id": "cw-1", "role": Role.CASEWORKER, "area": "durham"})
    concern = Request(command_id=uuid4(), actor=actor, command=RaiseSafeguarding(note="invented"))
    real = store.begin

    async def too_late(*args: object, **more: object) -> bool:
        await post.steps.take_step(reference, None, concern, datetime.now(UTC))
        return await real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "begin", too_late)
    assert (await post.carry(reference, notice)).outcome is None
    assert post.letters(notice, reference) == []


async def test_an_uncertain_try_is_told_even_when_the_next_one_dies_too(
    post: Post, dies_at: Callable[[Tried], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, notice = await post.message("email")
    dies_at(Tried.SENT)
    await broken_off(post.carry(reference, notice))
    real = post.steps.take_step

    async def dies(*args: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(post.steps, "take_step", dies)
    await broken_off(post.carry(reference, notice))
    monkeypatch.setattr(post.steps, "take_step", real)
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
    [outcome] = await post.outcomes(reference)
    assert outcome.perhaps_before
    assert len(post.letters(notice, reference)) == 2


async def test_a_message_without_words_becomes_a_task_and_is_not_lost(post: Post) -> None:
    reference, notice = await post.message("email")
    nameless = notice.model_copy(update={"template": "no_longer_shipped"})
    assert (await post.carry(reference, nameless)).outcome is Outcome.REFUSED


async def test_with_every_channel_off_nothing_leaves(post: Post) -> None:
    reference, notice = await post.message("email", "text", "letter")
    post.outward = Outward(Wording.load())
    assert (await post.carry(reference, notice)).outcome is Outcome.NOT_SET_UP
    assert post.letters(notice, reference) == []
    assert post.texts(reference) == []


async def test_what_was_erased_is_not_wanted(post: Post) -> None:
    reference, notice = await post.message("email")
    async with post.pool.acquire() as connection, connection.transaction():
        await post.keys.destroy(connection, reference, "request", "su-1")
    assert (await post.carry(reference, notice)).outcome is Outcome.NOT_WANTED
    assert post.letters(notice, reference) == []
    assert await store.outcome(post.pool, reference, notice.id) is Outcome.NOT_WANTED


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A referral is recorded as it is sent, as it was before details were checked."""

    def as_sent(reference: str, _: object, request: Request, *__: object, **more: object) -> list[Event]:
        fields = {name: value for name, value in request.command if name != "kind"}
        return [ReferralReceived.model_validate(fields | {"reference": reference, "policy": more["policy"]})]

    monkeypatch.setattr(
        activities.steps,
        "decide_request",
        lambda *given, **more: (
            as_sent(*given, **more)
            if isinstance(given[2].command, OpenReferral)
            else decide_request(*given, **more)
        ),
    )


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("channel", "person"),
    [
        ("text", {"phone": "banana"}),
        ("text", {"phone": "01632 960123"}),
        ("email", {"email": "a@b"}),
        ("email", {"email": "ada@example.org, other@example.org"}),
    ],
)
async def test_nothing_leaves_for_a_doubtful_address_and_staff_have_a_task(
    post: Post, channel: str, person: dict[str, str]
) -> None:
    """Written to the log before it was checked."""
    reference, notice = await post.message(channel, person=person)
    key = await post.keys.get(reference)
    history = await event_log.read(post.pool, reference, key=key)
    [written] = [each.event for each in history if isinstance(each.event, ReferralReceived)]
    assert written.participants[0].person.model_dump(exclude_none=True) == person
    carried = await post.carry(reference, notice)
    assert (carried.outcome, carried.untold) == (Outcome.NO_SAFE_CHANNEL, True)
    assert post.letters(notice, reference) == []
    assert post.texts(reference) == []


@pytest.mark.usefixtures("unchecked")
async def test_what_an_older_log_holds_and_is_accepted_today_is_sent_to(post: Post) -> None:
    reference, notice = await post.message("email", person={"email": "ada@example.org"})
    assert (await post.carry(reference, notice)).outcome is Outcome.DELIVERED
