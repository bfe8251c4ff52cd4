"""What somebody asks for who wants to be called: who is served, taking the request, and opening it as a referral.

Nobody is signed in here: whoever asks may ask, for themselves or for somebody else, and is told a reference and nothing
else. Who opens it is the service itself, which may open nothing but what somebody asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from casework.asking_to_be_called.becoming import as_referral
from casework.asking_to_be_called.unsent import hashed_sender, keep_answers, read_answers
from lifecycle import Refused, deadlines, evolve, open_referral
from lifecycle.rules import SUPERVISORS
from lifecycle.stages.intake import ASKED_AT_MOST_AGO
from messages.wording import spoken_day
from runtime.referrals import NotAnswered, Opening, Referrals, TemporalUnreachable
from schemas.areas import Area
from schemas.asking import Answers, Asked
from schemas.commands import OpenReferral
from schemas.events import Recorded
from schemas.people import Actor, Role
from schemas.policy import DeadlineName
from schemas.steps import Request
from stores import staff
from stores.console import requests_to_be_called, unsent_answers
from stores.console.requests_to_be_called import Limits, Waiting

__all__ = [
    "Limits",
    "Served",
    "ask_to_be_called",
    "day_in_words",
    "keep_opening",
    "open_waiting",
    "seem_to_take",
    "served",
]

_AT_ONCE_WITHIN = 5.0
"""Seconds in which a request is opened while who asks waits for the page; else it is opened a little later."""

_LONG = timedelta(hours=1)
"""After which somebody must look why a request still waits. Our judgement."""

_PLACE = b"request to be called"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Served:
    """Who answers those who ask to be called.

    Attributes:
        areas: those with somebody who can give a request to a caseworker, by name.
        default: the area of who does not know theirs; None where no area is served.
        name: how the service names itself where others may see it.
        phone: its number; empty where it gives none.
    """

    areas: tuple[Area, ...]
    default: Area | None
    name: str
    phone: str


async def served(referrals: Referrals, default: Area | None = None) -> Served:
    """Who answers those who ask to be called: by the staff register, and by the policy of the service.

    Args:
        default: by the settings, the area of who does not know theirs.
    """
    there = await staff.areas_of(referrals.pool, SUPERVISORS)
    areas = tuple(area for area in Area if area in there)
    found = default if default in there else next(iter(areas), None)
    policy = referrals.policies.of(found) if found else referrals.policies.base
    return Served(areas, found, policy.service_name, policy.service_phone)


def day_in_words(moment: datetime, *, welsh: bool) -> str:
    """The day of a moment in London, as people say it: Tuesday 1 December 2026."""
    return spoken_day(moment, welsh=welsh)


async def ask_to_be_called(
    referrals: Referrals, token: str, sender: str, default_area: Area, limits: Limits | None = None
) -> Asked:
    """Take the request of somebody who has answered every question; sent twice it is taken once.

    It is a referral when this returns, or a little later: over the limits, or where Temporal does not answer, it waits,
    sealed under its own key. Whoever asks is told the same.

    Args:
        token: that their browser holds.
        sender: the network address that it comes from.
        default_area: of who does not know theirs.
        limits: how many are opened within a time; None: the usual ones.

    Raises:
        AnswersGone: there are no answers any more.
        Refused: the rules do not allow such a referral.
    """
    limits = limits or Limits()
    unsent = await read_answers(referrals, token)
    if unsent.asked is not None:
        return unsent.asked
    now = datetime.now(UTC)
    form = as_referral(unsent.answers, default_area, now)
    opening = Opening(unsent.reference, unsent.command_id)
    asked = Asked(reference=opening.reference, contact_by=_contact_by(referrals, opening, form, now))
    key = await referrals.keys.create(opening.reference)
    await requests_to_be_called.enter(
        referrals.pool,
        opening.reference,
        opening.command_id,
        form.area,
        await hashed_sender(referrals, sender),
        key.seal(form.model_dump_json().encode(), _PLACE),
        limits,
    )
    # From here on nothing is lost: what they said is dropped, and the reference stays for the page that tells it.
    await keep_answers(referrals, token, unsent.model_copy(update={"answers": Answers(), "asked": asked}))
    waiting = await requests_to_be_called.next_to_open(referrals.pool, limits, opening.reference)
    if waiting is None:
        log.warning("a request to be called waits, as there are more than the limits allow")
        return asked
    try:
        async with asyncio.timeout(_AT_ONCE_WITHIN):
            await _open(referrals, waiting)
    except (TimeoutError, NotAnswered, TemporalUnreachable) as error:
        log.warning("a request to be called is opened later", error=type(error).__name__)
    except Exception:
        # It is kept, and tried again; who asked has done all that they can.
        log.exception("a request to be called could not be opened and is tried again")
    return asked


async def seem_to_take(referrals: Referrals, token: str, default_area: Area) -> Asked:
    """Answer a program that filled in what no person sees, as if its request were taken. Nothing of it is kept.

    Raises:
        AnswersGone: there are no answers any more.
        Refused: the rules do not allow such a referral.
    """
    unsent = await read_answers(referrals, token)
    if unsent.asked is not None:
        return unsent.asked
    now = datetime.now(UTC)
    form = as_referral(unsent.answers, default_area, now)
    contact_by = _contact_by(referrals, Opening(unsent.reference, unsent.command_id), form, now)
    asked = Asked(reference=unsent.reference, contact_by=contact_by)
    await keep_answers(referrals, token, unsent.model_copy(update={"answers": Answers(), "asked": asked}))
    log.warning("a request to be called was filled in by a program, and is not kept")
    return asked


async def open_waiting(referrals: Referrals, limits: Limits | None = None) -> int:
    """Open the requests that wait, as far as the limits allow; how many were opened."""
    limits = limits or Limits()
    done = 0
    while (waiting := await requests_to_be_called.next_to_open(referrals.pool, limits)) is not None:
        try:
            await _open(referrals, waiting)
        except (NotAnswered, TemporalUnreachable) as error:
            log.warning("a request to be called is opened later", error=type(error).__name__)
            break
        except Refused:
            # Nothing is lost: it waits until somebody has looked.
            log.exception(
                "a request to be called cannot be opened",
                alert="request_not_opened",
                reference=waiting.reference,
            )
            continue
        done += 1
    return done


async def keep_opening(referrals: Referrals, limits: Limits | None = None) -> str | None:
    """Open the requests that wait, and forget what is over; what somebody must look at, in one sentence, or None.

    A periodic task of every process that serves.
    """
    limits = limits or Limits()
    await open_waiting(referrals, limits)
    await requests_to_be_called.forget_opened(referrals.pool, limits)
    await unsent_answers.drop_ended(referrals.pool)
    queue = await requests_to_be_called.queue(referrals.pool)
    if queue.oldest is None or datetime.now(UTC) - queue.oldest < _LONG:
        return None
    return (
        f"{queue.length} requests to be called wait to be opened, the oldest since "
        f"{queue.oldest:%Y-%m-%d %H:%M} UTC: there are more than are opened in an hour, or they cannot be opened."
    )


async def _open(referrals: Referrals, waiting: Waiting) -> None:
    key = await referrals.keys.get(waiting.reference)
    form = OpenReferral.model_validate_json(key.open(waiting.sealed, _PLACE))
    now = datetime.now(UTC)
    if form.asked_at is not None and now - form.asked_at > ASKED_AT_MOST_AGO - timedelta(minutes=5):
        # A clock that starts so long ago is not accepted; that it waited is told by the task that opens.
        form = form.model_copy(update={"asked_at": None})
    request = Request(command_id=waiting.command_id, actor=_service_in(form.area), command=form)
    await referrals.send(waiting.reference, request, start=True)
    await requests_to_be_called.opened(referrals.pool, waiting.reference)


def _contact_by(referrals: Referrals, opening: Opening, form: OpenReferral, now: datetime) -> datetime | None:
    """By when who asks is contacted first, by the policy that the referral will keep. Raises Refused."""
    actor = _service_in(form.area)
    [event] = open_referral(opening.reference, referrals.policies.of(form.area), form, actor, now)
    recorded = Recorded(
        sequence=1,
        step=1,
        at=now,
        actor=actor.id,
        role=actor.role,
        command_id=opening.command_id,
        event=event,
    )
    found = deadlines(evolve(None, recorded))
    return next((each.due_at for each in found if each.name is DeadlineName.FIRST_CONTACT), None)


def _service_in(area: Area) -> Actor:
    return Actor(id="system", role=Role.SYSTEM, area=area)
