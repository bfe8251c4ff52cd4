"""Nothing about a person lies anywhere in the clear: canaries in every Sensitive field, then looked for."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import BaseModel

from casework.access_log import looks_at
from casework.asking_to_be_called.asking import Limits, ask_to_be_called
from casework.asking_to_be_called.questions import QUESTIONS
from casework.asking_to_be_called.unsent import begin_answers, keep_answers, read_answers
from casework.session import WayIn, sign_in
from lifecycle import Refused, fold
from lifecycle.notifying.tasks import open_tasks
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.asking import Answers, Help, Others, SafeHours, WhoAsks
from schemas.commands import Command
from schemas.facts import NeedScore
from schemas.privacy import every_model, is_sensitive
from schemas.vocabulary import (
    Channel,
    ClosureReason,
    Confirmation,
    Custody,
    Ethnicity,
    Need,
    Occasion,
    Scale,
    SentenceDate,
    SignOffSubject,
    TaskResult,
)
from schemas.vocabulary.characteristics import Disability
from stores.logs import event_log
from tests.conftest import STAFF
from tests.end_to_end.kept_meanwhile import KEPT_IN, every_table, keep_everything
from tests.life import (
    BIRTHDAY,
    HARMED,
    PHONE,
    PRISON_NUMBER,
    RESPONSIBLE,
    asides,
    book,
    consent,
    detours,
    form,
    letters,
    mailbox,
    until_closed,
    until_conference,
    until_preparation,
)
from workflows.ids import workflow_id

CANARY = f"Canary {uuid4().hex}"


def marked_fields() -> set[str]:
    """Every Sensitive field there is."""
    return {
        f"{model.__name__}.{field}"
        for model in every_model()
        for field in model.model_fields
        if is_sensitive(model, field)
    }


def filled_fields(model: BaseModel) -> set[str]:
    """The Sensitive fields that carry something in one command or event, under every class that has them."""
    found: set[str] = set()
    for name, value in model:
        if is_sensitive(type(model), name) and value is not None:
            kin = [each for each in type(model).__mro__ if issubclass(each, BaseModel)]
            found |= {f"{each.__name__}.{name}" for each in kin if name in each.model_fields}
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                found |= filled_fields(item)
    return found


def files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


async def everything_asked(referrals: Referrals) -> tuple[str, list[Command]]:
    """A referral through every command that carries something about a person."""
    now = datetime.now(UTC)
    opened = form(CANARY)
    reference = (await referrals.open(opened, "cw-1")).reference
    asked: list[Command] = [opened]

    async def take(steps: list[tuple[str, Command]]) -> None:
        for staff_id, command in steps:
            await referrals.take(reference, command, staff_id)
            asked.append(command)

    await take(until_preparation(now.date(), CANARY))
    await take(asides(now.date(), CANARY))
    unsafe = c.Close(reason=ClosureReason.RISK_UNSAFE, note=CANARY)
    await take(
        [
            ("cw-1", unsafe),
            (
                "su-1",
                c.DecideSignOff(subject=SignOffSubject.CLOSURE, approved=False, reason=CANARY),
            ),
        ]
    )
    await take(until_conference(datetime.now(UTC), CANARY))
    await take(detours(datetime.now(UTC), CANARY))
    began_at = datetime.now(UTC)
    await take([("fa-1", c.AdjournActivity(began_at=began_at, reason=CANARY)), *book(began_at, CANARY)])
    # Another area is asked, and does not take it over; the same offer again is taken back.
    offer = ("su-1", c.OfferTransfer(area=Area.KENT, reason=CANARY))
    await take(
        [
            *(("cw-1", consent(person, "transfer", now.date(), CANARY)) for person in (HARMED, RESPONSIBLE)),
            offer,
            ("sm-1", c.RefuseTransfer(reason=CANARY)),
            offer,
            ("su-1", c.WithdrawTransferOffer(reason=CANARY)),
        ]
    )
    # She is told of no appointment but by phone.
    done = c.CompleteTask(task=await a_task(referrals, reference), result=TaskResult.PASSED_ON, note=CANARY)
    await take([("cw-1", done)])
    await take(until_closed(datetime.now(UTC), CANARY)[:-1])
    await take([("cw-1", c.RequestFurtherActivity(reason=CANARY))])
    await take(letters(datetime.now(UTC), CANARY))
    mistake = c.AddNote(note=CANARY)
    noted = await referrals.take(reference, mistake, "cw-1")
    await take([("su-1", c.CorrectStep(step=noted.sequence, reason=CANARY))])
    await take([("cw-1", c.Withdraw(participant=HARMED, note=CANARY))])
    await take([("su-1", c.Reopen(reason=CANARY)), until_closed(datetime.now(UTC), CANARY)[-1]])
    return reference, asked


async def asked_on_the_public_pages(referrals: Referrals) -> Answers:
    """Somebody asks to be called and is; another's request waits; a third has not sent theirs yet."""
    given = Answers(
        answered=tuple(QUESTIONS),
        leave_message=False,
        others=Others.SOMEBODY,
        seen_by=CANARY,
        hours=SafeHours.EVENING,
        safe_from="17:00",
        safe_until="20:00",
        hours_note=CANARY,
        ways=(Channel.PHONE, Channel.EMAIL, Channel.LETTER),
        phone=PHONE,
        email=mailbox(CANARY),
        address=f"{CANARY}, 1 Nowhere Street, DH1 1AA",
        name=CANARY,
        who=WhoAsks.HARMED,
        what=CANARY,
        area=Area.DURHAM,
        help=(Help.INTERPRETER,),
        language=CANARY,
        needs=CANARY,
    )
    for limits in (Limits(1000, 1000), Limits(0, 0), None):
        token = await begin_answers(referrals, "192.0.2.77")
        unsent = await read_answers(referrals, token)
        await keep_answers(referrals, token, unsent.model_copy(update={"answers": given}))
        if limits is not None:
            await ask_to_be_called(referrals, token, "192.0.2.77", Area.DURHAM, limits)
    return given


async def a_task(referrals: Referrals, reference: str) -> str:
    async with asyncio.timeout(20):
        while True:
            overview, _ = await referrals.overview(reference)
            for task in open_tasks(overview.referral):
                return task.id
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def written_logs() -> Iterator[io.StringIO]:
    """All that any logger of this process writes, at its most talkative."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


async def test_nothing_about_a_person_is_found_in_the_clear(
    referrals: Referrals, owner_url: str, servers_folder: Path, written_logs: io.StringIO
) -> None:
    reference, asked = await everything_asked(referrals)
    opened = await event_log.read(referrals.pool, reference, key=await referrals.keys.get(reference))
    filled = set().union(*map(filled_fields, asked), *(filled_fields(recorded.event) for recorded in opened))

    # Who looks may say why, and looks at what was said.
    session = await sign_in(referrals, "su-1", WayIn.COMMAND_LINE, reason=CANARY)
    looks = await looks_at(session, reference)
    filled |= set().union(*map(filled_fields, looks))
    filled |= filled_fields(await asked_on_the_public_pages(referrals))
    assert marked_fields() - filled == set(), "a Sensitive field that nothing here fills"

    with pytest.raises(Refused) as refused:
        await referrals.take(reference, c.PostponeActivity(reason=CANARY), "cw-1")
    assert CANARY not in str(refused.value)

    secrets = await keep_everything(referrals, reference, CANARY)
    history = await referrals.client.get_workflow_handle(workflow_id(reference)).fetch_history()
    tables = await every_table(owner_url)
    assert [name for name in KEPT_IN if not tables[name]] == []
    places = {
        "history": history.to_json().encode(),
        "logs": written_logs.getvalue().encode(),
    }
    places |= {f"table {name}": content for name, content in tables.items()}
    places |= {str(path): path.read_bytes() for path in files_below(servers_folder)}
    for canary in (CANARY, BIRTHDAY, PRISON_NUMBER, PHONE.removeprefix("+44"), mailbox(CANARY), *secrets):
        where = {
            place: content[max(0, content.index(canary.encode()) - 200) :][:400]
            for place, content in places.items()
            if canary.encode() in content
        }
        # Nobody here is a real person: what was found, and around it, helps whoever has to find out why.
        assert where == {}, canary

    # A colleague's name lies in the register alone, and in the database's own files.
    [name] = {member.name for member in STAFF if member.id == "cw-1"}
    assert name is not None
    assert [
        place
        for place, content in places.items()
        if name.encode() in content and "postgres" not in place and not place.startswith("table ")
    ] == []

    # The search would have found it: what is in the clear, the reference, is found where it must be.
    found_in = [place for place, content in places.items() if reference.encode() in content]
    assert {"history", "table event", "table referral"} <= set(found_in)
    assert any("pg_wal" in place or "base" in place for place in found_in)
    assert any("temporal" in place for place in found_in)

    # And it is all there, for those who hold the key.
    assert sum(CANARY in recorded.model_dump_json() for recorded in opened) > 30


# Words that stand in the log and in the state of the referral below, and in nothing that is in the clear.
SPECIAL = (
    "child_sexual_exploitation",
    "in_prison",
    "post_sentence_custody",
    "asian",
    "media_interest",
    "offender_manager",
    "pcl_5",
    "drugs_and_alcohol",
    "limited_a_lot",
    "E06000047",
    "tariff_end",
)


async def everything_special(referrals: Referrals) -> str:
    """A referral with something of every special category, and a correction, which repeats the whole state."""
    now = datetime.now(UTC)
    opened = form(justice_stage="post_sentence_custody", sensitive_categories=["child_sexual_exploitation"])
    harmed, responsible = opened.participants
    people = (
        harmed.model_copy(
            update={"ethnicity": Ethnicity.ASIAN_INDIAN, "disability": Disability.LIMITED_A_LOT}
        ),
        responsible.model_copy(update={"custody": Custody.IN_PRISON}),
    )
    opened = opened.model_copy(update={"participants": people, "district": "E06000047"})
    reference = (await referrals.open(opened, "cw-1")).reference
    for staff_id, command in until_preparation(now.date()):
        await referrals.take(reference, command, staff_id)
        if isinstance(command, c.RecordRiskVerdict):
            # A sensitive case waits for a supervisor.
            approved = c.DecideSignOff(subject=SignOffSubject.RISK_ASSESSMENT, approved=True)
            await referrals.take(reference, approved, "su-1")
    need = NeedScore(need=Need.DRUGS_AND_ALCOHOL, score=1)
    said: tuple[Command, ...] = (
        c.RecordConfirmation(participant="r1", confirmation=Confirmation.OFFENDER_MANAGER),
        c.RecordCustodyDetails(
            participant="r1",
            sentence_date=now.date() + timedelta(days=90),
            sentence_date_is=SentenceDate.TARIFF_END,
        ),
        c.RecordScale(participant="h1", scale=Scale.PCL_5, occasion=Occasion.BEFORE, score=77),
        c.RecordNeeds(participant="h1", occasion=Occasion.BEFORE, needs=(need,)),
    )
    for command in said:
        await referrals.take(reference, command, "cw-1")
    mistake = await referrals.take(reference, c.AddNote(note="A slip"), "cw-1")
    await referrals.take(reference, c.CorrectStep(step=mistake.sequence, reason="A slip"), "su-1")
    return reference


async def test_nothing_of_a_special_category_is_found_in_the_clear(
    referrals: Referrals, servers_folder: Path, written_logs: io.StringIO
) -> None:
    reference = await everything_special(referrals)
    history = await referrals.client.get_workflow_handle(workflow_id(reference)).fetch_history()
    rows = [
        str(row)
        for table in (
            "event",
            "referral",
            "deadline",
            "escalation",
            "sign_off_request",
            "notice",
            "notice_try",
        )
        for row in await referrals.pool.fetch(
            f"SELECT t::text FROM {table} t WHERE reference = $1", reference
        )
    ]
    places = {
        "history": history.to_json().encode(),
        "tables": "\n".join(rows).encode(),
        "logs": written_logs.getvalue().encode(),
    } | {
        str(path): path.read_bytes()
        for path in files_below(servers_folder)
        # Coarse facts, of which nobody can tell whose they are, lie in PostgreSQL's own files.
        if "postgres" not in str(path)
    }
    assert any("temporal" in place for place in places)
    for word in SPECIAL:
        assert [place for place, content in places.items() if word.encode() in content] == [], word
    assert all(reference.encode() in places[place] for place in ("history", "tables"))

    opened = await event_log.read(referrals.pool, reference, key=await referrals.keys.get(reference))
    told = "".join(recorded.model_dump_json() for recorded in opened)
    assert [word for word in SPECIAL if word not in told] == []
    # What decides is whole: the rules see the same as the workflow, which was told with each step.
    overview, live = await referrals.overview(reference)
    assert live
    assert overview.referral == fold(await event_log.history(referrals.pool, referrals.keys, reference))
    assert "in_prison" in overview.referral.model_dump_json()
