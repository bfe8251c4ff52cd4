"""The links of a log, which reveal any rewriting: each covers the link before and all that is stored of an entry.

A link is an HMAC-SHA256 under a key that the database holds only wrapped, so that it cannot be made without the master
keys. Each field is prefixed with its length, so that no byte can be moved between fields unnoticed.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from stores.keys.referral_keys import KeyStore

Field: TypeAlias = str | bytes | int | datetime | UUID | None

_ABSENT = b"\xff\xff\xff\xff"


class ChainKey:
    """The key of the links, one per installation. Its repr hides it."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return "ChainKey()"

    def link(self, previous: bytes, *fields: Field) -> bytes:
        """The link, 32 bytes, of one entry.

        Args:
            previous: the link of the entry before; empty for the first.
            fields: all that is stored of the entry, in a fixed order for its kind. Instants are in microseconds.
        """
        return hmac.digest(self._raw, b"".join([_framed(each) for each in (previous, *fields)]), sha256)


async def chain_key(keys: KeyStore) -> ChainKey:
    """The key of the links, derived from the installation's secret, which the master keys wrap."""
    return ChainKey(derived(await keys.installation_secret(), b"rj chain"))


def derived(secret: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (HKDF); it reveals neither the secret nor the keys for other purposes."""
    return HKDFExpand(SHA256(), 32, purpose).derive(secret)


def _framed(field: Field) -> bytes:
    # The commonest first: this is called for every field of every event.
    if isinstance(field, str):
        # Also of an enumeration: its value.
        raw = field.encode()
    elif field is None:
        return _ABSENT
    elif isinstance(field, bytes):
        raw = field
    elif isinstance(field, datetime):
        raw = b"%d" % (int(field.timestamp()) * 1_000_000 + field.microsecond)
    else:
        raw = str(field).encode()
    return len(raw).to_bytes(4) + raw
