"""The staff register: who may act, in which areas, and who stands in for whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    AreaOption,
    BadInput,
    JsonOption,
    as_area,
    as_staff_id,
    nearest,
    print_json,
    print_table,
    room,
    run,
)
from schemas.areas import LONDON, Area
from schemas.notices import AT_ONCE, Category
from schemas.people import Role, Staff

if TYPE_CHECKING:
    from service.referrals import Referrals
    from stores.database import Pool

app = room()
register = typer.Typer(help="The staff register.", rich_markup_mode=None)
app.add_typer(register, name="staff")

# The role under which deadlines are recorded is no person's.
_PEOPLES = tuple(role for role in Role if role is not Role.SYSTEM)

_LONGEST = timedelta(days=3650)

StaffArgument = Annotated[
    str, typer.Argument(metavar="ID", parser=as_staff_id, help="An opaque id, such as cw-1; never a name.")
]


@register.command("add")
def add_command(
    staff_id: StaffArgument,
    role: Annotated[Role, typer.Option(help="What they are.")],
    area: Annotated[
        list[Area],
        typer.Option(metavar="AREA", parser=as_area, help="A police area; may be repeated."),
    ],
    name: Annotated[str | None, typer.Option(help="How colleagues know them.")] = None,
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

    Example: rj staff add cw-1 --role caseworker --area durham --name "Alex Example"
    """

    async def work(referrals: Referrals) -> tuple[bool, list[str]]:
        from cli.reading import refuse_unprintable
        from stores import staff

        if role not in _PEOPLES:
            raise BadInput(f"--role: accepted: {', '.join(_PEOPLES)}.")
        if name is not None:
            refuse_unprintable(name, "--name")
        member = Staff(
            id=staff_id,
            role=role,
            areas=tuple(dict.fromkeys(area)),
            name=name,
            advanced_practitioner=advanced_practitioner,
            active=not inactive,
            email=_address(email),
        )
        known = await staff.get(referrals.pool, staff_id)
        if known is not None:
            member = member.model_copy(
                update={"name": member.name or known.name, "email": member.email or known.email}
            )
        return await staff.add(referrals.pool, member), await _left_behind(referrals.pool, member)

    new, left_behind = run(work, temporal=False)
    standing = ", inactive" if inactive else ""
    typer.echo(f"{'Added' if new else 'Changed'}: {staff_id}, {role} in {', '.join(area)}{standing}")
    for sentence in left_behind:
        typer.echo(sentence)


async def _left_behind(pool: Pool, member: Staff) -> list[str]:
    """What somebody has in hand in areas where they do not work on referrals now, and how to give it on."""
    from lifecycle.core import WORKERS
    from stores import supervision

    works_in = member.areas if member.active and member.role in WORKERS else ()
    owned = await supervision.owned_by_area(pool, member.id)
    facilitated = await supervision.facilitated(pool, member.id)
    return [
        *(
            f"{member.id} still has {count} open referral{'s' * (count != 1)} in {area}: "
            f"rj reassign --from {member.id} --to STAFF --area {area} --as STAFF"
            for area, count in owned.items()
            if area not in works_in
        ),
        *(
            f"{member.id} still facilitates {reference}: "
            f"rj do {reference} assign_facilitators --set facilitator=STAFF --as STAFF, and say anew who co-facilitates"
            for reference, area in facilitated
            if area not in works_in
        ),
    ]


def _address(email: str | None) -> str | None:
    from activities.mail_addresses import mail_address

    try:
        return mail_address(email) if email is not None else None
    except ValueError as error:
        raise BadInput(f"--email: {error}.") from error


@register.command("list")
def list_command(
    area: AreaOption = None,
    role: Annotated[Role | None, typer.Option(help="Of this role only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the register. Of an address it says only that there is one; --json has it.

    Example: rj staff list --area durham
    """

    async def work(referrals: Referrals) -> list[Staff]:
        from stores import staff

        return await staff.list_staff(referrals.pool, area=area, role=role)

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
        _in_words(member.role),
        ", ".join(member.areas),
        member.name or "-",
        "; ".join(marks),
    )


@register.command("messages")
def messages_command(
    staff_id: StaffArgument,
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
    """Say which messages reach somebody by e-mail, or print how that stands. Their inbox has all of them. The address
    is shown with --json only.

    Example: rj staff messages cw-1 --at-once escalation,safeguarding --no-digest
    """

    async def work(referrals: Referrals) -> Staff:
        from stores import staff

        member = await referrals.registered(staff_id, "id")
        chosen = member.model_copy(
            update={
                "at_once": member.at_once if at_once is None else _categories(at_once),
                "digest": member.digest if digest is None else digest,
                "email": _new_address(member, email),
            }
        )
        if chosen != member:
            await staff.set_messages(referrals.pool, chosen)
        return chosen

    found = run(work, temporal=False)
    if as_json:
        print_json(found.model_dump(mode="json", include={"id", "email", "at_once", "digest"}))
        return
    typer.echo(f"At once by e-mail: {', '.join(found.at_once) or 'none'}")
    typer.echo(f"Summary on working mornings: {'yes' if found.digest else 'no'}")
    if found.email is None:
        typer.echo(f"No e-mail address of {staff_id} is known, so all of it is in their inbox only.")


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


@register.command("absent")
def absent_command(
    staff_id: StaffArgument,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day away, such as 2026-12-04."),
    ] = None,
    stand_in: Annotated[
        str | None, typer.Option(metavar="ID", parser=as_staff_id, help="Who takes their place.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="They are back.")] = False,
) -> None:
    """Say until when somebody is away and who stands in for them, or that they are back.

    Example: rj staff absent cw-1 --until 2026-12-04 --stand-in cw-2
    """

    async def work(referrals: Referrals) -> None:
        from lifecycle import Refused
        from stores import staff

        if back and (until or stand_in):
            raise BadInput("--back: takes neither --until nor --stand-in.")
        away = await referrals.registered(staff_id, "id")
        if back:
            await staff.set_absent(referrals.pool, staff_id, None, None)
            return
        if until is None or stand_in is None:
            raise BadInput("Give --until DATE and --stand-in ID, or --back.")
        today = datetime.now(LONDON).date()
        if not today <= until.date() <= today + _LONGEST:
            raise Refused(
                "not_in_time", f"Give a day from today to {today + _LONGEST}, the last day away.", "until"
            )
        _check_stand_in(away, await referrals.registered(stand_in, "stand-in"))
        await staff.set_absent(referrals.pool, staff_id, _returns(until.date()), stand_in)

    run(work, temporal=False)
    if until:
        typer.echo(
            f"{staff_id} is absent until the end of {_last_day(_returns(until.date()))}; {stand_in} stands in."
        )
    else:
        typer.echo(f"{staff_id} is back.")


def _check_stand_in(away: Staff, stand_in: Staff) -> None:
    from lifecycle import Refused
    from lifecycle.team import STAND_INS

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
        raise refused("not_their_role", f"Nobody stands in for a {_in_words(away.role)}.")
    if stand_in.role not in accepted:
        roles = ", ".join(_in_words(role) for role in Role if role in accepted)
        raise refused(
            "not_their_role",
            f"{stand_in.id} is a {_in_words(stand_in.role)}; accepted for a {_in_words(away.role)}: {roles}.",
        )


def _in_words(role: Role) -> str:
    return role.replace("_", " ")


def _returns(last_day: date) -> datetime:
    # The whole of the last day is away.
    return datetime.combine(last_day + timedelta(days=1), time(), LONDON)


def _last_day(returns: datetime) -> str:
    return f"{returns.astimezone(LONDON) - timedelta(days=1):%a %-d %b %Y}"
