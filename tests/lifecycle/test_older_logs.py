"""What a version wrote that knew one activity only leads to what it led to there: one activity, with the old values.

``logs_of_f6f2be0.json.xz`` holds logs of invented referrals that were led at random, each with the state and the
deadlines to which that version's rules led.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from lifecycle import deadlines, fold, permitted, permitted_and_blocked
from lifecycle.activities.state import ACTIVITY_STAGES
from schemas.activity import Activity
from schemas.events import Recorded
from schemas.referral import Referral
from tests.lifecycle.story import EVERYBODY

LOGS: list[dict[str, Any]] = json.loads(
    lzma.decompress((Path(__file__).parent / "logs_of_f6f2be0.json.xz").read_bytes())
)

_OF_ACTIVITIES = {"activities", "overrides", "sign_offs", "sign_off_requests", "agreement", "participants"}


def as_it_was(referral: Referral) -> dict[str, Any]:
    """A state as that version wrote it: the one activity's values in the referral and its participants."""
    assert {each.id for each in referral.activities} <= {"a1"}
    activity = referral.activity("a1") or Activity(id="a1")
    state: dict[str, Any] = json.loads(referral.model_dump_json(exclude=_OF_ACTIVITIES))
    of_it = json.loads(activity.model_dump_json())
    state |= {"method": of_it["method"], "activity": of_it["booked"], "held": of_it["held"]}
    state["overrides"] = sorted([*referral.overrides, *of_it["overrides"]])
    for name in ("sign_offs", "sign_off_requests"):
        found = [json.loads(each.model_dump_json()) for each in getattr(referral, name)]
        assert all(
            each.pop("activity") == ("a1" if each["subject"] == "readiness" else None) for each in found
        )
        state[name] = found
    items = [json.loads(each.model_dump_json()) for each in referral.agreement]
    assert all(each.pop("activity") == "a1" for each in items)
    state["agreement"] = items
    state["participants"] = [
        json.loads(person.model_dump_json())
        | json.loads(activity.part(person.id).model_dump_json(exclude={"participant"}))
        for person in referral.participants
    ]
    return state


# These are not fields but entries, none of which may be added.
_BY_NAME = {"extensions", "extended_at", "points", "reviewed"}


def as_known(new: Any, old: Any) -> Any:
    """A value without the fields that the older version did not know, wherever in it they stand."""
    match new, old:
        case dict(), dict():
            return {
                name: value if name in _BY_NAME else as_known(value, old[name])
                for name, value in new.items()
                if name in old
            }
        case list(), list() if len(new) == len(old):
            return [as_known(each, was) for each, was in zip(new, old, strict=True)]
        case _:
            return new


def as_written(state: dict[str, Any]) -> dict[str, Any]:
    """What that version wrote of a state, with what has no order in order."""
    return state | {"overrides": sorted(state["overrides"])}


@pytest.mark.parametrize("number", range(len(LOGS)))
def test_a_log_of_an_older_version_leads_to_what_it_led_to(number: int) -> None:
    written = LOGS[number]
    referral = fold(Recorded.model_validate(each) for each in written["log"])
    was = as_written(written["became"])
    assert as_known(as_it_was(referral), was) == was
    found = [json.loads(each.model_dump_json()) for each in deadlines(referral)]
    assert as_known(found, written["deadlines"]) == written["deadlines"]


@pytest.mark.parametrize("number", range(len(LOGS)))
def test_a_state_of_an_older_version_is_read_as_what_it_was(number: int) -> None:
    """As a workflow carries it on, and as the step that corrected another one says what the referral became."""
    written = LOGS[number]
    referral = Referral.model_validate_json(json.dumps(written["became"]))
    was = as_written(written["became"])
    assert as_known(as_it_was(referral), was) == was
    found = [json.loads(each.model_dump_json()) for each in deadlines(referral)]
    assert as_known(found, written["deadlines"]) == written["deadlines"]
    assert Referral.model_validate_json(referral.model_dump_json()) == referral


@pytest.mark.parametrize("number", range(len(LOGS)))
def test_a_log_and_a_state_of_an_older_version_go_on_alike(number: int) -> None:
    written = LOGS[number]
    from_log = fold(Recorded.model_validate(each) for each in written["log"])
    from_state = Referral.model_validate(written["became"])
    if from_log.stage not in ACTIVITY_STAGES:
        return
    assert [each.state for each in from_log.activities if each.method] == [
        each.state for each in from_state.activities if each.method
    ]
    for actor in EVERYBODY:
        at = from_log.last_activity_at
        assert (
            permitted_and_blocked(from_log, actor, at).keys()
            == permitted_and_blocked(from_state, actor, at).keys()
        )
        assert permitted(from_log, actor, at) == permitted(from_state, actor, at)
