"""Anchors: signed statements of the head of every log, kept outside the database.

Somebody who can rewrite the database can restore an old copy, or cut off the end of a log with everything that refers
to it, but cannot change a copy elsewhere. An anchor names the head of each log that has grown since the anchor before,
and the number and digest of all logs, so that the anchors together give the head of every log.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stores.database import Connection, Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import access_log, search_log, staff_log
from stores.logs.chain import derived

REGISTER = "staff"
"""Used in place of a reference for the log of the staff register."""

_PLAIN = "#plain"
"""Suffix of the reference of a log that still had plain links, just before it was carried over; see carrying_over."""

_OTHER_TABLES = (_PLAIN, access_log.SUFFIX, search_log.SUFFIX)
"""Suffixes of the names of what does not stand in the logs of referrals and of the register."""

PUBLIC_KEY = "anchors.pub"
_LOCK = 0x726A_616E_6368  # "rjanch": one process at a time makes an anchor


class AnchorProblem(Exception):
    """An anchor cannot be read or is not as signed. The message is one sentence that says which."""


class LogsLost(Exception):
    """The database lacks what an anchor states, so that no further anchor may be made."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"{len(names)} log{'s' * (len(names) != 1)} lack what was anchored, first {names[0]}: see `rj verify`."
        )


@dataclass(frozen=True)
class Anchor:
    """One statement.

    Attributes:
        number: counts from 1, without a gap.
        made_at: UTC.
        logs: how many there were.
        digest: SHA-256, in hexadecimal, over the name, length and head of all of them in the order of their names.
        grown: the logs that grew since the anchor before, each with its number of events and its head in hexadecimal.
        previous: SHA-256, in hexadecimal, of the document of the anchor before; empty for the first.
    """

    number: int
    made_at: datetime
    logs: int
    digest: str
    grown: Mapping[str, tuple[int, str]]
    previous: str


def signing_key(secret: bytes) -> Ed25519PrivateKey:
    """The key that signs an installation's anchors, derived from its secret."""
    return Ed25519PrivateKey.from_private_bytes(derived(secret, b"rj anchors"))


def public_key(key: Ed25519PrivateKey) -> str:
    """The public key in base64, one line: all that is needed to check anchors."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def written(anchor: Anchor, key: Ed25519PrivateKey) -> str:
    """An anchor's document: two lines, the statement and the signature over that line."""
    said = json.dumps(
        {
            "number": anchor.number,
            "made_at": anchor.made_at.isoformat(),
            "logs": anchor.logs,
            "digest": anchor.digest,
            "previous": anchor.previous,
            "grown": anchor.grown,
        },
        separators=(",", ":"),
        sort_keys=True,
    )
    return f"{said}\n{base64.b64encode(key.sign(said.encode())).decode()}\n"


def read(document: str, public: str) -> Anchor:
    """Parse an anchor and check its signature. Raises AnchorProblem."""
    said, _, signature = document.partition("\n")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.strip(), validate=True))
        key.verify(base64.b64decode(signature.strip(), validate=True), said.encode())
        found: dict[str, Any] = json.loads(said)
        return Anchor(
            number=found["number"],
            made_at=datetime.fromisoformat(found["made_at"]),
            logs=found["logs"],
            digest=found["digest"],
            grown={name: (length, head) for name, (length, head) in found["grown"].items()},
            previous=found["previous"],
        )
    except (ValueError, KeyError, TypeError, InvalidSignature) as error:
        raise AnchorProblem("it is not signed by this installation, or was changed since") from error


def digest_of(heads: Mapping[str, tuple[int, str]]) -> str:
    """SHA-256, in hexadecimal, over the heads of all logs."""
    over = hashlib.sha256()
    for name in sorted(heads):
        length, head = heads[name]
        over.update(f"{len(name)}:{name}{length}:{head};".encode())
    return over.hexdigest()


def fold(anchors: Iterable[Anchor]) -> dict[str, tuple[int, str]]:
    """The length and head of every log at the last of these anchors, which are given in order."""
    heads: dict[str, tuple[int, str]] = {}
    for anchor in anchors:
        heads |= anchor.grown
    return heads


class Anchors:
    """The anchors of an installation: made from the database, kept in a folder.

    Args:
        folder: for this process's copies; created if missing. Best on another machine or disk.
    """

    def __init__(self, pool: Pool, keys: KeyStore, folder: Path) -> None:
        self._pool = pool
        self._keys = keys
        self._folder = folder

    async def make(self, now: datetime | None = None) -> Anchor:
        """Make an anchor of the present heads, in the database and in the folder.

        Raises:
            AnchorProblem: an earlier anchor was changed.
            LogsLost: the database lacks what an earlier anchor states.
        """
        key = signing_key(await self._keys.installation_secret())
        async with self._pool.acquire() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            documents = await self._documents(connection)
            known = check(documents, public_key(key))
            heads = await _heads(connection)
            before = fold(known)
            lost = await lost_since(connection, before, heads)
            if lost:
                raise LogsLost(lost)
            heads |= {name: where for name, where in before.items() if name.endswith(_PLAIN)}
            anchor = Anchor(
                number=len(known) + 1,
                made_at=(now or datetime.now(UTC)).astimezone(UTC),
                logs=len(heads),
                digest=digest_of(heads),
                grown={name: where for name, where in sorted(heads.items()) if before.get(name) != where},
                previous=hashlib.sha256(documents[-1].encode()).hexdigest() if documents else "",
            )
            await connection.execute(
                "INSERT INTO anchor (number, made_at, document) VALUES ($1, $2, $3)",
                anchor.number,
                anchor.made_at,
                written(anchor, key),
            )
        await self.keep()
        return anchor

    async def keep(self) -> None:
        """Copy missing anchors and the public key to the folder; existing files are never replaced."""
        public = public_key(signing_key(await self._keys.installation_secret()))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(self._folder / PUBLIC_KEY, f"{public}\n")
        have = {path.stem for path in self._folder.glob("*.anchor")}
        for row in await self._pool.fetch("SELECT number, document FROM anchor ORDER BY number"):
            name = f"{row['number']:08}"
            if name not in have:
                _write_once(self._folder / f"{name}.anchor", row["document"])

    async def document(self, number: int) -> str:
        """The document of an anchor."""
        document: str = await self._pool.fetchval("SELECT document FROM anchor WHERE number = $1", number)
        return document

    async def due(self, before: datetime) -> bool:
        """Whether an anchor is due: the newest is older than `before`, a referral was erased since, or there are
        referrals and no anchor."""
        return bool(
            await self._pool.fetchval(
                "SELECT newest.made_at IS NULL AND EXISTS (SELECT FROM referral) OR newest.made_at < $1"
                " OR EXISTS (SELECT FROM keys.erasure WHERE erased_at > newest.made_at)"
                " FROM (SELECT max(made_at) AS made_at FROM anchor) newest",
                before,
            )
        )

    async def known(self) -> list[Anchor]:
        """All anchors in order: the folder's, and those that only the database has.

        Raises:
            AnchorProblem: one was changed, or does not follow the one before, or is missing.
        """
        public = public_key(signing_key(await self._keys.installation_secret()))
        async with self._pool.acquire() as connection:
            return check(await self._documents(connection), public)

    async def _documents(self, connection: Connection) -> list[str]:
        """All documents in order; where both the folder and the database have one, the folder's."""
        rows = await connection.fetch("SELECT number, document FROM anchor")
        documents: dict[int, str] = {row["number"]: row["document"] for row in rows}
        documents |= {int(path.stem): path.read_text() for path in self._folder.glob("*.anchor")}
        return [documents[number] for number in sorted(documents)]


async def lost_since(
    connection: Connection | Pool,
    anchored: Mapping[str, tuple[int, str]],
    heads: Mapping[str, tuple[int, str]],
) -> list[str]:
    """The names of the logs that no longer hold what they held when anchored."""
    moved = [
        (name, length, head)
        for name, (length, head) in anchored.items()
        if heads.get(name) != (length, head) and not name.endswith(_OTHER_TABLES)
    ]
    rows = await connection.fetch(
        "SELECT was.reference FROM unnest($1::text[], $2::bigint[], $3::text[]) AS was (reference, sequence, head)"
        " LEFT JOIN (SELECT reference, sequence, hash FROM event"
        " UNION ALL SELECT $4, sequence, hash FROM staff_event) e"
        " ON e.reference = was.reference AND e.sequence = was.sequence"
        " WHERE e.hash IS DISTINCT FROM decode(was.head, 'hex') ORDER BY 1",
        [name for name, _, _ in moved],
        [length for _, length, _ in moved],
        [head for _, _, head in moved],
        REGISTER,
    )
    others = {name: where for name, where in anchored.items() if heads.get(name) != where}
    lost = await access_log.lost_since(connection, others) + await search_log.lost_since(connection, others)
    return [row["reference"] for row in rows] + lost


def check(documents: Sequence[str], public: str) -> list[Anchor]:
    """The anchors in these documents, which are given in order from the first on.

    Raises:
        AnchorProblem: one was changed, or does not follow the one before, or is missing.
    """
    anchors: list[Anchor] = []
    heads: dict[str, tuple[int, str]] = {}
    previous = ""
    for number, document in enumerate(documents, 1):
        try:
            anchor = read(document, public)
        except AnchorProblem as problem:
            raise AnchorProblem(f"Anchor {number} is not as it was made: {problem}.") from problem
        if anchor.number != number or anchor.previous != previous:
            raise AnchorProblem(f"Anchor {number} is missing, or is not the one that was made.")
        anchors.append(anchor)
        heads |= anchor.grown
        previous = hashlib.sha256(document.encode()).hexdigest()
    if anchors and (len(heads), digest_of(heads)) != (anchors[-1].logs, anchors[-1].digest):
        raise AnchorProblem(f"Anchor {len(anchors)} does not add up.")
    return anchors


async def _heads(connection: Connection) -> dict[str, tuple[int, str]]:
    rows = await connection.fetch(
        "SELECT r.reference, r.sequence, r.head,"
        " EXISTS (SELECT FROM event e WHERE e.reference = r.reference AND chain = 1) AS plain FROM referral r"
    )
    heads = {row["reference"] + _PLAIN * row["plain"]: (row["sequence"], row["head"].hex()) for row in rows}
    length, link = await staff_log.head(connection)
    heads |= await access_log.heads(connection) | await search_log.heads(connection)
    return heads | ({REGISTER: (length, link.hex())} if length else {})


def _write_once(path: Path, text: str) -> None:
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
