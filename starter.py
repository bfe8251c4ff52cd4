"""The entry point of the command line `rj`."""

from __future__ import annotations

import gc

from cli.common import command_line

# A command group is a module of `cli` with an `app: typer.Typer`; each command that it defines is listed here once, and
# becomes `rj NAME`. A group is imported when one of its commands is called, and all are for `rj --help`. At its top it
# imports only what its arguments need; Temporal and the rules are imported where they are used.
COMMAND_GROUPS = {
    "cli.operations.up": ("up",),
    "cli.casework.referrals": ("example", "open", "do", "preview", "permitted"),
    "cli.casework.looking": ("list", "show", "timeline"),
    "cli.casework.searching": ("search", "duplicates", "searches"),
    "cli.casework.work": ("work",),
    "cli.fields": ("fields",),
    "cli.casework.contact": ("contact",),
    "cli.casework.access_log": ("access-log",),
    "cli.casework.deadlines": ("deadlines", "extend", "hold", "resume"),
    "cli.casework.tasks": ("tasks",),
    "cli.casework.supervising": ("escalations", "signoffs", "workload"),
    "cli.operations.stuck": ("stuck",),
    "cli.casework.reassigning": ("reassign",),
    "cli.operations.reconciling": ("reconcile",),
    "cli.casework.importing": ("import",),
    "cli.casework.inbox": ("inbox",),
    "cli.operations.notices": ("notices",),
    "cli.casework.staff": ("staff",),
    "cli.operations.policy": ("policy",),
    "cli.operations.records": ("verify", "erase", "keys", "anchors"),
    "cli.operations.indexing": ("reindex",),
    "cli.operations.figures": ("funnel",),
    "cli.operations.demo": ("demo",),
    "cli.operations.doctor": ("doctor",),
}

app = command_line("Referrals for restorative justice, from first contact to follow-up.", COMMAND_GROUPS)

NEW_OBJECTS = 250_000
"""How many may be made before garbage is looked for: a command that takes a step makes some 160,000."""


def main() -> None:
    """Run `rj`."""
    # What a command imports is needed to its end. Looking through it for garbage, meanwhile and once more when the
    # interpreter ends, would take a fifth of the time.
    gc.set_threshold(NEW_OBJECTS)
    try:
        app()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
