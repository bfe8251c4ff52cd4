from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casework.referral.acting import ActingView
from casework.referral.choices import Choice, Chosen, choices_in
from casework.words.names import short_names
from console.acting.forms.checking import check
from console.acting.forms.fields import Form, Kind, all_fields
from console.acting.forms.reading import posted_from
from console.acting.forms.shaping import form_of
from console.acting.forms.showing import show
from console.acting.wording import worded_form, wording_of
from schemas import commands as c
from schemas.commands import COMMANDS, Command
from schemas.exchange import CommunicationForm
from schemas.people import Role, Staff
from schemas.vocabulary import ComplaintAbout, Method, Stage
from tests.console.acting.browsing import controls, ids, references, rendered, sent
from tests.lifecycle.exemplars import Keyboard, exemplars
from tests.lifecycle.story import CASEWORKER, FACILITATOR, HOME, SUPERVISOR, Story, opening, person

SYSTEMS = frozenset({"reach_deadline", "settle_notice"})
KINDS = tuple(kind for kind in COMMANDS if kind not in SYSTEMS)
TEAM = tuple(
    Staff(id=who, role=role, areas=(HOME,), name=f"Invented {who.upper()}")
    for who, role in {
        CASEWORKER.id: Role.CASEWORKER,
        "cw-2": Role.CASEWORKER,
        "cw-9": Role.CASEWORKER,
        FACILITATOR.id: Role.FACILITATOR,
        "fa-2": Role.FACILITATOR,
        SUPERVISOR.id: Role.SUPERVISOR,
        "sv-2": Role.SUPERVISOR,
    }.items()
)


@pytest.fixture(scope="module")
def story() -> Story:
    """A referral that has one of everything that can be chosen."""
    people = (
        person("h1"),
        person("h2"),
        person("r1"),
        person("g1", accompanies="h1"),
        person("s1", accompanies="h2"),
    )
    told = Story(opening(*people)).to(Stage.PREPARATION)
    told.do(c.RecordComplaint(about=ComplaintAbout.DELAY, text="It took too long"))
    told.with_facilitators().with_method(Method.LETTER)
    told.do(c.PlanActivity(method=Method.LETTER, taking_part=("h2", "r1")))
    told.do(c.DraftCommunication(author="h1", to=("r1",), form=CommunicationForm.LETTER, activity="a1"))
    return told


@pytest.fixture(scope="module")
def choices(story: Story) -> dict[Chosen, tuple[Choice, ...]]:
    names = {each.id: f"{each.id.upper()} Invented" for each in story.referral.participants}
    found = choices_in(story.referral, story.history, TEAM, short_names(names), names)
    task = Choice(value="12-1", words="Tell June I.: the meeting")
    return found | {Chosen.TASK: (task,), Chosen.ITEM: (Choice(value="i1", words="i1, June I."),)}


def examples(kind: str, story: Story) -> Iterator[Command]:
    """What somebody could fill in, with a task and an item that the referral does not have by itself."""
    keyboard = Keyboard(story.referral, story.history, SUPERVISOR, story.at)
    yield from exemplars(kind, keyboard)
    if kind == "complete_task":
        yield c.CompleteTask(task="12-1", result="passed_on", note="Told")  # type: ignore[arg-type]
    if kind == "settle_agreement_item":
        yield c.SettleAgreementItem(item="i1", outcome="completed")  # type: ignore[arg-type]


def as_body(command: Command) -> dict[str, object]:
    return command.model_dump(mode="json", exclude_none=True, exclude={"kind"})


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_fills_in_is_the_command_that_they_mean(
    kind: str, story: Story, choices: dict[Chosen, tuple[Choice, ...]]
) -> None:
    """By the schema alone: the form is shown, filled in as a browser would have it, and read."""
    form, filled = form_of(kind), 0
    page = controls(rendered(show(form, {}, choices)))
    for command in examples(kind, story):
        wanted = posted_from(form, as_body(command))
        rows = _rows(form, wanted)
        found = controls(rendered(show(form, {}, choices, more_rows=rows))) if rows else page
        posted = sent(found, wanted)
        if posted is None:
            # It names somebody or something that the referral does not have.
            continue
        checked = check(form, posted)
        assert checked.problems == ()
        assert checked.command == command
        filled += 1
    assert filled


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_as_it_is_asked_is_the_command_that_they_mean(
    kind: str, story: Story, choices: dict[Chosen, tuple[Choice, ...]]
) -> None:
    view = view_of(kind, story, choices)
    wording, form, filled = wording_of(kind), worded_form(kind), 0
    if wording.adjust:
        form = wording.adjust(form, view, "h1")

    def settled(body: dict[str, Any]) -> dict[str, Any]:
        return wording.settle(body, view) if wording.settle else body

    for command in examples(kind, story):
        wanted = posted_from(form, as_body(command))
        found = controls(rendered(show(form, {}, choices, more_rows=_rows(form, wanted))))
        posted = sent(found, wanted)
        if posted is None:
            continue
        checked = check(form, posted, settled)
        if kind == "add_participant" and checked.command is not None:
            # Nobody is asked for an id: the next that is free is taken.
            assert checked.command.participant.id not in {each.id for each in story.referral.participants}  # type: ignore[union-attr]
        elif kind != "record_agreement" or checked.command.items[0].id == command.items[0].id:  # type: ignore[union-attr]
            assert checked.command == command, checked.problems
        filled += 1
    assert filled


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_that_is_sent_empty_says_of_each_question_what_is_missing(
    kind: str, choices: dict[Chosen, tuple[Choice, ...]]
) -> None:
    for form in (form_of(kind), worded_form(kind)):
        checked = check(form, {})
        shown = rendered(show(form, {}, choices, checked.problems))
        there = ids(shown)
        assert [each for each, often in Counter(there).items() if often > 1] == []
        for by, named in references(shown):
            assert named in there, f"{by} {named}"
        needed = {each.name for each in form.fields if each.required and each.kind is not Kind.GROUP}
        assert needed <= {each.name for each in checked.problems} | {"participant"}
        for problem in checked.problems:
            assert "Value error" not in problem.sentence
            assert problem.sentence.endswith((".", "?"))
            assert problem.sentence[0] in "“CSE"


def test_every_field_of_every_command_has_its_own_question() -> None:
    from console.acting.forms.words import QUESTIONS

    asked = {each.name for kind in KINDS for each in all_fields(form_of(kind).fields)}
    assert asked - set(QUESTIONS) == set()
    assert set(QUESTIONS) - asked - {"need", "factor"} == set()


def test_every_command_has_its_own_title() -> None:
    from console.acting.titles import TITLES

    assert set(TITLES) == set(KINDS) - {"open_referral"}
    for title in TITLES.values():
        assert "{who}" in title.heading or not title.heading
        assert "{" not in title.page + title.button


def test_every_wording_is_of_a_command_and_asks_its_fields() -> None:
    from console.acting.wording import _wordings

    assert set(_wordings()) <= set(KINDS)
    for kind, wording in _wordings().items():
        for ask in wording.asks:
            assert form_of(kind).field(ask.name) is not None or ".id" in ask.name, f"{kind}: {ask.name}"


def test_a_day_is_read_as_people_write_it() -> None:
    form = form_of("hold")

    def told(day: str, month: str, year: str) -> str | None:
        posted = {
            "review_on-day": [day],
            "review_on-month": [month],
            "review_on-year": [year],
            "reason": ["A reason"],
        }
        checked = check(form, posted)
        return str(checked.command.review_on) if checked.command else checked.problems[0].sentence  # type: ignore[union-attr]

    assert told("3", "4", "2026") == "2026-04-03"
    assert told(" 03 ", "April", "2026") == "2026-04-03"
    assert (
        told("31", "2", "2026")
        == "“When is it to be reviewed?” is a day that does not exist; write one such as 26 11 2026."
    )
    assert told("3", "", "2026") == "“When is it to be reviewed?” needs a month, such as 26 11 2026."
    assert (
        told("3", "4", "26")
        == "“When is it to be reviewed?” needs a year of four digits, such as 26 11 2026."
    )
    assert told("1", "1", "1066") == "“When is it to be reviewed?”: the year must lie between 1900 and 2199."
    assert (
        told("٣", "4", "2026") == "“When is it to be reviewed?” must be a day in numbers, such as 26 11 2026."
    )


def test_a_time_is_by_the_clock_in_london() -> None:
    form = form_of("book_preparation_meeting")

    def told(day: str, month: str, time: str) -> Any:
        posted = {
            "participant": ["h1"],
            "channel": ["in_person"],
            "starts_at-day": [day],
            "starts_at-month": [month],
            "starts_at-year": ["2026"],
            "starts_at-time": [time],
        }
        checked = check(form, posted)
        return checked.command.starts_at if checked.command else checked.problems[0].sentence  # type: ignore[union-attr]

    assert told("1", "7", "2pm") == datetime(2026, 7, 1, 13, tzinfo=UTC)
    assert told("1", "12", "14:00") == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert told("1", "12", "1400") == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert "occurs twice" in str(told("25", "10", "1:30am"))
    assert told("25", "10", "1:30 BST") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert told("25", "10", "1:30 GMT") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert "does not exist" in str(told("29", "3", "1:30am"))
    assert "needs a time" in str(told("1", "12", ""))
    assert "is not a time of day" in str(told("1", "12", "teatime"))


def test_what_was_filled_in_stands_in_the_form_again() -> None:
    form = worded_form("record_contact_attempt")
    posted = {
        "participant": ["h1"],
        "outcome": ["reached"],
        "note": ["Line one\r\nLine <two>"],
        "made_at-day": ["40"],
    }
    checked = check(form, posted)
    assert checked.command is None
    found = controls(
        rendered(
            show(form, posted, {Chosen.PARTICIPANT: (Choice(value="h1", words="June I."),)}, checked.problems)
        )
    )
    assert found["note"].value == ["Line one\nLine <two>"]
    assert found["outcome"].value == ["reached"]
    assert found["made_at-day"].value == ["40"]


def test_what_is_wrong_never_repeats_what_was_written() -> None:
    canary = "Canary Nobody"
    for kind in KINDS:
        form = form_of(kind)
        posted = {name: [canary] for name in controls(rendered(show(form, {}, {})))}
        for problem in check(form, posted).problems:
            assert "Canary" not in problem.sentence


def test_a_hidden_character_is_refused_at_its_question() -> None:
    problems = check(form_of("add_note"), {"note": ["fine\x00not"]}).problems
    assert [each.name for each in problems] == ["note"]
    assert "control character" in problems[0].sentence


def test_none_of_these_is_another_answer_than_no_answer() -> None:
    form = form_of("amend_referral")
    nothing, none = check(form, {}), check(form, {"sensitive_categories": ["-none-"]})
    assert nothing.command == c.AmendReferral()
    assert none.command == c.AmendReferral(sensitive_categories=())


def test_a_row_that_nobody_touched_is_no_row() -> None:
    form = form_of("record_agreement")
    row = {"items.7.id": ["i1"], "items.7.by": ["h1"], "items.7.text": ["Write a letter"]}
    day = {"items.7.due_on-day": ["1"], "items.7.due_on-month": ["5"], "items.7.due_on-year": ["2026"]}
    checked = check(form, {"items.0.id": [""], "items.3.text": ["  "], **row, **day})
    assert checked.command is not None
    assert len(checked.command.items) == 1  # type: ignore[union-attr]
    checked = check(form, {"items.0.text": ["Nothing else"], **row, **day})
    assert {each.name for each in checked.problems} == {"items.0.id", "items.0.by", "items.0.due_on"}


def _rows(form: Form, posted: dict[str, list[str]]) -> dict[str, int]:
    from console.acting.forms.reading import row_numbers

    lists = [each.name for each in form.fields if each.kind is Kind.ROWS]
    return {name: len(row_numbers(posted, name)) for name in lists}


def view_of(kind: str, story: Story, choices: dict[Chosen, tuple[Choice, ...]]) -> ActingView:
    return ActingView(
        kind=kind,
        missing=(),
        sequence=len(story.history),
        at=story.at + timedelta(minutes=1),
        referral=story.referral,
        deadlines=(),
        names_shown=True,
        called={each.id: each.id.upper() for each in story.referral.participants},
        colleagues={},
        choices=choices,
    )
