"""The pages of the documentation that are written from the code, so that they say what it does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from casework.words.policy import deadline_words, notice_words, number_words
from cli.docs.access_page import access_page
from cli.docs.privacy_page import privacy_page
from operations.rules_page import (
    MAY_OPEN,
    OPEN_STAGES,
    SUPERVISORS,
    WORKERS,
    CommandTold,
    SectionTold,
    between_stages,
    closures,
    commands,
    consent_gates,
    of_every_stage,
    stages,
    ways,
)
from policies.files import load_policies
from schemas.people import Role
from schemas.policy import Policy
from schemas.vocabulary import Stage
from schemas.vocabulary.words import in_words

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
        *(_section(stage, number) for number, stage in enumerate(stages(), 1)),
        "## In preparation and conference",
        *(_section(each) for each in between_stages()),
        "## In every stage",
        *(_section(each) for each in of_every_stage()),
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
        "default policy, `policies/england-and-wales.toml`; a service may set its own. The words are explained in the "
        "[glossary](glossary.md).\n\n"
        "A command is what somebody asks for. It is taken only in the stages named, from the people named, and if "
        "every condition holds; otherwise the answer is one sentence that says why, and nothing is recorded. "
        f"*{_GROUPS[WORKERS].capitalize()}* means {_roles(WORKERS)}, of the referral's own area. "
        f"A referral is opened by {_roles(MAY_OPEN)}, or by the service itself where somebody asked to be called."
    )


def _ways() -> str:
    return "## From stage to stage\n\n" + _table(("from", "to", "by"), _way_rows())


def _way_rows() -> Iterator[tuple[str, str, str]]:
    for stage, to, by in ways():
        yield in_words(stage), in_words(to), ", ".join(map(_code, by))


def _section(section: SectionTold, number: int | None = None) -> str:
    title, _, what = section.says.partition(": ")
    parts = [f"### {title}" if number is None else f"## {number}. {title}"]
    if not what:
        parts = [f"### {section.says.rstrip('.')}"]
    else:
        parts.append(what[0].upper() + what[1:])
    if section.entry:
        parts.append("To enter this stage, by whatever command:\n\n" + _bullets(section.entry))
    rows = [
        (
            _code(each.kind),
            each.says,
            _where(each.stages),
            _who(each.roles),
            "; ".join(each.needs),
            _leads(each),
        )
        for each in section.commands
    ]
    parts.append(_table(("command", "what it does", "in", "by", "what must hold", "may lead to"), rows))
    return "\n\n".join(parts)


def _overlays() -> str:
    def possible(told: Iterable[CommandTold]) -> str:
        return ", ".join(_code(each.kind) for each in told) + "."

    on_hold = possible(each for each in commands() if each.on_hold)
    frozen = possible(each for each in commands() if each.in_safeguarding)
    return (
        "## On hold, and safeguarding\n\n"
        "Neither is a stage: the referral stays where it is.\n\n"
        "**On hold**, its clocks stand still, and continue where they stopped. A deadline with a date of its own, such "
        "as a court's, does not wait, nor does a task to tell somebody something in person. The hold has a review "
        "date. Possible meanwhile: "
        f"{on_hold}\n\n"
        "**Safeguarding** stops every message and contact at once, until a supervisor other than who raised it "
        f"lifts it. Possible meanwhile: {frozen}"
    )


def _consents() -> str:
    rows = [
        (
            sentence,
            ", ".join(
                f"entering {in_words(each)}" if isinstance(each, Stage) else _code(each) for each in at
            ),
        )
        for sentence, at in consent_gates()
    ]
    return (
        "## Where consent is asked for\n\n"
        "Consent is a standing condition: it is checked again each time. For a child it is the child's own and a "
        "parent's or guardian's. No override replaces it.\n\n" + _table(("what must hold", "for"), rows)
    )


def _closures() -> str:
    rows = [
        (
            in_words(each.reason),
            "yes" if each.signed_off else "",
            "; ".join(
                f"the last person {in_words(role)}: {in_words(reason)}" for role, reason in each.of_itself
            ),
        )
        for each in closures()
    ]
    return (
        "## Reasons for closing\n\n"
        "Closing cancels every deadline. A closed referral may be reopened by a supervisor other than who closed "
        "it, to the stage it left if the consents for it still stand.\n\n"
        + _table(("reason", "waits for a sign-off", "follows when the part of the last … ends"), rows)
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
        "A deadline warns, is due, and escalates; it never closes a referral. A clock in working days that would start "
        "after 13:00 or on a day off starts at 09:00 on the next working day of England and Wales. Where no span is "
        "given for due, the deadline has a date of its own, and its warnings come before that date. Whoever answers "
        "for it is told of its warnings and when it is due; each escalation goes one rung up the ladder.\n\n"
        + _table(head, deadline_words(policy))
    )


def _notices(policy: Policy) -> str:
    return (
        "## Who is told of what\n\n"
        "Messages for staff are always in their inbox. By category they choose which are also sent by e-mail at "
        "once.\n\n"
        + _table(("what happens", "tells", "template", "category"), map(notice_words, policy.notices))
    )


def _numbers(policy: Policy) -> str:
    return f"## What else the policy of {policy.name} {policy.version} decides\n\n" + _table(
        ("what", "is"), number_words(policy)
    )


def _leads(told: CommandTold) -> str:
    if told.leads_to >= OPEN_STAGES:
        return "the stage it left"
    return " or ".join(in_words(stage) for stage in Stage if stage in told.leads_to)


def _where(stages: frozenset[Stage]) -> str:
    if stages >= frozenset(Stage):
        return "every stage, closed too"
    if stages == OPEN_STAGES:
        return "every open stage"
    missing = OPEN_STAGES - stages
    if len(missing) == 1 and Stage.CLOSED not in stages:
        return f"every open stage but {in_words(*missing)}"
    return ", ".join(in_words(stage) for stage in Stage if stage in stages)


def _who(roles: frozenset[Role]) -> str:
    return _GROUPS.get(roles) or _roles(roles)


def _roles(roles: Iterable[Role]) -> str:
    named = [in_words(role) for role in Role if role in set(roles)]
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]


def _code(kind: str) -> str:
    return f"`{kind}`"


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
