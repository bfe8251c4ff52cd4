"""Somebody who is not known asks to be called: taken once, opened at once or a little later, and readable by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from casework.asking_to_be_called.asking import (
    Limits,
    ask_to_be_called,
    keep_opening,
    open_waiting,
    served,
)
from casework.asking_to_be_called.questions import (
    QUESTIONS,
    NotAccepted,
    Problem,
    asked_of,
    next_question,
    with_answer,
)
from casework.asking_to_be_called.unsent import (
    AnswersGone,
    begin_answers,
    drop_answers,
    keep_answers,
    read_answers,
)
from casework.inbox import load_wording, read_inbox
from casework.referral.contact import contact_details
from casework.referral.timeline import read_timeline
from casework.session import WayIn, sign_in
from casework.worklist.worklist import worklist
from lifecycle import Refused
from runtime.referrals import Referrals, TemporalUnreachable
from schemas.areas import Area
from schemas.asking import Answers, Asked
from schemas.people import Role, Staff
from schemas.vocabulary import Channel, Initiator, JusticeStage, Offence, ParticipantRole, Source, Stage
from stores.console import requests_to_be_called as store
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from tests.register import enter

HERE = Area.DYFED_POWYS
SUPERVISOR, CASEWORKER = "dp-su", "dp-1"
SENDER = "192.0.2.7"
CANARY = "Canary-Who-Sings"
PHONE = "+447700900777"
WIDE = Limits(of_one=1000, of_all=1000)

GIVEN: dict[str, dict[str, Sequence[str]]] = {
    "messages": {"leave_message": ["no"]},
    "others": {"others": ["somebody"], "seen_by": [CANARY]},
    "times": {"hours": ["other"], "safe_from": ["18:00"], "safe_until": ["20:00"], "hours_note": [CANARY]},
    "ways": {"ways": ["phone", "email"], "phone": ["07700 900777"], "email": ["canary.who@example.org"]},
    "name": {"name": [CANARY]},
    "about": {"who": ["harmed"]},
    "words": {"what": [CANARY]},
    "area": {"area": [HERE]},
    "help": {"help": ["interpreter"], "language": ["Canary"], "needs": [CANARY]},
}


@pytest.fixture(autouse=True)
async def team(pool: Pool, keys: KeyStore) -> None:
    await enter(
        pool,
        keys,
        Staff(id=SUPERVISOR, role=Role.SUPERVISOR, areas=(HERE,)),
        Staff(id=CASEWORKER, role=Role.CASEWORKER, areas=(HERE,)),
    )


@pytest.fixture(autouse=True)
async def nothing_waits(pool: Pool, team: None) -> None:
    await pool.execute("DELETE FROM request_to_be_called")


def answers(**changed: dict[str, Sequence[str]]) -> Answers:
    found = Answers()
    for question, form in (GIVEN | changed).items():
        found = with_answer(found, question, form, [HERE, Area.DURHAM])
    return found


async def answered(referrals: Referrals, given: Answers | None = None, sender: str = SENDER) -> str:
    token = await begin_answers(referrals, sender)
    unsent = await read_answers(referrals, token)
    await keep_answers(referrals, token, unsent.model_copy(update={"answers": given or answers()}))
    return token


async def sent(
    referrals: Referrals, given: Answers | None = None, sender: str = SENDER, limits: Limits = WIDE
) -> Asked:
    token = await answered(referrals, given, sender)
    return await ask_to_be_called(referrals, token, sender, HERE, limits)


# What becomes of it.


async def test_it_lands_as_a_self_referral_to_allocate_whoever_is_responsible(referrals: Referrals) -> None:
    asked = await sent(referrals)
    referral = (await referrals.recorded(asked.reference)).referral
    assert (referral.source, referral.initiator, referral.asked_by) == (
        Source.SELF, Initiator.HARMED_PERSON, "h1",
    )  # fmt: skip
    assert (referral.area, referral.stage, referral.caseworker) == (HERE, Stage.RECEIVED, None)
    assert (referral.offence, referral.justice_stage) == (Offence.UNKNOWN, JusticeStage.UNKNOWN)
    assert [each.id for each in referral.participants] == ["h1", "r1"]
    asking = referral.participant("h1")
    assert asking is not None
    assert asking.interpreter_needed
    supervisor = await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE)
    item = next(each for each in (await worklist(supervisor)).items if each.reference == asked.reference)
    assert item.kind == "record_duplicate_check"
    said = [each.says for each in (await read_inbox(supervisor, load_wording(None))).items]
    assert f"Somebody asked to be called: {asked.reference}." in said


async def test_the_timeline_says_who_asked(referrals: Referrals) -> None:
    asked = await sent(referrals)
    timeline = await read_timeline(await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE), asked.reference)
    [entry] = timeline.entries
    assert entry.sentence == f"{CANARY} asked to be called; a person harmed wishes for it."


async def test_the_promise_is_the_deadline_that_the_referral_keeps(referrals: Referrals) -> None:
    asked = await sent(referrals)
    overview = await referrals.recorded(asked.reference)
    [first] = [each for each in overview.deadlines if each.key == "first_contact"]
    assert first.due_at == asked.contact_by


async def test_contact_is_as_safe_as_they_said_and_no_safer(referrals: Referrals) -> None:
    asked = await sent(referrals)
    caseworker = await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE)
    contact = await contact_details(caseworker, asked.reference, "h1")
    safety = contact.contact_safety
    assert safety is not None
    assert safety.safe_channels == (Channel.PHONE, Channel.EMAIL)
    assert (safety.safe_from, safety.safe_until) == ("18:00", "20:00")
    assert not safety.may_leave_voicemail
    assert safety.neutral_words_only
    assert safety.seen_by == CANARY
    assert (contact.person.phone, contact.person.email) == (PHONE, "canary.who@example.org")
    assert CANARY in (contact.person.contact_note or "")


async def test_who_is_not_sure_has_no_safe_hour(referrals: Referrals) -> None:
    unsure = answers(times={"hours": ["not_sure"], "safe_from": ["09:00"], "safe_until": ["17:00"]})
    asked = await sent(referrals, unsure)
    contact = await contact_details(
        await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE), asked.reference, "h1"
    )
    assert contact.contact_safety is not None
    assert (contact.contact_safety.safe_from, contact.contact_safety.safe_until) == (None, None)


@pytest.mark.parametrize(
    ("who", "to_them", "initiator", "asked_by", "role"),
    [
        ("responsible", None, Initiator.PERSON_RESPONSIBLE, "r1", ParticipantRole.RESPONSIBLE),
        ("for_harmed", "parent_or_carer", Initiator.HARMED_PERSON, "g1", ParticipantRole.GUARDIAN),
        ("for_harmed", "somebody_else", Initiator.HARMED_PERSON, "s1", ParticipantRole.SUPPORTER),
        ("for_responsible", "parent_or_carer", Initiator.PERSON_RESPONSIBLE, "g1", ParticipantRole.GUARDIAN),
    ],
)
async def test_whose_side_they_are_on_says_who_initiated_it(
    referrals: Referrals,
    who: str,
    to_them: str | None,
    initiator: Initiator,
    asked_by: str,
    role: ParticipantRole,
) -> None:
    given = answers(about={"who": [who]})
    if to_them is not None:
        given = with_answer(given, "them", {"who_to_them": [to_them]}, [HERE])
    asked = await sent(referrals, given)
    referral = (await referrals.recorded(asked.reference)).referral
    assert (referral.initiator, referral.asked_by) == (initiator, asked_by)
    asking = referral.participant(asked_by)
    assert asking is not None
    assert asking.role is role
    others = [each for each in referral.participants if each.id != asked_by]
    # Whom they ask for is reached by nothing that was given for themselves.
    assert not any(each.safe_channels or each.reachable_by for each in others)


async def test_who_does_not_know_their_area_is_called_by_the_services_own(referrals: Referrals) -> None:
    asked = await sent(referrals, answers(area={"area": ["unknown"]}))
    assert (await referrals.recorded(asked.reference)).referral.area is HERE
    contact = await contact_details(
        await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE), asked.reference, "h1"
    )
    assert "do not know the police area" in (contact.person.contact_note or "")


async def test_areas_are_served_where_somebody_can_allocate(
    referrals: Referrals, pool: Pool, keys: KeyStore
) -> None:
    await enter(pool, keys, Staff(id="hants-1", role=Role.CASEWORKER, areas=(Area.HAMPSHIRE,)))
    found = await served(referrals, HERE)
    assert found.default is HERE
    assert HERE in found.areas
    assert Area.HAMPSHIRE not in found.areas
    assert (await served(referrals, Area.HAMPSHIRE)).default == found.areas[0]


# Once.


async def test_sent_twice_at_once_it_is_taken_once(referrals: Referrals, pool: Pool) -> None:
    token = await answered(referrals)
    both = await asyncio.gather(*(ask_to_be_called(referrals, token, SENDER, HERE, WIDE) for _ in range(2)))
    assert both[0].reference == both[1].reference
    assert await pool.fetchval("SELECT count(*) FROM request_to_be_called") == 1
    assert (await ask_to_be_called(referrals, token, SENDER, HERE, WIDE)).reference == both[0].reference


# The limits.


async def is_open(referrals: Referrals, asked: Asked) -> bool:
    try:
        await referrals.recorded(asked.reference)
    except Refused:
        return False
    return True


async def test_over_the_limit_of_an_address_a_request_waits_and_is_not_refused(referrals: Referrals) -> None:
    few = Limits(of_one=1, of_all=100)
    first, second = await sent(referrals, limits=few), await sent(referrals, limits=few)
    other = await sent(referrals, sender="192.0.2.8", limits=few)
    assert [await is_open(referrals, each) for each in (first, second, other)] == [True, False, True]
    assert second.reference.startswith("RJ-")
    assert await open_waiting(referrals, few) == 0
    assert await open_waiting(referrals, WIDE) == 1
    referral = (await referrals.recorded(second.reference)).referral
    assert referral.received_at < referral.last_activity_at, "its clocks start when it was asked for"


async def test_over_the_limit_of_all_who_asks_once_comes_before_who_asks_often(
    referrals: Referrals, pool: Pool
) -> None:
    none = Limits(of_one=1000, of_all=0)
    often = [await sent(referrals, sender="192.0.2.9", limits=none) for _ in range(3)]
    once = await sent(referrals, sender="192.0.2.10", limits=none)
    order = []
    while (waiting := await store.next_to_open(pool, WIDE)) is not None:
        order.append(waiting.reference)
    assert order == [each.reference for each in (often[0], once, *often[1:])]


async def test_what_was_opened_an_hour_ago_counts_no_longer_and_is_forgotten(
    referrals: Referrals, pool: Pool, owner_url: str
) -> None:
    few = Limits(of_one=1, of_all=1)
    await sent(referrals, limits=few)
    waits = await sent(referrals, limits=few)
    await _execute(owner_url, "UPDATE request_to_be_called SET opened_at = opened_at - interval '1 hour'")
    assert await keep_opening(referrals, few) is None
    assert await is_open(referrals, waits)
    assert await pool.fetchval("SELECT count(*) FROM request_to_be_called") == 1


async def test_who_waits_for_an_hour_is_somebodys_to_look_at(referrals: Referrals, owner_url: str) -> None:
    none = Limits(of_all=0)
    await sent(referrals, limits=none)
    assert await keep_opening(referrals, none) is None
    await _execute(owner_url, "UPDATE request_to_be_called SET asked_at = asked_at - interval '61 minutes'")
    found = await keep_opening(referrals, none)
    assert found is not None
    assert found.startswith("1 requests to be called wait")


async def test_while_temporal_is_away_it_waits_and_loses_nothing(referrals: Referrals) -> None:
    async def away() -> Any:
        raise TemporalUnreachable("Temporal is away.")

    cut_off = Referrals(None, referrals.pool, referrals.keys, referrals.policies, connect=away)
    asked = await sent(cut_off)
    assert not await is_open(referrals, asked)
    # It rests for a minute after it was tried.
    await referrals.pool.execute("UPDATE request_to_be_called SET tried_at = NULL")
    assert await open_waiting(referrals, WIDE) == 1
    contact = await contact_details(
        await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE), asked.reference, "h1"
    )
    assert contact.person.name == CANARY


async def test_what_waited_for_more_than_a_week_is_opened_all_the_same(
    referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await sent(referrals, limits=Limits(of_all=0))
    monkeypatch.setattr("casework.asking_to_be_called.asking.ASKED_AT_MOST_AGO", timedelta(0))
    assert await open_waiting(referrals, WIDE) == 1
    referral = (await referrals.recorded(asked.reference)).referral
    assert referral.received_at == referral.last_activity_at


# Who can read it meanwhile.


async def test_nothing_that_waits_or_is_being_answered_can_be_read_in_the_database(
    referrals: Referrals, owner_url: str
) -> None:
    token = await answered(referrals)
    await sent(referrals, limits=Limits(of_all=0))
    owner = await connect(owner_url)
    for table in ("unsent_answers", "request_to_be_called"):
        rows = await owner.fetch(f"SELECT t::text AS shown FROM {table} t")
        assert rows
        for row in rows:
            shown = row["shown"].lower()
            hidden = (
                CANARY,
                PHONE,
                "canary.who",
                SENDER,
                "dyfed" if table == "unsent_answers" else CANARY,
                token,
            )
            for secret in hidden:
                assert secret.lower() not in shown
                assert secret.encode().hex() not in shown
    await owner.close()


async def test_answers_open_to_their_token_alone_and_for_half_an_hour(
    referrals: Referrals, owner_url: str
) -> None:
    token, other = await answered(referrals), await begin_answers(referrals, SENDER)
    assert (await read_answers(referrals, other)).answers == Answers()
    for wrong in (None, "", "x" * 43):
        with pytest.raises(AnswersGone):
            await read_answers(referrals, wrong)
    left = await _value(owner_url, "SELECT max(kept_until) - clock_timestamp() FROM unsent_answers")
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    await _execute(owner_url, "UPDATE unsent_answers SET kept_until = clock_timestamp()")
    with pytest.raises(AnswersGone):
        await read_answers(referrals, token)
    await keep_opening(referrals, WIDE)
    assert await _value(owner_url, "SELECT count(*) FROM unsent_answers") == 0


async def test_answers_are_gone_once_they_are_sent_or_dropped(referrals: Referrals) -> None:
    token = await answered(referrals)
    asked = await ask_to_be_called(referrals, token, SENDER, HERE, WIDE)
    kept = await read_answers(referrals, token)
    assert (kept.answers, kept.asked) == (Answers(), asked)
    await drop_answers(referrals, token)
    with pytest.raises(AnswersGone):
        await ask_to_be_called(referrals, token, SENDER, HERE, WIDE)


async def test_one_address_drives_nobody_elses_answers_out(referrals: Referrals) -> None:
    theirs = await answered(referrals, sender="192.0.2.20")
    mine = [await begin_answers(referrals, "192.0.2.21") for _ in range(51)]
    assert (await read_answers(referrals, theirs)).answers == answers()
    with pytest.raises(AnswersGone):
        await read_answers(referrals, mine[0])
    assert (await read_answers(referrals, mine[-1])).answers == Answers()


# What is accepted.


def test_safe_contact_is_asked_first_and_what_does_not_matter_is_not_asked() -> None:
    assert list(QUESTIONS)[:3] == ["messages", "others", "times"]
    given = answers()
    assert next_question(given, [HERE, Area.DURHAM]) is None
    assert "them" not in asked_of(given, [HERE])
    assert "area" not in asked_of(given, [HERE])
    for_somebody = with_answer(given, "about", {"who": ["for_harmed"]}, [HERE])
    assert next_question(for_somebody, [HERE]) == "them"


@pytest.mark.parametrize(
    ("question", "form", "problem"),
    [
        ("messages", {}, Problem("leave_message", "choose_one")),
        ("messages", {"leave_message": ["perhaps"]}, Problem("leave_message", "choose_one")),
        ("others", {}, Problem("others", "choose_one")),
        ("times", {}, Problem("hours", "choose_one")),
        ("times", {"hours": ["other"], "safe_from": ["09:00"]}, Problem("safe_until", "choose_one")),
        (
            "times",
            {"hours": ["other"], "safe_from": ["12:00"], "safe_until": ["12:00"]},
            Problem("safe_until", "hours_order"),
        ),
        ("ways", {}, Problem("ways", "choose_a_way")),
        ("ways", {"ways": ["phone"]}, Problem("phone", "phone_unusable")),
        ("ways", {"ways": ["phone"], "phone": ["banana"]}, Problem("phone", "phone_unusable")),
        ("ways", {"ways": ["phone"], "phone": ["999"]}, Problem("phone", "phone_unusable")),
        ("ways", {"ways": ["text"], "phone": ["0161 496 0123"]}, Problem("phone", "no_texts")),
        ("ways", {"ways": ["email"], "email": ["x@"]}, Problem("email", "email_unusable")),
        (
            "ways",
            {"ways": ["letter"], "address": ["1 Nowhere Street"]},
            Problem("address", "address_unusable"),
        ),
        ("ways", {"ways": ["phone"], "phone": ["0" * 41]}, Problem("phone", "too_long")),
        ("name", {"name": ["\u202eAda"]}, Problem("name", "name_unusable")),
        ("about", {"who": ["police"]}, Problem("who", "choose_one")),
        ("words", {"what": ["x" * 2001]}, Problem("what", "too_long")),
        ("area", {"area": ["kent"]}, Problem("area", "choose_one")),
        ("help", {"help": ["interpreter"]}, Problem("language", "language_missing")),
    ],
)
def test_what_cannot_be_used_is_said_of_its_field(
    question: str, form: dict[str, list[str]], problem: Problem
) -> None:
    with pytest.raises(NotAccepted) as found:
        with_answer(Answers(), question, form, [HERE, Area.DURHAM])
    assert problem in found.value.problems


def test_a_way_that_is_not_chosen_any_more_leaves_nothing_behind() -> None:
    given = with_answer(answers(), "ways", {"ways": ["email"], "email": ["ada@example.org"]}, [HERE])
    assert (given.ways, given.phone) == ((Channel.EMAIL,), None)


async def _execute(owner_url: str, statement: str) -> None:
    owner = await connect(owner_url)
    await owner.execute(statement)
    await owner.close()


async def _value(owner_url: str, query: str) -> Any:
    owner = await connect(owner_url)
    found = await owner.fetchval(query)
    await owner.close()
    return found
