"""Received: sent, looked up for a duplicate, allocated."""

from datetime import date, timedelta

import pytest

from lifecycle import Refused, open_referral
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Actor, Role
from schemas.vocabulary import (
    ClosureReason,
    Initiator,
    JusticeStage,
    Plea,
    SensitiveCategory,
    Stage,
)
from tests.lifecycle.story import (
    CASEWORKER,
    COMMISSIONER,
    FACILITATOR,
    MONDAY,
    PARTNER,
    POLICY,
    REFERENCE,
    STRANGER,
    SUPERVISOR,
    Story,
    opening,
    person,
    to,
)

BY_RESPONSIBLE = Initiator.PERSON_RESPONSIBLE


def refusal(command: c.OpenReferral, by: Actor = CASEWORKER) -> Refused:
    with pytest.raises(Refused) as found:
        open_referral(REFERENCE, POLICY, command, by, MONDAY)
    return found.value


def test_a_referral_is_received_under_the_policy_it_keeps() -> None:
    story = Story()
    assert story.stage is Stage.RECEIVED
    assert story.referral.policy == POLICY
    assert story.referral.reference == REFERENCE
    assert story.referral.received_at == MONDAY


@pytest.mark.parametrize("actor", [COMMISSIONER, Actor(id="clock", role=Role.SYSTEM, area=Area.KENT)])
def test_who_may_not_open_a_referral(actor: Actor) -> None:
    assert refusal(opening(), actor).code == "not_your_role"


def test_a_partner_agency_may_send_one_of_its_own_area_only() -> None:
    assert open_referral(REFERENCE, POLICY, opening(), PARTNER, MONDAY)
    assert refusal(opening(), STRANGER).code == "other_area"


@pytest.mark.parametrize("category", POLICY.offender_initiated_refused)
def test_offender_initiated_referrals_are_refused_where_the_policy_says(category: SensitiveCategory) -> None:
    found = refusal(opening(initiator=BY_RESPONSIBLE, sensitive_categories=(category,)))
    assert (found.code, found.field) == ("offender_initiated_refused", "initiator")
    assert open_referral(REFERENCE, POLICY, opening(sensitive_categories=(category,)), CASEWORKER, MONDAY)


def test_the_policy_may_allow_them() -> None:
    switched = POLICY.model_copy(update={"offender_initiated_refused": ()})
    asked = opening(initiator=BY_RESPONSIBLE, sensitive_categories=(SensitiveCategory.STALKING,))
    assert open_referral(REFERENCE, switched, asked, CASEWORKER, MONDAY)


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (("h1", "h1", "r1"), "id_taken"),
        (("h1", "s1"), "side_missing"),
        (("r1", "s1"), "side_missing"),
    ],
)
def test_each_referral_has_two_sides_and_each_person_an_id(people: tuple[str, ...], code: str) -> None:
    found = refusal(opening(*map(person, people)))
    assert (found.code, found.field) == (code, "participants")


def test_an_id_tells_the_role() -> None:
    assert refusal(opening(person("h1"), person("r1", id="x1"))).code == "id_does_not_fit"


@pytest.mark.parametrize("whom", ["h9", "s1"])
def test_who_accompanies_somebody_accompanies_another_who_is_known(whom: str) -> None:
    found = refusal(opening(person("h1"), person("r1"), person("s1", accompanies=whom)))
    assert found.code == "participant_unknown"


@pytest.mark.parametrize("name", ["incident_on", "deferred_on"])
def test_what_has_happened_lies_in_the_past(name: str) -> None:
    found = refusal(opening(**{name: MONDAY.date() + timedelta(days=1)}))
    assert (found.code, found.field) == ("in_the_future", name)


def test_sentence_is_deferred_for_six_months_at_most() -> None:
    deferred = {"justice_stage": JusticeStage.PRE_SENTENCE, "deferred_on": "2026-01-31"}
    assert refusal(opening(**deferred, court_date="2026-08-01")).code == "court_date_impossible"
    assert refusal(opening(**deferred, court_date="2026-01-30")).code == "court_date_impossible"
    story = Story(opening(**deferred, court_date="2026-07-31"))
    assert story.code(c.RecordCourtNews(court_date=date(2026, 8, 1))) == "court_date_impossible"
    assert story.code(c.AmendReferral(deferred_on=date(2025, 12, 31))) == "court_date_impossible"
    assert story.code(c.AmendReferral(deferred_on=date(2026, 4, 1))) == "in_the_future"
    assert story.do(c.RecordCourtNews(court_date=date(2026, 7, 1))).referral.court_date is not None


def test_nothing_is_allocated_before_the_duplicate_check() -> None:
    story = Story()
    assert story.code(c.Allocate(caseworker="cw-1")) == "duplicate_check_missing"
    assert "allocate" not in story.may()
    assert story.do(c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")).referral.caseworker == "cw-1"


def test_a_duplicate_is_not_allocated_but_closed() -> None:
    story = Story()
    assert story.code(c.Close(reason=ClosureReason.SERVICE_DUPLICATE)) == "duplicate_unknown"
    story.do(c.RecordDuplicateCheck(duplicate_of="RJ-0000-0000"))
    assert story.code(c.Allocate(caseworker="cw-1")) == "duplicate_check_missing"
    assert story.do(c.Close(reason=ClosureReason.SERVICE_DUPLICATE)).referral.closed


def test_a_duplicate_may_be_found_later() -> None:
    story = to(Stage.PREPARATION).do(c.RecordDuplicateCheck(duplicate_of="RJ-0000-0000"))
    assert story.do(c.Close(reason=ClosureReason.SERVICE_DUPLICATE)).referral.closed


def test_a_referral_is_no_duplicate_of_itself() -> None:
    assert Story().code(c.RecordDuplicateCheck(duplicate_of=REFERENCE)) == "same_referral"


def test_a_caseworker_takes_a_referral_and_a_supervisor_gives_it() -> None:
    story = Story().do(c.RecordDuplicateCheck())
    assert story.code(c.Allocate(caseworker="cw-2"), FACILITATOR) == "not_your_role"
    assert story.do(c.Allocate(caseworker="cw-2"), by=SUPERVISOR).referral.caseworker == "cw-2"


def test_it_goes_first_to_who_asked_for_it() -> None:
    assert Story().allocated().stage is Stage.VICTIM_CONTACT
    assert Story(opening(initiator=Initiator.AGENCY)).allocated().stage is Stage.VICTIM_CONTACT
    assert Story(opening(initiator=BY_RESPONSIBLE)).allocated().stage is Stage.OFFENDER_CONSENT


def test_what_kind_of_case_it_is_may_become_known_after_opening() -> None:
    stalking = c.AmendReferral(sensitive_categories=(SensitiveCategory.STALKING,))
    story = Story(opening(initiator=BY_RESPONSIBLE)).do(c.RecordDuplicateCheck(), stalking)
    assert story.code(c.Allocate(caseworker="cw-1")) == "offender_initiated_refused"

    approached = Story(opening(initiator=BY_RESPONSIBLE)).allocated().responsible_agree().do(stalking)
    assert approached.code(c.BeginVictimContact()) == "offender_initiated_refused"


def test_a_re_referral_names_the_one_it_takes_up() -> None:
    assert Story(opening(linked_to="rj 0000 0000")).referral.linked_to == "RJ-0000-0000"


def test_court_news_add_up() -> None:
    story = Story().do(c.RecordCourtNews(plea=Plea.GUILTY), c.RecordCourtNews(adjourned=True))
    assert (story.referral.plea, story.referral.adjourned) == (Plea.GUILTY, True)
