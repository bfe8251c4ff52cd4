"""The mail server of `rj up`: what it keeps, for whom, and until when."""

from __future__ import annotations

import asyncio
import base64
import re
import stat
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from messages.channels import ChannelAway, ChannelRefused
from messages.email import Mailer
from runtime.embedded.mail import LONGEST_MESSAGE, embedded_mail
from runtime.embedded.ports import LOOPBACK

TO = "gwenllian@example.org"
ID = "<referral/RJ-7KQ4-M2XD/notice/12/1@example.org>"


async def send(url: str, *, to: str = TO, body: str = "Dŷdd Iau ŵ", message_id: str = ID) -> None:
    await Mailer(url, "no-reply@localhost").send(to=to, subject="Tŷ", body=body, message_id=message_id)


def kept(folder: Path) -> list[str]:
    return sorted(path.read_bytes().decode() for path in folder.iterdir())


async def test_what_is_sent_is_kept_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir(mode=0o755)
    async with embedded_mail(folder) as mailbox:
        assert mailbox.folder == folder
        assert re.match(rf"smtp://rj:[\w-]{{43}}@{LOOPBACK}:\d+$", mailbox.url)
        await send(mailbox.url)
        [file] = folder.iterdir()
    assert file.suffix == ".eml"
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"], message["Message-ID"]) == (TO, "Tŷ", ID)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]
    # Neither whose referral it is nor whom it is for.
    assert "RJ-" not in file.name
    assert "gwen" not in file.name


async def test_a_twin_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        await send(mailbox.url, body="first")
        await send(mailbox.url, body="second")
        [only] = kept(mailbox.folder)
        assert "second" in only
        await send(mailbox.url, to="someone.else@example.org")
        await send(mailbox.url, message_id="<another@example.org>")
        assert len(kept(mailbox.folder)) == 3
        await send(mailbox.url, to="ŵyn@example.org")
        assert len(kept(mailbox.folder)) == 4


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 1):
        async with embedded_mail(tmp_path / "mail") as mailbox:
            await send(mailbox.url)
            assert len(kept(mailbox.folder)) == expected


async def test_two_servers_listen_on_ports_of_their_own(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "one") as one, embedded_mail(tmp_path / "two") as two:
        await send(one.url)
        assert (len(kept(one.folder)), len(kept(two.folder))) == (1, 0)


async def test_a_message_beyond_measure_is_refused(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        with pytest.raises(ChannelRefused, match="too long"):
            await send(mailbox.url, body="w" * LONGEST_MESSAGE)
        assert kept(mailbox.folder) == []


async def test_what_cannot_be_kept_now_is_not_lost(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        mailbox.folder.rmdir()
        with pytest.raises(ChannelAway, match=r"451 4\.3\.0"):
            await send(mailbox.url)


async def test_at_the_end_it_hangs_up_and_nobody_listens(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        port = int(mailbox.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        assert (await reader.readline()).startswith(b"220 ")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(LOOPBACK, port)


async def test_who_writes_to_whom_is_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with embedded_mail(tmp_path / "mail") as mailbox:
            await send(mailbox.url)
    assert TO not in caplog.text
    assert "Iau" not in caplog.text


def stranger(url: str) -> str:
    """The URL without the password."""
    return f"smtp://{url.partition('@')[2]}"


async def test_mail_is_taken_from_nobody_who_does_not_know_the_password(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        with pytest.raises(ChannelAway, match=r"needs a user and password in RJ_SMTP_URL \(530 5\.7\.0"):
            await send(stranger(mailbox.url))
        wrong = mailbox.url.replace("//rj:", "//rj:x")
        with pytest.raises(ChannelAway, match=r"refuses the user or password in RJ_SMTP_URL \(535 5\.7\.8"):
            await send(wrong)
        assert kept(mailbox.folder) == []
        async with embedded_mail(tmp_path / "other") as other:
            assert other.url.partition("@")[0] != mailbox.url.partition("@")[0]


@pytest.mark.parametrize(
    "command", [b"MAIL FROM:<a@b.example>", b"RCPT TO:<a@b.example>", b"DATA", b"AUTH PLAIN AAAA"]
)
async def test_a_stranger_gets_no_further_than_a_greeting(tmp_path: Path, command: bytes) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        reader, writer = await asyncio.open_connection(LOOPBACK, int(mailbox.url.rpartition(":")[2]))
        await reader.readline()
        writer.write(b"EHLO stranger\r\n")
        offered = await reader.readuntil(b"250 HELP\r\n")
        assert b"250-AUTH CRAM-MD5\r\n" in offered
        writer.write(command + b"\r\n")
        assert (await reader.readline())[:3] in (b"530", b"504")
        writer.close()


async def test_the_password_is_proved_and_not_sent(tmp_path: Path) -> None:
    """A stranger who took the port while the service was away learns nothing from who comes."""
    heard = bytearray()
    async with embedded_mail(tmp_path / "mail") as mailbox:
        port = int(mailbox.url.rpartition(":")[2])

        async def listen_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            their_reader, their_writer = await asyncio.open_connection(LOOPBACK, port)

            async def hand_on(source: asyncio.StreamReader, to: asyncio.StreamWriter, note: bool) -> None:
                while data := await source.read(1 << 16):
                    if note:
                        heard.extend(data)
                    to.write(data)
                to.close()

            await asyncio.gather(hand_on(reader, their_writer, True), hand_on(their_reader, writer, False))

        between = await asyncio.start_server(listen_in, LOOPBACK, 0)
        await send(mailbox.url.replace(f":{port}", f":{between.sockets[0].getsockname()[1]}"))
        between.close()
        assert len(kept(mailbox.folder)) == 1
    password = mailbox.url.removeprefix("smtp://rj:").partition("@")[0]
    said = b"\n".join(heard.split(b"\r\n")[:4])
    assert b"AUTH CRAM-MD5" in said
    assert password.encode() not in heard
    assert base64.b64encode(password.encode()) not in heard
