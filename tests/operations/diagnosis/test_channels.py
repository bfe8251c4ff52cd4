"""What `rj doctor` says of e-mail, text messages and letters, and of their words."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operations.diagnosis.channels import channels, outward
from operations.diagnosis.doctor import diagnose
from runtime.embedded.data_folder import RunningService
from runtime.embedded.mail import embedded_mail
from runtime.embedded.ports import LOOPBACK
from runtime.findings import Finding, Severity
from runtime.settings import Settings
from tests.messages.notify_double import NotifyDouble, notify_double
from tests.messages.smtp_servers import Taking, smtp_server

NEUTRAL = "The sender's name of texts and the logo of letters are set in its account: both must be neutral."

pytestmark = pytest.mark.usefixtures("clean_environment")


async def found(service: RunningService | None = None, **given: Any) -> tuple[Finding, Finding]:
    email, notify = await channels(Settings.load(**given), service)
    assert (email.check, notify.check) == ("e-mail", "SMS and letters")
    return email, notify


async def test_what_is_not_set_is_off_and_no_problem() -> None:
    email, notify = await found()
    assert (email.severity, notify.severity) == (Severity.NOTE, Severity.NOTE)
    assert "RJ_SMTP_URL names no mail server" in email.said
    assert "RJ_SMTP_URL" in (email.remedy or "")
    assert "RJ_NOTIFY_API_KEY holds no key" in notify.said


async def test_a_mail_server_that_answers(tmp_path: Path) -> None:
    taking = Taking()
    async with smtp_server(taking) as where:
        email, _ = await found(smtp_url=f"smtp://{where}", mail_from="bridge@example.org")
    assert email == Finding("e-mail", Severity.OK, f"{where} answers; sent from bridge@example.org.")
    assert taking.taken == []


async def test_mail_that_rj_up_keeps(tmp_path: Path) -> None:
    async with embedded_mail(tmp_path / "mail") as mailbox:
        service = RunningService(
            pid=4711,
            database_url="postgresql://rj@127.0.0.1:5433/rj",
            temporal_address="127.0.0.1:7233",
            smtp_url=mailbox.url,
            mail=mailbox.folder,
            started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        )
        email, _ = await found(service, smtp_url=mailbox.url)
        assert email.said == f"Kept in {mailbox.folder} by `rj up`, sent nowhere."
        assert email.severity is Severity.NOTE
        assert not outward(Settings.load(smtp_url=mailbox.url), service)
        assert outward(Settings.load(smtp_url="smtp://mail.example.org"), service)
    gone, _ = await found(service, smtp_url=mailbox.url)
    assert "cannot be reached" in gone.said


async def test_a_mail_server_that_is_not_there_does_not_show_its_password() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))  # and does not listen
        where = f"{LOOPBACK}:{taken.getsockname()[1]}"
        email, _ = await found(smtp_url=f"smtp://relay:canary@{where}")
    assert email.severity is Severity.NOTE
    assert email.said == f"{where}: The mail server cannot be reached."
    assert "canary" not in repr(email)


def account(double: NotifyDouble) -> dict[str, Any]:
    return {
        "notify_api_key": double.api_key,
        "notify_url": double.url,
        "notify_text_template": double.text_template,
        "notify_letter_template": double.letter_template,
    }


async def test_an_account_is_looked_at_without_sending() -> None:
    async with notify_double() as double:
        _, notify = await found(**account(double))
        assert notify == Finding(
            "SMS and letters", Severity.OK, f"GOV.UK Notify takes SMS and letters. {NEUTRAL}"
        )

        _, half = await found(**account(double) | {"notify_letter_template": None})
        assert (half.severity, half.said) == (
            Severity.NOTE,
            f"GOV.UK Notify takes SMS; letters off. {NEUTRAL}",
        )
        assert half.remedy == "For them, set RJ_NOTIFY_LETTER_TEMPLATE."

        assert outward(Settings.load(**account(double)), None)

        neither: dict[str, Any] = {"notify_text_template": None, "notify_letter_template": None}
        _, none = await found(**account(double) | neither)
        assert none.said == "Off: a key is set and no template."
        assert not outward(Settings.load(**account(double) | neither), None)
        assert double.taken == []


async def test_a_key_that_is_refused_is_a_note_without_the_key() -> None:
    async with notify_double() as double:
        wrong = double.api_key[:-1] + "f"
        _, notify = await found(**account(double) | {"notify_api_key": wrong})
    assert notify.severity is Severity.NOTE
    assert "refuses the key in RJ_NOTIFY_API_KEY" in notify.said
    assert wrong[-36:] not in repr(notify)


async def test_no_account_at_all_answers() -> None:
    async with notify_double() as double:
        gone = account(double)
    _, notify = await found(**gone)
    assert (notify.severity, notify.said) == (
        Severity.NOTE,
        "GOV.UK Notify did not answer, or cannot be reached.",
    )


async def templates() -> Finding:
    [finding] = [each for each in await diagnose() if each.check == "templates"]
    return finding


async def test_templates_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await templates() == Finding("templates", Severity.OK, "Those that ship.")
    words = tmp_path / "words"
    (words / "en").mkdir(parents=True)
    monkeypatch.setenv("RJ_TEMPLATES", str(words))
    assert await templates() == Finding("templates", Severity.OK, f"Those in {words}; the others ship.")
    (words / "en" / "appointment.toml").write_text("subject = 'Your restorative meeting'")
    wrong = await templates()
    assert wrong.severity is Severity.SETUP
    assert wrong.said.startswith(f"{words / 'en' / 'appointment.toml'}: ")
    assert "RJ_TEMPLATES" in (wrong.remedy or "")
