from __future__ import annotations

from casework.referral.receipts import recorded_step
from casework.session import WayIn, sign_in
from console import rendering
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.vocabulary import Stage
from stores.database import connect


async def test_a_receipt_says_what_was_recorded_to_who_recorded_it(
    suffolk: Referrals, reference: str
) -> None:
    receipt = await suffolk.take(reference, c.AddNote(note="She rang"), "cas-1")
    mine = await sign_in(suffolk, "cas-1", WayIn.CONSOLE)
    found = await recorded_step(mine, reference, receipt.sequence)
    assert found is not None
    assert found.sentences == ("A note was added.",)
    assert found.stage is None
    other = await sign_in(suffolk, "sus-1", WayIn.CONSOLE)
    assert await recorded_step(other, reference, receipt.sequence) is None
    assert await recorded_step(mine, reference, 9999) is None
    shown = (
        rendering._environment()
        .get_template("acting/receipt.html")
        .render(receipt=found, reference=reference)
    )
    assert f'href="/referrals/{reference}/steps/correct_step?step={found.step}"' in shown
    assert "A note was added." in shown


async def test_a_receipt_says_where_the_referral_went(suffolk: Referrals, reference: str) -> None:
    receipt = await suffolk.take(
        reference, c.Close.model_validate({"reason": "service_no_capacity"}), "cas-1"
    )
    found = await recorded_step(await sign_in(suffolk, "cas-1", WayIn.CONSOLE), reference, receipt.sequence)
    assert found is not None
    assert found.stage in (None, Stage.CLOSED)
    assert "The referral closed in victim contact" in found.sentences[0]


async def test_a_receipt_is_news_for_ten_minutes(suffolk: Referrals, reference: str, owner_url: str) -> None:
    receipt = await suffolk.take(reference, c.AddNote(note="She rang"), "cas-1")
    mine = await sign_in(suffolk, "cas-1", WayIn.CONSOLE)
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE event SET at = at - interval '11 minutes' WHERE reference = $1 AND sequence = $2",
        reference,
        receipt.sequence,
    )
    try:
        assert await recorded_step(mine, reference, receipt.sequence) is None
    finally:
        await owner.execute(
            "UPDATE event SET at = at + interval '11 minutes' WHERE reference = $1 AND sequence = $2",
            reference,
            receipt.sequence,
        )
        await owner.close()
