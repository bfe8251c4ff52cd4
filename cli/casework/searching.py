"""Searching for referrals, possible duplicates, and who searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import AsOption, JsonOption, ReferenceArgument, as_staff_id
from cli.common import command_group, guarded, plain, print_json, print_table, run_as, when
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casework.listing import Listed
    from casework.referral_lists import SentList
    from casework.searching.duplicates import PossibleDuplicate
    from casework.searching.search import Found, FoundPerson
    from casework.session import Session
    from schemas.access import Searched

app = command_group()


@app.command("search")
def search_command(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|-",
            help="A part of a reference, a name or its first letters, a date of birth, a phone number, an e-mail "
            "address or a crime reference; - asks for it, or reads standard input.",
        ),
    ],
    staff: AsOption,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Find referrals of your areas, closed ones too. A partner finds by reference what they sent.

    Names, numbers and days of one person may be parted by commas. What stands in a command, others on this machine can
    read, so give them by -. A sensitive case is found by its people only by who works on it and who supervises. Every
    search is recorded.

    Example: rj search 7KQ4 --as cw-1; rj search - --as cw-1
    """
    from cli.free_text import ASKED_FOR, asked_for, warn_of_onlookers

    def given() -> str:
        from casework.searching.search import tells_of_people

        if text == ASKED_FOR:
            return asked_for("search for")
        warn_of_onlookers(["what you search for"] if tells_of_people(text) else [])
        return text

    sought = guarded(given)

    async def work(session: Session) -> Listed[Found] | SentList:
        from casework.searching.search import search

        return await search(session, sought, limit=limit)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json(_for_script(found))
    elif not _for_script(found):
        typer.echo("No referral of your areas matches.")
    else:
        _print_found(found)
    if found.more:
        typer.echo(f"There are more than {limit}; --limit shows more.", err=True)


def _for_script(found: Listed[Found] | SentList) -> list[dict[str, Any]]:
    from casework.referral_lists import SentList

    if isinstance(found, SentList):
        return [line.model_dump(mode="json") for line in found.lines]
    return [line.model_dump(mode="json") for line in found.items]


def _print_found(found: Listed[Found] | SentList) -> None:
    from casework.referral_lists import SentList

    if isinstance(found, SentList):
        rows = [(line.reference, line.area, in_words(line.status)) for line in found.lines]
        print_table([("REFERENCE", "AREA", "STATUS"), *rows])
        return
    print_table(
        [
            ("REFERENCE", "AREA", "STAGE", "CASEWORKER", "FOUND BY", "WHO"),
            *(
                (
                    line.reference,
                    line.area,
                    in_words(line.stage),
                    line.caseworker or "-",
                    ", ".join(map(in_words, line.by)),
                    _people(line.people),
                )
                for line in found.items
            ),
        ]
    )


def _people(people: Sequence[FoundPerson]) -> str:
    return ", ".join(
        f"{each.id} ({in_words(each.role)})" + (f" {plain(each.name)}" if each.name else "")
        for each in people
    )


@app.command("duplicates")
def duplicates_command(
    reference: ReferenceArgument,
    staff: AsOption,
    as_json: JsonOption = False,
) -> None:
    """Print the referrals of your areas that may be the same as this one.

    The same are a name with its date of birth, a phone number, an e-mail address, or the crime reference.

    A sensitive one is told to who works on it and to who supervises. It is a look at this one's people, and a search.

    Example: rj duplicates RJ-7KQ4-M2X1 --as su-1
    """

    async def work(session: Session) -> tuple[PossibleDuplicate, ...]:
        from casework.searching.duplicates import possible_duplicates_of

        return await possible_duplicates_of(session, reference)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([line.model_dump(mode="json") for line in found])
        return
    if not found:
        typer.echo("No other referral of your areas looks the same.")
        return
    rows = [
        (
            line.reference,
            in_words(line.stage),
            when(line.received_at),
            ", ".join(map(in_words, line.by)),
            _people(line.people),
        )
        for line in found
    ]
    print_table([("REFERENCE", "STAGE", "RECEIVED", "THE SAME", "WHO"), *rows])


@app.command("searches")
def searches_command(
    staff: AsOption,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="STAFF", parser=as_staff_id, help="What this person searched; else all."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Print who searched in your areas, newest first, to the supervisors and service managers of the area.

    What was searched for is kept as a keyed hash alone: the same for the same, and nobody can read it.

    Example: rj searches --by cw-1 --as su-1
    """

    async def work(session: Session) -> list[Searched]:
        from casework.searching.log import searches

        return await searches(session, by=by, limit=limit + 1)

    found = run_as(staff, work, temporal=False)
    shown = found[:limit]
    if as_json:
        print_json([each.model_dump(mode="json") for each in shown])
        return
    if not shown:
        typer.echo("Nobody has searched.")
        return
    print_table(
        [
            ("WHEN", "WHO", "BY", "FOUND", "WAY IN", "WHAT, AS A HASH"),
            *(
                (
                    when(each.at),
                    f"{each.staff} ({in_words(each.role)})",
                    ", ".join(map(in_words, each.kinds)),
                    str(each.found),
                    in_words(each.way_in),
                    each.sought[:8],
                )
                for each in shown
            ),
        ]
    )
    if len(found) > limit:
        typer.echo(f"There is more; --limit shows more than {limit} at a time.")
