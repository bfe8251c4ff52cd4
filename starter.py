"""The door of the command line `rj`."""

from __future__ import annotations

from cli import fields
from cli.casework import (
    access_log,
    contact,
    deadlines,
    importing,
    inbox,
    reassigning,
    referrals,
    staff,
    supervising,
    tasks,
)
from cli.common import command_line
from cli.operations import demo, doctor, figures, notices, policy, reconciling, records, up

app = command_line("Referrals for restorative justice, from first contact to follow-up.")

# A room is a module of `cli` with an `app: typer.Typer`; what it defines becomes `rj NAME`. At its top it imports only
# what is quick to import, so that `rj --help` is: what brings Temporal or the rules in is imported where it is used.
for room in (
    up,
    referrals,
    fields,
    contact,
    access_log,
    deadlines,
    tasks,
    supervising,
    reassigning,
    reconciling,
    importing,
    inbox,
    notices,
    staff,
    policy,
    records,
    figures,
    demo,
    doctor,
):
    app.add_typer(room.app)


def main() -> None:
    """Run `rj`."""
    app()


if __name__ == "__main__":
    main()
