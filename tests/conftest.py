"""Real servers for the tests: one PostgreSQL and one Temporal for each process that runs tests."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import pytest_asyncio

from messages.email import Mailer
from messages.govuk_notify import Notify
from messages.outward import Outward
from messages.wording import Wording
from policies.files import load_policies
from runtime.connections import connect_temporal
from runtime.embedded.mail import Mailbox, embedded_mail
from runtime.embedded.postgres import EmbeddedPostgres, embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.referrals import Referrals
from runtime.workers import register_search_attributes, worker
from schemas.areas import Area
from schemas.people import Role, Staff
from simulation.staffing import enter_missing
from stores.database import Pool, connect, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.migrate import migrate
from tests.messages.notify_double import NotifyDouble, Taken, notify_double
from tests.replay.replaying import all_histories, replay, replay_altered

STAFF = (
    Staff(id="cw-1", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Test Caseworker One"),
    Staff(id="cw-2", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Test Caseworker Two"),
    Staff(id="fa-1", role=Role.FACILITATOR, areas=(Area.DURHAM,), advanced_practitioner=True),
    Staff(id="fa-2", role=Role.FACILITATOR, areas=(Area.DURHAM,)),
    Staff(id="su-1", role=Role.SUPERVISOR, areas=(Area.DURHAM,)),
    Staff(id="su-2", role=Role.SUPERVISOR, areas=(Area.DURHAM,)),
    Staff(id="sm-1", role=Role.SERVICE_MANAGER, areas=(Area.DURHAM, Area.KENT)),
    Staff(id="pa-1", role=Role.PARTNER, areas=(Area.DURHAM,)),
    Staff(id="co-1", role=Role.COMMISSIONER, areas=(Area.DURHAM,)),
    Staff(id="au-1", role=Role.AUDITOR, areas=(Area.DURHAM,)),
    Staff(id="cw-kent", role=Role.CASEWORKER, areas=(Area.KENT,)),
    Staff(id="cw-gone", role=Role.CASEWORKER, areas=(Area.DURHAM,), active=False),
)


def pytest_configure() -> None:
    # A shell that runs the tests in the background has them ignore SIGINT, and every process that they start with them;
    # a test that interrupts one would wait for ever.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A short-named folder for the servers' data, which an account other than root may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rj-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session")
async def database(servers_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A migrated database."""
    async with embedded_postgres(servers_folder / "postgres") as server:
        await migrate(server.owner_dsn)
        await any_time(server.owner_dsn)
        yield server


@pytest.fixture(scope="session")
def database_url(database: EmbeddedPostgres) -> str:
    """Its address, as the application."""
    return database.dsn


@pytest.fixture(scope="session")
def owner_url(database: EmbeddedPostgres) -> str:
    """Its address, as its owner."""
    return database.owner_dsn


async def any_time(owner_url: str) -> None:
    """Let steps be dated in the future, where tests live through years in a moment: PostgreSQL's clock stays behind."""
    owner = await connect(owner_url)
    await owner.execute(
        "CREATE OR REPLACE FUNCTION latest_time() RETURNS timestamptz"
        " LANGUAGE sql STABLE AS 'SELECT ''infinity''::timestamptz'"
    )
    await owner.close()


@pytest_asyncio.fixture(scope="session")
async def pool(database_url: str, master_keys: MasterKeys) -> AsyncIterator[Pool]:
    """Connections with the application's rights, to a database with a staff register."""
    async with await connect_pool(database_url) as connections:
        await enter_missing(connections, KeyStore(connections, master_keys), STAFF)
        yield connections


@pytest.fixture(scope="session")
def master_keys(servers_folder: Path) -> MasterKeys:
    """A ring of master keys."""
    return MasterKeys.create(servers_folder / "master.keys")


@pytest_asyncio.fixture(scope="session")
async def keys(pool: Pool, master_keys: MasterKeys) -> KeyStore:
    """The referrals' keys."""
    return KeyStore(pool, master_keys)


@pytest_asyncio.fixture(scope="session")
async def temporal_address(servers_folder: Path) -> AsyncIterator[str]:
    """A Temporal server that suggests continue-as-new early, so that a test need not make thousands of events."""
    early = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=80")
    async with embedded_temporal(
        servers_folder / "temporal", search_attributes={}, extra_args=early
    ) as server:
        yield server.address


@dataclass(frozen=True)
class PostOffice:
    """Where messages go that leave the house.

    Attributes:
        outward: the ways there.
        mail: a real mail server, which keeps what it takes.
        notify: the double of GOV.UK Notify.
    """

    outward: Outward
    mail: Mailbox
    notify: NotifyDouble

    def letters(self, reference: str) -> list[EmailMessage]:
        """The e-mails about a referral, oldest first."""
        short = reference.removeprefix("RJ-").lower()
        kept = sorted(self.mail.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        found = [message_from_bytes(path.read_bytes(), policy=default) for path in kept]
        return [each for each in found if str(each["Message-ID"]).startswith(f"<{short}.")]

    def taken(self, reference: str) -> list[Taken]:
        """The texts and letters about a referral, as GOV.UK Notify took them."""
        return [
            each
            for each in self.notify.taken
            if (each.reference or "").startswith(reference.removeprefix("RJ-"))
        ]


@pytest_asyncio.fixture(scope="session")
async def post_office(servers_folder: Path) -> AsyncIterator[PostOffice]:
    """The ways out of the house, for real but for GOV.UK Notify."""
    async with embedded_mail(servers_folder / "mail") as mail, notify_double() as notify:
        mailer = Mailer(mail.url, "service@example.org")
        texts = Notify(notify.api_key, notify.text_template, notify.letter_template, notify.url)
        yield PostOffice(Outward(Wording.load(), mailer, texts), mail, notify)


@pytest_asyncio.fixture(scope="session")
async def referrals(
    temporal_address: str, pool: Pool, keys: KeyStore, post_office: PostOffice
) -> AsyncIterator[Referrals]:
    """The whole engine with a running worker."""
    client = await connect_temporal({"target_host": temporal_address, "namespace": "default"}, keys)
    await register_search_attributes(client)
    policies = load_policies()
    async with worker(client, pool, keys, policies, post_office.outward):
        engine = Referrals(client, pool, keys, policies)
        yield engine
    # Whatever the tests did must replay, whoever's rules hold that day.
    histories = await all_histories(engine)
    await replay(histories, keys)
    await replay_altered(histories, keys)


_SETTINGS = (
    "RJ_DATA",
    "RJ_MASTER_KEYS_FILE",
    "RJ_EPOCH_KEYS_FILE",
    "RJ_POLICY",
    "RJ_SMTP_URL",
    "RJ_MAIL_FROM",
    "RJ_NOTIFY_API_KEY",
    "RJ_NOTIFY_URL",
    "RJ_NOTIFY_TEXT_TEMPLATE",
    "RJ_NOTIFY_LETTER_TEMPLATE",
    "RJ_TEMPLATES",
    "RJ_CONSOLE_URL",
    "RJ_OIDC_ISSUER",
    "RJ_OIDC_CLIENT_ID",
    "RJ_OIDC_CLIENT_SECRET",
    "RJ_OIDC_CLAIM",
    "RJ_LOCAL_ACCOUNTS",
    "RJ_METRICS_ADDRESS",
    "RJ_LOG_FORMAT",
    "RJ_LOG_LEVEL",
    "DATABASE_URL",
    "RJ_DATABASE_OWNER_URL",
    "RJ_ALERTS_TO",
    "RJ_ANCHORS",
    "TEMPORAL_ADDRESS",
    "TEMPORAL_NAMESPACE",
    "TEMPORAL_PROFILE",
    "TEMPORAL_CONFIG_FILE",
    "TEMPORAL_API_KEY",
)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A short-named folder that an account other than root may pass through, which `tmp_path` is not."""
    folder = Path(tempfile.mkdtemp(prefix="rj-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting is set, and the working folder is an empty one."""
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
