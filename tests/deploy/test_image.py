"""The image: pinned, without root, and with nothing in it but what runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.deploy.manifests import DEPLOY, ROOT, unpinned

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction and what follows it."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def problems(text: str) -> Iterator[str]:
    """What is wrong with a Dockerfile."""
    every = instructions(text)
    bases = [what.split(" ")[0] for name, what in every if name == "FROM"]
    if len(bases) < 2:
        yield "what builds is in the image"
    if any(unpinned(base) for base in bases):
        yield "the base is not pinned"
    last = every[max(index for index, (name, _) in enumerate(every) if name == "FROM") :]
    users = [what.partition(":")[0] for name, what in last if name == "USER"]
    if not users or not users[-1].isdigit() or users[-1] == "0":
        yield "it runs as root"
    if any(name in ("CMD", "ENTRYPOINT", "RUN") and not what.startswith("[") for name, what in every):
        yield "a shell is needed"
    if any(name == "RUN" for name, _ in last):
        yield "something is run in what is deployed"
    if not any("pip" in what and '"--require-hashes"' in what for _, what in every):
        yield "dependencies are taken without their hashes"
    if not any('"compileall"' in what for _, what in every):
        yield "nothing is compiled"
    if any(
        name == "ADD" or (name in ("ENV", "ARG") and re.search("PASSWORD|KEY|SECRET|URL", what))
        for name, what in every
    ):
        yield "something is fetched, or a secret kept"


def test_the_image_keeps_every_rule() -> None:
    assert not list(problems(DOCKERFILE))


@pytest.mark.parametrize(
    ("wrong", "before", "after"),
    [
        ("what builds", "FROM python:3.13.7-slim-bookworm\n", "# \n"),
        ("not pinned", "python:3.13.7-slim-bookworm", "python:latest"),
        ("not pinned", "python:3.13.7-slim-bookworm", "python"),
        ("as root", "USER 10001:10001", ""),
        ("as root", "USER 10001:10001", "USER 0"),
        ("a shell", 'CMD ["python", "worker.py"]', "CMD python worker.py"),
        ("something is run", "WORKDIR /app", 'RUN ["true"]'),
        ("without their hashes", '"--require-hashes", ', ""),
        ("nothing is compiled", '"compileall"', '"pip"'),
        ("a secret kept", "WORKDIR /app", "ENV DATABASE_URL=postgresql://a:b@c/d"),
    ],
)
def test_an_image_that_breaks_a_rule_is_seen(wrong: str, before: str, after: str) -> None:
    assert before in DOCKERFILE
    assert any(wrong in problem for problem in problems(DOCKERFILE.replace(before, after)))


def test_what_runs_goes_into_the_image_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert let_in == {*wheel["only-include"], "requirements.txt"}
    assert all((ROOT / name).exists() for name in let_in)


def test_the_version_is_the_project_s() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for path in [*DEPLOY.rglob("*.yaml"), DEPLOY / "Dockerfile"]:
        for tag in re.findall(r"rj-referrals:([\w.-]+)", path.read_text()):
            assert tag == version
