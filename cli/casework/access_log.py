"""Who looked at what is said about people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AsOption, JsonOption, as_reference, as_staff_id
from cli.common import BadInput, command_group, guarded, print_json, print_table, run_as, when
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.session import Session
    from schemas.access import Look

app = command_group()


@app.command("access-log")
def access_log_command(
    staff: AsOption,
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="REFERENCE", parser=as_reference, help="Who looked at this referral, and why."
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--of", metavar="STAFF", parser=as_staff_id, help="Who looked at this caseworker's referrals."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="STAFF", parser=as_staff_id, help="What this person looked at."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Print who looked at what is said about people, newest first, to the supervisors and service managers of the area.

    The reasons that were given are shown of one referral at a time; that is a look as well, and is recorded.

    Example: rj access-log RJ-7KQ4-M2X1 --as su-1
    """

    def check() -> None:
        if sum(each is not None for each in (reference, of, by)) != 1:
            raise BadInput("access-log: wants one of REFERENCE, --of STAFF and --by STAFF.")

    async def work(session: Session) -> list[Look]:
        from casework.access_log import looks_at, looks_at_referrals_of, looks_by

        if reference is not None:
            return await looks_at(session, reference, limit=limit + 1)
        if of is not None:
            return await looks_at_referrals_of(session, of, limit=limit + 1)
        return await looks_by(session, str(by), limit=limit + 1)

    guarded(check)
    found = run_as(staff, work, temporal=False)
    looks = found[:limit]
    if as_json:
        print_json([look.model_dump(mode="json") for look in looks])
        return
    if not looks:
        typer.echo("Nobody has looked.")
        return
    print_table([_HEAD, *map(_row, looks)])
    if len(found) > limit:
        typer.echo(f"There is more; --limit shows more than {limit} at a time.")


_HEAD = ("WHEN", "WHO", "REFERRAL", "WHAT", "WHY THEY MAY", "BY", "REASON")


def _row(look: Look) -> tuple[str, ...]:
    return (
        when(look.at),
        f"{look.staff} ({in_words(look.role)})",
        look.reference,
        in_words(look.kind),
        in_words(look.relation),
        in_words(look.way_in),
        look.reason or ("given" if look.reason_given else ""),
    )
