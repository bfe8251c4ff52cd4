"""The invitation to set up an account."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pyotp
import pytest

from casework.session import Session, WayIn, sign_in
from casework.signing_in import inviting
from casework.signing_in.second_factor import authenticator
from lifecycle import Refused
from messages.neutral_words import forbidden_word
from runtime.referrals import NotAnswered, Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.database import Pool
from tests.casework.signing_in.letters import newest_to
from tests.casework.signing_in.people import CONSOLE, PASSWORD, People, settings, shown_secret
from tests.conftest import PostOffice

pytestmark = pytest.mark.usefixtures("quick_hashing")


async def ended(attempt: object) -> None:
    """Check that an attempt is refused because the link does not count any more."""
    with pytest.raises(Refused) as error:
        await attempt  # type: ignore[misc]
    assert error.value.code == "invitation_ended"


async def test_an_invitation_is_sent_to_the_address_in_the_register(
    people: People, manager: Session, post_office: PostOffice, at: datetime
) -> None:
    member = await people.member(email="invited@example.org")
    known = settings(smtp_url=post_office.mail.url, mail_from="service@example.org")
    invited = await inviting.invite(manager, known, member.id, at)
    assert invited.sent
    letter = newest_to(post_office, "invited@example.org")
    assert invited.link in letter.get_content()
    assert forbidden_word(str(letter["Subject"])) is None
    assert member.id in letter.get_content()
    assert "Monday 30 November 2026 at 9am" in letter.get_content()
    assert re.fullmatch(rf"{CONSOLE}/invitation\?token=[\w-]{{43}}", invited.link)


async def test_the_link_is_in_no_repr_and_not_in_the_database(
    people: People, manager: Session, pool: Pool, at: datetime
) -> None:
    member = await people.member()
    invited = await inviting.invite(manager, settings(), member.id, at, link_is_shown=True)
    token = invited.link.partition("=")[2]
    assert token not in repr(invited)
    rows = await pool.fetch("SELECT * FROM account_invitation")
    assert rows
    assert not any(token.encode() in bytes(row["hash"]) for row in rows)


async def test_an_invitation_lasts_seventy_two_hours(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    token = await people.link(manager, (await people.member()).id, at)
    last = at + timedelta(hours=71, minutes=59)
    assert (await inviting.open_invitation(referrals, token, last)).staff
    await ended(inviting.open_invitation(referrals, token, at + timedelta(hours=72)))
    await ended(inviting.choose_password(referrals, token, PASSWORD, at + timedelta(hours=72)))


async def test_an_invitation_that_ran_out_between_password_and_code_sets_up_nothing(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    token = await people.link(manager, (await people.member()).id, at)
    await inviting.choose_password(referrals, token, PASSWORD, at)
    secret, later = await shown_secret(referrals, token, at), at + timedelta(hours=73)
    await ended(inviting.accept(referrals, token, pyotp.TOTP(secret).at(later), later))


async def test_an_invitation_is_used_once(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    member = await people.member()
    token = await people.link(manager, member.id, at)
    await inviting.choose_password(referrals, token, PASSWORD, at)
    code = pyotp.TOTP(await shown_secret(referrals, token, at)).at(at)
    assert (await inviting.accept(referrals, token, code, at)).member.id == member.id
    await ended(inviting.accept(referrals, token, code, at))
    await ended(inviting.open_invitation(referrals, token, at))


async def test_opening_an_invitation_does_not_use_it_up(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    token = await people.link(manager, (await people.member()).id, at)
    for _ in range(3):
        assert (await inviting.open_invitation(referrals, token, at)).authenticator is None


async def test_a_newer_invitation_ends_the_older(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    member = await people.member()
    older = await people.link(manager, member.id, at)
    await inviting.choose_password(referrals, older, PASSWORD, at)
    newer = await people.link(manager, member.id, at)
    await ended(inviting.open_invitation(referrals, older, at))
    # And nothing that was chosen with the older one counts.
    assert (await inviting.open_invitation(referrals, newer, at)).authenticator is None


async def test_no_other_token_opens_an_invitation(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    token = await people.link(manager, (await people.member()).id, at)
    for other in ("", token[:-1], token + "A", token.swapcase()):
        await ended(inviting.open_invitation(referrals, other, at))


async def test_without_a_password_or_the_code_nothing_is_set_up(
    people: People, manager: Session, referrals: Referrals, pool: Pool, at: datetime
) -> None:
    member = await people.member()
    token = await people.link(manager, member.id, at)
    with pytest.raises(Refused, match="Choose a password first"):
        await inviting.accept(referrals, token, "123456", at)
    with pytest.raises(Refused, match="it has 5 characters"):
        await inviting.choose_password(referrals, token, "short", at)
    await inviting.choose_password(referrals, token, PASSWORD, at)
    for code in ("", "000000", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        with pytest.raises(Refused, match="not the code"):
            await inviting.accept(referrals, token, code, at)
    assert await pool.fetchval("SELECT count(*) FROM account WHERE staff = $1", member.id) == 0


async def test_an_account_is_set_up_anew_by_another_invitation_and_the_old_one_counts_until_then(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    account = await people.account(manager, at)
    token = await people.link(manager, account.member.id, at)
    await inviting.choose_password(referrals, token, "harbour thimble sandwich", at)
    await account.sign_in(at)
    for _ in range(6):
        with pytest.raises(Refused):
            await account.give_password(at, "not the password")
    later = at + timedelta(minutes=1)
    secret = await shown_secret(referrals, token, later)
    accepted = await inviting.accept(referrals, token, pyotp.TOTP(secret).at(later), later)
    with pytest.raises(Refused):
        await account.give_password(later)
    account.password, account.secret = "harbour thimble sandwich", secret
    after = later + timedelta(minutes=1)
    await account.sign_in(after)
    given = await account.give_password(after)
    with pytest.raises(Refused):
        await account.give_recovery_code(given, after, account.recovery_codes[0])
    await account.give_recovery_code(given, after, accepted.recovery_codes[0])


async def test_the_code_that_set_an_account_up_is_not_accepted_again(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    account = await people.account(manager, at)
    given = await account.give_password(at)
    with pytest.raises(Refused):
        await account.give_code(given, at, account.code(at - timedelta(seconds=30)))


async def test_a_person_who_is_inactive_is_not_invited_and_their_link_ends(
    people: People, manager: Session, referrals: Referrals, at: datetime
) -> None:
    member = await people.member()
    token = await people.link(manager, member.id, at)
    await people.change(member, active=False)
    await ended(inviting.open_invitation(referrals, token, at))
    with pytest.raises(Refused, match="is no longer active"):
        await people.link(manager, member.id, at)


@pytest.mark.parametrize("by", ["cw-1", "fa-1", "su-1", "co-1", "pa-1"])
async def test_only_a_service_manager_invites(referrals: Referrals, by: str, at: datetime) -> None:
    session = await sign_in(referrals, by, WayIn.COMMAND_LINE)
    with pytest.raises(Refused, match="for service managers"):
        await inviting.invite(session, settings(), "cw-2", at, link_is_shown=True)


async def test_a_service_manager_invites_nobody_of_an_area_that_another_manages(
    people: People, manager: Session, at: datetime
) -> None:
    with pytest.raises(Refused, match="Only a service manager of durham may do this"):
        await people.link(manager, "cw-1", at)


async def test_the_link_of_another_service_manager_is_for_their_own_eyes(
    people: People, manager: Session, at: datetime
) -> None:
    another = Staff(id="sm-lancs-2", role=Role.SERVICE_MANAGER, areas=(Area.LANCASHIRE,))
    with pytest.raises(Refused, match="for their own eyes"):
        await inviting._check_may_invite(manager, another, link_is_shown=True)
    await inviting._check_may_invite(manager, another, link_is_shown=False)
    assert await people.link(manager, manager.member.id, at)


async def refusal(manager: Session, member: str, at: datetime, **known: object) -> str:
    """The sentence with which an invitation is refused."""
    with pytest.raises(Refused) as error:
        await inviting.invite(manager, settings(**known), member, at)
    return error.value.message


async def test_without_a_way_to_tell_them_one_sentence_says_what_is_missing(
    people: People, manager: Session, at: datetime
) -> None:
    known, unknown = await people.member(email="invited@example.org"), await people.member()
    assert "RJ_CONSOLE_URL" in await refusal(manager, known.id, at, console_url=None)
    assert "no e-mail address" in await refusal(manager, unknown.id, at, smtp_url="smtp://127.0.0.1:1")
    assert "RJ_SMTP_URL" in await refusal(manager, known.id, at)
    provider = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "rj", "oidc_client_secret": "s"}
    assert "OpenID provider" in await refusal(manager, known.id, at, **provider)


async def test_where_the_mail_server_is_away_nobody_is_invited(
    people: People, manager: Session, pool: Pool, at: datetime
) -> None:
    member = await people.member(email="invited@example.org")
    with pytest.raises(NotAnswered, match="was not invited"):
        await inviting.invite(manager, settings(smtp_url="smtp://127.0.0.1:1"), member.id, at)
    assert await pool.fetchval("SELECT count(*) FROM account_invitation WHERE staff = $1", member.id) == 0


async def test_who_invited_whom_is_written_down(
    people: People, manager: Session, pool: Pool, at: datetime
) -> None:
    account = await people.account(manager, at)
    rows = await pool.fetch(
        "SELECT kind, by_staff FROM account_event WHERE staff = $1 ORDER BY id", account.member.id
    )
    assert [tuple(row) for row in rows] == [("invited", "sm-lancs"), ("set_up", account.member.id)]


async def test_the_application_cannot_rewrite_what_was_done_to_accounts(
    people: People, manager: Session, pool: Pool, at: datetime
) -> None:
    await people.account(manager, at)
    for statement in ("UPDATE account_event SET by_staff = 'cw-1'", "DELETE FROM account_event"):
        with pytest.raises(Exception, match="permission denied"):
            await pool.execute(statement)


def test_the_picture_for_the_app_needs_no_style_of_its_own() -> None:
    shown = authenticator("JBSWY3DPEHPK3PXP" * 2, "cw-1")
    assert shown.secret == "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
    assert shown.picture.startswith("<svg")
    assert "style=" not in shown.picture
    assert "otpauth" not in shown.picture
