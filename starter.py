"""The door of the command line `rj`."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="rj",
    help="Referrals for restorative justice, from first contact to follow-up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run `rj`."""
    app()


if __name__ == "__main__":
    main()
