"""Coarse facts: what figures need, and nothing by which it could be told whose it is."""

from collections.abc import Sequence
from functools import reduce
from itertools import groupby

import pytest

from lifecycle import evolve
from lifecycle.coarse_facts import Changes, CoarseFact, changes, facts_of, gone_after_erasure
from schemas import commands as c
from schemas.events import Recorded
from schemas.facts import NeedScore
from schemas.policy import FactKind, FactRule, Ground, Kept
from schemas.referral import Referral
from schemas.vocabulary import (
    AgeBand,
    Custody,
    Ethnicity,
    Gender,
    Interest,
    Level,
    Need,
    Occasion,
    Scale,
    SensitiveCategory,
    Stage,
)
from schemas.vocabulary.offences import HateStrand
from stores.facts import FactKey, as_arguments, fact_rows
from tests.lifecycle.story import (
    POLICY,
    REFERENCE,
    SUPERVISOR,
    Story,
    assessment,
    informed,
    interest,
    opening,
    person,
)


def as_kept(history: Sequence[Recorded]) -> dict[tuple[int, str], CoarseFact]:
    """The facts as they stand after each step has changed them, by what their id is made of."""
    kept: dict[tuple[int, str], CoarseFact] = {}
    before: Referral | None = None
    earlier: list[Recorded] = []
    for _, taken in groupby(history, key=lambda each: each.step):
        events = list(taken)
        # As a step does it: what an event leaves alone stays the same object.
        after = reduce(evolve, events, before)
        assert after is not None
        changed = changes(before, events, after, earlier)
        for each in changed.gone:
            del kept[each.sequence, each.place]
        kept.update({(each.sequence, each.place): each for each in changed.added})
        before, earlier = after, [*earlier, *events]
    return kept


def told(story: Story) -> list[tuple[str, str]]:
    kept = as_kept(story.history)
    assert sorted(kept.values(), key=repr) == sorted(facts_of(story.history), key=repr)
    return sorted((each.name, each.value) for each in kept.values())


def test_an_opening_leaves_who_takes_part_by_side_and_month() -> None:
    people = (
        person("h1", ethnicity=Ethnicity.ASIAN, gender=Gender.FEMALE),
        person("r1", custody=Custody.ON_LICENCE, age_band=AgeBand.FROM_18_TO_24),
        person("s1", ethnicity=Ethnicity.BLACK, accompanies="h1"),
    )
    story = Story(opening(*people, sensitive_categories=("hate_crime", "hate_crime")))
    assert told(story) == [
        ("harmed_age_band", "25_to_34"),
        ("harmed_ethnicity", "asian"),
        ("harmed_gender", "female"),
        ("justice_stage", "post_sentence_community"),
        ("responsible_age_band", "18_to_24"),
        ("responsible_custody", "on_licence"),
        ("responsible_ethnicity", "unknown"),
        ("responsible_gender", "unknown"),
        ("sensitive_category", "hate_crime"),
    ]
    assert {each.month.isoformat() for each in facts_of(story.history)} == {"2026-03-01"}


def test_what_is_put_right_replaces_what_was_known() -> None:
    story = Story(opening(person("h1", ethnicity=Ethnicity.ASIAN), person("r1"))).allocated()
    story.do(c.AmendParticipant(participant="h1", ethnicity=Ethnicity.MIXED))
    stalking = c.AmendReferral(sensitive_categories=(SensitiveCategory.STALKING,))
    story.do(stalking, by=SUPERVISOR)
    story.do(c.AmendReferral(sensitive_categories=()), by=SUPERVISOR)
    found = told(story)
    assert [value for name, value in found if name == "harmed_ethnicity"] == ["mixed"]
    assert "sensitive_category" not in dict(found)


def test_a_district_and_strands_that_are_put_right_replace_what_was_known() -> None:
    story = Story(opening(sensitive_categories=("hate_crime",), hate_strands=(HateStrand.RELIGION,)))
    story.allocated().do(c.AmendReferral(district="E06000047"))
    assert ("district", "E06000047") in told(story)
    # Each alone, as nothing else of the referral changes.
    story.do(c.AmendReferral(district="E06000005"))
    story.do(c.AmendReferral(hate_strands=(HateStrand.RACE,)))
    found = [each for each in told(story) if each[0] in ("district", "hate_strand")]
    assert found == [("district", "E06000005"), ("hate_strand", "race")]


def test_what_was_scored_and_answered_is_told_once_each() -> None:
    story = Story().to(Stage.RISK_ASSESSMENT)
    fear = c.RecordScale(participant="h1", scale=Scale.FEAR, occasion=Occasion.BEFORE, score=7)
    needs = (NeedScore(need=Need.FINANCE_AND_BENEFITS, score=2),) * 2
    story.do(
        fear,
        fear,
        c.RecordNeeds(participant="h1", occasion=Occasion.BEFORE, needs=needs),
        assessment("h1", self_harm=Level.MEDIUM),
        assessment(),
    )
    found = [each for each in told(story) if not each[0].startswith(("harmed_age", "responsible_"))]
    assert [each for each in found if "fear" in each[0]] == [("harmed_fear_before", "7")] * 2
    assert [each for each in found if "finance" in each[0]] == [("finance_and_benefits_before", "2")]
    assert ("harmed_risk_level", "medium") in found
    assert ("pair_risk_level", "low") in found


def test_a_survey_leaves_each_answer_that_was_given() -> None:
    story = Story().to(Stage.FOLLOW_UP)
    story.do(c.RecordSurvey(participant="h1", satisfied=False, rating=0))
    found = dict(told(story))
    assert (found["harmed_satisfied"], found["harmed_rating"]) == ("no", "0")
    assert "harmed_feels" not in found


@pytest.mark.parametrize(
    "command",
    [
        c.RecordScale(participant="h1", scale=Scale.PCL_5, occasion=Occasion.BEFORE, score=40),
        c.AmendParticipant(participant="h1", ethnicity=Ethnicity.BLACK),
        c.AddParticipant(participant=person("h2", ethnicity=Ethnicity.BLACK)),
        assessment("h1", threats=Level.HIGH),
    ],
    ids=lambda command: command.kind,
)
def test_a_step_that_was_taken_back_leaves_none(command: c.Command) -> None:
    story = Story().to(Stage.RISK_ASSESSMENT)
    before = told(story)
    story.do(command)
    step = story.last_step
    assert told(story) != before
    story.do(c.CorrectStep(step=step, reason="A slip"), by=SUPERVISOR)
    assert told(story) == before


def test_the_facts_of_who_declined_stand_beside_all_others() -> None:
    story = Story(opening(person("h1", ethnicity=Ethnicity.ASIAN), person("r1"))).allocated()
    story.do(informed("h1"), interest("h1", Interest.DECLINED))
    found = dict(told(story))
    assert found["harmed_who_declined_ethnicity"] == found["harmed_ethnicity"] == "asian"
    assert "responsible_who_declined_ethnicity" not in found


def keeping(**kinds: Kept) -> dict[FactKind, FactRule]:
    return {
        FactKind(kind): FactRule(after_erasure=kept, ground=Ground.LOCAL, source="Invented")
        for kind, kept in kinds.items()
    }


def left(story: Story, **kinds: Kept) -> set[str]:
    policy = POLICY.model_copy(update={"facts": keeping(**kinds)})
    found = facts_of(story.history)
    return {each.name for each in found} - {each.name for each in gone_after_erasure(found, policy)}


def test_a_service_may_keep_only_what_it_needs_of_who_declined() -> None:
    story = Story(opening(person("h1", ethnicity=Ethnicity.ASIAN), person("r1"))).allocated()
    story.do(informed("h1"), interest("h1", Interest.DECLINED))
    three = dict.fromkeys(("age_band", "gender", "ethnicity"), Kept.OF_WHO_DECLINED)
    assert left(story, **three) == {
        "harmed_who_declined_age_band",
        "harmed_who_declined_ethnicity",
        "harmed_who_declined_gender",
    }
    assert left(story, custody=Kept.STAYS, gender=Kept.GOES) == {"responsible_custody"}


def test_what_the_policy_says_nothing_of_goes() -> None:
    assert left(Story()) == set()


def test_the_policy_that_ships_says_of_every_kind_what_becomes_of_it() -> None:
    assert set(POLICY.facts) == set(FactKind)


def test_an_id_tells_nobody_without_the_key_whose_a_fact_is() -> None:
    story = Story().allocated()
    found = facts_of(story.history)
    rows = fact_rows(FactKey(b"one" * 10), REFERENCE, found)
    assert len({row["id"] for row in rows}) == len(rows)
    assert {len(row["id"]) for row in rows} == {64}
    assert REFERENCE not in repr(rows)
    other_key = {row["id"] for row in fact_rows(FactKey(b"two" * 10), REFERENCE, found)}
    other_referral = {row["id"] for row in fact_rows(FactKey(b"one" * 10), "RJ-0000-0000", found)}
    ids = {row["id"] for row in rows}
    assert not ids & other_key
    assert not ids & other_referral
    assert repr(FactKey(b"one")) == "FactKey()"


def test_record_step_is_told_what_is_new_and_which_ids_go() -> None:
    key, story = FactKey(b"one" * 10), Story().allocated()
    [fact, *_] = facts_of(story.history)
    new, gone = as_arguments(key, REFERENCE, Changes(added=(), gone=(fact,)))
    assert (new, gone) == ("[]", [key.id(REFERENCE, fact)])
