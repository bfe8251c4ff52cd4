"""The pages of the documentation that are written from the code, so that they say what it does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from cli.docs.access_page import access_page
from cli.docs.privacy_page import privacy_page
from cli.policy_words import deadline_words, notice_words, number_words
from lifecycle import ENTRY_GATES, RULES, STAGES, STANDING, Gate, Rule
from lifecycle.core import OPEN_STAGES, SUPERVISORS, WAYS, WORKERS
from lifecycle.leaving import CLOSES_AS
from lifecycle.stages.closing import CLOSURES_TO_SIGN_OFF
from lifecycle.stages.intake import MAY_OPEN
from policies.files import load_policies
from schemas.base import Model
from schemas.commands import DecideSignOff
from schemas.people import Role
from schemas.policy import Policy
from schemas.vocabulary import ClosureReason, Stage

FOLDER = Path(__file__).parents[2] / "docs"
COMMAND = "python -m cli.docs"

_GROUPS: dict[frozenset[Role], str] = {
    WORKERS: "anyone who works on it",
    WORKERS | {Role.PARTNER}: "anyone who works on it, and partner agencies",
    SUPERVISORS: "supervisor or service manager",
    frozenset({Role.SYSTEM}): "the referral's own clock",
}


def lifecycle_page() -> str:
    """The whole page on the lifecycle, in Markdown."""
    policy = load_policies().base
    parts = (
        _opening(),
        _ways(),
        *(_section(module, number) for number, module in enumerate(STAGES, 1)),
        "## In every stage",
        *(_section(module) for module in STANDING),
        _overlays(),
        _consents(),
        _closures(),
        _deadlines(policy),
        _notices(policy),
        _numbers(policy),
    )
    return "\n\n".join(parts) + "\n"


def main(check: bool) -> int:
    """Write the pages or, to check, only compare them; the exit code."""
    pages = {
        "access.md": access_page(COMMAND),
        "lifecycle.md": lifecycle_page(),
        "privacy.md": privacy_page(COMMAND),
    }
    stale = False
    for name, page in pages.items():
        path = FOLDER / name
        if not check:
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            sys.stderr.write(f"docs/{name} does not say what the code says: run `{COMMAND}` and commit it.\n")
            stale = True
    return int(stale)


def _opening() -> str:
    return (
        "# The lifecycle of a referral\n\n"
        f"This page is written from the rules by `{COMMAND}`; it is not edited by hand. The numbers are those of the "
        "default policy, `policies/england-and-wales.toml`; a service may set its own.\n\n"
        "A command is what somebody asks for. It is taken only in the stages named, from the people named, and if "
        "everything holds that it needs; otherwise the answer is one sentence that says why, and nothing has "
        f"happened. *{_GROUPS[WORKERS].capitalize()}* means {_roles(WORKERS)}, of the referral's own area. "
        f"A referral is opened by {_roles(MAY_OPEN)}."
    )


def _ways() -> str:
    return "## The ways between the stages\n\n" + _table(("from", "to", "by"), _way_rows())


def _way_rows() -> Iterator[tuple[str, str, str]]:
    for stage in Stage:
        onward: dict[Stage, list[str]] = {}
        for command, rule in RULES.items():
            for to in rule.ways & WAYS[stage] if stage in rule.stages else ():
                # What a sign-off moves on is a verdict; elsewhere it closes at most.
                if command is not DecideSignOff or to is Stage.CLOSED or stage is Stage.RISK_ASSESSMENT:
                    onward.setdefault(to, []).append(_kind(command))
        for to in Stage:
            if to in onward:
                yield _words(stage), _words(to), ", ".join(onward[to])


def _section(module: ModuleType, number: int | None = None) -> str:
    said = (module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
    title, _, what = said.partition(": ")
    parts = [f"### {title}" if number is None else f"## {number}. {title}"]
    if not what:
        parts = [f"### {said.rstrip('.')}"]
    else:
        parts.append(what[0].upper() + what[1:])
    entry = _entry(module)
    if entry:
        parts.append(
            "To enter this stage, by whatever command:\n\n" + _bullets(gate.sentence for gate in entry)
        )
    rows = [
        (_kind(command), _said(command), _where(rule.stages), _who(rule.roles), _needs(rule), _leads(rule))
        for command, rule in RULES.items()
        if rule.decide.__module__ == module.__name__
    ]
    parts.append(_table(("command", "what it does", "in", "by", "what must hold", "may lead to"), rows))
    return "\n\n".join(parts)


def _entry(module: ModuleType) -> Sequence[Gate]:
    name = module.__name__.rpartition(".")[2]
    return ENTRY_GATES.get(Stage(name), ()) if name in set(Stage) else ()


def _overlays() -> str:
    def possible(how: Iterable[tuple[type[Model], bool]]) -> str:
        return ", ".join(_kind(command) for command, may in how if may) + "."

    on_hold = possible((command, rule.on_hold) for command, rule in RULES.items())
    frozen = possible((command, rule.in_safeguarding) for command, rule in RULES.items())
    return (
        "## On hold, and safeguarding\n\n"
        "Neither is a stage: the referral stays where it is.\n\n"
        "**On hold**, its clocks stand still and go on where they stopped; what has a date of its own, such as a "
        "court's, does not wait, nor does what somebody has to be told in person; and the hold has its own review "
        "date. Possible meanwhile: "
        f"{on_hold}\n\n"
        "**Safeguarding** stops every message and contact at once, until a supervisor other than who raised it "
        f"lifts it. Possible meanwhile: {frozen}"
    )


def _consents() -> str:
    gates: dict[Gate, list[str]] = {}
    for stage, entry in ENTRY_GATES.items():
        for gate in entry:
            gates.setdefault(gate, []).append(f"entering {_words(stage)}")
    for command, rule in RULES.items():
        for gate in rule.gates:
            gates.setdefault(gate, []).append(_kind(command))
    rows = [(gate.sentence, ", ".join(at)) for gate, at in gates.items() if "consent" in gate.code]
    return (
        "## Where consent is asked for\n\n"
        "Consent is a standing condition: it is looked at again each time. For a child it is the child's own and a "
        "parent's or guardian's. No override replaces it.\n\n" + _table(("what must hold", "for"), rows)
    )


def _closures() -> str:
    of_itself: dict[ClosureReason, list[str]] = {}
    for (role, reason), closes_as in CLOSES_AS.items():
        of_itself.setdefault(closes_as, []).append(f"the last person {_words(role)}: {_words(reason)}")
    rows = [
        (
            _words(reason),
            "yes" if reason in CLOSURES_TO_SIGN_OFF else "",
            "; ".join(of_itself.get(reason, ())),
        )
        for reason in ClosureReason
    ]
    return (
        "## Reasons for closing\n\n"
        "Closing cancels every deadline. A closed referral may be reopened by a supervisor other than who closed "
        "it, to the stage it left if the consents for it still stand.\n\n"
        + _table(("reason", "waits for a sign-off", "comes of itself with"), rows)
    )


def _deadlines(policy: Policy) -> str:
    head = (
        "deadline",
        "warns after",
        "due after",
        "escalates when overdue (to)",
        "who answers",
        "ground",
        "source",
    )
    return (
        "## Deadlines\n\n"
        "A deadline reminds, is due, and escalates; it never closes a referral. What starts a clock in working "
        "days after 13:00 or on a day off starts it at 09:00 on the next working day of England and Wales. Where "
        "no span is given for due, it falls on a date of its own, and is warned of before that date. Who answers "
        "hears of its warnings and its due date; each escalation climbs a rung of the ladder.\n\n"
        + _table(head, deadline_words(policy))
    )


def _notices(policy: Policy) -> str:
    return (
        "## Who is told of what\n\n"
        "What is for staff is always in their inbox; by its category they choose what reaches them besides by "
        "e-mail at once.\n\n"
        + _table(("what happens", "tells", "template", "category"), map(notice_words, policy.notices))
    )


def _numbers(policy: Policy) -> str:
    return f"## What else {policy.name} {policy.version} settles\n\n" + _table(
        ("what", "is"), number_words(policy)
    )


def _needs(rule: Rule) -> str:
    return "; ".join(gate.sentence for gate in rule.gates)


def _leads(rule: Rule) -> str:
    if rule.ways >= OPEN_STAGES:
        return "the stage it left"
    return " or ".join(_words(stage) for stage in Stage if stage in rule.ways)


def _where(stages: frozenset[Stage]) -> str:
    if stages >= frozenset(Stage):
        return "every stage, closed too"
    if stages == OPEN_STAGES:
        return "every open stage"
    missing = OPEN_STAGES - stages
    if len(missing) == 1 and Stage.CLOSED not in stages:
        return f"every open stage but {_words(*missing)}"
    return ", ".join(_words(stage) for stage in Stage if stage in stages)


def _who(roles: frozenset[Role]) -> str:
    return _GROUPS.get(roles) or _roles(roles)


def _roles(roles: Iterable[Role]) -> str:
    named = [_words(role) for role in Role if role in set(roles)]
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]


def _kind(command: type[Model]) -> str:
    return f"`{command.model_fields['kind'].default}`"


def _said(command: type[Model]) -> str:
    return (command.__doc__ or "").strip()


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}." for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
