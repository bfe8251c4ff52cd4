"""Policies as files: the ones that ship, and those that extend them."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from policies.checks import as_policy, faults
from policies.faults import Fault, instead
from policies.toml_lines import Place, lines
from schemas.areas import Area
from schemas.policy import DeadlineName, FactKind, Policies

_SHIPPED = Path(__file__).parent
DEFAULT = _SHIPPED / "england-and-wales.toml"

# Bounds of a file, far above what a service needs: reading TOML, and looking for all that is wrong with it, takes time
# that grows faster than what is read.
_LARGEST = 100_000
_LONGEST_LINE = 6_000
_MOST_THINGS = 5_000
_DEEPEST = 10
_MOST_FILES = 10

_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_NUMBERS = frozenset({"due", "warn", "escalate", "by_justice_stage"})
_KEPT = frozenset({"after_erasure"})


class BadPolicy(Exception):
    """A policy file cannot be used. One sentence says where and why."""


class Problem(NamedTuple):
    """One thing that is wrong with a policy file.

    Attributes:
        file: where it stands: the file itself or one that it extends.
        line: counted from 1; None where there is none to name.
        where: the dotted path to it, such as deadlines.allocation.due; empty for the file as a whole.
        sentence: what is wrong and what is accepted, without its full stop.
    """

    file: Path
    line: int | None
    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}" if self.where else self.sentence


class _File(NamedTuple):
    """What one file says."""

    path: Path
    says: dict[str, Any]
    lines: dict[Place, int]


class _Unreadable(Exception):
    """A file, or one that it extends, cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def load_policies(path: Path | None = None) -> Policies:
    """The policy in a file, on top of the one it names in ``extends``, and that of each area that it tells apart.

    Args:
        path: without one, that of England and Wales.

    Raises:
        BadPolicy: the file is missing, no TOML, or not a policy. Of several faults the first is told.
    """
    found, policies = _examined(path or DEFAULT)
    if policies is None:
        first, *others = found
        at = f", line {first.line}," if first.line else ""
        said = str(first)
        if others:
            said = f"{said} ({len(others)} more after it: `rj policy check` tells all)"
        raise BadPolicy(
            f"The policy {first.file}{at} cannot be used: {said}{'' if said.endswith('?') else '.'}"
        )
    return policies


def problems(path: Path) -> list[Problem]:
    """Everything that keeps a policy file from being used, in the order of its lines; empty where nothing does."""
    return _examined(path)[0]


def _examined(path: Path) -> tuple[list[Problem], Policies | None]:
    try:
        files = list(_read(path, ()))
    except _Unreadable as error:
        return [error.problem], None
    whole: dict[str, Any] = {}
    for file in reversed(files):
        whole = _laid_over(whole, file.says)
    areas = whole.pop("areas", {})
    in_areas = _by_area(areas, whole)
    of_all = faults(whole)
    found = [*_said_wrong(files, areas), *(_located(fault, files) for fault in of_all)]
    for area, merged in in_areas.items():
        found += [_located(fault, files, area) for fault in faults(merged) if fault not in of_all]
    if found:
        order = {file.path: number for number, file in enumerate(files)}
        return sorted(found, key=lambda problem: (order[problem.file], problem.line or 0)), None
    policies = {Area(area): as_policy(merged) for area, merged in in_areas.items()}
    return [], Policies(base=as_policy(whole), areas=policies)


def _by_area(areas: Any, whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if not isinstance(areas, dict):
        return {}
    return {
        name: _laid_over(whole, differs)
        for name, differs in areas.items()
        if name in set(Area) and isinstance(differs, dict)
    }


# Reading.


def _read(path: Path, above: tuple[Path, ...]) -> Iterator[_File]:
    """The file, and after it those that it builds on; raises _Unreadable."""
    text = _text(path)
    try:
        says = tomllib.loads(text)
        _refuse_shape(path, says)
        where = lines(text)
    except tomllib.TOMLDecodeError as error:
        at = _LINE.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        said = _LINE.sub("", str(error)).strip()
        raise _Unreadable(Problem(path, line, "", f"this is not TOML: {said}")) from None
    except RecursionError:
        raise _Unreadable(Problem(path, None, "", "holds too many brackets inside brackets")) from None
    except ValueError:
        # Python reads no whole number of more than 4,300 digits.
        raise _Unreadable(Problem(path, None, "", "holds a number that is too long")) from None
    extends = says.pop("extends", None)
    yield _File(path, says, where)
    if extends is not None:
        line = where[("extends",)]
        below = _found(path, extends, line)
        way = (*above, path)
        if len(way) >= _MOST_FILES:
            raise _Unreadable(Problem(path, line, "extends", f"at most {_MOST_FILES} files build on another"))
        if below.resolve() in {each.resolve() for each in way}:
            names = ", which extends ".join(each.name for each in (*way, below))
            raise _Unreadable(Problem(path, line, "extends", f"goes in a circle: {names}"))
        yield from _read(below, way)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise _Unreadable(Problem(path, None, "", f"cannot be read: {reason}")) from None
    except UnicodeDecodeError:
        raise _Unreadable(Problem(path, None, "", "is not text in UTF-8")) from None
    if len(content) > _LARGEST:
        raise _Unreadable(Problem(path, None, "", f"is larger than {_LARGEST // 1000} kB"))
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST_LINE:
            sentence = f"this line is longer than {_LONGEST_LINE:,} characters"
            raise _Unreadable(Problem(path, number, "", sentence))
    return text


def _refuse_shape(path: Path, says: dict[str, Any]) -> None:
    """Raise _Unreadable for more tables in one another, or more things in all, than a policy needs."""
    level: list[Any] = [says]
    things = 0
    for _ in range(_DEEPEST + 1):
        level = [
            below
            for value in level
            if isinstance(value, dict | list)
            for below in (value.values() if isinstance(value, dict) else value)
        ]
        things += len(level)
        if things > _MOST_THINGS:
            raise _Unreadable(Problem(path, None, "", f"says more than {_MOST_THINGS:,} things"))
    if level:
        raise _Unreadable(
            Problem(path, None, "", f"holds more than {_DEEPEST} tables or lists in one another")
        )


def _found(path: Path, extends: Any, line: int) -> Path:
    """The file that is built on: one in the folder of the file that names it, or one that ships."""
    shipped = sorted(each.name for each in _SHIPPED.glob("*.toml"))
    if not (isinstance(extends, str) and extends.isprintable()):
        sentence = f"must be the name of a file beside this one, or {' or '.join(shipped)}"
        raise _Unreadable(Problem(path, line, "extends", sentence))
    leads_out = False
    for folder in (path.parent, _SHIPPED):
        candidate = folder / extends
        if not _lies_in(candidate, folder):
            # Whether there is such a file is not said either.
            leads_out = True
        elif _is_file(candidate):
            return candidate
    if leads_out:
        sentence = f"leads out of the folder of this file: name a file beside it, or {' or '.join(shipped)}"
    else:
        sentence = (
            f"there is no file {extends} beside this one, and none that ships. {instead(extends, shipped)}"
        )
    raise _Unreadable(Problem(path, line, "extends", sentence))


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder or below it, wherever links lead."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        # A name that is too long, or links that lead in a circle.
        return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name that is too long, or a folder that may not be looked into.
        return False


def _laid_over(base: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    whole = dict(base)
    for name, value in written.items():
        below = whole.get(name)
        whole[name] = (
            _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return whole


# What is wrong with a file by itself, whatever it is laid over.


def _said_wrong(files: Sequence[_File], areas: Any) -> Iterator[Problem]:
    if not isinstance(areas, dict):
        yield _located(Fault(("areas",), "must be tables, such as [areas.durham]"), files)
        areas = {}
    for name, differs in areas.items():
        if name not in set(Area):
            yield _located(Fault(("areas", name), f"is no police area. {instead(name, Area)}"), files)
        elif not isinstance(differs, dict):
            yield _located(Fault(("areas", name), "must be a table"), files)
    *extending, _ = files
    for file in extending:
        yield from _groundless(file, (), file.says)
        yield from _names_nothing(file, files)
    for file in files:
        differing = file.says.get("areas")
        for name, differs in differing.items() if isinstance(differing, dict) else ():
            if isinstance(differs, dict):
                yield from _groundless(file, ("areas", name), differs)


def _names_nothing(file: _File, files: Sequence[_File]) -> Iterator[Problem]:
    """Notices that are switched off and that no file below has: a slip of the keyboard would be sent all the same."""
    switched = file.says.get("notices")
    below = files[list(files).index(file) + 1 :]
    known = {
        name for other in below if isinstance(notices := other.says.get("notices"), dict) for name in notices
    }
    for name, rule in switched.items() if isinstance(switched, dict) else ():
        if rule is False and name not in known:
            yield _located(
                Fault(("notices", name), f"there is no such notice to switch off. {instead(name, known)}"),
                [file],
            )


def _groundless(file: _File, above: Place, says: dict[str, Any]) -> Iterator[Problem]:
    """What would go under the ground of what it takes the place of."""
    for table, names, settling, what in (
        ("deadlines", set(DeadlineName), _NUMBERS, "a number"),
        ("facts", set(FactKind), _KEPT, "what is kept"),
    ):
        rules = says.get(table)
        for name, rule in rules.items() if isinstance(rules, dict) else ():
            if name not in names or not isinstance(rule, dict) or not settling & set(rule):
                continue
            lacking = [field for field in ("ground", "source") if field not in rule]
            if lacking:
                place = (*above, table, name)
                yield Problem(
                    file.path,
                    file.lines.get(place),
                    _dotted(place),
                    f"changes {what} without saying where it comes from: add {' and '.join(lacking)}",
                )


# Where a fault stands.


def _located(fault: Fault, files: Sequence[_File], area: str | None = None) -> Problem:
    above: Place = ("areas", area) if area else ()
    where = _dotted((*above, *fault.place))
    # What an area or an extending file says has brought the fault about, so it is looked for there first.
    for prefix in dict.fromkeys((above, ())):
        for file in files:
            for place in (fault.place, *fault.against):
                line = file.lines.get((*prefix, *place))
                if line is not None:
                    return Problem(file.path, line, where, fault.sentence)
    # It is missing: the innermost table that it is missing from is told.
    place = (*above, *fault.place)
    for depth in range(len(place) - 1, 0, -1):
        for file in files:
            if (line := file.lines.get(place[:depth])) is not None:
                return Problem(file.path, line, where, fault.sentence)
    return Problem(files[0].path, None, where, fault.sentence)


def _dotted(place: Place) -> str:
    """The path in words that people may look for; the number in a list is the line's to tell."""
    return ".".join(str(part)[:60] for part in place if not isinstance(part, int))
