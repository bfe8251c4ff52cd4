"""Which filters of a list a partner may not use."""

from __future__ import annotations

import pytest

from casework.referral_lists import ListFilters


@pytest.mark.parametrize(
    "asked",
    [
        {"stage": "closed"},
        {"caseworker": "cw-1"},
        {"overdue": True},
        {"on_hold": True},
        {"sensitive": True},
        {"safeguarding": True},
        {"due_within_days": 0},
    ],
)
def test_every_filter_but_area_and_limit_is_about_the_work(asked: dict[str, object]) -> None:
    assert ListFilters.model_validate(asked).of_the_work
    assert not ListFilters.model_validate({"area": "kent", "limit": 3}).of_the_work
