"""What the documentation tells of the rules, as plain data: each command, each stage, where consent is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from lifecycle import BETWEEN, ENTRY_GATES, RULES, STAGES, THROUGHOUT, Rule
from lifecycle.people.leaving import CLOSES_AS
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, WAYS, WORKERS
from lifecycle.stages.closing import CLOSURES_TO_SIGN_OFF
from lifecycle.stages.intake import MAY_OPEN
from schemas.base import Model
from schemas.commands import DecideSignOff, Reopen, RequestFurtherActivity
from schemas.people import Role
from schemas.vocabulary import ClosureReason, EndReason, ParticipantRole, Stage

__all__ = [
    "MAY_OPEN",
    "OPEN_STAGES",
    "SUPERVISORS",
    "WORKERS",
    "ClosureTold",
    "CommandTold",
    "SectionTold",
    "between_stages",
    "closures",
    "commands",
    "consent_gates",
    "of_every_stage",
    "stages",
    "ways",
]


class CommandTold(NamedTuple):
    """One command.

    Attributes:
        says: what it does, in a sentence.
        stages: where it may be given.
        roles: who may give it.
        needs: what must hold, a sentence for each gate.
        leads_to: every stage that it can enter.
        on_hold: whether it may be given while the referral is paused.
        in_safeguarding: whether it may be given while a safeguarding concern freezes contact.
    """

    kind: str
    says: str
    stages: frozenset[Stage]
    roles: frozenset[Role]
    needs: tuple[str, ...]
    leads_to: frozenset[Stage]
    on_hold: bool
    in_safeguarding: bool


class SectionTold(NamedTuple):
    """A stage, or what may be asked for in any.

    Attributes:
        says: its first paragraph, on one line; a title, and after a colon what it is about.
        entry: what must hold to enter it, a sentence for each gate.
    """

    says: str
    entry: tuple[str, ...]
    commands: tuple[CommandTold, ...]


class ClosureTold(NamedTuple):
    """A reason for closing.

    Attributes:
        signed_off: whether it waits for a sign-off.
        of_itself: whose leaving, and why, closes the referral so, if they were the last of their side.
    """

    reason: ClosureReason
    signed_off: bool
    of_itself: tuple[tuple[ParticipantRole, EndReason], ...]


def commands() -> list[CommandTold]:
    """Every command, in the order of the lifecycle."""
    return [_told(command, rule) for command, rule in RULES.items()]


def stages() -> list[SectionTold]:
    """The stages, in their order."""
    return [_section(module) for module in STAGES]


def between_stages() -> list[SectionTold]:
    """What belongs to the preparation and to what is booked."""
    return [_section(module) for module in BETWEEN]


def of_every_stage() -> list[SectionTold]:
    """What may be asked for in any stage."""
    return [_section(module) for module in THROUGHOUT]


def ways() -> Iterator[tuple[Stage, Stage, list[str]]]:
    """From which stage to which one comes, and by which commands."""
    for stage in Stage:
        onward: dict[Stage, list[str]] = {}
        for command, rule in RULES.items():
            for to in rule.ways & WAYS[stage] if stage in rule.stages else ():
                if not _moves_on(command, rule, stage, to):
                    continue
                # What a sign-off moves on is a verdict; elsewhere it closes at most.
                if command is not DecideSignOff or to is Stage.CLOSED or stage is Stage.RISK_ASSESSMENT:
                    onward.setdefault(to, []).append(_kind(command))
        for to in Stage:
            if to in onward:
                yield stage, to, onward[to]


def _moves_on(command: type[Model], rule: Rule, stage: Stage, to: Stage) -> bool:
    """Whether a command leads that way by itself: it can enter that stage, though not from every one."""
    if command is RequestFurtherActivity:
        return stage is Stage.FOLLOW_UP
    # An activity that ends moves the referral on while it was what the stage was about.
    ends_activities = {Stage.PREPARATION, Stage.FOLLOW_UP} <= rule.ways and command is not Reopen
    if ends_activities and to in (Stage.PREPARATION, Stage.FOLLOW_UP):
        return stage in (Stage.PREPARATION, Stage.CONFERENCE)
    return True


def consent_gates() -> list[tuple[str, list[Stage | str]]]:
    """The gates that ask for consent, each with the stages and the commands that it stands before."""
    # Of those who take part in one activity the same is asked in the same words.
    gates: dict[str, list[Stage | str]] = {}
    for stage, entry in ENTRY_GATES.items():
        for gate in entry:
            if "consent" in gate.code:
                gates.setdefault(gate.sentence, []).append(stage)
    for command, rule in RULES.items():
        for gate in rule.gates:
            if "consent" in gate.code:
                gates.setdefault(gate.sentence, []).append(_kind(command))
    return list(gates.items())


def closures() -> list[ClosureTold]:
    """Every reason for closing."""
    return [
        ClosureTold(
            reason,
            reason in CLOSURES_TO_SIGN_OFF,
            tuple(left for left, closes_as in CLOSES_AS.items() if closes_as is reason),
        )
        for reason in ClosureReason
    ]


def _section(module: ModuleType) -> SectionTold:
    name = module.__name__.rpartition(".")[2]
    entry = ENTRY_GATES.get(Stage(name), ()) if name in set(Stage) else ()
    return SectionTold(
        says=(module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " "),
        entry=tuple(gate.sentence for gate in entry),
        commands=tuple(
            _told(command, rule)
            for command, rule in RULES.items()
            if rule.decide.__module__ == module.__name__
        ),
    )


def _told(command: type[Model], rule: Rule) -> CommandTold:
    return CommandTold(
        kind=_kind(command),
        says=(command.__doc__ or "").strip(),
        stages=rule.stages,
        roles=rule.roles,
        needs=tuple(each.sentence for each in (*((rule.activity,) if rule.activity else ()), *rule.gates)),
        leads_to=rule.ways,
        on_hold=rule.on_hold,
        in_safeguarding=rule.in_safeguarding,
    )


def _kind(command: type[Model]) -> str:
    return str(command.model_fields["kind"].default)
