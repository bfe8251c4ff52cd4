"""What is deployed is as safe as the pages say; each rule sees when it is broken."""

from __future__ import annotations

import asyncio
import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from console.serving import FINISH_WITHIN
from runtime.readiness import probe
from runtime.workers import DRAIN
from stores.keys.referral_keys import MasterKeyProblem, MasterKeys
from tests.deploy import manifests as rules
from tests.deploy.manifests import Data, compose, containers, manifests, pods

WORKER = "rj-worker"
SERVED = {"/live", "/ready"}


def all_problems(resources: list[Data]) -> list[str]:
    return [
        *rules.problems_of_pods(resources),
        *rules.problems_of_environment(resources),
        *rules.problems_of_probes(resources, SERVED),
        *rules.problems_of_isolation(resources),
    ]


def test_the_manifests_keep_every_rule() -> None:
    assert len(pods(manifests())) == 3
    assert not all_problems(manifests())


def _container(resources: list[Data]) -> Data:
    return dict_of(pods(resources)[WORKER]["containers"][0])


def dict_of(value: Any) -> Data:
    assert isinstance(value, dict)
    return value


def _without(kind: str) -> Callable[[list[Data]], None]:
    def change(resources: list[Data]) -> None:
        resources[:] = [each for each in resources if each["kind"] != kind]

    return change


def _configuration(resources: list[Data]) -> Data:
    return dict_of(next(each["data"] for each in resources if each["kind"] == "ConfigMap"))


BROKEN: list[tuple[str, Callable[[list[Data]], object]]] = [
    ("may run as root", lambda r: pods(r)[WORKER]["securityContext"].pop("runAsNonRoot")),
    ("may run as root", lambda r: _container(r)["securityContext"].update(runAsUser=0)),
    ("fsGroup", lambda r: pods(r)[WORKER]["securityContext"].update(fsGroup=10001)),
    ("token of the cluster", lambda r: pods(r)[WORKER].pop("automountServiceAccountToken")),
    (
        "folder of the machine",
        lambda r: pods(r)[WORKER]["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    ("may write its root", lambda r: _container(r)["securityContext"].pop("readOnlyRootFilesystem")),
    ("may gain privileges", lambda r: _container(r)["securityContext"].pop("capabilities")),
    ("asks for no resources", lambda r: _container(r)["resources"].pop("requests")),
    ("not pinned", lambda r: _container(r).update(image="registry.example.org/rj-referrals:latest")),
    ("not pinned", lambda r: _container(r).update(image="registry.example.org:5000/rj-referrals")),
    ("is no setting", lambda r: _configuration(r).update(RJ_REDY_ADDRESS="0.0.0.0:1")),
    ("is no setting", lambda r: _container(r)["env"].append({"name": "RJ_COLOUR", "value": "red"})),
    ("secret in the clear", lambda r: _configuration(r).update(DATABASE_URL="postgresql://a:b@c/d")),
    (
        "secret in the clear",
        lambda r: _container(r)["env"].append({"name": "RJ_SMTP_URL", "value": "smtp://a:b@c"}),
    ),
    ("written in the tree", lambda r: r.append({"kind": "Secret", "metadata": {"name": "x"}})),
    ("what is not served", lambda r: _container(r)["readinessProbe"]["httpGet"].update(path="/healthz")),
    ("what is not served", lambda r: _container(r).pop("startupProbe")),
    ("while a server is away", lambda r: _container(r)["livenessProbe"]["httpGet"].update(path="/ready")),
    ("is not the port ready", lambda r: _configuration(r).update(RJ_READY_ADDRESS="0.0.0.0:1")),
    ("may be reached", _without("NetworkPolicy")),
    (
        "no policy of the network",
        lambda r: r.remove(
            next(e for e in r if e["kind"] == "NetworkPolicy" and e["metadata"]["name"] == WORKER)
        ),
    ),
    ("taken away at once", _without("PodDisruptionBudget")),
]


@pytest.mark.parametrize(("wrong", "change"), BROKEN)
def test_a_manifest_that_breaks_a_rule_is_seen(wrong: str, change: Callable[[list[Data]], object]) -> None:
    resources = copy.deepcopy(manifests())
    change(resources)
    assert any(wrong in problem for problem in all_problems(resources))


def test_the_trial_keeps_every_rule() -> None:
    assert set(compose()["services"]) == {"postgres", "temporal", "migrate", "worker", "console"}
    assert not list(rules.problems_of_compose(compose()))


@pytest.mark.parametrize(
    ("wrong", "changed"),
    [
        ("may run as root", {"user": "0:0"}),
        ("may write its root", {"read_only": False}),
        ("may gain privileges", {"cap_drop": []}),
        ("not pinned", {"image": "postgres:latest"}),
        ("reached from elsewhere", {"ports": ["8400:8400"]}),
        ("is no setting", {"environment": {"RJ_COLOUR": "red"}}),
        ("secret in the clear", {"environment": {"DATABASE_URL": "postgresql://a:b@c/d"}}),
    ],
)
def test_a_trial_that_breaks_a_rule_is_seen(wrong: str, changed: Data) -> None:
    file = compose()
    file["services"]["worker"] = file["services"]["worker"] | changed
    assert any(wrong in problem for problem in rules.problems_of_compose(file))


async def test_the_probe_serves_the_paths_that_are_asked_for() -> None:
    async with probe({}, None) as ready:
        for path in SERVED:
            with await asyncio.to_thread(urlopen, ready.replace("/ready", path), timeout=5) as answer:
                assert answer.status == 200
        with pytest.raises(HTTPError):
            await asyncio.to_thread(urlopen, ready.replace("/ready", "/healthz"), timeout=5)


def test_there_is_time_to_finish_what_is_in_hand() -> None:
    """Twice what the process itself takes, and what the pods and the trial grant is the same."""
    for name, needed in (("worker", DRAIN.total_seconds()), ("console", FINISH_WITHIN)):
        granted = pods(manifests())[f"rj-{name}"]["terminationGracePeriodSeconds"]
        assert granted >= 2 * needed
        assert compose()["services"][name]["stop_grace_period"] == f"{granted}s"


def test_the_master_keys_are_copied_so_that_a_worker_takes_them(tmp_path: Path) -> None:
    secret, copied = tmp_path / "secret" / "master.keys", tmp_path / "rj" / "master.keys"
    secret.parent.mkdir()
    copied.parent.mkdir()
    MasterKeys.create(secret)
    secret.chmod(0o444)
    with pytest.raises(MasterKeyProblem):
        MasterKeys.load(secret)
    for pod in pods(manifests()).values():
        [first] = pod["initContainers"]
        _, option, code = first["command"]
        assert {each["mountPath"] for each in first["volumeMounts"]} == {"/run/rj", "/run/secret"}
        copied.unlink(missing_ok=True)
        here = code.replace("/run/secret", str(secret.parent)).replace("/run/rj", str(copied.parent))
        subprocess.run([sys.executable, option, here], check=True, env=os.environ)
        assert MasterKeys.load(copied).ids
        assert copied.read_bytes() == secret.read_bytes()


def test_only_the_migration_knows_the_owner_of_the_database() -> None:
    knowing = {
        name
        for name, pod in pods(manifests()).items()
        for each in containers(pod)
        if any(variable["name"] == "RJ_DATABASE_OWNER_URL" for variable in each.get("env", []))
    }
    assert knowing == {"rj-migration"}


def test_every_secret_and_claim_that_is_mounted_is_known() -> None:
    page = (rules.ROOT / "docs" / "operations.md").read_text()
    told = set(re.findall(r"^\| `(rj-[a-z-]+)` \|", page, re.MULTILINE))
    claims = {each["metadata"]["name"] for each in manifests() if each["kind"] == "PersistentVolumeClaim"}
    for pod in pods(manifests()).values():
        named = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        for each in containers(pod):
            named |= {variable["valueFrom"]["secretKeyRef"]["name"] for variable in each.get("env", [])}
        assert named <= told
        asked = {
            v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v
        }
        assert asked <= claims


def test_the_trial_makes_the_roles_that_the_page_says() -> None:
    def statements(text: str) -> list[str]:
        found = re.findall(r"^(?:CREATE|GRANT) .+;$", text, re.MULTILINE)
        return [re.sub(r"PASSWORD \S+?(?=[ ;])", "PASSWORD", each) for each in found]

    script = statements((rules.DEPLOY / "compose" / "postgres-roles.sh").read_text())
    assert len(script) == 4
    assert script == statements((rules.ROOT / "docs" / "own-servers.md").read_text())
