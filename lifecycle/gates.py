"""Gates: conditions that must hold before a command is accepted, and the activities that it can be about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from lifecycle.activities.state import concerns, described
from lifecycle.refusal import Refused
from schemas.activity import Activity
from schemas.base import Model
from schemas.people import Actor
from schemas.referral import Referral


@dataclass(frozen=True)
class Gate:
    """A condition that must hold before a command is accepted.

    Attributes:
        code: of the refusal.
        sentence: the condition, as refusals and the documentation print it.
        lacks: says what is missing, or None where the gate is open; empty text adds nothing to the sentence.
    """

    code: str
    sentence: str
    lacks: Callable[[Referral, Actor, datetime], str | None]

    def refusal(self, referral: Referral, actor: Actor, at: datetime) -> Refused | None:
        """What is said where the gate is shut, with what is missing; None where it is open."""
        missing = self.lacks(referral, actor, at)
        if missing is None:
            return None
        return Refused(self.code, f"{self.sentence}: {missing}." if missing else f"{self.sentence}.")

    def check(self, referral: Referral, actor: Actor, at: datetime) -> None:
        """Raise Refused where the gate is shut."""
        refused = self.refusal(referral, actor, at)
        if refused is not None:
            raise refused


def gate(code: str, sentence: str) -> Callable[[Callable[[Referral, Actor, datetime], str | None]], Gate]:
    """Make a gate of the decorated function, which says what is missing."""
    return lambda lacks: Gate(code, sentence, lacks)


@dataclass(frozen=True)
class ActivityGate:
    """A condition on the activity that a command is about.

    Attributes:
        code, sentence, lacks: as of a :class:`Gate`.
    """

    code: str
    sentence: str
    lacks: Callable[[Referral, Activity, Actor, datetime], str | None]

    def refusal(self, referral: Referral, activity: Activity, actor: Actor, at: datetime) -> Refused | None:
        """What is said where the gate is shut, with what is missing; None where it is open."""
        missing = self.lacks(referral, activity, actor, at)
        if missing is None:
            return None
        return Refused(self.code, f"{self.sentence}: {missing}." if missing else f"{self.sentence}.")

    def check(self, referral: Referral, activity: Activity, actor: Actor, at: datetime) -> None:
        """Raise Refused where the gate is shut."""
        refused = self.refusal(referral, activity, actor, at)
        if refused is not None:
            raise refused


def activity_gate(
    code: str, sentence: str
) -> Callable[[Callable[[Referral, Activity, Actor, datetime], str | None]], ActivityGate]:
    """Make a gate of the decorated function, which says what an activity lacks."""
    return lambda lacks: ActivityGate(code, sentence, lacks)


AnyGate: TypeAlias = Gate | ActivityGate


@dataclass(frozen=True)
class Candidates:
    """The activities that a command can be about.

    Attributes:
        code, sentence: of the refusal where there is none.
        of: finds them.
    """

    code: str
    sentence: str
    of: Callable[[Referral], tuple[Activity, ...]]

    def meant(self, referral: Referral, command: Model) -> Activity:
        """The activity that a command is about: the one that it names, or the only one that it can be about.

        Raises:
            Refused: it names another, or none although there are several.
        """
        found, named = self.of(referral), getattr(command, "activity", None)
        if named is None:
            # A person who takes part in one of them only tells which.
            who = getattr(command, "participant", None)
            theirs = [each for each in found if who is not None and concerns(each, who)]
            fitting = theirs or found
            if len(fitting) != 1:
                listed = ", ".join(map(described, found))
                raise Refused("activity_missing", f"Say which activity: {listed}.", "activity")
            return fitting[0]
        for each in found:
            if each.id == named:
                return each
        raise self.unknown(found, named)

    def unknown(self, found: tuple[Activity, ...], named: str) -> Refused:
        """What is said where the command names an activity that is none of those found."""
        listed = ", ".join(map(described, found))
        return Refused(
            "activity_unknown", f"This is not possible for {named}; possible: {listed}.", "activity"
        )
