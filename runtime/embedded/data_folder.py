"""The data folder (`.rj`): what `rj up` keeps between starts, and how every command finds the service it runs."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from runtime.settings import BadSetting, Settings, temporal_connect_config, temporal_is_named

if TYPE_CHECKING:
    from temporalio.envconfig import ClientConnectConfig

# What a second worker must know as the first does, for one to act as the other would.
_PASSED_ON = (
    "anchors",
    "database_owner_url",
    "master_keys_file",
    "epoch_keys_file",
    "policy",
    "smtp_url",
    "mail_from",
    "notify_api_key",
    "notify_url",
    "notify_text_template",
    "notify_letter_template",
    "templates",
    "console_url",
    "oidc_issuer",
    "local_accounts",
)


class NotRunning(Exception):
    """No service was found to ask. The message is one sentence that says what to run."""


class AlreadyRunning(Exception):
    """Another `rj up` serves this data folder. The message is one sentence that says where."""


class Restart(BaseModel):
    """A server of `rj up` that died, and was to be started again."""

    server: str
    at: AwareDatetime
    said: str


class RunningService(BaseModel):
    """Where a running `rj up` serves, and with which settings.

    Attributes:
        mail: the folder in which it keeps e-mail instead of sending it; None where a mail server is set.
    """

    pid: int
    database_url: str = Field(repr=False)
    database_owner_url: str | None = Field(default=None, repr=False)
    temporal_address: str
    temporal_namespace: str = "default"
    temporal_ui: str | None = None
    metrics: str | None = None
    ready_probe: str | None = None
    anchors: Path | None = None
    master_keys_file: Path | None = None
    epoch_keys_file: Path | None = None
    policy: Path | None = None
    smtp_url: str | None = Field(default=None, repr=False)
    mail_from: str | None = None
    mail: Path | None = None
    notify_api_key: str | None = Field(default=None, repr=False)
    notify_url: str | None = None
    notify_text_template: str | None = None
    notify_letter_template: str | None = None
    templates: Path | None = None
    console_url: str | None = None
    oidc_issuer: str | None = None
    local_accounts: Literal["on", "off"] | None = None
    started_at: AwareDatetime
    restarts: tuple[Restart, ...] = ()


@dataclass(frozen=True, slots=True)
class Servers:
    """The two servers a command talks to, and the service that runs them where `rj up` does."""

    database_url: str = field(repr=False)
    told: ClientConnectConfig | None = field(repr=False)
    """How Temporal is reached; None where the environment says it (TEMPORAL_*)."""
    service: RunningService | None = None

    @property
    def temporal(self) -> ClientConnectConfig:
        """How Temporal is reached; where the environment says it, reading that brings the SDK in.

        Raises BadSetting when TEMPORAL_* cannot be used.
        """
        config = self.told if self.told is not None else temporal_connect_config()
        if config is None:
            raise BadSetting("Temporal is not named any more: set TEMPORAL_ADDRESS to HOST:PORT.")
        return config

    def settings(self, read: Settings) -> Settings:
        """The settings as read here, filled up with those of `rj up` where they are unset."""
        told = self.service
        if told is None:
            return read
        theirs = {name: getattr(told, name) for name in _PASSED_ON}
        return read.model_copy(
            update={
                name: value
                for name, value in theirs.items()
                if value is not None and name not in read.model_fields_set
            }
        )


class DataFolder:
    """The folder named by RJ_DATA."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._service_file = self.path / "service.json"
        self._lock_file = self.path / "up.lock"

    def prepare(self) -> None:
        """Make the folder, or remove other accounts' permissions from it.

        Raises BadSetting where that is impossible, where the folder holds something other than our data, and where it
        belongs to another account.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_anothers()
            if not self._lock_file.exists() and any(self.path.iterdir()):
                raise BadSetting(f"RJ_DATA={self.path} holds something else: name a new or empty folder.")
            # As root, PostgreSQL runs under another account, which must be able to reach its own folder inside.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise BadSetting(
                f"RJ_DATA={self.path} cannot be used as the data folder: {error.strerror}."
            ) from None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder for this `rj up` until the context ends; raises AlreadyRunning.

        The operating system's file lock is released when the process ends, however it ends.
        """
        self.prepare()
        lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked_soon(lock):
                raise AlreadyRunning(self._where_it_is())
            _close(self.path)
            self._service_file.unlink(missing_ok=True)
            yield
            self._service_file.unlink(missing_ok=True)
        finally:
            os.close(lock)

    def announce(self, service: RunningService) -> None:
        """Write the service file, by which other commands find the service. Only while holding the lock."""
        unfinished = self._service_file.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(service.model_dump_json(indent=2))
        unfinished.replace(self._service_file)

    def held(self) -> bool:
        """Whether an `rj up` runs on this folder, ready or still starting.

        Raises BadSetting for a folder of another account, which could point to that account's servers.
        """
        self._refuse_anothers()
        try:
            lock = os.open(self._lock_file, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)

    def running(self) -> RunningService | None:
        """The service of the `rj up` that runs on this folder; None until it is ready. A file left by a killed one does
        not count.
        """
        if not self.held():
            return None
        try:
            return RunningService.model_validate_json(self._service_file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def _refuse_anothers(self) -> None:
        try:
            owner = self.path.stat().st_uid
        except OSError:
            return
        if owner != os.geteuid():
            raise BadSetting(
                f"RJ_DATA={self.path} belongs to another account: run `rj` as that account, name a folder of your own, "
                "or take ownership of it and its contents (chown -R)."
            )

    def _where_it_is(self) -> str:
        service = self.running()
        if service is None:
            return f"Another `rj up` is starting or stopping on {self.path}."
        seen = f", Temporal's page at {service.temporal_ui}" if service.temporal_ui else ""
        return (
            f"`rj up` already runs on {self.path}: process {service.pid}, "
            f"Temporal at {service.temporal_address}{seen}."
        )


def resolve(settings: Settings) -> Servers:
    """The servers to use: those named in the environment, else those of the running `rj up`.

    Raises NotRunning when neither names a server.
    """
    database_url, temporal = settings.database_url, temporal_is_named()
    if database_url and temporal:
        return Servers(database_url, None)
    folder = DataFolder(settings.data)
    service = folder.running()
    if service is None:
        if folder.held():
            raise NotRunning(
                f"The service on {folder.path} is not ready yet: wait for `rj up` and try again."
            )
        missing = " and ".join(
            name
            for name, known in (("DATABASE_URL", database_url), ("TEMPORAL_ADDRESS", temporal))
            if not known
        )
        raise NotRunning(
            f"Nothing is running on {folder.path}: start it with `rj up` in another terminal, or set {missing}."
        )
    return Servers(
        database_url or service.database_url,
        None
        if temporal
        else {"target_host": service.temporal_address, "namespace": service.temporal_namespace},
        service,
    )


def _close(folder: Path) -> None:
    """Remove other accounts' permissions from our files and folders below one; skips what other accounts own."""
    for _, folders, files, place in os.fwalk(folder):
        for name in (*folders, *files):
            # A server that outlived its `rj up` may be taking files away.
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=place, follow_symlinks=False)
                ours = found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode)
                # As root, PostgreSQL's account must be able to pass through its folder.
                allowed = 0o710 if name == "postgres" and stat.S_ISDIR(found.st_mode) else 0o700
                if ours and found.st_mode & 0o777 & ~allowed:
                    os.chmod(name, found.st_mode & allowed, dir_fd=place)


def _locked_soon(lock: int) -> bool:
    # A command that checks for a service holds the lock only for an instant; a service holds it for long.
    for _ in range(10):
        if _try_lock(lock, fcntl.LOCK_EX):
            return True
        time.sleep(0.05)
    return False


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
