"""What a person typed as a part of a reference, and which filters a partner may not use."""

from __future__ import annotations

import pytest

from casework.referral_lists import ListFilters, part_of_reference
from lifecycle import Refused


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("7KQ4", "7KQ4"),
        ("rj-7kq4", "RJ7KQ4"),
        ("RJ-7KQ4-M2X1", "RJ7KQ4M2X1"),
        ("rj 7kq4 m2x1", "RJ7KQ4M2X1"),
        (" q4-m2 ", "Q4M2"),
        ("olI", "011"),
    ],
)
def test_hyphens_spaces_case_and_look_alikes_do_not_matter(typed: str, part: str) -> None:
    assert part_of_reference(typed) == part


@pytest.mark.parametrize("typed", ["", "7", "RJ-", "RJ-7", "7KQ%", "7_Q4", "7KU4", "7\u2010KQ"])
def test_what_no_reference_holds_is_not_searched_for(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        part_of_reference(typed)
    assert refused.value.field == "text"


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
