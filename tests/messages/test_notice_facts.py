"""What the variables of templates stand for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from messages.notice_facts import deadline_in_words, facts
from messages.wording import TEMPLATES, Medium, Wording, media
from policies.files import load_policies
from schemas.notices import About, Category, Notice, Outcome, Party
from schemas.policy import Policy

AT = datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


def policy(**changes: object) -> Policy:
    return load_policies().base.model_copy(update=changes)


def told(
    template: str = "reminder",
    party: Party = Party.STAFF,
    *,
    under: Policy | None = None,
    category: Category = Category.NEWS,
    **about: object,
) -> dict[str, object]:
    notice = Notice(
        id="12-1",
        template=template,
        category=category,
        party=party,
        to="cw-1",
        about=About.model_validate(about),
        outward=True,
        at=AT,
    )
    return facts("RJ-7KQ4-M2X1", notice, under or policy(), area="durham", stage="victim_contact")


@pytest.mark.parametrize("template", sorted(set(TEMPLATES) - {"digest", "account"}))
def test_every_template_has_all_it_asks_for_even_where_a_message_tells_nothing(template: str) -> None:
    for medium in media(template):
        assert Wording.load().render(template, medium, told(template)).body


def test_a_reminder_says_what_is_due_when() -> None:
    known = told(
        deadline="thinking_time/h1", point="warn-1", at=AT, due_at=datetime(2026, 12, 1, 9, tzinfo=UTC)
    )
    body = Wording.load().render("reminder", Medium.INBOX, known).body
    assert (
        body == "RJ-7KQ4-M2X1: thinking time (h1) is due on Tuesday 1 December 2026 at 9am (first warning)."
    )
    subject = Wording.load().render("reminder", Medium.EMAIL, known).subject
    assert subject == "Deadline reminder: 7KQ4-M2X1"


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("warn-1", "first warning"),
        ("warn-3", "third warning"),
        ("warn-12", "warning 12"),
        ("due", "it is due now"),
        ("escalate-2", "second escalation"),
        ("escalate-0", "escalation 0"),
        ("unheard_of", "unheard of"),
    ],
)
def test_points_are_said_in_words(point: str, words: str) -> None:
    assert told(point=point)["point"] == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("first_contact", "first contact"),
        ("agreement_item/i1", "agreement item (i1)"),
        ("sign_off/risk_assessment", "sign off (risk assessment)"),
    ],
)
def test_deadlines_are_said_in_words(key: str, words: str) -> None:
    assert deadline_in_words(key) == words


def test_where_the_due_date_is_not_known_the_point_is_told() -> None:
    assert told(point="due", at=AT)["due"] == "Wednesday 1 July 2026 at 2:30pm"


def test_a_task_says_which_message_and_why() -> None:
    known = told("task", participant="h1", wanted="appointment", why=Outcome.NO_SAFE_CHANNEL)
    assert (known["participant"], known["wanted"]) == ("h1", "your appointment")
    assert known["why"] == "there is no safe channel"
    assert told("task", wanted="no_more")["wanted"] == "no more"
    assert all(told("task", why=outcome)["why"] for outcome in Outcome)


def test_only_what_goes_to_participants_has_its_days_in_welsh() -> None:
    under = policy(welsh=True)
    assert told("appointment", Party.PARTICIPANT, under=under, starts_at=AT)["starts"] == (
        "dydd Mercher 1 Gorffennaf 2026 am 2:30pm"
    )
    assert told("invitation", Party.STAFF, under=under, starts_at=AT)["starts"] == (
        "Wednesday 1 July 2026 at 2:30pm"
    )


def test_news_says_what_happened_where_the_policy_has_one_rule_for_it() -> None:
    rule = (
        policy()
        .notices[0]
        .model_copy(update={"on": "put_on_hold", "template": "news", "category": Category.NEWS})
    )
    assert told("news", under=policy(notices=(rule,)))["what"] == "put on hold"
    other = rule.model_copy(update={"on": "resumed"})
    assert told("news", under=policy(notices=(rule, other)))["what"] == (
        "something that your service wants you to know of"
    )
