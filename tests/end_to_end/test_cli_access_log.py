"""Looking at a sensitive case, and at who looked, through `rj`."""

from __future__ import annotations

import pytest

from runtime.referrals import Referrals
from schemas import commands as c
from tests.end_to_end.conftest import Rj
from tests.life import form

SAID = "Canary she rang me"


@pytest.fixture
async def sensitive(referrals: Referrals) -> str:
    """A sensitive case that is cw-1's."""
    reference = (
        await referrals.open(form("Canary Nobody", sensitive_categories=["stalking"]), "cw-1")
    ).reference
    await referrals.take(reference, c.RecordDuplicateCheck(), "cw-1")
    await referrals.take(reference, c.Allocate(caseworker="cw-1"), "cw-1")
    return reference


READERS = ("timeline {ref}", "contact {ref} h1")


@pytest.mark.parametrize("command", READERS)
async def test_a_stranger_to_a_sensitive_case_says_why_and_the_supervisor_hears_of_it(
    rj: Rj, sensitive: str, command: str
) -> None:
    words = command.format(ref=sensitive).split()
    refused = await rj(*words, "--as", "cw-2")
    assert (refused.code, refused.out) == (3, "")
    assert "is a sensitive case" in refused.one_sentence()
    assert "--reason -, which asks for it" in refused.err
    assert "Canary" in (await rj(*words, "--as", "cw-1")).out
    assert "Canary" in (await rj(*words, "--as", "su-1")).out
    # The reason need not stand on the command line.
    looked = await rj(*words, "--as", "cw-2", "--reason", "-", given=f"{SAID}\n")
    assert "Canary Nobody" in looked.out
    assert looked.err == ""
    heard = (await rj("inbox", "--as", "su-1", "--keep-unread", "--limit", "1000", "--json")).json
    [letter] = [each for each in heard if each["reference"] == sensitive]
    assert f"{sensitive} is a sensitive case: cw-2, who does not work on it, looked at it" in letter["says"]
    assert "Canary" not in letter["says"]


async def test_a_stranger_to_a_sensitive_case_sees_how_it_stands_and_not_what_kind_of_case_it_is(
    rj: Rj, sensitive: str
) -> None:
    own, stranger = [(await rj("show", sensitive, "--as", who)).out for who in ("cw-1", "cw-2")]
    [kind] = [line for line in own.splitlines() if line.startswith("Sensitive case: ")]
    assert kind not in stranger
    assert "Sensitive case: why, and what was judged, is for those who work on it" in stranger
    told = (await rj("show", sensitive, "--as", "cw-2", "--json")).json
    assert told["withheld"]
    assert told["referral"]["sensitive_categories"] == []
    assert told["referral"]["justice_stage"] is None
    assert (await rj("show", sensitive, "--as", "cw-1", "--json")).json["referral"]["sensitive_categories"]


@pytest.mark.parametrize(
    ("command", "given", "sentence"),
    [
        ("timeline {ref} --outline --reason -", SAID, "--reason: is for the whole timeline"),
        ("contact {ref} h1 --reason -", "x" * 2001, "reason: takes at most 2000 characters"),
        ("contact {ref} h1 --reason -", "\u202e\u202e", "reason"),
    ],
)
async def test_what_cannot_be_a_reason_gets_one_sentence(
    rj: Rj, sensitive: str, command: str, given: str, sentence: str
) -> None:
    said = await rj(*command.format(ref=sensitive).split(), "--as", "cw-2", given=given)
    assert said.code in (2, 3)
    assert said.out == ""
    assert sentence in said.one_sentence()


@pytest.mark.parametrize("command", READERS)
async def test_a_reason_on_the_command_line_is_warned_of(
    rj: Rj, sensitive: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.onlookers.others_use_this_machine", lambda: True)
    words = (*command.format(ref=sensitive).split(), "--as", "cw-2", "--reason")
    looked = await rj(*words, SAID)
    assert looked.code == 0
    assert "can read reason in the list of processes" in looked.err
    assert (await rj(*words, "-", given=SAID)).err == ""
    for bad in ("", " ", "one\x07two"):
        said = await rj(*words, bad)
        assert (said.code, said.out) == (2, "")
        assert "reason" in said.one_sentence()


async def test_supervisors_read_who_looked_and_why(rj: Rj, sensitive: str) -> None:
    await rj("timeline", sensitive, "--outline", "--as", "cw-2")
    await rj("timeline", sensitive, "--as", "cw-1")
    await rj("contact", sensitive, "h1", "--as", "cw-2", "--reason", SAID)
    said = await rj("access-log", sensitive, "--as", "su-1")
    head, *rows = said.out.splitlines()
    assert head.split() == ["WHEN", "WHO", "REFERRAL", "WHAT", "WHY", "THEY", "MAY", "BY", "REASON"]
    assert [row.split(sensitive)[1].split() for row in rows] == [
        ["access", "log", "own", "area", "command", "line"],
        ["contact", "own", "area", "command", "line", *SAID.split()],
        ["timeline", "own", "command", "line"],
    ]
    assert "cw-2 (caseworker)" in rows[1]
    found = (await rj("access-log", sensitive, "--as", "su-1", "--json", "--limit", "3")).json
    assert [each["sequence"] for each in found] == [4, 3, 2]
    of = await rj("access-log", "--of", "cw-1", "--as", "su-1", "--limit", "3")
    assert sensitive in of.out
    assert "Canary" not in of.out
    assert "There is more; --limit shows more than 3 at a time." in of.out
    by = (await rj("access-log", "--by", "cw-2", "--as", "sm-1", "--limit", "1", "--json")).json
    assert [(each["reference"], each["reason_given"], each["reason"]) for each in by] == [
        (sensitive, True, None)
    ]


@pytest.mark.parametrize("who", ["cw-1", "cw-2", "co-1", "pa-1"])
async def test_nobody_else_reads_the_access_log(rj: Rj, sensitive: str, who: str) -> None:
    for words in ((sensitive,), ("--of", "cw-1"), ("--by", "cw-1")):
        said = await rj("access-log", *words, "--as", who)
        assert (said.code, said.out) == (3, "")
        assert "for supervisors, service managers and auditors" in said.one_sentence()


async def test_one_thing_is_asked_for(rj: Rj, sensitive: str) -> None:
    for words in ((), (sensitive, "--of", "cw-1"), ("--of", "cw-1", "--by", "cw-1")):
        said = await rj("access-log", *words, "--as", "su-1")
        assert (said.code, said.out) == (2, "")
        assert "wants one of REFERENCE, --of STAFF and --by STAFF" in said.one_sentence()


async def test_an_erasure_destroys_the_reason(rj: Rj, sensitive: str) -> None:
    await rj("contact", sensitive, "h1", "--as", "cw-2", "--reason", SAID)
    assert SAID in (await rj("access-log", sensitive, "--as", "su-1")).out
    erased = await rj("erase", sensitive, "--reason", "request", "--as", "su-1", "--yes")
    assert erased.code == 0, erased.err
    said = await rj("access-log", sensitive, "--as", "su-1")
    assert "Canary" not in said.out
    assert "given" in said.out
    assert (await rj("verify", sensitive)).code == 0
