"""Signing in through an OpenID provider: what is asked of it, and what of its answers is believed.

The provider here answers wrongly on purpose; `tests/console/oidc` signs in at a real one.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from casework.signing_in.openid import Arrived, OpenIdProvider, ProviderAway
from lifecycle import Refused
from runtime.referrals import Referrals
from runtime.settings import BadSetting
from schemas.people import Staff
from tests.casework.signing_in.people import CONSOLE, People, settings

ISSUER = "https://id.example.org/realm"
SECRET = "a secret: with ? & and +"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
SHARED = OctKey.import_key(SECRET * 3)
ANOTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


@dataclass
class Double:
    """A provider that answers as a test wants it.

    Attributes:
        claims: of the ID token, beyond or instead of the right ones; None takes one away.
        asked: the requests that it got, by the last part of the address.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    key: Any = field(default_factory=lambda: KEY)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    published: list[Any] = field(default_factory=lambda: [KEY])
    status: Mapping[str, int] = field(default_factory=dict)
    asked: dict[str, list[httpx.Request]] = field(default_factory=dict)
    nonce: str = ""
    id_token: str | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as `httpx.MockTransport` has it."""
        name = request.url.path.rpartition("/")[2]
        self.asked.setdefault(name, []).append(request)
        answers: dict[str, Callable[[], Mapping[str, Any]]] = {
            "openid-configuration": self.says,
            "keys": lambda: KeySet(self.published).as_dict(private=False),
            "token": lambda: {
                "access_token": "opaque",
                "token_type": "Bearer",
                "id_token": self.id_token or self.token(),
            },
            "userinfo": lambda: self.userinfo or {"sub": "subject-1"},
        }
        said = answers[name]()
        return httpx.Response(self.status.get(name, 200), json=said)

    def says(self) -> dict[str, Any]:
        """The discovery document."""
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
        ends = ("auth", "token", "keys", "userinfo")
        where = {name: f"{ISSUER}/{end}" for name, end in zip(names, ends, strict=True)}
        return {"issuer": ISSUER, **where, "end_session_endpoint": f"{ISSUER}/end"} | self.discovery

    def token(self) -> str:
        """An ID token."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": ISSUER,
            "aud": "rj-console",
            "sub": "subject-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "known@example.org",
            "email_verified": True,
        } | self.claims
        present = {name: value for name, value in claims.items() if value is not None}
        registry = JWSRegistry(algorithms=["RS256", "ES256", "HS256", "none"], strict_check_header=False)
        return jwt.encode(self.header, present, self.key, registry=registry)


def provider(double: Double, **given: Any) -> OpenIdProvider:
    """The provider of an installation, which the double answers for."""
    known = {
        "oidc_issuer": ISSUER,
        "oidc_client_id": "rj-console",
        "oidc_client_secret": SECRET,
    } | given
    made = OpenIdProvider.of(settings(**known))
    assert made is not None
    made.transport = httpx.MockTransport(double.answer)
    return made


async def arrive(referrals: Referrals, double: Double, at: datetime | None = None, **given: Any) -> Arrived:
    """Sign in at the double, and come back at once or at another time."""
    ours, began = provider(double, **given), datetime.now(UTC)
    begun = await ours.begin(referrals.keys, "/my-work", began)
    sent = dict(parse_qsl(urlsplit(begun.address).query))
    double.nonce = sent["nonce"]
    answer = {"code": "the-code", "state": sent["state"], "iss": ISSUER}
    return await ours.arrive(referrals, begun.ticket, answer, at or began)


@pytest.fixture
async def known(people: People, request: pytest.FixtureRequest) -> Staff:
    """Somebody of whom the register has an address."""
    return await people.member("la-known", email="known@example.org")


async def test_somebody_is_who_the_register_says_has_their_address(
    referrals: Referrals, known: Staff
) -> None:
    arrived = await arrive(referrals, Double(claims={"email": "Known@Example.org"}))
    assert (arrived.member, arrived.next) == (known, "/my-work")


async def test_the_code_is_asked_for_with_pkce_state_and_nonce_and_proved_by_the_verifier(
    referrals: Referrals, known: Staff
) -> None:
    double = Double()
    ours = provider(double)
    begun = [await ours.begin(referrals.keys, "/", datetime.now(UTC)) for _ in range(2)]
    first, second = (dict(parse_qsl(urlsplit(each.address).query)) for each in begun)
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"{CONSOLE}/sign-in/provider/answer"
    assert first["scope"].split() == ["openid", "email"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
        assert first[name] not in begun[0].ticket
    await arrive(referrals, double)
    [request] = double.asked["token"]
    form = dict(parse_qsl(request.content.decode()))
    assert len(form["code_verifier"]) >= 43
    assert form["redirect_uri"] == f"{CONSOLE}/sign-in/provider/answer"
    user, _, password = b64decode(request.headers["authorization"].split()[1]).decode().partition(":")
    assert (user, password) == ("rj-console", "a+secret%3A+with+%3F+%26+and+%2B")


async def test_a_provider_that_takes_the_secret_only_in_the_form_gets_it_there(
    referrals: Referrals, known: Staff
) -> None:
    double = Double(discovery={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    await arrive(referrals, double)
    [request] = double.asked["token"]
    assert dict(parse_qsl(request.content.decode()))["client_secret"] == SECRET
    assert "authorization" not in request.headers


HOUR = 3600
NOW = int(datetime.now(UTC).timestamp())


@pytest.mark.parametrize(
    ("what", "double"),
    [
        ("another issuer", Double(claims={"iss": "https://evil.example"})),
        ("no issuer", Double(claims={"iss": None})),
        ("another audience", Double(claims={"aud": "another-client"})),
        ("another audience, though issued to us", Double(claims={"aud": "another", "azp": "rj-console"})),
        ("no audience", Double(claims={"aud": None})),
        (
            "several audiences, for another",
            Double(claims={"aud": ["rj-console", "another"], "azp": "another"}),
        ),
        ("expired", Double(claims={"exp": NOW - HOUR})),
        ("never expires", Double(claims={"exp": None})),
        ("issued in the future", Double(claims={"iat": NOW + HOUR})),
        ("not issued", Double(claims={"iat": None})),
        ("another nonce", Double(claims={"nonce": "x" * 43})),
        ("no nonce", Double(claims={"nonce": None})),
        ("no subject", Double(claims={"sub": None})),
        ("another's hash of the access token", Double(claims={"at_hash": "A" * 22})),
        ("signed by another", Double(key=ANOTHER)),
        ("signed by an unknown key", Double(key=ANOTHER, header={"alg": "RS256", "kid": "two"})),
        ("signed with the secret that both know", Double(key=SHARED, header={"alg": "HS256", "kid": "one"})),
        ("no JWT", Double(id_token="nothing.at.all")),
        ("signed by nobody", Double(id_token="eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")),
    ],
    ids=lambda value: re.sub(r"\W+", "-", value) if isinstance(value, str) else "",
)
async def test_an_id_token_is_not_believed(
    referrals: Referrals, known: Staff, what: str, double: Double
) -> None:
    with pytest.raises(ProviderAway, match="cannot be trusted; nobody was signed in"):
        await arrive(referrals, double)


async def test_an_id_token_for_several_that_was_issued_to_us_is_believed(
    referrals: Referrals, known: Staff
) -> None:
    double = Double(claims={"aud": ["rj-console", "another"], "azp": "rj-console"})
    assert (await arrive(referrals, double)).member == known


async def test_a_key_that_the_provider_has_changed_is_read_again(referrals: Referrals, known: Staff) -> None:
    double = Double()
    ours = provider(double)

    async def once() -> Staff:
        begun = await ours.begin(referrals.keys, "/", datetime.now(UTC))
        sent = dict(parse_qsl(urlsplit(begun.address).query))
        double.nonce = sent["nonce"]
        answer = {"code": "c", "state": sent["state"]}
        return (await ours.arrive(referrals, begun.ticket, answer, datetime.now(UTC))).member

    assert await once() == known
    new = ECKey.generate_key("P-256", {"kid": "new", "use": "sig", "alg": "ES256"})
    double.key, double.published, double.header = new, [new], {"alg": "ES256", "kid": "new"}
    assert await once() == known
    assert (len(double.asked["keys"]), len(double.asked["openid-configuration"])) == (2, 1)


async def test_an_answer_counts_only_in_the_browser_that_asked_and_for_ten_minutes(
    referrals: Referrals, known: Staff
) -> None:
    double = Double()
    ours, now = provider(double), datetime.now(UTC)
    begun = await ours.begin(referrals.keys, "/", now)
    other = await ours.begin(referrals.keys, "/", now)
    sent = dict(parse_qsl(urlsplit(begun.address).query))
    double.nonce = sent["nonce"]
    answer = {"code": "the-code", "state": sent["state"]}
    for ticket, given, at in (
        ("", answer, now),
        (other.ticket, answer, now),
        (begun.ticket, {"code": "the-code"}, now),
        (begun.ticket, answer | {"state": "another"}, now),
        (begun.ticket, answer, now + timedelta(minutes=10)),
    ):
        with pytest.raises(Refused, match="Sign in once more"):
            await ours.arrive(referrals, ticket, given, at)
    assert "token" not in double.asked
    assert (await ours.arrive(referrals, begun.ticket, answer, now)).member == known


async def test_an_answer_of_another_provider_is_not_believed(referrals: Referrals, known: Staff) -> None:
    double = Double()
    ours, now = provider(double), datetime.now(UTC)
    begun = await ours.begin(referrals.keys, "/", now)
    state = dict(parse_qsl(urlsplit(begun.address).query))["state"]
    with pytest.raises(ProviderAway, match="cannot be trusted"):
        await ours.arrive(
            referrals, begun.ticket, {"code": "c", "state": state, "iss": "https://evil.example"}, now
        )
    with pytest.raises(Refused, match="You were not signed in there"):
        await ours.arrive(referrals, begun.ticket, {"error": "access_denied", "state": state}, now)
    assert "token" not in double.asked


async def unknown(referrals: Referrals, double: Double, **given: Any) -> str:
    """The code with which somebody is refused whom the provider vouches for."""
    with pytest.raises(Refused) as error:
        await arrive(referrals, double, **given)
    return error.value.code


async def test_an_address_counts_only_if_the_provider_has_verified_it(
    referrals: Referrals, known: Staff
) -> None:
    for said in (False, None, "true", 1):
        double = Double(claims={"email_verified": said})
        assert await unknown(referrals, double) == "email_not_verified"


async def test_who_is_not_in_the_register_or_inactive_or_there_twice_is_not_signed_in(
    referrals: Referrals, known: Staff, people: People
) -> None:
    for claim in ("stranger@example.org", None, "", ["known@example.org"], 7):
        assert await unknown(referrals, Double(claims={"email": claim})) == "not_in_register"
    twice = await people.member("la-twice", email="known@example.org")
    assert await unknown(referrals, Double()) == "not_in_register"
    await people.change(twice, active=False)
    assert (await arrive(referrals, Double())).member.id == known.id
    await people.change(known, active=False)
    assert await unknown(referrals, Double()) == "not_in_register"


async def test_a_claim_of_the_settings_may_hold_the_staff_id(
    referrals: Referrals, known: Staff, people: People
) -> None:
    await people.change(known, active=True)
    double = Double(claims={"employee": "la-known", "email_verified": False})
    assert (await arrive(referrals, double, oidc_claim="employee")).member.id == "la-known"
    for claim in ("LA-KNOWN", "known@example.org", None, ["la-known"]):
        double = Double(claims={"employee": claim})
        assert await unknown(referrals, double, oidc_claim="employee") == "not_in_register"


async def test_roles_and_areas_that_the_provider_names_count_for_nothing(
    referrals: Referrals, known: Staff
) -> None:
    double = Double(claims={"role": "service_manager", "areas": ["durham"], "groups": ["admin"]})
    arrived = await arrive(referrals, double)
    assert (arrived.member.role, arrived.member.areas) == (known.role, known.areas)


async def test_claims_that_stand_only_in_userinfo_are_read_there(referrals: Referrals, known: Staff) -> None:
    said = {"sub": "subject-1", "email": "known@example.org", "email_verified": True}
    double = Double(claims={"email": None, "email_verified": None}, userinfo=said)
    assert (await arrive(referrals, double)).member == known
    assert double.asked["userinfo"][0].headers["authorization"] == "Bearer opaque"
    double = Double(claims={"email": None}, userinfo=said | {"sub": "somebody-else"})
    with pytest.raises(ProviderAway, match="cannot be trusted"):
        await arrive(referrals, double)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://id.example.org/other"},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "http://elsewhere.example/end"},
    ],
    ids=json.dumps,
)
async def test_a_discovery_document_that_is_not_safe_is_not_believed(
    referrals: Referrals, discovery: dict[str, Any]
) -> None:
    with pytest.raises(ProviderAway, match="cannot be trusted"):
        await provider(Double(discovery=discovery)).begin(referrals.keys, "/", datetime.now(UTC))


@pytest.mark.parametrize("name", ["openid-configuration", "token", "keys"])
async def test_a_provider_that_answers_with_an_error_is_away(
    referrals: Referrals, known: Staff, name: str
) -> None:
    with pytest.raises(ProviderAway, match="Try again in a few minutes"):
        await arrive(referrals, Double(status={name: 500}))


async def test_a_provider_that_cannot_be_reached_is_away(referrals: Referrals) -> None:
    ours = provider(Double())

    def nothing(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    ours.transport = httpx.MockTransport(nothing)
    with pytest.raises(ProviderAway, match="does not answer"):
        await ours.begin(referrals.keys, "/", datetime.now(UTC))
    assert await ours.sign_out_address() is None


async def test_signing_out_leads_to_the_provider_where_it_offers_that() -> None:
    address = await provider(Double()).sign_out_address()
    assert address is not None
    assert address.startswith(f"{ISSUER}/end?")
    sent = dict(parse_qsl(urlsplit(address).query))
    assert sent == {"client_id": "rj-console", "post_logout_redirect_uri": f"{CONSOLE}/signed-out"}
    without = Double()
    ours = provider(without)
    without.discovery = {"end_session_endpoint": None}
    assert await ours.sign_out_address() is None


def test_the_secret_stands_in_no_repr() -> None:
    assert SECRET not in repr(provider(Double()))
    known = settings(oidc_issuer=ISSUER, oidc_client_id="rj", oidc_client_secret=SECRET)
    assert SECRET not in repr(known)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"oidc_issuer": ISSUER}, "RJ_OIDC_ISSUER is set, but not RJ_OIDC_CLIENT_ID"),
        ({"oidc_issuer": ISSUER, "oidc_client_id": "rj"}, "but not RJ_OIDC_CLIENT_SECRET"),
        (
            {"oidc_issuer": ISSUER, "oidc_client_id": "r", "oidc_client_secret": SECRET, "console_url": None},
            "but not RJ_CONSOLE_URL",
        ),
        ({"oidc_client_id": "rj"}, "RJ_OIDC_CLIENT_ID is set, but no RJ_OIDC_ISSUER"),
        ({"oidc_client_secret": SECRET}, "RJ_OIDC_CLIENT_SECRET is set, but no RJ_OIDC_ISSUER"),
        ({"oidc_issuer": "http://id.example.org"}, "RJ_OIDC_ISSUER cannot be used: it must be https://HOST"),
        ({"oidc_issuer": "https://user:pw@id.example.org"}, "RJ_OIDC_ISSUER cannot be used"),
        ({"oidc_issuer": "https://id.example.org/?a=b"}, "RJ_OIDC_ISSUER cannot be used"),
        ({"oidc_claim": "e mail"}, "RJ_OIDC_CLAIM=e mail cannot be used: it must be the name of a claim"),
        ({"local_accounts": "perhaps"}, "RJ_LOCAL_ACCOUNTS=perhaps cannot be used: it must be 'on' or 'off'"),
    ],
)
def test_settings_that_cannot_be_used_are_told_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSetting) as error:
        settings(**given)
    assert sentence in str(error.value)
    assert SECRET not in str(error.value)
    assert "pw@" not in str(error.value)


def test_people_have_passwords_where_there_is_no_provider_or_where_the_settings_say_so() -> None:
    with_provider = {"oidc_issuer": ISSUER, "oidc_client_id": "rj", "oidc_client_secret": SECRET}
    assert settings().local_accounts_are_on
    assert not settings(local_accounts="off").local_accounts_are_on
    assert not settings(**with_provider).local_accounts_are_on
    assert settings(**with_provider, local_accounts="on").local_accounts_are_on
