"""Signing in with a password and a second factor."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Literal

import pytest
from argon2 import PasswordHasher

from casework.session import Session
from casework.signing_in import accounts, passwords
from casework.signing_in.accounts import MOST_FAILURES, MOST_FROM_ONE_ADDRESS
from casework.signing_in.secrets_kept import seal
from lifecycle import Refused
from runtime.referrals import Referrals
from stores.database import Pool
from tests.casework.signing_in.people import PASSWORD, Account, People

pytestmark = pytest.mark.usefixtures("quick_hashing")

WRONG = "not the password at all"


async def refused(attempt: object) -> str:
    """The sentence with which an attempt is refused."""
    with pytest.raises(Refused) as error:
        await attempt  # type: ignore[misc]
    assert error.value.code == "sign_in_refused"
    return error.value.message


@pytest.fixture
async def account(people: People, manager: Session, at: datetime) -> Account:
    """Somebody with an account."""
    return await people.account(manager, at)


async def test_password_and_code_sign_a_person_in(account: Account, at: datetime) -> None:
    assert (await account.sign_in(at)).id == account.member.id


async def test_an_id_is_read_however_it_is_typed(
    account: Account, referrals: Referrals, at: datetime
) -> None:
    typed = f" {account.member.id.upper()} "
    given = await accounts.give_password(referrals, typed, PASSWORD, account.address, at)
    assert (await account.give_code(given, at)).id == account.member.id


async def test_a_wrong_password_a_wrong_id_and_no_account_are_told_apart_by_nobody(
    account: Account, people: People, referrals: Referrals, at: datetime
) -> None:
    without = await people.member()
    said = {
        await refused(account.give_password(at, WRONG)),
        await refused(accounts.give_password(referrals, "la-nobody", PASSWORD, account.address, at)),
        await refused(accounts.give_password(referrals, without.id, PASSWORD, account.address, at)),
        await refused(accounts.give_password(referrals, "'; DROP TABLE \x00", PASSWORD, account.address, at)),
    }
    assert len(said) == 1


async def test_an_unknown_id_takes_the_time_that_a_known_one_does(
    account: Account, referrals: Referrals, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - theirs
            hashed.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=1024, parallelism=1))
    await refused(account.give_password(at, WRONG))
    known = len(hashed)
    await refused(accounts.give_password(referrals, "la-nobody", WRONG, account.address, at))
    assert (known, len(hashed)) == (1, 2)
    # Of the same parameters, and so the same time.
    assert hashed[0].split("$")[:4] == hashed[1].split("$")[:4]


async def test_the_sixth_failure_locks_for_thirty_minutes_and_says_nothing_else(
    account: Account, at: datetime
) -> None:
    said = {await refused(account.give_password(at, WRONG)) for _ in range(MOST_FAILURES)}
    said.add(await refused(account.give_password(at)))
    said.add(await refused(account.give_password(at + timedelta(minutes=29, seconds=59))))
    assert len(said) == 1
    assert (await account.sign_in(at + timedelta(minutes=30))).id == account.member.id


async def test_five_failures_lock_nobody_and_a_sign_in_ends_the_counting(
    account: Account, at: datetime
) -> None:
    for number in range(2):
        for _ in range(MOST_FAILURES - 1):
            await refused(account.give_password(at, WRONG))
        await account.sign_in(at + timedelta(minutes=number))


async def test_wrong_codes_count_as_wrong_passwords_do(account: Account, at: datetime) -> None:
    given = await account.give_password(at)
    for _ in range(MOST_FAILURES):
        await refused(account.give_code(given, at, "000000"))
        # To give the password once more does not end the counting.
    await refused(account.give_code(given, at))
    await refused(account.give_password(at))


async def test_a_right_password_does_not_end_the_counting(account: Account, at: datetime) -> None:
    for _ in range(MOST_FAILURES - 1):
        await refused(account.give_password(at, WRONG))
    given = await account.give_password(at)
    await refused(account.give_code(given, at, "000000"))
    await refused(account.give_code(given, at))


async def test_attempts_at_the_same_moment_are_counted_each(account: Account, at: datetime) -> None:
    tries = [account.give_password(at, f"{WRONG} {number}") for number in range(12)]
    await asyncio.gather(*tries, return_exceptions=True)
    await refused(account.give_password(at))


async def test_a_lock_is_written_down(account: Account, pool: Pool, at: datetime) -> None:
    for _ in range(MOST_FAILURES):
        await refused(account.give_password(at, WRONG))
    kinds = await pool.fetch("SELECT kind FROM account_event WHERE staff = $1 ORDER BY id", account.member.id)
    assert [each["kind"] for each in kinds] == ["invited", "set_up", "locked"]


async def test_too_many_failures_from_one_address_stop_all_from_it(
    account: Account, referrals: Referrals, at: datetime
) -> None:
    office = "203.0.113.9"
    for number in range(MOST_FROM_ONE_ADDRESS):
        await refused(accounts.give_password(referrals, f"la-guess-{number}", WRONG, office, at))
    with pytest.raises(Refused, match="Too many attempts failed from where you are"):
        await account.give_password(at, address=office)
    assert await account.give_password(at, address="203.0.113.10")
    assert await account.give_password(at + timedelta(minutes=15), address=office)


async def test_the_addresses_of_one_network_of_ipv6_count_together(
    account: Account, referrals: Referrals, at: datetime
) -> None:
    for number in range(MOST_FROM_ONE_ADDRESS):
        await refused(accounts.give_password(referrals, "la-guess", WRONG, f"2001:db8:7:7::{number:x}", at))
    with pytest.raises(Refused, match="Too many attempts"):
        await account.give_password(at, address="2001:db8:7:7:ffff::1")
    assert await account.give_password(at, address="2001:db8:7:8::1")


async def test_signing_in_counts_against_no_address(account: Account, at: datetime) -> None:
    for number in range(MOST_FROM_ONE_ADDRESS + 1):
        await account.give_password(at + timedelta(seconds=number), address="203.0.113.77")


async def test_a_code_is_accepted_once(account: Account, at: datetime) -> None:
    await account.sign_in(at)
    given = await account.give_password(at)
    await refused(account.give_code(given, at))
    await account.give_code(given, at, account.code(at + timedelta(seconds=30)))


async def test_a_code_given_twice_at_the_same_moment_is_accepted_once(account: Account, at: datetime) -> None:
    given = await account.give_password(at)
    answers = await asyncio.gather(*(account.give_code(given, at) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


@pytest.mark.parametrize(("off", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_a_code_of_the_step_before_or_after_is_accepted_and_no_other(
    people: People, manager: Session, at: datetime, off: int, accepted: bool
) -> None:
    account = await people.account(manager, at)
    later = at + timedelta(minutes=5)
    given = await account.give_password(later)
    code = account.code(later + timedelta(seconds=off))
    if accepted:
        await account.give_code(given, later, f" {code[:3]} {code[3:]}")
    else:
        await refused(account.give_code(given, later, code))


async def test_a_recovery_code_signs_in_once_however_it_is_typed(account: Account, at: datetime) -> None:
    assert len(set(account.recovery_codes)) == 10
    code = account.recovery_codes[3]
    given = await account.give_password(at)
    typed = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')}"
    assert (await account.give_recovery_code(given, at, typed)).id == account.member.id
    assert await accounts.recovery_codes_left(account.session()) == 9
    await refused(account.give_recovery_code(given, at, code))


async def test_a_recovery_code_of_somebody_else_signs_nobody_in(
    account: Account, people: People, manager: Session, at: datetime
) -> None:
    other = await people.account(manager, at)
    given = await account.give_password(at)
    await refused(account.give_recovery_code(given, at, other.recovery_codes[0]))


async def test_a_code_without_a_password_before_it_signs_nobody_in(
    account: Account, people: People, manager: Session, at: datetime
) -> None:
    given = await account.give_password(at)
    for ticket in ("", "nothing", given[:-8], given[:40] + given):
        with pytest.raises(Refused, match="Give your password first"):
            await account.give_code(ticket, at)
    with pytest.raises(Refused, match="Give your password first"):
        await account.give_code(given, at + timedelta(minutes=10))


async def test_a_password_that_was_changed_meanwhile_does_not_count(account: Account, at: datetime) -> None:
    given = await account.give_password(at)
    later = at + timedelta(minutes=1)
    await accounts.change_password(
        account.session(), PASSWORD, "harbour thimble sandwich", account.address, later
    )
    await refused(account.give_code(given, later))


async def test_who_is_inactive_cannot_sign_in_at_either_step(
    account: Account, people: People, at: datetime
) -> None:
    given = await account.give_password(at)
    await people.change(account.member, active=False)
    await refused(account.give_password(at))
    await refused(account.give_code(given, at))
    await refused(account.give_recovery_code(given, at, account.recovery_codes[0]))


async def test_a_password_is_changed_by_who_knows_the_present_one(account: Account, at: datetime) -> None:
    new = "harbour thimble sandwich"
    with pytest.raises(Refused, match="not your present password"):
        await accounts.change_password(account.session(), WRONG, new, account.address, at)
    await account.give_password(at)
    await accounts.change_password(account.session(), PASSWORD, new, account.address, at)
    await refused(account.give_password(at))
    account.password = new
    await account.sign_in(at)


async def test_a_wrong_present_password_counts_as_a_failure(account: Account, at: datetime) -> None:
    for _ in range(MOST_FAILURES):
        with pytest.raises(Refused, match="not your present password"):
            await accounts.change_password(
                account.session(), WRONG, "harbour thimble sandwich", account.address, at
            )
    await refused(account.give_password(at))


async def test_new_recovery_codes_take_the_place_of_all_that_are_left(account: Account, at: datetime) -> None:
    with pytest.raises(Refused, match="not your present password"):
        await accounts.make_recovery_codes(account.session(), WRONG, account.address, at)
    codes = await accounts.make_recovery_codes(account.session(), PASSWORD, account.address, at)
    assert len(set(codes) - set(account.recovery_codes)) == 10
    given = await account.give_password(at)
    await refused(account.give_recovery_code(given, at, account.recovery_codes[0]))
    await account.give_recovery_code(given, at, codes[0])


async def test_a_hash_under_older_parameters_is_made_anew_at_the_next_sign_in(
    account: Account, referrals: Referrals, pool: Pool, at: datetime
) -> None:
    stored = "SELECT password FROM account WHERE staff = $1"
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    sealed = await seal(referrals.keys, weak, "password", account.member.id)
    await pool.execute("UPDATE account SET password = $2 WHERE staff = $1", account.member.id, sealed)
    await refused(account.give_password(at, WRONG))
    assert await pool.fetchval(stored, account.member.id) == sealed
    await account.give_password(at)
    anew = await pool.fetchval(stored, account.member.id)
    assert anew != sealed
    await account.sign_in(at)
    assert await pool.fetchval(stored, account.member.id) == anew


async def test_the_database_alone_reveals_nothing_that_lets_somebody_in(
    account: Account, pool: Pool, at: datetime
) -> None:
    await refused(account.give_password(at, WRONG, address="203.0.113.200"))
    tables = ("account", "recovery_code", "account_invitation", "account_event", "sign_in_source")
    stored = ""
    for table in tables:
        rows = await pool.fetch(f"SELECT * FROM {table}")
        stored += "".join(
            value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for row in rows
            for value in row.values()
        )
    for canary in ("argon2", account.secret, *account.recovery_codes, PASSWORD, "203.0.113"):
        assert canary not in stored


async def test_what_is_stored_for_one_person_signs_no_other_in(
    account: Account, people: People, manager: Session, pool: Pool, at: datetime
) -> None:
    other = await people.account(manager, at)
    await pool.execute(
        "UPDATE account SET password = (SELECT password FROM account WHERE staff = $1) WHERE staff = $2",
        account.member.id,
        other.member.id,
    )
    with pytest.raises(Exception, match="was not sealed for"):
        await other.give_password(at)
