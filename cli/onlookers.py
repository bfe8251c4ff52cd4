"""Whether others use this machine, who can read the command line of every process on it."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterable
from pathlib import Path

# Where accounts of people begin, and the last one, which is nobody's; Source: login.defs of Debian and Red Hat, and
# Apple's `sysadminctl`.
_FIRST, _LAST = (500 if sys.platform == "darwin" else 1000), 60_000
_NO_LOGIN = frozenset({"nologin", "false", "true", "sync", "shutdown", "halt", ""})
_HIDES = frozenset({"1", "2", "4", "noaccess", "invisible", "ptraceable"})


def others_use_this_machine() -> bool:
    """Whether somebody but ourselves and root could read our command line: another account of a person, or a process
    of one, unless the kernel shows nobody the processes of others. Costs a millisecond or two.
    """
    if hidden(_text(Path("/proc/self/mounts"))):
        return False
    own = os.getuid()
    return any(_a_persons(uid) and uid != own for uid in (*_accounts(), *_running()))


def hidden(mounts: str) -> bool:
    """Whether /proc shows to each the processes of their own only, by the table of what is mounted."""
    options: list[str] = []
    for line in mounts.splitlines():
        match line.split():
            case [_, "/proc", "proc", given, *_]:
                options = given.split(",")
    return any(option.partition("=")[2] in _HIDES for option in options if option.startswith("hidepid="))


def _a_persons(uid: int) -> bool:
    return _FIRST <= uid <= _LAST


def _accounts() -> Iterable[int]:
    return (each.pw_uid for each in pwd.getpwall() if Path(each.pw_shell).name not in _NO_LOGIN)


def _running() -> Iterable[int]:
    # An account that comes from a directory may be listed nowhere.
    try:
        with os.scandir("/proc") as entries:
            return [each.stat().st_uid for each in entries if each.name.isdecimal() and each.is_dir()]
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
