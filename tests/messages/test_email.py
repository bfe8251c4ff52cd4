"""E-mail against real mail servers: what arrives, and what each failure means."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

import messages.channels
import messages.email
from messages.channels import ChannelAway, ChannelRefused
from messages.email import AT_ONCE, Mailer
from messages.mail_addresses import SmtpServer, mail_address, sender_address
from tests.messages.failures import said
from tests.messages.smtp_servers import HOST, Taking, certificate, silent_server, smtp_server

FROM = "no-reply@service.example.org"
TO = "gwenllian.canary@example.org"
BODY = "Annwyl Ŵyn,\n\nDŷdd Iau am 10:00, yn Tŷ'r Ŵyl. " + "ŷ" * 1200 + "\n.\nDiolch"
ID = "<referral/RJ-7KQ4-M2XD/notice/12/1@service.example.org>"


async def send(
    url: str, *, to: str = TO, subject: str = "Eich apwyntiad: Dŷdd Iau ŵ", body: str = BODY
) -> None:
    await Mailer(url, FROM).send(to=to, subject=subject, body=body, message_id=ID)


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def written(message: EmailMessage) -> str:
    # On the wire lines end in CRLF, and the last one too.
    text: str = message.get_content()
    return text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("body", [BODY, "Dŷdd Iau ŵ", ""])
async def test_what_is_sent_arrives_as_it_was_written(body: str) -> None:
    taking = Taking()
    # A server that knows seven bits and lines of RFC 5322 only.
    async with smtp_server(taking, enable_SMTPUTF8=False) as where:
        await send(f"smtp://{where}", body=body)
    assert taking.content().isascii()
    assert max(map(len, taking.content().splitlines())) <= 998
    message = parsed(taking.content())
    assert message["Subject"] == "Eich apwyntiad: Dŷdd Iau ŵ"
    assert written(message) == body
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert (message["From"], message["To"], message["Message-ID"]) == (FROM, TO, ID)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Date"].datetime.tzinfo is not None
    [envelope] = taking.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == (FROM, [TO])


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
async def test_a_calendar_is_the_other_way_of_saying_it(method: str) -> None:
    calendar = "BEGIN:VCALENDAR\r\nSUMMARY:Cyfarfod yn Tŷ'r Ŵyl\r\nEND:VCALENDAR\r\n".encode()
    taking = Taking()
    async with smtp_server(taking) as where:
        await Mailer(f"smtp://{where}", FROM).send(
            to=TO, subject="Meeting", body=BODY, message_id=ID, calendar=calendar, calendar_method=method
        )
    message = parsed(taking.content())
    assert message.get_content_type() == "multipart/alternative"
    text, invitation = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert written(text) == BODY
    assert invitation.get_content_type() == "text/calendar"
    assert invitation["Content-Type"].params["method"] == method
    assert invitation.get_content_charset() == "utf-8"
    assert invitation.get_payload(decode=True) == calendar


async def test_an_address_beyond_ascii_needs_a_server_that_takes_such() -> None:
    taking = Taking()
    async with smtp_server(taking) as where:
        await send(f"smtp://{where}", to="ŵyn@example.org")
    assert taking.taken[0].rcpt_tos == ["ŵyn@example.org"]
    async with smtp_server(Taking(), enable_SMTPUTF8=False) as where:
        with pytest.raises(ChannelRefused, match="beyond ASCII"):
            await send(f"smtp://{where}", to="ŵyn@example.org")


@pytest.mark.parametrize(
    "to",
    [
        "victim@example.org\r\nBcc: press@example.org",
        "victim@example.org, press@example.org",
        "victim@example.org press@example.org",
        "Victim <victim@example.org>",
        "victim",
        "@example.org",
        "victim@",
        "",
        f"{'v' * 250}@example.org",
        "\udcff@example.org",
    ],
)
async def test_what_is_not_one_address_is_refused_before_anybody_is_asked(to: str) -> None:
    with pytest.raises(ChannelRefused, match="not one that can be written to") as refused:
        await send("smtp://127.0.0.1:1", to=to)
    assert not to or to not in said(refused.value)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\x0b", "\x85"])
async def test_a_subject_cannot_bring_a_header_of_its_own(end: str) -> None:
    with pytest.raises(ChannelRefused, match="more than one line"):
        await send("smtp://127.0.0.1:1", subject=f"Hello{end}Bcc: press@example.org")


@pytest.mark.parametrize(
    ("taking", "failure", "reason"),
    [
        (
            Taking(rcpt=f"550 5.1.1 <{TO}> unknown"),
            ChannelRefused,
            "refuses the recipient's address (550 5.1.1)",
        ),
        (Taking(rcpt="553 no such mailbox"), ChannelRefused, "refuses the recipient's address (553)"),
        (Taking(rcpt="450 4.2.1 busy"), ChannelAway, "does not accept the message now (450 4.2.1)"),
        (
            Taking(rcpt="530 5.7.0 log in first"),
            ChannelAway,
            "needs a user and password in RJ_SMTP_URL (530 5.7.0)",
        ),
        (Taking(rcpt="421 4.3.2 going down"), ChannelAway, "does not accept the message now (421 4.3.2)"),
        (Taking(data=f"554 5.6.0 {TO} looks like spam"), ChannelRefused, "refuses the message (554 5.6.0)"),
        (Taking(data="452 4.3.1 disk full"), ChannelAway, "does not accept the message now (452 4.3.1)"),
        (
            Taking(mail=f"550 5.7.1 {FROM} rejected"),
            ChannelAway,
            "from the address in RJ_MAIL_FROM (550 5.7.1)",
        ),
        (Taking(mail="451 try again"), ChannelAway, "does not accept the message now (451)"),
        (Taking(drops=True), ChannelAway, "connection to the mail server was lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_an_answer_means(taking: Taking, failure: type[Exception], reason: str) -> None:
    async with smtp_server(taking) as where:
        with pytest.raises(failure) as failed:
            await send(f"smtp://{where}")
    assert reason in str(failed.value)
    # It is known not to have been taken, but where the answer to the message itself was lost.
    assert getattr(failed.value, "uncertain", False) is taking.drops
    # Servers repeat addresses in what they say.
    assert TO not in said(failed.value)
    assert FROM not in said(failed.value)


async def test_a_message_that_is_too_long_is_refused_for_good() -> None:
    async with smtp_server(Taking(), data_size_limit=1000) as where:
        with pytest.raises(ChannelRefused, match=r"too long for the mail server \(552"):
            await send(f"smtp://{where}")


async def test_a_server_that_is_not_there_is_away() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))  # and does not listen
        with pytest.raises(ChannelAway, match="cannot be reached") as away:
            await send(f"smtp://{HOST}:{taken.getsockname()[1]}")
    assert not away.value.uncertain


async def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages.email, "WITHIN", timedelta(seconds=0.2))
    async with silent_server() as where:
        with pytest.raises(ChannelAway, match="did not answer in time") as away:
            await send(f"smtp://{where}")
    assert not away.value.uncertain
    # Whether it was taken, nobody can know: it is sent again, under the same Message-ID.
    taking = Taking(hangs=True)
    async with smtp_server(taking) as where:
        with pytest.raises(ChannelAway, match="did not answer in time") as away:
            await send(f"smtp://{where}")
    assert away.value.uncertain
    assert parsed(taking.content())["Message-ID"] == ID


async def test_no_more_are_handed_over_at_once_than_a_server_takes() -> None:
    taking = Taking(at_once=3)
    async with smtp_server(taking) as where:
        mailer = Mailer(f"smtp://{where}", FROM)
        await asyncio.gather(
            *(
                mailer.send(to=TO, subject="Appointment", body=str(number), message_id=ID)
                for number in range(20)
            )
        )
    assert len(taking.taken) == 20
    assert taking.most == AT_ONCE


async def test_waiting_for_others_is_no_part_of_the_time_that_a_message_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages.email, "AT_ONCE", 1)
    monkeypatch.setattr(messages.email, "WITHIN", timedelta(seconds=0.5))
    taking = Taking(hangs=True)
    async with smtp_server(taking) as where:
        mailer = Mailer(f"smtp://{where}", FROM)
        first, second = (
            asyncio.create_task(mailer.send(to=TO, subject="Appointment", body="", message_id=each))
            for each in (ID, "<second@service.example.org>")
        )
        with pytest.raises(ChannelAway, match="did not answer in time"):
            await first
        taking.hangs = False
        await second
    assert [parsed(each.original_content or b"")["Message-ID"] for each in taking.taken] == [
        ID,
        "<second@service.example.org>",
    ]


async def test_a_message_whose_turn_does_not_come_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages.email, "WITHIN", timedelta(seconds=1))
    monkeypatch.setattr(messages.channels, "TURN_WITHIN", timedelta(seconds=0.1))
    taking = Taking(hangs=True)
    async with smtp_server(taking) as where:
        mailer = Mailer(f"smtp://{where}", FROM)
        sent = await asyncio.gather(
            *(mailer.send(to=TO, subject="Appointment", body="", message_id=ID) for _ in range(AT_ONCE + 1)),
            return_exceptions=True,
        )
    assert [isinstance(each, ChannelAway) and each.uncertain for each in sent] == [True] * AT_ONCE + [False]
    assert "Too many other messages" in str(sent[-1])
    assert len(taking.taken) == AT_ONCE


async def test_a_user_logs_in_through_tls_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    taking = Taking()
    options = {"authenticator": taking.log_in, "auth_required": True}
    async with smtp_server(taking, tls_context=tls, **options) as where:
        await send(f"smtp://relay:s3cret%2Fcanary@{where}")
        assert taking.logged_in[-1] == b"relay"
        assert taking.taken[0].mail_from == FROM

        with pytest.raises(ChannelAway, match=r"refuses the user or password in RJ_SMTP_URL \(535") as wrong:
            await send(f"smtp://relay:canary-wrong@{where}")
        assert "canary-wrong" not in said(wrong.value)

        with pytest.raises(ChannelAway, match="needs a user and password"):
            await send(f"smtp://{where}")

    attempts = len(taking.logged_in)
    async with smtp_server(taking, authenticator=taking.log_in, auth_require_tls=False) as where:
        with pytest.raises(ChannelAway, match="offers no STARTTLS") as bare:
            await send(f"smtp://relay:s3cret%2Fcanary@{where}")
    assert "canary" not in said(bare.value)
    assert len(taking.logged_in) == attempts


async def test_starttls_is_taken_where_it_is_offered_and_a_certificate_must_be_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = certificate(tmp_path)
    taking = Taking()
    async with smtp_server(taking, tls_context=tls, require_starttls=True) as where:
        with pytest.raises(ChannelAway, match="TLS with the mail server failed"):
            await send(f"smtp://{where}")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        await send(f"smtp://{where}")
    assert len(taking.taken) == 1


async def test_greeting_sends_nothing() -> None:
    taking = Taking()
    async with smtp_server(taking) as where:
        await Mailer(f"smtp://{where}", FROM).check_login(timedelta(seconds=5))
    assert taking.taken == []
    async with silent_server() as where:
        with pytest.raises(ChannelAway, match="did not answer in time"):
            await Mailer(f"smtp://{where}", FROM).check_login(timedelta(seconds=0.2))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 25, tls=False)),
        ("smtp://mail.example.org:2525/", SmtpServer("mail.example.org", 2525, tls=False)),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, tls=True)),
        ("smtp://u%40x:p%3A%2F@mail.example.org", SmtpServer("mail.example.org", 587, False, "u@x", "p:/")),
        ("smtps://u:p@[::1]:99", SmtpServer("::1", 99, True, "u", "p")),
    ],
)
def test_a_mail_server_as_it_is_written(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server
    assert SmtpServer.parse(url).password == server.password
    assert "password" not in repr(SmtpServer.parse(url))


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://canary@mail.example.org",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example.org:0",
        "smtp://mail.example.org:canary",
        "smtp://user@mail.example.org",
        "smtp://:canary@mail.example.org",
        "smtp://user:can/ary@mail.example.org",
        "smtp://mail.example.org?tls=no",
        "smtp://[canary",
    ],
)
def test_what_names_no_mail_server_is_not_repeated(url: str) -> None:
    with pytest.raises(
        ValueError, match=r"it must be|cannot be read|belong together|nothing may follow"
    ) as refused:
        SmtpServer.parse(url)
    assert "canary" not in said(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("address", ["no-reply@localhost", "o'neill+rj@example.org", "ŵyn@example.org"])
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert mail_address(address) == address


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("rj@restorative.example", "rj"),
        ("no-reply@restorativeservice.example", "restorat"),
        ("RJ_team@example.org", "rj"),
        ("rj2@example.org", "rj"),
        ("o'neill+rj@example.org", "rj"),
        ("person.responsible@example.org", "person responsible"),
        ("no-reply@durham.police.example", "police"),
        ("post@prawf.example", "prawf"),
    ],
)
def test_a_sender_that_tells_what_the_service_does_is_refused(address: str, word: str) -> None:
    assert mail_address(address) == address, "a person's own may say what it likes"
    with pytest.raises(ValueError, match=f"'{word}' in it tells what the service does"):
        sender_address(address)


@pytest.mark.parametrize(
    "address",
    ["no-reply@localhost", "marjorie@example.org", "rjones@courtney.example", "policy@grapevine.example"],
)
def test_ordinary_words_and_names_in_a_sender_are_taken(address: str) -> None:
    assert sender_address(address) == address


def test_an_official_domain_is_nobodys_choice() -> None:
    assert sender_address("team@pcc.durham.police.uk")
    with pytest.raises(ValueError, match="police"):
        sender_address("police@pcc.durham.police.uk")
