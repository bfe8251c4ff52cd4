"""Keep the data folder that another version writes: ``python -m tests.kept.make CHECKOUT``.

CHECKOUT is a checkout of that version, as `git worktree add --detach CHECKOUT COMMIT` makes it; this version's
packages must be able to run it. Its `rj up --demo` fills a new folder and is stopped, and what it left is packed as
tests/kept/COMMIT.tar.xz, which `tests/end_to_end/test_kept_folder.py` serves by this version. Never edit or delete an
archive: it stands for the data of those who deploy a new version. Add one before a version changes what it stores.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.end_to_end.running import environment
from tests.kept.kept_folder import ARCHIVES, Recorded, pack

_READY = "Ctrl-C"


def make(checkout: Path, data: Path) -> Path:
    """Have the version in `checkout` fill the folder `data`, which must not exist; the archive of what it left."""
    commit = _output(["git", "-C", str(checkout), "rev-parse", "--short=7", "HEAD"]).strip()
    with _served(checkout, data):
        verified = json.loads(_rj(checkout, data, "verify", "--json"))
        listed = json.loads(_rj(checkout, data, "list", "--as", "su-1", "--json", "--limit", "50"))
    recorded = Recorded(
        commit=commit,
        at=datetime.now(UTC),
        verified=verified["checked"],
        open_referrals=[row["reference"] for row in listed],
    )
    archive = ARCHIVES / f"{commit}.tar.xz"
    asyncio.run(pack(data, archive, recorded))
    return archive


@contextmanager
def _served(checkout: Path, data: Path) -> Iterator[None]:
    """That version's `rj up --demo`, from when it is ready; stopped as Ctrl-C stops it.

    Raises CalledProcessError where it does not end well.
    """
    command = [sys.executable, "starter.py", "up", "--demo"]
    process = subprocess.Popen(
        command, cwd=checkout, env=_environment(checkout, data), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith(_READY):
                break
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _rj(checkout: Path, data: Path, *arguments: str) -> str:
    return _output([sys.executable, "starter.py", *arguments], checkout, _environment(checkout, data))


def _environment(checkout: Path, data: Path) -> dict[str, str]:
    # The packages here have this version installed; the path is searched first.
    return environment(data) | {"PYTHONPATH": str(checkout)}


def _output(command: list[str], folder: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env=env or os.environ.copy(), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def main() -> None:
    """Make the archive and say how large it is."""
    folder = Path(tempfile.mkdtemp(prefix="rj-kept-"))
    folder.chmod(0o711)
    try:
        archive = make(Path(sys.argv[1]).absolute(), folder / "data")
    finally:
        shutil.rmtree(folder)
    sys.stdout.write(f"{archive}: {archive.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
