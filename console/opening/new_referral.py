"""Opening a referral one question a page: answers are kept on the server, and may be gone on with for two weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from casework.failures import Refused
from casework.opening.drafts import (
    OpeningDraft,
    begin_opening,
    begun_openings,
    check_opening,
    conflicts_accepted,
    drop_opening,
    finish_opening,
    keep_answers,
    read_opening,
)
from casework.referral.view import view_referral
from casework.searching.duplicates import PossibleDuplicate, possible_duplicates
from casework.words import on_day
from console.acting.forms.fields import Field, Kind
from console.acting.forms.reading import Posted, Problem, as_posted
from console.acting.forms.showing import id_of, show
from console.addresses import as_reference, reference_in
from console.asked import Asked
from console.opening.answers import (
    MOST_PEOPLE,
    Answers,
    Wrong,
    command_from,
    missing,
    read_page,
    wrong_by_rule,
    wrong_by_schema,
)
from console.opening.questions import ALWAYS, PREFIXES, QuestionPage, pages
from schemas.commands import OpenReferral

_HOME = "/new-referral"
_CHECK = "check"
NEW, SAME, GOES_ON = "new", "same", "goes-on"
"""What somebody decides about possible duplicates."""


@dataclass(frozen=True, slots=True)
class _Opening:
    """A referral that somebody opens: its answers and its pages."""

    draft: OpeningDraft
    answers: Answers
    pages: list[QuestionPage]
    area: str

    @property
    def address(self) -> str:
        return f"{_HOME}/{self.draft.reference}"

    def page(self, slug: str) -> QuestionPage:
        found = next((each for each in self.pages if each.slug == slug), None)
        if found is None:
            raise Refused("unknown_question", "There is no such question; begin from the summary.")
        return found

    def next_after(self, page: QuestionPage) -> str:
        on_the_way = [each.slug for each in self.pages if each.on_the_way]
        if page.slug not in on_the_way or page.slug == on_the_way[-1]:
            return _CHECK
        return on_the_way[on_the_way.index(page.slug) + 1]

    def before(self, page: QuestionPage) -> str | None:
        on_the_way = [each.slug for each in self.pages if each.on_the_way]
        if page.slug not in on_the_way:
            return _CHECK
        at = on_the_way.index(page.slug)
        return on_the_way[at - 1] if at else None

    def document(self) -> dict[str, Any]:
        return self.answers.document(self.area)


async def start(asked: Asked) -> Response:
    """Show what was begun, and begin a new one."""
    if asked.request.method == "POST":
        reference = await begin_opening(asked.session, Answers().as_json())
        return asked.redirect(f"{_HOME}/{reference}/from")
    return asked.show("opening/start.html", begun=await begun_openings(asked.session))


async def question(asked: Asked) -> Response:
    """Ask the questions of one page, and keep their answers."""
    opening = await _opening(asked)
    page = opening.page(asked.request.path_params["question"])
    from_check = asked.request.query_params.get("from") == _CHECK
    if asked.request.method != "POST":
        return _shown(asked, opening, page, opening.answers.posted(page), [], from_check)
    on = f"{opening.address}/{_CHECK if from_check else opening.next_after(page)}"
    if page.optional and asked.posted_text("_do") == "skip":
        return asked.redirect(on)
    posted = as_posted(asked.posted.multi_items())
    body, problems = read_page(page, posted)
    if not problems:
        opening.answers.replace(page, body)
        problems = await _problems(asked, opening, page)
    if problems:
        return _shown(asked, opening, page, posted, problems, from_check)
    await keep_answers(asked.session, opening.draft.reference, opening.answers.as_json())
    return asked.redirect(on)


def _shown(
    asked: Asked,
    opening: _Opening,
    page: QuestionPage,
    posted: Posted,
    problems: Sequence[Problem],
    from_check: bool,
) -> Response:
    before = _CHECK if from_check else opening.before(page)
    return asked.show(
        "opening/question.html",
        status=422 if problems else 200,
        page=page,
        form=show(page.form, posted, {}, problems),
        action=f"{opening.address}/{page.slug}{f'?from={_CHECK}' if from_check else ''}",
        back=f"{opening.address}/{before}" if before else _HOME,
        check=f"{opening.address}/{_CHECK}",
        step=_step(opening, page),
    )


def _step(opening: _Opening, page: QuestionPage) -> tuple[int, int] | None:
    """Which page it is of how many."""
    on_the_way = [each.slug for each in opening.pages if each.on_the_way]
    return (on_the_way.index(page.slug) + 1, len(on_the_way)) if page.slug in on_the_way else None


async def _problems(asked: Asked, opening: _Opening, page: QuestionPage) -> list[Problem]:
    """What is wrong with the answers of a page; what concerns other pages is said there, and before it is opened."""
    wrong = await _wrong(asked, opening, so_far=True)
    found = [each.on(page.form) for each in wrong if each.person == page.person]
    return [each for each in found if each is not None]


async def _wrong(asked: Asked, opening: _Opening, *, so_far: bool) -> list[Wrong]:
    document = opening.document()
    try:
        command = command_from(document, so_far=so_far)
    except ValidationError as error:
        return wrong_by_schema(error, document)
    try:
        await check_opening(asked.session, opening.draft, command)
    except Refused as refused:
        return [wrong_by_rule(refused, document)]
    return []


async def check(asked: Asked) -> Response:
    """Show all answers, and open the referral; where it may be a duplicate, ask first."""
    if asked.request.method != "POST":
        return _summary(asked, await _opening(asked), [])
    reference = reference_in(asked)
    try:
        opening = await _opening(asked)
    except Refused:
        # Sent twice: it was opened by the first.
        await view_referral(asked.session, reference)
        return asked.redirect(f"{_HOME}/{reference}/opened")
    lacking = [(page, each) for page, each in missing(opening.pages, opening.answers)]
    wrong = [] if lacking else await _wrong(asked, opening, so_far=False)
    if lacking or wrong:
        return _summary(asked, opening, [*lacking, *_where(opening, wrong)])
    form = command_from(opening.document())
    choice, _, of = asked.posted_text("choice").partition(":")
    if choice == SAME:
        await drop_opening(asked.session, opening.draft.reference)
        return asked.redirect(f"/referrals/{as_reference(of)}")
    if choice == GOES_ON:
        form = form.model_copy(update={"linked_to": as_reference(of)})
    elif choice != NEW:
        duplicates = await possible_duplicates(asked.session, form)
        if duplicates:
            return _ask_about(asked, opening, duplicates)
    return await _opened(asked, opening, form)


async def _opened(asked: Asked, opening: _Opening, form: OpenReferral) -> Response:
    try:
        await finish_opening(asked.session, opening.draft, form)
    except Refused as refused:
        wrong = wrong_by_rule(refused, opening.document())
        return _summary(asked, opening, _where(opening, [wrong]))
    return asked.redirect(f"{opening.address}/opened")


def _ask_about(asked: Asked, opening: _Opening, duplicates: Sequence[PossibleDuplicate]) -> Response:
    # Who pressed Continue without a choice is told to choose.
    unanswered = "choice" in asked.posted
    return asked.show(
        "opening/duplicates.html",
        status=422 if unanswered else 200,
        duplicates=duplicates,
        action=f"{opening.address}/{_CHECK}",
        back=f"{opening.address}/{_CHECK}",
        unanswered=unanswered,
        new=NEW,
        same=SAME,
        goes_on=GOES_ON,
    )


def _where(opening: _Opening, wrong: Sequence[Wrong]) -> list[tuple[QuestionPage | None, Problem]]:
    found: list[tuple[QuestionPage | None, Problem]] = []
    for each in wrong:
        asks = ((page, each.on(page.form)) for page in opening.pages if page.person == each.person)
        place = next(((page, problem) for page, problem in asks if problem is not None), None)
        found.append(place or (None, Problem("", each.sentence)))
    return found


def _summary(
    asked: Asked, opening: _Opening, problems: Sequence[tuple[QuestionPage | None, Problem]]
) -> Response:
    links = [
        (f"{opening.address}/{page.slug}?from={_CHECK}#{id_of(each.name)}" if page else "", each.sentence)
        for page, each in problems
    ]
    groups = [(page, _rows(page, opening.answers)) for page in opening.pages]
    shown = [
        (page, rows)
        for page, rows in groups
        if rows or page.on_the_way or page.person in opening.answers.roles
    ]
    return asked.show(
        "opening/check.html",
        status=422 if problems else 200,
        address=opening.address,
        groups=shown,
        more=[page for page, rows in groups if (page, rows) not in shown],
        others=opening.answers.roles,
        roles=[each for each in PREFIXES if len(opening.answers.people) < MOST_PEOPLE],
        problems=links,
        sent=opening.draft.sent,
        reference=opening.draft.reference,
    )


def _rows(page: QuestionPage, answers: Answers) -> list[tuple[str, str]]:
    known = answers.of(page)
    return [
        (each.label, in_words(each, known[each.name]))
        for each in page.form.fields
        if known.get(each.name) not in (None, [], each.default) or (each.required and each.name in known)
    ]


def in_words(field: Field, value: Any) -> str:
    """An answer as people read it."""
    words = {each.value: each.words for each in field.options}
    match value:
        case bool():
            return "Yes" if value else "No"
        case list():
            return ", ".join(words.get(each, str(each)) for each in value)
        case str() if field.kind is Kind.DAY:
            return on_day(date.fromisoformat(value))
        case _:
            return words.get(str(value), str(value))


async def people(asked: Asked) -> Response:
    """Add somebody, or take away somebody who was added."""
    opening = await _opening(asked)
    removed, role = asked.posted_text("remove"), asked.posted_text("role")
    on = _CHECK
    if removed in opening.answers.roles:
        opening.answers.remove_person(removed)
    elif role in PREFIXES and len(opening.answers.people) < MOST_PEOPLE:
        on = f"person-{opening.answers.add_person(role)}?from={_CHECK}"
    else:
        raise Refused("nobody_chosen", "Choose what the person is in the referral.", "role")
    await keep_answers(asked.session, opening.draft.reference, opening.answers.as_json())
    return asked.redirect(f"{opening.address}/{on}")


async def drop(asked: Asked) -> Response:
    """Drop what was begun, for ever."""
    await drop_opening(asked.session, reference_in(asked))
    return asked.redirect(_HOME)


async def opened(asked: Asked) -> Response:
    """Say that it is open, and what comes next."""
    reference = reference_in(asked)
    return asked.show(
        "opening/opened.html", view=await view_referral(asked.session, reference), reference=reference
    )


async def _opening(asked: Asked) -> _Opening:
    draft = await read_opening(asked.session, reference_in(asked))
    answers = Answers.from_json(draft.answers)
    member = asked.session.member
    area = answers.case.get("area") or str(member.areas[0])
    others = {each: role for each, role in answers.roles.items() if each not in ALWAYS}
    conflicts = conflicts_accepted(asked.session)
    return _Opening(draft, answers, pages(tuple(member.areas), others, conflicts=conflicts), area)
