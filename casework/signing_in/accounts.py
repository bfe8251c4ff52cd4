"""Signing in with a password and a second factor, and what a person may change of their account.

What is refused is refused in the same words and after the same time, whether it is the id, the password, the code, the
account or its lock; so nobody learns who has an account.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import structlog
from pydantic import AwareDatetime

from casework.session import Session
from casework.signing_in.passwords import check_new_password, hash_password, needs_new_hash, password_is
from casework.signing_in.second_factor import accepted_step, new_recovery_codes, recovery_hash
from casework.signing_in.secrets_kept import Ticket, keyed_hash, read_ticket, seal, ticket, unseal
from casework.signing_in.sessions import end_all_sessions
from lifecycle import Refused
from runtime.referrals import Referrals
from schemas.people import STAFF_ID, Staff, StaffId
from stores.console import accounts as store
from stores.console.accounts import Attempt, Event, EventKind

__all__ = [
    "ADDRESS_WITHIN",
    "LOCKED_FOR",
    "MOST_FAILURES",
    "MOST_FROM_ONE_ADDRESS",
    "SECOND_STEP_WITHIN",
    "Event",
    "EventKind",
    "account_log",
    "change_password",
    "give_code",
    "give_password",
    "give_recovery_code",
    "make_recovery_codes",
    "recovery_codes_left",
]

MOST_FAILURES = 6
"""The failed attempts after which an account is locked."""
LOCKED_FOR = timedelta(minutes=30)

MOST_FROM_ONE_ADDRESS = 30
"""The failed attempts, by whomever, after which no more are taken from an address; a whole office may share one."""
ADDRESS_WITHIN = timedelta(minutes=15)

SECOND_STEP_WITHIN = timedelta(minutes=10)
"""How long after the password the code may come."""

# A household or an office has as many addresses of IPv6 as it likes, all of one network of this size.
_IPV6_NETWORK = 64

log = structlog.stdlib.get_logger(__name__)


class PasswordGiven(Ticket):
    """That somebody has given the password of an account; what is missing is their second factor."""

    staff: StaffId
    password_at: AwareDatetime


async def give_password(
    referrals: Referrals, staff_id: str, password: str, address: str | None, at: datetime
) -> str:
    """Check a password; the ticket with which the second factor may be given.

    Args:
        address: where the attempt comes from, as IP has it; None where nobody knows.

    Raises:
        Refused: it is not right, or the account is locked, or too many attempts came from the address.
    """
    staff_id = staff_id.strip().lower()
    source = await _count(referrals, address, at)
    attempt = await _begin(referrals, staff_id, at)
    hashed = None
    if attempt is not None:
        hashed = await unseal(referrals.keys, attempt.password, "password", staff_id)
    right = await password_is(hashed, password)
    if attempt is None or hashed is None or not right or not attempt.active:
        await _failed(referrals, staff_id, attempt, at)
        raise _wrong("password")
    if needs_new_hash(hashed):
        anew = await seal(referrals.keys, await hash_password(password), "password", staff_id)
        await store.rehash(referrals.pool, staff_id, attempt.password, anew)
    await store.take_back_attempt(referrals.pool, staff_id, MOST_FAILURES)
    await store.take_back_failure(referrals.pool, source)
    given = PasswordGiven(staff=staff_id, password_at=attempt.password_at, ends_at=at + SECOND_STEP_WITHIN)
    return await ticket(referrals.keys, given)


async def give_code(referrals: Referrals, given: str, code: str, address: str | None, at: datetime) -> Staff:
    """Check a code of the authenticator app; who is signed in with it.

    Args:
        given: the ticket of `give_password`.

    Raises:
        Refused: the code is not right or was used, or the password was given too long ago.
    """
    source, attempt, staff_id = await _second_step(referrals, given, address, at)
    secret = await unseal(referrals.keys, attempt.second_factor, "second factor", staff_id)
    step = accepted_step(secret, code, at)
    if step is None or not await store.accept_step(referrals.pool, staff_id, step):
        await _failed(referrals, staff_id, attempt, at)
        raise _wrong("code")
    await store.take_back_failure(referrals.pool, source)
    return await referrals.member(staff_id)


async def give_recovery_code(
    referrals: Referrals, given: str, code: str, address: str | None, at: datetime
) -> Staff:
    """Check a recovery code, which is used up by it; who is signed in with it.

    Raises:
        Refused: as of `give_code`.
    """
    source, attempt, staff_id = await _second_step(referrals, given, address, at)
    hashed = await recovery_hash(referrals.keys, staff_id, code)
    if await store.use_recovery_code(referrals.pool, staff_id, hashed, at) is None:
        await _failed(referrals, staff_id, attempt, at)
        raise _wrong("code")
    await store.take_back_failure(referrals.pool, source)
    return await referrals.member(staff_id)


async def recovery_codes_left(session: Session) -> int | None:
    """How many recovery codes the person has left; None where they have no account with a password."""
    return await store.recovery_codes_left(session.referrals.pool, session.member.id)


async def account_log(session: Session, most: int = 10) -> list[Event]:
    """What was done to the person's account lately, the latest first: so that they notice what was not their doing."""
    return await store.events(session.referrals.pool, session.member.id, most)


async def change_password(
    session: Session, present: str, new: str, address: str | None, at: datetime, *, stays: int | None = None
) -> None:
    """Change the person's password, and end their sessions but for one.

    Args:
        stays: the session that goes on.

    Raises:
        Refused: the present one is not right, or the new one is not accepted.
    """
    referrals, staff_id = session.referrals, session.member.id
    check_new_password(new, staff_id)
    await _give_password_again(session, present, address, at)
    sealed = await seal(referrals.keys, await hash_password(new), "password", staff_id)
    await store.change_password(referrals.pool, staff_id, sealed, at)
    await end_all_sessions(referrals, staff_id, but=stays)


async def make_recovery_codes(session: Session, present: str, address: str | None, at: datetime) -> list[str]:
    """New recovery codes in place of all that are left, to be shown once.

    Raises:
        Refused: the password is not right.
    """
    await _give_password_again(session, present, address, at)
    referrals, staff_id = session.referrals, session.member.id
    codes = new_recovery_codes()
    hashes = [await recovery_hash(referrals.keys, staff_id, code) for code in codes]
    await store.replace_recovery_codes(referrals.pool, staff_id, hashes, at)
    return codes


async def _give_password_again(session: Session, present: str, address: str | None, at: datetime) -> None:
    try:
        await give_password(session.referrals, session.member.id, present, address, at)
    except Refused as refused:
        if refused.code != "sign_in_refused":
            raise
        raise Refused(
            "password_wrong",
            f"This is not your present password. After {MOST_FAILURES} wrong attempts your account is locked for "
            f"{_minutes(LOCKED_FOR)} minutes.",
            "present",
        ) from None


async def _second_step(
    referrals: Referrals, given: str, address: str | None, at: datetime
) -> tuple[bytes, Attempt, str]:
    told = await read_ticket(referrals.keys, given, PasswordGiven, at)
    if told is None:
        raise Refused("password_first", "Give your password first: that was too long ago.")
    source = await _count(referrals, address, at)
    attempt = await _begin(referrals, told.staff, at)
    if attempt is None or not attempt.active or attempt.password_at != told.password_at:
        await _failed(referrals, told.staff, attempt, at)
        raise _wrong("code")
    return source, attempt, told.staff


async def _begin(referrals: Referrals, staff_id: str, at: datetime) -> Attempt | None:
    if not re.fullmatch(STAFF_ID, staff_id):
        return None
    return await store.begin_attempt(referrals.pool, staff_id, at, MOST_FAILURES, LOCKED_FOR)


async def _failed(referrals: Referrals, staff_id: str, attempt: Attempt | None, at: datetime) -> None:
    if attempt is not None and attempt.locks:
        log.warning("an account was locked after too many attempts", staff=staff_id)
        await store.record(referrals.pool, staff_id, at, EventKind.LOCKED, staff_id)


async def _count(referrals: Referrals, address: str | None, at: datetime) -> bytes:
    source = await keyed_hash(referrals.keys, _network(address), "address")
    if await store.count_failure(referrals.pool, source, at, ADDRESS_WITHIN) > MOST_FROM_ONE_ADDRESS:
        raise Refused(
            "too_many_attempts",
            f"Too many attempts failed from where you are. Try again in {_minutes(ADDRESS_WITHIN)} minutes.",
        )
    return source


def _network(address: str | None) -> str:
    try:
        ip = ip_address(address or "")
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip_network((int(ip), _IPV6_NETWORK), strict=False))


def _wrong(what: str) -> Refused:
    about = (
        "Check your staff ID and your password." if what == "password" else "Check the code; each works once."
    )
    return Refused(
        "sign_in_refused",
        f"You could not be signed in with this. {about} After {MOST_FAILURES} wrong attempts an account is locked for "
        f"{_minutes(LOCKED_FOR)} minutes.",
    )


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)
