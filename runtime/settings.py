"""The settings of an installation, read from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, FilePath, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from messages.mail_addresses import SmtpServer, mail_address, sender_address
from schemas.areas import Area
from stores.keys.key_files import beside

if TYPE_CHECKING:
    from temporalio.envconfig import ClientConnectConfig

_TEMPORAL_CHOSEN_BY = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
# The last is none, but somebody may write a password into it.
_SECRET = frozenset(
    {
        *("DATABASE_URL", "RJ_DATABASE_OWNER_URL", "RJ_SMTP_URL", "RJ_NOTIFY_API_KEY", "RJ_CONSOLE_URL"),
        *("RJ_OIDC_ISSUER", "RJ_OIDC_CLIENT_SECRET"),
    }
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NOTIFY_KEY = re.compile(rf"(?:.*-)?{_UUID}-{_UUID}")


class BadSetting(Exception):
    """A setting cannot be used. The message is one sentence that names it and says what is accepted."""


_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    return value


def _host_and_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("it must be HOST:PORT, such as 127.0.0.1:9464")
    return value


def _listed(value: object) -> object:
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


def _smtp_url(value: str) -> str:
    SmtpServer.parse(value)
    return value


def _notify_key(value: str) -> str:
    if not _NOTIFY_KEY.fullmatch(value):
        raise ValueError("it must be a whole API key as GOV.UK Notify shows it once, NAME-SERVICE-SECRET")
    return value


def _notify_template(value: str) -> str:
    if not re.fullmatch(_UUID, value):
        raise ValueError("it must be a template's id, such as f33517ff-2a88-4f6e-b855-c550268ce08a")
    return value


def _notify_url(value: str) -> str:
    reason = "it must be https://HOST, or http://127.0.0.1:PORT on this machine"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(reason) from None
    # What is sent names people, and the key signs for the service.
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    if (
        not (host and safe)
        or "@" in parts.netloc
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(reason)
    return value


def _console_url(value: str) -> str:
    reason = (
        "it must be https://HOST, or http://127.0.0.1:PORT on this machine, perhaps with a path, and without a user, "
        "a query or a fragment"
    )
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(reason) from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    # It stands in e-mails, where a space or a bracket would end it.
    if not (host and safe and re.fullmatch(r"[\w.:/\[\]~%-]+", value, re.ASCII)):
        raise ValueError(reason)
    return value.rstrip("/")


def _issuer(value: str) -> str:
    reason = (
        "it must be https://HOST, or http://127.0.0.1:PORT on this machine, perhaps with a path, as the provider's "
        "discovery document says it, and without a user, a query or a fragment"
    )
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(reason) from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    if not (host and safe) or "@" in parts.netloc or "?" in value or "#" in value or not value.isprintable():
        raise ValueError(reason)
    return value


def _claim(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_:./-]{0,99}", value):
        raise ValueError("it must be the name of a claim, such as email or staff_id")
    return value


class Settings(BaseSettings):
    """The settings of every process. Each field is the environment variable RJ_<FIELD>, but for `database_url`.

    Temporal's own settings are read apart, by `temporal_connect_config`.
    """

    model_config = SettingsConfigDict(env_prefix="RJ_", env_ignore_empty=True, frozen=True, extra="ignore")

    data: Path = Field(default=Path(".rj"), validate_default=True)
    """The data folder, through which every command finds the service that `rj up` runs."""

    database_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(
        default=None, validation_alias="DATABASE_URL", repr=False
    )
    """Your own PostgreSQL, as the application's user, who owns nothing there; `rj up` then starts none."""

    database_owner_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(default=None, repr=False)
    """The same database as its owner, who may create roles: for bringing its tables up to date, and nothing else."""

    master_keys_file: Path = Field(
        default_factory=lambda known: known.get("data", Path(".rj")) / "master.keys"
    )
    """The file of master keys that wrap each referral's key. Back it up apart from the data."""

    anchors: Path = Field(default_factory=lambda known: known.get("data", Path(".rj")) / "anchors")
    """The folder of anchors, signed statements of the head of every log; best on another disk than the database."""

    epoch_keys_file: Path = Field(
        default_factory=lambda known: beside(known.get("master_keys_file", Path(".rj/master.keys")))
    )
    """The epoch keys, which wrap what the master keys wrapped and are destroyed after an erasure; without one, beside
    the master keys. All processes of an installation share it and may write in its folder.
    """

    policy: FilePath | None = None
    """A policy file; without one, the policy of England and Wales."""

    smtp_url: Annotated[str, AfterValidator(_smtp_url)] | None = Field(default=None, repr=False)
    """The mail server that takes e-mail, smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…; without one, `rj up` keeps
    what it would send in a folder, and a worker of no `rj up` sends none.
    """

    mail_from: Annotated[str, AfterValidator(sender_address)] = "no-reply@localhost"
    """The sender of e-mail, who also gets bounces; the address must not reveal what the service does."""

    alerts_to: Annotated[str, AfterValidator(mail_address)] | None = None
    """The e-mail address for alerts, such as that somebody meddles with Temporal."""

    notify_api_key: Annotated[str, AfterValidator(_notify_key)] | None = Field(default=None, repr=False)
    """The key of a GOV.UK Notify account, which sends text messages and letters; without one, none are sent."""

    notify_url: Annotated[str, AfterValidator(_notify_url)] | None = None
    """Where Notify is, https://HOST; without it, GOV.UK's own."""

    notify_text_template: Annotated[str, AfterValidator(_notify_template)] | None = None
    """The id of the account's template for text messages, ((body)); without one, none are sent."""

    notify_letter_template: Annotated[str, AfterValidator(_notify_template)] | None = None
    """The id of the account's template for letters, ((subject)) above ((body)); without one, none are sent."""

    templates: DirectoryPath | None = None
    """A folder of the service's own wording; what it lacks is taken from what ships."""

    console_url: Annotated[str, AfterValidator(_console_url)] | None = None
    """The console's base address, to which e-mails lead staff; without one, they tell what to type."""

    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = None
    """The OpenID provider through which people sign in to the console; without one, they have a password."""

    oidc_client_id: str | None = None
    """As which client the provider knows the console."""

    oidc_client_secret: str | None = Field(default=None, repr=False)
    """The client's secret."""

    oidc_claim: Annotated[str, AfterValidator(_claim)] = "email"
    """The claim that names the person: email, by their address in the staff register, or one that holds a staff id."""

    local_accounts: Literal["on", "off"] | None = None
    """Whether people sign in with a password and a second factor; without it, where there is no OpenID provider."""

    console_address: Annotated[str, AfterValidator(_host_and_port)] | None = None
    """HOST:PORT at which the console listens; without one, `rj up` picks a port of this machine only."""

    console_behind_tls: bool = False
    """Whether browsers reach the console by TLS alone, through a proxy: they are then told to remember that."""

    console_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """The addresses of the proxies in front of the console whose X-Forwarded-* headers are believed."""

    default_area: Area | None = None
    """The police area of who asks on the public pages to be called and does not know theirs; without one, the first
    that is served."""

    service_name: str = Field(default="Restorative justice service", min_length=1, max_length=60)
    """What the service calls itself on the pages of its console."""

    metrics_address: Annotated[str, AfterValidator(_host_and_port)] | None = None
    """HOST:PORT for Prometheus metrics; without one, `rj up` picks a port and a worker serves none."""

    ready_address: Annotated[str, AfterValidator(_host_and_port)] | None = None
    """HOST:PORT for the readiness probe; without one, a free port on this machine only."""

    log_format: Literal["json", "console"] = "console"
    """json: one object a line, for a collector. console: for a person."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe log entry that is written."""

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment, below what is given; raises BadSetting."""
        try:
            settings = cls(**given)
        except ValidationError as error:
            raise BadSetting(_sentence(error.errors(include_url=False)[0])) from None
        settings.check_provider()
        return settings

    @property
    def local_accounts_are_on(self) -> bool:
        """Whether people may sign in with a password."""
        return self.local_accounts == "on" or (self.local_accounts is None and self.oidc_issuer is None)

    def check_provider(self) -> None:
        """Raise BadSetting where of the OpenID provider some is set and some is missing."""
        if self.oidc_issuer is None:
            given = [name for name in ("oidc_client_id", "oidc_client_secret") if getattr(self, name)]
            if given:
                raise BadSetting(
                    f"RJ_{given[0].upper()} is set, but no RJ_OIDC_ISSUER: set it too, or neither."
                )
            return
        for name, what in (
            ("oidc_client_id", "as which client the provider knows the console"),
            ("oidc_client_secret", "the secret that the provider gave the client"),
            ("console_url", "the console's address, to which the provider sends people back"),
        ):
            if not getattr(self, name):
                raise BadSetting(f"RJ_OIDC_ISSUER is set, but not RJ_{name.upper()}: set {what}.")


def _sentence(problem: Mapping[str, Any]) -> str:
    field = str(problem["loc"][0])
    name = field if field == "DATABASE_URL" else f"RJ_{field.upper()}"
    # A key, or an address that may hold a password: the value is not repeated.
    given = name if name in _SECRET else f"{name}={problem['input']}"
    match problem["type"]:
        case "value_error":
            reason = str(problem["ctx"]["error"])
        case "enum":
            reason = "it must be a police area, such as durham"
        case "literal_error":
            reason = f"it must be {problem['ctx']['expected']}"
        case "path_not_file":
            reason = "there is no such file"
        case "path_not_directory":
            reason = "there is no such folder"
        case _:
            reason = str(problem["msg"])
    return f"{given} cannot be used: {reason}."


def temporal_is_named(env: Mapping[str, str] | None = None) -> bool:
    """Whether the environment names a Temporal of one's own; what it says of it is not read yet."""
    env = os.environ if env is None else env
    return any(env.get(name) for name in _TEMPORAL_CHOSEN_BY)


def temporal_connect_config(env: Mapping[str, str] | None = None) -> ClientConnectConfig | None:
    """The arguments of `Client.connect` for your own Temporal (address, namespace, TLS, API key), or None.

    Only when TEMPORAL_ADDRESS, TEMPORAL_PROFILE or TEMPORAL_CONFIG_FILE is set: a default profile in
    somebody's home for another purpose must not send referrals to that server. Raises BadSetting.
    """
    env = os.environ if env is None else env
    if not temporal_is_named(env):
        return None
    from temporalio.envconfig import ClientConfig

    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(env))
    except (RuntimeError, OSError) as error:
        # Its further lines quote the file, which may hold keys.
        reason = str(error).partition("\n")[0].rstrip(".")
        raise BadSetting(f"Temporal's settings (TEMPORAL_*) cannot be used: {reason}.") from None
    if not config.get("target_host"):
        raise BadSetting("Temporal's settings name no server: set TEMPORAL_ADDRESS to HOST:PORT.")
    return config
