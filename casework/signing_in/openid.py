"""Signing in through an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

The provider says who somebody is, and nothing else: what they may do, and in which areas, the staff register says.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import Field

from casework.signing_in.secrets_kept import Ticket, read_ticket, ticket
from lifecycle import Refused
from runtime.referrals import NotAnswered, Referrals
from runtime.settings import Settings
from schemas.people import Staff
from stores import staff
from stores.keys.referral_keys import KeyStore

ANSWERS_WITHIN = timedelta(minutes=10)
"""How long somebody may take at the provider."""

_PATIENCE = httpx.Timeout(5.0)
_LARGEST_ANSWER = 500_000
# How long what a provider says of itself counts; its keys are read again as soon as one is not known.
_KNOWN_FOR = 3600.0
# How far the provider's clock may be off.
_LEEWAY = 30
# Signatures by a key of the provider's own. Never "none", and none by a shared secret.
_SIGNATURES = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
]

_KINDS_OF_KEYS = ("RSA", "EC", "OKP")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MORE_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")

log = structlog.stdlib.get_logger(__name__)


class ProviderAway(NotAnswered):
    """The OpenID provider does not answer, or answers what cannot be used. One sentence for whoever signs in."""


class Asked(Ticket):
    """What was asked of the provider, by which its answer is recognised.

    Attributes:
        state, nonce: random, each to come back as it is.
        verifier: what PKCE proves at the end that the same browser began.
        next: where the person wanted to go.
    """

    state: str = Field(repr=False)
    nonce: str = Field(repr=False)
    verifier: str = Field(repr=False)
    next: str


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a browser goes to sign in, and the ticket that it brings back."""

    address: str
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who was signed in by the provider, and where they wanted to go."""

    member: Staff
    next: str


@dataclass
class OpenIdProvider:
    """The OpenID provider of an installation.

    Attributes:
        issuer, client_id, client_secret, claim: as the settings of those names say.
        answer_to: the console's address that the provider sends people back to.
        signed_out_to: the console's address to which people come when the provider has signed them out.
        transport: of the requests to the provider; None: the network.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str
    answer_to: str
    signed_out_to: str
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)
    _says: tuple[float, Mapping[str, Any]] | None = field(default=None, init=False, repr=False)
    _keys: KeySet | None = field(default=None, init=False, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> OpenIdProvider | None:
        """The provider that the settings name; None where they name none.

        Raises BadSetting where something of it is missing.
        """
        settings.check_provider()
        if settings.oidc_issuer is None or settings.console_url is None:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id or "",
            client_secret=settings.oidc_client_secret or "",
            claim=settings.oidc_claim,
            answer_to=f"{settings.console_url}/sign-in/provider/answer",
            signed_out_to=f"{settings.console_url}/signed-out",
        )

    async def begin(self, keys: KeyStore, next_path: str, at: datetime) -> Begun:
        """Where somebody goes to sign in. Raises ProviderAway."""
        says = await self._metadata()
        asked = Asked(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=next_path,
            ends_at=at + ANSWERS_WITHIN,
        )
        address = add_params_to_uri(
            says["authorization_endpoint"],
            [
                ("response_type", "code"),
                ("client_id", self.client_id),
                ("redirect_uri", self.answer_to),
                ("scope", "openid email" if self.claim == "email" else "openid email profile"),
                ("state", asked.state),
                ("nonce", asked.nonce),
                ("code_challenge", create_s256_code_challenge(asked.verifier)),
                ("code_challenge_method", "S256"),
            ],
        )
        return Begun(address, await ticket(keys, asked))

    async def arrive(
        self, referrals: Referrals, given: str, answer: Mapping[str, str], at: datetime
    ) -> Arrived:
        """Who the provider says that somebody is.

        Args:
            given: the ticket of `begin`.
            answer: the parameters with which the provider sent them back.

        Raises:
            ProviderAway: it does not answer, or what it answers cannot be trusted.
            Refused: they did not sign in there, or nobody in the staff register is the one whom it names.
        """
        asked = await read_ticket(referrals.keys, given, Asked, at)
        if asked is None or not hmac.compare_digest(asked.state.encode(), answer.get("state", "").encode()):
            raise Refused(
                "sign_in_again", "That took too long, or was begun in another window. Sign in once more."
            )
        if answer.get("iss", self.issuer) != self.issuer:
            raise self._distrusted("an answer of another provider")
        if "error" in answer or "code" not in answer:
            raise Refused("not_signed_in", "You were not signed in there. Try again, or ask who manages it.")
        claims = await self._claims(answer["code"], asked, at)
        return Arrived(await self._member(referrals, claims), asked.next)

    async def sign_out_address(self) -> str | None:
        """Where somebody goes to sign out at the provider too; None where it offers none, or does not answer."""
        try:
            end = (await self._metadata()).get("end_session_endpoint")
        except ProviderAway:
            return None
        if end is None:
            return None
        parameters = [("client_id", self.client_id), ("post_logout_redirect_uri", self.signed_out_to)]
        address: str = add_params_to_uri(end, parameters)
        return address

    async def _claims(self, code: str, asked: Asked, at: datetime) -> Mapping[str, Any]:
        says = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.answer_to,
            "code_verifier": asked.verifier,
        }
        proof: dict[str, Any] = {
            "auth": httpx.BasicAuth(_quoted(self.client_id), _quoted(self.client_secret))
        }
        methods = says.get("token_endpoint_auth_methods_supported")
        if methods and "client_secret_basic" not in methods:
            proof = {}
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        tokens = await self._ask("POST", says["token_endpoint"], data=form, **proof)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise self._distrusted("no ID token")
        claims = await self._validated(id_token, access_token, asked.nonce, at)
        if self.claim in claims or "userinfo_endpoint" not in says or not isinstance(access_token, str):
            return claims
        # Some providers tell more than who somebody is only there.
        more = await self._ask(
            "GET", says["userinfo_endpoint"], headers={"Authorization": f"Bearer {access_token}"}
        )
        if more.get("sub") != claims["sub"]:
            raise self._distrusted("claims of somebody else")
        return {**more, **claims}

    async def _validated(
        self, id_token: str, access_token: object, nonce: str, at: datetime
    ) -> Mapping[str, Any]:
        """The claims of an ID token: Core 1.0, 3.1.3.7."""
        try:
            try:
                decoded = self._decoded(id_token, await self._key_set())
            except InvalidKeyIdError:
                decoded = self._decoded(id_token, await self._key_set(anew=True))
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                },
                {"nonce": nonce, "client_id": self.client_id, "access_token": access_token},
            )
            claims.validate(now=int(at.timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._distrusted(type(error).__name__) from None
        return dict(claims)

    @staticmethod
    def _decoded(id_token: str, keys: KeySet) -> jwt.Token:
        registry = JWSRegistry(algorithms=_SIGNATURES, strict_check_header=False)
        return jwt.decode(id_token, keys, registry=registry)

    async def _member(self, referrals: Referrals, claims: Mapping[str, Any]) -> Staff:
        named = claims.get(self.claim)
        everybody = [each for each in await staff.list_staff(referrals.pool) if each.active]
        if self.claim == "email":
            if claims.get("email_verified") is not True:
                raise Refused(
                    "email_not_verified",
                    "Your organisation's sign-in does not say that it has verified your e-mail address.",
                )
            found = [each for each in everybody if each.email and _same_address(each.email, named)]
        else:
            found = [each for each in everybody if each.id == named]
        if len(found) != 1:
            log.warning("nobody, or more than one, in the register is who signed in", claim=self.claim)
            raise Refused(
                "not_in_register",
                "You are signed in at your organisation, but the staff register here does not know you by that. Ask "
                "your service manager to enter you.",
            )
        return found[0]

    async def _metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself, in its discovery document."""
        now = time.monotonic()
        if self._says is not None and now - self._says[0] < _KNOWN_FOR:
            return self._says[1]
        where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        says = await self._ask("GET", where)
        try:
            if says["issuer"] != self.issuer:
                raise ValueError("issuer")
            for name in _ENDPOINTS:
                if not self._may_be_asked(says[name]):
                    raise ValueError(name)
            for name in _MORE_ENDPOINTS:
                if name in says and not self._may_be_asked(says[name]):
                    raise ValueError(name)
        except (ValueError, KeyError) as error:
            raise self._distrusted(f"its discovery document: {error}") from None
        self._says = now, says
        return says

    def _may_be_asked(self, address: object) -> bool:
        """Whether an address that the provider names is as safe as its own."""
        if not isinstance(address, str):
            return False
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme, parts.netloc) == urlsplit(self.issuer)[:2]

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            says = await self._metadata()
            found = (await self._ask("GET", says["jwks_uri"])).get("keys")
            # Others may be there, of kinds that sign nothing for us.
            ours = [
                each for each in found or () if isinstance(each, dict) and each.get("kty") in _KINDS_OF_KEYS
            ]
            self._keys = KeySet.import_key_set({"keys": ours})
        return self._keys

    async def _ask(self, method: str, where: str, **request: Any) -> dict[str, Any]:
        try:
            async with (
                asyncio.timeout(10),
                httpx.AsyncClient(transport=self.transport, timeout=_PATIENCE, trust_env=False) as client,
            ):
                answer = await client.request(method, where, **request)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("the OpenID provider does not answer", error=type(error).__name__)
            raise ProviderAway(
                "Your organisation's sign-in does not answer. Try again in a few minutes."
            ) from None
        if answer.status_code != httpx.codes.OK or len(answer.content) > _LARGEST_ANSWER:
            log.warning("the OpenID provider refuses", status=answer.status_code, at=urlsplit(where).path)
            raise ProviderAway(
                "Your organisation's sign-in did not answer as it should. Try again in a few minutes."
            )
        try:
            said = answer.json()
        except ValueError:
            raise self._distrusted("no JSON") from None
        if not isinstance(said, dict):
            raise self._distrusted("no JSON object")
        return said

    def _distrusted(self, why: str) -> ProviderAway:
        log.warning("what the OpenID provider answers cannot be trusted", why=why)
        return ProviderAway(
            "Your organisation's sign-in answered what cannot be trusted; nobody was signed in."
        )


def _same_address(ours: str, theirs: object) -> bool:
    return isinstance(theirs, str) and ours.casefold() == theirs.casefold()


def _quoted(text: str) -> str:
    # RFC 6749, 2.3.1: encoded as in a form before it becomes part of the header.
    return httpx.QueryParams({"v": text}).__str__().removeprefix("v=")
