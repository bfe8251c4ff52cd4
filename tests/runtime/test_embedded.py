"""The embedded servers, for real: their data outlives a kill, and nothing in the way stops them."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import asyncpg
import pytest
from temporalio.client import Client

from runtime.embedded import postgres as module
from runtime.embedded.child_process import ChildProcess, ServerFailed
from runtime.embedded.ports import LOOPBACK, NoFreePort, free_port
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal

# One worker runs these after another: two cores are busy enough with a pair of servers.
pytestmark = pytest.mark.xdist_group("embedded")


async def value(dsn: str, query: str) -> object:
    """The one value a query yields."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_keeps_what_was_written_when_it_is_killed(server_folder: Path) -> None:
    home = server_folder / "postgres"
    async with embedded_postgres(home) as server:
        await value(server.owner_dsn, "CREATE TABLE said (word text)")
        await value(server.owner_dsn, "INSERT INTO said VALUES ('kept')")
        os.kill(server.process.pid, signal.SIGKILL)
        assert "killed by SIGKILL" in await asyncio.wait_for(server.process.died(), 10)
    async with embedded_postgres(home) as server:
        assert await value(server.owner_dsn, "SELECT word FROM said") == "kept"


async def test_postgres_left_behind_by_a_killed_up_is_ended_and_its_data_served(server_folder: Path) -> None:
    home = server_folder / "postgres"
    left_behind = embedded_postgres(home)
    first = await left_behind.__aenter__()
    await value(first.owner_dsn, "CREATE TABLE said (word text)")
    async with embedded_postgres(home) as second:
        assert await value(second.owner_dsn, "SELECT count(*) FROM said") == 0
        assert second.process.pid != first.process.pid
        assert "stopped by itself" in await asyncio.wait_for(first.process.died(), 10)
    await left_behind.__aexit__(None, None, None)


async def test_a_lock_file_whose_process_id_is_used_again_is_no_obstacle(server_folder: Path) -> None:
    home = server_folder / "postgres"
    async with embedded_postgres(home) as server:
        lock = (home / "data" / "postmaster.pid").read_text().splitlines()
        os.kill(server.process.pid, signal.SIGKILL)
        await server.process.died()
    other = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        (home / "data" / "postmaster.pid").write_text("\n".join([str(other.pid), *lock[1:]]) + "\n")
        async with embedded_postgres(home) as server:
            assert await value(server.dsn, "SELECT 1") == 1
        assert other.returncode is None
    finally:
        other.kill()
        await other.wait()


async def test_the_owner_is_no_superuser_and_nobody_enters_without_a_password(server_folder: Path) -> None:
    async with embedded_postgres(server_folder / "postgres") as server:
        rights = (
            "SELECT ARRAY[rolsuper, rolcreaterole, rolcreatedb] FROM pg_roles WHERE rolname = current_user"
        )
        assert await value(server.owner_dsn, rights) == [False, True, False]
        assert await value(server.dsn, rights) == [False, False, False]
        assert await value(server.dsn, "SELECT current_database()::text") == "rj"
        head, _, tail = server.owner_dsn.partition("@")
        assert head.startswith("postgresql://rj_owner:")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await value(f"postgresql://rj_owner:guess@{tail}", "SELECT 1")


async def test_a_long_path_takes_a_port_and_steps_over_one_that_is_taken(server_folder: Path) -> None:
    home = server_folder / ("long-" * 20) / "postgres"
    home.parent.mkdir(mode=0o711)
    preferred = free_port(25433)
    with socket.create_server((LOOPBACK, preferred)):
        async with embedded_postgres(home, preferred_port=preferred) as server:
            assert await value(server.dsn, "SELECT inet_server_port()") != preferred


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")
async def test_as_root_a_closed_parent_is_left_as_it_is_and_the_data_goes_where_it_can_be_reached(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARED", server_folder / "shared")
    # The programs too lie out of reach, as in a clone under root's home.
    monkeypatch.setattr(module._Account, "reaches", lambda self, folder: False)
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    for _ in range(2):
        async with embedded_postgres(closed / "postgres") as server:
            assert await value(server.dsn, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "postgres" / "elsewhere").resolve().parent == server_folder / "shared"


async def test_temporal_keeps_its_data_when_killed_and_steps_over_a_taken_port(server_folder: Path) -> None:
    home, preferred = server_folder / "temporal", free_port(27233)
    async with embedded_temporal(
        home,
        search_attributes={"Area": "Keyword"},
        preferred_port=preferred,
        preferred_ui_port=preferred,
        web_page=True,
    ) as server:
        assert server.address == f"{LOOPBACK}:{preferred}"
        assert server.ui_address != f"http://{server.address}"
        client = await Client.connect(server.address)
        await client.start_workflow("Nobody", id="kept", task_queue="none")
        os.kill(server.process.pid, signal.SIGKILL)
        assert "killed by SIGKILL" in await asyncio.wait_for(server.process.died(), 10)
    with socket.create_server((LOOPBACK, preferred)):
        async with embedded_temporal(
            home, search_attributes={"Area": "Keyword"}, preferred_port=preferred
        ) as server:
            assert server.address != f"{LOOPBACK}:{preferred}"
            client = await Client.connect(server.address)
            assert (await client.get_workflow_handle("kept").describe()).id == "kept"


async def test_temporal_left_behind_by_a_killed_up_is_ended(server_folder: Path) -> None:
    home = server_folder / "temporal"
    left_behind = embedded_temporal(home, search_attributes={}, preferred_port=28233)
    first = await left_behind.__aenter__()
    async with embedded_temporal(home, search_attributes={}, preferred_port=28233) as second:
        assert "stopped by itself" in await asyncio.wait_for(first.process.died(), 10)
        assert second.process.pid != first.process.pid
    await left_behind.__aexit__(None, None, None)


async def test_a_server_ends_when_who_runs_it_is_cancelled(server_folder: Path) -> None:
    serving: asyncio.Future[ChildProcess] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with embedded_postgres(server_folder / "postgres") as server:
            serving.set_result(server.process)
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    process = await asyncio.wait_for(serving, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(process.died(), 1)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


async def test_a_server_that_cannot_start_says_where_its_log_is(server_folder: Path) -> None:
    home = server_folder / "temporal"
    with pytest.raises(ServerFailed, match=r"Temporal stopped by itself .* its log is .*temporal\.log"):
        async with embedded_temporal(home, search_attributes={}, extra_args=["--no-such-option"]):
            pass


def test_no_port_free_is_said() -> None:
    port = free_port(29233)
    with socket.create_server((LOOPBACK, port)), pytest.raises(NoFreePort):
        free_port(port, tries=1)


def account(name: str) -> module._Account:
    entry = pwd.getpwnam(name)
    return module._Account(entry.pw_uid, entry.pw_gid)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")


def known_are(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[list[str]]:
    """Have the machine know these accounts only; the commands that are run to make another."""
    accounts = {name: module._Account(90_000 + number, 90_000) for number, name in enumerate(names)}
    ran: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command)
        accounts[command[-1]] = module._Account(90_100, 90_100)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: struct(accounts[name]))
    monkeypatch.setattr(subprocess, "run", run)
    return ran


def struct(known: module._Account) -> pwd.struct_passwd:
    return pwd.struct_passwd(("x", "x", known.uid, known.gid, "", "/", "/bin/false"))


def test_as_root_postgresql_runs_under_an_account_of_its_own_and_never_as_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert known_are(monkeypatch, "nobody", "postgres") == []
    assert module._server_account() == module._Account(90_001, 90_000)
    known_are(monkeypatch, "nobody", module.ACCOUNT)
    assert module._server_account() == module._Account(90_001, 90_000)
    ran = known_are(monkeypatch, "nobody")
    monkeypatch.setattr(shutil, "which", lambda name, path: f"/usr/sbin/{name}")
    assert module._server_account() == module._Account(90_100, 90_100)
    [[program, *options]] = ran
    assert program == "/usr/sbin/useradd"
    assert {"--system", "--user-group", "--no-create-home", "/usr/sbin/nologin"} < set(options)


def test_where_no_account_can_be_made_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    known_are(monkeypatch, "nobody")
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    with pytest.raises(ServerFailed, match=r"none could be made: run `useradd --system .* rj-postgres`"):
        module._server_account()


@as_root
async def test_data_that_nobody_owned_is_handed_over_and_served(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, nobody = server_folder / "postgres", account("nobody")
    with monkeypatch.context() as before:
        before.setattr(module, "_server_account", lambda: nobody)
        async with embedded_postgres(home) as server:
            await value(server.owner_dsn, "CREATE TABLE said (word text)")
            await value(server.owner_dsn, "INSERT INTO said VALUES ('kept')")
    # As it was laid out then, with what another program of nobody's may have put there.
    os.chown(home, nobody.uid, nobody.gid)
    home.chmod(0o700)
    victim = server_folder / "victim"
    victim.mkdir()
    (victim / "file").touch()
    (home / "data" / "link").symlink_to(victim / "file")
    os.chown(home / "data" / "link", nobody.uid, nobody.gid, follow_symlinks=False)
    (home / "elsewhere").symlink_to(victim)
    os.chown(home / "elsewhere", nobody.uid, nobody.gid, follow_symlinks=False)
    async with embedded_postgres(home) as server:
        assert await value(server.owner_dsn, "SELECT word FROM said") == "kept"
    left = [path for path in home.rglob("*") if path.lstat().st_uid == nobody.uid]
    assert left == []
    assert victim.stat().st_uid == (victim / "file").stat().st_uid == 0
    assert list(victim.iterdir()) == [victim / "file"]


@as_root
async def test_the_account_of_postgresql_can_lead_root_to_no_other_file(server_folder: Path) -> None:
    """What root opens by name lies in a folder in which the account can make nothing."""
    home = server_folder / "postgres"
    async with embedded_postgres(home):
        theirs = (home / "data").stat()
    assert (home.stat().st_uid, home.stat().st_mode & 0o777) == (0, 0o710)
    assert theirs.st_uid != 0
    assert {path.name for path in home.iterdir() if path.stat().st_uid == theirs.st_uid} == {
        *("data", "socket", "superuser.password")
    }
    # The one file that is theirs to replace and ours to write.
    victim = server_folder / "victim"
    victim.write_text("1\nkept")
    (home / "data" / "postmaster.pid").symlink_to(victim)
    with pytest.raises(ServerFailed, match=r"postmaster\.pid cannot be opened: too many levels of symbolic"):
        async with embedded_postgres(home):
            pass
    assert victim.read_text() == "1\nkept"


async def test_what_temporal_is_known_by_is_for_its_owner(server_folder: Path) -> None:
    before = os.umask(0)
    try:
        async with embedded_temporal(server_folder / "temporal", search_attributes={}, preferred_port=28433):
            modes = {path.stat().st_mode & 0o777 for path in (server_folder / "temporal").iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
