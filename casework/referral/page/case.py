"""A referral as one reader may see it, read once: its log, its people, and who works there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from casework.access import Known, What, needs_reason, require_access
from casework.referral.timeline import names_in
from casework.referral.view import without_special
from casework.session import Session
from casework.words import People, people_of
from casework.words.names import short_names
from lifecycle import Refused, evolve, permitted_and_blocked
from lifecycle.activities.state import all_facilitators
from lifecycle.case.correction import taken_back
from lifecycle.people.leaving import known_participant
from schemas.access import DataKind, Relation
from schemas.events import (
    Allocated,
    FacilitatorsAssigned,
    Reassigned,
    Recorded,
    TransferAccepted,
)
from schemas.people import Actor, Role, Staff
from schemas.privacy import without_sensitive
from schemas.referral import Referral
from schemas.vocabulary import Stage
from stores import staff
from stores.keys import erasures
from stores.keys.erasures import Erasure
from stores.keys.referral_keys import DataKey, KeyErased
from stores.logs import event_log

SERVICE = "system"
"""The id by which the service records what nobody asked for: its clocks, and what became of messages."""

_SIDES = "person harmed|person responsible|supporter|guardian|interpreter|appropriate adult|party"
_NAMING_STAFF = (Allocated, Reassigned, FacilitatorsAssigned, TransferAccepted)


@dataclass(frozen=True)
class Visit:
    """The time that a referral was in a stage; it may be in one more than once."""

    stage: Stage
    entered_at: datetime
    left_at: datetime | None


@dataclass(frozen=True)
class Case:
    """A referral as one reader may see it. Nothing of it leaves `casework`: pages are made of it.

    Attributes:
        session: of the reader.
        actor: the reader, as one who acts on the referral.
        at: now, UTC.
        relation: what the reader has to do with it.
        referral: its state.
        history: its whole log, without what identifies people where `opened` is false.
        visits: its stages, in the order of time.
        opened: whether what is said about people is shown.
        withheld: whether it is a sensitive case of others, of which special categories and judgements are left out.
        people: how its people are called.
        staff: who works in its area, and whoever is named in its log, by id.
        erasure: the note of its erasure.
        steps: what the reader may do now and, of this stage, what they may not, with all that stands in its way.
    """

    session: Session
    actor: Actor
    at: datetime
    relation: Relation
    referral: Referral
    history: Sequence[Recorded]
    visits: tuple[Visit, ...]
    opened: bool
    withheld: bool
    people: People
    staff: Mapping[str, Staff]
    erasure: Erasure | None
    steps: Mapping[str, tuple[Refused, ...]]
    _names: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def reference(self) -> str:
        """Of the referral."""
        return self.referral.reference

    def may(self, kind: str) -> bool:
        """Whether the reader may take a step of that kind now."""
        return self.steps.get(kind) == ()

    @property
    def permitted(self) -> frozenset[str]:
        """The kinds of step that the reader may take now."""
        return frozenset(kind for kind, refusals in self.steps.items() if not refusals)

    def standing(self) -> list[Recorded]:
        """The log without the steps that were taken back."""
        gone = taken_back(self.history)
        return [recorded for recorded in self.history if recorded.step not in gone]

    def called(self, participant: str) -> str:
        """A person by name where it may be shown, else by side: June I.; the person harmed; h2, a person harmed."""
        return self.people.called_as.get(participant) or self.people.side_of(participant)

    def all_called(self, participants: Iterable[str]) -> str:
        """Several people: June I., Jack I. and the person harmed."""
        called = [self.called(each) for each in participants]
        return " and ".join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)

    def colleague(self, staff_id: str | None) -> str:
        """A colleague by name; by id where there is none."""
        if staff_id is None:
            return "nobody yet"
        if staff_id == SERVICE:
            return "The service"
        known = self.staff.get(staff_id)
        return known.name or staff_id if known else staff_id

    def with_names(self, text: str) -> str:
        """A sentence of the rules or a worklist, with people and colleagues by name where it has their ids."""
        return self._with_colleagues(self._with_people(text))

    def _with_people(self, text: str) -> str:
        if not self._named:
            return text

        def name(found: re.Match[str]) -> str:
            return self.people.called_as[found["id"]]

        return self._named.sub(name, text)

    def _with_colleagues(self, text: str) -> str:
        named = {each.id: each.name for each in self.staff.values() if each.name}
        if not any(each in text for each in named):
            return text
        ids = "|".join(re.escape(each) for each in sorted(named, key=len, reverse=True))
        return re.sub(rf"(?<![\w-])(?:{ids})(?![\w-])", lambda found: str(named[found[0]]), text)

    @property
    def _named(self) -> re.Pattern[str] | None:
        referral = self.referral
        others = {each.id for each in referral.activities} | {each.id for each in referral.agreement}
        # An interpreter i1 and an item i1 cannot be told apart in a sentence, and keep their ids.
        ids = sorted(set(self.people.called_as) - others)
        if not ids:
            return None
        return re.compile(rf"\b(?P<id>{'|'.join(ids)})\b(?:, (?:the|an?) (?:{_SIDES})\b,?)?")


async def open_case(
    session: Session,
    reference: str,
    kind: DataKind,
    *,
    names: bool = True,
    participant: str | None = None,
) -> Case:
    """Read a referral for somebody who works in its area, and record that they looked.

    Args:
        kind: which kind of data about people is shown, for the access log.
        names: whether what is said about people is to be shown; where it is not, nothing of it is read and no look is
            recorded.
        participant: whom the look is about; nobody looks at whom nobody knows.

    Raises:
        Refused: the referral or the participant is unknown, it is not theirs to see, or they have to say why.
    """
    referrals = session.referrals
    await require_access(session, What.CASELOAD, reference, known=Known(session.member))
    key: DataKey | None = None
    erasure: Erasure | None = None
    try:
        key = await referrals.keys.get(reference)
    except KeyErased:
        erasure = await erasures.find(referrals.pool, reference)
    history: Sequence[Recorded] = await event_log.read(referrals.pool, reference, key=key)
    if not history:
        raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
    referral, visits = _fold(history)
    if participant is not None:
        known_participant(referral, participant)
    everybody = await staff.around(referrals.pool, referral.area, sorted(_colleagues(history)))
    known = _known(session, everybody, referral)
    opened = names and erasure is None
    what = What.PEOPLE if opened else What.CASELOAD
    relation = await require_access(session, what, reference, kind, known=known)
    at = datetime.now(UTC)
    whole = names_in(history) if opened else {}
    withheld = not opened and referral.sensitive and needs_reason(known.member, relation)
    if withheld:
        referral = without_special(referral)
    if not opened:
        history = [without_sensitive(each) for each in history]
    actor = known.member.acting_in(referral.area)
    return Case(
        session=session,
        actor=actor,
        at=at,
        relation=relation,
        referral=referral,
        history=history,
        visits=visits,
        opened=opened,
        withheld=withheld,
        people=people_of(history, whole, short_names(whole)),
        staff={each.id: each for each in everybody},
        erasure=erasure,
        steps={} if erasure else permitted_and_blocked(referral, actor, at),
    )


def _fold(history: Sequence[Recorded]) -> tuple[Referral, tuple[Visit, ...]]:
    """The state that a log leads to, and the stages on the way there."""
    referral: Referral | None = None
    visits: list[Visit] = []
    for recorded in history:
        referral = evolve(referral, recorded)
        if visits and visits[-1].stage is referral.stage:
            continue
        if visits:
            visits[-1] = Visit(visits[-1].stage, visits[-1].entered_at, recorded.at)
        visits.append(Visit(referral.stage, recorded.at, None))
    if referral is None:
        raise ValueError("a referral has at least one event")
    return referral, tuple(visits)


def _colleagues(history: Sequence[Recorded]) -> set[str]:
    """Everybody of the staff who is named in a log."""
    named = {recorded.actor for recorded in history if recorded.role is not Role.SYSTEM}
    for recorded in history:
        if isinstance(recorded.event, _NAMING_STAFF):
            fields = ("caseworker", "facilitator", "co_facilitator")
            named |= {who for each in fields if (who := getattr(recorded.event, each, None))}
    return named


def _known(session: Session, everybody: Sequence[Staff], referral: Referral) -> Known:
    member = next((each for each in everybody if each.id == session.member.id), session.member)
    team = {each.id: each for each in everybody if each.active and referral.area in each.areas}
    return Known(member, team, all_facilitators(referral))
