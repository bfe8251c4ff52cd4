"""Referrals in which every field that could identify somebody holds a word that stands nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args
from uuid import uuid4

from pydantic import BaseModel

from lifecycle import deadlines
from lifecycle.state import fold
from runtime.referrals import Referrals
from schemas import events
from schemas.areas import Area
from schemas.events import (
    ActivityAdjourned,
    ActivityEnded,
    ActivityPostponed,
    ActivityStopped,
    ActivityTakenUp,
    ConsentWithdrawn,
    DeadlineExtended,
    Event,
    GateOverridden,
    PreparationMeetingCancelled,
    ReferralAmended,
    ReferralReopened,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
from schemas.people import Role
from schemas.privacy import is_sensitive, models_below
from schemas.vocabulary import ActivityEndReason, OverridableGate, Purpose, Stage
from simulation.year.living import Plan, live
from stores.database import connect
from stores.logs import whole_logs
from stores.logs.whole_logs import WholeLog
from tests.browser.caseload import AREA, SUPERVISOR

T = TypeVar("T")

WORD = "Kanarievogel"
"""Stands in every text about a person, and nowhere else."""

NUMBER, EMAIL, BORN = "+447700900961", "kanarievogel@example.org", "1931-07-19"
_FORMS = {
    "phone": NUMBER,
    "email": EMAIL,
    "date_of_birth": BORN,
    "name": f"{WORD} Invented",
    "prison_number": WORD,
    "crime_reference": WORD,
    "address": f"1 {WORD} Street, Nowhere, NN1 1AA",
}
NEEDLES = (WORD.lower(), "7700900961", "7700 900961", "07700 900 961", BORN, "19/07/1931", "19 jul 1931")
"""How any of them may be written, in small letters."""

_SEED, _REFERRALS = 10, 24
_REASON = f"{WORD} said so."

_RARE: tuple[Event, ...] = (
    ActivityAdjourned(reason=_REASON),
    ActivityTakenUp(activity="a1", reason=_REASON),
    ActivityPostponed(reason=_REASON, booked_for=datetime(2026, 3, 2, 10, tzinfo=UTC)),
    ActivityStopped(reason=_REASON),
    ActivityEnded(activity="a1", why=ActivityEndReason.NOT_WANTED, reason=_REASON),
    ConsentWithdrawn(participant="h1", purpose=Purpose.EVALUATION, note=_REASON),
    DeadlineExtended(deadline="check_in/h1", until=datetime(2026, 3, 2, 10, tzinfo=UTC), reason=_REASON),
    GateOverridden(gate=OverridableGate.READINESS_SIGN_OFF, reason=_REASON),
    PreparationMeetingCancelled(
        participant="h1", starts_at=datetime(2026, 3, 2, 10, tzinfo=UTC), reason=_REASON
    ),
    ReferralAmended(crime_reference=WORD, summary=_REASON),
    ReferralReopened(stage=Stage.FOLLOW_UP, reason=_REASON),
    TransferOffered(area=Area.KENT, reason=_REASON),
    TransferOfferWithdrawn(area=Area.KENT, reason=_REASON),
    TransferOffered(area=Area.KENT, reason=_REASON),
    TransferRefused(area=Area.KENT, reason=_REASON),
)
"""What no small invented year shows; it stands at the end of a log, however it came there."""


async def plant(referrals: Referrals, owner_url: str) -> list[str]:
    """Write referrals with the word in every field that identifies; their references."""
    year = live(Plan(AREA, _REFERRALS, _SEED, datetime.now(UTC), referrals.policies.of(AREA)))
    logs = _covering([_planted(log) for log in year])
    owner = await connect(owner_url)
    await whole_logs.write(owner, referrals.keys, logs)
    await owner.close()
    return [log.referral.reference for log in logs]


def identifying_fields() -> frozenset[tuple[str, str]]:
    """Every field of an event that could identify somebody: its model and its name."""
    models = {below for event in _events() for below in models_below(event)}
    return frozenset(
        (model.__name__, name) for model in models for name in model.model_fields if is_sensitive(model, name)
    )


def _events() -> Iterator[type[BaseModel]]:
    for thing in vars(events).values():
        if isinstance(thing, type) and issubclass(thing, BaseModel) and "kind" in thing.model_fields:
            yield thing


def _planted(log: WholeLog) -> WholeLog:
    """The log with the word in it."""
    planted = tuple(each.model_copy(update={"event": with_word(each.event)}) for each in log.events)
    return replace(log, events=planted)


def _covering(logs: list[WholeLog]) -> list[WholeLog]:
    """Of these, those that show every field between them, with what is rare at the end of the first that is closed."""
    left, chosen = set(identifying_fields()), list[WholeLog]()
    ended = next(each for each in logs if each.referral.closed and each.referral.activities)
    for log in (_with_rare(ended), *logs):
        shows = set(_marked(recorded.event for recorded in log.events))
        if shows & left:
            left -= shows
            chosen.append(log)
    assert not left, f"No log shows {sorted(left)}."
    return chosen


def _with_rare(log: WholeLog) -> WholeLog:
    last = log.events[-1]
    rare = tuple(
        last.model_copy(
            update={
                "sequence": last.sequence + place,
                "step": last.sequence + place,
                "command_id": uuid4(),
                "actor": SUPERVISOR,
                "role": Role.SUPERVISOR,
                "event": event,
            }
        )
        for place, event in enumerate(_RARE, 1)
    )
    longer = (*log.events, *rare)
    referral = fold(longer)
    return replace(log, events=longer, referral=referral, deadlines=deadlines(referral))


def with_word(value: T) -> T:
    """The value with the word in each field of a model in it that identifies, also where the field was empty."""
    found: Any = value
    if isinstance(found, BaseModel):
        changed = {
            name: _word_for(name, found) if is_sensitive(type(found), name) else with_word(below)
            for name, below in found
        }
        found = found.model_copy(update=changed)
    elif isinstance(found, tuple):
        found = tuple(with_word(each) for each in found)
    renamed: T = found
    return renamed


def _word_for(name: str, model: BaseModel) -> object:
    annotation = type(model).model_fields[name].annotation
    kinds = {annotation, *itertools.chain(get_args(annotation), *map(get_args, get_args(annotation)))}
    return _FORMS.get(name, f"{WORD} said so.") if str in kinds else getattr(model, name)


def _marked(values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for value in values:
        if isinstance(value, BaseModel):
            for name, below in value:
                if is_sensitive(type(value), name) and below is not None:
                    yield type(value).__name__, name
                else:
                    yield from _marked([below])
        elif isinstance(value, tuple):
            yield from _marked(value)
