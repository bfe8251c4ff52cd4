"""Exchange: what is drafted, checked, offered and handed over, and what is not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import Refused
from schemas import commands as c
from schemas.commands import Command
from schemas.exchange import (
    CheckResult,
    Communication,
    CommunicationAnswer,
    CommunicationForm,
    Delivery,
    DraftOrigin,
)
from schemas.people import Actor
from schemas.vocabulary import ActivityState, AgeBand, Interest, Method, Purpose, Stage
from tests.lifecycle.exemplars import Keyboard, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    FACILITATOR,
    GUARDIAN,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    consent,
    interest,
    opening,
    override,
    person,
    withdrawal,
)


def exchange(*people: Any, method: Method = Method.LETTER, stage: Stage = Stage.CONFERENCE) -> Story:
    """A referral with an exchange by an indirect method, booked unless said otherwise."""
    return Story(opening(*people)).to(stage, method)


def draft(author: str = "h1", *to: str, **more: Any) -> c.DraftCommunication:
    other = "r1" if author[0] == "h" else "h1"
    told: dict[str, Any] = {"author": author, "to": to or (other,), "form": CommunicationForm.LETTER}
    return c.DraftCommunication(**told | more)


def check(which: str = "c1", result: CheckResult = CheckResult.FIT, **more: Any) -> c.CheckCommunication:
    return c.CheckCommunication(communication=which, result=result, **more)


def offer(which: str = "c1", to: str = "r1") -> c.OfferCommunication:
    return c.OfferCommunication(communication=which, participant=to)


def answer(what: CommunicationAnswer, which: str = "c1", to: str = "r1") -> c.RecordAnswer:
    return c.RecordAnswer(communication=which, participant=to, answer=what)


def hand_over(which: str = "c1", to: str = "r1", *, agrees: bool = True) -> c.HandOverCommunication:
    return c.HandOverCommunication(communication=which, participant=to, agrees=agrees)


def accepted(story: Story, which: str = "c1", to: str = "r1") -> Story:
    return story.do(offer(which, to), answer(CommunicationAnswer.ACCEPTED, which, to))


def drafted_and_checked(story: Story, author: str = "h1", *to: str, **more: Any) -> Story:
    story.do(draft(author, *to, **more), by=FACILITATOR)
    return story.do(check(story.referral.communications[-1].id))


def known(story: Story, which: str = "c1") -> Communication:
    return next(each for each in story.referral.communications if each.id == which)


def delivery(story: Story, which: str = "c1", to: str = "r1") -> Delivery:
    found = known(story, which).recipient(to)
    assert found is not None
    return found.delivery


# Drafting.


def test_a_draft_gets_the_next_id_and_belongs_to_the_exchange() -> None:
    story = exchange(stage=Stage.PREPARATION).with_method(Method.LETTER)
    story.do(draft(), draft("r1", origin=DraftOrigin.GIVEN_TO_FACILITATOR, received_by=FACILITATOR.id))
    first, second = story.referral.communications
    assert (first.id, first.activity, first.author, first.drafted_by) == ("c1", "a1", "h1", (CASEWORKER.id,))
    assert (second.id, second.drafted_by) == ("c2", (CASEWORKER.id, FACILITATOR.id))


def test_there_is_nothing_to_draft_for_a_meeting() -> None:
    assert exchange(method=Method.FACE_TO_FACE).code(draft()) == "no_exchange"
    assert exchange(stage=Stage.PREPARATION).code(draft()) == "no_exchange"


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (draft("h9"), "participant_unknown", "author"),
        (draft("s1", "r1"), "not_of_a_side", "author"),
        (draft("h1", "s1"), "not_of_a_side", "to"),
        (draft("h1", "h2"), "same_side", "to"),
        (draft("h1", "h1"), "same_side", "to"),
        (draft(activity="a7"), "activity_unknown", "activity"),
        (draft(communication="c7"), "communication_unknown", "communication"),
        (draft("r1", reply_to="c7"), "communication_unknown", "reply_to"),
        (draft("r1", reply_to="c1"), "not_handed_over", "reply_to"),
    ],
)
def test_a_draft_that_fits_nobody_is_refused(command: Command, code: str, field: str) -> None:
    story = exchange(person("h1"), person("h2"), person("r1"), person("s1", accompanies="h1")).do(draft())
    refused = story.refuses(command)
    assert (refused.code, refused.field) == (code, field)


def test_a_reply_answers_what_its_author_was_handed_and_goes_to_who_wrote_it() -> None:
    story = exchange(person("h1"), person("h2"), person("r1"))
    accepted(drafted_and_checked(story)).do(hand_over())
    assert story.code(draft("r1", "h2", reply_to="c1")) == "not_a_reply"
    story.do(draft("r1", "h1", "h2", reply_to="c1"))
    assert known(story, "c2").reply_to == "c1"


# Checking.


@pytest.mark.parametrize("by", [FACILITATOR, CASEWORKER])
def test_nobody_checks_a_draft_that_they_recorded_or_were_given(by: Actor) -> None:
    story = exchange().do(draft(received_by=CASEWORKER.id), by=FACILITATOR)
    refused = story.refuses(check(), by=by)
    assert refused.code == "own_draft"
    assert "a colleague or supervisor must" in refused.message
    assert "check_communication" not in story.may(by)
    assert "check_communication" in story.may(SUPERVISOR)


def test_whoever_drafted_it_first_may_not_check_what_another_changed() -> None:
    story = exchange().do(draft(), by=FACILITATOR)
    story.do(check(result=CheckResult.TO_BE_CHANGED, reason=WHY), by=SUPERVISOR)
    story.do(draft(communication="c1"), by=CASEWORKER)
    assert story.code(check(), by=FACILITATOR) == "own_draft"
    assert story.code(check(), by=CASEWORKER) == "own_draft"
    story.do(check(), by=SUPERVISOR)
    assert known(story).checked_by == SUPERVISOR.id


def test_what_is_to_be_changed_is_drafted_and_checked_again() -> None:
    story = exchange().do(draft(), by=FACILITATOR)
    assert story.code(check(result=CheckResult.TO_BE_CHANGED)) == "reason_missing"
    assert story.code(check(taken_out="a name")) == "reason_missing"
    story.do(check(result=CheckResult.TO_BE_CHANGED, taken_out="a name", reason=WHY))
    assert story.code(check()) == "nothing_to_check"
    assert story.code(offer()) == "not_fit"
    story.do(draft(communication="c1"), by=FACILITATOR)
    assert story.code(offer()) == "not_fit"
    story.do(check(), offer())


def test_another_draft_is_checked_and_offered_anew() -> None:
    story = accepted(drafted_and_checked(exchange()))
    story.do(draft(communication="c1"), by=FACILITATOR)
    assert delivery(story) is Delivery.NOT_OFFERED
    assert story.code(hand_over()) == "not_accepted"
    accepted(story.do(check())).do(hand_over())
    assert story.code(draft(communication="c1")) == "handed_over"


# Offering and handing over.


def test_nothing_is_offered_before_the_exchange_is_booked() -> None:
    story = exchange(stage=Stage.PREPARATION).with_method(Method.LETTER)
    drafted_and_checked(story)
    assert story.code(offer()) == "wrong_stage"
    story.with_facilitators().prepared().booked().do(offer())


def test_nothing_is_offered_to_whom_it_is_not_for() -> None:
    story = drafted_and_checked(exchange(person("h1"), person("r1"), person("r2")), "h1", "r1")
    refused = story.refuses(offer(to="r2"))
    assert (refused.code, refused.field) == ("not_a_recipient", "participant")
    assert "it is for: r1" in refused.message


def test_each_recipient_is_offered_it_and_answers_for_themselves() -> None:
    story = drafted_and_checked(exchange(person("h1"), person("r1"), person("r2")), "h1", "r1", "r2")
    accepted(story).do(hand_over(), offer(to="r2"), answer(CommunicationAnswer.REFUSED, to="r2"))
    assert (delivery(story), delivery(story, to="r2")) == (Delivery.HANDED_OVER, Delivery.REFUSED)
    assert story.code(hand_over(to="r2")) == "not_accepted"


def test_a_hand_over_without_agreement_at_that_moment_is_refused_and_says_what_to_record() -> None:
    story = accepted(drafted_and_checked(exchange()))
    refused = story.refuses(hand_over(agrees=False))
    assert (refused.code, refused.field) == ("does_not_agree", "agrees")
    assert "record_answer" in refused.message
    story.do(answer(CommunicationAnswer.LATER))
    assert story.code(hand_over()) == "not_accepted"


def test_a_recipient_who_says_later_may_accept_later() -> None:
    story = drafted_and_checked(exchange()).do(offer(), answer(CommunicationAnswer.LATER))
    assert story.code(hand_over()) == "not_accepted"
    story.later(hours=6).do(answer(CommunicationAnswer.ACCEPTED), hand_over())
    assert delivery(story) is Delivery.HANDED_OVER


def test_what_was_refused_is_accepted_only_after_it_was_offered_again() -> None:
    story = drafted_and_checked(exchange()).do(offer(), answer(CommunicationAnswer.REFUSED))
    assert story.code(answer(CommunicationAnswer.ACCEPTED)) == "not_on_offer"
    assert story.code(hand_over()) == "not_accepted"
    accepted(story).do(hand_over())


def test_what_is_on_offer_is_not_offered_twice() -> None:
    story = drafted_and_checked(exchange()).do(offer())
    assert story.code(offer()) == "already_offered"
    story.do(answer(CommunicationAnswer.ACCEPTED), hand_over())
    assert story.code(offer()) == "already_offered"
    assert story.code(hand_over()) == "not_accepted"


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_a_consent_withdrawn_at_the_last_moment_keeps_it_back(who: str) -> None:
    story = accepted(drafted_and_checked(exchange())).do(withdrawal(who, Purpose.METHOD_INDIRECT))
    assert story.code(hand_over()) == "exchange_consent_missing"
    assert "hand_over_communication" not in story.may()
    story.agrees(who, Purpose.METHOD_INDIRECT).do(hand_over())
    assert known(story).handed_over


def test_a_childs_guardian_must_consent_too_when_it_is_handed_over() -> None:
    story = exchange(person("h1", age_band=AgeBand.UNDER_18), GUARDIAN, person("r1"))
    accepted(drafted_and_checked(story)).do(withdrawal("h1", Purpose.METHOD_INDIRECT, "g1"))
    assert story.code(hand_over()) == "exchange_consent_missing"
    story.do(consent("h1", Purpose.METHOD_INDIRECT, by_guardian="g1"), hand_over())


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_nothing_is_handed_over_while_somebody_is_undecided(who: str) -> None:
    story = accepted(drafted_and_checked(exchange())).do(interest(who, Interest.UNDECIDED))
    assert story.code(hand_over()) == "not_taking_part"


def test_nothing_is_handed_over_to_whom_the_booking_leaves_out() -> None:
    story = exchange(person("h1"), person("h2"), person("r1"), stage=Stage.PREPARATION)
    story.with_facilitators().with_method(Method.LETTER).prepared()
    drafted_and_checked(story, "r1", "h1", "h2").do(c.ReconfirmRisk(), story.booking("h1", "r1"))
    assert story.code(offer(to="h2")) == "not_taking_part"
    accepted(story, to="h1").do(hand_over(to="h1"))


def test_the_risk_must_be_confirmed_within_the_days_of_the_policy_when_it_is_handed_over() -> None:
    story = accepted(drafted_and_checked(exchange())).later(days=30)
    assert story.code(hand_over()) == "risk_confirmation_old"
    assert "offer_communication" not in story.may()
    story.do(c.ReconfirmRisk(), hand_over())


def test_a_supervisors_override_of_the_risk_confirmation_covers_the_hand_over() -> None:
    story = accepted(drafted_and_checked(exchange())).later(days=30)
    story.do(override("risk_reconfirmation"), by=SUPERVISOR)
    story.do(hand_over())


@pytest.mark.parametrize(
    ("pause", "code"),
    [
        (c.Hold(review_on="2026-06-01", reason=WHY), "on_hold"),  # type: ignore[arg-type]
        (c.RaiseSafeguarding(note=WHY), "safeguarding"),
    ],
)
def test_a_hold_and_a_concern_keep_it_back_and_a_refusal_is_recorded_all_the_same(
    pause: Command, code: str
) -> None:
    story = accepted(drafted_and_checked(exchange())).do(pause)
    assert story.code(hand_over()) == code
    story.do(answer(CommunicationAnswer.REFUSED))
    assert delivery(story) is Delivery.REFUSED


# Leaving.


def test_an_author_who_withdraws_between_check_and_hand_over_ends_what_is_not_handed_over() -> None:
    story = exchange(person("h1"), person("h2"), person("r1"))
    for author in ("h1", "h1", "h2"):
        drafted_and_checked(story, author)
    accepted(story, "c1").do(hand_over("c1"))
    accepted(story, "c2")
    accepted(story, "c3")
    story.withdraws("h1")
    assert delivery(story, "c1") is Delivery.HANDED_OVER
    for command in (hand_over("c2"), offer("c2"), answer(CommunicationAnswer.ACCEPTED, "c2")):
        assert story.code(command) in ("not_accepted", "author_left", "not_on_offer")
    story.do(hand_over("c3"))


def test_nothing_old_is_on_offer_again_where_an_author_comes_back() -> None:
    story = exchange(person("h1"), person("h2"), person("r1"))
    accepted(drafted_and_checked(story, "h1")).do(interest("h1", Interest.DECLINED))
    story.do(interest("h1")).agrees("h1", Purpose.TAKE_PART, Purpose.METHOD_INDIRECT)
    assert story.code(offer()) == "author_left"
    assert story.code(hand_over()) == "not_accepted"
    assert story.code(draft(communication="c1")) == "author_left"


def test_a_recipient_who_withdraws_is_offered_nothing_any_more() -> None:
    story = exchange(person("h1"), person("r1"), person("r2"))
    accepted(drafted_and_checked(story, "h1", "r1", "r2"), to="r2").withdraws("r2")
    assert delivery(story, to="r2") is Delivery.NOT_OFFERED
    assert story.code(offer(to="r2")) == "participation_ended"
    accepted(story).do(hand_over())


def test_a_new_round_of_the_risk_assessment_ends_the_offers_and_keeps_the_checks() -> None:
    story = accepted(drafted_and_checked(exchange())).do(c.ReassessRisk(reason=WHY))
    assert delivery(story) is Delivery.NOT_OFFERED
    assert known(story).result is CheckResult.FIT


# Holding the exchange.


def test_an_exchange_with_communications_was_held_only_if_one_was_handed_over() -> None:
    story = drafted_and_checked(exchange()).later(days=2)
    refused = story.refuses(c.RecordActivityHeld())
    assert refused.code == "nothing_handed_over"
    assert "at least one must have been handed over" in refused.message
    assert "record_activity_held" not in story.may()
    accepted(story).do(hand_over(), c.RecordActivityHeld())
    assert story.stage is Stage.FOLLOW_UP


def test_an_exchange_without_communications_is_held_as_before() -> None:
    assert exchange().held().stage is Stage.FOLLOW_UP


def test_an_exchange_began_with_its_first_hand_over_where_that_was_before_its_booking() -> None:
    story = accepted(drafted_and_checked(exchange())).do(hand_over())
    handed_over = story.at
    story.later(hours=1).do(c.RecordActivityHeld())
    assert story.referral.held[-1].at == handed_over


def test_an_exchange_was_held_though_the_risk_was_confirmed_again_after_the_first_hand_over() -> None:
    story = accepted(drafted_and_checked(exchange())).do(hand_over())
    drafted_and_checked(story, "r1", reply_to="c1")
    accepted(story, "c2", "h1").later(days=20)
    assert story.code(hand_over("c2", "h1")) == "risk_confirmation_old"
    story.do(c.ReconfirmRisk(), hand_over("c2", "h1"), c.RecordActivityHeld())
    assert story.stage is Stage.FOLLOW_UP


def test_a_further_exchange_needs_a_hand_over_of_its_own() -> None:
    story = accepted(drafted_and_checked(exchange())).do(hand_over(), c.RecordActivityHeld())
    story.do(c.RequestFurtherActivity(reason=WHY)).booked().later(days=2)
    assert story.code(c.RecordActivityHeld()) == "nothing_handed_over"
    drafted_and_checked(story, "r1", reply_to="c1")
    accepted(story, "c2", "h1").do(hand_over("c2", "h1"), c.RecordActivityHeld())


def test_three_exchanges_by_shuttle_of_which_one_is_refused() -> None:
    story = exchange(method=Method.SHUTTLE)
    spoken = {"form": CommunicationForm.SPOKEN}
    accepted(drafted_and_checked(story, "h1", **spoken)).do(hand_over())
    drafted_and_checked(story, "r1", reply_to="c1", **spoken)
    story.do(offer("c2", "h1"), answer(CommunicationAnswer.REFUSED, "c2", "h1"))
    drafted_and_checked(story, "r1", reply_to="c1", **spoken)
    accepted(story, "c3", "h1").do(hand_over("c3", "h1"))
    drafted_and_checked(story, "h1", reply_to="c3", **spoken)
    accepted(story, "c4").do(hand_over("c4"))
    story.later(days=2).do(c.RecordActivityHeld(partly=True))
    assert story.stage is Stage.FOLLOW_UP
    assert [each.handed_over for each in story.referral.communications] == [True, False, True, True]


# Beside other activities.


def burglary_with_two_methods() -> Story:
    """Of two persons harmed one is to meet the person responsible, in a1, and one gets a letter, in a2."""
    story = Story(opening(person("h1"), person("h2"), person("r1"))).to(Stage.PREPARATION).with_facilitators()
    story.do(
        c.PlanActivity(method=Method.FACE_TO_FACE, taking_part=("h1", "r1")),
        c.PlanActivity(method=Method.LETTER, taking_part=("h2", "r1")),
    )
    story.agrees("h2", Purpose.METHOD_INDIRECT).agrees("r1", Purpose.METHOD_INDIRECT)
    return story


def prepared_for_the_letter(story: Story) -> Story:
    for who in ("h2", "r1"):
        meeting = {"participant": who, "held_on": story.at.date(), "channel": "in_person", "activity": "a2"}
        story.do(c.RecordPreparationMeeting.model_validate(meeting))
    return story


def book_the_letter(story: Story) -> Story:
    booking = story.booking("h2", "r1").model_copy(update={"activity": "a2"})
    return prepared_for_the_letter(story).do(c.ReconfirmRisk(), booking)


def test_a_letter_is_handed_over_while_the_meeting_of_another_is_still_being_prepared() -> None:
    story = drafted_and_checked(burglary_with_two_methods(), "r1", "h2")
    assert known(story).activity == "a2"
    accepted(book_the_letter(story), to="h2").do(hand_over(to="h2"))
    meeting = story.referral.activity("a1")
    assert meeting is not None
    assert meeting.state is ActivityState.IN_PREPARATION
    story.later(days=2).do(c.RecordActivityHeld(activity="a2"))
    assert [each.method for each in story.referral.held] == [Method.LETTER]


def test_who_takes_part_in_the_meeting_only_writes_no_letter_in_the_exchange() -> None:
    story = burglary_with_two_methods()
    assert story.refuses(draft("h1", "r1")).message == "h1 does not take part in a2."
    assert story.code(draft("r1", "h1")) == "not_taking_part"
    assert story.code(draft("h2", "r1", activity="a1")) == "activity_unknown"


def test_being_prepared_for_the_meeting_is_not_being_prepared_for_the_letter() -> None:
    story = drafted_and_checked(burglary_with_two_methods(), "r1", "h2")
    booking = story.booking("h2", "r1").model_copy(update={"activity": "a2"})
    meeting = {"participant": "r1", "held_on": story.at.date(), "channel": "in_person", "activity": "a1"}
    story.do(c.RecordPreparationMeeting.model_validate(meeting), c.ReconfirmRisk(), booking)
    assert story.code(offer(to="h2")) == "not_prepared"
    prepared_for_the_letter(story).do(offer(to="h2"))


def test_nothing_is_offered_in_an_exchange_that_is_prepared_though_a_meeting_is_booked() -> None:
    story = burglary_with_two_methods()
    prepared_for_the_letter(drafted_and_checked(story, "r1", "h2"))
    for who in ("h1", "r1"):
        meeting = {"participant": who, "held_on": story.at.date(), "channel": "in_person", "activity": "a1"}
        story.do(c.RecordPreparationMeeting.model_validate(meeting))
        story.agrees(who, Purpose.METHOD_DIRECT)
    story.do(c.RequestReadinessSignOff(activity="a1")).do(approval("readiness"), by=SUPERVISOR)
    story.do(c.ReconfirmRisk(), story.booking("h1", "r1").model_copy(update={"activity": "a1"}))
    assert story.stage is Stage.CONFERENCE
    assert story.code(offer(to="h2")) == "nothing_booked"
    assert "offer_communication" not in story.may()


def test_nothing_is_checked_of_an_activity_that_became_a_meeting() -> None:
    story = exchange(stage=Stage.PREPARATION).with_method(Method.LETTER).do(draft(), by=FACILITATOR)
    story.do(c.ChooseMethod(method=Method.VIDEO))
    assert story.code(check()) == "exchange_over"
    story.do(c.ChooseMethod(method=Method.RECORDED_MESSAGE), check())


def test_a_confirmation_of_the_risk_of_the_meeting_does_not_cover_the_letter() -> None:
    story = accepted(book_the_letter(drafted_and_checked(burglary_with_two_methods(), "r1", "h2")), to="h2")
    story.later(days=30).do(c.ReconfirmRisk(activity="a1"))
    assert story.code(hand_over(to="h2")) == "risk_confirmation_old"
    story.do(c.ReconfirmRisk(activity="a2"), hand_over(to="h2"))


def test_two_exchanges_are_told_apart_by_who_takes_part_in_them_and_else_asked_for() -> None:
    story = burglary_with_two_methods()
    story.do(c.PlanActivity(method=Method.SHUTTLE, taking_part=("h1", "h2", "r1")))
    story.do(draft("h1", "r1"))
    assert known(story).activity == "a3"
    refused = story.refuses(draft("h2", "r1"))
    assert (refused.code, refused.field) == ("activity_missing", "activity")
    assert "a2 (letter: h2, r1), a3 (shuttle: h1, h2, r1)" in refused.message
    story.do(draft("h2", "r1", activity="a2"))
    assert known(story, "c2").activity == "a2"


def test_a_withdrawal_from_the_meeting_leaves_the_letter_as_it_is() -> None:
    story = accepted(book_the_letter(drafted_and_checked(burglary_with_two_methods(), "r1", "h2")), to="h2")
    story.withdraws("h1").do(hand_over(to="h2"))
    assert story.referral.communications[0].handed_over


def test_what_an_ended_exchange_carried_goes_to_nobody() -> None:
    story = accepted(book_the_letter(drafted_and_checked(burglary_with_two_methods(), "r1", "h2")), to="h2")
    story.withdraws("h2")
    assert delivery(story, to="h2") is Delivery.NOT_OFFERED
    assert not {"offer_communication", "hand_over_communication", "record_answer"} & story.may()


# Whatever anybody does in whatever order.

_BUSY = (
    "draft_communication",
    "check_communication",
    "offer_communication",
    "record_answer",
    "hand_over_communication",
    "withdraw_consent",
    "give_consent",
    "record_interest",
    "withdraw",
    "reconfirm_risk",
    "plan_activity",
    "record_preparation_meeting",
    "postpone_activity",
    "book_activity",
)


_EXCHANGE = _BUSY[:5]


def walk(data: st.DataObject, steps: int) -> Iterator[tuple[Any, Story, Command]]:
    """What happens to exchanges as people do, in any order, what they may; before and after each step."""
    story = data.draw(st.sampled_from([_plain_walk, _walk_beside_a_meeting]))()
    for _ in range(steps):
        story.later(hours=data.draw(st.sampled_from([1, 30, 300])))
        by = data.draw(st.sampled_from([CASEWORKER, FACILITATOR, SUPERVISOR]))
        kinds = sorted(story.may(by) & set(_BUSY))
        if not kinds:
            return
        soon = [each for each in kinds if each in _EXCHANGE[1:]] or kinds
        kind = data.draw(st.one_of(st.sampled_from(soon), st.sampled_from(kinds)))
        keyboard = Keyboard(story.referral, story.history, by, story.at)
        choice = list(exemplars(kind, keyboard))
        data.draw(st.randoms(use_true_random=False)).shuffle(choice)
        for command in choice:
            before = story.referral
            try:
                story.do(command, by=by)
            except Refused:
                continue
            yield before, story, command
            break


def _plain_walk() -> Story:
    return accepted(drafted_and_checked(exchange(person("h1"), person("h2"), person("r1")), "h1"))


def _walk_beside_a_meeting() -> Story:
    return accepted(book_the_letter(drafted_and_checked(burglary_with_two_methods(), "r1", "h2")), to="h2")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_is_handed_over_that_was_not_checked_accepted_and_consented_to(data: st.DataObject) -> None:
    for before, story, command in walk(data, 12):
        if isinstance(command, c.HandOverCommunication):
            check_hand_over(before, story, command)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_may_be_done_with_communications_is_what_is_accepted(data: st.DataObject) -> None:
    for _, story, _ in walk(data, 8):
        for by in (CASEWORKER, FACILITATOR, SUPERVISOR):
            keyboard = Keyboard(story.referral, story.history, by, story.at)
            for kind in _EXCHANGE:
                accepted_now = any(accepts(story, each, by) for each in exemplars(kind, keyboard))
                assert accepted_now is (kind in story.may(by)), kind


def accepts(story: Story, command: Command, by: Actor) -> bool:
    try:
        story.decide(command, by)
    except Refused:
        return False
    return True


def check_hand_over(before: Any, story: Story, command: c.HandOverCommunication) -> None:
    """That all held when it was handed over, said once more and in other words than the rules say it."""
    found = next(each for each in before.communications if each.id == command.communication)
    steps = [each.event for each in story.history if getattr(each.event, "communication", None) == found.id]
    drafters = {
        each.actor
        for each in story.history
        if each.event.kind == "communication_drafted" and each.event.communication == found.id
    }
    kinds = [each.kind for each in steps]
    last_check = max(at for at, kind in enumerate(kinds) if kind == "communication_checked")
    assert "communication_drafted" not in kinds[last_check:]
    assert steps[last_check].result == "fit"  # type: ignore[union-attr]
    checkers = [each.actor for each in story.history if each.event is steps[last_check]]
    assert not drafters & set(checkers)
    answers = [
        each.answer
        for each in steps
        if each.kind == "communication_answered" and each.participant == command.participant
    ]
    assert answers[-1] == "accepted"
    assert command.agrees
    activity = before.activity(found.activity)
    for who in (found.author, command.participant):
        one = before.participant(who)
        assert one.ended is None
        assert one.interest not in (Interest.UNDECIDED, Interest.DECLINED)
        assert who in activity.booked.attending
        assert activity.part(who).prepared_on is not None
        for purpose in (Purpose.TAKE_PART, Purpose.METHOD_INDIRECT):
            assert any(
                each.participant == who and each.purpose is purpose and each.withdrawn_at is None
                for each in before.consents
            )
    confirmed = [each for each in (before.risk.confirmed_at, activity.risk_confirmed_at) if each]
    assert story.at - max(confirmed) <= timedelta(days=21)
    assert before.stage is Stage.CONFERENCE
    assert not before.hold
    assert not before.safeguarding


def test_nothing_of_a_letter_is_taken_back_on_which_its_hand_over_rests() -> None:
    story = exchange()
    drafted = story.referral.sequence + 1
    accepted(drafted_and_checked(story)).do(hand_over())
    handed_over = story.last_step
    for step in range(drafted, handed_over):
        assert story.code(c.CorrectStep(step=step, reason=WHY), SUPERVISOR) == "later_steps"
    # Nor the hand-over of a letter that was replied to.
    story.do(draft("r1", reply_to="c1"))
    assert story.code(c.CorrectStep(step=handed_over, reason=WHY), SUPERVISOR) == "later_steps"
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    story.do(c.CorrectStep(step=handed_over, reason=WHY), by=SUPERVISOR)
    assert delivery(story) is Delivery.ACCEPTED
