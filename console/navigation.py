"""The main navigation: which pages stand at the top for each role."""

from __future__ import annotations

from collections.abc import Collection

from schemas.people import Role

WORKERS = frozenset({Role.CASEWORKER, Role.FACILITATOR, Role.SUPERVISOR, Role.SERVICE_MANAGER})
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.SERVICE_MANAGER})
MANAGERS = frozenset({Role.SERVICE_MANAGER})
AUDITORS = frozenset({Role.AUDITOR, Role.SERVICE_MANAGER})
SEE_FIGURES = WORKERS | {Role.COMMISSIONER, Role.PARTNER}

MAY_OPEN = WORKERS | {Role.PARTNER}
SENDERS = frozenset({Role.PARTNER})

_ITEMS: tuple[tuple[str, str, Collection[Role]], ...] = (
    ("My work", "/my-work", WORKERS),
    ("Referrals", "/referrals", WORKERS | SENDERS),
    ("New referral", "/new-referral", MAY_OPEN),
    ("Team", "/team", SUPERVISORS),
    ("Inbox", "/inbox", WORKERS | SENDERS),
    ("Figures", "/figures", SEE_FIGURES),
    ("Staff", "/staff", MANAGERS),
    ("Policy", "/policy", SUPERVISORS),
    ("Health", "/health", MANAGERS),
    ("Audit", "/audit", AUDITORS),
    ("Search", "/search", MAY_OPEN),
)
"""Name, address and whose it is, in the order in which they stand."""


def navigation(role: Role) -> list[tuple[str, str]]:
    """The name and the address of each page that stands at the top for a role."""
    return [(name, address) for name, address, whose in _ITEMS if role in whose]
