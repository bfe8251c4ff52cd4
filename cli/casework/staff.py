"""The staff register: who may act, in which areas, and who stands in for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, AsOption, JsonOption, StaffArgument, as_area, as_staff_id, nearest
from cli.casework import confirming, inviting
from cli.casework.confirming import still_in_hand
from cli.common import BadInput, command_group, print_json, print_table, run, run_as
from schemas.areas import LONDON, Area
from schemas.notices import AT_ONCE, Category
from schemas.people import Role, Staff
from schemas.vocabulary import PractitionerLevel
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.session import Session
    from casework.staff import Changed
    from runtime.referrals import Referrals

app = command_group()
staff_app = command_group("The staff register.")
app.add_typer(staff_app, name="staff")
staff_app.add_typer(confirming.app)
staff_app.add_typer(inviting.app)

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
        from casework.staff import enter_first

        await enter_first(referrals, _member(staff_id, Role.SERVICE_MANAGER, area, name, email))

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
        bool,
        typer.Option(
            "--advanced-practitioner",
            help="May lead a sensitive case; the same as --level advanced_practitioner.",
        ),
    ] = False,
    level: Annotated[
        PractitionerLevel | None, typer.Option(help="How far they have come as a practitioner.")
    ] = None,
    volunteer: Annotated[bool, typer.Option("--volunteer", help="Gives their time unpaid.")] = False,
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

    async def work(session: Session) -> Changed:
        from casework.staff import PEOPLES_ROLES, enter

        if role not in PEOPLES_ROLES:
            raise BadInput(f"--role: accepted: {', '.join(PEOPLES_ROLES)}.")
        if advanced_practitioner and level not in (None, PractitionerLevel.ADVANCED_PRACTITIONER):
            raise BadInput(f"--level: {level} contradicts --advanced-practitioner; give one of them.")
        member = _member(
            *(staff_id, role, area, name, email),
            level=PractitionerLevel.ADVANCED_PRACTITIONER if advanced_practitioner else level,
            volunteer=volunteer,
            active=not inactive,
        )
        return await enter(session, member)

    changed = run_as(staff, work, temporal=False)
    standing = ", inactive" if inactive else ""
    what = f"{staff_id}, {role} in {', '.join(area)}{standing}"
    match changed.kind:
        case None:
            typer.echo(f"As it was: {what}")
        case "proposed":
            typer.echo(f"Proposed: {what}")
            typer.echo(
                f"It takes two service managers, and waits for another: rj staff confirm {staff_id} --as STAFF"
            )
        case kind:
            typer.echo(f"{'Added' if kind == 'entered' else 'Changed'}: {what}")
    for sentence in still_in_hand(changed):
        typer.echo(sentence)


def _member(
    staff_id: str,
    role: Role,
    areas: list[Area],
    name: str | None,
    email: str | None,
    *,
    level: PractitionerLevel | None = None,
    volunteer: bool = False,
    active: bool = True,
) -> Staff:
    from cli.reading import refuse_unprintable

    if name is not None:
        refuse_unprintable(name, "--name")
    return Staff(
        id=staff_id,
        role=role,
        areas=tuple(dict.fromkeys(areas)),
        name=_name(name),
        advanced_practitioner=level is PractitionerLevel.ADVANCED_PRACTITIONER,
        trainee=level is PractitionerLevel.TRAINEE,
        volunteer=volunteer,
        active=active,
        email=_address(email),
    )


def _name(name: str | None) -> str | None:
    from casework.staff import check_name

    try:
        return check_name(name) if name is not None else None
    except ValueError as error:
        raise BadInput(f"--name: {error}.") from error


def _address(email: str | None) -> str | None:
    from casework.staff import check_email

    try:
        return check_email(email) if email is not None else None
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

    async def work(session: Session) -> list[Staff]:
        from casework.staff import colleagues

        return await colleagues(session, area=area, role=role)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([member.model_dump(mode="json") | {"level": member.level} for member in found])
    elif found:
        print_table([("ID", "ROLE", "AREAS", "NAME", ""), *map(_row, found)])
    else:
        typer.echo("There is nobody; `rj staff add` enters a person.")


def _row(member: Staff) -> tuple[str, ...]:
    marks = []
    if member.advanced_practitioner:
        marks.append("advanced practitioner")
    if member.trainee:
        marks.append("trainee")
    if member.volunteer:
        marks.append("volunteer")
    if not member.active:
        marks.append("inactive")
    if member.email is not None:
        marks.append("e-mail")
    if member.absent_until and member.absent_until > datetime.now(UTC):
        marks.append(f"absent until {_last_day(member.absent_until)}, stand-in {member.stand_in}")
    return (
        member.id,
        in_words(member.role),
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

    async def work(session: Session) -> Staff:
        from casework.staff import set_messages

        return await set_messages(
            session,
            at_once=None if at_once is None else _categories(at_once),
            digest=digest,
            email=None if email == "none" else _address(email),
            no_email=email == "none",
        )

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json(found.model_dump(mode="json", include={"id", "email", "at_once", "digest"}))
        return
    typer.echo(f"At once by e-mail: {', '.join(found.at_once) or 'none'}")
    typer.echo(f"Summary on working mornings: {'yes' if found.digest else 'no'}")
    if found.email is None:
        typer.echo(f"No e-mail address of {staff} is known, so all of it is in their inbox only.")


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
    return tuple(Category(name) for name in names)


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

    async def work(session: Session) -> None:
        from casework.staff import say_absent, say_back

        if back and (until or stand_in):
            raise BadInput("--back: takes neither --until nor --stand-in.")
        if back:
            await say_back(session, staff_id)
            return
        if until is None or stand_in is None:
            raise BadInput("Give --until DATE and --stand-in ID, or --back.")
        await say_absent(session, staff_id, until.date(), stand_in)

    run_as(staff, work, temporal=False)
    if until:
        typer.echo(f"{staff_id} is absent until the end of {until:%a %-d %b %Y}; {stand_in} stands in.")
    else:
        typer.echo(f"{staff_id} is back.")


def _last_day(returns: datetime) -> str:
    return f"{returns.astimezone(LONDON) - timedelta(days=1):%a %-d %b %Y}"
