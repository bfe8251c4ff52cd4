"""Searching by what is said about people, from the command line."""

from __future__ import annotations

import json

import pytest

from stores.database import connect
from tests.end_to_end.conftest import Rj
from tests.life import form

NAME = "Perpetua Fennimore-Ngô"


async def opened(rj: Rj, **changes: object) -> str:
    """A referral of Perpetua, whom nobody else in the tests is called."""
    people = [
        {"id": "h1", "role": "harmed", "person": {"name": NAME, "date_of_birth": "1971-08-09"}},
        {"id": "r1", "role": "responsible"},
    ]
    body = form("Invented", participants=people, **changes).model_dump_json(exclude_none=True)
    said = await rj("open", "-", "--as", "cw-1", "--json", given=body)
    assert said.code == 0, said.err
    reference: str = said.json["reference"]
    return reference


async def test_a_person_is_found_by_a_name_that_stands_in_no_command(rj: Rj) -> None:
    reference = await opened(rj)
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    await rj("do", reference, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
    said = await rj("search", "-", "--as", "cw-1", given=f"{NAME}\n")
    assert said.code == 0, said.err
    [line] = [line for line in said.out.splitlines() if reference in line]
    assert line.endswith("name      h1 (harmed) Perpetua F.")
    # Who does not work on it is told no name.
    other = await rj("search", "-", "--as", "cw-2", "--limit", "1000", given="perpetua, 9/8/1971")
    [line] = [line for line in other.out.splitlines() if reference in line]
    assert line.endswith("h1 (harmed)")
    assert "Perpetua" not in other.out
    assert (
        await rj("search", "-", "--as", "cw-kent", given=NAME)
    ).out == "No referral of your areas matches.\n"


async def test_rj_warns_where_others_can_read_what_was_searched_for(
    rj: Rj, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.onlookers.others_use_this_machine", lambda: True)
    assert "can read what you search for" in (await rj("search", "Perpetua", "--as", "cw-1")).err
    assert (await rj("search", "7KQ4", "--as", "cw-1")).err == ""
    assert (await rj("search", "-", "--as", "cw-1", given="Perpetua")).err == ""


@pytest.mark.parametrize("text", ["J", "%", "x" * 301])
async def test_what_means_nothing_is_refused_in_a_sentence(rj: Rj, text: str) -> None:
    said = await rj("search", text, "--as", "cw-1")
    assert said.code == 3
    assert "earch" in said.one_sentence()
    empty = await rj("search", "-", "--as", "cw-1", given="\n")
    assert (empty.code, empty.one_sentence()) == (
        2,
        "rj: search for: the standard input is empty; write the text there.\n",
    )


async def test_supervisors_see_who_searched_and_not_for_whom(rj: Rj) -> None:
    await rj("search", "-", "--as", "fa-2", given=NAME)
    said = await rj("searches", "--by", "fa-2", "--as", "su-1")
    assert said.code == 0, said.err
    assert "fa-2 (facilitator)" in said.out
    assert "command line" in said.out
    assert "Perpetua" not in said.out
    [last] = (await rj("searches", "--by", "fa-2", "--as", "su-1", "--json", "--limit", "1")).json
    assert (last["kinds"], last["way_in"]) == (["name"], "command_line")
    assert (await rj("searches", "--as", "cw-1")).code == 3


async def test_possible_duplicates_are_printed(rj: Rj) -> None:
    first, second = await opened(rj), await opened(rj)
    said = await rj("duplicates", second, "--as", "su-1")
    assert said.code == 0, said.err
    [line] = [line for line in said.out.splitlines() if first in line]
    assert "name, date of birth" in line
    assert second not in said.out
    assert first in json.dumps((await rj("duplicates", second, "--as", "su-1", "--json")).json)
    assert (await rj("duplicates", second, "--as", "co-1")).code == 3


async def test_the_index_is_made_anew_from_the_logs_and_doctor_says_when(rj: Rj, owner_url: str) -> None:
    reference = await opened(rj)
    owner = await connect(owner_url)
    await owner.execute("DELETE FROM blind_index WHERE reference = $1", reference)
    await owner.close()
    missing = (await rj("doctor")).out
    assert "cannot be found by their people yet" in missing
    assert "rj reindex" in missing
    assert reference not in (await rj("search", "-", "--as", "su-1", "--limit", "1000", given=NAME)).out
    for _ in range(2):
        # Other tests have left referrals without a key; they are named, and stop nothing.
        said = await rj("reindex")
        assert said.out.startswith("Can be found: ")
        assert said.code == (3 if said.err else 0)
        assert "cannot be read, first RJ-" in said.err or said.err == ""
    assert reference in (await rj("search", "-", "--as", "su-1", "--limit", "1000", given=NAME)).out
    assert reference not in (await rj("reindex", "--json")).json["unreadable"]
