"""Passwords: which are accepted, and how they are hashed.

The rules are those of NCSC ("Password administration for system owners") and NIST SP 800-63B, 3.1.1: length and a list
of what everybody chooses; no rule of which characters, and no expiry.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lifecycle import Refused

SHORTEST, LONGEST = 12, 200
"""Characters of a password. NCSC and NIST ask for no more than that it is long; the longest is ours, against abuse."""

# Characters beside the id, and different ones: fewer are guessed at once.
_FEWEST_BESIDE_THE_ID, _FEWEST_DIFFERENT = 8, 4

HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, salt_len=16)
"""argon2id with the parameters of RFC 9106, section 4, second choice (64 MiB), the defaults of argon2-cffi. A hash
under other parameters is made anew when its person signs in."""

# Two at once: each takes 64 MiB and, for some hundredths of a second, a processor.
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


def check_new_password(password: str, staff_id: str) -> None:
    """Check a password that somebody chooses.

    Raises:
        Refused: it is too short or too long, little more than the id, or one of the commonest; says what is accepted.
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise _refused(f"it has {len(normal)} characters", f"at least {SHORTEST}, such as three random words")
    if len(normal) > LONGEST:
        raise _refused(f"it has {len(normal)} characters", f"at most {LONGEST}")
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in normal):
        raise _refused("it has a character that no keyboard types", "any that can be seen, and spaces")
    folded = normal.casefold()
    if len(folded.replace(staff_id, "")) < _FEWEST_BESIDE_THE_ID:
        raise _refused("it is your staff ID or little more", "one that others cannot tell from it")
    if len(set(folded)) < _FEWEST_DIFFERENT or folded in _commonest():
        raise _refused("it is one of the commonest, which are tried first", "such as three random words")


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, HASHER.hash, _bytes(password))


async def password_is(hashed: str | None, password: str) -> bool:
    """Whether this is the password that was hashed. Without a hash it is not, after the same time."""

    def verify() -> bool:
        # Made by the first attempt of a process, whoever's it is.
        nobodys = _nobodys_hash()
        try:
            HASHER.verify(hashed or nobodys, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    return await asyncio.get_running_loop().run_in_executor(_HASHING, verify)


def needs_new_hash(hashed: str) -> bool:
    """Whether a password was hashed under other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash("nobody signs in with this")


@cache
def _commonest() -> frozenset[str]:
    listed = files(__package__).joinpath("commonest_passwords.txt").read_text("utf-8")
    return frozenset(line for line in listed.splitlines() if line and not line.startswith("#"))


def _normal(password: str) -> str:
    # So that it is the same however a keyboard composes it (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


def _refused(wrong: str, accepted: str) -> Refused:
    return Refused(
        "password_not_accepted", f"Choose another password: {wrong}. Accepted: {accepted}.", "password"
    )
