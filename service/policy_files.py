"""Policies as files: the one that ships, and those that extend it."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.policy import DeadlineName, Policy

_SHIPPED = Path(__file__).parent.parent / "policies"
DEFAULT = _SHIPPED / "england-and-wales.toml"


class BadPolicy(Exception):
    """A policy file cannot be used. One sentence says where and why."""


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a file, on top of the one it names in ``extends``; without a path, that of England and Wales.

    Raises:
        BadPolicy: the file is missing, no TOML, or not a policy.
    """
    path = path or DEFAULT
    try:
        policy = Policy.model_validate(_read(path, ()), extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadPolicy(f"The policy {path} cannot be used: {where}: {first['msg']}.") from None
    missing = [name.value for name in DeadlineName if name not in policy.deadlines]
    if missing:
        raise BadPolicy(f"The policy {path} cannot be used: deadlines: no rule for {', '.join(missing)}.")
    return policy


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise BadPolicy(f"The policy {path} extends itself.")
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadPolicy(f"The policy {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPolicy(f"The policy {path} is not TOML: {error}.") from None
    base = written.pop("extends", None)
    if base is None:
        return written
    beside = path.parent / str(base)
    return _laid_over(
        _read(beside if beside.exists() else _SHIPPED / str(base), (*seen, path.resolve())), written
    )


def _laid_over(base: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    whole = dict(base)
    for name, value in written.items():
        below = whole.get(name)
        whole[name] = (
            _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return whole
