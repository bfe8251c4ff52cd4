"""Key files outside the database: new keys are appended, and removed keys are overwritten on disk."""

from __future__ import annotations

import base64
import errno
import fcntl
import glob
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """The ciphertext was sealed for something else, or has been altered."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"This was not sealed for {reference}, or it has been altered.")
        self.reference = reference


class MasterKeyProblem(Exception):
    """A master or epoch key file cannot be used. The message is one sentence with the reason and what to do."""


class DataKey:
    """One key (AES-256-GCM), of a referral or in a key file. Its repr hides it."""

    __slots__ = ("_cipher", "reference")

    def __init__(self, reference: str, raw: bytes) -> None:
        self.reference = reference
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return f"DataKey({self.reference})"

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """A fresh 12-byte nonce and the ciphertext; `aad` must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what was sealed with this key and `aad`. Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(self.reference) from error


class KeyFile:
    """Keys in a text file that only its owner may read.

    A line is `<key id> <base64 of 32 bytes>`, the newest last. Changes by other processes are noticed, so that nothing
    needs a restart.
    """

    kind: ClassVar[str]
    """The kind of its keys, as the word before `key` in messages."""
    needed: ClassVar[bool] = True
    """Whether a missing file is a problem; otherwise it counts as empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ring: dict[str, DataKey] = {}
        self._read_as: tuple[int, ...] | None = None
        self._read()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._ring)})"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load the keys of a file. Raises MasterKeyProblem if it cannot be used, or is missing where it is needed."""
        return cls(path)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create a file with one new key. Raises MasterKeyProblem if the file exists."""
        try:
            _start(path, _line(new_key_id()))
        except OSError as error:
            raise MasterKeyProblem(
                f"The {cls.kind} key file {path} cannot be made: {error.strerror}."
            ) from error
        return cls(path)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the newest last."""
        self.refresh()
        return tuple(self._ring)

    def remove(self, key_ids: Collection[str]) -> None:
        """Remove keys from the file and overwrite them on disk. Keys that are not in it count as removed.

        If interrupted, no other key is lost, and repeating it cleans up.
        """
        self._change(
            self.path, lambda lines: [each for each in lines if each.partition(" ")[0] not in key_ids]
        )
        self.refresh()

    def key(self, key_id: str) -> DataKey | None:
        """The key with that id; None where the file lacks it."""
        if key_id not in self._ring:
            self.refresh()
        return self._ring.get(key_id)

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        try:
            read_as = _signature(self.path.stat())
        except OSError as error:
            if not self.needed and isinstance(error, FileNotFoundError):
                self._ring, self._read_as = {}, None
                return
            raise MasterKeyProblem(
                f"The {self.kind} key file {self.path} is gone: {error.strerror}."
            ) from error
        if read_as != self._read_as:
            self._read()

    @classmethod
    def _change(cls, path: Path, edit: Callable[[list[str]], list[str]]) -> None:
        try:
            _replace(path.resolve(), edit)
        except OSError as error:
            raise MasterKeyProblem(
                f"The {cls.kind} key file {path} cannot be changed: {error.strerror}."
            ) from error

    def _read(self) -> None:
        try:
            raw, status = _read_whole(self.path)
            lines = raw.decode("ascii").split("\n")
        except OSError as error:
            if not self.needed and isinstance(error, FileNotFoundError):
                self._ring, self._read_as = {}, None
                return
            raise MasterKeyProblem(
                f"The {self.kind} key file {self.path} cannot be read: {error.strerror}."
            ) from error
        except UnicodeDecodeError as error:
            raise MasterKeyProblem(
                f"{self.path} is not a file of {self.kind} keys: it is not plain text."
            ) from error
        if os.name == "posix" and status.st_mode & 0o077:
            raise MasterKeyProblem(
                f"Others may read the {self.kind} key file {self.path}; run chmod 600 on it."
            )
        ring = {}
        for number, line in enumerate(lines, start=1):
            if line.strip():
                key_id, key = self._parse(line, number)
                ring[key_id] = key
        if not ring and self.needed:
            raise MasterKeyProblem(f"The {self.kind} key file {self.path} holds no key.")
        self._ring, self._read_as = ring, _signature(status)

    def _parse(self, line: str, number: int) -> tuple[str, DataKey]:
        key_id, _, encoded = line.strip().partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            # The line is not quoted: it may be a mistyped key.
            raise MasterKeyProblem(f"Line {number} of {self.path} is not a key id and 32 bytes in base64.")
        return key_id, DataKey(f"{self.kind} key {key_id}", raw)


class MasterKeys(KeyFile):
    """The master keys: the newest wraps, any unwraps. To be backed up apart from the data."""

    kind = "master"

    @classmethod
    def add_new(cls, path: Path) -> str:
        """Add a key, which is then the newest, and return its id; KeyStore.rotate then re-wraps everything with it.

        Raises MasterKeyProblem as `load` does.
        """
        cls(path)
        key_id = new_key_id()
        cls._change(path, lambda lines: [*lines, _line(key_id)])
        return key_id

    @property
    def newest(self) -> str:
        """The id of the key that wraps."""
        return self.ids[-1]

    def until(self, key_id: str) -> list[str]:
        """The ids of the keys up to and including this one: those that may have wrapped what it wraps now."""
        ids = self.ids
        return list(ids[: ids.index(key_id) + 1]) if key_id in ids else [*ids, key_id]

    def wrap(self, data_key: bytes, reference: str, key_id: str | None = None) -> tuple[bytes, str]:
        """The data key wrapped for this reference alone, and the id of the master key used: the newest, unless one
        is named."""
        key_id = key_id or self.newest
        return self._ring[key_id].seal(data_key, reference.encode()), key_id

    def unwrap(self, wrapped: bytes, master_key_id: str, reference: str) -> bytes:
        """The data key. Raises MasterKeyProblem if the file lacks the master key, SealBroken if the data key is
        another reference's."""
        key = self.key(master_key_id)
        if key is None:
            raise MasterKeyProblem(f"Master key {master_key_id} is not in {self.path}; put its line back.")
        try:
            return key.open(wrapped, reference.encode())
        except SealBroken as error:
            raise SealBroken(reference) from error


class EpochKeys(KeyFile):
    """The epoch keys, each destroyed after the next erasure. There is none before the first data key."""

    kind = "epoch"
    needed = False

    @classmethod
    def beside(cls, master_keys: MasterKeys) -> EpochKeys:
        """The epoch keys in their default file, in the folder of the master keys."""
        return cls(beside(master_keys.path))

    def add(self, key_id: str) -> None:
        """Add a new key with this id, unless the file already has it."""
        line = _line(key_id)
        try:
            _start(self.path, line)
        except FileExistsError:
            self._change(
                self.path,
                lambda lines: (
                    lines if any(each.startswith(f"{key_id} ") for each in lines) else [*lines, line]
                ),
            )
        except OSError as error:
            raise MasterKeyProblem(
                f"The epoch key file {self.path} cannot be made: {error.strerror}."
            ) from error
        self.refresh()

    def missing(self, key_id: str) -> MasterKeyProblem:
        """The error for a key that is needed and missing."""
        return MasterKeyProblem(
            f"Epoch key {key_id} is not in {self.path}: name the file that all processes of this installation share "
            "in RJ_EPOCH_KEYS_FILE, or put back its backup of the same day as the database's."
        )

    def wrap(self, wrapped: bytes, epoch: str, reference: str) -> bytes:
        """What a master key wrapped for this reference, wrapped once more. Raises MasterKeyProblem."""
        return self._needed(epoch).seal(wrapped, reference.encode())

    def unwrap(self, wrapped: bytes, epoch: str, reference: str) -> bytes:
        """What a master key wrapped for this reference. Raises MasterKeyProblem, SealBroken."""
        key = self._needed(epoch)
        try:
            return key.open(wrapped, reference.encode())
        except SealBroken as error:
            raise SealBroken(reference) from error

    def _needed(self, epoch: str) -> DataKey:
        key = self.key(epoch)
        if key is None:
            raise self.missing(epoch)
        return key


def beside(master_keys_file: Path) -> Path:
    """The default file of the epoch keys."""
    return master_keys_file.with_name("epoch.keys")


def new_key_id() -> str:
    """A unique key id: the date (UTC) and random digits."""
    return f"{time.strftime('%Y%m%d', time.gmtime())}-{secrets.token_hex(4)}"


def _line(key_id: str) -> str:
    return f"{key_id} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _signature(status: os.stat_result) -> tuple[int, ...]:
    # Two files written within one tick of the clock differ in the first two.
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read_whole(path: Path) -> tuple[bytes, os.stat_result]:
    while True:
        with path.open("rb") as file:
            status, raw = os.fstat(file.fileno()), file.read()
        # If the file changed, it may have been overwritten while it was read.
        if os.path.samestat(status, path.stat()):
            return raw, status


def _start(path: Path, line: str) -> None:
    """Create the file atomically with one line. Raises FileExistsError, OSError."""
    aside = _aside(path, line + "\n")
    try:
        os.link(aside, path)
    except FileNotFoundError:
        # A process that made the file meanwhile has cleaned up beside it.
        raise FileExistsError(errno.EEXIST, "File exists", str(path)) from None
    finally:
        aside.unlink(missing_ok=True)
    _settle_folder(path)


def _replace(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """Replace the file's lines: the new file is complete before it replaces the old one, whose bytes are then
    overwritten. Lines that stay are never lost; what a crash leaves behind is overwritten next time.
    """
    with _held(path):
        _put_away(path)
        before = path.read_text(encoding="ascii").splitlines()
        after = edit(before)
        if after == before:
            return
        aside = _aside(path, "".join(f"{line}\n" for line in after))
        # Locked before it replaces the file, or another process could change it during the clean-up.
        with _held(aside):
            # A second name, to find the old bytes if this process ends before they are overwritten.
            os.link(path, _beside(path, "old"))
            aside.replace(path)
            _settle_folder(path)
            _put_away(path)


def _put_away(path: Path) -> None:
    """Overwrite and remove the files that an interrupted change left beside the file."""
    live = path.stat()
    name = glob.escape(path.name)
    # Only names that this module gives (the first in an earlier version), so that no editor's file is overwritten.
    patterns = (f".{name}.new", f".{name}.????????.new", f".{name}.????????.old")
    for left in [found for pattern in patterns for found in path.parent.glob(pattern)]:
        # A process that is creating the file, and finds it created, removes its own.
        with suppress(FileNotFoundError):
            if not os.path.samestat(left.stat(), live):
                descriptor = os.open(left, os.O_WRONLY)
                try:
                    _overwrite(descriptor)
                finally:
                    os.close(descriptor)
            left.unlink()
    _settle_folder(path)


def _overwrite(descriptor: int) -> None:
    os.pwrite(descriptor, os.urandom(os.fstat(descriptor).st_size), 0)
    os.fsync(descriptor)


def _aside(path: Path, text: str) -> Path:
    aside = _beside(path, "new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return aside


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{what}")


def _settle_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Lock the file against changes by other processes of this program."""
    while True:
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # The process that held the lock may have replaced the file.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                yield
                return
        finally:
            os.close(descriptor)
