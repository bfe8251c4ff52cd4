"""A form as it is shown: each question with what was answered, what may be chosen, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from casework.referral.choices import Choices, Chosen
from console.acting.forms.fields import NONE, Field, Form, Kind, Option, Section
from console.acting.forms.reading import Posted, Problem, row_numbers

ADD = "add:"
"""Before the name of a list of rows, of which another is asked for."""
REMOVE = "remove:"
"""Before the name and the number of a row that is to go."""


@dataclass(slots=True)
class ShownOption:
    """One of the answers to choose from."""

    value: str
    words: str
    hint: str
    tag: tuple[str, str] | None
    checked: bool


@dataclass(slots=True)
class Shown:
    """A question as it is shown.

    Attributes:
        name: by which it is sent.
        id: of the first thing to be filled in, to which the summary of what is wrong leads.
        kind: as the templates tell them apart.
        optional: whether it says that it need not be answered.
        error: what is wrong with it; empty where nothing is.
        value: what was written.
        parts: of a day, its day, month and year, and the time.
        heading: of a row or a group.
        remove: the value of the button that takes a row away; empty where there is none.
        add: the value of the button that adds a row; empty where there is none.
        open: of what is folded, whether it is open.
        answered: whether an answer was chosen that is not there from the beginning.
        when: the question after which alone it is asked, and the answers to it.
        rows: lines of a text of several.
    """

    name: str
    id: str
    kind: str
    label: str
    hint: str = ""
    optional: bool = False
    error: str = ""
    value: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    options: list[ShownOption] = field(default_factory=list)
    below: list[Shown] = field(default_factory=list)
    sections: list[ShownSection] = field(default_factory=list)
    heading: str = ""
    remove: str = ""
    add: str = ""
    folded: str = ""
    open: bool = False
    answered: bool = False
    when: tuple[str, str] | None = None
    longest: int | None = None
    rows: int = 5

    @property
    def touched(self) -> bool:
        """Whether anything is filled in or wrong, here or below."""
        filled = self.value or any(self.parts.values()) or self.answered
        below = any(each.touched for each in self.below) or any(each.open for each in self.sections)
        return bool(filled or self.error) or below


@dataclass(slots=True)
class ShownSection:
    """Questions that are folded away below a heading; open, where something in them is filled in or wrong."""

    heading: str
    questions: list[Shown]

    @property
    def open(self) -> bool:
        """Whether it is shown unfolded."""
        return any(each.touched for each in self.questions)


@dataclass(slots=True)
class ShownForm:
    """A form as it is shown.

    Attributes:
        hidden: what is sent and not asked.
        problems: for the summary: the id that each leads to, empty where it leads nowhere, and its sentence.
    """

    questions: list[Shown]
    sections: list[ShownSection]
    hidden: list[tuple[str, str]]
    problems: list[tuple[str, str]]


def show(
    form: Form,
    posted: Posted,
    choices: Choices,
    problems: Sequence[Problem] = (),
    *,
    fixed: Collection[str] = (),
    more_rows: Mapping[str, int] | None = None,
) -> ShownForm:
    """The form with what was filled in.

    Args:
        choices: what may be chosen of the referral.
        fixed: the names of questions whose answers are settled; they are sent and not asked.
        more_rows: how many rows of a list to show at least, by its name.
    """
    showing = _Showing(posted, choices, {each.name: each.sentence for each in problems}, more_rows or {})
    asked = [each for each in form.fields if each.name not in fixed and each.kind is not Kind.HIDDEN]
    questions, sections = showing.parts(asked, form.sections, "")
    hidden = [(name, value) for name in posted for value in posted[name] if _is_hidden(form, name, fixed)]
    return ShownForm(
        questions,
        sections,
        hidden,
        [(_id_of(form, each.name, fixed), each.sentence) for each in problems],
    )


def _is_hidden(form: Form, name: str, fixed: Collection[str]) -> bool:
    field = form.field(name)
    return field is not None and (name in fixed or field.kind is Kind.HIDDEN)


def id_of(name: str) -> str:
    """The id of a question on the page."""
    return f"f-{name.replace('.', '-').replace('_', '-')}"


def _id_of(form: Form, name: str, fixed: Collection[str]) -> str:
    field = form.field(name) if name else None
    if field is None or name in fixed or field.kind is Kind.HIDDEN:
        return ""
    first = id_of(name)
    if field.kind in (Kind.DAY, Kind.MOMENT):
        return f"{first}-day"
    if field.kind is Kind.ROWS and field.fields:
        return _id_of(form, f"{name}.0.{field.fields[0].name}", fixed)
    if field.kind is Kind.EACH and field.options:
        return _id_of(form, f"{name}.{field.options[0].value}.{field.fields[0].name}", fixed)
    if field.kind is Kind.GROUP and field.fields:
        return _id_of(form, f"{name}.{field.fields[0].name}", fixed)
    return first


class _Showing:
    def __init__(
        self, posted: Posted, choices: Choices, errors: Mapping[str, str], more_rows: Mapping[str, int]
    ) -> None:
        self._posted = posted
        self._choices = choices
        self._errors = errors
        self._more_rows = more_rows

    def parts(
        self, fields: Sequence[Field], sections: Sequence[Section], prefix: str
    ) -> tuple[list[Shown], list[ShownSection]]:
        """The questions that stand open, and those that are folded away."""
        folded = {name for section in sections for name in section.names}
        shown = self.questions([each for each in fields if each.name not in folded], prefix)
        away = self.questions([each for each in fields if each.name in folded], prefix)
        by_name = {each.name: each for each in away}
        found = [
            ShownSection(
                each.heading, [by_name[prefix + name] for name in each.names if prefix + name in by_name]
            )
            for each in sections
        ]
        return shown, [each for each in found if each.questions]

    def questions(self, fields: Sequence[Field], prefix: str) -> list[Shown]:
        """The questions, without those that there is nothing to answer to."""
        return [shown for each in fields if (shown := self._question(each, prefix)) is not None]

    def _question(self, field: Field, prefix: str) -> Shown | None:
        name = prefix + field.name
        shown = Shown(
            name,
            id_of(name),
            field.kind.value,
            field.label,
            field.hint,
            not field.required and field.default in (None, []),
            self._errors.get(name, ""),
            longest=field.longest,
            folded=field.folded,
            when=(prefix + field.when.name, " ".join(field.when.values)) if field.when else None,
        )
        match field.kind:
            case Kind.GROUP:
                shown.below, shown.sections = self.parts(field.fields, field.sections, f"{name}.")
            case Kind.ROWS:
                self._rows(shown, field)
            case Kind.EACH:
                self._each(shown, field)
            case Kind.DAY | Kind.MOMENT:
                shown.parts = self._parts(name)
            case Kind.RADIOS | Kind.SELECT | Kind.CHECKBOXES:
                return self._to_choose(shown, field)
            case _:
                shown.value = self._text(name)
                shown.rows = 3 if (field.longest or 0) <= _SHORT else 5
        shown.open = shown.touched
        return shown

    def _rows(self, shown: Shown, field: Field) -> None:
        numbers = row_numbers(self._posted, shown.name)
        wanted = max(field.least, len(numbers), self._more_rows.get(shown.name, 0))
        free = (str(each) for each in range(1000) if str(each) not in numbers)
        numbers = [*numbers, *(next(free) for _ in range(wanted - len(numbers)))]
        for at, number in enumerate(numbers, 1):
            name = f"{shown.name}.{number}"
            row = Shown(name, id_of(name), "row", field.label, heading=f"{field.label}: {at}")
            row.below = self.questions(field.fields, f"{name}.")
            if len(numbers) > field.least:
                row.remove = f"{REMOVE}{name}"
            shown.below.append(row)
        if len(numbers) < field.most:
            shown.add = f"{ADD}{shown.name}"

    def _each(self, shown: Shown, field: Field) -> None:
        for option in field.options:
            name = f"{shown.name}.{option.value}"
            row = Shown(name, id_of(name), "row", field.label, option.hint, heading=option.words)
            row.below = self.questions(field.fields, f"{name}.")
            shown.below.append(row)

    def _to_choose(self, shown: Shown, field: Field) -> Shown | None:
        options = self._options(field)
        sent = self._posted.get(shown.name)
        defaults = _defaults(field)
        chosen = defaults if sent is None else [each for each in sent if each]
        shown.answered = bool(chosen) and chosen != defaults
        if not options and not chosen and field.chosen is not None and not field.required:
            # There is nothing of it to choose, and nothing need be.
            return None
        if field.chosen is Chosen.ACTIVITY and not field.required and len(options) < 2 and not chosen:
            # It goes without saying which is meant.
            return None
        known = {each.value for each in options}
        # What was sent stays, though it is not offered any more.
        options += [Option(each, each) for each in chosen if each not in known and each != NONE]
        if field.kind is Kind.CHECKBOXES and field.none_of_them:
            options.append(Option(NONE, field.none_of_them))
        elif field.kind is Kind.RADIOS and field.chosen is not None and not field.required:
            options.append(Option("", field.none_of_them or "Nobody in particular"))
        shown.options = [
            ShownOption(
                each.value,
                each.words,
                each.hint,
                each.tag,
                each.value in chosen or (not each.value and not chosen and field.kind is Kind.RADIOS),
            )
            for each in options
        ]
        return shown

    def _options(self, field: Field) -> list[Option]:
        if field.chosen is None:
            return list(field.options)
        found = self._choices.get(field.chosen, ())
        return [
            Option(each.value, each.words, each.hint)
            for each in found
            if not field.only or each.marks & field.only
        ]

    def _parts(self, name: str) -> dict[str, str]:
        return {part: self._text(f"{name}-{part}") for part in ("day", "month", "year", "time")}

    def _text(self, name: str) -> str:
        return next(iter(self._posted.get(name, ())), "")


# Characters; what is no longer than that needs few lines.
_SHORT = 600


def _defaults(field: Field) -> list[str]:
    value = field.default
    if value is None or value == []:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    values: Iterable[object] = value if isinstance(value, list) else [value]
    return [str(each) for each in values]
