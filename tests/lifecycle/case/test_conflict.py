"""A conflict without a crime: where the policy accepts it, both sides are parties and none acknowledges an offence."""

from typing import Any

import pytest

from lifecycle import Refused
from schemas import commands as c
from schemas.policy import Policy
from schemas.vocabulary import Interest, Offence, Purpose, Stage
from tests.lifecycle.story import POLICY, Story, interest, opening

ACCEPTING = POLICY.model_copy(update={"conflicts_without_crime_accepted": True})
CONFLICT: dict[str, Any] = {"conflict": True, "offence": Offence.NO_CRIME}


def conflict() -> Story:
    return Story(opening(**CONFLICT), policy=ACCEPTING)


def asked_for() -> Story:
    """One party agrees, the risk is assessed, and the other party has said what they want."""
    return conflict().to(Stage.OFFENDER_CONSENT).wants("r1").agrees("r1", Purpose.TAKE_PART)


def opening_refused(policy: Policy, **known: Any) -> tuple[str, str | None]:
    """The code and the field by which a referral is refused."""
    with pytest.raises(Refused) as refusal:
        Story(opening(**known), policy=policy)
    return refusal.value.code, refusal.value.field


def test_a_conflict_without_a_crime_is_off_until_the_policy_accepts_it() -> None:
    assert not POLICY.conflicts_without_crime_accepted
    assert opening_refused(POLICY, **CONFLICT) == ("conflict_not_accepted", "conflict")
    assert conflict().referral.conflict


@pytest.mark.parametrize(
    "known", [{"conflict": True}, {"offence": Offence.NO_CRIME}], ids=["an offence", "no conflict"]
)
def test_no_crime_is_the_offence_of_a_conflict_and_of_nothing_else(known: dict[str, Any]) -> None:
    assert opening_refused(ACCEPTING, **known) == ("offence_does_not_fit", "offence")


def test_interest_takes_the_place_of_acknowledging_the_facts() -> None:
    story = asked_for().do(c.BeginPreparation())
    assert story.stage is Stage.PREPARATION
    assert story.someone("r1").acknowledges is None


def test_a_party_who_is_not_interested_goes_no_further() -> None:
    story = asked_for().do(interest("r1", Interest.UNDECIDED))
    refused = story.refuses(c.BeginPreparation())
    assert refused.code == "facts_not_acknowledged"
    assert "party" in refused.message


def test_consent_in_writing_is_needed_of_a_party_all_the_same() -> None:
    story = conflict().to(Stage.OFFENDER_CONSENT).wants("r1")
    assert story.code(c.BeginPreparation()) == "responsible_consent_missing"


def test_a_party_is_not_asked_to_acknowledge_anything() -> None:
    command = c.RecordAcknowledgement(participant="r1", acknowledges=True)
    assert asked_for().code(command) == "no_facts"
    assert "record_acknowledgement" not in asked_for().may()


def test_interest_is_not_enough_where_there_is_a_crime() -> None:
    story = Story(policy=ACCEPTING).to(Stage.OFFENDER_CONSENT).wants("r1").agrees("r1", Purpose.TAKE_PART)
    assert story.code(c.BeginPreparation()) == "facts_not_acknowledged"


def test_a_crime_does_not_become_a_conflict_later_nor_a_conflict_a_crime() -> None:
    crime = Story(policy=ACCEPTING).allocated()
    assert crime.code(c.AmendReferral(offence=Offence.NO_CRIME)) == "offence_does_not_fit"
    assert conflict().allocated().code(c.AmendReferral(offence=Offence.THEFT)) == "offence_does_not_fit"
