"""The policy: what a file settles and what is wrong with it, and which referrals go on under which version."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.arguments import AsOption, JsonOption
from cli.common import BadInput, Exit, command_group, fail, guarded, plain, print_json, print_table, run_as
from schemas.areas import Area
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.bulk.adoption import AdoptionProgress, AdoptionProspect, AdoptionTally
    from casework.session import Session
    from schemas.policy import Policies, Policy

app = command_group()
policy_app = command_group("The policy: deadlines, notices, gates, switches.")
app.add_typer(policy_app, name="policy")


@policy_app.command("check")
def check_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy file.")]) -> None:
    """Print everything that is wrong with a policy file, each with its line. Needs no server.

    Example: rj policy check my-service.toml
    """
    from policies.files import load_policies, problems

    found = guarded(lambda: problems(file))
    for each in found:
        line = f":{each.line}" if each.line else ""
        typer.echo(plain(f"{each.file}{line}: {each}"))
    if found:
        raise typer.Exit(Exit.BAD_INPUT)
    policies = guarded(lambda: load_policies(file))
    base = policies.base
    areas = f", areas {', '.join(sorted(policies.areas))}" if policies.areas else ""
    typer.echo(
        plain(
            f"{file}: in order: {base.name}, version {base.version}, "
            f"{len(base.deadlines)} deadlines, {len(base.notices)} notices{areas}"
        )
    )


@policy_app.command("show")
def show_command(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="A policy file; without it, the one new referrals are opened under."
        ),
    ] = None,
    area: Annotated[Area | None, typer.Option(metavar="AREA", help="As it is in this police area.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a policy settles: each number with where it comes from, and who is told of what.

    Without FILE it is what new referrals are opened under: the policy in RJ_POLICY, else that of the running `rj up`,
    else the one of England and Wales that ships. Needs no server.

    Example: rj policy show --area durham
    """
    path, policies = guarded(lambda: _in_force(file))
    policy = policies.of(area) if area else policies.base
    if as_json:
        shown = {"file": str(path), "area": area, "policy": policy.model_dump(mode="json")}
        differing = {name: each.model_dump(mode="json") for name, each in policies.areas.items()}
        print_json(shown if area else shown | {"areas": differing})
        return
    typer.echo(plain(f"{policy.name}, version {policy.version} ({path})"))
    if area and area not in policies.areas:
        typer.echo(f"{area} has nothing of its own: it is as the whole.")
    for line in _lines(policy):
        typer.echo(plain(line))
    if not area and policies.areas:
        typer.echo("\nAreas that differ (--area shows one):")
        print_table(
            (name, ", ".join(_differs(each, policy))) for name, each in sorted(policies.areas.items())
        )


def _in_force(file: Path | None) -> tuple[Path, Policies]:
    from policies.files import DEFAULT, load_policies
    from runtime.embedded.data_folder import NotRunning, resolve
    from runtime.settings import Settings

    if file is None:
        settings = Settings.load()
        try:
            file = resolve(settings).settings(settings).policy
        except NotRunning:
            file = settings.policy
    file = file or DEFAULT
    return file, load_policies(file)


def _lines(policy: Policy) -> Iterator[str]:
    from casework.words.policy import deadline_words, fact_words, notice_words, number_words

    yield from ("", "DEADLINES")
    for each in deadline_words(policy):
        own_date = each.due == "its own date"
        due = f"on {each.due}" if own_date else f"after {each.due}"
        yield f"{each.name}: due {due}; {each.answers} answers"
        if each.warns:
            yield f"    warns {'' if own_date else 'after '}{each.warns}"
        if each.escalates:
            yield f"    when overdue escalates {each.escalates}"
        yield f"    {each.ground}: {each.source}"
    yield from ("", "WHAT ELSE IT SETTLES")
    for what, value in number_words(policy):
        yield f"{what}: {value}"
    yield from ("", "WHAT AN ERASURE LEAVES FOR FIGURES")
    for left in fact_words(policy):
        yield f"{left.kind}: {left.after_erasure} ({left.ground}: {left.source})"
    if not policy.facts:
        yield "Nothing."
    yield from ("", "WHO IS TOLD OF WHAT")
    for told in map(notice_words, policy.notices):
        yield f"{told.when}: tells {told.tells} (template {told.template}, category {told.category})"
    if not policy.notices:
        yield "Nobody is told of anything."


def _differs(policy: Policy, base: Policy) -> Iterator[str]:
    for field in type(policy).model_fields:
        if getattr(policy, field) == getattr(base, field):
            continue
        if field != "deadlines":
            yield in_words(field)
            continue
        for name, rule in policy.deadlines.items():
            if rule != base.deadlines.get(name):
                yield f"deadline {in_words(name)}"


class Outcome(StrEnum):
    """What became of adopting the policy in force for one referral."""

    ADOPTED = "adopted"
    HAS_IT = "has_it"
    REFUSED = "refused"
    NOT_ANSWERED = "not_answered"
    NOT_TRIED = "not_tried"


class Adoption(NamedTuple):
    """What became of one referral.

    Attributes:
        reference: of which.
        was: the version before; None where it could not be asked.
        version: the version in force for its area; None where it could not be asked.
        why: for what was not adopted, a sentence.
    """

    reference: str
    outcome: Outcome
    was: str | None = None
    version: str | None = None
    why: str | None = None


@policy_app.command("adopt")
def adopt_command(
    staff: AsOption,
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REFERENCE...]", help="The referrals, such as RJ-7KQ4-M2X1."),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="All open referrals of your areas, instead of references.")
    ] = False,
    area: Annotated[
        Area | None, typer.Option(metavar="AREA", help="All open referrals of this area, instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let referrals go on under the policy that is in force for their area now. Each is a recorded step.

    One that is refused does not keep the others from it; the exit code is 3 then. Where a reference is mistyped,
    none is tried. With --all or --area it goes on by itself, whatever is stopped meanwhile, and may be run twice.

    Example: rj policy adopt --all --as su-1
    """
    given = guarded(lambda: _references_or_areas(references or [], everywhere, area))
    if not given:
        _adopt_in_areas(area, staff, as_json)
        return

    async def work(session: Session) -> list[Adoption]:
        found: list[Adoption] = []
        for reference in meant:
            if found and found[-1].outcome in (Outcome.NOT_ANSWERED, Outcome.NOT_TRIED):
                each = Adoption(reference, Outcome.NOT_TRIED, why="Not tried, as no answer came before.")
            else:
                each = await _adopted(session, reference)
            if not as_json:
                typer.echo(plain(f"{each.reference}: {_said(each)}"))
            found.append(each)
        return found

    meant = guarded(lambda: list(_meant(given)))
    found = run_as(staff, work)
    if as_json:
        print_json([each._asdict() for each in found])
    outcomes = {each.outcome for each in found}
    if Outcome.NOT_ANSWERED in outcomes:
        raise typer.Exit(Exit.UNREACHABLE)
    if Outcome.REFUSED in outcomes:
        raise typer.Exit(Exit.REFUSED)


def _references_or_areas(references: list[str], everywhere: bool, area: Area | None) -> list[str]:
    """The references, or none where areas were asked for."""
    asked = [bool(references), everywhere, area is not None]
    if sum(asked) != 1:
        raise BadInput("Name referrals, or --all, or --area AREA: one of the three.")
    return references


def _adopt_in_areas(area: Area | None, staff: str, as_json: bool) -> None:
    async def work(session: Session) -> AdoptionTally:
        from casework.bulk.adoption import adoption_prospect

        expected = await adoption_prospect(session, area)
        return await _follow(session, expected)

    tally = run_as(staff, work)
    if as_json:
        print_json(tally.model_dump(mode="json"))
    else:
        typer.echo(f"Adopted: {tally.adopted}. Had it already: {tally.already}. Refused: {tally.refused}.")
        print_table((f"  {each.reference}", each.message) for each in tally.named)
        if tally.refused > len(tally.named):
            typer.echo(f"  and {tally.refused - len(tally.named)} more")
    if tally.refused:
        fail(Exit.REFUSED, f"{tally.refused} of {tally.done} keep the policy that they had.")


async def _follow(session: Session, expected: AdoptionProspect) -> AdoptionTally:
    from casework.bulk.adoption import adopt_in_areas
    from cli.following import Shown, follow_on_a_bar

    def shown(come: AdoptionProgress) -> Shown:
        other = come.run != expected.asked.run
        begun = f"Following one that was begun already, to version {', '.join(come.versions)}."
        return Shown(come.tally.done, come.total or None, begun if other else None)

    return await follow_on_a_bar(
        "Adopting",
        expected.count or None,
        shown,
        lambda show: adopt_in_areas(session, expected.asked, show),
    )


def _meant(given: list[str]) -> Iterator[str]:
    from schemas.reading.reference import parse_reference

    for number, text in enumerate(given, 1):
        try:
            yield parse_reference(text)
        except ValueError as error:
            raise BadInput(f"REFERENCE {number} of {len(given)}: {error}.") from error


async def _adopted(session: Session, reference: str) -> Adoption:
    from casework.bulk.adoption import versions
    from casework.failures import Refused
    from casework.referral.steps import take
    from cli.failures import explained
    from schemas.commands import AdoptPolicy

    was = version = None
    try:
        was, version = await versions(session, reference)
        await take(session, reference, AdoptPolicy(version=version))
    except Exception as error:
        if isinstance(error, Refused) and error.code == "same_policy":
            return Adoption(reference, Outcome.HAS_IT, was, version, error.message)
        known = explained(error)
        if known is None:
            raise
        code, why = known
        outcome = Outcome.NOT_ANSWERED if code is Exit.UNREACHABLE else Outcome.REFUSED
        return Adoption(reference, outcome, was, version, why)
    return Adoption(reference, Outcome.ADOPTED, was, version)


def _said(each: Adoption) -> str:
    match each.outcome:
        case Outcome.ADOPTED:
            return f"adopted: version {each.was} before, {each.version} now"
        case Outcome.HAS_IT:
            return f"has version {each.version} already"
        case Outcome.REFUSED:
            return f"refused: {each.why}"
        case _:
            return str(each.why)
