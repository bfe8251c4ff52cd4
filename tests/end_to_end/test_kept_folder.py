"""A data folder that an earlier version wrote is served by this one, and nothing in it has come to a halt."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from starter import app
from tests.end_to_end.running import environment, replayed, up
from tests.kept.kept_folder import ARCHIVES, Recorded, unpack

# One worker runs these after another: two cores are busy enough with one set of servers.
pytestmark = pytest.mark.xdist_group("up")

Rj: TypeAlias = Callable[..., Result]

EVERY_ARCHIVE = sorted(ARCHIVES.glob("*.tar.xz"), key=lambda path: path.name)


@pytest.fixture(scope="module", params=EVERY_ARCHIVE, ids=lambda path: path.name.split(".")[0])
def kept(request: pytest.FixtureRequest) -> Iterator[tuple[Path, Recorded]]:
    """A data folder of another version, served by this one, and what that version said of it."""
    # A short path, which the account that PostgreSQL runs under can pass through.
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        recorded = asyncio.run(unpack(request.param, data))
        if recorded.at > datetime.now(UTC):
            pytest.skip(f"This machine's clock is before {recorded.at:%d %B %Y}, when the folder was kept.")
        with up(data) as process:
            assert process.process.poll() is None, process.said
            yield data, recorded
            assert process.process.poll() is None


@pytest.fixture
def rj(kept: tuple[Path, Recorded]) -> Rj:
    """Run a command on the kept folder; it must be done."""
    data, _ = kept
    unset = {name: None for name in os.environ if name not in environment(data)}

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments, env=unset | {"RJ_DATA": str(data)})
        assert result.exit_code == 0, result.output
        return result

    return run


def test_there_is_a_folder_of_an_earlier_version() -> None:
    assert EVERY_ARCHIVE


def test_the_log_verifies_as_the_earlier_version_said(kept: tuple[Path, Recorded], rj: Rj) -> None:
    _, recorded = kept
    found = json.loads(rj("verify", "--json").stdout)
    assert (found["checked"], found["broken"]) == (recorded.verified, [])
    assert found["anchors"] >= 1


def test_every_open_referral_takes_a_step(kept: tuple[Path, Recorded], rj: Rj) -> None:
    _, recorded = kept
    assert recorded.open_referrals
    for reference in recorded.open_referrals:
        note = ("add_note", "--set", "note=Served by a later version.", "--as", "su-1", "--json")
        before = _last_sequence(rj, reference)
        assert json.loads(rj("do", reference, *note).stdout)["sequence"] > before


def _last_sequence(rj: Rj, reference: str) -> int:
    """Where a referral's log stands."""
    timeline = json.loads(rj("timeline", reference, "--as", "su-1", "--json").stdout)
    return max(int(event["sequence"]) for event in timeline["events"])


def test_the_doctor_finds_it_healthy(rj: Rj) -> None:
    # It ends with 0 only where nothing keeps a referral from going on.
    found = {each["check"]: each["said"] for each in json.loads(rj("doctor", "--json").stdout)}
    assert "each has its workflow" in found["workflows"]


def test_its_histories_replay(kept: tuple[Path, Recorded]) -> None:
    data, recorded = kept
    assert replayed(data) >= len(recorded.open_referrals)
