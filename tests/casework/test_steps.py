"""What may be done next, what may not be and why, and what a step would do: as the rules then decide it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from casework.referral.deadlines import Change, changes_between
from casework.referral.steps import (
    BlockedStep,
    Preview,
    blocked_steps,
    deadlines_met,
    permitted_steps,
    preview_of,
)
from lifecycle import RULES, Refused, deadlines, permitted_and_blocked, work_of
from lifecycle.timing.clocks import every_deadline
from schemas import commands as c
from schemas.commands import COMMANDS, Command
from schemas.events import Recorded
from schemas.notices import Party
from schemas.people import Actor, Role, Staff
from schemas.referral import Referral
from schemas.steps import Request
from schemas.vocabulary import ContactOutcome, Purpose, Stage
from tests.lifecycle.exemplars import CANARY, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    CLOCK,
    HOME,
    MONDAY,
    NEWER_POLICY,
    PARTNER,
    SUPERVISOR,
    Story,
    attempt,
    opening,
    person,
    to,
)
from tests.lifecycle.test_properties import ANYBODY, Lives

TEAM = (
    Staff(id=CASEWORKER.id, role=Role.CASEWORKER, areas=(HOME,), email="cw-1@example.org"),
    Staff(id=SUPERVISOR.id, role=Role.SUPERVISOR, areas=(HOME,), email="sv-1@example.org"),
    Staff(id="sm-1", role=Role.SERVICE_MANAGER, areas=(HOME,)),
)


class Looks(Lives):
    """Whoever asks anything of a referral has looked before what it would do."""

    def check_step(self, before: Referral, command: Command, actor: Actor, step: list[Recorded]) -> None:
        super().check_step(before, command, actor, step)
        log = self.story.history[: before.sequence]
        request = Request(command_id=UUID(int=1), actor=actor, command=command)
        found = preview_of(log, request, self.story.at, policy=NEWER_POLICY, team=TEAM)
        assert [as_logged(each) for each in found.events] == [as_logged(each) for each in step]
        assert (found.stage_before, found.stage_after) == (before.stage, self.story.stage)
        self.check_deadlines(before, self.story.referral)
        still = {(each.deadline, each.point) for each in self.story.referral.escalations}
        was = {(each.deadline, each.point) for each in before.escalations}
        if not isinstance(command, c.CorrectStep):
            assert {(each.deadline, each.point) for each in found.escalations_cleared} == was - still

    def check_deadlines(self, before: Referral, after: Referral) -> None:
        """What is said to change turns the dates before the step into those after it."""
        dates = {each.key: minute(each.due_at) for each in deadlines(before)}
        open_now = {each.key: minute(each.due_at) for each in deadlines(after)}
        left = {each.key for each in every_deadline(after)}
        for key in deadlines_met(before, after):
            if key not in left:
                del dates[key]
        for each in changes_between(before, after):
            if each.change is Change.STOPPED:
                dates.pop(each.key, None)
            else:
                dates[each.key] = minute(each.due_at)
        assert dates == open_now

    @rule(actor=st.sampled_from(ANYBODY))
    def what_is_blocked_is_refused_for_the_reason_given(self, actor: Actor) -> None:
        referral, at = self.story.referral, self.story.at
        found = permitted_and_blocked(referral, actor, at)
        blocked = {each.kind: each for each in blocked_steps(referral, actor, at)}
        offered = {each.kind for each in permitted_steps(referral, actor, at)}
        assert offered == self.story.may(actor)
        assert not offered & blocked.keys()
        work = {command.model_fields["kind"].default for command in work_of(referral.stage)}
        assert blocked.keys() == {kind for kind in found if kind in work and kind not in offered}
        known = {each.id for each in referral.participants}
        for kind, step in blocked.items():
            rule = RULES[COMMANDS[kind]]
            candidates = rule.activity.of(referral) if rule.activity else (None,)
            meant = {each.id for each in candidates if each}
            said = {each.code for each in step.gates}
            for command in exemplars(kind, self.keyboard(actor)):
                named, code = getattr(command, "activity", None), self.answer(command, actor)
                if meant and named is not None and named not in meant:
                    # What stands in the way of others is not said of one that cannot be meant.
                    assert code in ("activity_unknown", "on_hold", "safeguarding")
                else:
                    # Of several activities each is refused for what it lacks itself.
                    assert code == step.gates[0].code or (len(referral.activities) > 1 and code in said)
            shut = [rule.activity.code] if rule.activity and not candidates else []
            if len(candidates) > 1:
                # Of several it is said of each what it lacks.
                shut = [each.code for each in step.gates if each.code not in ("on_hold", "safeguarding")]
                assert all(list(rule.refusals_about(referral, one, actor, at)) for one in candidates)
            for one in candidates if len(candidates) == 1 else ():
                shut = [each.code for each in rule.refusals_about(referral, one, actor, at)]
            assert [each.code for each in step.gates if each.code not in ("on_hold", "safeguarding")] == shut
            for each in step.gates:
                assert each.sentence.endswith(".")
                assert CANARY not in each.sentence
                assert set(each.participants) <= known


Looks.TestCase.settings = settings(settings.get_profile("rules"), max_examples=25, stateful_step_count=20)
TestLooks = Looks.TestCase


def as_logged(recorded: Recorded) -> tuple[object, ...]:
    return recorded.sequence, recorded.step, recorded.at, recorded.actor, recorded.event


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def preview(story: Story, command: Command, by: Actor = CASEWORKER) -> Preview:
    request = Request(command_id=UUID(int=1), actor=by, command=command)
    return preview_of(story.history, request, story.at, policy=NEWER_POLICY, team=TEAM)


def blocked(story: Story, by: Actor = CASEWORKER) -> dict[str, BlockedStep]:
    return {each.kind: each for each in blocked_steps(story.referral, by, story.at)}


def test_a_preview_refuses_as_the_step_would() -> None:
    story = to(Stage.VICTIM_CONTACT)
    with pytest.raises(Refused) as refused:
        preview(story, c.BeginRiskAssessment())
    said = story.refuses(c.BeginRiskAssessment())
    assert (refused.value.code, refused.value.message) == (said.code, said.message)


def test_a_preview_says_what_happens_to_stage_deadlines_escalations_and_whom_it_tells() -> None:
    story = Story().allocated().later(days=10)
    for point in ("warn-1", "due", "escalate-1"):
        story.do(c.ReachDeadline(deadline="first_contact", point=point), by=CLOCK)
    found = preview(story, attempt("h1", outcome=ContactOutcome.REACHED))
    assert found.sentences[0] == "h1, the person harmed, was reached by phone."
    assert found.deadlines_met == ("first_contact",)
    assert [(each.deadline, each.point) for each in found.escalations_cleared] == [
        ("first_contact", "escalate-1")
    ]
    assert {each.key: each.change for each in found.deadlines_set} == {"inactivity": Change.MOVED}
    assert found.people_told == ()
    raised = preview(story, c.RaiseSafeguarding(note=CANARY))
    assert {(each.to, each.party, each.leaves) for each in raised.people_told} >= {
        ("sv-1", Party.STAFF, True)
    }


def test_a_step_that_is_not_possible_names_every_gate_and_the_people_it_waits_for() -> None:
    story = Story(opening(person("h1"), person("h2"), person("r1"))).allocated()
    assert blocked(story)["begin_risk_assessment"].gates[0].code == "nobody_interested"
    story.wants("h1").wants("h2").agrees("h1", Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    [gate] = blocked(story)["begin_risk_assessment"].gates
    assert "h2 has not consented to take part" in gate.sentence
    assert gate.participants == ("h2",)
    story.agrees("h2", Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    assert "begin_risk_assessment" not in blocked(story)


def test_a_hold_and_a_concern_are_told_beside_the_gates() -> None:
    story = Story().do(c.Hold(review_on=(MONDAY + timedelta(days=9)).date(), reason=CANARY))
    story.do(c.RaiseSafeguarding(note=CANARY), by=PARTNER)
    codes = [each.code for each in blocked(story)["allocate"].gates]
    assert codes == ["on_hold", "safeguarding", "duplicate_check_missing"]


def test_what_is_not_of_the_role_or_the_stage_is_not_called_blocked() -> None:
    story = Story().do(c.Hold(review_on=(MONDAY + timedelta(days=9)).date(), reason=CANARY))
    assert blocked(story, PARTNER) == {}
    assert "begin_preparation" not in blocked(story)


def test_work_of_the_stage_is_told_apart_from_what_may_be_asked_in_any() -> None:
    story = Story()
    found = {each.kind: each.of_this_stage for each in permitted_steps(story.referral, CASEWORKER, story.at)}
    assert found["record_duplicate_check"]
    assert not found["add_note"]
