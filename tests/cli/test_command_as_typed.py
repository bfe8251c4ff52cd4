"""The commands that `rj up` prints can be pasted into a shell, whatever its folders are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.operations.up import _as_typed
from runtime.settings import Settings

AWKWARD = "Mum's data $HOME; (two words)"


@pytest.mark.parametrize("name", ["rj", "starter.py"])
def test_the_command_can_be_pasted_where_a_folder_has_a_space(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / AWKWARD
    folder.mkdir()
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nprint(os.environ['RJ_DATA'], sys.argv[1:], sep='\\n')\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "up"])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    pasted = f"{_as_typed(Settings(data=folder / 'kept here'))} doctor"
    ran = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [str(folder / "kept here"), "['doctor']"]
