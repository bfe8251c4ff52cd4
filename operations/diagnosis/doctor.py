"""What is wrong with an installation and how to mend it: every check there is, those that can be made now."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

from operations.completing_erasures import RETIRE, late
from operations.diagnosis.caseload import caseload
from operations.diagnosis.channels import channels, outward
from operations.diagnosis.files import data_folder, files, in_use, programs
from operations.indexing import search_finds_all
from operations.watching import in_a_sentence, meddled
from runtime.connections import connect_temporal
from runtime.embedded.data_folder import DataFolder, NotRunning, RunningService, Servers, resolve
from runtime.findings import Finding, Kind, Severity
from runtime.referrals import TemporalUnreachable
from runtime.settings import BadSetting, Settings, temporal_connect_config
from runtime.workers import POLLS_WITHIN, missing_search_attributes, pollers
from stores.database import (
    APPLICATION_ROLE,
    Connection,
    DatabaseUnreachable,
    Pool,
    address_of,
    connect,
    connect_pool,
    may_too_much,
)
from stores.keys.epochs import COMPLETE_WITHIN
from stores.keys.referral_keys import (
    EpochKeys,
    KeyErased,
    KeyStore,
    KeyUnknown,
    MasterKeyProblem,
    MasterKeys,
    SealBroken,
)
from stores.migrate import MigrationRefused, pending
from workflows.ids import workflow_id

LOOKED_AT = 200
"""How many open referrals are looked for in Temporal, those that are due soonest."""

_AT_ONCE = 20


async def diagnose() -> list[Finding]:
    """Make every check. Changes nothing and raises nothing that an installation may bring about."""
    try:
        settings = Settings.load()
        own_temporal = temporal_connect_config()
    except BadSetting as error:
        return [
            Finding("settings", Severity.SETUP, str(error), "Correct or unset the variable, and look again.")
        ]
    found = [
        Finding("settings", Severity.OK, _settings_read(settings, own_temporal is not None)),
        data_folder(settings),
        programs(settings, own_temporal is not None),
    ]
    try:
        servers = resolve(settings)
    except NotRunning as error:
        starting = DataFolder(settings.data).held()
        remedy = "Wait a moment." if starting else "Run `rj up`, or name servers of your own."
        missing = Finding("servers", Severity.SERVER, str(error), remedy)
        named = await _database(settings.database_url) if settings.database_url else []
        named += await _temporal(own_temporal, None) if own_temporal else []
        found += [*files(settings), *await channels(settings, None)]
        return [*found, missing, *named]
    settings = servers.settings(settings)
    found += _restarts(servers.service)
    found += [*files(settings), *await channels(settings, servers.service)]
    return [*found, *await _servers(settings, servers)]


def _restarts(service: RunningService | None) -> list[Finding]:
    """Which servers of `rj up` died and were started again; nothing for servers of one's own."""
    if service is None:
        return []
    if not service.restarts:
        return [Finding("restarts", Severity.OK, "No server of `rj up` has died.")]
    last = service.restarts[-1]
    times = len(service.restarts)
    return [
        Finding(
            "restarts",
            Severity.NOTE,
            f"{times} time{'s' * (times != 1)} a server of `rj up` died and was started again, last at "
            f"{last.at:%d %b %Y %H:%M} UTC. {last.said}",
            "Look in that log for why; a server that dies more than five times in ten minutes ends `rj up`.",
        )
    ]


def _settings_read(settings: Settings, own_temporal: bool) -> str:
    database = "DATABASE_URL" if settings.database_url else "`rj up`"
    temporal = "TEMPORAL_*" if own_temporal else "`rj up`"
    return f"PostgreSQL by {database}, Temporal by {temporal}."


async def _servers(settings: Settings, servers: Servers) -> list[Finding]:
    found = await _database(servers.database_url)
    if any(each.severity is not Severity.OK for each in found):
        return [*found, _not_yet("staff", "the database"), *await _temporal(servers.temporal, None)]
    pool = await connect_pool(servers.database_url, size=2)
    try:
        return [
            *found,
            *await caseload(pool, in_use(settings), outward=outward(settings, servers.service)),
            await search_finds_all(pool),
            *await _keys(settings, pool),
            *await _temporal(servers.temporal, pool, _key_store(settings, pool)),
        ]
    finally:
        await pool.close()


def _not_yet(check: str, first: str) -> Finding:
    return Finding(check, Severity.UNKNOWN, f"Not checked: mend {first} first.")


async def _database(database_url: str) -> list[Finding]:
    try:
        connection = await connect(database_url)
    except DatabaseUnreachable as error:
        start = "Start it, or correct DATABASE_URL; the one of `rj up` starts with it."
        return [Finding("database", Severity.SERVER, str(error), start)]
    try:
        version = await connection.fetchval("SHOW server_version")
        where = f"PostgreSQL {version} at {address_of(database_url)}."
        found = [Finding("database", Severity.OK, where), await _migrations(connection)]
        if found[-1].severity is Severity.OK:
            found.append(await _rights(connection))
        return found
    finally:
        await connection.close()


async def _migrations(connection: Connection) -> Finding:
    try:
        missing = await pending(connection)
    except MigrationRefused as error:
        return Finding("migrations", Severity.SERVER, str(error), "Run the version that the database is of.")
    except asyncpg.InsufficientPrivilegeError:
        said = f"The user of DATABASE_URL is no member of {APPLICATION_ROLE}."
        remedy = f"As the database's owner: GRANT {APPLICATION_ROLE} TO that user."
        return Finding("migrations", Severity.SETUP, said, remedy)
    if not missing:
        return Finding("migrations", Severity.OK, "All are applied.")
    apply = "Apply them as the database's owner: `python worker.py --migrate`, or `rj up`."
    return Finding("migrations", Severity.SERVER, f"Missing: {', '.join(missing)}.", apply)


async def _rights(connection: Connection) -> Finding:
    """Whether the application can do its work and cannot rewrite history."""
    too_much = await may_too_much(connection)
    if too_much is not None:
        return Finding(
            "rights",
            Severity.SETUP,
            f"The user {too_much} of DATABASE_URL may rewrite the log.",
            f"Name there {APPLICATION_ROLE} or a member of it, and the owner in RJ_DATABASE_OWNER_URL.",
        )
    records = await connection.fetchval(
        "SELECT bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc WHERE proname = 'record_step'"
    )
    if not records:
        said = "The user of DATABASE_URL may not record steps."
        remedy = f"As the database's owner: GRANT {APPLICATION_ROLE} TO that user."
        return Finding("rights", Severity.SETUP, said, remedy)
    return Finding(
        "rights",
        Severity.OK,
        "The application adds to the log through one function alone, and owns nothing in the database.",
    )


async def _keys(settings: Settings, pool: Pool) -> list[Finding]:
    try:
        master_keys = MasterKeys.load(settings.master_keys_file)
    except MasterKeyProblem:
        return [_not_yet("keys in use", "the master keys"), _not_yet("erasures", "the master keys")]
    try:
        keys = KeyStore(pool, master_keys, EpochKeys.load(settings.epoch_keys_file))
    except MasterKeyProblem as error:
        remedy = "Put the file back from its backup, or name it in RJ_EPOCH_KEYS_FILE."
        return [
            Finding("keys in use", Severity.SETUP, str(error), remedy),
            _not_yet("erasures", "the epoch keys"),
        ]
    return [await _keys_fit(keys, pool), await _erasures(keys)]


async def _erasures(keys: KeyStore) -> Finding:
    """Whether old copies of erased keys are made worthless in time."""
    found = await keys.epochs.incomplete()
    if found is None:
        return Finding("erasures", Severity.OK, "All are complete.")
    if found.late and found.to_retire:
        return Finding("erasures", Severity.NOTE, late(found), f"Run {RETIRE}.")
    if found.late:
        remedy = "Run `rj keys complete-erasures`; a process that serves does it by itself, see its log."
        return Finding("erasures", Severity.NOTE, late(found), remedy)
    by = found.oldest + COMPLETE_WITHIN
    said = f"{found.count} not complete yet, the first of them by {by:%d %b %Y %H:%M} UTC."
    return Finding("erasures", Severity.OK, said)


async def _keys_fit(keys: KeyStore, pool: Pool) -> Finding:
    """Whether the files of keys open what is in the database: one data key of each master key and epoch is tried."""
    samples = await pool.fetch(
        "SELECT DISTINCT ON (master_key_id, epoch) master_key_id, epoch, reference FROM keys.data_key"
        " ORDER BY master_key_id, epoch"
    )
    for sample in samples:
        try:
            await keys.get(sample["reference"])
        except (KeyErased, KeyUnknown):
            continue  # erased between the two questions
        except (MasterKeyProblem, SealBroken):
            epoch = f" and epoch key {sample['epoch']}" if sample["epoch"] else ""
            return Finding(
                "keys in use",
                Severity.SETUP,
                f"Master key {sample['master_key_id']}{epoch} seal referrals, and the files lack one or hold another.",
                "Put its line back into its file from a backup of the same day as the database's.",
            )
    return Finding("keys in use", Severity.OK, "The key files open what is sealed.")


def _key_store(settings: Settings, pool: Pool) -> KeyStore | None:
    try:
        master_keys = MasterKeys.load(settings.master_keys_file)
        return KeyStore(pool, master_keys, EpochKeys.load(settings.epoch_keys_file))
    except MasterKeyProblem:
        return None


async def _temporal(
    temporal: ClientConnectConfig, pool: Pool | None, keys: KeyStore | None = None
) -> list[Finding]:
    where = temporal.get("target_host", "its address")
    try:
        client = await connect_temporal(temporal, keys)
        return [
            Finding("Temporal", Severity.OK, f"{where}, namespace {client.namespace}."),
            await _attributes(client),
            await _polled(client),
            await _alive(client, pool) if pool else _not_yet("workflows", "the database"),
            await _meddled(client, pool) if pool else _not_yet("strangers", "the database"),
        ]
    except TemporalUnreachable as error:
        start = (
            "Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE; the one of `rj up` starts with it."
        )
        return [Finding("Temporal", Severity.SERVER, str(error), start)]


async def _attributes(client: Client) -> Finding:
    missing = await missing_search_attributes(client)
    if not missing:
        return Finding("search attributes", Severity.OK, "All are registered.")
    return Finding(
        "search attributes",
        Severity.SERVER,
        f"Missing: {', '.join(missing)}.",
        "A worker registers them when it starts; where it may not, its Temporal's administrator does.",
    )


async def _polled(client: Client) -> Finding:
    now = datetime.now(UTC)
    alive = [identity for identity, seen in (await pollers(client)).items() if now - seen < POLLS_WITHIN]
    if alive:
        return Finding("worker", Severity.OK, f"Asking for work: {', '.join(sorted(alive))}.")
    return Finding(
        "worker", Severity.SERVER, "No worker asks for work.", "Run `rj up` or `python worker.py`."
    )


async def _alive(client: Client, pool: Pool) -> Finding:
    """Whether the open referrals that are due soonest have their workflow."""
    rows = await pool.fetch(
        "SELECT reference, count(*) OVER () AS open FROM referral WHERE stage <> 'closed'"
        " ORDER BY next_due_at NULLS LAST, reference LIMIT $1",
        LOOKED_AT,
    )
    turns = asyncio.Semaphore(_AT_ONCE)

    async def runs(reference: str) -> bool:
        async with turns:
            return await _runs(client, reference)

    found = await asyncio.gather(*(runs(row["reference"]) for row in rows))
    missing = [row["reference"] for row, running in zip(rows, found, strict=True) if not running]
    total = rows[0]["open"] if rows else 0
    looked = f"{total} open" if total == len(rows) else f"{len(rows)} of {total} open"
    if not missing:
        return Finding("workflows", Severity.OK, f"{looked}; each has its workflow.")
    return Finding(
        "workflows",
        Severity.NOTE,
        f"{looked}; {len(missing)} without a workflow, so nobody keeps their deadlines: {', '.join(missing[:5])}"
        f"{' …' if len(missing) > 5 else ''}.",
        "`rj reconcile --all` starts them from the log, and loses nothing.",
    )


async def _meddled(client: Client, pool: Pool) -> Finding:
    """Whether something in Temporal passes for ours, or is not as we made it."""
    # That nothing runs for a referral is said of the workflows.
    found = [each for each in await meddled(client, pool) if each.kind is not Kind.NO_WORKFLOW]
    said = in_a_sentence(found)
    if said is None:
        return Finding(
            "strangers", Severity.OK, "No workflow or schedule in Temporal pretends to be one of ours."
        )
    return Finding("strangers", Severity.NOTE, said, "Find out who reaches Temporal.")


async def _runs(client: Client, reference: str) -> bool:
    try:
        found = await client.get_workflow_handle(workflow_id(reference)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise TemporalUnreachable(f"Temporal does not describe a workflow: {error.message}.") from error
    return found.status is WorkflowExecutionStatus.RUNNING
