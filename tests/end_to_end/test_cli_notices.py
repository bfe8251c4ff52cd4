"""What messages say, looked at from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from messages.wording import TEMPLATES
from tests.end_to_end.conftest import Rj


@pytest.mark.parametrize("name", TEMPLATES)
async def test_every_template_can_be_looked_at(rj: Rj, name: str) -> None:
    said = await rj("notices", "preview", name)
    assert said.code == 0
    assert "--- by email ---" in said.out
    assert "{{" not in said.out


async def test_the_list_names_them_all(rj: Rj) -> None:
    said = await rj("notices", "list")
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == list(TEMPLATES)
    assert [each["name"] for each in (await rj("notices", "list", "--json")).json] == list(TEMPLATES)


async def test_a_template_in_welsh(rj: Rj) -> None:
    english, welsh = [
        await rj("notices", "preview", "appointment", *how, "--json") for how in ((), ("--welsh",))
    ]
    assert english.json["text"] != welsh.json["text"]


async def test_an_unknown_template_is_named_with_the_nearest(rj: Rj) -> None:
    said = await rj("notices", "preview", "apointment")
    assert said.code == 2
    assert "Did you mean appointment?" in said.one_sentence()


async def test_a_template_of_ones_own_takes_the_place_of_the_shipped_one(rj: Rj, tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    own = tmp_path / "en" / "agency_closed.toml"
    own.write_text(
        'subject = "Closed: {{ short }}"\ninbox = "{{ short }} is closed."\nemail = "Our own words."\n'
    )
    said = await rj("notices", "preview", "agency-closed", env={"RJ_TEMPLATES": str(tmp_path)})
    assert "Our own words." in said.out
    own.write_text('subject = "{{ name }}"\ninbox = "x"\nemail = "x"\n')
    said = await rj("notices", "list", env={"RJ_TEMPLATES": str(tmp_path)})
    assert said.code == 2
    assert "agency_closed.toml: subject" in said.one_sentence()


async def test_a_preview_leads_to_the_console_where_there_is_one(rj: Rj) -> None:
    said = await rj("notices", "preview", "reminder", env={"RJ_CONSOLE_URL": "https://console.example.org/"})
    assert "\n  https://console.example.org/referrals/RJ-7KQ4-M2X1\n" in said.out
    assert "rj show" not in said.out
