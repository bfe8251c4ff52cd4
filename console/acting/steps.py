"""The page of a step: its form, filled in with what is known, and recording it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import drafts
from casework.failures import Kind, Refused, failure_of
from casework.referral import steps
from casework.referral.acting import ActingView, acting_view, changed_since
from casework.referral.following import Follows, what_follows
from casework.signing_in.kept_forms import drop_typed
from casework.words.names import spoken
from console.acting.filling import Filled, as_uuid, beginning, filled_with, from_draft, rows_after, sent
from console.acting.forms.checking import Checked, check, problem_of
from console.acting.forms.fields import Form
from console.acting.forms.reading import Problem, read
from console.acting.forms.showing import ADD, REMOVE
from console.acting.forms.showing import show as show_form
from console.acting.panels import panels_of
from console.acting.titles import title_of
from console.acting.wording import Wording, worded_form, wording_of
from console.addresses import as_reference, step_address
from console.asked import Asked
from console.referral.looking import of_referral
from schemas.commands import COMMANDS, Command

_NOT_HERE = frozenset({"open_referral", "reach_deadline", "settle_notice"})
_PEOPLE = ("participant", "about")
_IN_AN_ADDRESS = re.compile(r"[\w,:./-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that somebody is about to take.

    Attributes:
        known: what the address says of the fields.
        subject: what the step is about, by its id; empty: the referral as a whole.
    """

    reference: str
    kind: str
    form: Form
    wording: Wording
    known: dict[str, str]
    subject: str

    @property
    def about(self) -> str | None:
        """The person whom it is about, by id, where the address says so."""
        return next((self.known[name] for name in _PEOPLE if name in self.known), None)


def step_of(asked: Asked) -> Step:
    """The step that the address of a request names.

    Raises:
        HTTPException: there is no such step.
    """
    named = asked.request.path_params
    return step_at(named["reference"], named["kind"], dict(asked.request.query_params))


def step_at(reference: str, kind: str, query: Mapping[str, str]) -> Step:
    """A step of a referral.

    Args:
        query: what the address says besides.

    Raises:
        HTTPException: there is no such step.
    """
    if kind not in COMMANDS or kind in _NOT_HERE:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such step. Go back, and choose one there.")
    reference = as_reference(reference)
    form = worded_form(kind)
    # Ids and words of closed lists; nobody says more in an address.
    known = {
        name: value
        for name, value in query.items()
        if form.field(name) is not None and _IN_AN_ADDRESS.fullmatch(value)
    }
    return Step(reference, kind, form, wording_of(kind), known, known.get(form.subject or "", ""))


@of_referral
async def show_step(asked: Asked, _reference: str) -> Response:
    """Show the form of a step: as the person left it, or with what is known."""
    return await show(asked, step_of(asked))


async def show(asked: Asked, step: Step) -> Response:
    """Show the form of a step."""
    kept = await _left(asked, step)
    view = await view_of(asked, step, after=kept.expected if kept else None, without=kept)
    if kept is not None and view.done:
        # It was recorded while our script was still keeping it.
        await drafts.drop(asked.session, step.reference, step.kind, step.subject)
        kept, view = None, await view_of(asked, step)
    filled = kept or beginning(step.form, step.wording, view, step.known, step.about)
    if view.since:
        # Who sends it now has seen what changed.
        filled.expected = view.sequence
    return await page(asked, step, view, filled)


async def _left(asked: Asked, step: Step) -> Filled | None:
    """What the person left in the form; also when their session ran out."""
    if asked.typed is not None:
        filled = await save(asked, step, filled_with(asked.typed))
        await drop_typed(asked.session, asked.request.url.path)
        return filled
    draft = await drafts.find(asked.session, step.reference, step.kind, step.subject)
    return from_draft(draft) if draft else None


async def take_step(asked: Asked) -> Response:
    """Record a step, or say what is wrong; or add a row, or say what would follow."""
    step = step_of(asked)
    filled = sent(asked.posted)
    match asked.posted_text("_do").partition(":")[0]:
        case "discard":
            await drafts.drop(asked.session, step.reference, step.kind, step.subject)
            return asked.redirect(address_of(step))
        case "add" | "remove":
            return await _with_rows(asked, step, filled)
        case "check":
            await save(asked, step, filled)
            return await page(asked, step, await view_of(asked, step), filled)
        case _:
            return await _record(asked, step, filled)


async def _record(asked: Asked, step: Step, filled: Filled) -> Response:
    # Who is asked for no id needs to know which are free.
    view = await view_of(asked, step) if step.wording.settle else None
    checked = checked_by(step, filled, view)
    if checked.command is None:
        return await refuse(asked, step, filled, checked.problems)
    if step.wording.confirm:
        return await _to_confirm(asked, step, filled, checked.command)
    if await changed(asked, step, filled):
        return await _show_what_changed(asked, step, filled)
    return await record(asked, step, filled, checked.command)


async def _to_confirm(asked: Asked, step: Step, filled: Filled, command: Command) -> Response:
    try:
        await steps.preview(asked.session, step.reference, command)
    except Refused as refused:
        return await refuse(asked, step, filled, (problem_of(step.form, refused),), HTTPStatus.CONFLICT)
    await save(asked, step, filled)
    return asked.redirect(address_of(step, "/confirm"))


async def record(asked: Asked, step: Step, filled: Filled, command: Command) -> Response:
    """Record a step and lead on to the referral, with a receipt."""
    try:
        taken = await steps.take(asked.session, step.reference, command, filled.command_id)
    except Refused as refused:
        return await refuse(asked, step, filled, (problem_of(step.form, refused),), HTTPStatus.CONFLICT)
    except Exception as error:
        await _keep_where_possible(asked, step, filled, error)
        raise
    await drafts.drop(asked.session, step.reference, step.kind, step.subject)
    return receipt(asked, step, taken.sequence)


def receipt(asked: Asked, step: Step, sequence: int) -> Response:
    """Lead on to the referral, which shows what was recorded."""
    if step.kind == "refuse_transfer":
        # What stays with another area is none of theirs to see.
        return asked.redirect("/my-work")
    return asked.redirect(f"/referrals/{step.reference}?recorded={sequence}")


def command_id_of(asked: Asked) -> UUID | None:
    """The id of the command that a form carries; None where it carries none."""
    return as_uuid(asked.posted_text("_command"))


async def _keep_where_possible(asked: Asked, step: Step, filled: Filled, error: Exception) -> None:
    """Keep what was written, where the servers that do not answer are not those that keep it."""
    failure = failure_of(error)
    if failure is None or failure.kind is not Kind.UNREACHABLE:
        return
    try:
        await save(asked, step, filled)
    except Exception as other:
        if failure_of(other) is None:
            raise


async def refuse(
    asked: Asked,
    step: Step,
    filled: Filled,
    problems: Sequence[Problem],
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Response:
    """Show the form again with what is wrong; what was written is kept."""
    await save(asked, step, filled)
    view = await view_of(asked, step)
    named = [Problem(each.name, spoken(each.sentence, view.called)) for each in problems]
    return await page(asked, step, view, filled, named, status=status)


async def changed(asked: Asked, step: Step, filled: Filled) -> bool:
    """Whether others recorded something since the person began."""
    if filled.expected is None:
        return False
    return await changed_since(asked.session, step.reference, filled.expected, filled.command_id)


async def _show_what_changed(asked: Asked, step: Step, filled: Filled) -> Response:
    view = await view_of(asked, step, after=filled.expected, without=filled)
    await save(asked, step, filled)
    # Who sends it again has seen what changed.
    filled.expected = view.sequence
    return await page(asked, step, view, filled, status=HTTPStatus.CONFLICT)


async def _with_rows(asked: Asked, step: Step, filled: Filled) -> Response:
    asked_for = asked.posted_text("_do")
    more_rows = rows_after(step.form, filled, asked_for.removeprefix(ADD).removeprefix(REMOVE), asked_for)
    await save(asked, step, filled)
    return await page(asked, step, await view_of(asked, step), filled, more_rows=more_rows)


async def save(asked: Asked, step: Step, filled: Filled) -> Filled:
    """Keep what was written as a draft."""
    kept = await drafts.save(asked.session, step.reference, step.kind, step.subject, filled.as_draft())
    filled.saved_at = kept.saved_at
    return filled


async def view_of(
    asked: Asked, step: Step, *, after: int | None = None, without: Filled | None = None
) -> ActingView:
    """The referral, for who is about to take the step."""
    return await acting_view(
        asked.session,
        step.reference,
        step.kind,
        about=step.about,
        names=not asked.names_hidden,
        after=after,
        without=without.command_id if without else None,
    )


def checked_by(step: Step, filled: Filled, view: ActingView | None) -> Checked:
    """The command that was sent, or what is wrong with it."""
    settle = step.wording.settle
    if settle is None or view is None:
        return check(step.form, filled.posted)
    return check(step.form, filled.posted, lambda body: settle(body, view))


async def follows(asked: Asked, step: Step, view: ActingView, filled: Filled) -> Follows | str | None:
    """What would follow from the step as far as it is filled in; a sentence, where a rule does not allow it; None where
    too little is known."""
    command = checked_by(step, filled, view).command
    if command is None and step.wording.sample:
        known = {**step.wording.sample, **read(step.form, filled.posted).body}
        command = checked_by(step, beginning(step.form, step.wording, view, {}, None, known), view).command
    if command is None or view.referral is None:
        return None
    try:
        return await what_follows(asked.session, step.reference, command, view)
    except Refused as refused:
        return spoken(refused.message, view.called)


async def page(
    asked: Asked,
    step: Step,
    view: ActingView,
    filled: Filled,
    problems: Sequence[Problem] = (),
    *,
    more_rows: dict[str, int] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """The page of a step.

    Raises:
        HTTPException: the address names somebody who is not in the referral.
    """
    if step.about is not None and view.called and step.about not in view.called:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Nobody with that number is in this referral.")
    form = step.wording.adjust(step.form, view, step.about) if step.wording.adjust else step.form
    # Whom it is about stands in the heading, and is not asked again.
    fixed = [name for name in _PEOPLE if name in step.known and step.known[name] in view.called]
    title = title_of(step.kind)
    shown = show_form(form, filled.posted, view.choices, problems, fixed=fixed, more_rows=more_rows)
    return asked.show(
        step.wording.template,
        status=status,
        # It stands in the form itself.
        typed=None,
        step=step,
        title=title,
        heading=title.for_person(view.called.get(step.about or "")),
        form=shown,
        filled=filled,
        view=view,
        missing=[spoken(each.sentence, view.called) for each in view.missing],
        follows=None if view.missing else await follows(asked, step, view, filled),
        panels=panels_of(step.kind, view, step.about),
        address=address_of(step),
        draft=address_of(step, "/draft"),
        **(step.wording.shown(shown, view) if step.wording.shown else {}),
    )


def address_of(step: Step, below: str = "") -> str:
    """The address of a step, or of a page below it, with what is known of the fields."""
    return step_address(step.reference, step.kind, step.known, below)
