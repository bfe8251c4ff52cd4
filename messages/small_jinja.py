"""The subset of Jinja that a template may use, so that an untrusted one always ends and has access to nothing."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class NotAccepted(Exception):
    """A template uses something that is not accepted.

    Args:
        wrong: what, and in which line of the value.
        accepted: what may be written instead.
        name: the variable, where it is an unknown one.
    """

    def __init__(self, wrong: str, accepted: str, name: str | None = None) -> None:
        super().__init__(wrong)
        self.wrong, self.accepted, self.name = wrong, accepted, name


_FILTERS = frozenset({"capitalize", "length", "lower", "upper"})
# No call, arithmetic, assignment or macro: what is left always ends, and soon.
_HARMLESS = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.Filter),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand),
)
# Deeper than anybody nests conditions; Python's own compiler fails at a hundred.
_DEEPEST = 20


def _environment() -> ImmutableSandboxedEnvironment:
    # The result is plain text, so nothing is escaped.
    made = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


_JINJA = _environment()


@dataclass(frozen=True)
class _Look:
    variables: Set[str]
    lists: Set[str]
    entry_keys: Set[str]

    def at(self, node: nodes.Node, entry: str | None, depth: int) -> None:
        """Refuse what is not accepted; `entry` is the loop variable inside a loop over a list."""
        match node:
            case nodes.For() if entry is None and not node.recursive:
                self._at_loop(node, depth)
                return
            case nodes.Getattr(node=nodes.Name(name=name), attr=attr) if name == entry:
                if attr not in self.entry_keys:
                    keys = ", ".join(sorted(self.entry_keys))
                    raise NotAccepted(f"line {node.lineno}: an entry has no {attr}", f"its {keys}")
            case nodes.Name(name=name):
                if name != entry:
                    self._at_variable(name, node.lineno)
            case nodes.Filter(name=name) if name not in _FILTERS:
                filters = ", ".join(sorted(_FILTERS))
                raise NotAccepted(f"line {node.lineno}: there is no filter {name}", f"the filters {filters}")
            case _ if not isinstance(node, _HARMLESS) or depth > _DEEPEST:
                raise NotAccepted(
                    f"line {node.lineno}: a template may not do this ({type(node).__name__})",
                    "variables, `if`, and `for` through a list of the digest, none inside another",
                )
        for child in node.iter_child_nodes():
            self.at(child, entry, depth + 1)

    def _at_loop(self, loop: nodes.For, depth: int) -> None:
        match loop:
            case nodes.For(target=nodes.Name(name=entry), iter=nodes.Name(name=of)) if of in self.lists:
                self._at_variable(of, loop.lineno)
                for part in (*loop.body, *loop.else_, *([loop.test] if loop.test else [])):
                    self.at(part, entry, depth + 1)
            case _:
                accepted = "`for item in` one of " + ", ".join(sorted(self.lists))
                raise NotAccepted(f"line {loop.lineno}: this is no list to go through", accepted)

    def _at_variable(self, name: str, line: int) -> None:
        if name not in self.variables:
            accepted = f"the variables {', '.join(sorted(self.variables))}"
            raise NotAccepted(f"line {line}: there is no variable {name} here", accepted, name)


def compiled(source: str, variables: Set[str], lists: Set[str], entry_keys: Set[str]) -> Template:
    """Compile a template for plain text.

    Args:
        source: as it was written.
        variables: the names that it may use.
        lists: those of them that it may loop over.
        entry_keys: what it may read of an entry of such a list.

    Raises:
        NotAccepted: the source is not Jinja, or uses something that is not accepted.
    """
    try:
        tree = _JINJA.parse(source)
    except TemplateSyntaxError as error:
        raise NotAccepted(f"line {error.lineno}: {error.message}".rstrip("."), "correct Jinja") from None
    except (RecursionError, ValueError):
        # Too many brackets, or a number of thousands of digits.
        raise NotAccepted("it cannot be understood", "correct Jinja") from None
    _Look(variables, lists, entry_keys).at(tree, None, 0)
    return _JINJA.from_string(tree)
