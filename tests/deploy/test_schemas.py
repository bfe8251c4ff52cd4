"""What is deployed is written as Kubernetes and compose read it."""

from __future__ import annotations

import copy
import json

import compose_spec
import pytest
from kubernetes_validate.utils import ValidationError, validate  # type: ignore[import-untyped]

from tests.deploy.manifests import Data, compose, manifests, pods

# The oldest and the newest of the versions of Kubernetes that are served at this time.
VERSIONS = ["1.33", "1.36"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "resource", manifests(), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_every_manifest_is_as_kubernetes_reads_it(resource: Data, version: str) -> None:
    validate(resource, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_seen() -> None:
    resources = copy.deepcopy(manifests())
    pods(resources)["rj-worker"]["containers"][0]["readynessProbe"] = {}
    [worker] = [
        each for each in resources if each["kind"] == "Deployment" and each["metadata"]["name"] == "rj-worker"
    ]
    with pytest.raises(ValidationError):
        validate(worker, VERSIONS[0], strict=True)


def test_the_trial_is_as_compose_reads_it() -> None:
    assert compose_spec.PyCompose.from_json(json.dumps(compose())).name == "rj-trial"


def test_a_key_that_compose_does_not_know_is_seen() -> None:
    with pytest.raises(ValueError, match="read_onely"):
        compose_spec.PyCompose.from_json(json.dumps(compose()).replace("read_only", "read_onely"))
