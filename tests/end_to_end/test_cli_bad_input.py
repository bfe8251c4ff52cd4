"""Whatever is given, `rj` answers with one sentence and the right code, repeats no word of it, and leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.referrals import Referrals
from tests.end_to_end.conftest import Rj

CANARY = "Canary Quokka"

UNKNOWN = "RJ-0000-0000"


def referral(**changes: Any) -> str:
    """A referral in JSON with a canary, and with changes."""
    person = {"name": CANARY}
    body: dict[str, Any] = {
        "area": "durham",
        "source": "police",
        "initiator": "agency",
        "offence": "burglary",
        "justice_stage": "post_sentence_community",
        "participants": [
            {"id": "h1", "role": "harmed", "person": person},
            {"id": "r1", "role": "responsible"},
        ],
        "summary": CANARY,
    }
    return json.dumps(body | changes)


def harmed(**changes: Any) -> str:
    """A referral whose harmed person is changed."""
    person = {"id": "h1", "role": "harmed"} | changes
    return referral(participants=[person, {"id": "r1", "role": "responsible"}])


OPEN = "open - --as cw-1"

# What is on the standard input, the command, its code, and what its sentence holds.
DOCUMENTS: list[tuple[str, str | bytes, str, int, str]] = [
    ("empty", "", OPEN, 2, "is empty"),
    ("binary", b"\xff\xfe\x00\x9d" + CANARY.encode(), OPEN, 2, "UTF-8"),
    ("not JSON", '{\n  "area": Canary Quokka}', OPEN, 2, "line 2, column 11"),
    ("a list", "[]", OPEN, 2, "one JSON object"),
    ("a number", "5", OPEN, 2, "one JSON object"),
    ("too deep", "[" * 100_000, OPEN, 2, "too many brackets"),
    ("rather deep", '{"area": ' + "[" * 50 + "]" * 50 + "}", OPEN, 2, "too many brackets"),
    ("a number of 5,000 digits", '{"area": ' + "9" * 5000 + "}", OPEN, 2, "a number too long"),
    ("not a number", '{"area": NaN}', OPEN, 2, "NaN"),
    ("a field twice", '{"area": "durham", "area": "Canary Quokka"}', OPEN, 2, "area: is given twice"),
    ("too large", '{"summary": "' + "x" * 1_100_000 + '"}', OPEN, 2, "larger than 1 MB"),
    ("a nul byte", referral(summary=f"{CANARY}\0"), OPEN, 2, "summary: holds a control character"),
    ("half a character", referral(summary="\ud800"), OPEN, 2, "summary: holds"),
    (
        "unknown field",
        referral(sumary=CANARY),
        OPEN,
        2,
        "sumary: is not a field of this. Did you mean summary?\n",
    ),
    (
        "unknown field below",
        harmed(person={"nmae": CANARY}),
        OPEN,
        2,
        "nmae: is not a field of this. Did you mean name?",
    ),
    ("missing field", "{}", OPEN, 2, "area: is missing; so are source, initiator, offence"),
    (
        "wrong word",
        referral(offence=CANARY),
        OPEN,
        2,
        "rj: offence: is not accepted; `rj fields referral` lists the 14 that are.\n",
    ),
    (
        "nearly a word",
        referral(offence="burglery", justice_stage=CANARY, participants=[]),
        OPEN,
        2,
        "lists the 14 that are, among them burglary; justice_stage: accepted: ",
    ),
    (
        "too few",
        referral(participants=[{"id": "h1", "role": "harmed"}]),
        OPEN,
        2,
        "participants: needs 2 or more.",
    ),
    ("wrong type", referral(summary=[CANARY]), OPEN, 2, "summary: must be text"),
    ("wrong type of list", referral(participants=CANARY), OPEN, 2, "participants: must be a list"),
    (
        "an impossible date",
        referral(incident_on="2026-02-30"),
        OPEN,
        2,
        "incident_on: must be a day that exists",
    ),
    ("a bare number for a date", referral(incident_on=86400), OPEN, 2, "incident_on: write the day"),
    ("a text of digits for a date", referral(incident_on="86400"), OPEN, 2, "incident_on: write the day"),
    ("the year 9999", referral(court_date="9999-12-31"), OPEN, 2, "court_date: the year must lie"),
    ("an impossible birthday", harmed(person={"date_of_birth": "1990-13-01"}), OPEN, 2, "no such day"),
    (
        "a number that is none",
        harmed(person={"phone": f"{CANARY} banana"}),
        OPEN,
        3,
        "participants.0.person.phone: It is no telephone number that can be rung; accepted: ",
    ),
    (
        "an address that is none",
        harmed(person={"email": f"{CANARY}@b"}),
        OPEN,
        3,
        "person.email: It must be one",
    ),
    (
        "a birthday to come",
        harmed(person={"date_of_birth": "2030-01-01"}),
        OPEN,
        3,
        "date_of_birth: It must lie",
    ),
    (
        "a birthday in the year 26",
        harmed(person={"date_of_birth": "0026-01-01"}),
        OPEN,
        3,
        "between 1900-01-01",
    ),
    (
        "a child of 35",
        harmed(person={"date_of_birth": "2015-01-01"}, age_band="35_to_54"),
        OPEN,
        3,
        "participants.0.age_band: It is not the age band of the date of birth",
    ),
    (
        "a safe way that leads nowhere",
        harmed(contact_safety={"safe_channels": ["text"]}),
        OPEN,
        3,
        "participants.0.contact_safety.safe_channels: To reach somebody by text there must be",
    ),
    (
        "hours that end before they begin",
        harmed(contact_safety={"safe_from": "17:00", "safe_until": "09:00"}),
        OPEN,
        3,
        "participants.0.contact_safety.safe_until: Safe hours must end after they begin",
    ),
    (
        "a hearing after sentence",
        referral(court_date="2199-01-01"),
        OPEN,
        3,
        "court_date: A court date is one before sentence",
    ),
    ("an impossible id", harmed(id="Canary Quokka"), OPEN, 2, "a participant's id"),
    (
        "an id twice",
        harmed(id="r1", role="responsible"),
        OPEN,
        3,
        "participants: Each participant needs their own id",
    ),
    ("no person harmed", harmed(id="s1", role="supporter"), OPEN, 3, "at least one person harmed"),
    ("a future incident", referral(incident_on="2199-01-01"), OPEN, 3, "cannot be in the future"),
    ("a mistyped link", referral(linked_to="RJ-0000-0001"), OPEN, 2, "linked_to: mistyped"),
    ("an unknown link", referral(linked_to=UNKNOWN), OPEN, 3, "There is no referral"),
    ("another area", referral(area="kent"), OPEN, 3, "does not work in kent"),
    ("unknown staff", referral(), "open - --as nobody-1", 3, "not in the staff register"),
    ("inactive staff", referral(), "open - --as cw-gone", 3, "no longer active"),
    ("a commissioner", referral(), "open - --as co-1", 3, "Your role may not"),
    ("an empty external id", referral(), "open - --as cw-1 --external-id= ", 2, "--external-id: is empty"),
    ("the wrong kind", '{"kind": "add_note"}', "do {ref} resume - --as cw-1", 2, "for another command"),
]

CONSENT = (
    "do {ref} give_consent --set participant=h9 --set purpose=take_part --set form=written "
    "--set form_version=2026.1 --set given_on=2026-01-05 --as cw-1"
)
ATTEMPT = (
    "do {ref} record_contact_attempt --set participant=h1 --set channel=phone --set outcome=reached "
    "--set made_at=now --as cw-1"
)

COMMANDS: list[tuple[str, int, str]] = [
    ("open no-such-file.json --as cw-1", 2, "no-such-file.json cannot be read: no such file"),
    ("open / --as cw-1", 2, "/ cannot be read: is a directory"),
    ("opne", 2, "Did you mean 'open'?"),
    ("open", 2, "rj open --help"),
    ("open - --as Canary", 2, "a staff id is small letters"),
    ("open - --as", 2, "requires an argument"),
    ("example giv_consent", 2, "Did you mean give_consent?"),
    ("do {ref} giv_consent --as cw-1", 2, "Did you mean give_consent?"),
    ("do {ref} open_referral --as cw-1", 2, "`rj open`"),
    ("do {ref} reach_deadline --as cw-1", 2, "There is no command"),
    ("do {ref} add_note --as cw-1", 2, "note: is missing"),
    ("do {ref} add_note --set Canary --as cw-1", 2, "write field=value"),
    ("do {ref} add_note --set =Canary --as cw-1", 2, "write field=value"),
    ("do {ref} add_note --set a..b=Canary --as cw-1", 2, "write field=value"),
    ("do {ref} add_note --set noet=Canary --as cw-1", 2, "Did you mean note?"),
    ("do {ref} add_note --set note.text=Canary --as cw-1", 2, "there is no such field"),
    ("do {ref} add_note --set note=Canary\0 --as cw-1", 2, "note: holds a control character"),
    ("do {ref} add_note --set note=Canary --as cw-1 --command-id 5", 2, "--command-id"),
    (
        "do {ref} close --set reason=declined --as cw-1",
        2,
        "lists the 35 that are, among them harmed_declined_before_sharing, harmed_declined_informed, responsible_dec",
    ),
    (
        "do {ref} end_participation --set participant=h1 --set reason=Canary --as cw-1",
        2,
        "`rj fields end_participation` lists the 11 that are.\n",
    ),
    (
        "do {ref} record_contact_attempt --set participant=Canary --set channel=fone --set outcome=reached --as cw-1",
        2,
        "must be a participant's id within the referral, such as h1 (harmed) or r1 (responsible); channel: accepted",
    ),
    (
        "do {ref} record_contact_attempt --set participant=h1 --set channel=fone --set outcome=reached --as cw-1",
        2,
        "channel: accepted: phone, text, email, letter, in_person, video, through_agency.\n",
    ),
    (
        "do {ref} record_survey --set participant=h1 --set feels=Canary --as cw-1",
        2,
        "feels: must be better, same",
    ),
    (
        "do {ref} record_survey --set participant=h1 --set rating=11 --as cw-1",
        2,
        "rating: must be 10 or less.",
    ),
    ("do {ref} add_note --set note= --as cw-1", 2, "note: needs 1 or more characters."),
    ("fields giv_consent", 2, "Did you mean give_consent?"),
    ("do {ref} correct_step --set step=1e400 --set reason=Canary --as su-1", 2, "step: must be"),
    ("do {ref} correct_step --set step=" + "9" * 5000 + " --set reason=Canary --as su-1", 2, "step: "),
    ("do {ref} correct_step --set step=" + "9" * 40 + " --set reason=Canary --as su-1", 3, "no such step"),
    ("do {ref} hold --set review_on=2026-02-30 --set reason=Canary --as cw-1", 2, "review_on: must be a day"),
    ("do {ref} hold --set review_on=2020-01-01 --set reason=Canary --as cw-1", 3, "must be after today"),
    (
        ATTEMPT,
        2,
        "made_at: write the day with the time",
    ),
    (
        "do {ref} extend_deadline --set deadline=allocation --set until=2099-01-01 --set reason=Canary --as su-1",
        2,
        "until: write the day with the time",
    ),
    (
        CONSENT,
        3,
        "participant: There is no participant with that id; known: h1, r1",
    ),
    ("do {ref} begin_preparation --as cw-1", 3, "The referral is in received"),
    ("do {ref} resume --as cw-1", 3, "must be on hold"),
    ("do {ref} resume --as co-1", 3, "Your role may not"),
    ("do {ref} resume --as nobody-1", 3, "not in the staff register"),
    ("do {ref} resume --as cw-gone", 3, "no longer active"),
    ("do {ref} resume --as cw-kent", 3, "does not work in durham"),
    ("do {closed} resume --as cw-1", 3, "The referral is closed"),
    (f"do {UNKNOWN} resume --as cw-1", 3, "There is no referral"),
    ("do RJ-0000-0001 resume --as cw-1", 2, "mistyped"),
    ("do Canary resume --as cw-1", 2, "not a reference"),
    (f"show {UNKNOWN} --as cw-1", 3, "There is no referral"),
    (f"timeline {UNKNOWN} --as cw-1", 3, "There is no referral"),
    (f"permitted {UNKNOWN} --as cw-1", 3, "There is no referral"),
    (f"verify {UNKNOWN}", 3, "There is no referral"),
    (f"erase {UNKNOWN} --reason request --as su-1 --yes", 3, "There is no referral"),
    ("erase {ref} --reason Canary --as su-1 --yes", 2, "--reason"),
    ("erase {ref} --reason request --as cw-1 --yes", 3, "Only a supervisor"),
    ("erase {ref} --reason request --as su-1", 2, "--yes"),
    ("list --limit 0 --as cw-1", 2, "--limit"),
    ("list --area atlantis --as cw-1", 2, "--area"),
]


@pytest.fixture(scope="module")
async def closed(rj: Rj) -> str:
    """A referral that was closed."""
    opened = await rj(*OPEN.split(), "--json", given=referral())
    reference: str = opened.json["reference"]
    closing = await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    assert closing.code == 0, closing.err
    return reference


@pytest.fixture(scope="module")
async def untouched(rj: Rj) -> str:
    """A referral on which nothing succeeds."""
    opened = await rj(*OPEN.split(), "--json", given=referral())
    reference: str = opened.json["reference"]
    return reference


async def _standing(referrals: Referrals) -> tuple[int, ...]:
    row = await referrals.pool.fetchrow(
        "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM referral), (SELECT count(*) FROM deadline),"
        " (SELECT count(*) FROM staff), (SELECT count(*) FROM keys.data_key), (SELECT count(*) FROM keys.erasure)"
    )
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize(
    ("given", "command", "code", "sentence"),
    [pytest.param(*case[1:], id=case[0]) for case in DOCUMENTS]
    + [pytest.param("", *case, id=case[0][:60].replace("\0", "NUL")) for case in COMMANDS],
)
async def test_bad_input_gets_one_sentence(
    rj: Rj,
    referrals: Referrals,
    untouched: str,
    closed: str,
    given: str | bytes,
    command: str,
    code: int,
    sentence: str,
) -> None:
    before = await _standing(referrals)
    words = [word.format(ref=untouched, closed=closed) for word in command.split(" ") if word]
    said = await rj(*words, given=given)
    assert (said.code, said.out) == (code, ""), said
    assert sentence in said.one_sentence()
    assert "Canary" not in said.err.replace("Canary Quokka}", "")
    assert await _standing(referrals) == before
