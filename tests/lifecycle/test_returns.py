"""What returns ask: the groups, which offence group fits, what is refused, and which facts are counted."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from lifecycle import Refused
from lifecycle.coarse_facts import facts_of, gone_after_erasure
from schemas import commands as c
from schemas.events import EVENT, ReferralReceived
from schemas.policy import FactKind
from schemas.privacy import public_part
from schemas.vocabulary import Ethnicity, Offence, SensitiveCategory
from schemas.vocabulary.characteristics import Disability, Religion, SexualOrientation
from schemas.vocabulary.offences import HateStrand, OffenceGroup
from tests.lifecycle.story import POLICY, SUPERVISOR, Story, opening, person

HEADS = ("asian", "black", "mixed", "white", "other")
NO_ANSWER = ("prefer_not_to_say", "unknown")


def refused(**known: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refusal:
        Story(opening(**known))
    return refusal.value.code, refusal.value.field


def test_there_are_nineteen_groups_under_five_heads() -> None:
    groups = [each for each in Ethnicity if each not in (*HEADS, *NO_ANSWER)]
    # As the census form counts them.
    assert Counter(each.head for each in groups) == {
        "asian": 5,
        "black": 3,
        "mixed": 4,
        "white": 5,
        "other": 2,
    }
    assert len(groups) == 19


def test_a_head_and_no_answer_are_their_own_head() -> None:
    assert [Ethnicity(each).head for each in (*HEADS, *NO_ANSWER)] == [*HEADS, *NO_ANSWER]


def test_figures_count_the_head_of_a_group_and_never_the_group() -> None:
    story = Story(opening(person("h1", ethnicity=Ethnicity.WHITE_ROMA), person("r1")))
    values = {each.value for each in facts_of(story.history)}
    assert "white" in values
    assert "white_roma" not in values


def test_what_nobody_has_asked_is_no_fact_so_that_older_logs_have_the_same_facts() -> None:
    kinds = {each.kind for each in facts_of(Story().history)}
    assert not kinds & {
        FactKind.DISABILITY,
        FactKind.RELIGION,
        FactKind.SEXUAL_ORIENTATION,
        FactKind.GENDER_IDENTITY,
        FactKind.PREGNANCY_OR_MATERNITY,
        FactKind.DISTRICT,
        FactKind.HATE_STRAND,
    }


def test_an_answer_is_a_fact_that_goes_with_its_referral() -> None:
    story = Story(
        opening(
            person("h1", disability=Disability.LIMITED_A_LOT, religion=Religion.PREFER_NOT_TO_SAY),
            person("r1"),
            sensitive_categories=(SensitiveCategory.HATE_CRIME,),
            hate_strands=(HateStrand.DISABILITY,),
            district="E06000047",
        )
    ).allocated()
    story.do(c.AmendParticipant(participant="r1", sexual_orientation=SexualOrientation.BISEXUAL))
    facts = facts_of(story.history)
    found = {(each.name, each.value) for each in facts}
    new = {
        ("harmed_disability", "limited_a_lot"),
        ("harmed_religion", "prefer_not_to_say"),
        ("responsible_sexual_orientation", "bisexual"),
        ("hate_strand", "disability"),
        ("district", "E06000047"),
    }
    assert new <= found
    assert new <= {(each.name, each.value) for each in gone_after_erasure(facts, POLICY)}


def test_none_of_it_is_in_the_clear() -> None:
    story = Story(
        opening(
            person("h1", disability=Disability.LIMITED_A_LOT, interpreter_needed=True),
            person("r1"),
            district="E06000047",
            crime_reference="42/12345/26",
        )
    )
    said = str(public_part(story.history[0].event))
    assert "limited_a_lot" not in said
    assert "interpreter_needed" not in said
    assert "E06000047" not in said
    assert "42/12345/26" not in story.referral.model_dump_json()


@pytest.mark.parametrize("group", OffenceGroup)
def test_every_offence_group_is_accepted_with_its_offence(group: OffenceGroup) -> None:
    assert Story(opening(offence=group.offence, offence_group=group)).referral.offence_group is group


@pytest.mark.parametrize("offence", [Offence.THEFT, Offence.SEXUAL, Offence.HOMICIDE])
def test_an_offence_group_of_another_offence_is_refused(offence: Offence) -> None:
    group = OffenceGroup.BURGLARY_RESIDENTIAL
    assert refused(offence=offence, offence_group=group) == ("offence_group_does_not_fit", "offence_group")


def test_an_offence_and_its_group_still_fit_after_one_is_put_right() -> None:
    story = Story(opening(offence_group=OffenceGroup.BURGLARY_RESIDENTIAL)).allocated()
    assert story.code(c.AmendReferral(offence=Offence.THEFT)) == "offence_group_does_not_fit"
    story.do(c.AmendReferral(offence=Offence.THEFT, offence_group=OffenceGroup.BICYCLE_THEFT))
    assert story.referral.offence_group is OffenceGroup.BICYCLE_THEFT


def test_a_strand_makes_a_case_sensitive_or_is_refused() -> None:
    race = (HateStrand.RACE,)
    assert refused(hate_strands=race) == ("hate_crime_missing", "hate_strands")
    story = Story(
        opening(hate_strands=race, sensitive_categories=(SensitiveCategory.HATE_CRIME,))
    ).allocated()
    assert story.referral.sensitive
    assert story.code(c.AmendReferral(sensitive_categories=()), SUPERVISOR) == "hate_crime_missing"
    story.do(c.AmendReferral(sensitive_categories=(), hate_strands=()), by=SUPERVISOR)
    assert story.referral.hate_strands == ()


@pytest.mark.parametrize("given", ["nothing", "12", "<b>1</b>", "1" * 41, "42/12345/26\u202e"])
def test_a_crime_reference_that_cannot_be_one_is_refused(given: str) -> None:
    if len(given) > 40:
        with pytest.raises(ValidationError):
            opening(crime_reference=given)
    else:
        assert refused(crime_reference=given) == ("crime_reference_unlikely", "crime_reference")


@pytest.mark.parametrize("given", ["E06000047", "E07000123", "E08000001", "E09000001", "W06000015"])
def test_a_district_of_england_or_wales_is_accepted(given: str) -> None:
    assert Story(opening(district=given)).referral.district == given


@pytest.mark.parametrize("given", ["Durham", "E05000001", "S12000005", "E0600004", "E060000471"])
def test_what_is_no_code_of_a_district_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        opening(district=given)


def test_an_event_of_an_older_log_reads_as_it_did() -> None:
    new = {
        *("offence_group", "conflict", "hate_strands", "district", "crime_reference"),
        *("disability", "religion", "sexual_orientation", "gender_identity", "pregnancy_or_maternity"),
        *("interpreter_needed", "language"),
    }
    event = Story().history[0].event
    stored = event.model_dump(mode="json")
    older = {name: value for name, value in stored.items() if name not in new}
    older["participants"] = [
        {name: value for name, value in each.items() if name not in new} for each in stored["participants"]
    ]
    read = EVENT.validate_python(older)
    assert isinstance(read, ReferralReceived)
    assert read == event
