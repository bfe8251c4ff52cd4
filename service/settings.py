"""What an installation may set, read from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, FilePath, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.envconfig import ClientConfig, ClientConnectConfig

_TEMPORAL_CHOSEN_BY = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
_SECRET = frozenset({"DATABASE_URL"})


class BadSetting(Exception):
    """A setting cannot be used. The message is one sentence that names it and says what is accepted."""


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    return value


def _host_and_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("it must be HOST:PORT, such as 127.0.0.1:9464")
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
    """A PostgreSQL of one's own, as the owner of its database; `rj up` then starts none."""

    master_keys_file: Path = Field(
        default_factory=lambda known: known.get("data", Path(".rj")) / "master.keys"
    )
    """The ring of master keys that wrap each referral's key. To be backed up apart from the data."""

    policy: FilePath | None = None
    """A policy file; without one, the policy of England and Wales."""

    metrics_address: Annotated[str, AfterValidator(_host_and_port)] | None = None
    """HOST:PORT on which Prometheus may read the metrics; without one, `rj up` picks a port and a worker has none."""

    ready_address: Annotated[str, AfterValidator(_host_and_port)] | None = None
    """HOST:PORT on which a worker answers whether it is ready; without one, a free port of this machine only."""

    log_format: Literal["json", "console"] = "console"
    """json: one object a line, for a collector. console: for a person."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe log entry that is written."""

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment, below what is given; raises BadSetting."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise BadSetting(_sentence(error.errors(include_url=False)[0])) from None


def _sentence(problem: Mapping[str, Any]) -> str:
    field = str(problem["loc"][0])
    name = field if field in _SECRET else f"RJ_{field.upper()}"
    # An address may hold a password, so what was given is not repeated.
    given = name if name in _SECRET else f"{name}={problem['input']}"
    match problem["type"]:
        case "value_error":
            reason = str(problem["ctx"]["error"])
        case "literal_error":
            reason = f"it must be {problem['ctx']['expected']}"
        case "path_not_file":
            reason = "there is no such file"
        case _:
            reason = str(problem["msg"])
    return f"{given} cannot be used: {reason}."


def temporal_connect_config(env: Mapping[str, str] | None = None) -> ClientConnectConfig | None:
    """What `Client.connect` needs for a Temporal of one's own (address, namespace, TLS, API key), or None.

    Only when TEMPORAL_ADDRESS, TEMPORAL_PROFILE or TEMPORAL_CONFIG_FILE is set: a default profile lying in
    somebody's home for another purpose must not draw referrals to that server. Raises BadSetting.
    """
    env = os.environ if env is None else env
    if not any(env.get(name) for name in _TEMPORAL_CHOSEN_BY):
        return None
    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(env))
    except (RuntimeError, OSError) as error:
        raise BadSetting(f"Temporal's settings (TEMPORAL_*) cannot be used: {error}.") from None
    if not config.get("target_host"):
        raise BadSetting("Temporal's settings name no server: set TEMPORAL_ADDRESS to HOST:PORT.")
    return config
