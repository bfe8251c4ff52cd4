"""E-mail, sent through a mail server by SMTP."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPStatus,
)

from messages.channels import ChannelAway, ChannelRefused, take_turn
from messages.mail_addresses import SmtpServer, mail_address

WITHIN = timedelta(seconds=30)
"""How long sending one message may take, from the connection to the server's last answer."""

AT_ONCE = 3
"""How many messages this process sends at once. Source: Exchange Online accepts no more than three connections of one
user, learn.microsoft.com, "concurrent connection throttling for SMTP Authenticated Submission".
"""

_GOODBYE_WITHIN = 2.0

# RFC 1870: a message that is too long is refused before it is sent, in the answer to its sender.
_TOO_LONG = 552
# RFC 4954: the server wants a user, whoever the recipient is.
_WANTS_A_USER = 530
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class Mailer:
    """Sends messages through one mail server, each over its own connection.

    Args:
        url: as `SmtpServer.parse` reads it. A user's password is only ever sent through TLS, and the server's
            certificate is always checked. To a server on this machine without TLS, CRAM-MD5 proves it instead.
        sender: who the message is from; bounces go there.

    Raises ValueError for a url or a sender that cannot be used, without repeating it.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._server = SmtpServer.parse(url)
        self.sender = mail_address(sender)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def send(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        message_id: str,
        calendar: bytes | None = None,
        calendar_method: str | None = None,
    ) -> None:
        """Send one message, when fewer than AT_ONCE others are being sent; returns once the server has accepted it.

        Args:
            message_id: as in the header, with its angle brackets; the same when a message is sent again, so that
                duplicates can be recognised.
            calendar: an iCalendar object, which e-mail programs that support it show instead of the body.
            calendar_method: the object's own METHOD, REQUEST or CANCEL; only with `calendar`.

        Raises:
            ChannelAway: not accepted now, or it is unknown whether it was accepted; also where our settings are wrong,
                so that the message is not lost.
            ChannelRefused: the address or the message was refused permanently.
        """
        message = _message(self.sender, to, subject, body, message_id)
        if calendar is not None:
            if calendar_method is None:
                raise ValueError("A calendar is sent with its method.")
            message.add_alternative(
                calendar,
                maintype="text",
                subtype="calendar",
                params={"method": calendar_method, "charset": "utf-8"},
            )
        international = not (to.isascii() and self.sender.isascii())
        data = message.as_bytes(policy=policy.SMTPUTF8 if international else policy.SMTP)
        client, underway = self._client(), False
        await take_turn(self._turns)
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                await self._connect(client)
                await _address(client, self.sender, to, len(data), international=international)
                underway = True
                await client.data(data)
        except (SMTPException, OSError) as error:
            raise _meaning(error, underway=underway) from None
        else:
            await _quit(client)
        finally:
            client.close()
            self._turns.release()

    async def check_login(self, within: timedelta) -> None:
        """Connect and log in as for a message, and send none. Raises ChannelAway."""
        client = self._client()
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._connect(client)
                await client.ehlo()
        except (SMTPException, OSError) as error:
            raise _meaning(error, underway=False) from None
        else:
            await _quit(client)
        finally:
            client.close()

    async def _connect(self, client: SMTP) -> None:
        server = self._server
        await client.connect()
        if not server.on_this_machine or server.user is None or server.password is None:
            return
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if client.get_transport_info("sslcontext") is not None:
            await client.login(server.user, server.password)
        elif "cram-md5" in client.server_auth_methods:
            await client.auth_crammd5(server.user, server.password)
        else:
            # Another program may be listening there.
            raise SMTPException("no log-in without TLS")

    def _client(self) -> SMTP:
        server = self._server
        if server.on_this_machine:
            return SMTP(
                hostname=server.host,
                port=server.port,
                use_tls=server.tls,
                start_tls=False if server.tls else None,
                timeout=WITHIN.total_seconds(),
            )
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            # None: where the server offers it.
            start_tls=False if server.tls else True if server.user else None,
            timeout=WITHIN.total_seconds(),
        )


def _message(sender: str, to: str, subject: str, body: str, message_id: str) -> EmailMessage:
    try:
        mail_address(to)
    except ValueError:
        raise ChannelRefused("The recipient's e-mail address is not one that can be written to.") from None
    if subject.splitlines() not in ([subject], []):
        raise ChannelRefused("The subject has more than one line.")
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = message_id
    # RFC 3834: no out-of-office answers to a machine. Exchange asks for a header of its own.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Seven bits, so that no server on the way has to convert it.
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return message


async def _address(client: SMTP, sender: str, to: str, size: int, *, international: bool) -> None:
    """Send the envelope (sender, recipient, size), before the message itself."""
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    options = [f"SIZE={size}"] if client.supports_extension("size") else []
    if international:
        if not client.supports_extension("smtputf8"):
            raise SMTPNotSupported("SMTPUTF8")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    encoding = "utf-8" if international else "ascii"
    await client.mail(sender, options=options, encoding=encoding)
    await client.rcpt(to, encoding=encoding)


async def _quit(client: SMTP) -> None:
    # The message is accepted, so a failing QUIT does not matter.
    with suppress(SMTPException, OSError):
        await client.quit(timeout=_GOODBYE_WITHIN)


def _meaning(error: SMTPException | OSError, *, underway: bool) -> ChannelAway | ChannelRefused:
    """The failure as a channel's error, without the server's text, which may repeat the address.

    Args:
        underway: whether the message itself was being sent.
    """
    match error:
        case SMTPNotSupported():
            return ChannelRefused("The mail server does not accept addresses beyond ASCII.")
        case SMTPResponseException() if error.code == SMTPStatus.invalid_response:
            return ChannelAway("The mail server's answer cannot be read.", uncertain=underway)
        case SMTPResponseException():
            return _answered(error)
        # TimeoutError is an OSError, and so is a certificate that fails.
        case TimeoutError():
            return ChannelAway("The mail server did not answer in time.", uncertain=underway)
        case ssl.SSLError():
            return ChannelAway("TLS with the mail server failed: check its certificate and RJ_SMTP_URL.")
        case SMTPConnectError() if isinstance(error.__cause__, ssl.SSLError):
            return _meaning(error.__cause__, underway=underway)
        case SMTPConnectError():
            return ChannelAway("The mail server cannot be reached.")
        case OSError():
            return ChannelAway("The connection to the mail server was lost.", uncertain=underway)
        case _:
            return ChannelAway(
                "The mail server offers no STARTTLS or no log-in, which the user in RJ_SMTP_URL needs."
            )


def _answered(error: SMTPResponseException) -> ChannelAway | ChannelRefused:
    code = _code(error)
    final = 500 <= error.code < 600 and error.code != _WANTS_A_USER
    match error:
        case SMTPSenderRefused() if error.code == _TOO_LONG:
            return ChannelRefused(f"The message is too long for the mail server ({code}).")
        case SMTPSenderRefused() if final:
            return ChannelAway(f"The mail server accepts no mail from the address in RJ_MAIL_FROM ({code}).")
        case SMTPAuthenticationError() if final:
            return ChannelAway(f"The mail server refuses the user or password in RJ_SMTP_URL ({code}).")
        case SMTPRecipientRefused() if final:
            return ChannelRefused(f"The mail server refuses the recipient's address ({code}).")
        case SMTPDataError() if final:
            return ChannelRefused(f"The mail server refuses the message ({code}).")
        case _ if error.code == _WANTS_A_USER:
            return ChannelAway(f"The mail server needs a user and password in RJ_SMTP_URL ({code}).")
        case _:
            return ChannelAway(f"The mail server does not accept the message now ({code}).")


def _code(error: SMTPResponseException) -> str:
    """The reply's code and, where the server gives one, the enhanced code of RFC 3463."""
    enhanced = _ENHANCED_CODE.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
