"""Who of the staff is told of what, by the ladder, while some of them are away."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from lifecycle import notices, notices_wanted
from lifecycle.notifying.team import addressed, answering, with_cover
from schemas import commands as c
from schemas import events as e
from schemas.notices import Addressee
from schemas.people import Actor, Role, Staff
from schemas.policy import DeadlineName, Rung
from schemas.vocabulary import Level, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    CLOCK,
    COMMISSIONER,
    FACILITATOR,
    HOME,
    MONDAY,
    OTHER_SUPERVISOR,
    PARTNER,
    SERVICE_MANAGER,
    SUPERVISOR,
    WHY,
    Story,
    assessment,
    recorded,
    to,
    verdict,
)

EVERYBODY = (CASEWORKER, FACILITATOR, SUPERVISOR, OTHER_SUPERVISOR, SERVICE_MANAGER, PARTNER, COMMISSIONER)


def team(*people: Actor, **away: str | None) -> dict[str, Staff]:
    """Who works there; those named as sv_1 are away for long, each with a stand-in or none."""
    gone = {name.replace("_", "-"): stand_in for name, stand_in in away.items()}
    return {
        each.id: Staff(
            id=each.id,
            role=each.role,
            areas=(HOME,),
            absent_until=MONDAY + timedelta(days=365) if each.id in gone else None,
            stand_in=gone.get(each.id),
        )
        for each in people or EVERYBODY
    }


def by(*people: str) -> Iterable[Actor]:
    return (each for each in EVERYBODY if each.id in people)


def tells(story: Story, command: c.Command, actor: Actor, people: dict[str, Staff]) -> set[tuple[str, str]]:
    """Which template goes to whom."""
    before, known = story.referral, len(story.history)
    story.do(command, by=actor)
    wanted = notices(notices_wanted(before, story.history[known:], story.referral), tuple(people.values()))
    return {(each.template, each.to) for each in wanted}


def reaches(story: Story, deadline: str, point: str, people: dict[str, Staff]) -> set[tuple[str, str]]:
    """Who is told when a point of a deadline is reached."""
    story.until(story.open[deadline].points[point])
    return tells(story, c.ReachDeadline(deadline=deadline, point=point), CLOCK, people)


def at_risk_assessment() -> Story:
    return to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH))


# Those who are away.


def test_who_is_away_with_no_stand_in_is_passed_over_for_the_next_rung() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert reaches(story, "first_contact", "warn-1", team(cw_1=None)) == {
        ("reminder", "sv-1"),
        ("reminder", "sv-2"),
    }
    people = team(sv_1=None, sv_2=None)
    assert reaches(story, "first_contact", "escalate-1", people) == {("escalation", "sm-1")}


def test_where_another_one_of_the_rung_is_there_they_are_enough() -> None:
    told = reaches(to(Stage.VICTIM_CONTACT), "first_contact", "escalate-1", team(sv_1=None))
    assert told == {("escalation", "sv-2")}


@pytest.mark.parametrize(
    "away",
    [
        {"cw_1": "fa-1", "fa_1": "cw-1"},
        {"cw_1": "cw-1"},
        {"cw_1": "fa-1", "fa_1": None},
        {"cw_1": "fa-1", "fa_1": "sv-1", "sv_1": "fa-1"},
        # Who left, or works elsewhere, is not of the team.
        {"cw_1": "cw-left"},
    ],
    ids=["circle", "own circle", "away as well", "circle behind", "not here"],
)
def test_a_stand_in_who_is_not_there_is_none(away: dict[str, str | None]) -> None:
    told = reaches(to(Stage.VICTIM_CONTACT), "first_contact", "warn-1", team(**away))
    assert {who for _, who in told} == {"sv-1", "sv-2"} - {each.replace("_", "-") for each in away}


def test_however_long_the_chain_its_end_stands_in() -> None:
    chain = [Actor(id=f"cw-{number}", role=Role.CASEWORKER, area=HOME) for number in range(1, 9)]
    away = {f"cw_{number}": f"cw-{number + 1}" for number in range(1, 8)}
    assert with_cover(["cw-1"], team(*chain, **away), MONDAY) == ["cw-8"]


def test_where_nobody_at_all_is_there_the_first_of_the_ladder_reads_it_later() -> None:
    everyone_away = team(cw_1=None, fa_1=None, sv_1=None, sv_2="sv-1", sm_1="sv-2")
    story = to(Stage.VICTIM_CONTACT)
    assert reaches(story, "first_contact", "warn-1", everyone_away) == {("reminder", "cw-1")}
    assert reaches(story, "first_contact", "escalate-1", everyone_away) == {
        ("escalation", "sv-1"),
        ("escalation", "sv-2"),
    }


def test_nobody_is_told_twice_where_one_stands_in_for_another() -> None:
    people = team(sv_1="sv-2")
    assert answering(Rung.SUPERVISOR, people, MONDAY) == ["sv-2"]


def test_who_took_the_step_for_somebody_away_has_nobody_told_in_their_place() -> None:
    story = Story().do(c.RecordDuplicateCheck())
    people = team(cw_1="sv-1")
    assert tells(story, c.Allocate(caseworker="cw-1"), SUPERVISOR, people) == set()


# Who may stand in.


def test_a_commissioner_or_a_partner_stands_in_for_none_of_the_staff() -> None:
    for stand_in in ("pcc-1", "pa-1"):
        people = team(sv_1=stand_in, sv_2=stand_in)
        told = reaches(to(Stage.VICTIM_CONTACT), "first_contact", "escalate-1", people)
        assert told == {("escalation", "sm-1")}
        told = reaches(to(Stage.VICTIM_CONTACT), "first_contact", "warn-1", team(cw_1=stand_in))
        assert told == {("reminder", "sv-1"), ("reminder", "sv-2")}


@pytest.mark.parametrize("stand_in", ["cw-1", "fa-1"])
def test_what_is_asked_of_supervisors_is_asked_of_nobody_below(stand_in: str) -> None:
    people = team(sv_1=stand_in, sv_2=stand_in)
    assert tells(at_risk_assessment(), verdict(), CASEWORKER, people) == {("sign_off", "sm-1")}
    told = reaches(to(Stage.VICTIM_CONTACT), "first_contact", "escalate-1", people)
    assert told == {("escalation", "sm-1")}
    alone = team(*by("cw-1", "fa-1", "sv-1"), sv_1=stand_in)
    assert tells(at_risk_assessment(), verdict(), CASEWORKER, alone) == {("sign_off", "sv-1")}


def test_a_chain_ends_with_somebody_who_may_do_the_work_of_its_beginning() -> None:
    """A supervisor stands in for a caseworker, and a caseworker for the supervisor."""
    people = team(cw_1="sv-1", sv_1="fa-1")
    assert with_cover(["cw-1"], people, MONDAY) == ["fa-1"]
    assert with_cover(["sv-1"], people, MONDAY) == []


def test_supervisors_and_service_managers_stand_in_for_each_other_and_for_anybody_below() -> None:
    assert answering(Rung.SERVICE_MANAGER, team(sm_1="sv-1"), MONDAY) == ["sv-1"]
    assert with_cover(["cw-1", "sv-1", "fa-1"], team(cw_1="sv-2", sv_1="sm-1", fa_1="sv-2"), MONDAY) == [
        "sv-2",
        "sm-1",
    ]


def test_partners_stand_in_for_partners() -> None:
    other = Actor(id="pa-2", role=Role.PARTNER, area=HOME)
    assert with_cover(["pa-1"], team(*EVERYBODY, other, pa_1="pa-2"), MONDAY) == ["pa-2"]
    assert with_cover(["pa-1"], team(pa_1="sv-1"), MONDAY) == []
    assert with_cover(["pcc-1"], team(pcc_1="sm-1"), MONDAY) == []


# Who may sign off.


def wants_sign_off(actor: Actor) -> Story:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), by=actor)
    return story.do(verdict(), by=actor)


@pytest.mark.parametrize("point", ["warn-1", "due", "escalate-1"])
def test_nobody_is_reminded_of_a_sign_off_that_they_may_not_give(point: str) -> None:
    alone = team(*by("cw-1", "sv-1", "sm-1"))
    told = reaches(wants_sign_off(SUPERVISOR), "sign_off/risk_assessment", point, alone)
    assert {who for _, who in told} == {"sm-1"}


def test_a_reminder_of_a_sign_off_goes_to_the_supervisors_who_made_none_of_it() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), by=OTHER_SUPERVISOR)
    story.do(verdict(), by=CASEWORKER)
    told = reaches(story, "sign_off/risk_assessment", "warn-1", team())
    assert told == {("reminder", "sv-1")}


def test_who_made_it_is_not_asked_in_the_place_of_somebody_away() -> None:
    people = team(sv_2="sv-1")
    told = reaches(wants_sign_off(SUPERVISOR), "sign_off/risk_assessment", "warn-1", people)
    assert told == {("reminder", "sm-1")}


def test_a_caseworker_is_told_of_a_sign_off_but_never_asked_for_it() -> None:
    story = wants_sign_off(SUPERVISOR)
    asked = story.history[-1]
    assert asked.event.kind == "sign_off_requested"
    people = team()
    assert list(addressed(Addressee.CASEWORKER, asked, story.referral, people)) == ["cw-1"]
    rules = story.referral.policy.deadlines
    rule = rules[DeadlineName.SIGN_OFF].model_copy(update={"answers": Rung.CASEWORKER})
    policy = story.referral.policy.model_copy(update={"deadlines": rules | {DeadlineName.SIGN_OFF: rule}})
    story.referral = story.referral.model_copy(update={"policy": policy})
    assert reaches(story, "sign_off/risk_assessment", "warn-1", people) == {("reminder", "sv-2")}


def test_where_all_who_may_sign_off_are_away_they_read_it_later() -> None:
    people = team(sv_2=None, sm_1=None)
    assert tells(at_risk_assessment(), verdict(), SUPERVISOR, people) == {("sign_off", "sv-2")}


# Facilitators.


def said_to_facilitators(people: dict[str, Staff], actor: Actor = CASEWORKER) -> list[str]:
    story = to(Stage.PREPARATION).with_facilitators()
    [event] = recorded([e.Resumed()], story.referral.sequence, actor, story.at)
    return list(addressed(Addressee.FACILITATORS, event, story.referral, people))


def test_a_facilitator_who_is_away_with_no_stand_in_leaves_it_to_the_caseworker() -> None:
    second = Actor(id="fa-2", role=Role.FACILITATOR, area=HOME)
    both = (*EVERYBODY, second)
    assert said_to_facilitators(team(*both), CLOCK) == ["fa-1", "fa-2"]
    assert said_to_facilitators(team(*both, fa_1=None), CLOCK) == ["fa-2"]
    assert said_to_facilitators(team(*both, fa_1="cw-1", fa_2=None), CLOCK) == ["cw-1"]
    assert said_to_facilitators(team(*both, fa_1=None, fa_2=None), CLOCK) == ["cw-1"]
    assert said_to_facilitators(team(*both, fa_1=None, fa_2=None, cw_1=None), CLOCK) == ["sv-1", "sv-2"]


def test_who_did_it_need_not_be_told() -> None:
    for people in (team(), team(fa_1=None), team(fa_1="cw-1")):
        assert said_to_facilitators(people, FACILITATOR) == []
    assert said_to_facilitators(team(fa_1="cw-1"), CASEWORKER) == []
    assert tells(to(Stage.VICTIM_CONTACT), c.RaiseSafeguarding(note=WHY), CASEWORKER, team()) == {
        ("safeguarding", "sv-1"),
        ("safeguarding", "sv-2"),
    }
