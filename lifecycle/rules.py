"""Rules and how they are applied: for each command its stages, roles, gates and resulting events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from lifecycle.activities.state import described
from lifecycle.gates import ActivityGate, AnyGate, Candidates, Gate
from lifecycle.people.ages import as_of
from lifecycle.refusal import Refused
from schemas.activity import Activity
from schemas.base import Model
from schemas.commands import Command, OpenReferral
from schemas.events import Event
from schemas.people import Actor, Role
from schemas.referral import Referral
from schemas.vocabulary import Stage

OPEN_STAGES = frozenset(Stage) - {Stage.CLOSED}
# The stages a referral may move to from each stage, by any command; reopening returns to the stage it closed in.
WAYS: dict[Stage, frozenset[Stage]] = {
    Stage.RECEIVED: frozenset({Stage.VICTIM_CONTACT, Stage.OFFENDER_CONSENT, Stage.CLOSED}),
    Stage.VICTIM_CONTACT: frozenset({Stage.RISK_ASSESSMENT, Stage.CLOSED}),
    Stage.RISK_ASSESSMENT: frozenset({Stage.OFFENDER_CONSENT, Stage.VICTIM_CONTACT, Stage.CLOSED}),
    Stage.OFFENDER_CONSENT: frozenset(
        {Stage.PREPARATION, Stage.RISK_ASSESSMENT, Stage.VICTIM_CONTACT, Stage.CLOSED}
    ),
    Stage.PREPARATION: frozenset({Stage.CONFERENCE, Stage.FOLLOW_UP, Stage.RISK_ASSESSMENT, Stage.CLOSED}),
    Stage.CONFERENCE: frozenset({Stage.FOLLOW_UP, Stage.PREPARATION, Stage.RISK_ASSESSMENT, Stage.CLOSED}),
    Stage.FOLLOW_UP: frozenset({Stage.CONFERENCE, Stage.PREPARATION, Stage.RISK_ASSESSMENT, Stage.CLOSED}),
    Stage.CLOSED: OPEN_STAGES,
}
WORKERS = frozenset({Role.CASEWORKER, Role.FACILITATOR, Role.SUPERVISOR, Role.SERVICE_MANAGER})
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.SERVICE_MANAGER})

C = TypeVar("C", bound=Model)
Decision = Callable[[Referral, C, Actor, datetime], Iterable[Event]]


@dataclass(frozen=True)
class Rule:
    """The rule for one command.

    Attributes:
        stages: the stages in which it may be given.
        roles: who may give it, in the referral's area or the one it is offered to.
        gates: what must hold.
        leads_to: the stage it enters; that stage's entry gates are checked too.
        may_lead_to: stages it enters in some cases or with some values of its fields.
        on_hold: whether it may be given while the referral is paused.
        in_safeguarding: whether it may be given while a safeguarding concern stops every contact.
        of_offered_area: whether it is for the area that the referral is offered to, instead of its own.
        of_sender: whether the partner who sent the referral may give it also once another area has taken it over.
        decide: yields the events that follow; raises Refused. Where the command is about an activity, it names it.
        activity: which activities the command can be about; None where it is about none.
    """

    stages: frozenset[Stage]
    roles: frozenset[Role]
    gates: tuple[AnyGate, ...]
    leads_to: Stage | None
    may_lead_to: frozenset[Stage]
    on_hold: bool
    in_safeguarding: bool
    decide: Decision[Any]
    of_offered_area: bool = False
    of_sender: bool = False
    activity: Candidates | None = None

    @property
    def ways(self) -> frozenset[Stage]:
        """Every stage that the command can enter."""
        return self.may_lead_to | ({self.leads_to} if self.leads_to else set())

    @property
    def all_gates(self) -> tuple[AnyGate, ...]:
        """The command's own gates and those of the stage it enters."""
        return (*self.gates, *(ENTRY_GATES.get(self.leads_to, ()) if self.leads_to else ()))

    def check(self, referral: Referral, actor: Actor, at: datetime, activity: str | None = None) -> None:
        """Raise Refused where the command may not be given now, by this person, whatever its fields say.

        Args:
            activity: the id of the activity that it names, if it names one.
        """
        refused = self.place_refusal(referral, actor) or next(
            self.refusals(referral, actor, at, activity), None
        )
        if refused is not None:
            raise refused

    def place_refusal(self, referral: Referral, actor: Actor) -> Refused | None:
        """What is said where the command is not this person's to give, or not in this stage; else None."""
        if actor.role not in self.roles:
            who = ", ".join(sorted(role.replace("_", " ") for role in self.roles))
            return Refused("not_your_role", f"Your role may not do this; it is for: {who}.")
        offer = referral.transfer_offer
        if self.of_offered_area and (offer is None or actor.area != offer.area):
            if offer is None:
                return Refused("not_offered", "The referral is not offered to another area.")
            return Refused("other_area", f"It is for {offer.area} to answer, which it is offered to.")
        sent_it = self.of_sender and _sent_from(referral, actor)
        if not (self.of_offered_area or sent_it) and actor.area != referral.area:
            return Refused("other_area", "This referral belongs to another area.")
        if referral.stage not in self.stages:
            if referral.closed:
                return Refused("closed", "The referral is closed; a supervisor may reopen it.")
            where = ", ".join(stage for stage in Stage if stage in self.stages)
            return Refused(
                "wrong_stage", f"The referral is in {referral.stage}; this is possible in: {where}."
            )
        return None

    def refusals(
        self, referral: Referral, actor: Actor, at: datetime, named: str | None = None
    ) -> Iterator[Refused]:
        """What stands in the way of a command that has its place here: a hold, a concern, each gate that is shut.

        They are asked one by one, in the order in which a step meets them, and none is raised. Where it can be about
        several activities, nothing does if nothing does for one of them.

        Args:
            named: the id of the activity that it names: only what stands in the way for that one.
        """
        if referral.hold and not self.on_hold:
            yield Refused("on_hold", "The referral is on hold; resume it first.")
        if referral.safeguarding and not self.in_safeguarding:
            yield Refused("safeguarding", "A safeguarding concern is open; a supervisor must lift it first.")
        if self.activity is None:
            yield from self.refusals_about(referral, None, actor, at)
            return
        possible = self.activity.of(referral)
        found = tuple(each for each in possible if named in (None, each.id))
        if not possible:
            yield Refused(self.activity.code, f"{self.activity.sentence}.")
        elif named is not None and not found:
            # What the others lack would be said of an activity that is not meant.
            yield self.activity.unknown(possible, named)
        blocked = [tuple(self.refusals_about(referral, each, actor, at)) for each in found]
        if not all(blocked):
            return
        said: set[str] = set()
        for activity, refusals in zip(found, blocked, strict=True):
            for each in refusals:
                of_it = len(found) > 1 and self._is_about_activity(each.code)
                message = f"{described(activity)}: {each.message}" if of_it else each.message
                if message not in said:
                    said.add(message)
                    yield Refused(each.code, message, each.field)

    def refusals_about(
        self, referral: Referral, activity: Activity | None, actor: Actor, at: datetime
    ) -> Iterator[Refused]:
        """What the gates say of a command about one activity, or about none."""
        for each in self.all_gates:
            if isinstance(each, Gate):
                refused = each.refusal(referral, actor, at)
            else:
                refused = each.refusal(referral, activity, actor, at) if activity else None
            if refused is not None:
                yield refused

    def _is_about_activity(self, code: str) -> bool:
        return any(isinstance(each, ActivityGate) and each.code == code for each in self.all_gates)

    def about_activity(self, referral: Referral, command: C, actor: Actor, at: datetime) -> C:
        """The command with the activity that it is about, where it is about one.

        Raises:
            Refused: it may not be given for that one, or does not say for which.
        """
        if self.activity is None:
            return command
        activity = self.activity.meant(referral, command)
        refused = next(self.refusals_about(referral, activity, actor, at), None)
        if refused is not None:
            raise refused
        return command.model_copy(update={"activity": activity.id})


def _sent_from(referral: Referral, actor: Actor) -> bool:
    """Whether an actor is the partner who sent the referral, in the area that it was sent to and has left since."""
    sent_to = referral.transfers[0].left if referral.transfers else None
    return actor.role is Role.PARTNER and actor.id == referral.sent_by_partner and actor.area == sent_to


RULES: dict[type[Model], Rule] = {}
ENTRY_GATES: dict[Stage, tuple[AnyGate, ...]] = {}


def rule(
    command: type[C],
    *,
    stages: Iterable[Stage],
    roles: frozenset[Role] = WORKERS,
    gates: Sequence[AnyGate] = (),
    activity: Candidates | None = None,
    leads_to: Stage | None = None,
    may_lead_to: Iterable[Stage] = (),
    on_hold: bool = False,
    in_safeguarding: bool = False,
    of_offered_area: bool = False,
    of_sender: bool = False,
) -> Callable[[Decision[C]], Decision[C]]:
    """Register a command's rule; decorates the function that yields the events that follow."""

    def enter(decision: Decision[C]) -> Decision[C]:
        RULES[command] = Rule(
            frozenset(stages),
            roles,
            tuple(gates),
            leads_to,
            frozenset(may_lead_to),
            on_hold,
            in_safeguarding,
            decision,
            of_offered_area,
            of_sender,
            activity,
        )
        return decision

    return enter


def decide(referral: Referral, command: Command, actor: Actor, at: datetime) -> tuple[Event, ...]:
    """The events that follow from a command.

    Three commands need more than the state, and only their gates are checked here: a correction needs the log
    (:func:`lifecycle.case.correction.correct`), adopting a policy and accepting a transfer the policy
    (:func:`lifecycle.case.adoption.adopt`, :func:`lifecycle.case.transfer.accept`).

    Args:
        referral: the state before.
        command: what is asked for.
        actor: who asks. Their claim is checked against the staff register when the step is recorded.
        at: now, aware.

    Raises:
        Refused: it is not possible.
    """
    if isinstance(command, OpenReferral):
        raise Refused("already_open", "There is already a referral with this reference.")
    found = RULES[type(command)]
    today = as_of(referral, at)
    found.check(today, actor, at, getattr(command, "activity", None))
    return tuple(found.decide(today, found.about_activity(today, command, actor, at), actor, at))


def permitted(referral: Referral, actor: Actor, at: datetime) -> tuple[str, ...]:
    """The kinds of command that this person may give now, in the order of the lifecycle."""
    found = permitted_and_blocked(referral, actor, at)
    return tuple(kind for kind, refusals in found.items() if not refusals)


def permitted_and_blocked(referral: Referral, actor: Actor, at: datetime) -> dict[str, tuple[Refused, ...]]:
    """The kinds of command that are this person's to give in this stage, in the order of the lifecycle, each with all
    that stands in its way now; nothing does where they may give it."""
    found = {}
    today = as_of(referral, at)
    for command, each in RULES.items():
        if each.place_refusal(today, actor) is None:
            kind = command.model_fields["kind"].default
            found[kind] = tuple(each.refusals(today, actor, at))
    return found
