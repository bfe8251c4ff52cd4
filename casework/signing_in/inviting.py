"""The invitation to set up an account, or to set it up anew when a password or a telephone was lost."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from pydantic import Field

from casework.session import Session, WayIn
from casework.signing_in.passwords import check_new_password, hash_password
from casework.signing_in.second_factor import (
    Authenticator,
    accepted_step,
    authenticator,
    new_recovery_codes,
    new_secret,
    recovery_hash,
)
from casework.signing_in.secrets_kept import keyed_hash, seal, unseal
from casework.signing_in.sessions import end_all_sessions
from lifecycle import Refused
from messages.channels import ChannelAway, ChannelRefused
from messages.email import Mailer
from messages.wording import Medium, Wording
from runtime.referrals import NotAnswered, Referrals
from runtime.settings import Settings
from schemas.base import Model
from schemas.people import Role, Staff, StaffId
from stores import staff
from stores.console import accounts as store

LASTS = timedelta(hours=72)
"""How long an invitation can be used."""

_TOKEN_BYTES = 32
_INSTEAD = {WayIn.COMMAND_LINE: ", or ask for the link itself with --show-link"}


class Invited(Model):
    """An invitation that was made.

    Attributes:
        sent: whether it was sent by e-mail.
        link: who has it can set up the account; never to be shown or logged unless somebody asked for that.
    """

    staff: StaffId
    ends_at: datetime
    sent: bool
    link: str = Field(repr=False)


class Opened(Model):
    """An invitation that somebody opened.

    Attributes:
        authenticator: what their app has to know; None before they chose a password.
    """

    staff: StaffId
    ends_at: datetime
    authenticator: Authenticator | None = Field(default=None, repr=False)


class Accepted(Model):
    """An account that was set up.

    Attributes:
        recovery_codes: to be shown this once.
    """

    member: Staff
    recovery_codes: list[str] = Field(repr=False)


class _Chosen(Model):
    password: str = Field(repr=False)
    second_factor: str = Field(repr=False)


async def invite(
    session: Session, settings: Settings, staff_id: str, at: datetime, *, link_is_shown: bool = False
) -> Invited:
    """Invite a person to set up their account, or to set it up anew, by e-mail to their address in the register.

    What they had stays as it is until they accept. An older invitation ends.

    Args:
        link_is_shown: whether whoever asks is shown the link, so that nobody need have an address.

    Raises:
        Refused: they may not, the person is not active, or there is no way to tell them.
        NotAnswered: the mail server does not take it now; nobody was invited.
    """
    referrals = session.referrals
    person = await referrals.registered(staff_id, "id")
    await _check_may_invite(session, person, link_is_shown=link_is_shown)
    mailer = _way_to(person, settings, link_is_shown=link_is_shown, instead=_INSTEAD.get(session.way_in, ""))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    hashed, ends_at = await _hash(referrals, token), at + LASTS
    invited = Invited(
        staff=staff_id,
        ends_at=ends_at,
        sent=mailer is not None,
        link=f"{settings.console_url}/invitation?token={token}",
    )
    await store.invite(referrals.pool, staff_id, hashed, at, ends_at, session.member.id)
    if mailer is not None:
        try:
            await _send(referrals, settings, mailer, person, invited)
        except (ChannelAway, ChannelRefused) as error:
            await store.withdraw_invitation(referrals.pool, staff_id, hashed)
            sentence = f"{staff_id} was not invited. {error}"
            if isinstance(error, ChannelAway):
                raise NotAnswered(f"{sentence} Try again later.") from None
            raise Refused("not_sent", sentence, "id") from None
    return invited


async def open_invitation(referrals: Referrals, token: str, at: datetime) -> Opened:
    """What an invitation says to who opens it; opening it uses nothing up, for mail programs do that too.

    Raises:
        Refused: it cannot be used, or not any more.
    """
    found = await _found(referrals, token, at)
    chosen = await _chosen(referrals, found)
    shown = authenticator(chosen.second_factor, found.staff) if chosen is not None else None
    return Opened(staff=found.staff, ends_at=found.ends_at, authenticator=shown)


async def choose_password(referrals: Referrals, token: str, password: str, at: datetime) -> None:
    """Choose the password of an account that is set up, and make its second factor.

    Raises:
        Refused: the invitation cannot be used, or the password is not accepted.
    """
    found = await _found(referrals, token, at)
    check_new_password(password, found.staff)
    chosen = _Chosen(password=await hash_password(password), second_factor=new_secret())
    sealed = await seal(referrals.keys, chosen.model_dump_json(), "chosen", found.staff)
    await store.choose(referrals.pool, await _hash(referrals, token), sealed)


async def accept(referrals: Referrals, token: str, code: str, at: datetime) -> Accepted:
    """Set the account up, by a first code of the authenticator app. Every session of the person ends.

    Raises:
        Refused: the invitation cannot be used, no password was chosen yet, or the code is not right.
    """
    found = await _found(referrals, token, at)
    chosen = await _chosen(referrals, found)
    if chosen is None:
        raise Refused("password_first", "Choose a password first.", "password")
    step = accepted_step(chosen.second_factor, code, at)
    if step is None:
        raise Refused(
            "code_wrong",
            "This is not the code that your authenticator app shows now. Accepted: its six digits; check that the "
            "telephone's clock is right.",
            "code",
        )
    codes, staff_id = new_recovery_codes(), found.staff
    done = await store.set_up(
        referrals.pool,
        await _hash(referrals, token),
        staff_id=staff_id,
        password=await seal(referrals.keys, chosen.password, "password", staff_id),
        second_factor=await seal(referrals.keys, chosen.second_factor, "second factor", staff_id),
        step=step,
        codes=[await recovery_hash(referrals.keys, staff_id, each) for each in codes],
        at=at,
    )
    if not done:
        raise _ended()
    await end_all_sessions(referrals, staff_id)
    return Accepted(member=await referrals.member(staff_id), recovery_codes=codes)


async def _check_may_invite(session: Session, person: Staff, *, link_is_shown: bool) -> None:
    """Who invites somebody could sign in as them, so it is for those who may change the whole of their entry."""
    referrals = session.referrals
    member = await referrals.member(session.member.id)
    if member.role is not Role.SERVICE_MANAGER:
        raise Refused("not_your_role", "Invitations are for service managers.", "as")
    managers = await staff.list_staff(referrals.pool, role=Role.SERVICE_MANAGER)
    managed = {area for manager in managers if manager.active for area in manager.areas}
    if others := [area for area in person.areas if area in managed and area not in member.areas]:
        raise Refused("staff_other_area", f"Only a service manager of {', '.join(others)} may do this.", "as")
    if link_is_shown and person.role is Role.SERVICE_MANAGER and person.id != member.id:
        raise Refused(
            "two_needed",
            f"{person.id} is a service manager, whose link is for their own eyes: it is sent by e-mail only.",
            "id",
        )


def _way_to(person: Staff, settings: Settings, *, link_is_shown: bool, instead: str) -> Mailer | None:
    """The mailer, where the person has an address.

    Args:
        instead: what somebody may ask for who cannot be sent it, at the end of a sentence.
    """
    if not person.active:
        raise Refused("staff_inactive", f"{person.id} is no longer active.", "id")
    if not settings.local_accounts_are_on:
        raise Refused(
            "no_local_accounts",
            "People sign in through the OpenID provider here (RJ_OIDC_ISSUER), and need no invitation; "
            "RJ_LOCAL_ACCOUNTS=on lets them have a password besides.",
        )
    if settings.console_url is None:
        raise Refused(
            "no_console", "Set RJ_CONSOLE_URL first, the console's address, to which the link leads."
        )
    if person.email is not None and settings.smtp_url is not None:
        return Mailer(settings.smtp_url, settings.mail_from)
    if link_is_shown:
        return None
    if person.email is None:
        raise Refused(
            "no_address",
            f"The register has no e-mail address of {person.id}: enter one first{instead}.",
            "id",
        )
    raise Refused(
        "no_mail_server", f"No mail server is set (RJ_SMTP_URL): the service has to have one first{instead}."
    )


async def _send(
    referrals: Referrals, settings: Settings, mailer: Mailer, person: Staff, invited: Invited
) -> None:
    policies = referrals.policies
    policy = policies.of(person.areas[0]) if len(person.areas) == 1 else policies.base
    facts = {
        "service": policy.service_name,
        "phone": policy.service_phone,
        "staff": person.id,
        "link": invited.link,
        "until": invited.ends_at,
    }
    written = Wording.load(settings.templates).render("account", Medium.EMAIL, facts)
    await mailer.send(
        to=person.email or "",
        subject=written.subject,
        body=written.body,
        message_id=f"<account.{secrets.token_hex(16)}@messages.invalid>",
    )


async def _found(referrals: Referrals, token: str, at: datetime) -> store.Invitation:
    found = await store.invitation(referrals.pool, await _hash(referrals, token), at)
    if found is None:
        raise _ended()
    return found


async def _chosen(referrals: Referrals, found: store.Invitation) -> _Chosen | None:
    if found.chosen is None:
        return None
    return _Chosen.model_validate_json(await unseal(referrals.keys, found.chosen, "chosen", found.staff))


async def _hash(referrals: Referrals, token: str) -> bytes:
    return await keyed_hash(referrals.keys, token, "invitation")


def _ended() -> Refused:
    hours = int(LASTS.total_seconds() // 3600)
    return Refused(
        "invitation_ended",
        f"This link has been used or replaced by a newer one, or {hours} hours have passed. Ask your service manager "
        "for another.",
    )
