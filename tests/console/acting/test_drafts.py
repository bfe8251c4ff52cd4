from __future__ import annotations

from uuid import uuid4

import pytest

from casework import drafts
from casework.drafts import LONGEST, Draft
from casework.failures import Refused
from casework.session import Session, WayIn, sign_in
from console.asked import Console
from operations.erasure import erase
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.commands import Reassign
from schemas.people import Role, Staff
from schemas.vocabulary import ErasureReason
from stores import drafts as store
from stores.database import connect
from stores.keys.referral_keys import KeyErased, SealBroken
from tests.console.acting.conftest import opened
from tests.console.acting.people import opening
from tests.console.visiting import visiting
from tests.register import enter

SAID = "Invented: she asks for a call after six"
KIND = "record_contact_attempt"


def draft(said: str = SAID) -> Draft:
    return Draft(fields={"note": [said], "channel": ["phone"]}, command_id=uuid4(), expected=3)


async def signed_in(referrals: Referrals, who: str = "cas-1") -> Session:
    return await sign_in(referrals, who, WayIn.CONSOLE)


async def test_a_draft_is_found_as_it_was_left_by_its_author_about_the_same(
    suffolk: Referrals, reference: str
) -> None:
    mine, left = await signed_in(suffolk), draft()
    await drafts.save(mine, reference, KIND, "h1", draft("An earlier one"))
    kept = await drafts.save(mine, reference, KIND, "h1", left)
    assert kept.saved_at is not None
    found = await drafts.find(mine, reference, KIND, "h1")
    assert found == kept
    assert await drafts.find(mine, reference, KIND, "r1") is None
    assert await drafts.find(mine, reference, "add_note", "h1") is None
    assert await drafts.find(await signed_in(suffolk, "sus-1"), reference, KIND, "h1") is None
    [begun] = [each for each in await drafts.begun(mine) if each.reference == reference]
    assert (begun.kind, begun.subject, begun.saved_at) == (KIND, "h1", kept.saved_at)


async def test_who_has_left_an_area_is_not_led_to_what_they_began_there(suffolk: Referrals) -> None:
    areas, who = (Area.SUFFOLK, Area.SURREY), "cas-moves"
    here = Staff(id=who, role=Role.CASEWORKER, areas=areas)
    await enter(suffolk.pool, suffolk.keys, here)
    left, stayed = [(await suffolk.open(opening(area=area), who)).reference for area in areas]
    for each in (left, stayed):
        await drafts.save(await signed_in(suffolk, who), each, KIND, "h1", draft())
    assert {each.reference for each in await drafts.begun(await signed_in(suffolk, who))} == {left, stayed}
    await enter(suffolk.pool, suffolk.keys, here.model_copy(update={"areas": (Area.SURREY,)}))
    [begun] = await drafts.begun(await signed_in(suffolk, who))
    assert begun.reference == stayed


async def test_a_draft_lies_sealed_for_its_place(suffolk: Referrals, reference: str, owner_url: str) -> None:
    await drafts.save(await signed_in(suffolk), reference, KIND, "h1", draft())
    owner = await connect(owner_url)
    sealed = await owner.fetchval("SELECT sealed FROM draft WHERE reference = $1", reference)
    assert SAID.encode() not in sealed
    # Moved to another's name by whoever owns the database, it opens for nobody.
    await owner.execute("UPDATE draft SET staff = 'sus-1' WHERE reference = $1", reference)
    await owner.close()
    with pytest.raises(SealBroken):
        await drafts.find(await signed_in(suffolk, "sus-1"), reference, KIND, "h1")


async def test_a_draft_is_kept_for_fourteen_days(suffolk: Referrals, reference: str, owner_url: str) -> None:
    mine = await signed_in(suffolk)
    await drafts.save(mine, reference, KIND, "h1", draft())
    owner = await connect(owner_url)

    async def older(span: str) -> None:
        await owner.execute(
            "UPDATE draft SET saved_at = now() - $2::text::interval WHERE reference = $1", reference, span
        )

    await older("13 days 23 hours")
    await store.drop_old(suffolk.pool)
    assert await drafts.find(mine, reference, KIND, "h1") is not None
    await older("14 days 1 minute")
    assert await drafts.find(mine, reference, KIND, "h1") is None
    assert reference not in {each.reference for each in await drafts.begun(mine)}
    await store.drop_old(suffolk.pool)
    assert await owner.fetchval("SELECT count(*) FROM draft WHERE reference = $1", reference) == 0
    await owner.close()


async def test_an_erasure_takes_the_drafts_with_it(
    suffolk: Referrals, reference: str, owner_url: str
) -> None:
    mine = await signed_in(suffolk)
    await drafts.save(mine, reference, KIND, "h1", draft())
    await erase(suffolk, reference, ErasureReason.REQUEST, "sus-1")
    owner = await connect(owner_url)
    assert await owner.fetchval("SELECT count(*) FROM draft WHERE reference = $1", reference) == 0
    await owner.close()
    with pytest.raises(KeyErased):
        await drafts.save(mine, reference, KIND, "h1", draft())
    # A process that still remembers the key keeps nothing with it.
    key = await suffolk.keys.create("RJ-0000-0000")
    with pytest.raises(KeyErased):
        await store.keep(suffolk.pool, key, store.Place("cas-1", reference, KIND, ""), "Anything")


async def test_nobody_keeps_a_draft_about_a_referral_that_is_none_of_theirs(
    suffolk: Referrals, reference: str
) -> None:
    elsewhere = Staff(id="cas-out", role=Role.CASEWORKER, areas=(Area.DURHAM,))
    await enter(suffolk.pool, suffolk.keys, elsewhere)
    with pytest.raises(Refused) as refused:
        await drafts.save(await signed_in(suffolk, "cas-out"), reference, KIND, "h1", draft())
    assert refused.value.code == "staff_other_area"
    with pytest.raises(Refused) as refused:
        await drafts.save(await signed_in(suffolk), reference, KIND, "h1", draft("x" * (LONGEST + 1)))
    assert refused.value.code == "draft_too_long"


async def test_who_has_the_referral_no_more_reads_their_draft_of_a_sensitive_case_only_by_saying_why(
    console: Console, suffolk: Referrals
) -> None:
    reference = await opened(suffolk, sensitive_categories=["stalking"])
    await drafts.save(await signed_in(suffolk), reference, KIND, "h1", draft())
    await suffolk.take(reference, Reassign(caseworker="cas-2", reason="Invented"), "sus-1")
    form = f"/referrals/{reference}/steps/{KIND}?participant=h1"
    async with visiting(console, "cas-1") as visitor:
        for address in (form, form.replace("?", "/confirm?")):
            page = await visitor.get(address, status=403)
            assert "Why do you need to look at" in page
            assert SAID not in page
        answer = await visitor.post(f"/referrals/{reference}/reason", {"reason": "Invented", "back": form})
        assert answer.headers["location"] == form
        assert SAID in await visitor.get(form)
