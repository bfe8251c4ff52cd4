"""What is known about people: what is accepted, in which form it is recorded, and what of an older log is doubtful."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle import Refused, evolve, fold, open_referral
from lifecycle.notifying.sending import End, Send, plan
from lifecycle.people.contacts import Contact, contact_of
from lifecycle.people.details import doubts
from schemas import commands as c
from schemas.events import ReferralReceived
from schemas.notices import Category, Notice, Outcome, Party
from schemas.people import ContactSafety, Person
from schemas.vocabulary import Channel, JusticeStage, Stage
from tests.lifecycle.story import CASEWORKER, MONDAY, POLICY, REFERENCE, Story, opening, person, recorded, to

# Every way in: the rules name the field and never repeat the value.

WRONG: dict[str, tuple[str, str]] = {
    "phone": ("banana", "phone_unusable"),
    "email": ("a@b", "email_unusable"),
    "address": ("1 Nowhere\u202e Street", "address_unusable"),
    "name": ("\u202eadA", "name_unusable"),
    "language": ("\u202ehsilgnE", "language_unusable"),
    "date_of_birth": ("2030-01-01", "birthday_unusable"),
}


def refused(form: c.OpenReferral) -> Refused:
    with pytest.raises(Refused) as refusal:
        open_referral(REFERENCE, POLICY, form, CASEWORKER, MONDAY)
    return refusal.value


def check_refusal(found: Refused, code: str, field: str, value: str) -> None:
    assert (found.code, found.field) == (code, field)
    assert value not in found.message
    assert found.message.endswith(".")


@pytest.mark.parametrize(("field", "value", "code"), [(name, *wrong) for name, wrong in WRONG.items()])
def test_every_way_in_refuses_a_detail_that_cannot_be_used(field: str, value: str, code: str) -> None:
    known = Person.model_validate({field: value})
    safety = ContactSafety()
    sent = opening(person("h1"), person("r1", person=known, contact_safety=safety))
    check_refusal(refused(sent), code, f"participants.1.person.{field}", value)
    story = to(Stage.VICTIM_CONTACT)
    added = c.AddParticipant(participant=person("s1", accompanies="h1", person=known, contact_safety=safety))
    check_refusal(story.refuses(added), code, f"participant.person.{field}", value)
    amended = c.AmendParticipant(participant="h1", person=known)
    check_refusal(story.refuses(amended), code, f"person.{field}", value)


def test_what_cannot_be_checked_is_written_down_as_a_note() -> None:
    story = to(Stage.VICTIM_CONTACT)
    found = story.refuses(c.AmendParticipant(participant="h1", person=Person(phone="ask at the shop")))
    assert "contact_note" in found.message
    story.do(c.AmendParticipant(participant="h1", person=Person(contact_note="ask at the shop")))
    assert contact_of(story.history, "h1").person.contact_note == "ask at the shop"
    assert "shop" not in story.referral.model_dump_json()


def test_what_is_recorded_is_in_its_normal_form() -> None:
    written = Person(
        name="Zoe\u0308  Invented", phone="07700 900 123", email="Zoe@EXAMPLE.org", address="1 A St, dh13hp"
    )
    kept = Person(
        name="Zoë Invented", phone="+447700900123", email="Zoe@example.org", address="1 A St, DH1 3HP"
    )
    story = Story(opening(person("h1", person=written), person("r1")))
    assert contact_of(story.history, "h1").person == kept
    story.do(c.AddParticipant(participant=person("s1", accompanies="h1", person=written)))
    assert contact_of(story.history, "s1").person == kept
    story.do(c.AmendParticipant(participant="r1", person=written))
    assert contact_of(story.history, "r1").person == kept


@pytest.mark.parametrize(
    ("born", "accepted"),
    [
        (date(1900, 1, 1), True),
        (date(1899, 12, 31), False),
        (date(1870, 1, 1), False),
        (MONDAY.date(), True),
        (MONDAY.date() + timedelta(days=1), False),
    ],
)
def test_a_birthday_lies_between_1900_and_today(born: date, accepted: bool) -> None:
    known = Person(date_of_birth=born.isoformat())
    form = opening(
        person("h1", age_band="unknown", person=known, contact_safety=ContactSafety()), person("r1")
    )
    if accepted:
        Story(form)
    else:
        assert refused(form).code == "birthday_unusable"


def test_the_year_26_is_no_birthday() -> None:
    assert refused(opening(person("h1", person=Person(date_of_birth="0026-05-01")), person("r1"))).code == (
        "birthday_unusable"
    )


# Contradictions.


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ({"safe_from": "17:00", "safe_until": "09:00"}, "hours_impossible"),
        ({"safe_from": "09:00", "safe_until": "09:00"}, "hours_impossible"),
        ({"safe_from": "09:00"}, "hours_impossible"),
        ({"safe_until": "17:00"}, "hours_impossible"),
    ],
)
def test_safe_hours_end_after_they_begin(hours: dict[str, str], code: str) -> None:
    safety = ContactSafety.model_validate(hours)
    found = refused(opening(person("h1", contact_safety=safety), person("r1")))
    assert (found.code, found.field) == (code, "participants.0.contact_safety.safe_until")
    told = to(Stage.VICTIM_CONTACT).refuses(c.RecordContactSafety(participant="h1", contact_safety=safety))
    assert (told.code, told.field) == (code, "contact_safety.safe_until")


NUMBER, LANDLINE = Person(phone="07700 900123"), Person(phone="01632 960123")
MAIL = Person(email="ada@example.org")
STREET, NO_POSTCODE = Person(address="1 A St, DH1 3HP"), Person(address="1 A St")


@pytest.mark.parametrize(
    ("known", "channel", "accepted"),
    [
        (Person(), Channel.PHONE, False),
        (Person(), Channel.TEXT, False),
        (Person(), Channel.EMAIL, False),
        (Person(), Channel.LETTER, False),
        (Person(), Channel.IN_PERSON, True),
        (Person(), Channel.VIDEO, True),
        (Person(), Channel.THROUGH_AGENCY, True),
        (NUMBER, Channel.PHONE, True),
        (NUMBER, Channel.TEXT, True),
        (NUMBER, Channel.EMAIL, False),
        (LANDLINE, Channel.PHONE, True),
        (LANDLINE, Channel.TEXT, False),
        (MAIL, Channel.EMAIL, True),
        (MAIL, Channel.PHONE, False),
        (STREET, Channel.LETTER, True),
        (NO_POSTCODE, Channel.LETTER, False),
    ],
)
def test_a_safe_channel_needs_an_address_for_it(known: Person, channel: Channel, accepted: bool) -> None:
    safety = ContactSafety(safe_channels=(channel,))
    with_it = opening(person("h1", person=known, contact_safety=safety), person("r1"))
    without = opening(person("h1", person=known, contact_safety=ContactSafety()), person("r1"))
    later = c.RecordContactSafety(participant="h1", contact_safety=safety)
    if accepted:
        Story(with_it)
        assert Story(without).do(later).someone("h1").safe_channels == (channel,)
    else:
        found = refused(with_it)
        assert (found.code, found.field) == (
            "channel_without_address",
            "participants.0.contact_safety.safe_channels",
        )
        assert Story(without).code(later) == "channel_without_address"


def test_a_new_number_changes_by_which_ways_somebody_can_be_reached() -> None:
    story = Story(opening(person("h1", person=NUMBER, contact_safety=ContactSafety()), person("r1")))
    assert story.someone("h1").reachable_by == (Channel.PHONE, Channel.TEXT)
    story.do(c.AmendParticipant(participant="h1", person=LANDLINE))
    assert story.someone("h1").reachable_by == (Channel.PHONE,)
    changed = story.last_step
    story.do(c.AmendParticipant(participant="h1", person=MAIL))
    assert set(story.someone("h1").reachable_by) == {Channel.PHONE, Channel.EMAIL}
    # With a step taken back the earlier number counts again.
    supervisor = CASEWORKER.model_copy(update={"id": "sv-1", "role": "supervisor"})
    story.do(c.CorrectStep(step=changed, reason="a reason in a test"), by=supervisor)
    assert set(story.someone("h1").reachable_by) == {Channel.PHONE, Channel.TEXT, Channel.EMAIL}


def test_a_court_date_is_one_before_sentence_and_to_come() -> None:
    today = MONDAY.date()
    late = opening(justice_stage="pre_sentence", court_date=today - timedelta(days=1))
    assert (refused(late).code, refused(late).field) == ("in_the_past", "court_date")
    Story(opening(justice_stage="pre_sentence", court_date=today))
    after = opening(justice_stage="post_sentence_community", court_date=today + timedelta(days=9))
    assert (refused(after).code, refused(after).field) == ("court_date_contradicts", "court_date")
    story = Story(opening(justice_stage="post_sentence_community"))
    news = c.RecordCourtNews(court_date=today + timedelta(days=9))
    assert story.code(news) == "court_date_contradicts"
    assert story.code(c.AmendReferral(court_date=today + timedelta(days=9))) == "court_date_contradicts"
    both = c.AmendReferral(court_date=today + timedelta(days=9), justice_stage=JusticeStage.PRE_SENTENCE)
    assert story.do(both).referral.court_date is not None
    assert story.code(c.RecordCourtNews(court_date=today - timedelta(days=1))) == "in_the_past"
    # What was a court date stays one once sentence has been passed.
    assert story.do(c.AmendReferral(justice_stage=JusticeStage.POST_SENTENCE_CUSTODY)).referral.court_date


# What an older log holds.

OLD = Person(
    name="\u202eadA",
    phone="banana",
    email="a@b",
    address="1 Nowhere\u200b Street",
    date_of_birth="2030-01-01",
)
OVERNIGHT = {"safe_from": "22:00", "safe_until": "06:00"}
ALL_DAY = {"safe_from": "00:00", "safe_until": "23:59"}
NOTICE = Notice(
    id="1-1",
    template="acknowledgement",
    category=Category.NEWS,
    party=Party.PARTICIPANT,
    to="h1",
    outward=True,
    at=MONDAY,
)


def older(known: Person, channels: tuple[Channel, ...], hours: dict[str, str]) -> Story:
    """A referral whose log was written before details were checked."""
    story = Story()
    safety = ContactSafety.model_validate({"safe_channels": channels} | hours)
    form = opening(person("h1", person=known, contact_safety=safety), person("r1"))
    fields: dict[str, Any] = {name: value for name, value in form if name != "kind"}
    event = ReferralReceived(**fields, reference=REFERENCE, policy=POLICY)
    story.history = list(recorded((event,), 0, CASEWORKER, MONDAY))
    story.referral = fold(story.history)
    return story


def sends(story: Story) -> object:
    contact: Contact = contact_of(story.history, "h1")
    return plan(story.referral, NOTICE, contact, {}, tuple(Channel), story.at)


def test_an_older_log_folds_whatever_it_holds() -> None:
    story = older(OLD, (Channel.TEXT, Channel.EMAIL), OVERNIGHT)
    assert story.someone("h1").safe_channels == (Channel.TEXT, Channel.EMAIL)
    assert (story.someone("h1").reachable_by, story.someone("h1").turns_18_on) == (None, None)
    # What is not known of it refuses nothing that was accepted before.
    safety = ContactSafety(safe_channels=(Channel.LETTER,))
    story.do(c.RecordContactSafety(participant="h1", contact_safety=safety))
    assert story.someone("h1").safe_channels == (Channel.LETTER,)


def test_what_an_older_log_holds_is_doubtful_with_the_reason() -> None:
    contact = contact_of(older(OLD, (), OVERNIGHT).history, "h1")
    found = {each.field: each.reason for each in doubts(contact.person, contact.safety, MONDAY)}
    assert set(found) == {"name", "phone", "email", "address", "date_of_birth", "safe_hours"}
    for value in ("banana", "a@b", "Nowhere", "2030", "22:00"):
        assert not any(value in reason for reason in found.values())


def test_what_is_as_it_is_accepted_today_is_not_doubtful() -> None:
    known = Person(name="Ada", phone="07700 900123", email="ada@example.org", address="1 A St, dh1 3hp")
    contact = contact_of(older(known, (Channel.TEXT, Channel.LETTER), ALL_DAY).history, "h1")
    assert not list(doubts(contact.person, contact.safety, MONDAY))


def test_a_landline_that_is_safe_for_texts_is_doubtful() -> None:
    contact = contact_of(older(LANDLINE, (Channel.TEXT,), ALL_DAY).history, "h1")
    assert [each.field for each in doubts(contact.person, contact.safety, MONDAY)] == ["phone"]


@pytest.mark.parametrize(
    ("known", "channel", "hours", "does"),
    [
        (NUMBER, Channel.TEXT, ALL_DAY, Send(Channel.TEXT)),
        (MAIL, Channel.EMAIL, ALL_DAY, Send(Channel.EMAIL)),
        (Person(phone="banana"), Channel.TEXT, ALL_DAY, End(Outcome.NO_SAFE_CHANNEL)),
        (LANDLINE, Channel.TEXT, ALL_DAY, End(Outcome.NO_SAFE_CHANNEL)),
        (Person(email="a@b"), Channel.EMAIL, ALL_DAY, End(Outcome.NO_SAFE_CHANNEL)),
        (Person(email="a@example.org, b@example.org"), Channel.EMAIL, ALL_DAY, End(Outcome.NO_SAFE_CHANNEL)),
        (MAIL, Channel.EMAIL, OVERNIGHT, End(Outcome.NO_SAFE_CHANNEL)),
    ],
)
def test_nothing_is_sent_by_what_is_doubtful(
    known: Person, channel: Channel, hours: dict[str, str], does: object
) -> None:
    assert sends(older(known, (channel,), hours)) == does


def test_no_letter_goes_to_a_doubtful_name_or_an_address_without_a_postcode() -> None:
    letter = (Channel.LETTER,)
    tried = c.RecordContactAttempt.model_validate(
        {"participant": "h1", "channel": "phone", "outcome": "no_answer"}
    )
    for known, does in (
        (Person(name="Ada", address="1 A St, DH1 3HP"), Send(Channel.LETTER)),
        (Person(name="Ada", address="1 A St"), End(Outcome.NO_SAFE_CHANNEL)),
        (Person(name="\u202eadA", address="1 A St, DH1 3HP"), End(Outcome.NO_SAFE_CHANNEL)),
    ):
        story = older(known, letter, ALL_DAY)
        story.do(c.RecordDuplicateCheck(), c.Allocate(caseworker=CASEWORKER.id), tried)
        assert sends(story) == does


def test_the_state_never_holds_an_address() -> None:
    known = Person(
        name="Canary", phone="07700 900123", email="canary@example.org", address="1 Canary St, DH1 3HP"
    )
    story = Story(opening(person("h1", person=known), person("r1")))
    state = story.referral.model_dump_json()
    assert not any(part in state.lower() for part in ("canary", "7700900123"))
    assert evolve(None, story.history[0]) == story.referral
