"""The links by which a log cannot be rewritten quietly: each covers the one before and all that is stored with it.

A link is an HMAC-SHA256 under a key that the database does not hold in the clear, over fields that each say their own
length: who lacks the master keys makes none, and no byte can be moved from one field to the next unseen.
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
    """The key of the links, of which an installation has one. Shows nothing of itself."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return "ChainKey()"

    def link(self, previous: bytes, *fields: Field) -> bytes:
        """The link, 32 bytes, of one entry.

        Args:
            previous: the link of the entry before; empty for the first.
            fields: all that is stored of the entry, in an order of its kind. Instants count in microseconds.
        """
        mac = hmac.new(self._raw, _framed(previous), sha256)
        for field in fields:
            mac.update(_framed(field))
        return mac.digest()


async def chain_key(keys: KeyStore) -> ChainKey:
    """The key of the links, derived from the installation's secret, which the master keys wrap."""
    return ChainKey(derived(await keys.installation_secret(), b"rj chain"))


def derived(secret: bytes, purpose: bytes) -> bytes:
    """32 bytes for one purpose, from which neither the secret nor what serves another purpose can be told (HKDF)."""
    return HKDFExpand(SHA256(), 32, purpose).derive(secret)


def _framed(field: Field) -> bytes:
    match field:
        case None:
            return _ABSENT
        case bytes():
            raw = field
        case datetime():
            raw = str(int(field.timestamp()) * 1_000_000 + field.microsecond).encode()
        case _:
            raw = str(field).encode()
    return len(raw).to_bytes(4) + raw
