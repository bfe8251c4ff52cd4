"""When and by which way a message may leave."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.notifying.sending import End, Plan, Send, Tried, Wait, in_safe_hours, next_safe, plan
from lifecycle.people.contacts import Contact, contact_of
from schemas import commands as c
from schemas.areas import LONDON
from schemas.notices import About, Category, Notice, Outcome, Party
from schemas.people import ContactSafety, Person
from schemas.vocabulary import Channel, ClosureReason, EndReason, Stage
from tests.lifecycle.story import MONDAY, SUPERVISOR, WHY, Story, attempt, opening, person, to

ALL = frozenset({Channel.TEXT, Channel.EMAIL, Channel.LETTER})
REACHED = Person(
    name="Ada Invented",
    phone="+447700900001",
    email="ada@example.org",
    address="1 Nowhere Street, Nowhere, N1 1NN",
)
DAYTIME = {"safe_from": "09:00", "safe_until": "17:00"}


def safety(*channels: Channel, **hours: str) -> ContactSafety:
    return ContactSafety.model_validate({"safe_channels": channels} | (hours or DAYTIME))


def notice(to: str = "h1", party: Party = Party.PARTICIPANT, **more: object) -> Notice:
    told = {
        "id": "1-1",
        "template": "acknowledgement",
        "category": Category.NEWS,
        "party": party,
        "to": to,
        "outward": True,
        "at": MONDAY,
    }
    return Notice.model_validate(told | more)


def planned(
    story: Story,
    contact: Contact,
    tried: dict[Channel, Tried] | None = None,
    carried: frozenset[Channel] = ALL,
    at: datetime = MONDAY,
    message: Notice | None = None,
) -> Plan:
    return plan(story.referral, message or notice(), contact, tried or {}, carried, at)


def test_the_quickest_safe_channel_first() -> None:
    story = to(Stage.VICTIM_CONTACT)
    both = Contact(REACHED, safety(Channel.EMAIL, Channel.TEXT))
    assert planned(story, both) == Send(Channel.TEXT)
    assert planned(story, both, {Channel.TEXT: Tried.REFUSED}) == Send(Channel.EMAIL)
    assert planned(story, both, carried=frozenset({Channel.EMAIL})) == Send(Channel.EMAIL)


@pytest.mark.parametrize("state", [Tried.BEGUN, Tried.NOT_SENT])
def test_what_did_not_get_through_is_tried_on_the_same_channel(state: Tried) -> None:
    both = Contact(REACHED, safety(Channel.EMAIL, Channel.TEXT))
    assert planned(to(Stage.VICTIM_CONTACT), both, {Channel.TEXT: state}) == Send(Channel.TEXT)


def test_never_to_a_channel_that_is_not_marked_safe() -> None:
    story = to(Stage.VICTIM_CONTACT)
    only_phone = Contact(REACHED, safety(Channel.PHONE))
    assert planned(story, only_phone) == End(Outcome.NO_SAFE_CHANNEL)
    assert planned(story, Contact(REACHED, ContactSafety())) == End(Outcome.NO_SAFE_CHANNEL)


def test_a_safe_channel_without_an_address_is_none() -> None:
    no_address = Contact(Person(), safety(Channel.EMAIL))
    assert planned(to(Stage.VICTIM_CONTACT), no_address) == End(Outcome.NO_SAFE_CHANNEL)


def test_a_letter_only_after_somebody_has_rung() -> None:
    story = to(Stage.RECEIVED)
    by_letter = Contact(REACHED, safety(Channel.LETTER))
    assert planned(story, by_letter) == End(Outcome.NO_SAFE_CHANNEL)
    story.do(attempt("h1", Channel.EMAIL))
    assert planned(story, by_letter) == End(Outcome.NO_SAFE_CHANNEL)
    story.do(attempt("h1", Channel.PHONE))
    assert planned(story, by_letter) == Send(Channel.LETTER)


def test_when_every_safe_channel_has_refused() -> None:
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    refused = {Channel.EMAIL: Tried.REFUSED}
    assert planned(to(Stage.VICTIM_CONTACT), by_mail, refused) == End(Outcome.REFUSED)


def test_outside_safe_hours_it_waits_until_they_begin() -> None:
    story = to(Stage.VICTIM_CONTACT)
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    evening = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    assert planned(story, by_mail, at=evening) == Wait(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    assert planned(story, by_mail, at=evening - timedelta(minutes=1)) == Send(Channel.EMAIL)
    # It would be handed over while the hours end.
    assert isinstance(planned(story, by_mail, at=evening - timedelta(seconds=1)), Wait)


@pytest.mark.parametrize("hours", [{"safe_from": "09:00"}, {"safe_until": "17:00"}])
def test_half_known_hours_are_no_safe_hours(hours: dict[str, str]) -> None:
    by_mail = Contact(REACHED, safety(Channel.EMAIL, **hours))
    assert planned(to(Stage.VICTIM_CONTACT), by_mail) == End(Outcome.NO_SAFE_CHANNEL)


def test_safeguarding_and_hold_hold_back_what_goes_outside_and_nothing_else() -> None:
    reachable = Contact(REACHED, safety(Channel.EMAIL))
    colleague = Contact(Person(email="sue@example.org"), None)
    for stops in (
        c.RaiseSafeguarding(note=WHY),
        c.Hold(review_on=MONDAY.date() + timedelta(days=9), reason=WHY),
    ):
        story = to(Stage.VICTIM_CONTACT).do(stops)
        assert planned(story, reachable) == Wait(None)
        assert planned(story, colleague, message=notice("pa-1", Party.AGENCY)) == Wait(None)
        assert planned(story, colleague, message=notice("su-1", Party.STAFF)) == Send(Channel.EMAIL)


def test_held_back_even_where_no_channel_is_safe() -> None:
    """Who must not be written to is no task for the caseworker either, while a concern is open."""
    story = to(Stage.VICTIM_CONTACT).do(c.RaiseSafeguarding(note=WHY))
    assert planned(story, Contact(REACHED, ContactSafety())) == Wait(None)


def test_after_closing_only_what_still_makes_sense() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    colleague = Contact(Person(email="sue@example.org"), None)
    assert planned(story, colleague, message=notice("pa-1", Party.AGENCY)) == End(Outcome.NOT_WANTED)
    still = notice("pa-1", Party.AGENCY, after_closing=True)
    assert planned(story, colleague, message=still) == Send(Channel.EMAIL)


def test_who_left_is_not_written_to() -> None:
    story = to(Stage.VICTIM_CONTACT, person("h1"), person("h2"), person("r1"))
    story.do(c.EndParticipation(participant="h1", reason=EndReason.DIED))
    reachable = Contact(REACHED, safety(Channel.EMAIL))
    assert planned(story, reachable) == End(Outcome.NOT_WANTED)


def test_an_appointment_that_has_moved_is_not_announced() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    first, second = MONDAY + timedelta(days=3), MONDAY + timedelta(days=4)
    story.do(c.BookPreparationMeeting(participant="h1", starts_at=first))
    reachable = Contact(REACHED, safety(Channel.EMAIL))
    announced = notice(about=About(appointment="preparation/h1", starts_at=first))
    assert planned(story, reachable, message=announced) == Send(Channel.EMAIL)
    story.do(c.BookPreparationMeeting(participant="h1", starts_at=second))
    assert planned(story, reachable, message=announced) == End(Outcome.NOT_WANTED)


def test_a_letter_without_a_name_on_it_is_none() -> None:
    story = to(Stage.VICTIM_CONTACT).do(attempt("h1", Channel.PHONE))
    nameless = Contact(REACHED.model_copy(update={"name": None}), safety(Channel.LETTER))
    assert planned(story, nameless) == End(Outcome.NO_SAFE_CHANNEL)


def test_a_safe_channel_that_the_service_does_not_have() -> None:
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    story = to(Stage.VICTIM_CONTACT)
    assert planned(story, by_mail, carried=frozenset()) == End(Outcome.NOT_SET_UP)


def of_meeting(starts_at: datetime, *, cancelled: bool = False, after_closing: bool = False) -> Notice:
    about = About(appointment="preparation/h1", starts_at=starts_at, cancelled=cancelled)
    return notice(about=about, after_closing=after_closing)


def with_meeting(starts_at: datetime) -> Story:
    story = to(Stage.PREPARATION).with_facilitators()
    return story.do(c.BookPreparationMeeting(participant="h1", starts_at=starts_at))


def test_an_appointment_is_not_announced_when_it_has_begun_or_will_have() -> None:
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    at_six = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    story, evening = with_meeting(at_six), datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    message = of_meeting(at_six)
    assert planned(story, by_mail, at=evening, message=message) == End(Outcome.TOO_LATE)
    later = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
    assert planned(story, by_mail, at=later, message=message) == End(Outcome.TOO_LATE)
    assert planned(story, by_mail, message=message) == Send(Channel.EMAIL)


def test_that_a_meeting_is_off_does_not_wait_for_a_hold_to_end() -> None:
    starts = MONDAY + timedelta(days=3)
    story = with_meeting(starts).do(c.RaiseSafeguarding(note=WHY))
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    off = of_meeting(starts, cancelled=True)
    assert planned(story, by_mail, message=off) == End(Outcome.WITHHELD)
    assert planned(story, by_mail, message=of_meeting(starts)) == Wait(starts)


def test_nothing_goes_to_anybody_from_a_closed_referral() -> None:
    starts = MONDAY + timedelta(days=3)
    story = with_meeting(starts).do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    by_mail = Contact(REACHED, safety(Channel.EMAIL))
    off = of_meeting(starts, cancelled=True, after_closing=True)
    assert planned(story, by_mail, message=off) == End(Outcome.WITHHELD)


def test_what_is_closed_under_a_concern_does_not_wait_for_ever() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.RaiseSafeguarding(note=WHY))
    story.do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    message = notice("pa-1", Party.AGENCY, after_closing=True)
    assert planned(story, Contact(Person(email="pat@example.org"), None), message=message) == End(
        Outcome.WITHHELD
    )


# Hours on the wall.

WALL = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
# Both nights in which clocks change, and some days around.
MOMENTS = st.datetimes(datetime(2026, 3, 27), datetime(2026, 4, 1)) | st.datetimes(  # noqa: DTZ001
    datetime(2026, 10, 23),  # noqa: DTZ001
    datetime(2026, 10, 28),  # noqa: DTZ001
)


@given(WALL, WALL, MOMENTS)
def test_the_next_safe_moment_is_safe_and_not_before(opens: time, closes: time, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    hours = ContactSafety(safe_from=f"{opens:%H:%M}", safe_until=f"{closes:%H:%M}")
    found = next_safe(hours, moment)
    if opens == closes:
        assert found is None
        return
    assert found is not None
    assert moment <= found <= moment + timedelta(days=2)
    wall = found.astimezone(LONDON).time()
    # Said in other words than the code says it: minutes since the hours began, around the clock.
    since = (wall.hour * 60 + wall.minute - opens.hour * 60 - opens.minute) % 1440
    length = (closes.hour * 60 + closes.minute - opens.hour * 60 - opens.minute) % 1440
    assert since < length


def test_a_clock_change_in_the_middle_of_the_hours() -> None:
    hours = ContactSafety(safe_from="00:30", safe_until="02:30")
    # Sunday 29 March 2026: at 01:00 the clock jumps to 02:00.
    assert in_safe_hours(hours, datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    assert in_safe_hours(hours, datetime(2026, 3, 29, 1, 29, tzinfo=UTC))
    assert not in_safe_hours(hours, datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    # Sunday 25 October 2026: at 02:00 it goes back to 01:00.
    assert in_safe_hours(hours, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert in_safe_hours(hours, datetime(2026, 10, 25, 2, 29, tzinfo=UTC))
    assert not in_safe_hours(hours, datetime(2026, 10, 25, 2, 30, tzinfo=UTC))


def test_hours_that_a_clock_change_takes_away_come_the_day_after() -> None:
    hours = ContactSafety(safe_from="01:15", safe_until="01:45")
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert next_safe(hours, night) == datetime(2026, 3, 30, 0, 15, tzinfo=UTC)


def test_hours_past_midnight() -> None:
    hours = ContactSafety(safe_from="22:00", safe_until="01:00")
    assert in_safe_hours(hours, datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    assert in_safe_hours(hours, datetime(2026, 3, 2, 0, 59, tzinfo=UTC))
    assert not in_safe_hours(hours, datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


# Where somebody can be reached, from the log.


def test_a_contact_is_what_the_log_says_last() -> None:
    first = person("h1", person=REACHED, contact_safety=safety(Channel.EMAIL))
    story = Story(opening(first, person("r1")))
    assert contact_of(story.history, "h1") == Contact(REACHED, safety(Channel.EMAIL))
    story.do(c.AmendParticipant(participant="h1", person=Person(email="new@example.org")))
    story.do(c.RecordContactSafety(participant="h1", contact_safety=safety(Channel.TEXT)))
    found = contact_of(story.history, "h1")
    assert found.person == REACHED.model_copy(update={"email": "new@example.org"})
    assert found.safety == safety(Channel.TEXT)
    story.do(c.AddParticipant(participant=person("s1", accompanies="h1", person=REACHED)))
    assert contact_of(story.history, "s1").person == REACHED


def test_a_new_address_is_not_safe_because_the_old_one_was() -> None:
    first = person("h1", person=REACHED, contact_safety=safety(Channel.EMAIL, Channel.TEXT))
    story = Story(opening(first, person("r1")))
    story.do(c.AmendParticipant(participant="h1", person=Person(email="shared@example.org")))
    found = contact_of(story.history, "h1").safety
    assert found is not None
    assert found.safe_channels == story.someone("h1").safe_channels == (Channel.TEXT,)
    story.do(c.RecordContactSafety(participant="h1", contact_safety=safety(Channel.EMAIL)))
    assert story.someone("h1").safe_channels == (Channel.EMAIL,)


def test_what_was_taken_back_is_no_longer_known() -> None:
    first = person("h1", person=REACHED, contact_safety=ContactSafety())
    story = Story(opening(first, person("r1")))
    story.do(c.RecordContactSafety(participant="h1", contact_safety=safety(Channel.TEXT)))
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    assert contact_of(story.history, "h1").safety == ContactSafety()


def test_nobody_is_reached_who_is_not_known() -> None:
    assert contact_of(Story().history, "h9") == Contact(Person(), ContactSafety())


def test_days_of_the_stories() -> None:
    assert MONDAY.date() == date(2026, 3, 2)
