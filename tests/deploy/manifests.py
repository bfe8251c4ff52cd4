"""The manifests and the compose file as data, and what must hold for them: each rule yields what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"

Data: TypeAlias = dict[str, Any]

SETTINGS = {"DATABASE_URL"} | {
    f"RJ_{name.upper()}" for name in Settings.model_fields if name != "database_url"
}
TEMPORAL = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"}
SECRET = {
    *("DATABASE_URL", "RJ_DATABASE_OWNER_URL", "RJ_SMTP_URL", "RJ_NOTIFY_API_KEY", "RJ_OIDC_CLIENT_SECRET"),
    "TEMPORAL_API_KEY",
}
# What the image of PostgreSQL and our script in it read.
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_PASSWORD", "RJ_OWNER_PASSWORD", "RJ_APP_PASSWORD"}


def manifests() -> list[Data]:
    """Every resource of deploy/kubernetes."""
    found = []
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        found += [each for each in yaml.safe_load_all(path.read_text()) if each]
    return found


def compose() -> Data:
    """The compose file, its anchors and merges resolved."""
    return dict(yaml.safe_load(COMPOSE.read_text()))


def pods(resources: list[Data]) -> dict[str, Data]:
    """The specification of each pod, by the name of what makes it."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in resources
        if each["kind"] in ("Deployment", "Job")
    }


def containers(pod: Data) -> list[Data]:
    """All containers of a pod, those that prepare it too."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def settings_of(resources: list[Data]) -> Mapping[str, str]:
    """What the configuration sets."""
    return {
        name: value
        for each in resources
        if each["kind"] == "ConfigMap"
        for name, value in each["data"].items()
    }


def unpinned(image: str) -> bool:
    """Whether an image has neither a digest nor a tag with a version."""
    if "@sha256:" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest" or not any(letter.isdigit() for letter in tag)


def problems_of_pods(resources: list[Data]) -> Iterator[str]:
    """Who a container runs as, what it may write and take, and which image it is."""
    for name, pod in pods(resources).items():
        context = pod.get("securityContext", {})
        if not context.get("runAsNonRoot") or not context.get("runAsUser"):
            yield f"{name}: may run as root"
        if "fsGroup" in context:
            yield f"{name}: fsGroup lets the group read the epoch keys"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name}: is given a token of the cluster"
        if any("hostPath" in volume for volume in pod["volumes"]):
            yield f"{name}: mounts a folder of the machine"
        for each in containers(pod):
            yield from (f"{name}: {wrong}" for wrong in _problems_of_container(each))


def _problems_of_container(container: Data) -> Iterator[str]:
    own = container.get("securityContext", {})
    if own.get("runAsUser") == 0 or own.get("privileged"):
        yield "may run as root"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "may write its root"
    if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities") != {"drop": ["ALL"]}:
        yield "may gain privileges"
    resources = container.get("resources", {})
    if {"cpu", "memory"} - set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
        yield "asks for no resources"
    if unpinned(container["image"]):
        yield "the image is not pinned"


def problems_of_environment(resources: list[Data]) -> Iterator[str]:
    """Every variable is a setting, and no secret stands in the clear."""
    for name in settings_of(resources):
        if name not in SETTINGS | TEMPORAL:
            yield f"{name}: is no setting"
        if name in SECRET:
            yield f"{name}: is a secret in the clear"
    if any(each["kind"] == "Secret" for each in resources):
        yield "a secret is written in the tree"
    for pod in pods(resources).values():
        for variable in (variable for each in containers(pod) for variable in each.get("env", [])):
            if variable["name"] not in SETTINGS | TEMPORAL:
                yield f"{variable['name']}: is no setting"
            if variable["name"] in SECRET and "secretKeyRef" not in variable.get("valueFrom", {}):
                yield f"{variable['name']}: is a secret in the clear"


def problems_of_probes(resources: list[Data], served: set[str]) -> Iterator[str]:
    """Every probe asks for a path that is served, at the port that the settings name."""
    settings = settings_of(resources)
    for name, pod in pods(resources).items():
        if pod.get("restartPolicy") == "Never":
            continue
        [container] = pod["containers"]
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        for setting, port in (("RJ_READY_ADDRESS", "ready"), ("RJ_METRICS_ADDRESS", "metrics")):
            if settings[setting] != f"0.0.0.0:{ports[port]}":
                yield f"{name}: {setting} is not the port {port}"
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(kind, {}).get("httpGet", {})
            if asked.get("port") != "ready" or asked.get("path") not in served:
                yield f"{name}: {kind} asks for what is not served"
        if container["livenessProbe"]["httpGet"]["path"] != "/live":
            yield f"{name}: is restarted while a server is away"


def problems_of_isolation(resources: list[Data]) -> Iterator[str]:
    """Nothing is reached but what is named, and of what runs for long one is always left."""
    policies = [each["spec"] for each in resources if each["kind"] == "NetworkPolicy"]
    if {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} not in policies:
        yield "what is not named may be reached"
    selected = [each["podSelector"].get("matchLabels") for each in policies]
    budgets = {
        each["spec"]["selector"]["matchLabels"]["app"]: each["spec"]["minAvailable"]
        for each in resources
        if each["kind"] == "PodDisruptionBudget"
    }
    for each in resources:
        if each["kind"] not in ("Deployment", "Job"):
            continue
        name, labels = each["metadata"]["name"], each["spec"]["template"]["metadata"]["labels"]
        if labels not in selected:
            yield f"{name}: no policy of the network is for it"
        if each["kind"] == "Deployment" and not 0 < budgets.get(name, 0) < each["spec"]["replicas"]:
            yield f"{name}: all may be taken away at once"


def problems_of_compose(file: Data) -> Iterator[str]:
    """The same for the services of the trial."""
    for name, service in file["services"].items():
        user = str(service.get("user", "root")).partition(":")[0]
        if not user.isdigit() or int(user) == 0:
            yield f"{name}: may run as root"
        if service.get("read_only") is not True:
            yield f"{name}: may write its root"
        if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get(
            "security_opt", []
        ):
            yield f"{name}: may gain privileges"
        if unpinned(service["image"]):
            yield f"{name}: the image is not pinned"
        if any(not str(port).startswith("127.0.0.1:") for port in service.get("ports", [])):
            yield f"{name}: is reached from elsewhere"
        known = OF_POSTGRES if name == "postgres" else SETTINGS | TEMPORAL
        for variable, value in service.get("environment", {}).items():
            if variable not in known:
                yield f"{name}: {variable} is no setting"
            if (variable in SECRET or "PASSWORD" in variable) and "${RJ_TRIAL_" not in value:
                yield f"{name}: {variable} is a secret in the clear"
