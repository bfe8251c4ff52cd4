"""How what lets somebody in is kept: sealed, or hashed, under keys derived from the installation's secret.

The master keys wrap that secret, so that the database alone reveals no hash of a password, no second factor, no code,
no link and no address that somebody came from, and none of these can be written into it by who has only the database.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from pydantic import AwareDatetime, ValidationError

from schemas.base import Model
from stores.keys.key_files import DataKey, SealBroken
from stores.keys.referral_keys import KeyStore
from stores.logs.chain import derived

T = TypeVar("T", bound="Ticket")


class Ticket(Model):
    """What a browser carries between two steps of signing in: sealed, so that it can be neither read nor made."""

    ends_at: AwareDatetime


async def seal(keys: KeyStore, content: str, *purpose: str) -> bytes:
    """Seal a text for one purpose, such as ("password", "cw-1"); it opens for no other."""
    return (await installation_key(keys)).seal(content.encode(), _named(purpose))


async def unseal(keys: KeyStore, sealed: bytes, *purpose: str) -> str:
    """The text that was sealed for this purpose. Raises SealBroken."""
    return (await installation_key(keys)).open(sealed, _named(purpose)).decode()


async def keyed_hash(keys: KeyStore, content: str, *purpose: str) -> bytes:
    """A hash of 32 bytes, which only who has the key can make or try out.

    For what is random, such as a link or a code, or need not be told again, such as an address.
    """
    key = derived(await keys.installation_secret(), b"rj sign-in hashes")
    return hmac.digest(key, _named((*purpose, content)), sha256)


async def ticket(keys: KeyStore, content: Ticket) -> str:
    """A ticket as a cookie holds it."""
    sealed = await seal(keys, content.model_dump_json(), "ticket", type(content).__name__)
    return urlsafe_b64encode(sealed).decode()


async def read_ticket(keys: KeyStore, text: str, kind: type[T], at: datetime) -> T | None:
    """What a ticket says; None where it is none of this kind, or has ended."""
    try:
        said = await unseal(keys, urlsafe_b64decode(text), "ticket", kind.__name__)
        read = kind.model_validate_json(said)
    except (NotBase64, ValueError, SealBroken, ValidationError):
        return None
    return read if at < read.ends_at else None


async def installation_key(keys: KeyStore) -> DataKey:
    """The key that seals what belongs to signing in and to no referral."""
    return DataKey("signing in", derived(await keys.installation_secret(), b"rj sign-in seals"))


def _named(parts: tuple[str, ...]) -> bytes:
    """The parts, each with its length, so that no two lists of parts read the same."""
    return b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
