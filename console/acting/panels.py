"""What stands beside the form of a step: how somebody is reached safely, and what was tried so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from casework.referral.acting import ActingView
from casework.words import in_words, span_in_words, when
from schemas.policy import DeadlineName


@dataclass(frozen=True, slots=True)
class Panel:
    """A box beside the form."""

    heading: str
    lines: tuple[str, ...]


def panels_of(kind: str, view: ActingView, about: str | None) -> list[Panel]:
    """The boxes beside the form of a step."""
    found = []
    if kind == "record_contact_attempt" and about is not None:
        found.append(_attempts(view, about))
    return [each for each in found if each is not None]


def _attempts(view: ActingView, about: str) -> Panel | None:
    person = view.referral.participant(about) if view.referral else None
    if person is None or view.referral is None:
        return None
    policy = view.referral.policy
    rule = policy.deadlines.get(DeadlineName.UNREACHABLE_REVIEW)
    after = f"{span_in_words(rule.due)} and " if rule and rule.due else ""
    wanted = policy.unreachable
    review = (
        f"A supervisor reviews after {after}{wanted.attempts} attempts by {wanted.channels} ways, "
        "if they are not reached."
    )
    if not person.attempts:
        return Panel("Attempts so far", ("None.", review))
    by = Counter(each.channel for each in person.attempts)
    ways = ", ".join(f"{number} by {in_words(channel)}" for channel, number in by.items())
    last = person.attempts[-1]
    said = f"{len(person.attempts)}: {ways}. The last {when(last.made_at)}: {in_words(last.outcome)}."
    return Panel("Attempts so far", (said, review))
