"""A service of a hundred thousand invented referrals, in all areas.

Four years of a team are lived through by the real rules. Each team of the service has one of them, under references,
people and staff of its own: sealed, chained and written like any other log, so that every page can open every one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from benchmarks.console.again import Names, again
from policies.files import load_policies
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.reading.reference import reference_from
from simulation.year.living import Plan, live
from simulation.year.people import team_of
from stores import register
from stores.database import Pool, connect, connect_pool
from stores.keys.referral_keys import EpochKeys, KeyStore, MasterKeys
from stores.logs import whole_logs
from stores.logs.whole_logs import WholeLog

LIVED_IN = Area.NORTHAMPTONSHIRE
A_YEAR = 290
"""Referrals that a team of four caseworkers has in a year: fifteen or so open ones for each of them at a time."""
_YEARS = 4
_BATCH = 100
_PROCESSES = 2
_SYLLABLES = (
    "Al",
    "Ber",
    "Cor",
    "Den",
    "El",
    "Far",
    "Gil",
    "Har",
    "Is",
    "Jor",
    "Kel",
    "Lam",
    "Mor",
    "Nor",
    "Os",
)
_ENDINGS = (
    "by",
    "cott",
    "den",
    "field",
    "ford",
    "ham",
    "ley",
    "low",
    "man",
    "more",
    "ridge",
    "ster",
    "ton",
    "well",
)


@dataclass(frozen=True)
class Team:
    """A team of the service, which has a lived year under names of its own.

    Attributes:
        number: counted from 0 over the whole service; says which of the lived years it has.
    """

    area: Area
    number: int

    @property
    def seed(self) -> int:
        """Which year it has."""
        return self.number % _YEARS

    def staff_id(self, lived: str) -> str:
        """The id of whoever does here what the person of that id did in the lived year."""
        return f"{self.area}-t{self.number}-{lived.removeprefix(f'{LIVED_IN}-')}"

    @property
    def staff(self) -> tuple[Staff, ...]:
        """Its people."""
        return tuple(
            each.model_copy(update={"id": self.staff_id(each.id), "areas": (self.area,), "email": None})
            for each in team_of(LIVED_IN).everybody
        )


def teams_for(referrals: int) -> list[Team]:
    """The teams that have so many referrals, spread over all areas."""
    areas = list(Area)
    return [Team(areas[number % len(areas)], number) for number in range(max(1, round(referrals / A_YEAR)))]


async def fill(dsn: str, owner_dsn: str, keys_file: Path, teams: Sequence[Team]) -> None:
    """Enter the teams with their referrals."""
    began = time.monotonic()
    async with await connect_pool(dsn) as pool:
        await _enter(pool, _keys(pool, keys_file), teams)
    print(f"{len(teams)} teams entered in {time.monotonic() - began:.0f} s")
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(_PROCESSES) as processes:
        shares = [[team for team in teams if team.seed % _PROCESSES == share] for share in range(_PROCESSES)]
        written = await asyncio.gather(
            *(
                loop.run_in_executor(processes, _write_share, dsn, owner_dsn, keys_file, share)
                for share in shares
            )
        )
    owner = await connect(owner_dsn)
    # No workflow runs of these, as nobody takes a step; a worker would be busy for an hour with beginning them.
    await owner.execute("DELETE FROM catching_up")
    await owner.execute("ANALYZE")
    events = await owner.fetchval("SELECT reltuples::bigint FROM pg_class WHERE relname = 'event'")
    await owner.close()
    print(f"{sum(written)} referrals, about {events} events, in {time.monotonic() - began:.0f} s")


def _keys(pool: Pool, keys_file: Path) -> KeyStore:
    master_keys = MasterKeys.load(keys_file)
    return KeyStore(pool, master_keys, EpochKeys.beside(master_keys))


async def _enter(pool: Pool, keys: KeyStore, teams: Sequence[Team]) -> None:
    [manager] = (each for each in teams[0].staff if each.role is Role.SERVICE_MANAGER)
    await register.enter_first(pool, keys, manager)
    for team in teams:
        for member in team.staff:
            # A second service manager waits until another one confirms them.
            if member.role is not Role.SERVICE_MANAGER:
                await register.enter(pool, keys, member, manager.id)


def _write_share(dsn: str, owner_dsn: str, keys_file: Path, teams: Sequence[Team]) -> int:
    return asyncio.run(_write(dsn, owner_dsn, keys_file, teams))


async def _write(dsn: str, owner_dsn: str, keys_file: Path, teams: Sequence[Team]) -> int:
    end, policy, written = datetime.now(UTC), load_policies().of(LIVED_IN), 0
    owner = await connect(owner_dsn)
    async with await connect_pool(dsn) as pool:
        keys = _keys(pool, keys_file)
        for seed in sorted({team.seed for team in teams}):
            year = list(live(Plan(LIVED_IN, A_YEAR, seed, end, policy)))
            for team in teams:
                if team.seed == seed:
                    logs = _of_team(year, team)
                    while batch := list(islice(logs, _BATCH)):
                        await whole_logs.write(owner, keys, batch)
                        written += len(batch)
    await owner.close()
    return written


def _of_team(year: Sequence[WholeLog], team: Team) -> Iterator[WholeLog]:
    chance = random.Random(team.number)
    words: dict[str, str] = {LIVED_IN: team.area}
    words |= {each.id: team.staff_id(each.id) for each in team_of(LIVED_IN).everybody}
    words |= {log.referral.reference: reference_from(chance.getrandbits(35)) for log in year}
    place = uuid5(NAMESPACE_OID, f"team {team.number}")
    for log in year:
        surname = chance.choice(_SYLLABLES) + chance.choice(_SYLLABLES).lower() + chance.choice(_ENDINGS)
        yield again(log, Names(words, surname, place))
