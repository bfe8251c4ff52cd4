"""Somebody asks to be called: what the service opens by itself, for whom it runs its clocks, and whom it answers."""

from datetime import timedelta

import pytest

from lifecycle import Refused, deadlines, evolve, notices, notices_wanted, open_referral
from lifecycle.notifying.sending import End, Send, Wait, plan
from lifecycle.people.contacts import contact_of
from schemas import commands as c
from schemas.areas import LONDON
from schemas.facts import NewParticipant
from schemas.notices import Outcome
from schemas.people import Actor, ContactSafety, Role
from schemas.referral import Referral
from schemas.vocabulary import Channel, Initiator, JusticeStage, Offence, ParticipantRole, Source
from tests.lifecycle.notifying.test_messages import PEOPLE
from tests.lifecycle.story import (
    CASEWORKER,
    CLOCK,
    HOME,
    MONDAY,
    POLICY,
    REFERENCE,
    Story,
    attempt,
    opening,
    person,
    recorded,
)

SYSTEM = Actor(id="system", role=Role.SYSTEM, area=HOME)
EVENING = ContactSafety(safe_channels=(Channel.PHONE, Channel.EMAIL), safe_from="18:00", safe_until="20:00")
NOBODY_KNOWN = {
    "h1": NewParticipant(id="h1", role=ParticipantRole.HARMED),
    "r1": NewParticipant(id="r1", role=ParticipantRole.RESPONSIBLE),
}


def asked(*people: NewParticipant, **known: object) -> c.OpenReferral:
    """What somebody harmed asks for, who does not say by whom they were."""
    told: dict[str, object] = {
        "source": Source.SELF,
        "initiator": Initiator.HARMED_PERSON,
        "asked_by": "h1",
        "offence": Offence.UNKNOWN,
        "justice_stage": JusticeStage.UNKNOWN,
    }
    return opening(*(people or (person("h1", contact_safety=EVENING), NOBODY_KNOWN["r1"])), **told | known)


def by_a_supporter(**known: object) -> c.OpenReferral:
    """What their sister asks for on behalf of somebody harmed."""
    sister = person("s1", accompanies="h1", contact_safety=EVENING)
    return asked(NOBODY_KNOWN["h1"], NOBODY_KNOWN["r1"], sister, asked_by="s1", **known)


def refusal(command: c.OpenReferral, by: Actor = SYSTEM) -> Refused:
    with pytest.raises(Refused) as found:
        open_referral(REFERENCE, POLICY, command, by, MONDAY)
    return found.value


def opened(command: c.OpenReferral) -> Referral:
    [record] = recorded(open_referral(REFERENCE, POLICY, command, SYSTEM, MONDAY), 0, SYSTEM, MONDAY)
    return evolve(None, record)


def test_the_service_opens_by_itself_what_somebody_asked_for_though_the_other_side_is_unknown() -> None:
    referral = opened(asked())
    assert (referral.asked_by, referral.source) == ("h1", Source.SELF)
    assert referral.sent_by_partner is None
    assert refusal(asked(asked_by=None)).code == "not_your_role"
    assert refusal(asked(source=Source.POLICE)).code == "not_a_self_referral"
    assert refusal(asked(), CLOCK.model_copy(update={"area": "cumbria"})).code == "other_area"


def test_who_asked_takes_part_and_says_whose_side_initiated_it() -> None:
    assert refusal(asked(asked_by="h2")).code == "participant_unknown"
    assert refusal(asked(initiator=Initiator.PERSON_RESPONSIBLE)).code == "initiator_does_not_fit"
    assert refusal(by_a_supporter(initiator=Initiator.AGENCY)).code == "initiator_does_not_fit"
    assert opened(by_a_supporter()).asked_by == "s1"


def test_the_clocks_start_when_they_asked() -> None:
    before = MONDAY - timedelta(days=4, hours=1)
    due = {each.key: each.due_at for each in deadlines(opened(asked(asked_at=before)))}
    first = {each.key: each.due_at for each in deadlines(opened(asked()))}
    assert opened(asked(asked_at=before)).received_at == before
    assert due["first_contact"] < MONDAY < first["first_contact"]
    assert due["allocation"] < first["allocation"]
    # By a clock that is a little behind.
    assert opened(asked(asked_at=MONDAY + timedelta(seconds=30))).received_at == MONDAY


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"asked_at": MONDAY + timedelta(minutes=1, seconds=1)}, "in_the_future"),
        ({"asked_at": MONDAY - timedelta(days=7, seconds=1)}, "too_long_ago"),
        ({"asked_at": MONDAY, "asked_by": None}, "who_asked_missing"),
    ],
)
def test_nobody_asked_in_the_future_or_long_ago_or_without_being_named(
    known: dict[str, object], code: str
) -> None:
    assert refusal(asked(**known), CASEWORKER).code == code


def test_reaching_who_asked_for_somebody_else_is_the_first_contact() -> None:
    story = Story(by_a_supporter())
    assert "first_contact" in story.open
    assert "first_contact" not in story.do(attempt("s1")).open


def test_reaching_another_supporter_is_not() -> None:
    others = (NOBODY_KNOWN["r1"], person("s1", accompanies="r1"))
    story = Story(asked(person("h1"), *others))
    assert "first_contact" in story.do(attempt("s1")).open


def messages(command: c.OpenReferral) -> tuple[Story, dict[str, list[str]]]:
    story = Story(command)
    found: dict[str, list[str]] = {}
    for each in notices(notices_wanted(None, story.history, story.referral), PEOPLE):
        found.setdefault(each.template, []).append(each.to)
    return story, found


def test_supervisors_are_told_and_who_asked_is_answered() -> None:
    for command, who in ((asked(), "h1"), (by_a_supporter(), "s1")):
        _, told = messages(command)
        assert told["asked_to_be_called"] == ["sv-1", "sv-2"]
        assert told["acknowledgement"] == [who]


def test_nobody_is_asked_to_answer_in_person_what_the_page_answered() -> None:
    only_phone = ContactSafety(safe_channels=(Channel.PHONE,), safe_from="18:00", safe_until="20:00")
    _, told = messages(asked(person("h1", contact_safety=only_phone), NOBODY_KNOWN["r1"]))
    assert "acknowledgement" not in told


def test_the_person_harmed_hears_nothing_of_what_the_person_responsible_asked() -> None:
    by_responsible = {"initiator": Initiator.PERSON_RESPONSIBLE, "asked_by": None}
    _, told = messages(asked(person("h1"), person("r1"), **by_responsible))
    assert told["acknowledgement"] == ["r1"]
    safe = person("r1", contact_safety=EVENING)
    _, told = messages(asked(NOBODY_KNOWN["h1"], safe, **by_responsible | {"asked_by": "r1"}))
    assert told["acknowledgement"] == ["r1"]


def test_every_later_message_keeps_to_what_who_asked_called_safe() -> None:
    story = Story(asked())
    [acknowledged] = [
        each
        for each in notices(notices_wanted(None, story.history, story.referral), PEOPLE)
        if each.template == "acknowledgement"
    ]
    contact = contact_of(story.history, "h1")
    every = frozenset(Channel)
    evening = MONDAY.astimezone(LONDON).replace(hour=18, minute=0)
    assert plan(story.referral, acknowledged, contact, {}, every, MONDAY) == Wait(evening)
    assert plan(story.referral, acknowledged, contact, {}, every, evening) == Send(Channel.EMAIL)
    nothing_said = contact_of(
        Story(asked(person("h1", contact_safety=ContactSafety()), NOBODY_KNOWN["r1"])).history, "h1"
    )
    assert plan(story.referral, acknowledged, nothing_said, {}, every, evening) == End(
        Outcome.NO_SAFE_CHANNEL
    )
