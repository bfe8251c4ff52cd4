"""The summary e-mailed to staff on working mornings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.callers import require_caller
from lifecycle import fold
from lifecycle.notifying.team import answering, may_not_sign_off
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import is_working_day
from messages.channels import ChannelAway, ChannelRefused
from messages.email import Mailer
from messages.notice_facts import deadline_in_words, in_words, template_in_words
from messages.wording import Medium, Wording, spoken
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.people import Staff
from schemas.policy import DeadlineName, Policies, Rung
from stores import digests, staff
from stores.database import Pool
from stores.digests import Due, SignOffWanted
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from stores.tasks import OpenTask, open_tasks

LONGEST_LIST = 20
"""Lines of one list of a summary."""

log = structlog.stdlib.get_logger(__name__)


class WhyNone(StrEnum):
    """Why nobody gets a summary on a day."""

    DAY_OFF = "day_off"
    NO_MAIL_SERVER = "no_mail_server"
    TOO_EARLY = "too_early"
    """Somebody started it before the morning."""
    TOO_LATE = "too_late"
    """No worker was available before the working day was over."""


class Readers(Model):
    """The recipients of the summary of a day.

    Attributes:
        staff: the ids of the members of staff.
        why_none: why nobody gets it; None where somebody does.
    """

    staff: tuple[str, ...] = ()
    why_none: WhyNone | None = None


class DigestOutcome(StrEnum):
    """The outcome of one person's summary."""

    SENT = "sent"
    NOTHING_TO_SAY = "nothing_to_say"
    REFUSED = "refused"
    """The address was refused permanently."""


class Digests:
    """The activities of the summary, with what they work on.

    Args:
        pool: connections with the application's rights.
        keys: the referrals' keys.
        policies: the service's; they say who is responsible for a deadline, and on which days the service is closed.
        wording: the templates.
        mailer: None where e-mail is off; then nothing is sent.
    """

    def __init__(
        self, pool: Pool, keys: KeyStore, policies: Policies, wording: Wording, mailer: Mailer | None
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._policies = policies
        self._wording = wording
        self._mailer = mailer

    @activity.defn(name="list_digest_readers")
    async def readers(self, day: date) -> Readers:
        """The recipients of a London day's summary: staff who want it and work in an area that is not closed that
        day."""
        require_caller("DigestWorkflow", "service/digest*")
        open_areas = {area for area in Area if self._is_open(area, day)}
        if not open_areas:
            return Readers(why_none=WhyNone.DAY_OFF)
        if self._mailer is None:
            return Readers(why_none=WhyNone.NO_MAIL_SERVER)
        found = await digests.readers(self._pool, datetime.now(UTC))
        return Readers(staff=tuple(each.id for each in found if open_areas.intersection(each.areas)))

    @activity.defn(name="send_digests")
    async def send(self, day: date, readers: Sequence[str]) -> dict[str, DigestOutcome]:
        """Send the summary of a day to these people, one after the other, once each.

        Outcomes are kept in the heartbeat across retries, so that a refused address is not tried again because another
        one's server is down. If the process ends between sending and recording, the same Message-ID is sent again.

        Raises:
            ApplicationError: it could not be sent to some; its details are the outcomes of the others.
        """
        require_caller("DigestWorkflow", "service/digest*")
        settled = _settled_before()
        failed: BaseException | None = None
        for reader in readers:
            if reader in settled:
                continue
            # Failures are collected, so that one does not stop the others' summaries.
            [done] = await asyncio.gather(self._send(reader, day), return_exceptions=True)
            if isinstance(done, BaseException):
                failed = done
            else:
                settled[reader] = done
            activity.heartbeat(settled)
        if failed is not None:
            raise ApplicationError(
                f"Not everybody has the summary: {_reason(failed)}",
                settled,
                type=type(failed).__name__,
                next_retry_delay=failed.retry_after if isinstance(failed, ChannelAway) else None,
            ) from failed
        return settled

    def _is_open(self, area: Area, day: date) -> bool:
        return is_working_day(day, frozenset(self._policies.of(area).closures))

    async def _send(self, reader: str, day: date) -> DigestOutcome:
        now = datetime.now(UTC)
        if await digests.sent(self._pool, reader, day):
            return DigestOutcome.SENT
        member = await staff.get(self._pool, reader)
        # They left, are absent or changed their choice since the readers were listed.
        if member is None or not _still_reads(member, now) or member.email is None:
            return DigestOutcome.NOTHING_TO_SAY
        summary = await self.summary(member, day, now)
        if summary is None:
            return DigestOutcome.NOTHING_TO_SAY
        if self._mailer is None:
            raise ChannelAway("No mail server is set for this worker.")
        written = self._wording.render("digest", Medium.EMAIL, summary)
        # Otherwise a database that can be read but not written would cause an e-mail at every retry.
        await digests.begin(self._pool, reader, day)
        try:
            await self._mailer.send(
                to=member.email,
                subject=written.subject,
                body=written.body,
                message_id=f"<digest.{day}.{reader}@messages.invalid>",
            )
        except ChannelRefused as refused:
            log.warning("a summary was refused for good", staff=reader, reason=str(refused))
            return DigestOutcome.REFUSED
        await digests.mark_sent(self._pool, reader, day, datetime.now(UTC))
        return DigestOutcome.SENT

    async def summary(self, reader: Staff, day: date, at: datetime) -> dict[str, object] | None:
        """The template's variables for one person, from the read model; None where there is nothing to say.

        Args:
            reader: the person, whose work includes what falls to them while others are absent.
            day: a London date; what is due by its end is due today.
            at: now; what is due by then is overdue.
        """
        work = _Work()
        for area in reader.areas:
            await self._collect(work, reader, area, _next_monday(day), at)
        unread = await digests.unread(self._pool, reader.id)
        lists = _lists(work, day, at)
        if not unread and not any(lists.values()):
            return None
        one_area = len(reader.areas) == 1
        policy = self._policies.of(reader.areas[0]) if one_area else self._policies.base
        return {
            **lists,
            "day": f"{day:%A %-d %B %Y}",
            "unread": unread,
            "name_of_service": policy.service_name,
            "service": policy.service_name,
            "phone": policy.service_phone,
        }

    async def _collect(self, work: _Work, reader: Staff, area: Area, until: datetime, at: datetime) -> None:
        people = {member.id: member for member in await staff.team(self._pool, area)}
        # Their own work, that of people they stand in for, and that of absent people which falls to them.
        workers = [
            who for who in people if reader.id in answering(Rung.CASEWORKER, people, at, caseworker=who)
        ]
        rungs = {
            rung
            for rung in (Rung.SUPERVISOR, Rung.SERVICE_MANAGER)
            if reader.id in answering(rung, people, at)
        }
        unowned = reader.id in answering(Rung.CASEWORKER, people, at)
        answers = {name: rule.answers for name, rule in self._policies.of(area).deadlines.items()}
        escalated = await digests.escalated(self._pool, area, rungs, workers)
        due = await digests.due(
            self._pool,
            area,
            until,
            workers=workers,
            names=[name for name, rung in answers.items() if rung in rungs],
            unowned_names=[name for name, rung in answers.items() if unowned and rung is Rung.CASEWORKER],
            team=people,
        )
        own: set[tuple[str, str]] = set()
        if reader.role in SUPERVISORS:
            wanted, own = await self._sign_offs(reader, area, people, at)
            work.sign_offs += wanted
        work.escalated += [each for each in escalated if (each.reference, each.key) not in own]
        # Tasks have their own list.
        work.due += [each for each in due if (each.reference, each.key) not in own and not _of_task(each)]
        work.tasks += await open_tasks(
            self._pool,
            areas=[area],
            caseworkers=workers,
            unowned_by=people if unowned else None,
            closed=Rung.SUPERVISOR in rungs,
        )

    async def _sign_offs(
        self, reader: Staff, area: Area, people: dict[str, Staff], at: datetime
    ) -> tuple[list[SignOffWanted], set[tuple[str, str]]]:
        """The sign-offs that a supervisor may give, and the deadlines of those they may not because they are an author.

        The rules decide who the authors are, so each referral is folded from its log.
        """
        wanted, own = [], set()
        for each in await digests.sign_offs(self._pool, area):
            referral = fold(await event_log.history(self._pool, self._keys, each.reference))
            barred = may_not_sign_off(referral, each.about, people)
            if reader.id in barred:
                own.add((each.reference, f"{DeadlineName.SIGN_OFF}/{each.about}"))
            elif reader.id in answering(Rung.SUPERVISOR, people, at, without=barred):
                wanted.append(each)
        return wanted, own


@dataclass
class _Work:
    """The content of a summary, before rendering."""

    escalated: list[Due] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    sign_offs: list[SignOffWanted] = field(default_factory=list)
    tasks: list[OpenTask] = field(default_factory=list)


class _Listed:
    """A list in a summary: its length counts all entries, iteration gives as many as an e-mail has room for."""

    def __init__(self, entries: Sequence[Mapping[str, str]]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        if len(self) <= LONGEST_LIST:
            return iter(self._entries)
        *shown, last = self._entries[:LONGEST_LIST]
        left = len(self) - len(shown)
        return iter([*shown, {**last, "reference": f"and {left} more, the next of them {last['reference']}"}])


def _settled_before() -> dict[str, DigestOutcome]:
    details = activity.info().heartbeat_details
    return {who: DigestOutcome(outcome) for who, outcome in details[0].items()} if details else {}


def _reason(failed: BaseException) -> str:
    # The message of any other error may repeat its input.
    return str(failed) if isinstance(failed, ChannelAway) else type(failed).__name__


def _still_reads(member: Staff, at: datetime) -> bool:
    return member.active and member.digest and not member.absent(at)


def _next_monday(day: date) -> datetime:
    return _midnight(day + timedelta(days=7 - day.weekday()))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


def _lists(work: _Work, day: date, at: datetime) -> dict[str, _Listed]:
    climbed = {(each.reference, each.key) for each in work.escalated}
    # A deadline escalated to the reader is listed once.
    due = [each for each in work.due if (each.reference, each.key) not in climbed]
    tomorrow = _midnight(day + timedelta(days=1))
    return {
        "escalations": _deadlines(work.escalated),
        "overdue": _deadlines(each for each in due if each.due_at <= at),
        "due_today": _deadlines(each for each in due if at < each.due_at < tomorrow),
        "due_this_week": _deadlines(each for each in due if at < each.due_at and tomorrow <= each.due_at),
        "sign_offs": _Listed(
            [
                _entry(each.reference, each.stage, in_words(each.about), each.requested_at, "asked for on ")
                for each in sorted(work.sign_offs, key=lambda each: each.requested_at)
            ]
        ),
        "tasks": _Listed(
            [
                _entry(each.reference, each.stage, _task(each), each.since, "since ")
                for each in sorted(work.tasks, key=lambda each: each.since)
            ]
        ),
    }


def _deadlines(found: Iterable[Due]) -> _Listed:
    return _Listed(
        [
            _entry(each.reference, each.stage, deadline_in_words(each.key), each.due_at)
            for each in sorted(found, key=lambda each: each.due_at)
        ]
    )


def _of_task(due: Due) -> bool:
    return due.key.startswith(f"{DeadlineName.TASK}/")


def _task(task: OpenTask) -> str:
    of = f" ({spoken(task.starts_at)})" if task.starts_at else ""
    return f"{template_in_words(task.template)}{of}, to {task.to}"


def _entry(reference: str, stage: str, what: str, when: datetime, before: str = "") -> dict[str, str]:
    return {
        "reference": reference,
        "stage": in_words(stage),
        "what": what,
        "when": f"{before}{spoken(when)}",
    }
