"""Real mail servers for tests, which do what they are told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass
class Taking:
    """What a server answers, and what it took. The handle_ names are aiosmtpd's.

    Attributes:
        mail, rcpt, data: its answer to each; None: it takes it.
        hangs: it never answers DATA.
        drops: it takes the message in full and drops the connection in place of an answer.
        at_once: how many messages it takes at the same time; it turns others away as Exchange Online does.
        most: how many there were at the same time, the ones that it turned away too.
    """

    mail: str | None = None
    rcpt: str | None = None
    data: str | None = None
    hangs: bool = False
    drops: bool = False
    at_once: int = 1000
    most: int = 0
    taken: list[Envelope] = field(default_factory=list)
    logged_in: list[bytes] = field(default_factory=list)
    _underway: set[Session] = field(default_factory=set)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        self._underway.add(session)
        self.most = max(self.most, len(self._underway))
        if len(self._underway) > self.at_once:
            return "432 4.3.2 Concurrent connections limit exceeded"
        return self.mail or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data is None:
            self.taken.append(envelope)
        if self.hangs:
            await asyncio.Event().wait()
        if self.drops:
            assert server.transport is not None
            server.transport.close()
        self._underway.discard(session)
        return self.data or "250 OK"

    def log_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.logged_in.append(given.login)
        return AuthResult(success=given == LoginPassword(b"relay", b"s3cret/canary"), handled=False)

    def content(self) -> bytes:
        """The one message it took."""
        [envelope] = self.taken
        assert envelope.original_content is not None
        return envelope.original_content


@asynccontextmanager
async def smtp_server(taking: Taking, **options: Any) -> AsyncIterator[str]:
    """HOST:PORT of a server that takes mail; with aiosmtpd's options for a connection."""
    loop = asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connection() -> SMTP:
        connections.append(
            SMTP(taking, hostname="localhost", loop=loop, **({"enable_SMTPUTF8": True} | options))
        )
        return connections[-1]

    server = await loop.create_server(connection, HOST, 0)
    try:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in connections:
            if each.transport is not None:
                each.transport.close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """HOST:PORT of a server that takes connections and never says a word."""
    over = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, HOST, 0)
    try:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate of its own making, and the file with which a client can trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(trusted.read_bytes() + secret)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(both)
    return tls, trusted
