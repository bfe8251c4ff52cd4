"""Whether what lies on this machine is there and can be read: the data folder, programs, policy, templates and keys."""

from __future__ import annotations

import os

from messages.wording import BadTemplate, Wording
from policies.files import BadPolicy, load_policies
from runtime.embedded.child_process import ServerFailed
from runtime.embedded.data_folder import DataFolder
from runtime.embedded.postgres import installed_programs
from runtime.embedded.temporal import program
from runtime.findings import Finding, Severity
from runtime.settings import Settings
from schemas.policy import Policies
from stores.keys.referral_keys import MasterKeyProblem, MasterKeys


def data_folder(settings: Settings) -> Finding:
    """The data folder."""
    folder = DataFolder(settings.data)
    if not folder.path.exists():
        return Finding("data folder", Severity.OK, f"{folder.path} is not there yet; `rj up` makes it.")
    if not folder.path.is_dir() or not os.access(folder.path, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            Severity.SETUP,
            f"{folder.path} is not a folder that you may write to.",
            "Name another in RJ_DATA, or change its owner.",
        )
    whose = "an `rj up` serves it" if folder.held() else "no `rj up` serves it now"
    return Finding("data folder", Severity.OK, f"{folder.path}; {whose}.")


def programs(settings: Settings, own_temporal: bool) -> Finding:
    """The programs of the servers that `rj up` starts."""
    try:
        needed = [] if settings.database_url else [str(installed_programs() / "postgres")]
        needed += [] if own_temporal else [program()]
    except ServerFailed as error:
        return Finding("programs", Severity.SERVER, str(error), "Run `make install`.")
    return Finding("programs", Severity.OK, ", ".join(needed) or "None needed: both servers are your own.")


def files(settings: Settings) -> list[Finding]:
    """The files that an installation rests on."""
    return [_policy(settings), _templates(settings), _keys_file(settings)]


def _policy(settings: Settings) -> Finding:
    try:
        policy = load_policies(settings.policy).base
    except BadPolicy as error:
        return Finding(
            "policy",
            Severity.SETUP,
            str(error),
            "Correct the file, or unset RJ_POLICY for the one that ships.",
        )
    return Finding("policy", Severity.OK, f"{policy.name}, version {policy.version}.")


def in_use(settings: Settings) -> Policies | None:
    """The policies in use; None where their file cannot be read."""
    try:
        return load_policies(settings.policy)
    except BadPolicy:
        return None


def _templates(settings: Settings) -> Finding:
    try:
        Wording.load(settings.templates)
    except BadTemplate as error:
        return Finding(
            "templates",
            Severity.SETUP,
            str(error),
            "Correct or remove the file, or unset RJ_TEMPLATES for those that ship.",
        )
    if settings.templates is None:
        return Finding("templates", Severity.OK, "Those that ship.")
    return Finding("templates", Severity.OK, f"Those in {settings.templates}; the others ship.")


def _keys_file(settings: Settings) -> Finding:
    path = settings.master_keys_file.absolute()
    if not path.exists() and settings.database_url is None and not (settings.data / "postgres").exists():
        return Finding("master keys", Severity.OK, f"{path} is not there yet; the first `rj up` makes it.")
    try:
        keys = MasterKeys.load(path)
    except MasterKeyProblem as error:
        return Finding(
            "master keys",
            Severity.SETUP,
            str(error),
            "Put the file back from its backup, or name it in RJ_MASTER_KEYS_FILE.",
        )
    return Finding("master keys", Severity.OK, f"{len(keys.ids)} in {path}, for its owner only.")
