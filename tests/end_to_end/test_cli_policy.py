"""`rj policy`: what is wrong with a file, what is in force, and referrals that go on under it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from lifecycle.timing.working_time import shift_working_days
from policies.files import DEFAULT, load_policies
from runtime.referrals import Referrals
from schemas.areas import LONDON, Area
from schemas.events import PolicyAdopted
from schemas.people import Role, Staff
from schemas.policy import DeadlineName
from stores.logs import event_log
from tests.end_to_end.conftest import Rj
from tests.life import form
from tests.register import enter
from tests.replay.replaying import replay
from workflows.adoption import AdoptPolicyWorkflow

OLDER = load_policies().base.model_copy(update={"version": "2026-11"})
NOW = load_policies().base.version
UNKNOWN = "RJ-0000-0000"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A policy file that differs a little, and in Durham a little more."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "england-and-wales.toml"\n'
        'name = "Mine"\nversion = "7"\nservice_name = "Bridge Street"\nclosures = [2026-12-24]\n'
        "[deadlines.first_contact]\n"
        'warn = ["PT5S"]\ndue = "PT10S"\nground = "local"\nsource = "invented for this test"\n'
        "[areas.durham]\nwelsh = true\n[areas.durham.deadlines.survey]\n"
        'due = "5w"\nground = "local"\nsource = "invented for Durham"\n',
        encoding="utf-8",
    )
    return path


# Looking at a file.


async def test_a_file_in_order(rj: Rj, mine: Path) -> None:
    said = await rj("policy", "check", mine)
    assert (said.code, said.err) == (0, "")
    deadlines, notices = len(DeadlineName), len(load_policies().base.notices)
    assert said.out == (
        f"{mine}: in order: Mine, version 7, {deadlines} deadlines, {notices} notices, areas durham\n"
    )


async def test_everything_that_is_wrong_is_told_each_on_its_line(rj: Rj, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "england-and-wales.toml"\nwelsh = 3\n[areas.durhm]\n', encoding="utf-8")
    said = await rj("policy", "check", path)
    assert (said.code, said.err) == (2, "")
    assert said.out.splitlines() == [
        f"{path}:2: welsh: must be true or false",
        f"{path}:3: areas.durhm: is no police area. Did you mean durham?",
    ]


async def test_a_file_that_is_not_there(rj: Rj, tmp_path: Path) -> None:
    said = await rj("policy", "check", tmp_path / "none.toml")
    assert (said.code, said.out) == (
        2,
        f"{tmp_path / 'none.toml'}: cannot be read: no such file or directory\n",
    )


async def test_neither_check_nor_show_needs_a_server(rj: Rj, tmp_path: Path) -> None:
    nothing = {"DATABASE_URL": "", "TEMPORAL_ADDRESS": "", "RJ_DATA": str(tmp_path / "none")}
    checked = await rj("policy", "check", DEFAULT, env=nothing)
    shown = await rj("policy", "show", env=nothing)
    assert (checked.code, shown.code) == (0, 0)
    assert shown.out.startswith(f"England and Wales, version {NOW} ({DEFAULT})\n")
    assert not (tmp_path / "none").exists()


# What is in force.


async def test_each_number_is_shown_with_where_it_comes_from(rj: Rj) -> None:
    said = await rj("policy", "show")
    assert said.code == 0
    policy = load_policies().base
    for rule in policy.deadlines.values():
        assert f"    {rule.ground}: {rule.source}\n" in said.out
    assert (
        "first contact: due after 2 working days; caseworker answers\n"
        "    warns after 1 working day\n"
        "    when overdue escalates after 1 working day (supervisor), after 3 working days (service manager)\n"
    ) in said.out
    assert "sign off: due after 5 working days; supervisor answers\n" in said.out
    assert "court date: due on its own date; caseworker answers\n    warns 20 working days before" in said.out
    assert "recording: never\n" in said.out
    assert (
        "escalation raised: tells who stands on the rung that it has come to "
        "(template escalation, category escalation)\n"
    ) in said.out
    assert "referral closed, even if the referral has closed meanwhile: tells the agency" in said.out


async def test_the_policy_that_rj_policy_names_is_shown(rj: Rj, mine: Path) -> None:
    said = await rj("policy", "show", env={"RJ_POLICY": str(mine)})
    assert said.out.startswith(f"Mine, version 7 ({mine})\n")
    assert "first contact: due after 10 seconds" in said.out
    assert "survey: due after 4 weeks" in said.out
    assert "closed besides weekends and bank holidays: 24 Dec 2026\n" in said.out
    assert "durham  deadline survey, welsh\n" in said.out


async def test_an_area_is_shown_as_it_is_there(rj: Rj, mine: Path) -> None:
    said = await rj("policy", "show", mine, "--area", "durham")
    assert "survey: due after 5 weeks" in said.out
    assert "invented for Durham" in said.out
    assert "messages in Welsh: where there is such text" in said.out
    kent = await rj("policy", "show", mine, "--area", "kent")
    assert "kent has nothing of its own" in kent.out
    assert "survey: due after 4 weeks" in kent.out


async def test_a_script_reads_it(rj: Rj, mine: Path) -> None:
    whole = (await rj("policy", "show", mine, "--json")).json
    assert (whole["file"], whole["policy"]["version"], list(whole["areas"])) == (str(mine), "7", ["durham"])
    durham = (await rj("policy", "show", mine, "--area", "durham", "--json")).json
    assert durham["area"] == "durham"
    assert durham["policy"]["deadlines"]["survey"]["due"] == "5w"
    assert "areas" not in durham


async def test_what_cannot_be_shown(rj: Rj, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "england-and-wales.toml"\nwelsh = 3\n', encoding="utf-8")
    said = await rj("policy", "show", path)
    assert (said.code, said.out) == (2, "")
    assert "line 2, cannot be used: welsh: must be true or false." in said.one_sentence()
    assert (await rj("policy", "show", "--area", "atlantis")).code == 2


# Going on under another version.


@pytest.fixture
async def older(rj: Rj, referrals: Referrals, monkeypatch: pytest.MonkeyPatch) -> str:
    """A referral that was opened while Durham had an earlier version."""
    areas = cast(dict[Area, Any], referrals.policies.areas)
    with monkeypatch.context() as earlier:
        earlier.setitem(areas, Area.DURHAM, OLDER)
        opened = await rj("open", "-", "--as", "cw-1", "--json", given=(await rj("example", "referral")).out)
    reference: str = opened.json["reference"]
    assert (await referrals.overview(reference))[0].referral.policy.version == "2026-11"
    return reference


async def test_a_referral_adopts_what_is_in_force(rj: Rj, referrals: Referrals, older: str) -> None:
    said = await rj("policy", "adopt", older, "--as", "su-1")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{older}: adopted: version 2026-11 before, {NOW} now\n"
    assert (await referrals.overview(older))[0].referral.policy == load_policies().base
    last = (await event_log.read(referrals.pool, older))[-1]
    assert (last.event.kind, last.actor) == ("policy_adopted", "su-1")

    again = await rj("policy", "adopt", older, "--as", "su-1")
    assert (again.code, again.out) == (0, f"{older}: has version {NOW} already\n")
    assert (await event_log.read(referrals.pool, older))[-1] == last


async def test_one_that_is_refused_does_not_keep_the_others_from_it(rj: Rj, older: str) -> None:
    said = await rj("policy", "adopt", UNKNOWN, older, "--as", "su-1", "--json")
    assert said.code == 3
    unknown, adopted = said.json
    assert [each["outcome"] for each in (unknown, adopted)] == ["refused", "adopted"]
    assert "There is no referral" in unknown["why"]
    assert (adopted["was"], adopted["version"], adopted["why"]) == ("2026-11", NOW, None)


async def test_where_a_reference_is_mistyped_none_is_tried(rj: Rj, referrals: Referrals, older: str) -> None:
    before = await event_log.read(referrals.pool, older)
    said = await rj("policy", "adopt", older, "Canary", "--as", "su-1")
    assert (said.code, said.out) == (2, "")
    assert "REFERENCE 2 of 2: not a reference" in said.one_sentence()
    assert "Canary" not in said.err
    assert await event_log.read(referrals.pool, older) == before


async def test_who_may_not_adopt(rj: Rj, referrals: Referrals, older: str) -> None:
    before = await event_log.read(referrals.pool, older)
    said = await rj("policy", "adopt", older, "--as", "cw-1")
    assert said.code == 3
    assert said.out.startswith(f"{older}: refused: ")
    assert "Your role may not" in said.out
    assert await event_log.read(referrals.pool, older) == before


async def test_what_the_workers_do_not_serve_is_not_adopted(rj: Rj, mine: Path, older: str) -> None:
    said = await rj("policy", "adopt", older, "--as", "su-1", env={"RJ_POLICY": str(mine)})
    assert said.code == 3
    assert f"The workers serve version {NOW}" in said.out


# All of an area, or of all one's areas.

AREA, OTHER = Area.SUFFOLK, Area.ESSEX


@pytest.fixture
async def in_suffolk(referrals: Referrals, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two referrals that were opened in Suffolk under an earlier version."""
    people = (
        Staff(id="cw-suffolk", role=Role.CASEWORKER, areas=(AREA,)),
        Staff(id="su-suffolk", role=Role.SUPERVISOR, areas=(AREA,)),
    )
    await enter(referrals.pool, referrals.keys, *people)
    with monkeypatch.context() as earlier:
        earlier.setitem(cast(dict[Area, Any], referrals.policies.areas), AREA, OLDER)
        opened = [await referrals.open(form(area=AREA), "cw-suffolk") for _ in range(2)]
    return sorted(each.reference for each in opened)


async def adopted(referrals: Referrals, reference: str) -> list[tuple[str, str]]:
    log = await event_log.read(referrals.pool, reference)
    return [(each.actor, each.event.version) for each in log if isinstance(each.event, PolicyAdopted)]


@pytest.mark.parametrize("asked", [("--area", AREA), ("--all",)])
async def test_all_referrals_of_an_area_adopt_and_twice_is_once(
    rj: Rj, referrals: Referrals, in_suffolk: list[str], asked: tuple[str, ...]
) -> None:
    said = await rj("policy", "adopt", *asked, "--as", "su-suffolk", "--json")
    assert (said.code, said.json["adopted"], said.json["refused"]) == (0, 2, 0)
    again = await rj("policy", "adopt", *asked, "--as", "su-suffolk")
    assert (again.code, again.out.startswith("Adopted: 0. Had it already: ")) == (0, True), again.out
    for reference in in_suffolk:
        assert await adopted(referrals, reference) == [("su-suffolk", NOW)]
    handle = referrals.client.get_workflow_handle(
        f"service/adopt-policy/su-suffolk/{(asked[1:] and AREA) or 'all'}"
    )
    await replay([await handle.fetch_history()], referrals.keys, AdoptPolicyWorkflow)


async def test_who_may_not_adopt_for_an_area(rj: Rj, referrals: Referrals, in_suffolk: list[str]) -> None:
    for staff_id, asked in (("cw-suffolk", ("--all",)), ("su-suffolk", ("--area", OTHER))):
        said = await rj("policy", "adopt", *asked, "--as", staff_id)
        assert (said.code, said.out) == (3, "")
    for reference in in_suffolk:
        assert await adopted(referrals, reference) == []


async def test_what_is_to_adopt_is_named_in_one_way(rj: Rj, older: str) -> None:
    for asked in ((), (older, "--all"), ("--all", "--area", AREA)):
        said = await rj("policy", "adopt", *asked, "--as", "su-1")
        assert (said.code, said.out) == (2, "")
        assert "one of the three" in said.one_sentence()


async def test_a_holiday_proclaimed_later_reaches_open_referrals(
    rj: Rj, referrals: Referrals, in_suffolk: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/policy.md says: a file that lists the day under a new version, served, then adopted by all."""
    before = {each: await first_due(referrals, each) for each in in_suffolk}
    proclaimed = shift_working_days(datetime.now(LONDON).date(), 1)
    path = tmp_path / "mine.toml"
    path.write_text(
        f'extends = "england-and-wales.toml"\nversion = "proclaimed"\nclosures = [{proclaimed}]\n',
        encoding="utf-8",
    )
    # As by a worker that was started anew with the file.
    monkeypatch.setitem(cast(dict[Area, Any], referrals.policies.areas), AREA, load_policies(path).of(AREA))
    said = await rj("policy", "adopt", "--all", "--as", "su-suffolk", "--json", env={"RJ_POLICY": str(path)})
    assert (said.code, said.json["refused"]) == (0, 0)
    for reference in in_suffolk:
        due = before[reference].astimezone(LONDON)
        later = (await first_due(referrals, reference)).astimezone(LONDON)
        assert (later.date(), later.time()) == (shift_working_days(due.date(), 1), due.time())


async def first_due(referrals: Referrals, reference: str) -> datetime:
    found = [each.due_at for each in (await referrals.overview(reference))[0].deadlines]
    return min(found)


async def test_who_may_not_see_a_referral_learns_nothing_of_its_policy(rj: Rj, reference: str) -> None:
    """Neither a partner who did not send it, nor somebody of another area."""
    for staff in ("pa-1", "cw-kent"):
        said = await rj("policy", "adopt", reference, "--as", staff, "--json")
        assert said.code == 3
        assert "2026-12" not in said.out + said.err
