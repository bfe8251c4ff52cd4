"""Creation of the master key file."""

from pathlib import Path

from stores.database import connect
from stores.keys.referral_keys import MasterKeyProblem, MasterKeys, sealed_anything


async def make_missing(path: Path, database_url: str) -> bool:
    """Create the master key file if the database holds nothing sealed yet; whether it was created.

    Raises:
        MasterKeyProblem: it cannot be used, or it is gone while the database needs it.
        DatabaseUnreachable: it could not be asked.
    """
    if path.exists():
        MasterKeys.load(path)
        return False
    connection = await connect(database_url)
    try:
        sealed = await sealed_anything(connection)
    finally:
        await connection.close()
    if sealed:
        raise MasterKeyProblem(
            f"The master key file {path} is gone, and the database was sealed with it: "
            "put it back from its backup, or name it in RJ_MASTER_KEYS_FILE."
        )
    try:
        MasterKeys.create(path)
    except MasterKeyProblem:
        # Another that started at the same time made it.
        if not path.exists():
            raise
        return False
    return True
