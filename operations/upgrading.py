"""Bringing what an installation has kept up to what this version needs: tables, keys and logs."""

from __future__ import annotations

from runtime.master_keys import make_missing
from runtime.settings import Settings
from stores.database import connect, connect_pool
from stores.keys.referral_keys import EpochKeys, KeyStore, MasterKeys
from stores.logs import staff_log
from stores.logs.anchors import Anchors
from stores.logs.carrying_over import carry_over, to_carry_over
from stores.logs.chain import chain_key
from stores.migrate import MigrationRefused, migrate, pending


async def up_to_date(settings: Settings, database_url: str, owner_url: str | None) -> bool:
    """Apply what the database lacks, make the master keys of a new one, and carry older logs over.

    Args:
        database_url: as the application.
        owner_url: as the owner of the database; None where it is not known, which is enough where nothing is missing.

    Returns:
        Whether the master keys were made.

    Raises:
        MigrationRefused: it cannot be done, or the owner is needed and not known.
        MasterKeyProblem, DatabaseUnreachable: as their names say.
    """
    missing = await pending(owner_url or database_url)
    if missing and owner_url is None:
        raise MigrationRefused(
            f"The database lacks {', '.join(missing)}: name its owner in RJ_DATABASE_OWNER_URL, and start again."
        )
    if owner_url is None:
        return await make_missing(settings.master_keys_file, database_url)
    await migrate(owner_url)
    made = await make_missing(settings.master_keys_file, database_url)
    owner = await connect(owner_url)
    try:
        async with await connect_pool(database_url, size=2) as pool:
            keys = KeyStore(
                pool, MasterKeys.load(settings.master_keys_file), EpochKeys.load(settings.epoch_keys_file)
            )
            await staff_log.carry_over(owner, await chain_key(keys))
            if await to_carry_over(owner):
                anchors = Anchors(pool, keys, settings.anchors)
                # Where they stood before anything is changed, and after.
                await anchors.make()
                await carry_over(owner, keys)
                await anchors.make()
    finally:
        await owner.close()
    return made
