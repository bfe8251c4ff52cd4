"""What an erasure leaves of the coarse facts, and what it takes away."""

from __future__ import annotations

from datetime import UTC, datetime

from lifecycle import permitted
from lifecycle.coarse_facts import facts_of
from operations.erasure import erase
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.vocabulary import ErasureReason, Occasion, Scale
from stores.facts import fact_key, fact_rows
from stores.logs import event_log
from tests.life import form


async def test_an_erasure_takes_the_facts_that_the_policy_does_not_keep(referrals: Referrals) -> None:
    opened = form(sensitive_categories=["stalking"])
    reference = (await referrals.open(opened, "cw-1")).reference
    await referrals.take(reference, c.RecordDuplicateCheck(), "cw-1")
    await referrals.take(reference, c.Allocate(caseworker="cw-1"), "cw-1")
    fear = c.RecordScale(participant="h1", scale=Scale.FEAR, occasion=Occasion.BEFORE, score=7)
    await referrals.take(reference, fear, "cw-1")
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    ids = [row["id"] for row in fact_rows(await fact_key(referrals.keys), reference, facts_of(history))]

    async def there() -> set[str]:
        found = await referrals.pool.fetch("SELECT name FROM fact WHERE encode(id, 'hex') = ANY($1)", ids)
        return {each["name"] for each in found}

    assert {"sensitive_category", "responsible_custody", "justice_stage"} <= await there()
    await erase(referrals, reference, ErasureReason.REQUEST, "su-1")
    left = await there()
    assert {"harmed_ethnicity", "harmed_age_band", "harmed_fear_before"} <= left
    assert not {"sensitive_category", "responsible_custody", "justice_stage"} & left


async def test_the_facts_in_the_database_are_those_that_the_log_leaves(referrals: Referrals) -> None:
    reference = (await referrals.open(form(sensitive_categories=["stalking"]), "cw-1")).reference
    await referrals.take(reference, c.RecordDuplicateCheck(), "cw-1")
    await referrals.take(reference, c.Allocate(caseworker="cw-1"), "cw-1")
    fear = c.RecordScale(participant="h1", scale=Scale.FEAR, occasion=Occasion.BEFORE, score=7)
    mistake = await referrals.take(reference, fear, "cw-1")
    key = await fact_key(referrals.keys)
    scored = facts_of(await event_log.history(referrals.pool, referrals.keys, reference))
    ids = [row["id"] for row in fact_rows(key, reference, scored)]

    async def stored() -> list[tuple[str, str]]:
        found = await referrals.pool.fetch(
            "SELECT name, value FROM fact WHERE area = 'durham' AND encode(id, 'hex') = ANY($1)", ids
        )
        return sorted((each["name"], each["value"]) for each in found)

    assert ("harmed_fear_before", "7") in await stored()
    assert await stored() == sorted((each.name, each.value) for each in scored)
    await referrals.take(reference, c.CorrectStep(step=mistake.sequence, reason="A slip"), "su-1")
    assert "harmed_fear_before" not in dict(await stored())
    left = facts_of(await event_log.history(referrals.pool, referrals.keys, reference))
    assert await stored() == sorted((each.name, each.value) for each in left)


async def test_an_erased_referral_still_folds_and_is_shown(referrals: Referrals) -> None:
    opened = form(justice_stage="post_sentence_custody", sensitive_categories=["stalking"])
    reference = (await referrals.open(opened, "cw-1")).reference
    await erase(referrals, reference, ErasureReason.REQUEST, "su-1")
    overview, _ = await referrals.overview(reference)
    assert overview.referral.closed
    assert (overview.referral.justice_stage, overview.referral.sensitive_categories) == (None, ())
    # Without what is sealed the rules still answer what may be asked for.
    asked_by = await referrals.actor(reference, "su-1")
    assert set(permitted(overview.referral, asked_by, datetime.now(UTC))) <= {
        "reopen",
        "withdraw_consent",
        "add_note",
    }
