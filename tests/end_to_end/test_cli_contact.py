"""How people may be reached, through `rj contact`."""

from __future__ import annotations

import pytest

from runtime.referrals import Referrals
from schemas import commands as c
from tests.end_to_end.conftest import Rj
from tests.life import form


async def test_who_works_with_it_reads_what_is_safe_now(rj: Rj, referrals: Referrals) -> None:
    reference = (await referrals.open(form("Canary Nobody"), "cw-1")).reference
    said = await rj("contact", reference, "h1", "--as", "cw-1")
    assert said.out.splitlines() == [
        "Name: Canary Nobody",
        "Safe: phone (+447700900813)",
        "Safe hours: 09:00 to 17:00",
        "Voicemail: leave none",
        "Messages may be seen by: Canary Nobody",
        "Language: Canary Nobody",
        "Note: Canary Nobody",
        "Needs: Canary Nobody",
    ]
    safety = {"safe_channels": ["in_person"], "may_leave_voicemail": True}
    changed = {"participant": "h1", "contact_safety": safety}
    await referrals.take(reference, c.RecordContactSafety.model_validate(changed), "cw-1")
    await referrals.take(reference, c.RaiseSafeguarding(note="Invented"), "cw-1")
    frozen, _, *rest = (await rj("contact", reference, "h1", "--as", "cw-1")).out.splitlines()
    assert frozen == "SAFEGUARDING: contact nobody until a supervisor lifts it."
    assert rest[:3] == ["Safe: in person", "Safe hours: none", "Voicemail: may be left"]
    found = (await rj("contact", reference, "h1", "--as", "su-1", "--json")).json
    assert (found["frozen"], found["contact_safety"]["safe_channels"]) == (True, ["in_person"])
    assert "Safe: nothing" in (await rj("contact", reference, "r1", "--as", "su-1")).out


async def test_whoever_prepares_somebody_in_prison_reads_which_one_and_until_when(
    rj: Rj, referrals: Referrals
) -> None:
    reference = (await referrals.open(form("Canary Nobody"), "cw-1")).reference
    custody = {
        "participant": "r1",
        "prison": "HMP Invented",
        "prison_number": "A1234BC",
        "sentence_date": "2199-03-01",
        "sentence_date_is": "tariff_end",
    }
    await referrals.take(reference, c.RecordCustodyDetails.model_validate(custody), "cw-1")
    said = (await rj("contact", reference, "r1", "--as", "cw-1")).out
    assert "Prison: HMP Invented, A1234BC" in said
    assert "End of the tariff: Fri 1 Mar 2199" in said
    assert "Prison" not in (await rj("contact", reference, "h1", "--as", "cw-1")).out
    shown = (await rj("show", reference, "--as", "cw-1")).out
    assert "Invented" not in shown


@pytest.mark.parametrize(
    ("who", "participant", "sentence"),
    [
        ("co-1", "h1", "for those who work on them"),
        ("pa-1", "h1", "for those who work on them"),
        ("cw-kent", "h1", "does not work in durham"),
        ("cw-1", "h9", "no participant with that id; known: h1, r1"),
    ],
)
async def test_nobody_else_does(
    rj: Rj, referrals: Referrals, who: str, participant: str, sentence: str
) -> None:
    reference = (await referrals.open(form("Canary Nobody"), "cw-1")).reference
    said = await rj("contact", reference, participant, "--as", who)
    assert (said.code, said.out) == (3, "")
    assert sentence in said.one_sentence()
    assert "Canary" not in said.err
