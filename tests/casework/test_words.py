"""What is said of what happened: each kind of event has a sentence, which tells no more than its reader may see."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import get_args

import pytest

from casework.referral.timeline import told_of_event
from casework.words import SENTENCES, People, people_of, sentence
from casework.words.exchange import communications
from casework.words.people import phone_in_words
from lifecycle import Refused
from schemas import commands as c
from schemas import events as e
from schemas.commands import COMMANDS, Command
from schemas.events import Event
from schemas.exchange import CheckResult, CommunicationAnswer, CommunicationForm, DraftOrigin
from schemas.notices import Outcome
from schemas.people import ContactSafety, Person
from schemas.vocabulary import (
    AgeBand,
    Channel,
    ClosureReason,
    ComplaintAbout,
    ContactOutcome,
    Initiator,
    Interest,
    Method,
    ParticipantRole,
    Purpose,
    Stage,
)
from tests.lifecycle.exemplars import CANARY, Keyboard, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    ELSEWHERE,
    GUARDIAN,
    OTHER_SUPERVISOR,
    STRANGER,
    SUPERVISOR,
    Story,
    opening,
    person,
)

KINDS = {model.model_fields["kind"].default for model in get_args(get_args(Event)[0])}
TWO = People({"h1": ParticipantRole.HARMED, "r1": ParticipantRole.RESPONSIBLE})
NAMED = People(TWO.roles, {"h1": "Ms June Carter", "r1": "Adam Smith"})


def stories() -> Iterator[Story]:
    for stage in [each for each in Stage if each is not Stage.CLOSED]:
        yield Story(opening(initiator=Initiator.AGENCY)).to(stage)
    yield Story(opening(CHILD, GUARDIAN, person("r1"))).to(Stage.VICTIM_CONTACT)
    young = Person(date_of_birth="2008-03-04")
    of_age = Story(
        opening(
            person("h1", age_band=AgeBand.UNKNOWN, person=young, contact_safety=ContactSafety()), person("r1")
        )
    )
    yield of_age.later(days=9).do(c.ReachDeadline(deadline="coming_of_age/h1", point="due"), by=CLOCK)
    yield Story(opening()).do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    meeting = Story(opening()).to(Stage.PREPARATION)
    yield meeting.do(c.BookPreparationMeeting(participant="h1", starts_at=meeting.at + timedelta(days=2)))
    yield Story(opening()).do(c.OfferTransfer(area=ELSEWHERE, reason=CANARY), by=SUPERVISOR)
    yield Story(opening()).do(c.RaiseSafeguarding(note=CANARY))
    yield Story(opening()).do(c.RecordComplaint(about=ComplaintAbout.DELAY, text=CANARY))
    late = Story(opening()).allocated().later(days=10)
    for point in ("warn-1", "due", "escalate-1"):
        late.do(c.ReachDeadline(deadline="first_contact", point=point), by=CLOCK)
    yield late
    yield Story(opening()).do(c.Hold(review_on=late.at.date(), reason=CANARY))
    follow = Story(opening()).to(Stage.FOLLOW_UP)
    for each in ("h1", "r1"):
        follow.agrees(each, Purpose.OUTCOME_AGREEMENT, Purpose.SHARE_OUTCOME)
    item = {"id": "i1", "by": "r1", "due_on": (follow.at + timedelta(days=30)).date()}
    yield follow.do(c.RecordAgreement.model_validate({"items": [item]}))
    yield from exchanges()
    yield Story(opening()).do(
        c.SettleNotice(notice="1-1", template="appointment", to="h1", outcome=Outcome.REFUSED), by=CLOCK
    )


def exchanges() -> Iterator[Story]:
    """An exchange of letters, at each step of one: drafted, checked, offered, accepted."""
    steps: tuple[Command, ...] = (
        c.DraftCommunication(author="h1", to=("r1",), form=CommunicationForm.LETTER),
        c.CheckCommunication(communication="c1", result=CheckResult.FIT),
        c.OfferCommunication(communication="c1", participant="r1"),
        c.RecordAnswer(communication="c1", participant="r1", answer=CommunicationAnswer.ACCEPTED),
        c.HandOverCommunication(communication="c1", participant="r1", agrees=True),
    )
    for so_far in range(1, len(steps) + 1):
        story = Story(opening()).to(Stage.CONFERENCE, Method.LETTER).do(steps[0])
        yield story.do(*steps[1:so_far], by=SUPERVISOR)


@cache
def happened() -> tuple[tuple[Event, People], ...]:
    """Events of every kind, in every form that the exemplars have, with the people of their referral."""
    found: list[tuple[Event, People]] = []
    for story in stories():
        people = people_of(story.history)
        found += [(each.event, people) for each in story.history]
        for actor in (CASEWORKER, SUPERVISOR, OTHER_SUPERVISOR, STRANGER, CLOCK):
            for kind in COMMANDS:
                for command in exemplars(kind, Keyboard(story.referral, story.history, actor, story.at)):
                    try:
                        found += [(each, people) for each in story.decide(command, actor)]
                    except Refused:
                        continue
    cleared = e.EscalationCleared(deadline="first_contact", point="escalate-1", at=story.at)
    off = e.AppointmentCalledOff(appointment="conference", starts_at=story.at, participants=("h1",))
    return (*found, (cleared, TWO), (off, TWO))


def test_every_kind_of_event_has_a_sentence() -> None:
    assert SENTENCES.keys() == KINDS
    assert {event.kind for event, _ in happened()} == KINDS, "the exemplars leave a kind untried"


@pytest.mark.parametrize("how", ["all", "outline", "erased"])
def test_a_sentence_reads_as_one_whatever_is_told(how: str) -> None:
    for event, people in happened():
        told = None if how == "all" else told_of_event(event, opened=False, erased=how == "erased")
        said = sentence(event, people, told)
        assert said[0] in string.ascii_uppercase or re.match("[a-z]{1,2}[0-9]{1,2},? ", said), said
        assert said.endswith(".")
        for flaw in ("None", "_", "  ", "..", ",.", ", ,", " ,"):
            assert flaw not in said.replace(event_reference(event), ""), said


def event_reference(event: Event) -> str:
    return getattr(event, "duplicate_of", None) or "\0"


def test_no_sentence_tells_free_text_or_a_name_where_none_may_be_seen() -> None:
    for event, people in happened():
        for told in (None, told_of_event(event, opened=False, erased=False)):
            assert CANARY not in sentence(event, people, told)


def test_an_outline_says_the_same_whatever_it_does_not_tell() -> None:
    """Two events that differ in what is not told have one sentence."""
    by_told: dict[tuple[object, ...], set[str]] = {}
    for event, people in happened():
        told = told_of_event(event, opened=False, erased=False)
        seen = tuple(sorted((name, str(getattr(event, name))) for name in told))
        by_told.setdefault((seen, tuple(people.roles.items())), set()).add(sentence(event, people, told))
    assert [said for said in by_told.values() if len(said) > 1] == []


def test_of_what_was_erased_only_the_kind_is_said() -> None:
    by_kind: dict[str, set[str]] = {}
    for event, people in happened():
        told = told_of_event(event, opened=False, erased=True)
        by_kind.setdefault(event.kind, set()).add(sentence(event, people, told))
    assert [said for said in by_kind.values() if len(said) > 1] == []


def attempted(outcome: ContactOutcome) -> e.ContactAttempted:
    return e.ContactAttempted(participant="h1", channel=Channel.PHONE, outcome=outcome)


@pytest.mark.parametrize(
    ("event", "people", "said"),
    [
        (attempted(ContactOutcome.REACHED), NAMED, "June was reached by phone."),
        (attempted(ContactOutcome.REACHED), TWO, "h1, the person harmed, was reached by phone."),
        (attempted(ContactOutcome.VOICEMAIL_LEFT), TWO, "A voicemail was left for h1, the person harmed."),
        (attempted(ContactOutcome.NO_ANSWER), NAMED, "There was no answer from June by phone."),
        (
            e.InterestRecorded(participant="r1", interest=Interest.DECLINED),
            NAMED,
            "Adam does not want to take part.",
        ),
        (
            e.MethodChosen(method=Method.LETTER, replaces=Method.VIDEO),
            TWO,
            "The method was chosen: an exchange of letters, instead of a meeting by video.",
        ),
        (
            e.CommunicationDrafted(
                communication="c2",
                activity="a1",
                author="r1",
                to=("h1",),
                form=CommunicationForm.LETTER,
                origin=DraftOrigin.GIVEN_TO_FACILITATOR,
                reply_to="c1",
            ),
            NAMED,
            "Adam gave the letter c2 to the service for June, in reply to c1.",
        ),
        (
            e.CommunicationAnswered(
                communication="c2", activity="a1", participant="h1", answer=CommunicationAnswer.LATER
            ),
            TWO,
            "h1, the person harmed, leaves c2 for later.",
        ),
        (e.StepCorrected(corrects=4, becomes=Story().referral), TWO, "Step 4 was taken back as a mistake."),
    ],
)
def test_what_happened_is_said_plainly(event: Event, people: People, said: str) -> None:
    assert sentence(event, people) == said


SECOND_ACTIVITY = {"activity": "a2"}


@pytest.mark.parametrize(
    "kind",
    [
        *("activity_planned", "activity_booked", "activity_held", "activity_postponed", "activity_stopped"),
        *("activity_adjourned", "activity_taken_up", "activity_ended", "method_chosen", "agreement_made"),
        *("preparation_meeting_booked", "preparation_meeting_held", "preparation_meeting_cancelled"),
        *("facilitators_assigned", "followed_up", "survey_answered", "risk_reconfirmed", "gate_overridden"),
    ],
)
def test_an_outline_says_of_which_activity_a_step_is(kind: str) -> None:
    model = next(each for each in get_args(get_args(Event)[0]) if each.model_fields["kind"].default == kind)
    event = model.model_construct(**SECOND_ACTIVITY, participant="h1")
    assert "a2" in sentence(event, TWO, {"kind", "activity", "participant"})


def test_what_is_off_is_told_apart_by_its_activity() -> None:
    at = Story().at
    for key, said in (("conference/a2", "conference for a2"), ("preparation/h1/a2", "harmed, for a2")):
        event = e.AppointmentCalledOff(appointment=key, starts_at=at, participants=())
        assert said in sentence(event, TWO)
    first = e.AppointmentCalledOff(appointment="conference", starts_at=at, participants=())
    assert " for " not in sentence(first, TWO)


def test_two_of_a_side_are_not_called_the_one() -> None:
    several = People(
        {"h1": ParticipantRole.HARMED, "h2": ParticipantRole.HARMED, "i1": ParticipantRole.INTERPRETER}
    )
    assert several.called("h2") == "h2, a person harmed"
    assert several.called("i1") == "i1, the interpreter"


def test_two_of_one_first_name_are_told_apart() -> None:
    people = People(TWO.roles, {"h1": "Alex Kaur", "r1": "Mr. Alex Brown"})
    assert people.called("h1") == "Alex Kaur (h1)"
    assert people.called("r1") == "Mr. Alex Brown (r1)"


def test_names_stay_out_of_what_is_logged_of_people() -> None:
    assert "Carter" not in repr(NAMED)


def test_a_letter_that_was_not_handed_over_when_its_exchange_was_held_waits_for_nothing() -> None:
    *_, story = exchanges()
    story.do(c.DraftCommunication(author="r1", to=("h1",), form=CommunicationForm.LETTER, reply_to="c1"))
    [_, before] = communications(story.referral, "a1")
    assert (
        before == "c2: letter by r1, in reply to c1; for h1, waits for its check by somebody other than cw-1"
    )
    story.later(days=3).do(c.RecordActivityHeld())
    [first, after] = communications(story.referral, "a1")
    assert first == "c1: letter by h1; handed over to r1 Mon 2 Mar 2026 10:00"
    assert after == "c2: letter by r1, in reply to c1; not handed over to h1"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+447700900123", "07700 900123"),
        ("+441632960123", "01632960123"),
        ("+353201234567", "+353201234567"),
    ],
)
def test_a_telephone_number_is_written_as_people_write_it(number: str, said: str) -> None:
    assert phone_in_words(number) == said
