"""What rich draws on, for the commands that draw. Apart, for who only prints has no need of rich."""

from __future__ import annotations

from typing import Any, TextIO, cast

from rich.console import Console

from runtime.visible import visible


class Screen(Console):
    """What rich draws on, which reads no markup in what it is given."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    @property
    def stream(self) -> TextIO:
        """The stream that it draws on, for others who make their text visible themselves."""
        return cast("TextIO", self.file)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print the objects, texts as they may be seen."""
        super().print(*(visible(each) if isinstance(each, str) else each for each in objects), **options)


out = Screen()
err = Screen(stderr=True)
