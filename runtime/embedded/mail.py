"""The mail server of `rj up`: it keeps the service's e-mail in a folder, for trying the service out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session, auth_mechanism

from runtime.embedded.child_process import ServerFailed
from runtime.embedded.ports import LOOPBACK, free_port

PREFERRED_PORT = 2525

LONGEST_MESSAGE = 10 * 1024 * 1024
"""Bytes."""

_TRIES = 5
_USER = "rj"

# It logs who writes to whom, and at the finest level what.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The address of the mail server, and the folder in which it keeps mail.

    Attributes:
        url: as RJ_SMTP_URL would name it, with the password of this run.
        folder: one file for each message and recipient, as it was sent.
    """

    url: str = field(repr=False)
    folder: Path


@asynccontextmanager
async def embedded_mail(folder: Path) -> AsyncIterator[Mailbox]:
    """Accept mail for any recipient from clients that know the password, and keep it, until the context ends.

    The password is new at every start and is never sent in the clear (CRAM-MD5). Only the folder's owner may read the
    mail. A message with the same Message-ID and recipient replaces the earlier one. Runs in this process and event
    loop. Raises ServerFailed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    connections: set[_Connection] = set()
    password = secrets.token_urlsafe(32)
    server, port = await _listen(_Keeper(folder, password), connections)
    try:
        yield Mailbox(f"smtp://{_USER}:{password}@{LOOPBACK}:{port}", folder)
    finally:
        server.close()
        for connection in tuple(connections):
            connection.hang_up()


async def _listen(keeper: _Keeper, connections: set[_Connection]) -> tuple[asyncio.Server, int]:
    loop = asyncio.get_running_loop()
    for _ in range(_TRIES):
        port = free_port(PREFERRED_PORT)
        try:
            return await loop.create_server(lambda: _Connection(keeper, connections), LOOPBACK, port), port
        except OSError:
            continue  # taken since it was found free
    raise ServerFailed(f"The mail server found no port on {LOOPBACK} to listen on.")


class _Keeper:
    """Keeps accepted mail. The method names are aiosmtpd's."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self._password = password.encode()

    @auth_mechanism("CRAM-MD5")
    async def auth_challenge(self, server: SMTP, arguments: list[str]) -> AuthResult:
        """Log-in by challenge and response with a challenge used once (RFC 2195)."""
        challenge = f"<{secrets.token_urlsafe(24)}@localhost>".encode()
        answer = await server.challenge_auth(challenge)
        if not isinstance(answer, bytes):
            return AuthResult(success=False)  # and has been told why
        right = f"{_USER} {hmac.new(self._password, challenge, 'md5').hexdigest()}".encode()
        return AuthResult(success=hmac.compare_digest(answer, right), handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message_id = (
            BytesHeaderParser().parsebytes(content)["Message-ID"] or hashlib.sha256(content).hexdigest()
        )
        again = [self._keep(str(message_id), recipient, content) for recipient in envelope.rcpt_tos]
        return "250 2.0.0 Kept, in place of an earlier copy" if all(again) else "250 2.0.0 Kept"

    def _keep(self, message_id: str, recipient: str, content: bytes) -> bool:
        """Whether the message was already kept; writes it in any case."""
        name = hashlib.sha256(f"{message_id}\n{recipient}".encode(errors="surrogateescape")).hexdigest()
        kept = self._folder / f"{name[:32]}.eml"
        again = kept.exists()
        unfinished = kept.with_suffix(".new")
        with open(unfinished, "wb", opener=_for_its_owner) as file:
            file.write(content)
        unfinished.replace(kept)
        return again

    async def handle_exception(self, error: Exception) -> str:
        log.error("a message could not be kept", exc_info=error)
        # By itself aiosmtpd would say that it never will be.
        return "451 4.3.0 Cannot be kept now"


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class _Connection(SMTP):
    def __init__(self, keeper: _Keeper, connections: set[_Connection]) -> None:
        with warnings.catch_warnings():
            # It warns of passwords sent without TLS, of which none is.
            warnings.simplefilter("ignore")
            super().__init__(
                keeper,
                data_size_limit=LONGEST_MESSAGE,
                enable_SMTPUTF8=True,
                auth_required=True,
                # Of the other ways, each sends the password.
                auth_require_tls=False,
                auth_exclude_mechanism=("LOGIN", "PLAIN"),
                # Else it asks the network for this machine's name, and waits.
                hostname="localhost",
                ident="rj up",
                loop=asyncio.get_running_loop(),
            )
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._connections.discard(self)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()
