"""Living an invented year through: each referral from its arrival to now, by its workers and its clocks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, islice

from lifecycle import Refused
from schemas.areas import Area
from schemas.notices import Party
from schemas.policy import Policy
from schemas.reading.reference import reference_from
from schemas.vocabulary import Source
from simulation.year.calendars import Calendar, arrivals
from simulation.year.courses import course_of
from simulation.year.duties import Case, Todo, todos
from simulation.year.lives import Life, Message
from simulation.year.people import referral_form, team_of
from simulation.year.situations import SITUATIONS, Situation
from stores.logs.whole_logs import KeptNotice, WholeLog

# What the rules refuse is tried again on later days, and then left.
_TRIES = 4
# What stands in the way only while it lasts, however long.
_PASSES = frozenset({"on_hold", "safeguarding"})
# How many referrals are lived through at the most until one is in a situation that is lacking.
_LOOKED_AT = 40
# A working day is this long in days of the calendar, weekends counted in.
_WORKING_DAY = timedelta(days=1.4)


@dataclass(frozen=True)
class Plan:
    """An invented year: the same plan gives the same year, to the byte.

    Attributes:
        area: where it is.
        referrals: how many arrive in it.
        seed: another one gives another year.
        end: the moment at which it ends, aware: now.
        policy: what the referrals are opened under.
        others: the areas that some of them go to, each with its policy.
    """

    area: Area
    referrals: int
    seed: int
    end: datetime
    policy: Policy
    others: Mapping[Area, Policy] = field(default_factory=dict)

    def reference(self, number: int) -> str:
        """The reference of one of its referrals, counted from 0; they do not depend on how many there are."""
        chance = random.Random(f"{self.seed}/{self.area}/{number}/reference")  # noqa: S311 - to be repeated
        return reference_from(chance.getrandbits(35))


def live(plan: Plan) -> Iterator[WholeLog]:
    """The referrals of an invented year, each with all that is stored of it when the year ends.

    After those that arrive by chance come a few that are there so that every list shows something; see
    :data:`simulation.year.situations.SITUATIONS`.
    """
    year = Year(plan)
    chance = random.Random(f"{plan.seed}/{plan.area}/arrivals")  # noqa: S311 - to be repeated
    lacking = {name: each for name, each in SITUATIONS.items() if plan.others or not each.between_areas}
    for number, at in enumerate(arrivals(chance, plan.referrals, plan.end)):
        log = year.referral(number, at)
        lacking = {name: each for name, each in lacking.items() if not each.there(log, plan.end)}
        yield log
    numbers = count(plan.referrals)
    for situation in lacking.values():
        for number in islice(numbers, _LOOKED_AT):
            log = year.referral(number, plan.end - situation.age(chance), situation)
            if situation.there(log, plan.end):
                yield log
                break


class Year:
    """The referrals of a year, with the people who work on all of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._policies = {plan.area: plan.policy, **plan.others}
        self._teams = {area: team_of(area) for area in self._policies}
        self._staff = sorted(
            (each for team in self._teams.values() for each in team.everybody), key=lambda each: each.id
        )
        self._calendars = {each.id: Calendar(f"{plan.seed}/{each.id}", plan.end) for each in self._staff}

    def referral(self, number: int, at: datetime, situation: Situation | None = None) -> WholeLog:
        """Live one referral through; all that is stored of it. See :meth:`life`."""
        life = self.life(number, at, situation)
        chance = random.Random(f"{life.reference}/inbox")  # noqa: S311 - to be repeated
        notices = tuple(self._kept(message, chance) for message in life.messages)
        return WholeLog(life.events, life.referral, life.deadlines, notices, tuple(life.facts.values()))

    def life(self, number: int, at: datetime, situation: Situation | None = None) -> Life:
        """Live one referral through.

        Args:
            number: which of the year's it is.
            at: when it arrives, UTC.
            situation: what it is to be in at the end, if that can be had.
        """
        plan, team = self._plan, self._teams[self._plan.area]
        chance = random.Random(f"{plan.seed}/{plan.area}/{number}")  # noqa: S311 - to be repeated
        form = referral_form(chance, plan.area, number, at)
        course = course_of(chance, form)
        if situation is not None:
            form, course = situation.bent(form, course)
        life = Life(plan.reference(number), self._policies, self._staff)
        sender = team.caseworkers[0] if form.source is Source.SELF else chance.choice(team.partners)
        life.take(form, sender.acting_in(plan.area), at)
        another = plan.reference(chance.randrange(min(number, plan.referrals))) if number else None
        case = Case(life, course, self._teams, frozenset(), another)
        _Worked(life, case, self._calendars, chance, plan.end).through()
        return life

    def _kept(self, message: Message, chance: random.Random) -> KeptNotice:
        """The message as it is stored. Those in an inbox are read when their reader is next at work."""
        notice, read_at = message.notice, None
        if notice.party is not Party.PARTICIPANT:
            looked = self._calendars[notice.to].moment(notice.at + timedelta(hours=2), chance)
            read_at = looked if looked <= self._plan.end else None
        return KeptNotice(notice, message.outcome, message.channel, message.settled_at, read_at)


class _Worked:
    """The work on one referral, and what happens on it by itself, in the order of time."""

    def __init__(
        self,
        life: Life,
        case: Case,
        calendars: dict[str, Calendar],
        chance: random.Random,
        end: datetime,
    ) -> None:
        self._life = life
        self._chance = chance
        self._case = case
        self._calendars = calendars
        self._end = end
        # When each thing will be done that is to be done now.
        self._planned: dict[str, datetime] = {}
        self._tries: dict[str, int] = {}

    def through(self) -> None:
        """Until the end of the year."""
        now = self._life.last_at
        while True:
            step = self._next(now)
            itself = self._life.next_by_itself()
            if step is None and itself is None:
                return
            if step is None or (itself is not None and itself <= step[0]):
                if itself is None or itself > self._end:
                    return
                self._life.let_happen(itself)
                now = max(now, itself)
                continue
            at, todo = step
            if at > self._end:
                return
            now = max(now, at)
            self._do(todo, now)

    def _next(self, now: datetime) -> tuple[datetime, Todo] | None:
        open_now = [each for each in todos(self._case) if each.key not in self._case.refused]
        for each in open_now:
            if each.key not in self._planned:
                self._planned[each.key] = self._moment(each, now)
        return min(((self._planned[each.key], each) for each in open_now), key=_when, default=None)

    def _moment(self, todo: Todo, now: datetime) -> datetime:
        chance = self._chance
        earliest = max(now, todo.not_before or now)
        if not todo.days:
            # The same sitting, whatever the hour.
            return earliest + timedelta(
                seconds=chance.randrange(60, 900), microseconds=chance.randrange(10**6)
            )
        waits = chance.gammavariate(2, todo.days / 2) * self._case.course.pace
        return self._calendars[todo.who].moment(earliest + waits * _WORKING_DAY, chance)

    def _do(self, todo: Todo, at: datetime) -> None:
        actor = self._case.member(todo.who)
        try:
            self._life.take(todo.command(at), actor, at)
        except Refused as refused:
            self._put_off(todo, at, refused)
        else:
            del self._planned[todo.key]

    def _put_off(self, todo: Todo, at: datetime, refused: Refused) -> None:
        tries = self._tries.get(todo.key, 0) + (refused.code not in _PASSES)
        self._tries[todo.key] = tries
        if tries >= _TRIES:
            self._case = replace(self._case, refused=self._case.refused | {todo.key})
            return
        calendar = self._calendars[todo.who]
        self._planned[todo.key] = calendar.moment(at + (1 + tries) * _WORKING_DAY, self._chance)


def _when(planned: tuple[datetime, Todo]) -> tuple[datetime, str]:
    return planned[0], planned[1].key
