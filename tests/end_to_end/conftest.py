"""The command line as people use it: every command against the session's real servers."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from runtime.referrals import Referrals
from starter import app
from stores.keys.referral_keys import MasterKeys


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for a script."""
        return json.loads(self.out)

    def one_sentence(self) -> str:
        """What it said of a problem, which is one line and no traceback."""
        assert "Traceback" not in self.err + self.out
        assert self.err.startswith("rj: "), self
        assert self.err.count("\n") == 1, self.err
        return self.err


Rj: TypeAlias = Callable[..., Awaitable[Said]]


@pytest.fixture(autouse=True)
def _nobody_else_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else what `rj` says depends on who has an account here.
    monkeypatch.setattr("cli.onlookers.others_use_this_machine", lambda: False)


@pytest_asyncio.fixture(scope="session")
async def rj(referrals: Referrals, database_url: str, temporal_address: str, master_keys: MasterKeys) -> Rj:
    """Run `rj` with arguments; `given` is its standard input, `env` is added to its environment."""
    # Every command ends by collecting garbage; what the suite has imported and made until here need not be searched.
    gc.freeze()
    servers = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "RJ_MASTER_KEYS_FILE": str(master_keys.path),
    }

    async def run(
        *arguments: object, given: str | bytes | None = None, env: dict[str, str] | None = None
    ) -> Said:
        result = await asyncio.to_thread(
            CliRunner().invoke, app, [str(each) for each in arguments], input=given, env=servers | (env or {})
        )
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest_asyncio.fixture
async def reference(rj: Rj) -> str:
    """A referral that was just opened."""
    example = await rj("example", "referral")
    opened = await rj("open", "-", "--as", "cw-1", "--json", given=example.out)
    reference: str = opened.json["reference"]
    return reference
