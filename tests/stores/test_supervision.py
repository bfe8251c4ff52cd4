"""What a supervisor asks of the read model and the log, on steps recorded with times of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies.files import load_policies
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Role
from schemas.policy import Policies, Rung
from schemas.vocabulary import Stage
from stores import notices, open_referrals, register, staff, supervision
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from stores.supervision import Load, PastEscalation, WaitingSignOff
from tests.book import MONDAY, Book
from tests.life import HARMED, until_conference, until_preparation

AREA = Area.GREATER_MANCHESTER
NOBODYS = Area.CITY_OF_LONDON


@pytest.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """An area of these tests' own. What other tests of this file left in it is closed first."""
    recorded = Book(pool, keys, AREA, "la")
    await recorded.hire()
    await recorded.close_all()
    return recorded


def attempt() -> Command:
    return c.RecordContactAttempt.model_validate(
        {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
    )


async def test_an_escalation_is_listed_until_the_work_is_done(book: Book) -> None:
    late, later = await book.open(MONDAY), await book.open(MONDAY + timedelta(days=1))
    for reference in (later, late):
        await book.reach(reference, "first_contact", "due", "escalate-1")
    raised = await book.reach(late, "first_contact", "escalate-2")
    found = await supervision.open_escalations(book.pool, areas=[AREA])
    assert [(each.reference, each.rung) for each in found] == [
        (late, Rung.SUPERVISOR),
        (later, Rung.SUPERVISOR),
        (late, Rung.SERVICE_MANAGER),
    ]
    assert (found[2].deadline, found[2].point, found[2].raised_at) == ("first_contact", "escalate-2", raised)
    high = await supervision.open_escalations(book.pool, areas=[AREA], rung=Rung.SERVICE_MANAGER)
    assert [each.reference for each in high] == [late]
    assert len(await supervision.open_escalations(book.pool, areas=[AREA], limit=1)) == 1
    assert await supervision.open_escalations(book.pool, areas=[NOBODYS]) == []
    await book.take(late, "cw-1", attempt(), raised + timedelta(hours=3))
    assert [each.reference for each in await supervision.open_escalations(book.pool, areas=[AREA])] == [later]


async def history(book: Book, reference: str, since: datetime, **only: Rung) -> list[PastEscalation]:
    """What is told of one referral, for the log keeps what other tests did."""
    found = await supervision.escalation_history(book.pool, areas=[AREA], since=since, limit=1000, **only)
    return [each for each in found if each.reference == reference]


async def test_the_history_pairs_what_was_raised_with_what_cleared_it(book: Book) -> None:
    reference = await book.open(MONDAY)
    raised = await book.reach(reference, "first_contact", "due", "escalate-1")
    since = raised - timedelta(minutes=1)
    [waits] = await history(book, reference, since)
    assert (waits.raised_at, waits.cleared_at, waits.took) == (raised, None, None)
    await book.take(reference, "cw-1", attempt(), raised + timedelta(hours=3))
    [cleared] = await history(book, reference, since)
    assert (cleared.reference, cleared.rung, cleared.took) == (
        reference,
        Rung.SUPERVISOR,
        timedelta(hours=3),
    )
    assert await history(book, reference, raised + timedelta(minutes=1)) == []
    assert await history(book, reference, since, rung=Rung.SERVICE_MANAGER) == []


async def test_a_clearing_that_was_taken_back_has_not_happened(book: Book) -> None:
    reference = await book.open(MONDAY + timedelta(weeks=1))
    raised = await book.reach(reference, "first_contact", "due", "escalate-1")
    await book.take(reference, "cw-1", attempt(), raised + timedelta(hours=3))
    step = len(await event_log.read(book.pool, reference)) - 1
    mistake = c.CorrectStep(step=step, reason="Another person's number")
    await book.take(reference, "su-1", mistake, raised + timedelta(hours=4))
    [waits] = await supervision.open_escalations(book.pool, areas=[AREA])
    assert waits.reference == reference
    [again] = await history(book, reference, raised)
    assert again.cleared_at is None


async def _theirs(
    book: Book, who: str, waits: WaitingSignOff, at: datetime, limit: int = 5, **as_of: object
) -> list[WaitingSignOff]:
    member = await staff.get(book.pool, who)
    assert member is not None
    found = member.model_copy(update=as_of)
    return await supervision.for_them_to_sign_off(book.pool, book.keys, found, [waits], limit=limit, at=at)


async def test_what_waits_for_a_sign_off_is_not_shown_to_who_made_it(book: Book) -> None:
    reference = await book.open(MONDAY)
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    at = datetime.now(UTC)
    until_readiness = until_conference(at)[:-3]
    assert until_readiness[-1][1].kind == "request_readiness_sign_off"
    await book.tell(reference, until_readiness, at)
    [waits] = await supervision.waiting_sign_offs(book.pool, areas=[AREA])
    assert (waits.reference, waits.subject, waits.requested_by) == (reference, "readiness", "la-fa")
    assert waits.due_at is not None
    assert waits.due_at > waits.requested_at == at
    # The co-facilitator made it as well, which no column says.
    for own in ("la-fa", "la-fb"):
        assert await _theirs(book, own, waits, at) == []
    assert await _theirs(book, "la-su", waits, at) == [waits]
    assert await _theirs(book, "la-su", waits, at, limit=0) == []
    # Nor to whom its author has made a supervisor just now.
    assert await _theirs(book, "la-su", waits, at, role_since=at, role_by="la-fb") == []
    day_ago = at - timedelta(days=1)
    assert await _theirs(book, "la-su", waits, at, role_since=day_ago, role_by="la-fb") == [waits]
    hold = c.Hold(review_on=(at + timedelta(days=9)).date(), reason="Away")
    await book.take(reference, "cw-1", hold, at + timedelta(hours=1))
    [held] = await supervision.waiting_sign_offs(book.pool, areas=[AREA])
    assert (held.due_at, held.on_hold) == (None, True)
    assert await supervision.waiting_sign_offs(book.pool, areas=[NOBODYS]) == []
    assert await supervision.waiting_sign_offs(book.pool, areas=[]) == []


async def _loads(book: Book, now: datetime) -> dict[str | None, Load]:
    return {each.staff: each for each in await supervision.workload(book.pool, areas=[AREA], now=now)}


async def test_the_workload_counts_what_each_has_in_hand(book: Book) -> None:
    owned = [await book.allocated() for _ in range(3)]
    await book.reach(owned[0], "first_contact", "due", "escalate-1")
    await book.open(MONDAY)
    hold = c.Hold(review_on=(MONDAY + timedelta(days=4)).date(), reason="Away")
    await book.take(owned[2], "cw-1", hold, MONDAY)
    # First contact is due two working days after Monday at ten; the hold is looked at on Friday at nine.
    tuesday = await _loads(book, MONDAY + timedelta(days=1))
    mine = tuesday["la-1"]
    assert (mine.open, mine.on_hold, mine.due_this_week, mine.overdue, mine.escalations) == (3, 1, 3, 0, 1)
    assert (tuesday[None].open, tuesday[None].due_this_week) == (1, 1)
    thursday = (await _loads(book, MONDAY + timedelta(days=3)))["la-1"]
    assert (thursday.due_this_week, thursday.overdue) == (1, 2)
    assert (tuesday["la-2"].open, tuesday["la-2"].role, tuesday["la-2"].active) == (0, Role.CASEWORKER, True)
    assert "la-su" not in tuesday
    away = MONDAY + timedelta(days=10)
    await register.set_absent(book.pool, book.keys, "la-1", away, "la-2", "la-1")
    assert (await _loads(book, MONDAY))["la-1"].stand_in == "la-2"
    assert (await _loads(book, away))["la-1"].absent_until is None
    await register.set_absent(book.pool, book.keys, "la-1", None, None, "la-1")


async def test_inactivity_and_case_supervision_are_neither_due_nor_overdue_work(book: Book) -> None:
    reference = await book.allocated()
    await book.take(reference, "cw-1", attempt(), MONDAY)
    quiet = (await _loads(book, MONDAY + timedelta(days=400)))["la-1"]
    assert (quiet.open, quiet.due_this_week, quiet.overdue) == (1, 0, 0)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        # A Monday in London already, and the clocks there are an hour ahead.
        (datetime(2026, 6, 7, 23, 30, tzinfo=UTC), datetime(2026, 6, 14, 23, tzinfo=UTC)),
    ],
)
async def test_a_week_ends_on_monday_at_midnight_in_london(now: datetime, ends: datetime) -> None:
    assert supervision.week_end(now) == ends


async def test_what_a_caseworker_owns_comes_in_pages(book: Book) -> None:
    owned = sorted([await book.allocated() for _ in range(3)])
    assert await open_referrals.owned(book.pool, "la-1", limit=2) == (owned[:2], 3)
    assert await open_referrals.owned(book.pool, "la-1", after=owned[1], limit=2) == (owned[2:], 1)
    assert await open_referrals.owned(book.pool, "la-1", after=owned[2], limit=2) == ([], 0)
    assert await open_referrals.owned(book.pool, "la-1", area=NOBODYS, limit=2) == ([], 0)
    assert await open_referrals.owned(book.pool, "la-1", stage=Stage.PREPARATION, limit=2) == ([], 0)
    assert await open_referrals.owned_by_area(book.pool, "la-1") == {AREA: 3}
    assert await open_referrals.owned_by_area(book.pool, "la-1", stage=Stage.CONFERENCE) == {}
    assert await open_referrals.caseworkers(book.pool, owned[:1]) == {owned[0]: "la-1"}


async def test_what_is_open_is_counted_and_who_facilitates_is_named(book: Book) -> None:
    prepared, other = await book.open(MONDAY), await book.open(MONDAY)
    await book.tell(prepared, until_preparation(MONDAY.date()), MONDAY)
    assigning = c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2")
    await book.take(prepared, "cw-1", assigning, MONDAY)
    assert await open_referrals.facilitated(book.pool, "la-fa", [AREA]) == [prepared]
    assert await open_referrals.facilitated(book.pool, "la-fa", [NOBODYS]) == []
    assert (await open_referrals.open_by_area(book.pool))[AREA] == 2
    closing = c.Close.model_validate({"reason": "service_no_capacity"})
    for reference in (prepared, other):
        await book.take(reference, "cw-1", closing, MONDAY)
    assert await open_referrals.facilitated(book.pool, "la-fa", [AREA]) == []
    assert AREA not in await open_referrals.open_by_area(book.pool)


async def test_the_policies_that_open_referrals_keep_are_told_once_each(book: Book, keys: KeyStore) -> None:
    now = load_policies().base
    changed = now.model_copy(update={"closures": (MONDAY.date(),)})
    moved, _, closed = [await book.open(MONDAY) for _ in range(3)]
    await book.take(closed, "cw-1", c.Close.model_validate({"reason": "service_no_capacity"}), MONDAY)
    later = Book(book.pool, keys, AREA, "la", Policies(changed, {}))
    await later.take(moved, "su-1", c.AdoptPolicy(version=now.version), MONDAY)
    kept = await open_referrals.policies_kept(book.pool, [AREA])
    assert [each for each in await open_referrals.policies_kept(book.pool) if each.area is AREA] == kept
    assert {each.area for each in kept} == {AREA}
    assert sorted(each.referrals for each in kept) == [1, 1]
    assert {each.policy.closures for each in kept} == {(), changed.closures}
    assert now in [each.policy for each in kept]


async def test_messages_that_are_long_on_their_way_are_found_with_their_latest_try(
    book: Book, owner_url: str
) -> None:
    reference = await book.open(MONDAY)
    owner = await connect(owner_url)
    insert = (
        "INSERT INTO notice (reference, id, at, template, category, party, recipient, about, after_closing, outward,"
        " outcome) VALUES ($1, $2, $3, 'reminder', 'reminder', 'staff', 'la-1', '{}', FALSE, $4, $5)"
    )
    await owner.execute(insert, reference, "90-1", MONDAY, True, None)
    await owner.execute(insert, reference, "90-2", MONDAY, False, None)
    await owner.execute(insert, reference, "90-3", MONDAY, True, "delivered")
    await owner.close()
    tried = (
        "INSERT INTO notice_try (reference, notice, channel, began_at, tried_at, state)"
        " VALUES ($1, '90-1', $2, $3, $3, $4)"
    )
    await book.pool.execute(tried, reference, "text", MONDAY, "refused")
    await book.pool.execute(tried, reference, "email", MONDAY + timedelta(hours=1), "not_sent")
    after = MONDAY + timedelta(minutes=1)
    found = await notices.messages_waiting(book.pool, before=after, limit=1000)
    [mine] = [each for each in found if each.reference == reference and each.id.startswith("90-")]
    assert (mine.id, mine.channel, mine.state, mine.held_back) == ("90-1", "email", "not_sent", False)
    before = await notices.messages_waiting(book.pool, before=MONDAY, limit=1000)
    assert reference not in {each.reference for each in before}
    assert (reference, "90-1") in await notices.pending_messages(book.pool, before=after)
    assert reference in await open_referrals.open_references(book.pool)
