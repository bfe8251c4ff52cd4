"""The clock of a referral in seconds, as a person sees it: `rj up` with a policy, one referral, and real mail."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import RJ, environment, ours, replayed, up

pytestmark = pytest.mark.xdist_group("up")

SECONDS = """
extends = "seconds.toml"
version = "test-seconds"

[deadlines.first_contact]
warn = ["PT8S"]
due = "PT9S"
escalate = ["PT1S", "PT2S"]
ground = "local"
source = "Seconds, for a test"
"""
PEOPLE = {
    "cw-1": "caseworker",
    "su-1": "supervisor",
    "su-2": "supervisor",
    "sm-1": "service_manager",
}
WITHIN = 60


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with a policy beside it."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        Path(folder, "policy.toml").write_text(SECONDS)
        yield Path(folder) / "data"


class Desk:
    """Somebody at a terminal."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def types(self, *arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [*RJ, *arguments],
            env=environment(self._data),
            check=False,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def asks(self, *arguments: str) -> Any:
        return json.loads(self.types(*arguments, "--json"))

    def mail(self) -> dict[str, list[str]]:
        """The subjects of what came, by address."""
        found: dict[str, list[str]] = {}
        for path in (self._data / "mail").glob("*.eml"):
            letter = message_from_bytes(path.read_bytes(), policy=default)
            found.setdefault(letter["To"], []).append(letter["Subject"])
        return found


def test_a_referral_that_stands_still_makes_itself_heard(data: Path) -> None:
    with up(data, "--policy", str(data.parent / "policy.toml")) as running:
        assert f"Mail         {data / 'mail'}" in running.said
        desk = Desk(data)
        desk.types("staff", "first", "sm-1", "--area", "durham", "--email", "sm-1@example.org")
        for who, role in PEOPLE.items():
            if who != "sm-1":
                address = ("--email", f"{who}@example.org")
                desk.types("staff", "add", who, "--role", role, "--area", "durham", *address, "--as", "sm-1")
        example = desk.types("example", "referral")
        reference = json.loads(desk.types("open", "-", "--as", "cw-1", "--json", given=example))["reference"]
        desk.types("do", reference, "record_duplicate_check", "--as", "cw-1")
        desk.types("do", reference, "allocate", "--set", "caseworker=cw-1", "--as", "cw-1")
        wanted = {"su-1@example.org", "su-2@example.org", "sm-1@example.org"}
        until = time.monotonic() + WITHIN
        while set(desk.mail()) != wanted:
            assert time.monotonic() < until, desk.mail()
            # What is waited for happens in other processes, which tell nobody.
            time.sleep(0.2)
        short = reference.removeprefix("RJ-")
        assert set(map(tuple, desk.mail().values())) == {(f"A deadline was missed: {short}",)}

        events = [each["event"] for each in desk.asks("timeline", reference, "--as", "su-1")["events"]]
        of_clock = [
            (each["kind"], each["point"])
            for each in events
            if each["kind"] in ("deadline_reached", "escalation_raised")
            and each["deadline"] == "first_contact"
        ]
        assert of_clock == [
            ("deadline_reached", "warn-1"),
            ("deadline_reached", "due"),
            ("deadline_reached", "escalate-1"),
            ("escalation_raised", "escalate-1"),
            ("deadline_reached", "escalate-2"),
            ("escalation_raised", "escalate-2"),
        ]
        assert [each["rung"] for each in desk.asks("escalations", "--as", "su-1")] == [
            "supervisor",
            "service_manager",
        ]
        reminders = desk.asks("inbox", "--as", "cw-1", "--keep-unread")
        assert "reminder" in json.dumps(reminders)

        reached = ("--set", "participant=h1", "--set", "channel=phone", "--set", "outcome=reached")
        desk.types("do", reference, "record_contact_attempt", *reached, "--as", "cw-1")
        assert desk.asks("escalations", "--as", "su-1") == []
        events = [each["event"] for each in desk.asks("timeline", reference, "--as", "su-1")["events"]]
        assert [each["point"] for each in events if each["kind"] == "escalation_cleared"] == [
            "escalate-1",
            "escalate-2",
        ]
        delivered = [each for each in events if each["kind"] == "notice_settled"]
        assert len(delivered) == 3
        assert replayed(data) > 3
        code, last = running.end(signal.SIGINT)
        assert (code, last.splitlines()[-1]) == (0, "Everything is stopped.")
        assert ours(data) == []
