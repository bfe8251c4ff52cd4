"""What a supervisor is shown of what they are to sign off, and who is not shown it. No Temporal runs here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from casework.session import Session, WayIn, sign_in
from casework.team.sign_offs import (
    ClosureToSignOff,
    ReadinessToSignOff,
    RiskToSignOff,
    SignOffToGive,
    waiting_sign_offs,
)
from lifecycle import Refused
from policies.files import load_policies
from runtime.connections import connect_temporal
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Role
from schemas.vocabulary import Confirmation, Level, RiskFactor, Verdict
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.life import HARMED, RESPONSIBLE, until_conference, until_preparation
from tests.register import enter

AREA = Area.GLOUCESTERSHIRE


@pytest.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """An area of these tests' own, with nothing open in it."""
    recorded = Book(pool, keys, AREA, "cu")
    await recorded.hire()
    await recorded.close_all()
    return recorded


async def signed_in(book: Book, who: str) -> Session:
    client = await connect_temporal({"target_host": "127.0.0.1:1"}, book.keys, lazy=True)
    referrals = Referrals(client, book.pool, book.keys, load_policies())
    return await sign_in(referrals, who, WayIn.CONSOLE)


async def asked_of(book: Book, who: str, *, everybodys: bool = False) -> list[SignOffToGive]:
    found = await waiting_sign_offs(await signed_in(book, who), everybodys=everybodys)
    return list(found.items)


def assessment(level: str, mitigation: str, *factors: RiskFactor) -> c.RecordRiskAssessment:
    body = [
        {"factor": factor, "level": level, "evidence": "Invented", "mitigation": mitigation}
        for factor in factors or RiskFactor
    ]
    return c.RecordRiskAssessment.model_validate({"about": HARMED, "factors": body})


async def at_risk_assessment(book: Book) -> str:
    reference = await book.open(MONDAY)
    story = until_preparation(MONDAY.date())
    begun = next(at for at, (_, command) in enumerate(story) if isinstance(command, c.BeginRiskAssessment))
    await book.tell(reference, story[: begun + 1], MONDAY)
    return reference


async def test_a_risk_assessment_is_shown_with_its_verdict_factors_and_mitigations(book: Book) -> None:
    reference = await at_risk_assessment(book)
    await book.take(reference, "cw-1", assessment("high", "Shuttle only", RiskFactor.THREATS), MONDAY)
    await book.take(reference, "cw-1", c.RecordRiskVerdict(verdict=Verdict.PROCEED_INDIRECT), MONDAY)
    [shown] = await asked_of(book, "cu-su")
    assert (shown.reference, shown.requested_by) == (reference, "cu-1")
    assert isinstance(shown.concerns, RiskToSignOff)
    assert shown.concerns.verdict is Verdict.PROCEED_INDIRECT
    [assessed] = shown.concerns.assessed
    [factor] = assessed.factors
    assert (assessed.about, factor.factor, factor.level) == (HARMED, RiskFactor.THREATS, Level.HIGH)
    assert (factor.evidence, factor.mitigation) == ("Invented", "Shuttle only")
    assert set(shown.concerns.gaps) == set(RiskFactor) - {RiskFactor.THREATS}


async def test_an_assessment_that_was_taken_back_or_replaced_is_not_shown(book: Book) -> None:
    reference = await at_risk_assessment(book)
    await book.take(reference, "cw-1", assessment("low", "The first"), MONDAY)
    await book.take(reference, "cw-1", assessment("high", "The one that stands"), MONDAY)
    await book.take(reference, "cw-1", assessment("low", "A mistake"), MONDAY)
    mistake = (await event_log.read(book.pool, reference))[-1].step
    await book.take(reference, "su-2", c.CorrectStep(step=mistake, reason="Another case"), MONDAY)
    await book.take(reference, "cw-1", c.RecordRiskVerdict(verdict=Verdict.PROCEED_DIRECT), MONDAY)
    [shown] = await asked_of(book, "cu-su")
    assert isinstance(shown.concerns, RiskToSignOff)
    assert [{each.mitigation for each in of.factors} for of in shown.concerns.assessed] == [
        {"The one that stands"}
    ]


async def test_readiness_is_shown_with_who_is_ready(book: Book) -> None:
    reference = await book.open(MONDAY)
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    confirmed = c.RecordConfirmation(participant=RESPONSIBLE, confirmation=Confirmation.OFFENDER_MANAGER)
    await book.take(reference, "cw-1", confirmed, MONDAY)
    at = datetime.now(UTC)
    await book.tell(reference, until_conference(at)[:-3], at)
    [shown] = await asked_of(book, "cu-su")
    assert isinstance(shown.concerns, ReadinessToSignOff)
    assert (shown.concerns.method, shown.concerns.facilitator) == ("face_to_face", "cu-fa")
    assert {each.participant: each.prepared_on for each in shown.concerns.people} == {
        HARMED: at.date(),
        RESPONSIBLE: at.date(),
    }
    assert [each.confirmations for each in shown.concerns.people] == [(), (Confirmation.OFFENDER_MANAGER,)]


async def test_a_closure_is_shown_with_its_reason_and_note(book: Book) -> None:
    reference = await book.allocated(MONDAY)
    close = c.Close.model_validate({"reason": "risk_unsafe", "note": "Nobody is safe"})
    await book.take(reference, "cw-1", close, MONDAY)
    [shown] = await asked_of(book, "cu-su")
    assert shown.concerns == ClosureToSignOff.model_validate(
        {"reason": "risk_unsafe", "note": "Nobody is safe"}
    )


async def test_what_is_to_be_signed_off_is_only_for_who_may_sign_it_off(book: Book) -> None:
    reference = await book.allocated(MONDAY)
    member = await staff.get(book.pool, "cu-2")
    assert member is not None
    close = c.Close.model_validate({"reason": "risk_unsafe", "note": "Nobody is safe"})
    await book.take(reference, "cw-2", close, MONDAY)
    # A caseworker may know that it waits, and so may who asked for it, whatever they have become.
    await enter(book.pool, book.keys, member.model_copy(update={"role": Role.SUPERVISOR}))
    for who in ("cu-1", "cu-2"):
        [seen] = await asked_of(book, who, everybodys=True)
        assert (seen.reference, seen.concerns) == (reference, None)
    assert await asked_of(book, "cu-2") == []
    [whole] = await asked_of(book, "cu-su", everybodys=True)
    assert whole.concerns is not None
    with pytest.raises(Refused) as refused:
        await asked_of(book, "cu-1")
    assert refused.value.code == "not_your_role"


async def test_the_first_of_many_are_shown_and_that_there_are_more(book: Book) -> None:
    close = c.Close.model_validate({"reason": "risk_unsafe"})
    for day in range(3):
        reference = await book.allocated(MONDAY + timedelta(days=day))
        await book.take(reference, "cw-1", close, MONDAY + timedelta(days=day))
    session = await signed_in(book, "cu-su")
    for everybodys in (False, True):
        some = await waiting_sign_offs(session, everybodys=everybodys, limit=2)
        assert (len(some.items), some.more) == (2, True)
        assert all(each.concerns is not None for each in some.items)
        every = await waiting_sign_offs(session, everybodys=everybodys, limit=3)
        assert (len(every.items), every.more) == (3, False)
