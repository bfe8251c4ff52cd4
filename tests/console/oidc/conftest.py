"""A real OpenID provider, the npm package `oidc-provider`, which the tests start."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.casework.signing_in.people import CONSOLE
from tests.console.sign_in.conftest import clock, manager, people

__all__ = ["clock", "manager", "people"]

SECRET = "a secret: of tests"
_HERE = Path(__file__).parent


def _not_tried(why: str) -> None:
    """Say that nothing was tried; where the project is proven, it is."""
    assert "CI" not in os.environ, why
    pytest.skip(why)


@pytest.fixture(scope="session")
def provider_program() -> Path:
    """The folder of the provider, with the packages that it needs: installed once, outside of the working tree."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _not_tried("There is no Node.js with npm on this machine, so nobody signed in at an OpenID provider.")
        raise AssertionError("unreachable")
    locked = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "rj-referrals" / f"oidc-provider-{locked}"
    if not (folder / "node_modules").is_dir():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, making)
        made = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=making,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if made.returncode != 0:
            shutil.rmtree(making)
            _not_tried("npm cannot install oidc-provider here, so nobody signed in at an OpenID provider.")
        if folder.exists():
            shutil.rmtree(making)
        else:
            making.rename(folder)
    # Node.js looks for packages beside the program.
    shutil.copy(_HERE / "provider.mjs", folder)
    return folder


@asynccontextmanager
async def started(program: Path, console: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A provider that knows the console at this address: its process, and its issuer."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(program / "provider.mjs"), console, SECRET),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield process, (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest_asyncio.fixture
async def running(provider_program: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The provider's process, and its issuer."""
    async with started(provider_program, CONSOLE) as provider:
        yield provider
