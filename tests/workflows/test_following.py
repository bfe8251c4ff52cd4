"""The workflow takes over what follows on its state, and nothing else."""

from __future__ import annotations

import logging

import pytest

from lifecycle import fold
from schemas.events import Recorded
from schemas.steps import Receipt, ReferralInput, StepTaken
from schemas.vocabulary import Stage
from stores.referrals import visible
from tests.lifecycle.story import Story, attempt
from workflows.referral import ReferralWorkflow


def taken(story: Story, events: list[Recorded], reference: str | None = None) -> StepTaken:
    return StepTaken(
        receipt=Receipt(
            reference=reference or story.referral.reference, sequence=len(story.history), stage=Stage.RECEIVED
        ),
        events=tuple(events),
        deadlines=(),
        next_point=None,
        visible=visible(story.referral, (), story.at),
    )


@pytest.mark.parametrize("reference", [None, "RJ-7KQ4-M2XD"])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_step_that_does_not_follow_leaves_the_state_and_has_the_log_read(
    missing: int, reference: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK's own logger asks the workflow's loop whether it replays.
    monkeypatch.setattr("temporalio.workflow.logger", logging.getLogger(__name__))
    story = Story()
    known = len(story.history)
    for _ in range(3):
        story.do(attempt("h1"))
    events = list(story.history[known:])
    flow = ReferralWorkflow(ReferralInput(reference=story.referral.reference))
    before = flow._referral = fold(story.history[:known])
    step = taken(story, events[missing:], reference)
    if missing == 0 and reference is None:
        assert flow._follows(step)
        return
    assert not flow._apply(step)
    assert flow._referral is before
    assert flow._must_catch_up()
