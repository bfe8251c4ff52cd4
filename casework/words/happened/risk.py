"""Sentences on the risk assessment."""

from __future__ import annotations

from casework.words.happened.telling import Told, says
from casework.words.people import People
from schemas.vocabulary import Verdict

_VERDICTS = {
    Verdict.PROCEED_DIRECT: "it may go on, by a direct method too",
    Verdict.PROCEED_INDIRECT: "it may go on by an indirect method only",
    Verdict.NOT_YET: "not yet",
    Verdict.UNSAFE: "unsafe",
}


@says("risk_assessed")
def say_risk_assessed(told: Told, people: People) -> str:
    if not told.tells("about"):
        return "the risk was assessed"
    return f"the risk was assessed for {people.called(told.about) if told.about else 'the pair'}"


@says("risk_verdict_given")
def say_risk_verdict_given(told: Told, people: People) -> str:
    text = "the risk assessment came to a verdict"
    return f"{text}: {_VERDICTS[told.verdict]}" if told.verdict else text


@says("risk_reconfirmed")
def say_risk_reconfirmed(told: Told, people: People) -> str:
    of = f" of {told.activity}" if told.activity else ""
    return f"the risk{of} was looked at again and stands as assessed"
