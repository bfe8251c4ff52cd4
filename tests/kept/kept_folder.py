"""A data folder, packed small enough to lie beside the tests, and unpacked on any machine.

The database is kept as SQL, which no architecture is tied to; Temporal's as its SQLite file. With them go the files of
keys, which open what is sealed in both, and the anchors. All of it is of invented people.
"""

from __future__ import annotations

import io
import lzma
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

from pydantic import AwareDatetime, BaseModel

from runtime.embedded.data_folder import DataFolder
from runtime.embedded.postgres import embedded_postgres, installed_programs

ARCHIVES = Path(__file__).parent
_FILES = ("master.keys", "epoch.keys", "anchors")
_DATABASE, _TEMPORAL, _RECORDED = "database.sql", "temporal.db", "recorded.json"
# pg_dump of one database leaves out the rights on the database itself; this one is migration 0004's.
_RIGHTS = "REVOKE TEMPORARY ON DATABASE rj FROM PUBLIC;\n"


class Recorded(BaseModel):
    """What the version that wrote a data folder said of it.

    Attributes:
        verified: how many referrals `rj verify` checked and found as recorded.
        open_referrals: the references of those that are open.
    """

    commit: str
    at: AwareDatetime
    verified: int
    open_referrals: list[str]


async def pack(data: Path, archive: Path, recorded: Recorded) -> None:
    """Write the archive of a data folder that no `rj up` serves.

    Raises CalledProcessError where PostgreSQL's own programs fail.
    """
    async with embedded_postgres(data / "postgres") as database:
        dumped = _run_client("pg_dump", database.owner_dsn)
    compacted = data / "compacted.db"
    with closing(sqlite3.connect(data / "temporal" / "temporal.db")) as temporal:
        temporal.execute("VACUUM INTO ?", (str(compacted),))
    with (
        lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        _add(tar, _RECORDED, recorded.model_dump_json(indent=2).encode())
        _add(tar, _DATABASE, dumped + _RIGHTS.encode())
        _add(tar, _TEMPORAL, compacted.read_bytes())
        for path in sorted(each for name in _FILES for each in _files_of(data / name)):
            _add(tar, str(path.relative_to(data)), path.read_bytes())
    compacted.unlink()


async def unpack(archive: Path, data: Path) -> Recorded:
    """Make a data folder of the archive, as a stopped `rj up` would have left it.

    Raises CalledProcessError where PostgreSQL's own programs fail.
    """
    with DataFolder(data).hold():
        with lzma.open(archive) as packed, tarfile.open(fileobj=packed, mode="r") as tar:
            tar.extractall(data, filter="data")
        (data / "temporal").mkdir(mode=0o700)
        shutil.move(data / _TEMPORAL, data / "temporal" / "temporal.db")
        recorded = Recorded.model_validate_json((data / _RECORDED).read_bytes())
        async with embedded_postgres(data / "postgres") as database:
            _run_client(
                "psql",
                database.owner_dsn,
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--single-transaction",
                f"--file={data / _DATABASE}",
            )
        for name in (_DATABASE, _RECORDED):
            (data / name).unlink()
    return recorded


def _run_client(program: str, dsn: str, *options: str) -> bytes:
    """What one of PostgreSQL's programs wrote, signed in as `dsn` says and led nowhere else by PG* variables."""
    return subprocess.run(
        [installed_programs() / program, *options, f"--dbname={dsn}"],
        env={"PATH": os.defpath, "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    ).stdout


def _files_of(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file for its owner only, with nothing of this machine's accounts or clock in it."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))
