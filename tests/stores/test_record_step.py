"""Whoever calls record_step() as the application is not believed: nothing is recorded that the log, the register and
the clock do not lead to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.reading.reference import reference_from
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.life import form
from tests.register import enter
from tests.stores.test_event_log import ATTEMPT, Recording

CALL = "SELECT record_step($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)"


@dataclass
class Step:
    """The arguments of an honest step: a note by the caseworker."""

    reference: str
    after: int
    head: bytes
    row: dict[str, Any]
    command: Any = field(default_factory=uuid4)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    actor: str = "cw-1"
    role: str = "caseworker"
    named: list[str] = field(default_factory=list)
    advanced: str | None = None
    authors: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=lambda: ["note_added"])
    bodies: list[str] = field(default_factory=lambda: ['{"kind":"note_added"}'])
    sealed: list[bytes | None] = field(default_factory=lambda: [None])
    links: list[bytes] = field(default_factory=lambda: [b"\x01" * 32])
    deadlines: str = "[]"
    notices: str = "[]"

    async def taken(self, pool: Pool) -> Any:
        return await pool.nowhere.fetchval(
            CALL,
            self.reference, self.after, self.head, self.command, self.at, self.actor, self.role, self.named,
            self.advanced, self.authors, self.kinds, self.bodies, self.sealed, self.links, json.dumps(self.row),
            self.deadlines, self.notices, "[]", [],
        )  # fmt: skip

    def saying(self, kind: str, **body: object) -> Step:
        self.kinds, self.bodies = [kind], [json.dumps({"kind": kind, **body}, default=str)]
        return self


@pytest.fixture
async def step(pool: Pool, keys: KeyStore) -> Step:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form())
    await recording.take(ATTEMPT)
    head = await event_log.head(pool, recording.reference, 2)
    assert head is not None
    row = await pool.fetchval(
        "SELECT to_jsonb(r)::text FROM referral r WHERE reference = $1", recording.reference
    )
    return Step(recording.reference, 2, head, json.loads(row))


async def count(pool: Pool, reference: str) -> Any:
    return await pool.fetchval("SELECT count(*) FROM event WHERE reference = $1", reference)


async def test_an_honest_step_is_recorded_once(pool: Pool, step: Step) -> None:
    assert await step.taken(pool) == "recorded"
    assert await step.taken(pool) == "repeated"
    assert await count(pool, step.reference) == 3


NEWER = (
    "facilitators",
    "unchecked_draft",
    "unanswered_complaint",
    "inactive_from",
    "supervision_due_at",
    "review_due_at",
)


async def newer(pool: Pool, reference: str) -> dict[str, Any]:
    row = await pool.fetchrow("SELECT * FROM referral WHERE reference = $1", reference)
    assert row is not None
    return {name: row[name] for name in NEWER}


async def test_what_a_worker_of_an_older_version_does_not_tell_stays_as_it_was(
    pool: Pool, step: Step
) -> None:
    step.row |= {"facilitators": ["fa-1"], "unchecked_draft": True, "review_due_at": "2026-03-02T09:00:00Z"}
    assert await step.taken(pool) == "recorded"
    told = await newer(pool, step.reference)
    assert (told["facilitators"], told["unchecked_draft"]) == (["fa-1"], True)
    older = replace(step, after=3, head=step.links[0], links=[b"\x03" * 32], command=uuid4())
    older.row = {name: value for name, value in step.row.items() if name not in NEWER}
    assert await older.taken(pool) == "recorded"
    assert await newer(pool, step.reference) == told
    again = replace(step, after=4, head=older.links[0], links=[b"\x04" * 32], command=uuid4())
    again.row = step.row | {"unchecked_draft": False, "review_due_at": None}
    assert await again.taken(pool) == "recorded"
    assert await newer(pool, step.reference) == told | {"unchecked_draft": False, "review_due_at": None}


async def test_a_worker_of_an_older_version_may_open_a_referral(
    pool: Pool, keys: KeyStore, step: Step
) -> None:
    reference = reference_from(uuid4().int)
    await keys.create(reference)
    opening = replace(step, reference=reference, after=0, head=b"", command=uuid4())
    opening.row = {name: value for name, value in step.row.items() if name not in (*NEWER, "head")}
    opening.row |= {"reference": reference, "stage": "received", "caseworker": None}
    body = await pool.fetchval("SELECT body FROM event WHERE reference = $1 AND sequence = 1", step.reference)
    opening.kinds, opening.bodies = ["referral_received"], [body]
    assert await opening.taken(pool) == "recorded"
    assert (await newer(pool, reference))["facilitators"] == []


@pytest.mark.parametrize("changes", [
    {"after": 1},
    {"after": 3},
    {"head": b"\x02" * 32},
    {"head": b""},
])  # fmt: skip
async def test_a_step_goes_on_from_where_the_log_stands(
    pool: Pool, step: Step, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(step, name, value)
    assert await step.taken(pool) == "behind"
    assert await count(pool, step.reference) == 2


@pytest.mark.parametrize(("actor", "role", "answer"), [
    ("nobody", "caseworker", "staff_unknown:nobody"),
    ("cw-gone", "caseworker", "staff_inactive:cw-gone"),
    ("cw-kent", "caseworker", "staff_other_area:cw-kent"),
    ("cw-1", "supervisor", "staff_other_role:cw-1"),
    ("cw-1", "system", "actor"),
    ("system", "caseworker", "staff_unknown:system"),
    ("system", "system", "actor"),
])  # fmt: skip
async def test_who_acts_comes_from_the_register(
    pool: Pool, step: Step, actor: str, role: str, answer: str
) -> None:
    step.actor, step.role = actor, role
    assert await step.taken(pool) == answer
    assert await count(pool, step.reference) == 2


@pytest.mark.parametrize(
    "kind", ["deadline_reached", "escalation_raised", "notice_settled", "participant_came_of_age"]
)
async def test_no_person_records_what_is_the_clocks(pool: Pool, step: Step, kind: str) -> None:
    assert await step.saying(kind).taken(pool) == "actor"


async def test_the_clock_reaches_only_what_the_log_holds_and_not_before_its_time(
    pool: Pool, step: Step
) -> None:
    row = await pool.fetchrow(
        "SELECT key, points FROM deadline WHERE reference = $1 AND key = 'allocation'", step.reference
    )
    assert row is not None
    due = datetime.fromisoformat(json.loads(row["points"])["due"])
    step.actor, step.role = "system", "system"
    step.at = due
    assert (
        await step.saying("deadline_reached", deadline="court_date", point="due", at=due).taken(pool)
        == "point"
    )
    assert (
        await step.saying("deadline_reached", deadline="allocation", point="warn-9", at=due).taken(pool)
        == "point"
    )
    step.at = due - timedelta(seconds=1)
    assert (
        await step.saying("deadline_reached", deadline="allocation", point="due", at=due).taken(pool)
        == "point"
    )
    earlier = due - timedelta(minutes=1)
    said = step.saying("deadline_reached", deadline="allocation", point="due", at=earlier)
    assert await said.taken(pool) == "point", "its instant is the log's, not the caller's"
    assert await count(pool, step.reference) == 2
    step.at = due
    assert (
        await step.saying("deadline_reached", deadline="allocation", point="due", at=due).taken(pool)
        == "recorded"
    )


async def test_only_a_message_that_is_on_its_way_is_settled(pool: Pool, step: Step) -> None:
    step.actor, step.role = "system", "system"
    assert await step.saying("notice_settled", notice="9-1", outcome="delivered").taken(pool) == "notice"


@pytest.mark.parametrize(("asked", "answer"), [
    ({"source": "self", "asked_by": "h1"}, "recorded"),
    ({"source": "police", "asked_by": "h1"}, "actor"),
    ({"source": "self"}, "actor"),
    ({"source": "self", "asked_by": None}, "actor"),
])  # fmt: skip
async def test_by_itself_the_service_opens_only_what_somebody_asked_for(
    pool: Pool, step: Step, asked: dict[str, str | None], answer: str
) -> None:
    reference = reference_from(uuid4().int)
    row = step.row | {"reference": reference, "stage": "received", "offered_to": None}
    mine = Step(reference, 0, b"", row, actor="system", role="system")
    assert await mine.saying("referral_received", area="durham", **asked).taken(pool) == answer
    assert await count(pool, reference) == (1 if answer == "recorded" else 0)


async def test_by_itself_the_service_does_nothing_else_while_it_opens(pool: Pool, step: Step) -> None:
    reference = reference_from(uuid4().int)
    row = step.row | {"reference": reference, "stage": "victim_contact", "offered_to": None}
    mine = Step(reference, 0, b"", row, actor="system", role="system")
    mine.saying("referral_received", area="durham", source="self", asked_by="h1")
    mine.kinds, mine.sealed, mine.links = [*mine.kinds, "stage_entered"], [None] * 2, [b"\x01" * 32] * 2
    mine.bodies = [*mine.bodies, '{"stage": "victim_contact"}']
    assert await mine.taken(pool) == "actor"


async def test_a_step_is_not_dated_before_the_last_event(pool: Pool, step: Step) -> None:
    step.at -= timedelta(days=2000)
    assert await step.taken(pool) == "early"
    assert await count(pool, step.reference) == 2


async def test_a_step_is_not_dated_in_the_future(pool: Pool, step: Step, owner_url: str) -> None:
    """The tests' own database lets time run ahead; here the real function is put back, and nothing of it stays."""
    owner = await connect(owner_url)
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(
            "CREATE OR REPLACE FUNCTION latest_time() RETURNS timestamptz"
            " LANGUAGE sql STABLE AS 'SELECT clock_timestamp() + interval ''1 minute'''"
        )
        step.at = datetime.now(UTC) + timedelta(hours=1)
        arguments: tuple[Any, ...] = (
            step.reference, step.after, step.head, step.command, step.at, step.actor, step.role, [], None, [],
            step.kinds, step.bodies, step.sealed, step.links, json.dumps(step.row), "[]", "[]", "[]", [],
        )  # fmt: skip
        assert await owner.fetchval(CALL, *arguments) == "late"
    finally:
        await transaction.rollback()
        await owner.close()


@pytest.mark.parametrize(("column", "value"), [("stage", "closed"), ("stage", None), ("area", "kent")])
async def test_the_row_says_what_the_events_lead_to(
    pool: Pool, step: Step, column: str, value: str | None
) -> None:
    step.row[column] = value
    assert await step.taken(pool) == column
    assert await count(pool, step.reference) == 2


async def test_a_referral_begins_by_being_received(pool: Pool, step: Step) -> None:
    step.reference = step.row["reference"] = "RJ-0000-0001"
    step.after, step.head = 0, b""
    assert await step.taken(pool) == "area"
    assert await count(pool, step.reference) == 0


async def test_a_referral_is_received_once(pool: Pool, step: Step) -> None:
    assert await step.saying("referral_received", area="durham").taken(pool) == "area"


@pytest.fixture
async def offered(pool: Pool, step: Step) -> Step:
    """The next step after the referral was offered to Kent."""
    step.actor, step.role = "su-1", "supervisor"
    step.row["offered_to"] = "kent"
    assert await step.saying("transfer_offered", area="kent").taken(pool) == "recorded"
    row = dict(step.row, offered_to=None)
    return Step(step.reference, 3, b"\x01" * 32, row, actor="sm-1", role="service_manager")


def accepts(step: Step, *more: str, left: str = "durham", area: str = "kent") -> Step:
    step.saying("transfer_accepted", left=left, area=area)
    step.row["area"] = area
    step.kinds += more
    step.bodies += [json.dumps({"kind": kind}) for kind in more]
    step.sealed, step.links = [None] * len(step.kinds), [b"\x01" * 32] * len(step.kinds)
    return step


async def test_the_area_that_it_is_offered_to_takes_it_over(pool: Pool, offered: Step) -> None:
    assert await accepts(offered).taken(pool) == "recorded"
    area, to = await pool.fetchrow(
        "SELECT area, offered_to FROM referral WHERE reference = $1", offered.reference
    ) or ("", "")
    assert (area, to) == ("kent", None)


async def test_nothing_moves_without_an_offer(pool: Pool, step: Step) -> None:
    step.actor, step.role = "sm-1", "service_manager"
    assert await accepts(step).taken(pool) == "area"
    assert await count(pool, step.reference) == 2


@pytest.mark.parametrize(
    ("actor", "role", "left", "area", "more", "answer"),
    [
        ("su-1", "supervisor", "durham", "kent", (), "staff_other_area:su-1"),
        ("cw-kent", "caseworker", "durham", "kent", (), "actor"),
        ("cw-kent", "supervisor", "durham", "kent", (), "staff_other_role:cw-kent"),
        ("sm-1", "service_manager", "durham", "essex", (), "area"),
        ("sm-1", "service_manager", "essex", "kent", (), "area"),
        # Who may answer may do nothing else to a referral that is not theirs.
        ("sm-1", "service_manager", "durham", "kent", ("note_added",), "actor"),
    ],
)
async def test_it_is_taken_over_as_it_was_offered_and_by_whom_it_was_offered_to(
    pool: Pool, offered: Step, actor: str, role: str, left: str, area: str, more: tuple[str, ...], answer: str
) -> None:
    offered.actor, offered.role = actor, role
    assert await accepts(offered, *more, left=left, area=area).taken(pool) == answer
    assert await count(pool, offered.reference) == 3


async def test_the_area_that_it_is_offered_to_does_nothing_but_answer(pool: Pool, offered: Step) -> None:
    offered.actor, offered.role = "cw-kent", "caseworker"
    offered.row["offered_to"] = "kent"
    assert await offered.taken(pool) == "staff_other_area:cw-kent"


async def test_it_is_offered_once_to_another_area_in_which_somebody_can_answer(
    pool: Pool, step: Step, offered: Step
) -> None:
    again = Step(step.reference, 3, b"\x01" * 32, dict(step.row, offered_to="kent"), actor="su-1")
    again.role = "supervisor"
    assert await again.saying("transfer_offered", area="kent").taken(pool) == "area"
    ended = Step(step.reference, 3, b"\x01" * 32, dict(step.row, offered_to=None), actor="su-1")
    ended.role = "supervisor"
    assert await ended.saying("transfer_offer_withdrawn", area="kent").taken(pool) == "recorded"
    for area, answer in (("durham", "area"), ("hampshire", "area_without_supervisor:hampshire")):
        next_one = Step(step.reference, 4, b"\x01" * 32, dict(step.row, offered_to=area), actor="su-1")
        next_one.role = "supervisor"
        assert await next_one.saying("transfer_offered", area=area).taken(pool) == answer


async def test_no_step_moves_the_offer_in_passing(pool: Pool, offered: Step) -> None:
    offered.actor, offered.role = "cw-1", "caseworker"
    assert await offered.taken(pool) == "area"
    offered.row["offered_to"] = "essex"
    assert await offered.taken(pool) == "area"


TABLES = (
    "event",
    "referral",
    "deadline",
    "escalation",
    "sign_off_request",
    "notice",
    "notice_try",
    "anchor",
    "fact",
    "keys.erasure",
)
VERBS = ("INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}")
# It keeps tries and anchors, notes erasures, and takes facts away.
ITS_OWN = {("notice_try", "INSERT"), ("anchor", "INSERT"), ("keys.erasure", "INSERT"), ("fact", "DELETE")}


@pytest.mark.parametrize(
    ("table", "verb"),
    [(table, verb) for table in TABLES for verb in VERBS if (table, verb.split()[0]) not in ITS_OWN],
)
async def test_the_application_changes_no_table_by_itself(pool: Pool, table: str, verb: str) -> None:
    schema, _, name = f"public.{table}".rpartition(".") if "." not in table else ("keys", "", table[5:])
    column = await pool.fetchval(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 LIMIT 1",
        schema,
        name,
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(verb.format(table, column, column))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_it_is_called_with_it_answers_or_refuses_and_leaves_nothing(
    pool: Pool, step: Step, data: st.DataObject
) -> None:
    text = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)
    forged = Step(step.reference, 2, step.head, dict(step.row))
    forged.role = data.draw(st.sampled_from(["system", "supervisor", "partner", ""]) | text)
    forged.actor = data.draw(st.sampled_from(["system", "cw-1", "su-1"]) | text)
    forged.kinds = data.draw(
        st.lists(st.sampled_from(["stage_entered", "referral_closed", "signed_off"]) | text, max_size=3)
    )
    forged.bodies = data.draw(
        st.lists(st.sampled_from(["{}", '{"stage":"closed"}', "[]", "null", "x"]) | text, max_size=3)
    )
    forged.sealed = [None] * data.draw(st.integers(0, 3))
    forged.links = [b"x"] * data.draw(st.integers(0, 3))
    forged.row["stage"] = data.draw(st.sampled_from(["closed", "received", None]))
    before = await count(pool, step.reference)
    try:
        answer = await forged.taken(pool)
    except asyncpg.PostgresError:
        answer = "refused"
    if answer != "recorded":
        assert await count(pool, step.reference) == before
    else:
        # Only what this person may do, and what the row says.
        assert forged.role not in ("system", "")
        assert (forged.actor, forged.role) == ("su-1", "supervisor")


@pytest.fixture
async def sent_on(pool: Pool, keys: KeyStore) -> Step:
    """The next step after a referral that a partner sent to Durham was taken over by Kent."""
    another = Staff(id="pa-record-step", role=Role.PARTNER, areas=(Area.DURHAM,))
    await enter(pool, keys, another)
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form(), staff_id="pa-1", role="partner")
    await recording.take(ATTEMPT)
    head = await event_log.head(pool, recording.reference, 2)
    assert head is not None
    row = json.loads(
        await pool.fetchval(
            "SELECT to_jsonb(r)::text FROM referral r WHERE reference = $1", recording.reference
        )
    )
    offer = Step(recording.reference, 2, head, dict(row, offered_to="kent"), actor="su-1", role="supervisor")
    assert await offer.saying("transfer_offered", area="kent").taken(pool) == "recorded"
    answer = Step(recording.reference, 3, b"\x01" * 32, row, actor="sm-1", role="service_manager")
    assert await accepts(answer).taken(pool) == "recorded"
    return Step(recording.reference, 4, b"\x01" * 32, dict(row, area="kent"), actor="pa-1", role="partner")


async def test_the_partner_who_sent_it_raises_a_concern_where_another_area_has_it(
    pool: Pool, sent_on: Step
) -> None:
    assert await sent_on.saying("safeguarding_raised").taken(pool) == "recorded"


@pytest.mark.parametrize(
    ("kinds", "actor", "answer"),
    [
        (["note_added"], "pa-1", "staff_other_area:pa-1"),
        (["safeguarding_raised", "note_added"], "pa-1", "staff_other_area:pa-1"),
        (["safeguarding_raised"], "pa-record-step", "staff_other_area:pa-record-step"),
    ],
)
async def test_the_partner_who_sent_it_does_nothing_else_there_and_nobody_else_does_it(
    pool: Pool, sent_on: Step, kinds: list[str], actor: str, answer: str
) -> None:
    sent_on.kinds, sent_on.actor = kinds, actor
    sent_on.bodies = [json.dumps({"kind": kind}) for kind in kinds]
    sent_on.sealed, sent_on.links = [None] * len(kinds), [b"\x01" * 32] * len(kinds)
    assert await sent_on.taken(pool) == answer
