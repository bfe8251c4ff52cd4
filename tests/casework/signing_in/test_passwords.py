"""Which passwords are accepted."""

from __future__ import annotations

import pytest

from casework.signing_in.passwords import (
    HASHER,
    LONGEST,
    SHORTEST,
    check_new_password,
    hash_password,
    password_is,
)
from lifecycle import Refused


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "it has 0 characters"),
        ("x7#Kq!m2Zp@", "it has 11 characters"),
        ("ab" + "c1d2e3f4g5" * 20, "it has 202 characters"),
        ("caseworker-9", "it is your staff ID or little more"),
        ("Caseworker-9Caseworker-9!", "it is your staff ID or little more"),
        ("aaaaaaaaaaaaaaaa", "one of the commonest"),
        ("121212121212", "one of the commonest"),
        ("Password1234", "one of the commonest"),
        ("123456789012", "one of the commonest"),
        ("liverpool2026", "one of the commonest"),
        ("crumpet\x07lantern otter", "a character that no keyboard types"),
    ],
)
def test_a_password_is_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as error:
        check_new_password(password, "caseworker-9")
    assert "Accepted: " in error.value.message
    assert not password or password not in error.value.message
    assert error.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "crumpet lantern otter",
        "alllowercase",
        "éèêëàâäùûü çœ",
        "密码很长也可以用来登录吗当然可以",
        "g" * (SHORTEST - 3) + "hij",
        "q1w2" * (LONGEST // 4),
        "   spaces before and after   ",
    ],
)
def test_no_rule_says_which_characters(password: str) -> None:
    check_new_password(password, "cw-1")


async def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    composed, decomposed = "cr\u00eape lantern otter", "cre\u0302pe lantern otter"
    assert await password_is(await hash_password(composed), decomposed)


async def test_a_password_is_hashed_by_argon2id_with_the_parameters_that_are_stated() -> None:
    hashed = await hash_password("crumpet lantern otter")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not HASHER.check_needs_rehash(hashed)
    assert hashed != await hash_password("crumpet lantern otter")


async def test_no_hash_is_nobodys_password() -> None:
    assert not await password_is(None, "nobody signs in with this")
    assert not await password_is("not a hash", "crumpet lantern otter")


async def test_a_password_counts_in_full() -> None:
    longest = "x1y2" * 50
    assert not await password_is(await hash_password(longest), longest[:-1])
    assert not await password_is(await hash_password(longest), longest + "x")
