"""How the installation stands, in plain words, for service managers. `rj doctor` says the same to whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from casework.access import What, check_service
from casework.session import Session
from operations.diagnosis.doctor import diagnose
from runtime.findings import Finding, Severity

__all__ = ["Checked", "Health", "Severity", "health"]

_CALLED: Mapping[str, str] = {
    "settings": "Settings",
    "data folder": "Where the data lie",
    "programs": "Programs",
    "servers": "Servers",
    "restarts": "Whether servers died",
    "policy": "The policy",
    "templates": "What messages say",
    "master keys": "The keys",
    "keys in use": "Whether the keys fit",
    "erasures": "Erasures",
    "database": "The database",
    "migrations": "The tables of the database",
    "rights": "Rights in the database",
    "staff": "The staff register",
    "Temporal": "Temporal, which keeps the deadlines",
    "search attributes": "What Temporal finds referrals by",
    "worker": "The worker, which does what is asked",
    "workflows": "Whether each open referral is looked after",
    "strangers": "Whether anything meddles",
    "e-mail": "E-mail",
    "SMS and letters": "Texts and letters",
    "service phone": "The number that messages name",
    "policy versions": "Versions of the policy",
    "search": "Whether people are found by search",
}
_PRESSING = (Severity.SERVER, Severity.SETUP, Severity.BLOCKED, Severity.UNKNOWN, Severity.NOTE, Severity.OK)


class Checked(NamedTuple):
    """What one check found.

    Attributes:
        called: what was looked at, in plain words.
        said: what was found; empty where all is well, which names only places.
        remedy: what to do; None where nothing is needed.
    """

    called: str
    severity: Severity
    said: str
    remedy: str | None


class Health(NamedTuple):
    """How the installation stands.

    Attributes:
        verdict: in a sentence.
        found: what presses first.
        well: what is in order, by name.
    """

    verdict: str
    found: tuple[Checked, ...]
    well: tuple[str, ...]


async def health(session: Session) -> Health:
    """Make every check there is. Changes nothing.

    Raises:
        Refused: it is not for them to see.
    """
    check_service(session.member, What.HEALTH)
    findings = await diagnose()
    found = [
        Checked(_called(each), each.severity, _plain(each.said), _plain(each.remedy) or None)
        for each in findings
        if each.severity is not Severity.OK
    ]
    found.sort(key=lambda each: _PRESSING.index(each.severity))
    well = tuple(_called(each) for each in findings if each.severity is Severity.OK)
    return Health(_verdict(findings), tuple(found), well)


def _plain(said: str | None) -> str:
    # What is to be typed stands in marks that a terminal's reader knows.
    return (said or "").replace("`", "")


def _called(finding: Finding) -> str:
    return _CALLED.get(finding.check, finding.check)


def _verdict(findings: Sequence[Finding]) -> str:
    severities = {each.severity for each in findings}
    if severities & {Severity.SETUP, Severity.SERVER, Severity.UNKNOWN}:
        return "No referral can be opened."
    if Severity.BLOCKED in severities:
        return "Referrals can be opened, but some cannot go on."
    if Severity.NOTE in severities:
        return "Referrals can be opened and go on. Somebody should look at what is noted."
    return "All is well."
