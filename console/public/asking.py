"""One question a page, the answers to check, and the number that somebody is told."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.asking_to_be_called.asking import Served, ask_to_be_called, day_in_words, seem_to_take, served
from casework.asking_to_be_called.questions import (
    QUESTIONS,
    WHOLE_HOURS,
    NotAccepted,
    asked_of,
    next_question,
    with_answer,
)
from casework.asking_to_be_called.unsent import (
    AnswersGone,
    begin_answers,
    drop_answers,
    keep_answers,
    read_answers,
)
from casework.signing_in.sessions import check_form_token, form_token
from console import rendering
from console.asked import Visit
from console.public.cookie import give, take_away, token_of
from console.public.showing import as_form, hour_in_words, rows
from console.public.speaking import SPOKEN, Spoken, show
from schemas.areas import Area
from schemas.asking import Unsent

TRAP = "web_page"
"""A field of the last form that no person sees. Whoever fills it in is a program."""

_SEVERAL = ("ways", "help")


async def start(visit: Visit, *, spoken: Spoken) -> Response:
    """Say what this is, and begin."""
    who = await _served(visit)
    if who.default is None:
        return show(visit, spoken, "closed.html", who)
    if visit.request.method == "GET":
        return show(visit, spoken, "start.html", who)
    await drop_answers(visit.referrals, token_of(visit.request))
    token = await begin_answers(visit.referrals, _sender(visit))
    answer = visit.redirect(f"{spoken.base}/{next(iter(QUESTIONS))}")
    give(answer, token)
    return answer


async def question(visit: Visit, *, spoken: Spoken) -> Response:
    """Ask a question, or take its answer and go on to the next."""
    name = visit.request.path_params["question"]
    if name not in QUESTIONS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    who = await _served(visit)
    try:
        token, unsent = await _unsent(visit)
        if visit.request.method == "GET":
            return _question_page(visit, spoken, who, name, as_form(unsent.answers))
        check_form_token(token, visit.posted_text("csrf"))
        form = {key: [str(each) for each in visit.posted.getlist(key)] for key in visit.posted}
        try:
            answers = with_answer(unsent.answers, name, form, who.areas)
        except NotAccepted as wrong:
            problems = {each.field: spoken.texts(f"errors.{each.code}") for each in wrong.problems}
            return _question_page(visit, spoken, who, name, form, problems)
        answers = answers.model_copy(update={"in_welsh": spoken.welsh})
        await keep_answers(visit.referrals, token, unsent.model_copy(update={"answers": answers}))
    except AnswersGone:
        return _gone(visit, spoken, who)
    return visit.redirect(f"{spoken.base}/{next_question(answers, who.areas) or 'check'}")


async def check(visit: Visit, *, spoken: Spoken) -> Response:
    """Show all that was answered, or send it."""
    who = await _served(visit)
    try:
        token, unsent = await _unsent(visit)
        unanswered = next_question(unsent.answers, who.areas)
        if unanswered is not None:
            return visit.redirect(f"{spoken.base}/{unanswered}")
        if visit.request.method == "GET":
            return _check_page(visit, spoken, who, unsent)
        check_form_token(token, visit.posted_text("csrf"))
        area = _area_of_who_does_not_know(who)
        if visit.posted_text(TRAP):
            await seem_to_take(visit.referrals, token, area)
        else:
            await ask_to_be_called(visit.referrals, token, _sender(visit), area)
    except AnswersGone:
        return _gone(visit, spoken, who)
    return visit.redirect(f"{spoken.base}/done")


async def done(visit: Visit, *, spoken: Spoken) -> Response:
    """Tell the number once, and what comes next; then nothing is left in the browser."""
    who = await _served(visit)
    token = token_of(visit.request)
    try:
        unsent = await read_answers(visit.referrals, token)
    except AnswersGone:
        return _gone(visit, spoken, who)
    if unsent.asked is None:
        return visit.redirect(f"{spoken.base}/check")
    contact_by = unsent.asked.contact_by
    by = {each.language: day_in_words(contact_by, welsh=each.welsh) for each in SPOKEN} if contact_by else {}
    answer = show(visit, spoken, "done.html", who, reference=unsent.asked.reference, by=by)
    await drop_answers(visit.referrals, token)
    take_away(answer)
    return answer


def _question_page(
    visit: Visit,
    spoken: Spoken,
    who: Served,
    name: str,
    given: dict[str, list[str]],
    problems: dict[str, str] | None = None,
) -> Response:
    return show(
        visit,
        spoken,
        f"questions/{name}.html",
        who,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        name=name,
        given={field: values[0] for field, values in given.items() if values and field not in _SEVERAL},
        chosen={field: given.get(field, []) for field in _SEVERAL},
        problems=problems or {},
        wrong=partial(_wrong, problems or {}, spoken),
        hours=[(hour, hour_in_words(hour)) for hour in WHOLE_HOURS],
        back=_before(name, spoken),
        csrf_field=_csrf_field(visit),
    )


def _wrong(problems: dict[str, str], spoken: Spoken, field: str) -> dict[str, str] | None:
    """What is wrong with a field, as the macros of GOV.UK take it; None where nothing is."""
    if field not in problems:
        return None
    return {"text": problems[field], "visuallyHiddenText": spoken.texts("all.error")}


def _before(name: str, spoken: Spoken) -> str:
    """The address of the page before a question, as most people come to it."""
    names = list(QUESTIONS)
    place = names.index(name)
    # Only some are asked who they are to somebody else; all are asked what comes before that.
    before = names[place - 1] if place and names[place - 1] != "them" else names[place - 2]
    return f"{spoken.base}/{before}" if place else spoken.base


def _check_page(visit: Visit, spoken: Spoken, who: Served, unsent: Unsent) -> Response:
    names = asked_of(unsent.answers, who.areas)
    return show(
        visit,
        spoken,
        "check.html",
        who,
        rows=[(name, rows(name, unsent.answers, spoken)) for name in names],
        back=f"{spoken.base}/{names[-1]}",
        trap=TRAP,
        csrf_field=_csrf_field(visit),
    )


def _gone(visit: Visit, spoken: Spoken, who: Served) -> Response:
    answer = show(visit, spoken, "gone.html", who)
    take_away(answer)
    return answer


async def _unsent(visit: Visit) -> tuple[str, Unsent]:
    """The token of who is answering, and what is kept of them. Raises AnswersGone."""
    token = token_of(visit.request)
    if token is None:
        raise AnswersGone
    return token, await read_answers(visit.referrals, token)


async def _served(visit: Visit) -> Served:
    return await served(visit.referrals, visit.console.settings.default_area)


def _area_of_who_does_not_know(who: Served) -> Area:
    if who.default is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE)
    return who.default


def _csrf_field(visit: Visit) -> object:
    return rendering.hidden_field("csrf", form_token(token_of(visit.request) or ""))


def _sender(visit: Visit) -> str:
    """The network address of who asks, as the server knows it, or a proxy that the settings trust."""
    client = visit.request.client
    return client.host if client else ""
