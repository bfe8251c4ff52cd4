"""What a person has to do next: by role and relation, for every reason, in order, and without anybody's data."""

from __future__ import annotations

import shlex
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.steps import Steps
from casework.session import Session, WayIn, sign_in
from casework.worklist import answers, next_steps
from casework.worklist.answers import ANSWERS, Answer, Why
from casework.worklist.items import Action, Group, ReadFirst, WorkItem, Worklist
from casework.worklist.next_steps import gates_of
from casework.worklist.worklist import worklist_at
from cli.command_lines import command_line, lines_of
from lifecycle import RULES, Refused, fold, permitted
from lifecycle.timing.working_time import working_days_between
from policies.files import load_policies
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import COMMANDS, Command
from schemas.notices import Outcome
from schemas.people import Actor, Role, Staff
from schemas.policy import DeadlineName
from schemas.steps import Request
from schemas.vocabulary import Channel, ConsentForm, Method, Purpose, Stage
from stores import register, staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.life import HARMED, PHONE, RESPONSIBLE, consent, until_conference, until_preparation
from tests.register import enter

HERE = Area.WILTSHIRE
CANARY = "Canary-Who-Sings"
CASEWORKER, SECOND = "wl-1", "wl-2"
FACILITATOR, CO_FACILITATOR = "wl-fa", "wl-fb"
SUPERVISOR, OTHER_SUPERVISOR, MANAGER = "wl-su", "wl-sv", "wl-sm"
HOUR = timedelta(hours=1)
SYSTEM = Actor(id="system", role=Role.SYSTEM, area=HERE)
LONG = datetime(2100, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """An area of these tests' own, with everybody there and nothing open in it."""
    recorded = Book(pool, keys, HERE, "wl")
    await recorded.hire()
    manager = Staff(id=MANAGER, role=Role.SERVICE_MANAGER, areas=(HERE,))
    await enter(pool, keys, manager)
    for away in (CASEWORKER, SECOND):
        await register.set_absent(pool, keys, away, None, None, away)
    # What was held closes only as that; a test that holds something leaves it so.
    held = await pool.fetch("SELECT reference FROM referral WHERE area = $1 AND stage = 'follow_up'", HERE)
    completed = c.Close.model_validate({"reason": "completed_direct_with_agreement"})
    for row in held:
        await recorded.take(row["reference"], "cw-1", completed, datetime.now(UTC))
    await recorded.close_all()
    return recorded


async def session_of(pool: Pool, who: str) -> Session:
    # A worklist asks neither Temporal nor for any key: there are none.
    engine = Referrals(cast("Client", None), pool, cast("KeyStore", None), load_policies())
    return await sign_in(engine, who, WayIn.COMMAND_LINE)


async def work_of(pool: Pool, who: str, now: datetime) -> Worklist:
    return await worklist_at(await session_of(pool, who), now)


async def only(pool: Pool, who: str, now: datetime) -> WorkItem:
    [item] = (await work_of(pool, who, now)).items
    return item


async def in_preparation(book: Book, at: datetime = MONDAY) -> str:
    reference = await book.open(at)
    await book.tell(reference, until_preparation(at.date()), at)
    return reference


async def booked(book: Book, at: datetime = MONDAY, *, starts_at: datetime | None = None) -> str:
    """A referral whose meeting is booked, two days later unless something else is said."""
    reference = await in_preparation(book, at)
    *before, (who, booking) = until_conference(at)
    await book.tell(reference, before, at)
    later = booking.model_copy(update={"starts_at": starts_at or at + timedelta(days=2)})
    await book.take(reference, who, later, at)
    return reference


async def by(book: Book, actor: Actor, reference: str, command: Command, at: datetime) -> None:
    request = Request(command_id=uuid4(), actor=actor, command=command)
    history = await event_log.history(book.pool, book.keys, reference)
    steps = Steps(book.pool, book.keys, load_policies())
    await ActivityEnvironment().run(steps.take_step, reference, fold(history), request, at)


# The tables beside the rules.


def test_every_deadline_has_an_answer() -> None:
    # Nobody has to do anything for somebody to turn 18.
    assert set(ANSWERS) == set(DeadlineName) - {DeadlineName.COMING_OF_AGE}


def every_answer() -> list[Answer]:
    alone = [each for each in vars(answers).values() if isinstance(each, Answer)]
    opening = [each for each in next_steps._OPENS.values() if each is not None]
    return [*alone, *ANSWERS.values(), *next_steps._GO_ON.values(), *opening]


@pytest.mark.parametrize("answer", every_answer(), ids=lambda each: each.kind)
def test_what_answers_is_a_command_of_the_rules_with_fields_that_it_has(answer: Answer) -> None:
    assert COMMANDS[answer.kind] in RULES
    ways = [(each.kind, each.fields, each.asks) for each in answer.alternatives]
    for kind, fields, asks in [(answer.kind, answer.fields, answer.asks), *ways]:
        assert set(fields) | set(asks) <= set(COMMANDS[kind].model_fields)


@pytest.mark.parametrize("stage", [each for each in Stage if each is not Stage.CLOSED])
def test_every_gate_on_the_way_is_known_to_what_comes_next(stage: Stage) -> None:
    assert {each.code for each in gates_of(next_steps._GOALS[stage])} <= set(next_steps._OPENS)


def test_where_the_person_responsible_asked_the_person_harmed_is_approached_after_them() -> None:
    assert {each.code for each in gates_of("begin_victim_contact")} <= set(next_steps._OPENS)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 11, 26), date(2026, 11, 26), 0),
        (date(2026, 11, 27), date(2026, 11, 30), 1),  # over a weekend
        (date(2026, 11, 28), date(2026, 11, 29), 0),
        (date(2026, 12, 24), date(2026, 12, 29), 1),  # over Christmas and Boxing Day's substitute
        (date(2026, 12, 29), date(2026, 12, 24), -1),
        (date(2026, 4, 2), date(2026, 4, 8), 2),  # over Good Friday and Easter Monday
    ],
)
def test_days_are_working_days_of_england_and_wales(start: date, end: date, days: int) -> None:
    assert working_days_between(start, end) == days


def test_a_closure_of_the_service_is_no_working_day() -> None:
    closed = frozenset({date(2026, 11, 27)})
    assert working_days_between(date(2026, 11, 26), date(2026, 11, 30), closed) == 1


def line(kind: str, staff_id: str, **fields: str) -> str:
    return command_line(Action(when="", kind=kind, fields=fields, asks=()), "RJ-7KQ4-M2X1", staff_id)


def test_a_command_is_quoted_and_says_what_only_its_giver_knows() -> None:
    said = line("record_contact_attempt", "cw-1", participant="h1; rm")
    assert shlex.split(said) == [
        *("rj", "do", "RJ-7KQ4-M2X1", "record_contact_attempt"),
        *("--set", "participant=h1; rm", "--set", "channel=CHANNEL", "--set", "outcome=OUTCOME"),
        *("--as", "cw-1"),
    ]


def test_a_command_asks_for_free_text_and_reads_lists_from_a_file() -> None:
    assert "--set note=-" in line("lift_safeguarding", "su-1")
    assert " record_risk_assessment FILE " in line("record_risk_assessment", "cw-1")


# Each role, each reason.


async def test_first_contact_is_the_caseworkers_and_no_colleagues(pool: Pool, book: Book) -> None:
    reference = await book.allocated()
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.reference, item.why, item.concerns) == (reference, Why.DEADLINE, (HARMED,))
    assert item.verb == "Try to reach h1, the person harmed, for the first time"
    assert (item.due_in_working_days, item.overdue, item.group) == (2, False, Group.THIS_WEEK)
    attempt = (
        *("rj", "do", reference, "record_contact_attempt", "--set", "participant=h1"),
        *("--set", "channel=CHANNEL", "--set", "outcome=OUTCOME", "--as", CASEWORKER),
    )
    assert list(lines_of(item, CASEWORKER)) == [
        f"First: rj contact {reference} h1 --as {CASEWORKER}",
        " ".join(attempt),
    ]
    for colleague in (SECOND, FACILITATOR, SUPERVISOR, MANAGER):
        assert (await work_of(pool, colleague, MONDAY)).items == ()


async def test_what_can_be_done_now_is_a_next_step_however_far_its_date(pool: Pool, book: Book) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date())[:9], MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.kind, item.group) == ("record_risk_assessment", Group.NEXT_STEPS)
    assert item.due_in_working_days == 10
    assert list(lines_of(item, CASEWORKER)) == [
        "rj example record_risk_assessment > FILE",
        f"rj do {reference} record_risk_assessment FILE --as {CASEWORKER}",
    ]


async def test_what_is_late_says_by_how_many_working_days(pool: Pool, book: Book) -> None:
    await book.allocated()
    wednesday = datetime(2026, 3, 4, 18, tzinfo=UTC)
    assert (await only(pool, CASEWORKER, wednesday)).due_in_working_days == 0
    assert (await only(pool, CASEWORKER, wednesday)).overdue
    monday = datetime(2026, 3, 9, 10, tzinfo=UTC)
    late = await only(pool, CASEWORKER, monday)
    assert (late.due_in_working_days, late.group) == (-3, Group.OVERDUE)


async def test_a_worklist_is_of_ones_own_areas(pool: Pool, keys: KeyStore, book: Book) -> None:
    await book.allocated()
    elsewhere = Staff(id="wl-away", role=Role.SERVICE_MANAGER, areas=(Area.LEICESTERSHIRE,))
    await enter(pool, keys, elsewhere)
    assert (await work_of(pool, "wl-away", MONDAY + timedelta(days=90))).items == ()


async def test_whatever_is_asked_is_permitted_and_nothing_stands_still_unseen(
    pool: Pool, keys: KeyStore, book: Book
) -> None:
    reference = await book.open()
    stories = [*until_preparation(MONDAY.date()), *until_conference(MONDAY + 2 * HOUR)]
    for number, (who, command) in enumerate(stories):
        now = MONDAY + timedelta(minutes=number)
        await book.take(reference, who, command, now)
        referral = fold(await event_log.history(pool, keys, reference))
        asked: list[WorkItem] = []
        for person in (CASEWORKER, FACILITATOR, SUPERVISOR):
            member = await staff.get(pool, person)
            assert member is not None
            found = (await work_of(pool, person, now)).items
            asked += found
            possible = permitted(referral, member.acting_in(HERE), now)
            assert {each.kind for each in found if each.kind} <= set(possible)
        if referral.caseworker:
            assert any(each.why is not Why.WAITING for each in asked), referral.stage


@pytest.mark.parametrize(
    ("taken", "kind"),
    [
        (2, "record_contact_attempt"),
        (3, "record_contact_attempt"),
        (4, "record_information_given"),
        (5, "record_interest"),
        (6, "give_consent"),
        (7, "give_consent"),
        (8, "begin_risk_assessment"),
        (9, "record_risk_assessment"),
        (10, "record_risk_verdict"),
        (11, "record_contact_attempt"),
        (13, "record_interest"),
        (14, "record_acknowledgement"),
        (15, "give_consent"),
        (16, "begin_preparation"),
        (17, "assign_facilitators"),
    ],
)
async def test_the_next_step_is_what_the_shut_gate_lacks(
    pool: Pool, book: Book, taken: int, kind: str
) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date())[:taken], MONDAY)
    found = (await work_of(pool, CASEWORKER, MONDAY)).items
    assert [each.kind for each in found if each.why is not Why.WAITING] == [kind]
    assert found[0].why in (Why.NEXT_STEP, Why.DEADLINE)


async def test_who_asked_for_somebody_else_is_called_first(pool: Pool, book: Book) -> None:
    sister = {"id": "s1", "role": "supporter", "accompanies": HARMED}
    people = [{"id": HARMED, "role": "harmed"}, {"id": RESPONSIBLE, "role": "responsible"}, sister]
    asked: dict[str, Any] = {
        "source": "self",
        "initiator": "harmed_person",
        "asked_by": "s1",
        "participants": people,
    }
    reference = await book.open(**asked)
    await book.tell(reference, until_preparation(MONDAY.date())[:2], MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.kind, item.concerns, item.deadline) == ("record_contact_attempt", ("s1",), "first_contact")
    reached = {"participant": "s1", "channel": "phone", "outcome": "reached"}
    await book.take(reference, "cw-1", c.RecordContactAttempt.model_validate(reached), MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.kind, item.concerns) == ("record_contact_attempt", (HARMED,))


async def test_a_consent_that_is_missing_is_named(pool: Pool, book: Book) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date())[:7], MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert item.fields == {"participant": HARMED, "purpose": "share_risk_information"}
    assert (item.due_at, item.group) == (None, Group.NEXT_STEPS)


async def test_the_facilitators_prepare_and_the_caseworker_waits(pool: Pool, book: Book) -> None:
    reference = await in_preparation(book)
    await book.tell(reference, until_conference(MONDAY)[:2], MONDAY)
    for facilitator in (FACILITATOR, CO_FACILITATOR):
        item = await only(pool, facilitator, MONDAY)
        assert (item.kind, item.why, item.concerns) == ("give_consent", Why.NEXT_STEP, (HARMED,))
    waits = await only(pool, CASEWORKER, MONDAY)
    assert (waits.why, waits.kind, waits.group) == (Why.WAITING, None, Group.WAITING)
    assert waits.verb.startswith(f"{FACILITATOR} or {CO_FACILITATOR}: ")
    assert list(lines_of(waits, CASEWORKER)) == [f"rj show {reference} --as {CASEWORKER}"]


async def test_each_of_several_activities_has_its_own_next_step(pool: Pool, book: Book) -> None:
    reference = await in_preparation(book)
    both = ("h1", "r1")
    await book.take(reference, "cw-1", until_conference(MONDAY)[0][1], MONDAY)
    for method in (Method.FACE_TO_FACE, Method.LETTER):
        await book.take(reference, "cw-1", c.PlanActivity(method=method, taking_part=both), MONDAY)
    asked = [each for each in (await work_of(pool, FACILITATOR, MONDAY)).items if each.why is Why.NEXT_STEP]
    assert [(each.kind, each.fields["purpose"]) for each in asked] == [
        ("give_consent", "method_direct"),
        ("give_consent", "method_indirect"),
    ]
    for who in both:
        consent = c.GiveConsent(
            participant=who,
            purpose=Purpose.METHOD_INDIRECT,
            form=ConsentForm.WRITTEN,
            form_version="2026.1",
            given_on=MONDAY.date(),
        )
        await book.take(reference, "cw-1", consent, MONDAY)
        meeting = c.RecordPreparationMeeting(
            participant=who, held_on=MONDAY.date(), channel=Channel.IN_PERSON, activity="a2"
        )
        await book.take(reference, "cw-1", meeting, MONDAY)
    booked_by = [
        each for each in (await work_of(pool, FACILITATOR, MONDAY)).items if each.kind == "book_activity"
    ]
    assert [(each.verb, each.fields) for each in booked_by] == [
        ("Book the exchange of a letter (a2)", {"attending": "h1,r1", "activity": "a2"})
    ]
    # Whoever runs one activity only sees what comes next in that one.
    own = c.AssignFacilitators(facilitator="su-2", activity="a2")
    await book.take(reference, "cw-1", own, MONDAY)
    theirs = [each for each in (await work_of(pool, "wl-sv", MONDAY)).items if each.why is Why.NEXT_STEP]
    assert [each.kind for each in theirs] == ["book_activity"]
    assert {each.kind for each in (await work_of(pool, FACILITATOR, MONDAY)).items} == {"give_consent"}


async def test_a_preparation_meeting_is_an_appointment_until_it_is_recorded(pool: Pool, book: Book) -> None:
    reference = await in_preparation(book)
    await book.tell(reference, until_conference(MONDAY)[:2], MONDAY)
    begins = MONDAY + timedelta(days=1, hours=4)
    await book.take(reference, "fa-1", c.BookPreparationMeeting(participant=HARMED, starts_at=begins), MONDAY)
    today = await only(pool, FACILITATOR, begins - HOUR)
    assert (today.why, today.group, today.due_at) == (Why.APPOINTMENT, Group.TODAY, begins)
    assert today.verb == "Meet h1, the person harmed, to prepare them"
    assert (await only(pool, FACILITATOR, begins + timedelta(minutes=30))).overdue is False
    after = await only(pool, FACILITATOR, begins + 2 * HOUR)
    assert (after.overdue, after.verb) == (
        True,
        "Record what became of the meeting with h1, the person harmed",
    )
    # What the facilitators leave late is the caseworker's as well.
    assert (await only(pool, CASEWORKER, begins + 2 * HOUR)).why is Why.APPOINTMENT
    assert (await only(pool, CASEWORKER, begins - HOUR)).why is Why.WAITING


async def test_the_conference_and_the_risk_before_it_are_the_facilitators(pool: Pool, book: Book) -> None:
    starts_at = MONDAY + timedelta(days=21)
    await booked(book, starts_at=starts_at)
    found = (await work_of(pool, FACILITATOR, starts_at - 3 * HOUR)).items
    assert [(each.kind, each.group) for each in found] == [
        ("record_activity_held", Group.TODAY),
        ("reconfirm_risk", Group.TODAY),
    ]
    assert found[0].verb == "Lead the meeting of h1 and r1"


async def letters(book: Book, at: datetime = MONDAY) -> str:
    """A referral whose exchange of letters is booked for a week later."""
    reference = await in_preparation(book, at)
    on = at.date()
    consents = [consent(who, "method_indirect", on) for who in (HARMED, RESPONSIBLE)]
    booking = {"starts_at": at + timedelta(days=7), "attending": [HARMED, RESPONSIBLE]}
    assigning, _, *meetings = until_conference(at)[:4]
    steps: list[tuple[str, Command]] = [
        assigning,
        ("cw-1", c.ChooseMethod.model_validate({"method": "letter"})),
        *meetings,
        *(("fa-1", each) for each in consents),
        ("fa-1", c.BookActivity.model_validate(booking)),
    ]
    await book.tell(reference, steps, at)
    return reference


async def exchanged(pool: Pool, who: str, now: datetime = MONDAY + HOUR) -> list[tuple[str, str, Why]]:
    """What somebody has to do with communications."""
    items = (await work_of(pool, who, now)).items
    return [(each.verb, each.kind or "", each.why) for each in items if "c1" in each.verb]


async def test_a_letter_is_checked_by_a_colleague_and_carried_by_the_facilitators(
    pool: Pool, book: Book
) -> None:
    reference = await letters(book)
    letter = c.DraftCommunication.model_validate({"author": HARMED, "to": [RESPONSIBLE], "form": "letter"})
    await book.take(reference, "fa-1", letter, MONDAY)
    assert await exchanged(pool, CASEWORKER) == [
        ("Check the letter c1", "check_communication", Why.NEXT_STEP)
    ]
    [(waiting, _, why)] = await exchanged(pool, FACILITATOR)
    assert (waiting, why) == (f"{CASEWORKER} or {CO_FACILITATOR}: check the letter c1", Why.WAITING)
    assert await exchanged(pool, SUPERVISOR) == []

    whom = {"communication": "c1", "participant": RESPONSIBLE}
    to_be_changed = {"communication": "c1", "result": "to_be_changed", "reason": "Invented"}
    await book.take(reference, "cw-1", c.CheckCommunication.model_validate(to_be_changed), MONDAY)
    [(change, kind, _)] = await exchanged(pool, FACILITATOR)
    assert (change, kind) == (
        "Change the letter c1 with h1, the person harmed",
        "draft_communication",
    )
    again = letter.model_copy(update={"communication": "c1"})
    await book.take(reference, "fa-1", again, MONDAY)
    fit = c.CheckCommunication.model_validate({"communication": "c1", "result": "fit"})
    await book.take(reference, "cw-1", fit, MONDAY)
    steps: list[tuple[str, Command]] = [
        ("Offer the letter c1 to r1, the person responsible", c.OfferCommunication.model_validate(whom)),
        (
            "Ask r1, the person responsible, whether they want the letter c1",
            c.RecordAnswer.model_validate({**whom, "answer": "later"}),
        ),
        (
            "Ask r1, the person responsible, again whether they want the letter c1",
            c.RecordAnswer.model_validate({**whom, "answer": "accepted"}),
        ),
        (
            "Hand over the letter c1, if they agree then, to r1, the person responsible",
            c.HandOverCommunication.model_validate({**whom, "agrees": True}),
        ),
    ]
    for verb, command in steps:
        assert await exchanged(pool, FACILITATOR) == [(verb, command.kind, Why.NEXT_STEP)]
        await book.take(reference, "fa-1", command, MONDAY)
    assert await exchanged(pool, FACILITATOR) == []


async def test_a_draft_in_which_all_had_a_part_is_for_a_supervisor_to_check(pool: Pool, book: Book) -> None:
    reference = await letters(book)
    letter = {"author": HARMED, "to": [RESPONSIBLE], "form": "letter", "received_by": CASEWORKER}
    await book.take(reference, "fa-1", c.DraftCommunication.model_validate(letter), MONDAY)
    await book.take(
        reference,
        "fa-2",
        c.DraftCommunication.model_validate({**letter, "communication": "c1"}),
        MONDAY,
    )
    [(waiting, _, why)] = await exchanged(pool, FACILITATOR)
    assert (waiting, why) == ("A supervisor: check the letter c1", Why.WAITING)
    assert [kind for _, kind, _ in await exchanged(pool, SUPERVISOR)] == ["check_communication"]


async def test_follow_up_and_agreement_are_dated(pool: Pool, book: Book) -> None:
    reference = await booked(book)
    held = MONDAY + timedelta(days=2, hours=1)
    await book.take(reference, "fa-1", c.RecordActivityHeld(), held)
    for person in (HARMED, RESPONSIBLE):
        given = {
            "participant": person,
            "purpose": "outcome_agreement",
            "form_version": "2026.1",
            "given_on": held.date(),
            "form": "written",
        }
        await book.take(reference, "fa-1", c.GiveConsent.model_validate(given), held)
    item = {"id": "i1", "by": RESPONSIBLE, "due_on": held.date() + timedelta(days=30), "text": CANARY}
    await book.take(reference, "fa-1", c.RecordAgreement.model_validate({"items": [item]}), held)
    found = (await work_of(pool, FACILITATOR, held)).items
    kinds = [each.kind for each in found]
    assert kinds.count("record_follow_up") == 6
    assert kinds.count("record_survey") == 2
    [agreed] = [each for each in found if each.why is Why.AGREEMENT_ITEM]
    assert (agreed.concerns, agreed.fields) == ((RESPONSIBLE,), {"item": "i1"})
    assert found[0].fields == {"participant": HARMED, "contact": "check_in"}
    # The caseworker sees who does the next thing, and for whom.
    waiting = (await work_of(pool, CASEWORKER, held)).items
    assert [(each.why, each.concerns) for each in waiting] == [
        (Why.WAITING, (HARMED,)),
        (Why.WAITING, (RESPONSIBLE,)),
    ]


async def test_a_sign_off_is_asked_of_who_did_not_make_it(pool: Pool, book: Book) -> None:
    reference = await in_preparation(book)
    await book.tell(reference, until_conference(MONDAY)[:7], MONDAY)
    for supervisor in (SUPERVISOR, OTHER_SUPERVISOR):
        item = await only(pool, supervisor, MONDAY)
        assert (item.why, item.concerns) == (Why.SIGN_OFF, (FACILITATOR,))
        assert item.read_first is ReadFirst.SIGN_OFFS
        decided = f"rj do {reference} sign_off --set subject=readiness --set approved"
        assert list(lines_of(item, supervisor)) == [
            f"First: rj signoffs --as {supervisor}",
            f"If you approve: {decided}=true --as {supervisor}",
            f"If not: {decided}=false --set reason=- --as {supervisor}",
        ]
    assert (await work_of(pool, MANAGER, MONDAY)).items == ()
    for waiting in (CASEWORKER, FACILITATOR):
        item = await only(pool, waiting, MONDAY)
        assert (item.why, item.verb) == (
            Why.WAITING,
            "A supervisor signs the readiness for the meeting off",
        )


async def test_a_sign_off_that_no_supervisor_gave_comes_to_the_service_manager(
    pool: Pool, book: Book
) -> None:
    reference = await in_preparation(book)
    await book.tell(reference, until_conference(MONDAY)[:7], MONDAY)
    at = await book.reach(reference, "sign_off/readiness", "due", "escalate-1")
    item = await only(pool, MANAGER, at)
    assert (item.why, item.kind, item.overdue) == (Why.SIGN_OFF, "sign_off", True)
    assert (await only(pool, SUPERVISOR, at)).overdue


async def test_nobody_is_asked_to_sign_off_their_own_work(pool: Pool, book: Book) -> None:
    reference = await in_preparation(book)
    story = until_conference(MONDAY)[:7]
    asked = [("su-1" if isinstance(each, c.RequestReadinessSignOff) else who, each) for who, each in story]
    await book.tell(reference, asked, MONDAY)
    assert (await work_of(pool, SUPERVISOR, MONDAY)).items == ()
    assert (await only(pool, OTHER_SUPERVISOR, MONDAY)).why is Why.SIGN_OFF


async def test_own_work_that_climbed_to_its_author_is_still_not_theirs_to_sign_off(
    pool: Pool, book: Book
) -> None:
    reference = await in_preparation(book)
    await book.tell(reference, until_conference(MONDAY)[:6], MONDAY)
    manager = Actor(id=MANAGER, role=Role.SERVICE_MANAGER, area=HERE)
    await by(book, manager, reference, c.RequestReadinessSignOff(), MONDAY)
    at = await book.reach(reference, "sign_off/readiness", "due", "escalate-1")
    assert (await work_of(pool, MANAGER, at)).items == ()
    assert (await only(pool, SUPERVISOR, at)).why is Why.SIGN_OFF


async def test_a_missed_deadline_climbs_onto_the_list_of_each_rung(pool: Pool, book: Book) -> None:
    reference = await book.allocated()
    at = await book.reach(reference, "first_contact", "due", "escalate-1")
    item = await only(pool, SUPERVISOR, at)
    assert (item.why, item.concerns) == (Why.ESCALATED, (HARMED,))
    assert item.verb == f"Take up with {CASEWORKER}: try to reach h1, the person harmed, for the first time"
    assert (await work_of(pool, MANAGER, at)).items == ()
    at = await book.reach(reference, "first_contact", "escalate-2")
    assert (await only(pool, MANAGER, at)).why is Why.ESCALATED
    own = await only(pool, CASEWORKER, at)
    assert own.why is Why.DEADLINE
    assert own.because.endswith("It was escalated to the service manager.")


async def test_a_review_is_the_supervisors(pool: Pool, book: Book) -> None:
    reference = await book.allocated()
    for channel in ("phone", "email", "phone"):
        tried = {"participant": HARMED, "channel": channel, "outcome": "no_answer"}
        await book.take(reference, "cw-1", c.RecordContactAttempt.model_validate(tried), MONDAY)
    item = await only(pool, SUPERVISOR, MONDAY + timedelta(days=1))
    assert (item.why, item.fields) == (
        Why.REVIEW,
        {"subject": "unreachable_review", "participant": HARMED},
    )
    assert (await only(pool, CASEWORKER, MONDAY + timedelta(days=1))).why is Why.NEXT_STEP


async def test_who_lets_a_referral_lie_is_asked_by_the_supervisor_once_it_is_late(
    pool: Pool, book: Book
) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date())[:8], MONDAY)
    assert (await work_of(pool, SUPERVISOR, MONDAY + timedelta(days=20))).items == ()
    item = await only(pool, SUPERVISOR, MONDAY + timedelta(days=40))
    assert (item.why, item.overdue, item.concerns) == (Why.REVIEW, True, (CASEWORKER,))


async def test_what_nobody_owns_is_allocated_by_a_supervisor_once_it_is_checked(
    pool: Pool, book: Book
) -> None:
    reference = await book.open()
    item = await only(pool, SUPERVISOR, MONDAY)
    assert (item.why, item.kind) == (Why.ALLOCATION, "record_duplicate_check")
    await book.take(reference, "cw-1", c.RecordDuplicateCheck(), MONDAY)
    item = await only(pool, SUPERVISOR, MONDAY)
    assert (item.kind, item.due_in_working_days) == ("allocate", 1)
    assert (await work_of(pool, CASEWORKER, MONDAY)).items == ()


async def test_on_hold_only_the_review_of_the_hold_is_left(pool: Pool, book: Book) -> None:
    reference = await book.allocated()
    review = c.Hold.model_validate({"review_on": MONDAY.date() + timedelta(days=3), "reason": "Invented"})
    await book.take(reference, "cw-1", review, MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.why, item.kind) == (Why.HOLD_REVIEW, "resume")
    assert list(lines_of(item, CASEWORKER)) == [f"rj do {reference} resume --as {CASEWORKER}"]


async def test_under_a_safeguarding_concern_nobody_is_sent_to_contact_anybody(pool: Pool, book: Book) -> None:
    reference = await book.allocated()
    await book.take(reference, "su-1", c.RaiseSafeguarding(note=CANARY), MONDAY)
    item = await only(pool, CASEWORKER, MONDAY)
    assert (item.why, item.group, item.actions) == (Why.SAFEGUARDING, Group.AT_ONCE, ())
    assert item.verb == "Contact nobody on this referral: a safeguarding concern is open"
    lift = await only(pool, OTHER_SUPERVISOR, MONDAY)
    assert (lift.why, lift.kind, lift.concerns) == (Why.SAFEGUARDING, "lift_safeguarding", (SUPERVISOR,))
    assert lift.group is Group.AT_ONCE
    # Who raised it does not lift it.
    assert (await work_of(pool, SUPERVISOR, MONDAY)).items == ()


async def test_what_no_message_could_tell_is_told_in_person(pool: Pool, book: Book) -> None:
    reference = await booked(book)
    message = await pool.fetchval(
        "SELECT id FROM notice WHERE reference = $1 AND recipient = $2", reference, RESPONSIBLE
    )
    begins = MONDAY + timedelta(days=2)
    untold = c.SettleNotice(
        notice=message,
        template="appointment",
        to=RESPONSIBLE,
        outcome=Outcome.NO_SAFE_CHANNEL,
        appointment="conference",
        starts_at=begins,
        # That a meeting is off is told on a closed referral as well.
        cancelled=True,
    )
    await by(book, SYSTEM, reference, untold, MONDAY + HOUR)
    item = (await work_of(pool, CASEWORKER, MONDAY + HOUR)).items[0]
    assert (item.why, item.concerns, item.fields) == (Why.TASK, (RESPONSIBLE,), {"task": message})
    assert item.verb.startswith("Tell r1, the person responsible, yourself, if it is safe, ")
    # Closed, it calls in nobody by itself; the supervisors see it.
    await book.close_all()
    for who in (SUPERVISOR, CASEWORKER):
        assert (await only(pool, who, MONDAY + 2 * HOUR)).why is Why.TASK
    done = c.CompleteTask.model_validate({"task": message, "result": "not_needed"})
    await book.take(reference, "cw-1", done, MONDAY + 2 * HOUR)
    assert (await work_of(pool, SUPERVISOR, MONDAY + 2 * HOUR)).items == ()


async def test_a_hearing_is_told_before_and_asked_for_after(pool: Pool, book: Book) -> None:
    reference = await book.open(justice_stage="pre_sentence", court_date=MONDAY.date() + timedelta(days=30))
    await book.tell(reference, until_preparation(MONDAY.date())[:2], MONDAY)
    [court] = [each for each in (await work_of(pool, CASEWORKER, MONDAY)).items if each.why is Why.COURT_DATE]
    assert court.verb.startswith("Be ready for the hearing on Wed 1 Apr")
    later = (await work_of(pool, CASEWORKER, MONDAY + timedelta(days=31))).items
    [court] = [each for each in later if each.why is Why.COURT_DATE]
    assert (court.overdue, court.verb) == (True, "Record what the court decided")
    assert [each.split(" --set ")[0] for each in lines_of(court, CASEWORKER)] == [
        f"If another date was set: rj do {court.reference} record_court_news",
        f"If sentence was passed: rj do {court.reference} amend_referral",
    ]


# Who stands in.


async def test_who_stands_in_has_the_work_of_who_is_away_marked_so(
    pool: Pool, keys: KeyStore, book: Book
) -> None:
    await book.allocated()
    await register.set_absent(pool, keys, CASEWORKER, LONG, SECOND, CASEWORKER)
    item = await only(pool, SECOND, MONDAY)
    assert (item.instead_of, item.why) == (CASEWORKER, Why.DEADLINE)
    assert item.because.endswith(f"It is the work of {CASEWORKER}, who is away.")
    assert all(each.endswith(f"--as {SECOND}") for each in lines_of(item, SECOND))
    assert (await work_of(pool, SUPERVISOR, MONDAY)).items == ()
    # Whose work it is sees it all the same.
    assert (await only(pool, CASEWORKER, MONDAY)).instead_of is None


async def test_where_nobody_stands_in_the_work_of_who_is_away_is_the_supervisors(
    pool: Pool, keys: KeyStore, book: Book
) -> None:
    await book.allocated()
    await register.set_absent(pool, keys, CASEWORKER, LONG, SECOND, CASEWORKER)
    await register.set_absent(pool, keys, SECOND, LONG, CASEWORKER, SECOND)
    assert (await only(pool, SUPERVISOR, MONDAY)).instead_of == CASEWORKER
    assert (await work_of(pool, MANAGER, MONDAY)).items == ()


async def test_the_work_of_who_has_left_is_given_to_another(pool: Pool, keys: KeyStore, book: Book) -> None:
    reference = await book.allocated()
    left = Staff(id=CASEWORKER, role=Role.CASEWORKER, areas=(HERE,), active=False)
    await enter(pool, keys, left)
    item = await only(pool, SUPERVISOR, MONDAY)
    assert (item.reference, item.kind, item.why) == (reference, "reassign", Why.ALLOCATION)


# Who has none, in which order, and what is not in it.


@pytest.mark.parametrize(("role", "instead"), [(Role.PARTNER, "rj list"), (Role.COMMISSIONER, "rj funnel")])
async def test_who_does_no_casework_is_told_what_they_have_instead(
    pool: Pool, keys: KeyStore, book: Book, role: Role, instead: str
) -> None:
    await enter(pool, keys, Staff(id=f"wl-{role}", role=role, areas=(HERE,)))
    with pytest.raises(Refused) as refused:
        await work_of(pool, f"wl-{role}", MONDAY)
    assert instead in refused.value.message


async def test_the_most_overdue_comes_first_and_what_waits_last(pool: Pool, book: Book) -> None:
    for days in (3, 0, 1):
        await book.allocated(MONDAY + timedelta(days=days))
    preparing = await in_preparation(book)
    await book.tell(preparing, until_conference(MONDAY)[:2], MONDAY)
    undated = await book.open()
    await book.tell(undated, until_preparation(MONDAY.date())[:5], MONDAY)
    # A meeting that a colleague holds, earlier than anything else.
    soonest = c.BookPreparationMeeting(participant=HARMED, starts_at=MONDAY + 2 * HOUR)
    await book.take(preparing, "fa-1", soonest, MONDAY)
    now = MONDAY + timedelta(hours=1)
    items = (await work_of(pool, CASEWORKER, now)).items
    assert [each.group for each in items] == [*[Group.THIS_WEEK] * 3, Group.NEXT_STEPS, Group.WAITING]
    due = [each.due_at for each in items if each.due_at and each.group is not Group.WAITING]
    assert due == sorted(due)
    late = (await work_of(pool, CASEWORKER, MONDAY + timedelta(days=3, hours=1))).items
    groups = [each.group for each in late]
    assert groups == sorted(groups, key=list(Group).index)
    assert groups[0] is Group.OVERDUE


async def test_nothing_of_a_person_is_in_it(pool: Pool, book: Book) -> None:
    at, everybody = MONDAY, (CASEWORKER, FACILITATOR, SUPERVISOR, MANAGER)
    reference = await book.open(at)
    sensitive = await book.open(
        at,
        participants=[
            {
                "id": each,
                "role": role,
                "person": {"name": CANARY, "phone": PHONE, "address": CANARY, "needs": CANARY},
                "contact_safety": {"safe_channels": ["phone"], "seen_by": CANARY},
                "custody": "in_prison",
            }
            for each, role in ((HARMED, "harmed"), (RESPONSIBLE, "responsible"))
        ],
        summary=CANARY,
        sent_by=CANARY,
    )
    story = [*until_preparation(at.date(), CANARY), *until_conference(at + HOUR, CANARY)]
    said = ""
    for who, command in story:
        await book.take(reference, who, command, at)
        for person in everybody:
            said += (await work_of(pool, person, at)).model_dump_json()
    assert reference in said
    assert sensitive in said
    assert CANARY not in said
    assert PHONE not in said
    assert "prison" not in said


async def test_where_the_person_responsible_asked_they_are_approached_first(pool: Pool, book: Book) -> None:
    reference = await book.open(initiator="person_responsible")
    await book.tell(reference, until_preparation(MONDAY.date())[:2], MONDAY)
    found = (await work_of(pool, CASEWORKER, MONDAY)).items
    assert {each.kind for each in found} == {"record_contact_attempt"}
    assert {each.concerns for each in found} == {(RESPONSIBLE,)}


async def test_a_date_in_a_sentence_does_not_hide_what_comes_next(book: Book, pool: Pool) -> None:
    reference = await in_preparation(book)
    far = {"participant": RESPONSIBLE, "sentence_date": "2027-03-01", "sentence_date_is": "release"}
    before = await only(pool, CASEWORKER, MONDAY + HOUR)
    await book.take(reference, "cw-1", c.RecordCustodyDetails.model_validate(far), MONDAY)
    found = (await work_of(pool, CASEWORKER, MONDAY + HOUR)).items
    assert [each.verb for each in found if each.group is Group.NEXT_STEPS] == [before.verb]
    [dated] = [each for each in found if each.deadline == f"sentence_date/{RESPONSIBLE}"]
    assert dated.group is Group.LATER
    assert dated.actions[0].kind == "record_custody_details"


async def test_a_complaint_and_case_supervision_are_a_supervisors_when_they_come_near(
    book: Book, pool: Pool
) -> None:
    reference = await in_preparation(book)
    complained = c.RecordComplaint.model_validate({"about": "delay", "text": CANARY})
    await book.take(reference, "cw-1", complained, MONDAY)
    later = MONDAY + timedelta(weeks=12, hours=-2)
    work = (await work_of(pool, SUPERVISOR, later)).items
    verbs = {each.deadline: (each.verb, each.actions[0].kind, each.actions[0].fields) for each in work}
    assert verbs["complaint/k1"] == ("Answer complaint k1", "answer_complaint", {"complaint": "k1"})
    assert verbs["supervision"] == (
        f"Hold case supervision with {CASEWORKER}",
        "record_review",
        {"subject": "supervision"},
    )
    assert not [each for each in work if CANARY in each.model_dump_json()]
    # Closing does not settle it: unanswered, it would stand on the list of the next test.
    answered = c.AnswerComplaint.model_validate({"complaint": "k1", "outcome": "upheld", "text": CANARY})
    await book.take(reference, "su-1", answered, MONDAY)


async def test_a_complaint_about_a_closed_referral_waits_for_its_supervisors_until_it_is_answered(
    book: Book, pool: Pool
) -> None:
    reference = await book.open()
    out_of_area = c.Close.model_validate({"reason": "service_out_of_area"})
    await book.take(reference, "cw-1", out_of_area, MONDAY)
    complained = c.RecordComplaint.model_validate({"about": "delay", "text": CANARY})
    await book.take(reference, "cw-1", complained, MONDAY)
    item = await only(pool, SUPERVISOR, MONDAY + HOUR)
    assert (item.verb, item.kind, item.fields) == (
        "Answer complaint k1",
        "answer_complaint",
        {"complaint": "k1"},
    )
    assert item.due_in_working_days == 20
    assert not (await work_of(pool, CASEWORKER, MONDAY + HOUR)).items
    answered = c.AnswerComplaint.model_validate({"complaint": "k1", "outcome": "upheld", "text": CANARY})
    await book.take(reference, "su-1", answered, MONDAY + HOUR)
    assert not (await work_of(pool, SUPERVISOR, MONDAY + HOUR)).items
