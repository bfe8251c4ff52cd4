"""People of the tests who sign in with a password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any
from zlib import crc32

import pyotp

from casework.session import Session, WayIn
from casework.signing_in import accounts, inviting
from casework.signing_in.inviting import Accepted
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas.areas import Area
from schemas.people import Role, Staff
from tests.register import enter

PASSWORD = "crumpet lantern otter"
CONSOLE = "https://console.example.org"


def settings(**given: Any) -> Settings:
    """Settings with a console."""
    return Settings.load(**{"console_url": CONSOLE} | given)


@dataclass
class Account:
    """A person with an account, as they keep it: what they know, their telephone, and their paper."""

    referrals: Referrals
    member: Staff
    secret: str
    recovery_codes: list[str]
    password: str = PASSWORD

    @property
    def address(self) -> str:
        """The address of IP that they alone have."""
        return str(IPv4Address(0x0A000000 + crc32(self.member.id.encode()) % 0xFFFFFF))

    def code(self, at: datetime) -> str:
        """What their authenticator app shows at that moment."""
        return pyotp.TOTP(self.secret).at(at)

    def session(self) -> Session:
        """Their session in the console."""
        return Session(self.referrals, self.member, WayIn.CONSOLE)

    async def give_password(
        self, at: datetime, password: str | None = None, *, address: str | None = None
    ) -> str:
        """Give the password, from an address where nobody else is."""
        return await accounts.give_password(
            self.referrals, self.member.id, password or self.password, address or self.address, at
        )

    async def give_code(self, given: str, at: datetime, code: str | None = None) -> Staff:
        """Give the code of the app, or another."""
        return await accounts.give_code(self.referrals, given, code or self.code(at), self.address, at)

    async def give_recovery_code(self, given: str, at: datetime, code: str) -> Staff:
        """Give a recovery code."""
        return await accounts.give_recovery_code(self.referrals, given, code, self.address, at)

    async def sign_in(self, at: datetime) -> Staff:
        """Sign in by password and code."""
        return await self.give_code(await self.give_password(at), at)


@dataclass
class People:
    """Makes people who are in Lancashire.

    Attributes:
        number: of the test, so that no two tests know the same person.
    """

    referrals: Referrals
    number: int
    made: list[str] = field(default_factory=list)

    async def member(self, staff_id: str | None = None, role: Role = Role.CASEWORKER, **more: Any) -> Staff:
        """A person of the register."""
        staff_id = staff_id or f"la-{self.number}-{len(self.made)}"
        self.made.append(staff_id)
        known = {"id": staff_id, "role": role, "areas": (Area.LANCASHIRE,)} | more
        await enter(self.referrals.pool, self.referrals.keys, Staff.model_validate(known))
        return await self.referrals.registered(staff_id, "id")

    async def change(self, member: Staff, **changes: Any) -> None:
        """Change what the register says of somebody."""
        await enter(self.referrals.pool, self.referrals.keys, member.model_copy(update=changes))

    async def link(self, manager: Session, staff_id: str, at: datetime | None = None) -> str:
        """The token of an invitation."""
        invited = await inviting.invite(
            manager, settings(), staff_id, at or datetime.now(UTC), link_is_shown=True
        )
        return invited.link.partition("token=")[2]

    async def account(self, manager: Session, at: datetime, member: Staff | None = None) -> Account:
        """Somebody who has just set up their account, by the code of the step before."""
        member = member or await self.member()
        token = await self.link(manager, member.id, at)
        await inviting.choose_password(self.referrals, token, PASSWORD, at)
        secret = await shown_secret(self.referrals, token, at)
        accepted: Accepted = await inviting.accept(
            self.referrals, token, pyotp.TOTP(secret).at(at - timedelta(seconds=30)), at
        )
        return Account(self.referrals, accepted.member, secret, accepted.recovery_codes)


async def shown_secret(referrals: Referrals, token: str, at: datetime) -> str:
    """What an authenticator app is told by an invitation."""
    opened = await inviting.open_invitation(referrals, token, at)
    assert opened.authenticator is not None
    return re.sub(" ", "", opened.authenticator.secret)
