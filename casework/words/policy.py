"""What a policy settles, put into words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.notices import Addressee
from schemas.policy import Kept, NoticeRule, Policy, Rung, Span, Timing
from schemas.vocabulary.words import in_words

_UNITS = {"wd": "working day", "w": "week", "m": "month"}
_TOLD = {
    Addressee.ANSWERS: "who stands on the rung that it has come to",
    Addressee.CASEWORKER: "the caseworker",
    Addressee.FACILITATORS: "the facilitators",
    Addressee.SUPERVISORS: "the supervisors of the area",
    Addressee.SERVICE_MANAGERS: "the service managers of the area",
    Addressee.AGENCY: "the agency that sent the referral",
    Addressee.PARTICIPANT: "the participant whom it is about",
    Addressee.ATTENDING: "everyone who is to be there",
    Addressee.HARMED: "the persons harmed",
    Addressee.WHO_ASKED: "who asked for it themselves",
}


class DeadlineWords(NamedTuple):
    """One deadline, or what holds of it at one stage of justice."""

    name: str
    warns: str
    due: str
    escalates: str
    answers: str
    ground: str
    source: str


class FactWords(NamedTuple):
    """What an erasure leaves of one kind of coarse fact."""

    kind: str
    after_erasure: str
    ground: str
    source: str


class NoticeWords(NamedTuple):
    """What is told to whom when something happens."""

    when: str
    tells: str
    template: str
    category: str


def deadline_words(policy: Policy) -> Iterator[DeadlineWords]:
    """Every deadline, and after each what holds at single stages of justice."""
    for name, rule in policy.deadlines.items():
        whose = in_words(rule.answers), rule.ground, rule.source
        yield DeadlineWords(in_words(name), *_points(rule, rule.answers), *whose)
        for stage, timing in rule.by_justice_stage.items():
            yield DeadlineWords(
                f"{in_words(name)}, {in_words(stage)}", *_points(timing, rule.answers), *whose
            )


def _points(timing: Timing, answers: Rung) -> tuple[str, str, str]:
    before = "" if timing.due else " before"
    return (
        ", ".join(span_words(each) + before for each in timing.warn),
        span_words(timing.due) if timing.due else "its own date",
        ", ".join(
            f"{_after(span)} ({in_words(answers.above(number))})"
            for number, span in enumerate(timing.escalate, 1)
        ),
    )


def _after(span: Span) -> str:
    return "at once" if span == "PT0S" else f"after {span_words(span)}"


def span_words(span: Span) -> str:
    """A span of time as people read it: 2 working days."""
    if span.startswith("PT"):
        return _counted(int(span[2:-1]), "second")
    return _counted(int(span.rstrip("wdm")), _UNITS[span.lstrip("0123456789")])


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def number_words(policy: Policy) -> Iterator[tuple[str, str]]:
    """What a policy settles besides deadlines and notices: what, and what it is."""
    yield (
        "counts as unreachable after",
        f"{policy.unreachable.attempts} attempts on {_counted(policy.unreachable.channels, 'channel')}",
    )
    yield "inactivity, in preparation", span_words(policy.inactivity_in_preparation)
    yield "a risk confirmation is good for", span_words(policy.risk_confirmation_valid)
    yield (
        "not accepted from a person responsible",
        ", ".join(in_words(each) for each in policy.offender_initiated_refused) or "nothing",
    )
    yield "a supervisor may override", ", ".join(in_words(each) for each in policy.overridable) or "nothing"
    accepted = "accepted" if policy.conflicts_without_crime_accepted else "not accepted"
    yield "conflicts without a crime", accepted
    yield "recording", "allowed with consent" if policy.recording_allowed else "never"
    yield "kept after closing", _counted(policy.retention_years, "year")
    yield (
        "closed besides weekends and bank holidays",
        ", ".join(f"{day:%-d %b %Y}" for day in sorted(policy.closures)) or "never",
    )
    yield "messages name the service", policy.service_name
    yield "messages ask people to ring", policy.service_phone or "no number"
    yield "messages in Welsh", "where there is such text" if policy.welsh else "never"
    yield "booked meetings go into calendars", "of the staff concerned" if policy.invitations else "never"


def fact_words(policy: Policy) -> Iterator[FactWords]:
    """What an erasure leaves of each kind of coarse fact."""
    left = {
        Kept.STAYS: "stays",
        Kept.OF_WHO_DECLINED: "stays of who declined to take part, else goes",
        Kept.GOES: "goes",
    }
    for kind, rule in policy.facts.items():
        yield FactWords(in_words(kind), left[rule.after_erasure], rule.ground, rule.source)


def notice_words(rule: NoticeRule) -> NoticeWords:
    """One notice, in the pieces of a sentence."""
    only = " and ".join(
        f"{in_words(field)} is {' or '.join(in_words(value) for value in values)}"
        for field, values in rule.only.items()
    )
    after = ", even if the referral has closed meanwhile" if rule.after_closing else ""
    return NoticeWords(
        when=in_words(rule.on) + (f", where {only}" if only else "") + after,
        tells=_TOLD[rule.to],
        template=rule.template,
        category=in_words(rule.category),
    )
