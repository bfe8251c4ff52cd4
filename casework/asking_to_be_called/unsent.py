"""The answers of somebody who has not sent them yet: sealed under a key that only their browser holds, for a while.

The browser holds one random token, until it is closed or the request is sent. PostgreSQL holds what is sealed, under a
name made from the token; without the token nobody can tell whose it is, nor read it, not with every key of the service.
"""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.referrals import Referrals
from schemas.asking import Unsent
from schemas.vocabulary import Source
from stores.console import unsent_answers
from stores.logs.chain import derived

_TOKEN_BYTES = 32
_NONCE_BYTES = 12


class AnswersGone(Exception):
    """There are no such answers, or not any more."""


async def begin_answers(referrals: Referrals, sender: str) -> str:
    """Begin to keep the answers of somebody.

    Args:
        sender: the network address that they come from; only a keyed hash of it is kept.

    Returns:
        The token for their browser to hold.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    reference, command_id = await referrals.opening(Source.SELF, None)
    unsent = Unsent(reference=reference, command_id=command_id)
    await unsent_answers.begin(
        referrals.pool, _answers_id(token), await hashed_sender(referrals, sender), _seal(token, unsent)
    )
    return token


async def read_answers(referrals: Referrals, token: str | None) -> Unsent:
    """What is kept of somebody.

    Raises:
        AnswersGone: nothing is.
    """
    sealed = await unsent_answers.read(referrals.pool, _answers_id(token)) if token else None
    if sealed is None or token is None:
        raise AnswersGone
    return _open(token, sealed)


async def keep_answers(referrals: Referrals, token: str, unsent: Unsent) -> None:
    """Keep this from now on, in place of what was kept.

    Raises:
        AnswersGone: nothing was any more.
    """
    if not await unsent_answers.keep(referrals.pool, _answers_id(token), _seal(token, unsent)):
        raise AnswersGone


async def drop_answers(referrals: Referrals, token: str | None) -> None:
    """Keep nothing of somebody any more."""
    if token:
        await unsent_answers.drop(referrals.pool, _answers_id(token))


def _answers_id(token: str) -> bytes:
    """The name under which the answers of a token's holder are kept."""
    return hashlib.sha256(b"rj answers id\0" + token.encode()).digest()


async def hashed_sender(referrals: Referrals, sender: str) -> bytes:
    """What stands for a network address: who lacks the keys of the service cannot tell which it is."""
    key = derived(await referrals.keys.installation_secret(), b"rj sender")
    return hashlib.blake2b(sender.encode(), key=key, digest_size=32).digest()


def _cipher(token: str) -> AESGCM:
    return AESGCM(derived(hashlib.sha256(token.encode()).digest(), b"rj answers"))


def _seal(token: str, unsent: Unsent) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(token).encrypt(nonce, unsent.model_dump_json().encode(), _answers_id(token))


def _open(token: str, sealed: bytes) -> Unsent:
    try:
        plain = _cipher(token).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _answers_id(token))
    except InvalidTag:
        raise AnswersGone from None
    return Unsent.model_validate_json(plain)
