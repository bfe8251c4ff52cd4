"""Parsing of mail server URLs and e-mail addresses from settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from messages.neutral_words import forbidden_word

# A dotted name, at, a dotted name or [an address]; beyond ASCII as RFC 6531 has it. A quoted name is lawful and lost.
_ATOM = r"[^\s\x00-\x1f\x7f\"(),.:;<>@\[\\\]]+"
_DOTTED = rf"{_ATOM}(?:\.{_ATOM})*"
_ADDRESS = re.compile(rf"{_DOTTED}@(?:{_DOTTED}|\[[0-9A-Za-z.:]+\])")
# RFC 5321, 4.5.3.1: limits of the name, and of a path of 256 octets less its angle brackets.
_LONGEST_NAME, _LONGEST = 64, 254
# Separators between the words of an address. Digits too: rj2 reads as rj.
_BETWEEN_WORDS = re.compile(r"[0-9._+-]+")


def mail_address(value: str) -> str:
    """Validate one bare address. Raises ValueError, which says what is accepted and never repeats the value."""
    name = value.partition("@")[0]
    # A lone surrogate is not printable, and cannot be encoded.
    fits = value.isprintable() and len(name.encode()) <= _LONGEST_NAME and len(value.encode()) <= _LONGEST
    if not fits or not _ADDRESS.fullmatch(value):
        raise ValueError("it must be one e-mail address, such as no-reply@example.org")
    return value


# A commissioner's service cannot choose its domain, so these words are allowed there.
_OFFICIAL = re.compile(r"\.(?:police|justice\.gov|gov)\.uk$", re.IGNORECASE)


def sender_address(value: str) -> str:
    """Validate one bare address that does not reveal what the service does. Raises ValueError.

    It is shown beside every subject in inboxes that others may see, and in calendars.
    """
    word = forbidden_word(_BETWEEN_WORDS.sub(" ", _OFFICIAL.sub("", mail_address(value))))
    if word:
        raise ValueError(
            f"{word!r} in it tells what the service does; use one that tells nothing, such as no-reply@example.org"
        )
    return value


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server that we send through.

    Attributes:
        tls: TLS from the first byte; otherwise STARTTLS, where the server offers it or a user is given. A server on
            this machine's own address needs none.
        user, password: both or neither.
    """

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…, whose user and password may be percent-encoded.

        The port is 465 for smtps, else 587 with a user (RFC 6409) and 25 without. Raises ValueError, which never
        repeats the URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("its host or port cannot be read") from None
        if parts.scheme not in ("smtp", "smtps") or not host:
            raise ValueError(
                "it must be smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before HOST"
            )
        if port == 0:
            raise ValueError("its host or port cannot be read")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("nothing may follow the port; in a password write / as %2F, ? as %3F, # as %23")
        if bool(parts.username) != bool(parts.password):
            raise ValueError("a user and a password belong together, as USER:PASSWORD@HOST")
        tls = parts.scheme == "smtps"
        return cls(
            host=host,
            port=port or (465 if tls else 587 if parts.username else 25),
            tls=tls,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def on_this_machine(self) -> bool:
        """Whether its host is a loopback address, so that nothing is sent over a network."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
