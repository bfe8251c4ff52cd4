"""A family that moves to another area, as its supervisors type it."""

from __future__ import annotations

import pytest
import pytest_asyncio

from cli.common import Exit
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from tests.end_to_end.conftest import Rj
from tests.life import form
from tests.register import enter

HOME, THERE = Area.WARWICKSHIRE, Area.WEST_MERCIA
WHY = "They moved house in May"


@pytest_asyncio.fixture
async def moving(referrals: Referrals) -> str:
    """A referral that was just received, which needs nobody's consent: nobody knows of it."""
    people = (
        Staff(id="wa-cw", role=Role.CASEWORKER, areas=(HOME,)),
        Staff(id="wa-su", role=Role.SUPERVISOR, areas=(HOME,)),
        Staff(id="wm-cw", role=Role.CASEWORKER, areas=(THERE,)),
        Staff(id="wm-su", role=Role.SUPERVISOR, areas=(THERE,)),
    )
    await enter(referrals.pool, referrals.keys, *people)
    return (await referrals.open(form(area=HOME), "wa-cw")).reference


async def test_an_offer_is_listed_read_and_accepted(rj: Rj, moving: str) -> None:
    offer = ("do", moving, "offer_transfer", "--set", f"area={THERE}", "--set", "reason=-", "--as", "wa-su")
    assert (await rj(*offer, given=WHY)).code == Exit.DONE
    listed = await rj("list", "--offered", "--as", "wm-su")
    [line] = [line for line in listed.out.splitlines() if line.startswith(moving)]
    assert (HOME in line, THERE in line, "burglary" in line) == (True, True, True)
    found = await rj("list", "--offered", "--as", "wm-su", "--json")
    assert moving in {each["reference"] for each in found.json}
    shown = (await rj("show", moving, "--as", "wm-su")).out
    assert f"Why: {WHY}" in shown
    assert "People: harmed: 1, responsible: 1" in shown
    assert "Invented" not in shown
    assert (await rj("show", moving, "--as", "wm-su", "--json")).json["reason"] == WHY
    work = (await rj("work", "--as", "wm-su")).out
    assert f"rj do {moving} accept_transfer" in work
    done = await rj("do", moving, "accept_transfer", "--as", "wm-su")
    assert "transfer accepted" in done.out
    assert f"rj do {moving} record_duplicate_check" in (await rj("work", "--as", "wm-su")).out

    gone = await rj("show", moving, "--as", "wa-su")
    assert gone.out.startswith(f"{moving}: {THERE} took it over from {HOME} on ")
    assert moving in (await rj("list", "--transferred", "--as", "wa-su")).out
    assert moving not in (await rj("list", "--as", "wa-su")).out
    timeline = (await rj("timeline", moving, "--outline", "--as", "wm-cw")).out
    assert f"The referral was offered to {THERE}." in timeline


async def test_a_refused_offer_says_what_was_recorded_to_who_refused_it(rj: Rj, moving: str) -> None:
    offer = ("do", moving, "offer_transfer", "--set", f"area={THERE}", "--set", "reason=-", "--as", "wa-su")
    await rj(*offer, given=WHY)
    said = await rj(
        "do", moving, "refuse_transfer", "--set", "reason=-", "--as", "wm-su", given="No such address"
    )
    assert (said.code, said.err) == (Exit.DONE, "")
    assert "transfer refused" in said.out
    assert (await rj("show", moving, "--as", "wm-su")).code == Exit.REFUSED


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("do", "{ref}", "offer_transfer", "--set", "area=atlantis", "--set", "reason=-", "--as", "wa-su"),
         "area: is not accepted"),
        (("do", "{ref}", "offer_transfer", "--set", f"area={HOME}", "--set", "reason=-", "--as", "wa-su"),
         "The referral is in warwickshire already; name another area."),
        (("do", "{ref}", "offer_transfer", "--set", f"area={THERE}", "--set", "reason=-", "--as", "wa-cw"),
         "Your role may not do this"),
        (("do", "{ref}", "accept_transfer", "--as", "wm-su"), "wm-su does not work in warwickshire"),
        (("do", "{ref}", "accept_transfer", "--as", "wa-su"), "The referral is not offered to another area."),
        (("list", "--offered", "--overdue", "--as", "wm-su"), "--offered and --transferred each go with"),
        (("list", "--offered", "--transferred", "--as", "wm-su"), "--offered and --transferred each go with"),
        (("list", "--offered", "--as", "wm-cw"), "Offers from other areas are for supervisors"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_in_a_sentence(
    rj: Rj, moving: str, words: tuple[str, ...], sentence: str
) -> None:
    said = await rj(*(each.format(ref=moving) for each in words), given=WHY)
    assert said.code != Exit.DONE
    assert sentence in said.one_sentence()
