"""Everything that `rj up` runs, started in order and stopped in reverse order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, TextIO, TypeAlias

import structlog
from temporalio.envconfig import ClientConnectConfig

from messages.wording import Wording
from operations.serving import Serving, serving
from operations.upgrading import up_to_date
from policies.files import load_policies
from runtime.embedded.child_process import Restartable, ServerFailed
from runtime.embedded.data_folder import DataFolder, Restart, RunningService
from runtime.embedded.mail import embedded_mail
from runtime.embedded.ports import LOOPBACK, free_port
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.metrics import runtime
from runtime.referrals import Referrals
from runtime.settings import BadSetting, Settings, temporal_connect_config
from stores.database import address_of
from stores.migrate import MigrationRefused
from workflows.referral import SEARCH_ATTRIBUTES

__all__ = ["METRICS_PORT", "MigrationRefused", "Up", "bring_up", "log_file"]

METRICS_PORT = 9464
_TRIES = 5

# Known to a new server from its start, they need not be registered one after the other, which takes it seconds.
_SEARCH_ATTRIBUTES = {key.name: key.indexed_value_type.name.capitalize() for key in SEARCH_ATTRIBUTES}

Progress: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Shows what is waited for while its context lasts."""


RESTARTS = 5
"""How often a server that dies is started again within RESTARTS_WITHIN; then all is stopped. Our judgement."""

RESTARTS_WITHIN = timedelta(minutes=10)

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Up:
    """All of it, running.

    Attributes:
        service: where it is, as other commands are told.
        new_keys: the files of keys that were made just now.
        metrics_address: HOST:PORT at which this process serves its metrics.
    """

    referrals: Referrals
    service: RunningService
    new_keys: tuple[Path, ...]
    serving: Serving
    servers: tuple[Restartable, ...]
    metrics_address: str

    @property
    def database_address(self) -> str:
        """Where PostgreSQL is, without the user and the password."""
        return address_of(self.service.database_url)

    async def keep_running(self, announce: Callable[[RunningService], None]) -> NoReturn:
        """Start a server that dies again, until one dies too often or the worker ends by itself.

        Args:
            announce: tells other commands of each restart.

        Raises:
            ServerFailed: with a sentence that says what ended.
        """
        watched = {asyncio.create_task(each.process.died()): each for each in self.servers}
        try:
            while True:
                done, _ = await asyncio.wait(
                    (*watched, self.serving.ended), return_when=asyncio.FIRST_COMPLETED
                )
                for died in [each for each in watched if each in done]:
                    server = watched.pop(died)
                    await self._restart(server, died.result(), announce)
                    watched[asyncio.create_task(server.process.died())] = server
                if self.serving.ended in done:
                    raise ServerFailed("The worker stopped by itself.") from self.serving.ended.exception()
        finally:
            for each in watched:
                each.cancel()

    async def _restart(
        self, server: Restartable, said: str, announce: Callable[[RunningService], None]
    ) -> None:
        name = server.process.name
        while True:
            now = datetime.now(UTC)
            since = now - RESTARTS_WITHIN
            lately = sum(each.server == name and each.at > since for each in self.service.restarts)
            if lately >= RESTARTS:
                minutes = RESTARTS_WITHIN // timedelta(minutes=1)
                raise ServerFailed(
                    f"{said} It had been started again {lately} times in {minutes} minutes, and is not once more."
                )
            log.error("a server died and is started again", server=name, said=said)
            restart = Restart(server=name, at=now, said=said)
            # Only as many as tell whether it dies too often.
            kept = (*self.service.restarts, restart)[-4 * RESTARTS :]
            self.service = self.service.model_copy(update={"restarts": kept})
            try:
                await server.restart()
            except ServerFailed as failed:
                # One more that counts; the next may succeed, as after a slow recovery.
                said = str(failed)
                continue
            log.warning("a server was started again", server=name)
            announce(self.service)
            return


def log_file(folder: DataFolder) -> TextIO:
    """The log of everything that runs in this process, which only its owner may read. Appended to."""
    return open(
        folder.path / "rj.log",
        "a",
        encoding="utf-8",
        buffering=1,
        opener=lambda path, flags: os.open(path, flags, 0o600),
    )


@asynccontextmanager
async def bring_up(
    settings: Settings, folder: DataFolder, progress: Progress, *, temporal_page: bool = False
) -> AsyncIterator[Up]:
    """Start what runs nowhere else: PostgreSQL unless DATABASE_URL names one, Temporal unless TEMPORAL_* does, a mail
    server that sends nothing unless RJ_SMTP_URL does, then the worker. Only while holding the folder; it is not
    announced yet. `temporal_page`: whether our Temporal serves its web page, on which whoever reaches it may act.

    Raises:
        ServerFailed, MigrationRefused, DatabaseUnreachable, TemporalUnreachable: a server is not to be had.
        BadSetting, BadPolicy, BadTemplate, MasterKeyProblem: something that was set cannot be used.
    """
    # Before a server is started for nothing.
    load_policies(settings.policy)
    Wording.load(settings.templates)
    own_temporal = temporal_connect_config()
    async with AsyncExitStack() as stack:
        servers: list[Restartable] = []
        database_url, owner_url = settings.database_url, settings.database_owner_url
        if database_url is None:
            with progress("PostgreSQL"):
                postgres = await stack.enter_async_context(embedded_postgres(folder.path / "postgres"))
            database_url, owner_url = postgres.dsn, postgres.owner_dsn
            servers.append(postgres)
        key_files = (settings.master_keys_file, settings.epoch_keys_file)
        missing = [path for path in key_files if not path.exists()]
        with progress("the database's tables"):
            await up_to_date(settings, database_url, owner_url)
        temporal, ui = own_temporal, None
        if temporal is None:
            with progress("Temporal"):
                server = await stack.enter_async_context(
                    embedded_temporal(
                        folder.path / "temporal",
                        search_attributes=_SEARCH_ATTRIBUTES,
                        web_page=temporal_page,
                    )
                )
            temporal = ClientConnectConfig(target_host=server.address, namespace="default")
            ui = server.ui_address
            servers.append(server)
        mail: Path | None = None
        if settings.smtp_url is None:
            with progress("the mail server"):
                mailbox = await stack.enter_async_context(embedded_mail(folder.path / "mail"))
            settings, mail = settings.model_copy(update={"smtp_url": mailbox.url}), mailbox.folder
        metrics = settings.metrics_address or _taken_for_metrics()
        settings = settings.model_copy(update={"metrics_address": metrics})
        with progress("the worker"):
            serves = await stack.enter_async_context(serving(settings, database_url, temporal))
        yield Up(
            referrals=serves.referrals,
            service=_service(settings, database_url, owner_url, temporal, ui, serves.ready, mail),
            new_keys=tuple(path for path in missing if path.exists()),
            serving=serves,
            servers=tuple(servers),
            metrics_address=metrics,
        )


def _taken_for_metrics() -> str:
    """An address at which this process serves its metrics already: a port that is free may be another's right after."""
    for last in (*[False] * (_TRIES - 1), True):
        address = f"{LOOPBACK}:{free_port(METRICS_PORT)}"
        try:
            runtime(address)
        except BadSetting:
            if last:
                raise
        else:
            return address
    raise AssertionError("unreachable")


def _service(
    settings: Settings,
    database_url: str,
    owner_url: str | None,
    temporal: ClientConnectConfig,
    ui: str | None,
    ready: str,
    mail: Path | None,
) -> RunningService:
    return RunningService(
        pid=os.getpid(),
        database_url=database_url,
        database_owner_url=owner_url,
        temporal_address=temporal.get("target_host", ""),
        temporal_namespace=temporal.get("namespace", "default"),
        temporal_ui=ui,
        metrics=f"http://{settings.metrics_address}/metrics",
        ready_probe=ready,
        anchors=settings.anchors.absolute(),
        master_keys_file=settings.master_keys_file.absolute(),
        epoch_keys_file=settings.epoch_keys_file.absolute(),
        policy=settings.policy.absolute() if settings.policy else None,
        smtp_url=settings.smtp_url,
        mail_from=settings.mail_from,
        mail=mail,
        notify_api_key=settings.notify_api_key,
        notify_url=settings.notify_url,
        notify_text_template=settings.notify_text_template,
        notify_letter_template=settings.notify_letter_template,
        templates=settings.templates.absolute() if settings.templates else None,
        console_url=settings.console_url,
        oidc_issuer=settings.oidc_issuer,
        local_accounts=settings.local_accounts,
        started_at=datetime.now(UTC),
    )
