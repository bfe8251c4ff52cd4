"""Alerts and dashboard are of metrics that are made, and each alert leads to what to do.

Expressions are not evaluated: that takes Prometheus.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import temporalio.bridge
import yaml

from tests.deploy.manifests import DEPLOY, ROOT

_METRIC = re.compile(r"\b(?:temporal|rj|console)_[a-z_]+\b")
_STRING = re.compile(r'"[^"]*"')
# Of Prometheus itself.
_OF_PROMETHEUS = {"up"}


def alerts() -> list[dict[str, Any]]:
    file = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    return [rule for group in file["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return dict(json.loads((DEPLOY / "grafana" / "dashboard.json").read_text()))


def expressions() -> list[str]:
    return [
        *(rule["expr"] for rule in alerts()),
        *(target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]),
    ]


@cache
def sdk() -> bytes:
    """The SDK's compiled part, which names its metrics without their prefix."""
    [compiled] = Path(temporalio.bridge.__path__[0]).glob("temporal_sdk_bridge*.[sp][oy]*")
    return compiled.read_bytes()


@cache
def ours() -> frozenset[str]:
    """The metrics that our code makes."""
    code = [*(ROOT / "runtime").rglob("*.py"), *(ROOT / "console").rglob("*.py")]
    made = re.compile(r'create_(?:counter|gauge|histogram)\w*\(\s*"(\w+)"')
    return frozenset(name for path in code for name in made.findall(path.read_text()))


def unknown_metrics(expression: str) -> list[str]:
    """The metrics of an expression that nobody makes."""
    unknown = []
    for metric in _METRIC.findall(_STRING.sub('""', expression)):
        name = re.sub(r"_(bucket|count|sum)$", "", metric)
        if name not in ours() and not (
            name.startswith("temporal_") and name.removeprefix("temporal_").encode() in sdk()
        ):
            unknown.append(metric)
    return unknown


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_is_one_that_is_made(expression: str) -> None:
    assert _METRIC.search(expression) or any(
        re.search(rf"\b{name}\{{", expression) for name in _OF_PROMETHEUS
    )
    assert not unknown_metrics(expression)


def test_a_metric_that_is_not_made_is_seen() -> None:
    assert ours() == {"rj_alerts", "console_page_seconds"}
    for metric in ("rj_alert", "console_page_milliseconds_bucket", "temporal_workflow_tasks_failed"):
        assert unknown_metrics(f"rate({metric}[5m]) > 0") == [metric]


@pytest.mark.parametrize("expression", expressions())
def test_brackets_and_quotes_of_an_expression_are_closed(expression: str) -> None:
    open_brackets = []
    for letter in _STRING.sub("", expression):
        if letter in "([{":
            open_brackets.append(letter)
        elif letter in ")]}":
            assert open_brackets
            assert open_brackets.pop() + letter in ("()", "[]", "{}")
    assert not open_brackets
    assert expression.count('"') % 2 == 0


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_means_and_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
    assert rule["annotations"]["summary"].endswith(".")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == rule["alert"].lower()
    assert f"\n### {rule['alert']}\n" in (ROOT / page).read_text()


def test_every_section_about_an_alert_has_one() -> None:
    watching = (ROOT / "docs" / "operations.md").read_text().partition("## Watching")[2]
    assert re.findall(r"^### (.+)$", watching, re.MULTILINE) == [rule["alert"] for rule in alerts()]


def test_the_jobs_that_alerts_ask_for_are_what_is_deployed() -> None:
    asked = set(re.findall(r'job="([^"]+)"', "".join(rule["expr"] for rule in alerts())))
    assert asked == {"rj-worker", "rj-console"}


def test_panels_have_names_and_places_of_their_own() -> None:
    panels = dashboard()["panels"]
    for each in ("id", "title"):
        assert len({panel[each] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
