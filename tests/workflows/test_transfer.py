"""A family that moves to another area, from the offer to the work there, through the whole engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.common import SearchAttributeKey

from casework.access import What, require_access
from casework.access_log import looks_at
from casework.inbox import load_wording, read_inbox
from casework.referral.contact import contact_details
from casework.referral.steps import permitted, preview
from casework.referral.timeline import read_timeline
from casework.referral.view import OfferView, ReferralView, SentOnView, StatusView, view_referral
from casework.referral_lists import ListFilters, list_referrals, offered, sent, transferred
from casework.searching.search import search
from casework.session import Session, WayIn, sign_in
from casework.worklist.worklist import worklist
from lifecycle import Refused
from operations.erasure import erase
from operations.reconciling import reconcile
from operations.verifying import verify
from reports.funnel import funnel
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.access import DataKind, Relation
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import ErasureReason, Stage
from stores.logs import event_log
from stores.logs.anchors import Anchors
from tests import life
from tests.life import HARMED, PHONE, RESPONSIBLE, form
from tests.register import enter
from workflows.ids import workflow_id

HOME, THERE = Area.BEDFORDSHIRE, Area.CAMBRIDGESHIRE
WHY = "They moved house in May"
PEOPLE = (
    Staff(id="nf-cw", role=Role.CASEWORKER, areas=(HOME,)),
    Staff(id="nf-su", role=Role.SUPERVISOR, areas=(HOME,)),
    Staff(id="nf-pa", role=Role.PARTNER, areas=(HOME,)),
    Staff(id="nf-other-pa", role=Role.PARTNER, areas=(HOME,)),
    Staff(id="sf-cw", role=Role.CASEWORKER, areas=(THERE,)),
    Staff(id="sf-su", role=Role.SUPERVISOR, areas=(THERE,)),
    Staff(id="sf-both", role=Role.SUPERVISOR, areas=(HOME, THERE)),
)


@pytest_asyncio.fixture(scope="module")
async def areas(referrals: Referrals) -> None:
    await enter(referrals.pool, referrals.keys, *PEOPLE)


@pytest.fixture
async def reference(referrals: Referrals, areas: None) -> str:
    """A referral that a partner sent, in preparation, which both people share."""
    found = (await referrals.open(form("Canary", area=HOME, source="police"), "nf-pa")).reference
    on = datetime.now(UTC).date()
    for _, command in life.until_preparation(on, "Canary"):
        here = c.Allocate(caseworker="nf-cw") if isinstance(command, c.Allocate) else command
        await referrals.take(found, here, "nf-cw")
    for person in (HARMED, RESPONSIBLE):
        await referrals.take(found, life.consent(person, "transfer", on, "Canary"), "nf-cw")
    return found


async def as_(referrals: Referrals, who: str) -> Session:
    return await sign_in(referrals, who, WayIn.COMMAND_LINE)


async def offer(referrals: Referrals, reference: str) -> None:
    await referrals.take(reference, c.OfferTransfer(area=THERE, reason=WHY), "nf-su")


async def accept(referrals: Referrals, reference: str, caseworker: str | None = None) -> None:
    await referrals.take(reference, c.AcceptTransfer(caseworker=caseworker), "sf-su")


async def refused(what: Any) -> str:
    with pytest.raises(Refused) as found:
        await what
    return found.value.code


async def kinds(referrals: Referrals, reference: str) -> list[str]:
    return [each.event.kind for each in await event_log.read(referrals.pool, reference)]


async def verified(referrals: Referrals, reference: str, folder: Path) -> bool:
    anchors = Anchors(referrals.pool, referrals.keys, folder)
    return not (await verify(referrals, anchors, reference, lambda done, total: None)).breaks


async def test_a_family_that_moves_goes_on_in_the_other_area_with_one_log(
    referrals: Referrals, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = referrals.policies.base.model_copy(update={"version": "elsewhere", "closures": ()})
    monkeypatch.setitem(cast(dict[Area, Any], referrals.policies.areas), THERE, theirs)
    before = await kinds(referrals, reference)
    await offer(referrals, reference)
    run = (await referrals.client.get_workflow_handle(workflow_id(reference)).describe()).run_id
    await accept(referrals, reference)

    # The same log and the same workflow, under the other area's policy.
    assert (await kinds(referrals, reference))[: len(before)] == before
    handle = referrals.client.get_workflow_handle(workflow_id(reference))
    described = await handle.describe()
    assert described.run_id == run
    assert described.typed_search_attributes[SearchAttributeKey.for_keyword("RjArea")] == THERE
    found, answered = await referrals.overview(reference)
    assert answered
    assert (found.referral.area, found.referral.stage) == (THERE, Stage.PREPARATION)
    assert found.referral.policy.version == "elsewhere"
    assert found.referral.caseworker is None
    assert "allocation" in {each.key for each in found.deadlines}
    assert await verified(referrals, reference, tmp_path)

    # The service there works on it; the one that it left does not.
    await referrals.take(reference, c.Reassign(caseworker="sf-cw"), "sf-su")
    await referrals.take(reference, c.AddNote(note="Welcomed"), "sf-cw")
    assert (
        await refused(referrals.take(reference, c.AddNote(note="Once more"), "nf-cw")) == "staff_other_area"
    )
    assert await refused(referrals.take(reference, c.AcceptTransfer(), "sf-su")) == "not_offered"
    assert await verified(referrals, reference, tmp_path)
    await reconcile(referrals, reference, lambda done, total: None)
    assert (await referrals.overview(reference))[0].referral.area == THERE


async def test_an_answer_given_twice_is_given_once(referrals: Referrals, reference: str) -> None:
    await offer(referrals, reference)
    once = uuid4()
    first = await referrals.take(reference, c.AcceptTransfer(), "sf-su", command_id=once)
    again = await referrals.take(reference, c.AcceptTransfer(), "sf-su", command_id=once)
    assert first.sequence == again.sequence
    assert (await kinds(referrals, reference)).count("transfer_accepted") == 1


async def test_a_refusal_given_twice_is_answered_by_its_receipt_and_to_nobody_else(
    referrals: Referrals, reference: str
) -> None:
    await offer(referrals, reference)
    once, no = uuid4(), c.RefuseTransfer(reason=WHY)
    first = await referrals.take(reference, no, "sf-su", command_id=once)
    again = await referrals.take(reference, no, "sf-su", command_id=once)
    assert (again.sequence, again.command_id) == (first.sequence, once)
    assert await refused(referrals.take(reference, no, "sf-cw", command_id=once)) == "staff_other_area"
    assert await refused(referrals.take(reference, no, "sf-su", command_id=uuid4())) == "staff_other_area"
    assert (await kinds(referrals, reference)).count("transfer_refused") == 1


async def test_the_partner_who_sent_it_still_raises_a_concern_and_nothing_else(
    referrals: Referrals, reference: str, tmp_path: Path
) -> None:
    await offer(referrals, reference)
    await accept(referrals, reference, "sf-cw")
    partner = await as_(referrals, "nf-pa")
    assert {each.kind for each in await permitted(partner, reference)} == {"raise_safeguarding"}
    danger = c.RaiseSafeguarding(note="Canary: he was seen at her door")
    assert await refused(referrals.take(reference, danger, "nf-other-pa")) == "staff_other_area"
    assert await refused(referrals.take(reference, danger, "nf-cw")) == "staff_other_area"
    await referrals.take(reference, danger, "nf-pa")
    found, _ = await referrals.overview(reference)
    assert found.referral.safeguarding is not None
    assert found.referral.safeguarding.raised_by == "nf-pa"
    # Its supervisors look into it where the referral is now.
    await referrals.take(reference, c.LiftSafeguarding(note="Looked into"), "sf-su")
    assert await verified(referrals, reference, tmp_path)


async def test_only_the_right_side_offers_and_answers(referrals: Referrals, reference: str) -> None:
    assert await refused(referrals.take(reference, c.AcceptTransfer(), "sf-su")) == "staff_other_area"
    to_there = c.OfferTransfer(area=THERE, reason=WHY)
    assert await refused(referrals.take(reference, to_there, "nf-cw")) == "not_your_role"
    assert await refused(referrals.take(reference, to_there, "sf-su")) == "staff_other_area"
    assert await refused(referrals.take(reference, to_there.model_copy(update={"area": HOME}), "nf-su")) == (
        "same_area"
    )
    nobody = c.OfferTransfer(area=Area.NORTH_WALES, reason=WHY)
    assert await refused(referrals.take(reference, nobody, "nf-su")) == "area_without_supervisor"
    await offer(referrals, reference)
    assert await refused(referrals.take(reference, c.AcceptTransfer(), "nf-su")) == "staff_other_area"
    assert await refused(referrals.take(reference, c.AcceptTransfer(), "sf-cw")) == "not_your_role"
    theirs_there = c.AcceptTransfer(caseworker="nf-cw")
    assert await refused(referrals.take(reference, theirs_there, "sf-su")) == "staff_other_area"
    # Who works in both may do what belongs to each, but not answer their own.
    both = {each.kind for each in await permitted(await as_(referrals, "sf-both"), reference)}
    assert {"accept_transfer", "refuse_transfer", "withdraw_transfer_offer"} <= both
    await referrals.take(reference, c.WithdrawTransferOffer(), "sf-both")
    await referrals.take(reference, to_there, "sf-both")
    assert await refused(referrals.take(reference, c.AcceptTransfer(), "sf-both")) == "own_offer"
    await referrals.take(reference, c.RefuseTransfer(reason=WHY), "sf-both")


async def test_before_it_is_accepted_the_other_area_sees_what_it_needs_and_nobody_s_name(
    referrals: Referrals, reference: str
) -> None:
    them, worker = await as_(referrals, "sf-su"), await as_(referrals, "sf-cw")
    assert await refused(view_referral(them, reference)) == "staff_other_area"
    await offer(referrals, reference)
    found = await view_referral(them, reference)
    assert isinstance(found, OfferView)
    assert (found.area, found.stage, found.offence, found.sensitive) == (
        HOME,
        Stage.PREPARATION,
        "burglary",
        False,
    )
    assert found.reason == WHY
    assert found.people == {"harmed": 1, "responsible": 1}
    assert "transfer_answer" in {each.key for each in found.deadlines}
    assert "Canary" not in str(found.for_script())
    assert WHY not in repr(found)
    # Reading why is a look.
    looks = await looks_at(await as_(referrals, "nf-su"), reference, limit=50)
    theirs = [each for each in looks if each.staff == "sf-su"]
    assert [(each.kind, each.relation) for each in theirs] == [(DataKind.TRANSFER_OFFER, Relation.OFFERED_TO)]
    # It stands on their list and on no other of their area.
    assert reference in {each.reference for each in (await offered(them)).lines}
    assert await refused(offered(worker)) == "not_your_role"
    [item] = [each for each in (await worklist(them)).items if each.reference == reference]
    assert (item.kind, item.area) == ("accept_transfer", HOME)
    assert {each.kind for each in item.actions} == {"accept_transfer", "refuse_transfer"}
    assert reference not in {each.reference for each in (await worklist(worker)).items}
    assert {each.kind for each in await permitted(them, reference)} == {"accept_transfer", "refuse_transfer"}
    told = await preview(them, reference, c.AcceptTransfer(caseworker="sf-cw"))
    assert ("sf-cw", "allocated") in {(each.to, each.template) for each in told.people_told}
    # Nothing else of it is theirs.
    assert await refused(read_timeline(them, reference, outline=True)) == "staff_other_area"
    assert await refused(contact_details(them, reference, HARMED)) == "staff_other_area"
    assert await refused(require_access(them, What.CASELOAD, reference)) == "staff_other_area"
    assert await refused(view_referral(worker, reference)) == "staff_other_area"
    listed = await list_referrals(them, ListFilters(limit=1000))
    assert reference not in {each.reference for each in listed.lines}
    assert reference not in {each.reference for each in cast(Any, await search(them, reference)).items}


async def test_the_area_that_it_left_loses_sight_of_it(referrals: Referrals, reference: str) -> None:
    await offer(referrals, reference)
    await accept(referrals, reference, "sf-cw")
    supervisor, worker = await as_(referrals, "nf-su"), await as_(referrals, "nf-cw")
    found = await view_referral(supervisor, reference)
    assert isinstance(found, SentOnView)
    assert (found.left, found.area) == (HOME, THERE)
    assert set(found.for_script()) == {"reference", "left", "area", "at"}
    assert reference in {each.reference for each in (await transferred(supervisor)).lines}
    for who in (supervisor, worker):
        assert await refused(read_timeline(who, reference, outline=True)) == "sent_on"
        assert await refused(contact_details(who, reference, HARMED)) == "sent_on"
        listed = await list_referrals(who, ListFilters(limit=1000))
        assert reference not in {each.reference for each in listed.lines}
        assert reference not in {each.reference for each in cast(Any, await search(who, reference)).items}
        by_number = cast(Any, await search(who, PHONE, limit=1000)).items
        assert reference not in {each.reference for each in by_number}
        assert reference not in {each.reference for each in (await worklist(who)).items}
    by_number = cast(Any, await search(await as_(referrals, "sf-cw"), PHONE, limit=1000)).items
    assert reference in {each.reference for each in by_number}
    assert await refused(view_referral(worker, reference)) == "sent_on"
    assert await refused(permitted(supervisor, reference)) == "staff_other_area"
    assert isinstance(await view_referral(await as_(referrals, "sf-cw"), reference), ReferralView)


async def test_the_partner_who_sent_it_still_sees_its_status(referrals: Referrals, reference: str) -> None:
    await offer(referrals, reference)
    await accept(referrals, reference)
    partner = await as_(referrals, "nf-pa")
    found = await view_referral(partner, reference)
    assert isinstance(found, StatusView)
    assert found.status == "in_hand"
    listed = {each.reference: each.area for each in cast(Any, await sent(partner, limit=1000)).lines}
    # Where it went is not theirs to know.
    assert listed[reference] == HOME
    assert reference in {each.reference for each in cast(Any, await search(partner, reference)).lines}
    inbox = await read_inbox(partner, load_wording(None), limit=1000)
    said = {each.template for each in inbox.items if each.reference == reference}
    assert "agency_transferred" in said
    assert not [each for each in inbox.items if THERE in each.says]


async def test_both_areas_are_told(referrals: Referrals, reference: str) -> None:
    await offer(referrals, reference)
    wording = load_wording(None)

    async def inbox(who: str) -> set[str]:
        found = await read_inbox(await as_(referrals, who), wording, limit=1000)
        return {each.template for each in found.items if each.reference == reference}

    assert "transfer_offered" in await inbox("sf-su")
    await accept(referrals, reference, "sf-cw")
    assert await inbox("nf-su") == {"transfer_accepted"}
    assert await inbox("sf-cw") == {"allocated"}
    # Messages about what is no longer theirs are gone from their inboxes.
    assert await inbox("nf-cw") == set()


async def test_an_answer_is_recorded_only_for_the_area_that_it_is_offered_to(
    referrals: Referrals, reference: str
) -> None:
    """PostgreSQL believes nobody: a worker whose rules were got round cannot move a referral either."""
    await offer(referrals, reference)
    row = await referrals.pool.fetchrow(
        "SELECT area, offered_to FROM referral WHERE reference = $1", reference
    )
    assert row is not None
    assert (row["area"], row["offered_to"]) == (HOME, THERE)
    await referrals.take(reference, c.RefuseTransfer(reason=WHY), "sf-su")
    assert (
        await referrals.pool.fetchval("SELECT offered_to FROM referral WHERE reference = $1", reference)
        is None
    )


async def test_figures_and_erasure_hold_after_a_transfer(
    referrals: Referrals, reference: str, tmp_path: Path
) -> None:
    await offer(referrals, reference)
    await accept(referrals, reference, "sf-cw")
    assert await refused(erase(referrals, reference, ErasureReason.REQUEST, "nf-su")) == "staff_other_area"
    await erase(referrals, reference, ErasureReason.REQUEST, "sf-su")
    counted = {
        area: await funnel(referrals.pool, areas=[area], references=[reference]) for area in (HOME, THERE)
    }
    assert (counted[HOME].count("received"), counted[HOME].count("transferred_away")) == (1, 1)
    assert (counted[THERE].count("received"), counted[THERE].count("received_by_transfer")) == (0, 1)
    assert await verified(referrals, reference, tmp_path)
    facts = await referrals.pool.fetch("SELECT DISTINCT area FROM fact WHERE area = ANY($1)", [HOME, THERE])
    assert HOME in {row["area"] for row in facts}


async def test_a_clock_of_the_new_policy_runs_after_the_transfer(referrals: Referrals, areas: None) -> None:
    reference = (await referrals.open(form(area=HOME), "nf-cw")).reference
    await referrals.take(reference, c.OfferTransfer(area=THERE, reason=WHY), "nf-su")
    before = datetime.now(UTC)
    await referrals.take(reference, c.AcceptTransfer(), "sf-su")
    found, _ = await referrals.overview(reference)
    [allocation] = [each for each in found.deadlines if each.key == "allocation"]
    assert allocation.started_at is not None
    assert allocation.started_at >= before - timedelta(seconds=5)
    await referrals.take(reference, c.RecordDuplicateCheck(), "sf-cw")
    await referrals.take(reference, c.Allocate(caseworker="sf-cw"), "sf-cw")
