"""Another user of the machine, without a file of ours: nothing that is recorded, read or opened, of a whole `rj up`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from runtime.embedded.data_folder import DataFolder
from schemas.commands import COMMANDS
from tests.end_to_end.running import RJ, ROOT, environment, up

pytestmark = pytest.mark.xdist_group("up")

NOBODY = 65534


def rj(data: Path, *arguments: str) -> str:
    said = subprocess.run(
        [*RJ, *arguments], env=environment(data), capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_another_user_of_the_machine_records_reads_and_opens_nothing() -> None:
    """As root under another account's id; without root as the same user, who has no keys and opens no files."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        with up(data, "--demo"):
            service = DataFolder(data).running()
            assert service is not None
            lists = rj(data, "list", "--as", "sm-1", "--json")
            query = parse_qs(urlsplit(service.database_url).query)
            stranger = subprocess.run(
                [
                    sys.executable,
                    str(Path(__file__).parent / "as_another_user.py"),
                    *(str(NOBODY), service.temporal_address, *query["host"], *query["port"], str(data)),
                ],
                env={name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
                | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert stranger.returncode == 0, stranger.stderr
            found = json.loads(stranger.stdout)
            assert found["uid"] == (NOBODY if os.geteuid() == 0 else os.geteuid())
            assert found["tried"] > len(COMMANDS)
            assert found["managed"] == []
            assert rj(data, "list", "--as", "sm-1", "--json") == lists
            assert "As recorded" in rj(data, "verify")
            # Messages of the demo's own steps are still on their way; a summary was ordered by nobody.
            sent = [path.read_text() for path in (data / "mail").glob("*.eml")]
            assert not [each for each in sent if "Subject: Your work on" in each]
