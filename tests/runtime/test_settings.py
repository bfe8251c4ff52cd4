"""Settings: defaults, and one clear sentence for each that cannot be used. The data folder: who serves it."""

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from messages.wording import BadTemplate
from operations.bringing_up import bring_up
from runtime.embedded.data_folder import (
    AlreadyRunning,
    DataFolder,
    NotRunning,
    RunningService,
    Servers,
    resolve,
)
from runtime.embedded.ports import LOOPBACK, free_port
from runtime.metrics import runtime
from runtime.settings import BadSetting, Settings, temporal_connect_config

SERVICE = RunningService(
    pid=4711,
    database_url="postgresql://rj@127.0.0.1:5433/rj",
    temporal_address="127.0.0.1:7233",
    temporal_ui="http://127.0.0.1:8233",
    started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
)

HOLDS = """
import sys, time, pathlib
from runtime.embedded.data_folder import DataFolder, RunningService
folder = DataFolder(pathlib.Path(sys.argv[1]))
with folder.hold():
    folder.announce(RunningService.model_validate_json(sys.argv[2]))
    print("held", flush=True)
    time.sleep(60)
"""

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_defaults() -> None:
    settings = Settings.load()
    assert settings.data == Path(".rj")
    assert settings.master_keys_file == Path(".rj/master.keys")
    assert settings.epoch_keys_file == Path(".rj/epoch.keys")
    assert settings.database_url is None
    assert settings.metrics_address is None
    assert settings.smtp_url is None
    assert settings.mail_from == "no-reply@localhost"
    assert settings.notify_api_key is None


def test_the_keys_follow_the_data_folder_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RJ_DATA", "elsewhere")
    assert Settings.load().master_keys_file == Path("elsewhere/master.keys")
    monkeypatch.setenv("RJ_MASTER_KEYS_FILE", "safe/ring")
    assert Settings.load().master_keys_file == Path("safe/ring")
    assert Settings.load().epoch_keys_file == Path("safe/epoch.keys")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("RJ_LOG_LEVEL", "loud", "it must be 'debug', 'info', 'warning' or 'error'"),
        ("RJ_LOG_FORMAT", "xml", "it must be 'json' or 'console'"),
        ("RJ_POLICY", "gone.toml", "there is no such file"),
        ("RJ_TEMPLATES", "gone", "there is no such folder"),
        ("RJ_METRICS_ADDRESS", "9464", "it must be HOST:PORT, such as 127.0.0.1:9464"),
        (
            "RJ_MAIL_FROM",
            "RJ <rj@example.org>",
            "it must be one e-mail address, such as no-reply@example.org",
        ),
        (
            "RJ_MAIL_FROM",
            "rj@restorative.example",
            "'rj' in it tells what the service does; use one that tells nothing, such as no-reply@example.org",
        ),
        *(
            ("RJ_NOTIFY_URL", url, "it must be https://HOST, or http://127.0.0.1:PORT on this machine")
            for url in (
                "http://notify.example.org",
                "https://",
                "https://me@example.org",
                "https://example.org/v2",
            )
        ),
        *(
            (name, "f33517ff", "it must be a template's id, such as f33517ff-2a88-4f6e-b855-c550268ce08a")
            for name in ("RJ_NOTIFY_TEXT_TEMPLATE", "RJ_NOTIFY_LETTER_TEMPLATE")
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        Settings.load()
    assert str(refused.value) == f"{name}={value} cannot be used: {reason}."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://me:hunter2@host/db", "it must begin with postgresql://"),
        (
            "RJ_SMTP_URL",
            "http://me:hunter2@host",
            "it must be smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before HOST",
        ),
        ("RJ_SMTP_URL", "smtp://me:host:hunter2", "its host or port cannot be read"),
        (
            "RJ_SMTP_URL",
            "smtp://:hunter2@host",
            "a user and a password belong together, as USER:PASSWORD@HOST",
        ),
        (
            "RJ_NOTIFY_API_KEY",
            "hunter2-3d844edf-8d35-48ac-975b-e847b4f122b0",
            "it must be a whole API key as GOV.UK Notify shows it once, NAME-SERVICE-SECRET",
        ),
    ],
)
def test_what_may_hold_a_secret_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        Settings.load()
    assert str(refused.value) == f"{name} cannot be used: {sentence}."
    assert refused.value.__suppress_context__


def test_secrets_are_read_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "durham-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"
    monkeypatch.setenv("RJ_SMTP_URL", "smtps://relay:hunter2@mail.example.org")
    monkeypatch.setenv("RJ_NOTIFY_API_KEY", key)
    settings = Settings.load()
    assert settings.smtp_url == "smtps://relay:hunter2@mail.example.org"
    assert settings.notify_api_key == key
    service = SERVICE.model_copy(update={"smtp_url": settings.smtp_url, "notify_api_key": key})
    for shown in (repr(settings), str(settings), repr(service), repr(Servers("", {}, service))):
        assert "hunter2" not in shown
        assert key not in shown


def test_a_second_worker_sends_as_the_first_does_but_where_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = SERVICE.model_copy(update={"smtp_url": "smtp://127.0.0.1:2525", "mail_from": "bridge@example.org"})
    second = Servers("", {}, told).settings(Settings.load())
    assert (second.smtp_url, second.mail_from) == ("smtp://127.0.0.1:2525", "bridge@example.org")
    monkeypatch.setenv("RJ_SMTP_URL", "smtp://mail.example.org")
    assert Servers("", {}, told).settings(Settings.load()).smtp_url == "smtp://mail.example.org"


async def test_templates_are_looked_at_before_any_server_is_started(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "read.me").touch()

    def progress(what: str) -> NoReturn:
        pytest.fail(f"{what} was started")

    folder = DataFolder(tmp_path / ".rj")
    with folder.hold(), pytest.raises(BadTemplate, match="nothing uses this"):
        async with bring_up(Settings.load(templates=tmp_path / "words"), folder, progress):
            pytest.fail("it came up")


def test_temporal_of_ones_own_is_only_taken_when_chosen() -> None:
    assert temporal_connect_config({}) is None
    config = temporal_connect_config(
        {"TEMPORAL_ADDRESS": "temporal.example:7233", "TEMPORAL_NAMESPACE": "rj"}
    )
    assert config is not None
    assert (config["target_host"], config["namespace"]) == ("temporal.example:7233", "rj")


def test_a_missing_temporal_profile_is_one_sentence() -> None:
    with pytest.raises(BadSetting, match="cannot be used"):
        temporal_connect_config({"TEMPORAL_PROFILE": "nowhere", "TEMPORAL_CONFIG_FILE": "gone.toml"})


def test_of_temporals_own_file_no_line_is_repeated(tmp_path: Path) -> None:
    path = tmp_path / "temporal.toml"
    path.write_text('[profile.default]\naddress = "127.0.0.1:1"\napi_key = "canary\n')
    with pytest.raises(BadSetting, match="line 3") as caught:
        temporal_connect_config({"TEMPORAL_CONFIG_FILE": str(path)})
    assert "canary" not in str(caught.value)


def test_nothing_running_says_what_to_run() -> None:
    with pytest.raises(
        NotRunning, match=r"start it with `rj up` .* or set DATABASE_URL and TEMPORAL_ADDRESS\."
    ):
        resolve(Settings.load())


def test_the_environment_wins_over_the_living_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = DataFolder(tmp_path / ".rj")
    with folder.hold():
        with pytest.raises(NotRunning, match="not ready yet"):
            resolve(Settings.load())
        folder.announce(SERVICE)
        found = resolve(Settings.load())
        assert found.service == SERVICE
        assert found.database_url == SERVICE.database_url
        assert found.temporal.get("target_host") == "127.0.0.1:7233"

        monkeypatch.setenv("DATABASE_URL", "postgresql://own.example/rj")
        assert resolve(Settings.load()).database_url == "postgresql://own.example/rj"
    assert folder.running() is None


def test_a_second_up_is_told_where_the_first_is_and_a_killed_one_is_forgotten(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / ".rj")
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder.path), SERVICE.model_dump_json()],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning) as refused, folder.hold():
            pass
        assert "process 4711, Temporal at 127.0.0.1:7233" in str(refused.value)
        assert folder.running() == SERVICE
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert folder.running() is None
    with folder.hold():
        assert folder.running() is None


def test_nobody_else_reads_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / ".rj").mkdir(mode=0o755)
    folder = DataFolder(tmp_path / ".rj")
    with folder.hold():
        folder.announce(SERVICE)
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.path, folder.path / "service.json")]
    assert modes == [0o711 if os.geteuid() == 0 else 0o700, 0o600]


def test_a_data_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be used as the data folder"):
        DataFolder(tmp_path / "file" / "below").prepare()


def test_a_folder_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    theirs = tmp_path / "home"
    theirs.mkdir(mode=0o755)
    (theirs / "letters").touch()
    before = theirs.stat().st_mode
    with (
        pytest.raises(BadSetting, match="holds something else: name a new or empty folder"),
        DataFolder(theirs).hold(),
    ):
        pytest.fail("it was taken for ours")
    assert theirs.stat().st_mode == before
    assert [path.name for path in theirs.iterdir()] == ["letters"]


def test_a_folder_that_was_held_once_is_ours(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "ours")
    for _ in range(2):
        with folder.hold():
            (folder.path / "rj.log").touch()
        folder.path.chmod(0o755)


def test_metrics_are_served_where_told_and_a_taken_address_is_one_sentence() -> None:
    address = f"{LOOPBACK}:{free_port(29464)}"
    assert runtime(address) is runtime(address)
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
        assert page.status == 200

    taken = free_port(29564)
    with socket.create_server((LOOPBACK, taken)), pytest.raises(BadSetting, match="choose another port"):
        runtime(f"{LOOPBACK}:{taken}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another account")
def test_nothing_is_taken_from_or_put_into_a_data_folder_of_another_account(tmp_path: Path) -> None:
    """Who works in /tmp finds there what a stranger left: a service of their own to send everything to."""
    folder = DataFolder(tmp_path / ".rj")
    with folder.hold():
        folder.announce(SERVICE)
        assert folder.running() is not None
        os.chown(folder.path, 65_534, 65_534)
        for use in (folder.running, folder.held, folder.prepare):
            with pytest.raises(BadSetting, match="belongs to another account: run `rj` as that account"):
                use()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://console.example.org", "https://console.example.org"),
        ("https://example.org:8443/rj/", "https://example.org:8443/rj"),
        ("http://127.0.0.1:8236", "http://127.0.0.1:8236"),
        ("http://[::1]:8236", "http://[::1]:8236"),
    ],
)
def test_a_console_is_named_by_its_base_address(
    monkeypatch: pytest.MonkeyPatch, given: str, kept: str
) -> None:
    monkeypatch.setenv("RJ_CONSOLE_URL", given)
    assert Settings.load().console_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://console.example.org",
        "https://",
        "https://me:Canary@example.org",
        "https://example.org/?area=kent",
        "https://example.org/#top",
        "https://example.org/a b",
        "https://example.org/\nSee",
        "https://example.org:99999",
        "ftp://example.org",
        "console.example.org",
    ],
)
def test_where_e_mails_lead_is_safe_and_no_more_than_an_address(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("RJ_CONSOLE_URL", given)
    with pytest.raises(
        BadSetting, match=r"^RJ_CONSOLE_URL cannot be used: it must be https://HOST"
    ) as refused:
        Settings.load()
    assert "Canary" not in str(refused.value)
