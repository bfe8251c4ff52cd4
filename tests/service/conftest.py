"""What the tests of the service's own parts share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_SETTINGS = (
    "RJ_DATA",
    "RJ_MASTER_KEYS_FILE",
    "RJ_EPOCH_KEYS_FILE",
    "RJ_POLICY",
    "RJ_SMTP_URL",
    "RJ_MAIL_FROM",
    "RJ_NOTIFY_API_KEY",
    "RJ_NOTIFY_URL",
    "RJ_NOTIFY_TEXT_TEMPLATE",
    "RJ_NOTIFY_LETTER_TEMPLATE",
    "RJ_TEMPLATES",
    "RJ_METRICS_ADDRESS",
    "RJ_LOG_FORMAT",
    "RJ_LOG_LEVEL",
    "DATABASE_URL",
    "RJ_DATABASE_OWNER_URL",
    "RJ_ALERTS_TO",
    "RJ_ANCHORS",
    "TEMPORAL_ADDRESS",
    "TEMPORAL_NAMESPACE",
    "TEMPORAL_PROFILE",
    "TEMPORAL_CONFIG_FILE",
    "TEMPORAL_API_KEY",
)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A short-named folder that an account other than root may pass through, which `tmp_path` is not."""
    folder = Path(tempfile.mkdtemp(prefix="rj-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting is set, and the working folder is an empty one."""
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
