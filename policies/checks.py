"""What a policy must hold to be used, and what is wrong with one, in words. Files are another module's affair."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from lifecycle.timing.working_time import add_span
from policies.faults import Fault, instead, notice_tables, valid
from policies.notice_checks import of_messages, of_notices
from policies.toml_lines import Place
from schemas.policy import (
    Attempts,
    DeadlineName,
    DeadlineRule,
    FactKind,
    FactRule,
    NoticeRule,
    Policy,
    Timing,
)
from schemas.reading.plain_words import MEANS, accepted_words, in_words
from schemas.vocabulary import JusticeStage

OWN_DATE = frozenset(
    {
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.COURT_DATE,
        DeadlineName.AGREEMENT_ITEM,
        DeadlineName.HOLD_REVIEW,
        DeadlineName.SENTENCE_DATE,
        DeadlineName.COMING_OF_AGE,
    }
)
"""The deadlines that fall on a date of their own rather than some time after their clock starts."""

# Spans are compared by what they come to from one Monday at nine that has no day off near it.
_MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)

_MEANS = MEANS | {
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}
_MISSING = {
    "ground": "is missing: every number says what it rests on: law, standard, borrowed or local",
    "source": "is missing: every number says where it comes from, in words",
}
# Nobody mends more at once, and each costs a search for what may have been meant.
_MOST_FAULTS = 200
# Well formed, but negative or of too many digits.
_LIKE_A_SPAN = re.compile(r"-?(?:\d+(?:wd|w|m)|PT-?\d+S)")
_SPANS = "write 2wd (working days), 6w (weeks), 3m (months) or PT30S (seconds)"


def faults(written: dict[str, Any]) -> list[Fault]:
    """All that is wrong with what policy files say together, in the order of the policy's fields.

    Args:
        written: as it stands in the file, its notices by their names; without `extends` and `areas`.
    """
    return [*_of_form(written), *_of_rules(written), *of_messages(written), *of_notices(written)]


def as_policy(written: dict[str, Any]) -> Policy:
    """The policy that files say together; raises ValidationError."""
    return Policy.model_validate(written | {"notices": list(notice_tables(written).values())}, extra="forbid")


# What pydantic finds, said in words.


def _of_form(written: dict[str, Any]) -> Iterator[Fault]:
    try:
        as_policy(written)
    except ValidationError as error:
        yield from _by_pydantic(error, written)
    notices = written.get("notices", {})
    if not isinstance(notices, dict):
        yield Fault(("notices",), "must be tables with names, such as [notices.allocated]")
        return
    for name, rule in notices.items():
        if rule is not False and not isinstance(rule, dict):
            yield Fault(("notices", name), "must be a table, or false where nobody is told")


def _by_pydantic(error: ValidationError, written: dict[str, Any]) -> Iterator[Fault]:
    problems = error.errors(include_url=False, include_input=False)[:_MOST_FAULTS]
    names = list(notice_tables(written))
    unknown = {problem["loc"][:-1] for problem in problems if problem["loc"][-1] == "[key]"}
    for problem in problems:
        place = problem["loc"]
        of_key = place[-1] == "[key]"
        if not of_key and any(place[: len(above)] == above for above in unknown):
            # What is not known at all need not be right besides.
            continue
        place = place[:-1] if of_key else place
        if place[0] == "notices" and len(place) > 1:
            place = ("notices", names[int(place[1])], *place[2:])
        yield Fault(place, _in_words(problem, place, _at(written, place), of_key))


def _at(written: Any, place: Place) -> Any:
    for part in place:
        try:
            written = written[part]
        except (KeyError, IndexError, TypeError):
            return None
    return written


def _in_words(problem: Any, place: Place, value: Any, of_key: bool) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if of_key:
        known: Iterable[str] = JusticeStage if "by_justice_stage" in place else DeadlineName
        return _unknown(str(place[-1]), FactKind if place[0] == "facts" else known)
    match kind:
        case "missing":
            return _MISSING.get(str(place[-1]), "is missing")
        case "extra_forbidden":
            return _unknown(str(place[-1]), _known_at(place[:-1]))
        case "enum":
            return f"{str(value)[:40]!r} is not accepted. {instead(value, accepted_words(problem))}"
        case "value_error" if "span of time" in str(context["error"]):
            return _no_span(value, place)
        case "value_error":
            return str(context["error"])
        case "string_pattern_mismatch":
            return "must be small letters and _, such as agency_moved"
        case _:
            return in_words(problem, _MEANS)


def _known_at(place: Place) -> Iterable[str]:
    match place:
        case ():
            return (*Policy.model_fields, "extends", "areas")
        case ("unreachable",):
            return Attempts.model_fields
        case ("deadlines", _):
            return DeadlineRule.model_fields
        case ("facts", _):
            return FactRule.model_fields
        case ("deadlines", _, "by_justice_stage", _):
            return Timing.model_fields
        case _:
            return NoticeRule.model_fields


def _unknown(given: str, known: Iterable[str]) -> str:
    accepted = list(known)
    if given in accepted:
        return "has no place here: it stands for the whole file"
    return f"is not known here. {instead(given, accepted)}"


def _no_span(value: Any, place: Place) -> str:
    text = str(value).strip()[:40]
    found = _LIKE_A_SPAN.fullmatch(text)
    if found is None:
        return f"{text!r} is not a span of time: {_SPANS}"
    if "-" not in text:
        return f"{text} is longer than is accepted: at most 999wd, 999w, 99m or PT999999S"
    if "escalate" in place:
        return f"{text}: an escalation counts from when it is due: it cannot lie before it"
    return f"{text}: a span of time cannot be negative"


# What the numbers mean together.


def _of_rules(written: dict[str, Any]) -> Iterator[Fault]:
    tables = written.get("deadlines", {})
    if not isinstance(tables, dict):
        return
    missing = [name.value for name in DeadlineName if name not in tables]
    if missing:
        yield Fault(("deadlines",), f"no rule for {', '.join(missing)}")
    for name in DeadlineName:
        for place, table in _timings(name, tables.get(name)):
            timing = valid(Timing, table)
            if timing is not None:
                yield from _of_timing(name, timing, place)
    for field in ("inactivity_in_preparation", "risk_confirmation_valid"):
        if isinstance(span := written.get(field), str) and _nothing(span):
            yield Fault((field,), f"{span} is no time at all")


def _timings(name: DeadlineName, rule: Any) -> Iterator[tuple[Place, Any]]:
    """Where a deadline's points are told: for all, and for single stages of justice."""
    place = ("deadlines", name.value)
    if isinstance(rule, dict):
        yield place, rule
        stages = rule.get("by_justice_stage")
        for stage, timing in stages.items() if isinstance(stages, dict) else ():
            if stage in set(JusticeStage):
                yield (*place, "by_justice_stage", stage), timing


def _of_timing(name: DeadlineName, timing: Timing, place: Place) -> Iterator[Fault]:
    if name in OWN_DATE and timing.due:
        yield Fault((*place, "due"), "it falls on a date of its own: leave this out")
        return
    if name not in OWN_DATE and not timing.due:
        yield Fault((*place, "due"), "is missing: how long after its clock starts it is due")
        return
    nothing = list(_of_nothing(timing, place))
    yield from nothing
    if nothing:
        return
    for number, warn in enumerate(timing.warn):
        if timing.due and _reckoned(warn) >= _reckoned(timing.due):
            yield Fault(
                (*place, "warn", number),
                f"{warn} does not lie before it is due, which is after {timing.due}",
                ((*place, "due"),),
            )
    for number, (one, next_one) in enumerate(pairwise(timing.escalate), 1):
        if _reckoned(next_one) <= _reckoned(one):
            yield Fault(
                (*place, "escalate", number),
                f"{next_one} does not climb: it must be later than {one} before it",
            )


def _of_nothing(timing: Timing, place: Place) -> Iterator[Fault]:
    """Spans of no length; only the first escalation may come the instant that its deadline is due."""
    if timing.due and _nothing(timing.due):
        yield Fault((*place, "due"), f"{timing.due} is no time at all")
    for number, span in enumerate(timing.warn):
        if _nothing(span):
            yield Fault((*place, "warn", number), f"{span} is no time at all")
    for number, span in enumerate(timing.escalate):
        if _nothing(span) and (number or span != "PT0S"):
            yield Fault(
                (*place, "escalate", number),
                f"{span} is no time at all; only the first escalation may be the instant it is due, which is PT0S",
            )


def _nothing(span: str) -> bool:
    return not int("".join(filter(str.isdigit, span)) or "1")


def _reckoned(span: str) -> datetime:
    return add_span(_MONDAY, span)
