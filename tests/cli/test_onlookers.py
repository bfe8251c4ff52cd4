"""Who else could read a command line on this machine."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from cli import onlookers
from cli.onlookers import hidden, others_use_this_machine

OPEN = "proc /proc proc rw,nosuid,relatime 0 0"


def account(uid: int, shell: str) -> pwd.struct_passwd:
    return pwd.struct_passwd(("x", "x", uid, uid, "", "/", shell))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with nobody on it."""
    monkeypatch.setattr(onlookers, "_text", lambda path: OPEN)
    monkeypatch.setattr(onlookers, "_running", list)
    monkeypatch.setattr(pwd, "getpwall", list)
    return monkeypatch


@pytest.mark.parametrize(
    ("uid", "shell", "others"),
    [
        (1001, "/bin/bash", True),
        (59_999, "/usr/bin/fish", True),
        (1001, "/usr/sbin/nologin", False),
        (1001, "/bin/false", False),
        (0, "/bin/bash", False),
        (101, "/bin/bash", False),
        (65_534, "/bin/sh", False),
    ],
)
def test_an_account_of_another_person_is_somebody(
    alone: pytest.MonkeyPatch, uid: int, shell: str, others: bool
) -> None:
    assert not others_use_this_machine()
    alone.setattr(pwd, "getpwall", lambda: [account(uid, shell)])
    assert others_use_this_machine() is others


def test_ones_own_account_is_nobody_else(alone: pytest.MonkeyPatch) -> None:
    alone.setattr(os, "getuid", lambda: 1001)
    alone.setattr(pwd, "getpwall", lambda: [account(1001, "/bin/bash")])
    assert not others_use_this_machine()


def test_somebody_whose_account_is_not_listed_is_seen_by_what_they_run(alone: pytest.MonkeyPatch) -> None:
    alone.setattr(onlookers, "_running", lambda: [0, 101, 1002])
    assert others_use_this_machine()


@pytest.mark.parametrize("option", ["hidepid=2", "hidepid=invisible", "hidepid=1", "hidepid=ptraceable"])
def test_where_the_kernel_hides_processes_nobody_sees_them(alone: pytest.MonkeyPatch, option: str) -> None:
    alone.setattr(pwd, "getpwall", lambda: [account(1001, "/bin/bash")])
    alone.setattr(onlookers, "_text", lambda path: f"{OPEN},{option} 0 0".replace(" 0 0,", ","))
    assert not others_use_this_machine()


def test_the_table_of_mounts_is_read_as_the_kernel_writes_it() -> None:
    assert not hidden(OPEN)
    assert not hidden(OPEN.replace("relatime", "hidepid=0"))
    assert not hidden(OPEN.replace("relatime", "hidepid=off"))
    assert not hidden("")
    # What was mounted over it last is what is seen.
    assert not hidden(f"{OPEN.replace('relatime', 'hidepid=2')}\n{OPEN}")
    assert not hidden("proc /chroot/proc proc rw,hidepid=2 0 0")
    assert onlookers._text(Path("/no/such/file")) == ""


def test_the_processes_of_this_machine_are_seen() -> None:
    if Path("/proc/self").exists():
        assert os.getuid() in list(onlookers._running())
