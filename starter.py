"""The door of the command line `rj`."""

from __future__ import annotations

import gc

from cli.common import command_line

# A room is a module of `cli` with an `app: typer.Typer`; each name that it defines stands here once, and becomes
# `rj NAME`. A room is imported when one of its commands is called, and all are for `rj --help`. At its top it imports
# only what its own arguments need: what brings Temporal or the rules in is imported where it is used.
ROOMS = {
    "cli.operations.up": ("up",),
    "cli.casework.referrals": (
        "example",
        "open",
        "do",
        "preview",
        "permitted",
        "list",
        "search",
        "show",
        "timeline",
    ),
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
    "cli.operations.figures": ("funnel",),
    "cli.operations.demo": ("demo",),
    "cli.operations.doctor": ("doctor",),
}

app = command_line("Referrals for restorative justice, from first contact to follow-up.", ROOMS)


def main() -> None:
    """Run `rj`."""
    # What a command imports is kept to its end: looking it over for what could be freed costs a tenth of the time.
    gc.set_threshold(100_000)
    app()


if __name__ == "__main__":
    main()
