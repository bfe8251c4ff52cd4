"""Opening, working on and looking at referrals through `rj`."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

import runtime.asking
import runtime.workers
from cli.reading import givable
from runtime.referrals import Referrals
from schemas.commands import COMMANDS, parse_command
from schemas.people import Actor, Role
from schemas.vocabulary import ClosureReason, Source
from stores import staff
from stores.logs import event_log
from tests.end_to_end.conftest import Rj

NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize("kind", ["referral", *givable()])
async def test_every_example_is_valid(rj: Rj, kind: str) -> None:
    said = await rj("example", kind)
    assert said.code == 0
    parse_command("open_referral" if kind == "referral" else kind, json.loads(said.out))


async def test_the_list_of_examples_says_what_each_is_for(rj: Rj) -> None:
    lines = (await rj("example")).out.splitlines()
    # Opening is the one more; adopting a policy has a command of its own, two are asked by workflows alone.
    assert len(lines) == 1 + len(COMMANDS) - 4
    assert all(re.fullmatch(r"\w+ +[A-Z].*\.", line) for line in lines)


async def test_the_fields_of_a_command_are_told_with_all_that_is_accepted(rj: Rj) -> None:
    closing = " ".join((await rj("fields", "close")).out.split())
    assert closing == f"reason (needed): one of {', '.join(ClosureReason)} note: what staff wrote; sealed"
    assert (await rj("fields", "resume")).out == "It has no fields.\n"
    booking = (await rj("fields", "book-activity")).out
    assert "starts_at (needed): a time such as 2026-11-26T14:00, by the clock in London\n" in booking
    form = (await rj("fields", "referral")).out
    assert "participants (needed): a list, each with fields of its own\n" in form
    assert "participants.contact_safety.safe_channels: only these may be used; a list, each one of" in form
    assert max(map(len, form.splitlines())) <= 100


@pytest.mark.parametrize("name", ["referral", *givable()])
async def test_every_field_of_an_example_is_told_of(rj: Rj, name: str) -> None:
    told = [line.split(" ")[0].rstrip(":") for line in (await rj("fields", name)).out.splitlines()]
    assert (await rj("example", name)).json.keys() <= set(told)


async def test_every_command_has_help_with_an_example(rj: Rj) -> None:
    commands = (
        *(
            "example",
            "fields",
            "open",
            "do",
            "preview",
            "permitted",
            "search",
            "duplicates",
            "searches",
            "reindex",
            "list",
            "show",
            "timeline",
            "import",
            "verify",
            "erase",
        ),
        *("staff first", "staff add", "staff list", "staff absent", "staff messages", "staff confirm"),
        *("staff decline", "staff proposals", "staff log"),
        *("keys status", "keys new", "keys rotate"),
    )
    for command in commands:
        said = await rj(*command.split(), "--help")
        assert said.code == 0
        assert re.search(rf"Example: .*rj {command}", " ".join(said.out.split())), command


async def test_without_a_command_help_is_printed(rj: Rj) -> None:
    said = await rj()
    assert (said.code, said.err) == (0, "")
    assert "Exit codes" in said.out


async def test_a_person_opens_a_referral_and_takes_steps(rj: Rj) -> None:
    example = await rj("example", "referral")
    opened = await rj("open", "-", "--as", "cw-1", given=example.out)
    assert opened.code == 0, opened.err
    found = re.search(r"Opened: (RJ-\S+)\nStage: received\nNext deadline: allocation, due \w{3} ", opened.out)
    assert found, opened.out
    reference = found[1]

    checked = await rj("do", reference.lower().replace("-", " "), "record-duplicate-check", "--as", "cw-1")
    assert "Recorded (step 2): duplicate checked" in checked.out
    assert "You may next: record_duplicate_check, allocate\n" in checked.out
    allocated = await rj("do", reference, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
    assert "Recorded (step 3): allocated, stage entered\nStage: victim contact\n" in allocated.out


async def test_a_script_reads_json(rj: Rj, reference: str) -> None:
    receipt = (await rj("do", reference, "record_duplicate_check", "--as", "cw-1", "--json")).json
    assert receipt["reference"] == reference
    assert receipt["sequence"] == 2
    permitted = (await rj("permitted", reference, "--as", "cw-1", "--json")).json
    assert {"record_duplicate_check", "allocate"} <= {each["kind"] for each in permitted}
    assert all(each["meaning"].endswith(".") for each in permitted)
    shown = (await rj("show", reference, "--json", "--as", "cw-1")).json
    for kept_to_the_rules in ("age_band", "gender", "ethnicity", "custody", "safe_channels"):
        assert kept_to_the_rules not in shown["referral"]["participants"][0]
    assert (shown["source"], shown["erased"]) == ("log", None)
    live = (await rj("show", reference, "--live", "--json", "--as", "cw-1")).json
    assert live == shown | {"source": "workflow"}
    assert shown["referral"]["duplicate_checked"] is True
    timeline = (await rj("timeline", reference, "--json", "--as", "cw-1", "--outline")).json
    assert [each["sequence"] for each in timeline["events"]] == [1, 2]


async def test_the_same_external_id_answers_the_same_referral(rj: Rj) -> None:
    example, external_id = await rj("example", "referral"), str(uuid4())
    command = ("open", "-", "--as", "cw-1", "--external-id", external_id, "--json")
    once = await rj(*command, given=example.out)
    assert (await rj(*command, given=example.out)).json == once.json


async def test_the_same_command_id_is_one_step(rj: Rj, reference: str) -> None:
    command = ("do", reference, "add_note", "--set", "note=Once", "--as", "cw-1", "--command-id", uuid4())
    once = await rj(*command, "--json")
    again = await rj(*command, "--json")
    assert again.json == once.json
    assert "Recorded (step 2): note added" in (await rj(*command)).out


async def test_what_was_recorded_is_said_though_no_more_can_be_told_of_it(
    rj: Rj, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionError

    noticed = "rj: It is recorded; what it led to cannot be read now (ConnectionError).\n"
    monkeypatch.setattr("casework.referral.steps.permitted", away)
    said = await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    assert (said.code, said.err) == (0, noticed)
    assert "Recorded (step 2): duplicate checked\nStage: received\n" in said.out
    monkeypatch.setattr("casework.referral.steps.events_of", away)
    said = await rj("do", reference, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
    assert (said.code, said.err) == (0, noticed)
    assert said.out.startswith("Recorded.\nStage: victim contact\n")


async def test_a_reference_is_drawn_until_nobody_has_had_it(
    referrals: Referrals, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter((reference, "RJ-free"))
    monkeypatch.setattr("runtime.referrals.reference_from", lambda _: next(drawn))
    assert (await referrals.opening(Source.POLICE, None)).reference == "RJ-free"


async def test_fields_are_set_one_by_one(rj: Rj, reference: str, referrals: Referrals) -> None:
    said = await rj(
        *("do", reference, "record_contact_safety", "--as", "cw-1"),
        *("--set", "participant=h1"),
        *("--set", "contact_safety.safe_channels=phone, email"),
        *("--set", "contact_safety.may_leave_voicemail=true"),
        *("--set", "contact_safety.seen_by=2026"),
    )
    assert said.code == 0, said.err
    key = await referrals.keys.get(reference)
    [recorded] = await event_log.read(referrals.pool, reference, after=1, key=key)
    safety = recorded.event.model_dump(mode="json")["contact_safety"]
    assert safety["safe_channels"] == ["phone", "email"]
    assert safety["may_leave_voicemail"] is True
    assert safety["seen_by"] == "2026"


async def test_a_document_and_settings_together(rj: Rj, reference: str) -> None:
    example = (await rj("example", "add_note")).out
    said = await rj("do", reference, "add_note", "-", "--set", "note=Another", "--as", "cw-1", given=example)
    assert said.code == 0, said.err
    assert "Another" in (await rj("timeline", reference, "--as", "cw-1")).out


async def test_the_timeline_opens_what_is_sealed_only_for_those_who_work_with_it(
    rj: Rj, reference: str
) -> None:
    assert "Alex Example" not in (await rj("timeline", reference, "--as", "cw-1", "--outline")).out
    assert "Alex Example" in (await rj("timeline", reference, "--as", "su-1")).out
    for outsider in ("co-1", "pa-1", "cw-kent", "cw-gone"):
        said = await rj("timeline", reference, "--as", outsider)
        assert (said.code, said.out) == (3, "")
        said.one_sentence()


async def test_to_whoever_asks_a_timeline_tells_nothing_of_what_a_person_is_like(
    rj: Rj, reference: str
) -> None:
    example = (await rj("example", "give_consent")).out
    await rj("do", reference, "give_consent", "-", "--as", "cw-1", given=example)
    joins = {"participant": {"id": "s1", "role": "supporter", "accompanies": "h1", "age_band": "35_to_54"}}
    await rj("do", reference, "add_participant", "-", "--as", "cw-1", given=json.dumps(joins))
    safety = (await rj("example", "record_contact_safety")).out
    await rj("do", reference, "record_contact_safety", "-", "--as", "cw-1", given=safety)
    text = (await rj("timeline", reference, "--as", "cw-1", "--outline")).out
    assert "participant: h1, purpose: take part" in text
    assert "h1, the person harmed, consented to take part." in text
    assert "A person joined the referral." in text
    events = [
        each["event"]
        for each in (await rj("timeline", reference, "--json", "--as", "cw-1", "--outline")).json["events"]
    ]
    told = {name for event in events for name in event}
    assert told == {"kind", "participant", "purpose"}
    assert all(isinstance(value, str) for event in events for value in event.values())
    assert "age band" not in text
    assert "age band" in (await rj("timeline", reference, "--as", "cw-1")).out


async def test_the_timeline_calls_people_by_name_only_where_names_may_be_seen(rj: Rj, reference: str) -> None:
    reached = ("--set", "participant=h1", "--set", "channel=phone", "--set", "outcome=reached")
    await rj("do", reference, "record_contact_attempt", *reached, "--as", "cw-1")
    opened = (await rj("timeline", reference, "--as", "cw-1")).out
    assert re.search(r"cw-1: Alex( Example \(h1\))? was reached by phone\.\n", opened)
    outline = (await rj("timeline", reference, "--as", "cw-1", "--outline")).out
    assert "cw-1: An attempt was made to reach h1, the person harmed.\n" in outline
    [*_, last] = (await rj("timeline", reference, "--as", "cw-1", "--json")).json["events"]
    assert last["sentence"].endswith(" was reached by phone.")


async def test_a_preview_says_what_the_step_then_does_and_records_nothing(
    rj: Rj, reference: str, referrals: Referrals
) -> None:
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    step = (reference, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
    said = await rj("preview", *step)
    assert said.code == 0, said.err
    assert "  The referral was allocated to cw-1.\n" in said.out
    assert "Stage: victim contact; now received\nDeadlines met: allocation\n" in said.out
    found = (await rj("preview", *step, "--json")).json
    assert len(await event_log.read(referrals.pool, reference)) == 2
    receipt = (await rj("do", *step, "--json")).json
    done = (await rj("timeline", reference, "--as", "cw-1", "--json")).json["events"][2:]
    assert [each["event"] for each in found["events"]] == [each["event"] for each in done]
    assert (found["stage_after"], found["events"][-1]["sequence"]) == (receipt["stage"], receipt["sequence"])


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("begin_preparation", "this is possible in"),
        ("allocate --set caseworker=cw-9", "not in the staff register"),
        ("allocate --set caseworker=cw-kent", "does not work in this referral's area"),
    ],
)
async def test_a_preview_is_refused_as_the_step_is(rj: Rj, reference: str, step: str, sentence: str) -> None:
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    looked = await rj("preview", reference, *step.split(), "--as", "su-1")
    taken = await rj("do", reference, *step.split(), "--as", "su-1")
    assert (looked.code, looked.out, looked.err) == (3, "", taken.err)
    assert sentence in looked.one_sentence()


async def test_what_is_not_possible_yet_is_told_with_what_is_missing(rj: Rj, reference: str) -> None:
    said = (await rj("permitted", reference, "--blocked", "--as", "cw-1")).out
    assert re.search(
        r"\nNot possible now:\n(.*\n)*allocate  .*\n  A duplicate check must be recorded first", said
    )
    found = (await rj("permitted", reference, "--blocked", "--as", "cw-1", "--json")).json
    [allocate] = [each for each in found["blocked"] if each["kind"] == "allocate"]
    assert [gate["code"] for gate in allocate["gates"]] == ["duplicate_check_missing"]
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    found = (await rj("permitted", reference, "--blocked", "--as", "cw-1", "--json")).json
    assert "allocate" in {each["kind"] for each in found["permitted"]}
    assert "allocate" not in {each["kind"] for each in found["blocked"]}


async def test_a_referral_is_found_by_a_part_of_its_reference(rj: Rj, reference: str) -> None:
    await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    code = reference.removeprefix("RJ-").replace("-", "")
    for typed in (reference, code, code[2:6].lower(), f"{code[:2]} {code[2:5]}"):
        found = (await rj("search", typed, "--as", "cw-1", "--json", "--limit", "1000")).json
        assert reference in {each["reference"] for each in found}, typed
    for other in ("cw-kent", "pa-1"):
        assert (await rj("search", reference, "--as", other)).out == "No referral of your areas matches.\n"
    refused = await rj("search", "7_Q4", "--as", "cw-1")
    assert refused.code == 3
    assert "letters and digits of a reference" in refused.one_sentence()


async def test_the_timeline_marks_a_step_that_was_taken_back(rj: Rj, reference: str) -> None:
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    taken = await rj(
        "do", reference, "correct_step", "--set", "step=2", "--set", "reason=Slip", "--as", "su-1"
    )
    assert taken.code == 0, taken.err
    lines = (await rj("timeline", reference, "--as", "cw-1", "--outline")).out.splitlines()
    assert any("is here already. (Taken back by step 3.)" in line for line in lines)


async def test_show_tells_what_is_missing_and_what_waits(rj: Rj, reference: str) -> None:
    await rj(
        "do", reference, "give_consent", "-", "--as", "cw-1", given=(await rj("example", "give_consent")).out
    )
    await rj("do", reference, "hold", "--set", "review_on=2099-01-02", "--set", "reason=Away", "--as", "cw-1")
    await rj("do", reference, "raise_safeguarding", "--set", "note=Afraid", "--as", "pa-1")
    shown = (await rj("show", reference, "--as", "cw-1")).out
    assert "h1 person harmed; consents to take part; missing: share risk information" in shown
    assert "r1 person responsible; consents to nothing yet; missing: take part" in shown
    assert "to be reviewed Fri 2 Jan 2099" in shown
    assert "SAFEGUARDING" in shown
    assert "hold_review: due Fri 2 Jan 2099 09:00" in shown


async def test_a_closed_referral_that_was_asked_for_something_is_read_without_alarm(
    rj: Rj, reference: str
) -> None:
    await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    refused = await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    assert refused.code == 3
    shown = await rj("show", reference, "--as", "cw-1")
    assert shown.out.startswith(f"{reference}: closed since")


async def test_reading_needs_no_temporal(rj: Rj, reference: str) -> None:
    away = {"TEMPORAL_ADDRESS": NOWHERE}
    shown = await rj("show", reference, "--as", "cw-1", env=away)
    assert shown.code == 0
    assert "does not answer" not in shown.out
    asked = await rj("show", reference, "--live", "--as", "cw-1", env=away)
    assert asked.code == 0
    assert "read from the log" in asked.out
    assert (await rj("show", reference, "--json", "--as", "cw-1", env=away)).json["source"] == "log"
    for command in (
        ("timeline", reference, "--as", "cw-1"),
        ("list", "--as", "cw-1"),
        ("permitted", reference, "--as", "cw-1"),
        ("verify", reference),
    ):
        assert (await rj(*command, env=away)).code == 0


async def test_a_server_that_is_away_ends_with_its_own_code(rj: Rj, reference: str) -> None:
    step = ("do", reference, "record_duplicate_check", "--as", "cw-1")
    said = await rj(*step, env={"TEMPORAL_ADDRESS": NOWHERE})
    assert said.code == 4
    assert "Temporal at" in said.one_sentence()
    said = await rj("list", "--as", "cw-1", env={"DATABASE_URL": f"postgresql://rj:Canary@{NOWHERE}/rj"})
    assert said.code == 4
    assert "Canary" not in said.one_sentence()


async def test_without_a_worker_nobody_waits_for_ever(
    rj: Rj, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.asking, "TASK_QUEUE", "nobody-listens-TASK_QUEUE")
    for queue in ("TASK_QUEUE", "MESSAGE_QUEUE", "SERVICE_QUEUE"):
        # One process polls a queue of a server once.
        monkeypatch.setattr(runtime.workers, queue, f"nobody-listens-{queue}")
    monkeypatch.setattr(runtime.asking, "_QUERY_WITHIN", timedelta(seconds=0.5))
    example = (await rj("example", "referral")).out
    async with runtime.workers.worker(referrals.client, referrals.pool, referrals.keys, referrals.policies):
        reference = (await rj("open", "-", "--as", "cw-1", "--json", given=example)).json["reference"]
    monkeypatch.setattr(runtime.asking, "_ANSWER_WITHIN", 1)
    said = await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    assert said.code == 4
    assert "No answer came in time" in said.one_sentence()
    assert re.search(r"Repeat it with --command-id [0-9a-f-]{36}: it is recorded once", said.err)
    said = await rj("open", "-", "--as", "cw-1", given=example)
    assert said.code == 4
    assert re.search(r"rj show RJ-\w{4}-\w{4} --as cw-1$", said.one_sentence())
    said = await rj("open", "-", "--as", "cw-1", "--external-id", uuid4(), given=example)
    assert said.code == 4
    assert "the same --external-id" in said.one_sentence()
    shown = await rj("show", reference, "--live", "--as", "cw-1")
    assert shown.code == 0
    assert "Its workflow does not answer" in shown.out
    assert f"{reference}: received since" in shown.out


async def test_lists_are_filtered_and_the_soonest_due_comes_first(rj: Rj, reference: str) -> None:
    listed = (
        await rj(
            "list", "--area", "durham", "--stage", "received", "--limit", "10000", "--json", "--as", "cw-1"
        )
    ).json
    assert reference in {line["reference"] for line in listed}
    due = [line["next_due_at"] for line in listed if line["next_due_at"]]
    assert due == sorted(due)
    assert (await rj("list", "--area", "kent", "--caseworker", "cw-1", "--json", "--as", "sm-1")).json == []
    assert (
        "No referral of your areas matches."
        in (await rj("list", "--area", "kent", "--caseworker", "cw-1", "--as", "sm-1")).out
    )
    text = (await rj("list", "--stage", "received", "--limit", "1", "--as", "cw-1")).out.splitlines()
    assert text[0].split()[:3] == ["REFERENCE", "AREA", "STAGE"]
    assert len(text) == 2
    for mark in ("--overdue", "--on-hold", "--sensitive"):
        assert reference not in (await rj("list", mark, "--limit", "10000", "--as", "cw-1")).out


async def test_the_register_knows_who_may_act(referrals: Referrals) -> None:
    supervisor = Actor(id="su-1", role=Role.SUPERVISOR, area="durham")  # type: ignore[arg-type]
    async with referrals.pool.acquire() as connection:
        assert await staff.problem_of(connection, supervisor) is None
        claim = supervisor.model_copy(update={"role": Role.SERVICE_MANAGER})
        assert await staff.problem_of(connection, claim) == "staff_other_role"
