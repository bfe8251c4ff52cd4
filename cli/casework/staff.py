"""The staff register: who may act, in which areas, and who stands in for whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.casework import confirming
from cli.casework.confirming import left_behind_by
from cli.common import (
    AreaOption,
    AsOption,
    BadInput,
    JsonOption,
    StaffArgument,
    as_area,
    as_staff_id,
    nearest,
    print_json,
    print_table,
    room,
    run,
    words,
)
from schemas.areas import LONDON, Area
from schemas.notices import AT_ONCE, Category
from schemas.people import Role, Staff

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from stores.register import Kind

app = room()
staff_app = typer.Typer(help="The staff register.", rich_markup_mode=None)
app.add_typer(staff_app, name="staff")
staff_app.add_typer(confirming.app)

# The role under which deadlines are recorded is no person's.
_PEOPLES = tuple(role for role in Role if role is not Role.SYSTEM)

_LONGEST = timedelta(days=3650)

AreasOption = Annotated[
    list[Area],
    typer.Option("--area", metavar="AREA", parser=as_area, help="A police area; may be repeated."),
]
NameOption = Annotated[str | None, typer.Option(help="How colleagues know them.")]


@staff_app.command("first")
def first_command(
    staff_id: StaffArgument,
    area: AreasOption,
    name: NameOption = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where messages reach them; else their inbox only.")
    ] = None,
) -> None:
    """Enter the first service manager, who then enters everybody else. Refused as soon as there is one.

    Example: rj staff first sm-1 --area durham --name "Mara Example"
    """

    async def work(referrals: Referrals) -> None:
        from stores import register

        member = _member(staff_id, Role.SERVICE_MANAGER, area, name, email)
        await register.enter_first(referrals.pool, referrals.keys, member)

    run(work, temporal=False)
    typer.echo(f"Added: {staff_id}, the first service manager, in {', '.join(area)}")


@staff_app.command("add")
def add_command(
    staff_id: StaffArgument,
    role: Annotated[Role, typer.Option(help="What they are.")],
    area: AreasOption,
    staff: AsOption,
    name: NameOption = None,
    advanced_practitioner: Annotated[
        bool, typer.Option("--advanced-practitioner", help="May lead a sensitive case.")
    ] = False,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where messages reach them; else their inbox only.")
    ] = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Has left; may do nothing any more.")] = False,
) -> None:
    """Enter a person into the register, or replace what it says of them; a name or address that is not given stays.
    What they have in hand and may not work on any more is counted, with the way to give it on.

    It is for service managers, in their areas, and of nobody's own role. Where an area has two service managers or
    more, making another takes two of them, and so does ending one's being it: then it waits for `rj staff confirm`.

    Example: rj staff add cw-1 --role caseworker --area durham --name "Alex Example" --as sm-1
    """

    async def work(referrals: Referrals) -> tuple[Kind | None, list[str]]:
        from stores import register
        from stores.register import Kind

        if role not in _PEOPLES:
            raise BadInput(f"--role: accepted: {', '.join(_PEOPLES)}.")
        member = _member(
            *(staff_id, role, area, name, email),
            advanced_practitioner=advanced_practitioner,
            active=not inactive,
        )
        kind = await register.enter(referrals.pool, referrals.keys, member, staff)
        if kind is Kind.PROPOSED:
            return kind, []
        return kind, await left_behind_by(referrals.pool, member)

    kind, left_behind = run(work, temporal=False)
    standing = ", inactive" if inactive else ""
    what = f"{staff_id}, {role} in {', '.join(area)}{standing}"
    match kind:
        case None:
            typer.echo(f"As it was: {what}")
        case "proposed":
            typer.echo(f"Proposed: {what}")
            typer.echo(
                f"It takes two service managers, and waits for another: rj staff confirm {staff_id} --as STAFF"
            )
        case _:
            typer.echo(f"{'Added' if kind == 'entered' else 'Changed'}: {what}")
    for sentence in left_behind:
        typer.echo(sentence)


def _member(
    staff_id: str,
    role: Role,
    areas: list[Area],
    name: str | None,
    email: str | None,
    *,
    advanced_practitioner: bool = False,
    active: bool = True,
) -> Staff:
    from cli.reading import refuse_unprintable

    if name is not None:
        refuse_unprintable(name, "--name")
    return Staff(
        id=staff_id,
        role=role,
        areas=tuple(dict.fromkeys(areas)),
        name=name,
        advanced_practitioner=advanced_practitioner,
        active=active,
        email=_address(email),
    )


def _address(email: str | None) -> str | None:
    from messages.mail_addresses import mail_address

    try:
        return mail_address(email) if email is not None else None
    except ValueError as error:
        raise BadInput(f"--email: {error}.") from error


@staff_app.command("list")
def list_command(
    staff: AsOption,
    area: AreaOption = None,
    role: Annotated[Role | None, typer.Option(help="Of this role only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the register of your areas. Of an address it says only that there is one; --json has it.

    Example: rj staff list --area durham --as cw-1
    """

    async def work(referrals: Referrals) -> list[Staff]:
        from casework.access import What, areas_to_see
        from stores import staff as store

        areas = set(areas_to_see(await referrals.member(staff), What.COLLEAGUES, area))
        found = await store.list_staff(referrals.pool, role=role)
        return [member for member in found if areas & set(member.areas)]

    found = run(work, temporal=False)
    if as_json:
        print_json([member.model_dump(mode="json") for member in found])
    elif found:
        print_table([("ID", "ROLE", "AREAS", "NAME", ""), *map(_row, found)])
    else:
        typer.echo("There is nobody; `rj staff add` enters a person.")


def _row(member: Staff) -> tuple[str, ...]:
    marks = []
    if member.advanced_practitioner:
        marks.append("advanced practitioner")
    if not member.active:
        marks.append("inactive")
    if member.email is not None:
        marks.append("e-mail")
    if member.absent_until and member.absent_until > datetime.now(UTC):
        marks.append(f"absent until {_last_day(member.absent_until)}, stand-in {member.stand_in}")
    return (
        member.id,
        words(member.role),
        ", ".join(member.areas),
        member.name or "-",
        "; ".join(marks),
    )


@staff_app.command("messages")
def messages_command(
    staff: AsOption,
    at_once: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help=f"What reaches them by e-mail at once, parted by commas: {', '.join(Category)}; or none, or default.",
        ),
    ] = None,
    digest: Annotated[
        bool | None, typer.Option("--digest/--no-digest", help="The summary on working mornings.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where messages reach them; none: the inbox only.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which messages reach you by e-mail, or print how that stands. Your inbox has all of them. The address is
    shown with --json only.

    Example: rj staff messages --at-once escalation,safeguarding --no-digest --as cw-1
    """

    async def work(referrals: Referrals) -> Staff:
        from stores import register

        member = await referrals.member(staff)
        chosen = member.model_copy(
            update={
                "at_once": member.at_once if at_once is None else _categories(at_once),
                "digest": member.digest if digest is None else digest,
                "email": _new_address(member, email),
            }
        )
        if chosen != member:
            await register.set_messages(referrals.pool, referrals.keys, chosen)
        return chosen

    found = run(work, temporal=False)
    if as_json:
        print_json(found.model_dump(mode="json", include={"id", "email", "at_once", "digest"}))
        return
    typer.echo(f"At once by e-mail: {', '.join(found.at_once) or 'none'}")
    typer.echo(f"Summary on working mornings: {'yes' if found.digest else 'no'}")
    if found.email is None:
        typer.echo(f"No e-mail address of {staff} is known, so all of it is in their inbox only.")


def _new_address(member: Staff, given: str | None) -> str | None:
    match given:
        case None:
            return member.email
        case "none":
            return None
        case _:
            return _address(given)


def _categories(given: str) -> tuple[Category, ...]:
    if given == "none":
        return ()
    if given == "default":
        return AT_ONCE
    names = [name.strip() for name in given.split(",")]
    for name in names:
        if name not in set(Category):
            raise BadInput(
                f"--at-once: accepted: none, default, or some of {', '.join(Category)}.{nearest(name, Category)}"
            )
    # In the order in which they are listed everywhere.
    return tuple(category for category in Category if category in names)


@staff_app.command("absent")
def absent_command(
    staff_id: StaffArgument,
    staff: AsOption,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day away, such as 2026-12-04."),
    ] = None,
    stand_in: Annotated[
        str | None, typer.Option(metavar="ID", parser=as_staff_id, help="Who takes their place.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="They are back.")] = False,
) -> None:
    """Say until when you, or somebody in an area that you supervise, are away and who stands in; or that they are back.

    Example: rj staff absent cw-1 --until 2026-12-04 --stand-in cw-2 --as cw-1
    """

    async def work(referrals: Referrals) -> None:
        from lifecycle import Refused
        from stores import register

        if back and (until or stand_in):
            raise BadInput("--back: takes neither --until nor --stand-in.")
        away = await referrals.registered(staff_id, "id")
        if back:
            await register.set_absent(referrals.pool, referrals.keys, staff_id, None, None, staff)
            return
        if until is None or stand_in is None:
            raise BadInput("Give --until DATE and --stand-in ID, or --back.")
        today = datetime.now(LONDON).date()
        if not today <= until.date() <= today + _LONGEST:
            raise Refused(
                "not_in_time", f"Give a day from today to {today + _LONGEST}, the last day away.", "until"
            )
        _check_stand_in(away, await referrals.registered(stand_in, "stand-in"))
        back_at = _returns(until.date())
        await register.set_absent(referrals.pool, referrals.keys, staff_id, back_at, stand_in, staff)

    run(work, temporal=False)
    if until:
        typer.echo(
            f"{staff_id} is absent until the end of {_last_day(_returns(until.date()))}; {stand_in} stands in."
        )
    else:
        typer.echo(f"{staff_id} is back.")


def _check_stand_in(away: Staff, stand_in: Staff) -> None:
    from lifecycle import Refused
    from lifecycle.notifying.team import STAND_INS

    def refused(code: str, sentence: str) -> Refused:
        return Refused(code, sentence, "stand-in")

    if stand_in.id == away.id:
        raise refused("same_person", "Nobody stands in for themself.")
    if not stand_in.active:
        raise refused("staff_inactive", f"{stand_in.id} is no longer active.")
    if lacking := [area for area in away.areas if area not in stand_in.areas]:
        raise refused(
            "staff_other_area", f"{stand_in.id} does not work in {', '.join(lacking)}, where {away.id} does."
        )
    accepted = STAND_INS[away.role]
    if not accepted:
        raise refused("not_their_role", f"Nobody stands in for a {words(away.role)}.")
    if stand_in.role not in accepted:
        roles = ", ".join(words(role) for role in Role if role in accepted)
        raise refused(
            "not_their_role",
            f"{stand_in.id} is a {words(stand_in.role)}; accepted for a {words(away.role)}: {roles}.",
        )


def _returns(last_day: date) -> datetime:
    # The whole of the last day is away.
    return datetime.combine(last_day + timedelta(days=1), time(), LONDON)


def _last_day(returns: datetime) -> str:
    return f"{returns.astimezone(LONDON) - timedelta(days=1):%a %-d %b %Y}"
