"""A referral as a signed-in person may see it: how it stands, without anything that tells who the people are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import AwareDatetime, Field

from casework.access import What, needs_reason, require_access, status
from casework.session import Session
from lifecycle import Refused, deadlines, fold
from lifecycle.notifying.notices import held_back
from lifecycle.notifying.tasks import open_tasks
from lifecycle.timing.clocks import paused_deadlines
from schemas.access import Relation
from schemas.areas import Area
from schemas.base import Model
from schemas.events import TransferOffered
from schemas.notices import Notice, Party
from schemas.people import Role
from schemas.privacy import DataClass, class_of
from schemas.referral import Deadline, Participant, Referral, Risk, Task
from schemas.steps import Overview
from schemas.vocabulary import Offence, ParticipantRole, Stage
from stores import notices
from stores.keys import erasures
from stores.keys.erasures import Erasure
from stores.keys.referral_keys import KeyErased
from stores.logs import event_log
from stores.referrals import sent_on

# What the rules need of a person, and nobody who only asks how a referral stands.
_RULES_ONLY: dict[str, Any] = {
    "policy": True,
    "risk": {"assessments"},
    "tasks": {"__all__": {"why"}},
    "participants": {
        "__all__": {
            *("age_band", "gender", "ethnicity", "custody", "safe_channels", "attempts"),
            *("disability", "religion", "sexual_orientation", "gender_identity", "pregnancy_or_maternity"),
            "sentence_date",
            *("reachable_by", "birthday_known", "turns_18_on", "came_of_age"),
        },
    },
}
# Of a message that is on its way.
_ON_ITS_WAY = {"id", "at", "template", "to"}
_LEFT_BY_ERASURE = {"reference", "sequence", "area", "stage", "received_at", "closed_at", "closure_reason"}


class Source(StrEnum):
    """By which a referral is known as it is shown."""

    LOG = "log"
    WORKFLOW = "workflow"
    LOG_INSTEAD = "log_instead"
    """Its workflow was asked and did not answer."""

    @property
    def for_script(self) -> str:
        """workflow or log."""
        return "workflow" if self is Source.WORKFLOW else "log"


class StatusView(Model):
    """What the partner who sent a referral sees of it.

    Attributes:
        status: received, in_hand or closed.
    """

    reference: str
    status: str

    def for_script(self) -> dict[str, Any]:
        """All of it, JSON-ready."""
        return self.model_dump(mode="json")


class OfferView(Model):
    """What the supervisors of an area see of a referral that is offered to it: what it takes to decide.

    Attributes:
        reference: of the referral.
        area: whose it is, which offers it.
        offered_to: the area that is asked.
        offered_at: when it was offered.
        reason: why, in the words of who offers it; None where they cannot be read any more.
        stage: where it is.
        offence: its kind.
        sensitive: whether it is a sensitive case.
        received_at: when the service got it.
        on_hold: whether it is paused.
        safeguarding: whether a safeguarding concern is open; it cannot be taken over until that is lifted.
        people: how many there are whose part has not ended, by role.
        deadlines: those that are open, soonest due first, by the policy of the area that offers it.
    """

    reference: str
    area: Area
    offered_to: Area
    offered_at: AwareDatetime
    reason: str | None = Field(repr=False)
    stage: Stage
    offence: Offence
    sensitive: bool
    received_at: AwareDatetime
    on_hold: bool
    safeguarding: bool
    people: dict[ParticipantRole, int]
    deadlines: tuple[Deadline, ...]

    def for_script(self) -> dict[str, Any]:
        """All of it, JSON-ready."""
        return self.model_dump(mode="json")


class SentOnView(Model):
    """What the supervisors of an area see of a referral that another took over from it.

    Attributes:
        reference: of the referral.
        left: the area that had it.
        area: that took it over from there.
        at: when.
    """

    reference: str
    left: Area
    area: Area
    at: AwareDatetime

    def for_script(self) -> dict[str, Any]:
        """All of it, JSON-ready."""
        return self.model_dump(mode="json")


class ErasedView(Model):
    """What is left to say of a referral that was erased.

    Attributes:
        referral: its state, of which only the stage, the dates and the reason of closing are to be shown.
        erasure: the note of its erasure.
        source: by which it is known.
    """

    referral: Referral
    erasure: Erasure
    source: Source

    def for_script(self) -> dict[str, Any]:
        """All that may be shown of it, JSON-ready."""
        return {
            "source": self.source.for_script,
            "erased": self.erasure.model_dump(mode="json"),
            "referral": self.referral.model_dump(mode="json", include=_LEFT_BY_ERASURE),
            "deadlines": [],
            "messages": [],
        }


class MessageUnderway(Model):
    """A message to somebody outside that has no outcome yet.

    Attributes:
        held_back: whether a hold or a safeguarding concern keeps it from leaving.
    """

    notice: Notice
    held_back: bool


class ReferralView(Model):
    """How a referral stands.

    Attributes:
        referral: its state.
        deadlines: those that are open, soonest due first.
        stopped: those that a hold has stopped.
        to_tell: what a person has to tell somebody because no message could.
        messages: those to somebody outside that are on their way.
        source: by which it is known.
        withheld: whether it is a sensitive case of others, of which special categories and judgements are left out.
    """

    referral: Referral
    deadlines: tuple[Deadline, ...]
    stopped: tuple[Deadline, ...]
    to_tell: tuple[Task, ...]
    messages: tuple[MessageUnderway, ...]
    source: Source
    withheld: bool = False

    def for_script(self) -> dict[str, Any]:
        """All that may be shown of it, JSON-ready, without what only the rules need of a person."""
        overview = Overview(referral=self.referral, deadlines=self.deadlines)
        return {
            "source": self.source.for_script,
            "erased": None,
            "withheld": self.withheld,
            **overview.model_dump(mode="json", exclude={"referral": _RULES_ONLY}),
            "messages": [each.notice.model_dump(mode="json", include=_ON_ITS_WAY) for each in self.messages],
        }


AnyView: TypeAlias = ReferralView | ErasedView | StatusView | OfferView | SentOnView


async def view_referral(session: Session, reference: str, *, live: bool = False) -> AnyView:
    """How a referral stands now by the log, the truth of record.

    Args:
        live: ask its workflow, and read the log only where that does not answer.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    partner = session.member.role is Role.PARTNER
    relation = await require_access(session, What.STATUS, reference)
    match relation:
        case Relation.OFFERED_TO:
            return await _offer(session, reference)
        case Relation.SENT_ON:
            return await _sent_on(session, reference)
        case _ if not partner:
            relation = await require_access(session, What.CASELOAD, reference)
    if live:
        overview, answered = await session.referrals.overview(reference)
        source = Source.WORKFLOW if answered else Source.LOG_INSTEAD
    else:
        overview, source = await session.referrals.recorded(reference), Source.LOG
    if partner:
        return StatusView(reference=reference, status=status(overview.referral.stage))
    pool = session.referrals.pool
    erasure = await erasures.find(pool, reference)
    if erasure is not None:
        return ErasedView(referral=overview.referral, erasure=erasure, source=source)
    pending = await notices.pending(pool, reference)
    if not (overview.referral.sensitive and needs_reason(session.member, relation)):
        return view_of(overview, pending, source)
    outline = overview.model_copy(update={"referral": without_special(overview.referral)})
    return view_of(outline, pending, source).model_copy(update={"withheld": True})


async def _offer(session: Session, reference: str) -> OfferView:
    await require_access(session, What.OFFER, reference)
    # The reason is sealed with the referral's own key; of one that was erased meanwhile it is gone.
    key = None
    with suppress(KeyErased):
        key = await session.referrals.keys.get(reference)
    history = await event_log.read(session.referrals.pool, reference, key=key)
    referral = fold(history)
    offer = referral.transfer_offer
    if offer is None or offer.area not in session.member.areas:
        raise Refused("not_offered", f"{reference} is not offered to your area any more.", "reference")
    said = [each.event.reason for each in history if isinstance(each.event, TransferOffered)]
    return OfferView(
        reference=reference,
        area=referral.area,
        offered_to=offer.area,
        offered_at=offer.offered_at,
        reason=said[-1] if said else None,
        stage=referral.stage,
        offence=referral.offence,
        sensitive=referral.sensitive,
        received_at=referral.received_at,
        on_hold=referral.hold is not None,
        safeguarding=referral.safeguarding is not None,
        people=dict(Counter(person.role for person in referral.participants if person.active)),
        deadlines=deadlines(referral),
    )


async def _sent_on(session: Session, reference: str) -> SentOnView:
    found = await sent_on(session.referrals.pool, session.member.areas, reference=reference)
    if not found:
        raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
    return SentOnView.model_validate(found[0].model_dump())


def without_special(referral: Referral) -> Referral:
    """The referral as a worker sees it who does not work on this sensitive case and gave no reason to look: without
    special categories, and without what was judged or admitted."""
    people = tuple(
        person.model_copy(update=_unsaid(Participant) | {"acknowledges": None})
        for person in referral.participants
    )
    judged = {"risk": Risk(), "plea": None}
    return referral.model_copy(update=_unsaid(Referral) | judged | {"participants": people})


def _unsaid(model: type[Model]) -> dict[str, Any]:
    """What each special field of a model is where nothing was said."""
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if class_of(model, name) is DataClass.SPECIAL
    }


def view_of(overview: Overview, underway: Sequence[Notice], source: Source) -> ReferralView:
    """How a referral stands.

    Args:
        underway: its messages that have no outcome yet.
        source: by which it is known.
    """
    referral = overview.referral
    return ReferralView(
        referral=referral,
        deadlines=overview.deadlines,
        stopped=paused_deadlines(referral),
        to_tell=open_tasks(referral),
        messages=tuple(
            MessageUnderway(notice=each, held_back=held_back(referral, each))
            for each in underway
            if each.party is not Party.STAFF
        ),
        source=source,
    )
