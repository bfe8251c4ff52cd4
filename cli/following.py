"""Showing how far work on many referrals has come, while somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import typer

from cli.common import progress

Progress = TypeVar("Progress")
Result = TypeVar("Result")

# Seconds without an answer after which somebody who waits is told why.
_SILENT_FOR = 10.0


class Shown(NamedTuple):
    """What is shown of an answer.

    Attributes:
        done, total: referrals; no total: it is not known yet.
        remark: a sentence that is said once; None where there is none.
    """

    done: int
    total: int | None
    remark: str | None


async def follow_on_a_bar(
    label: str,
    total: int | None,
    shown: Callable[[Progress], Shown],
    work: Callable[[Callable[[Progress | None], None]], Awaitable[Result]],
) -> Result:
    """Do the work, and show on a bar how far it has come.

    Args:
        label: what stands before the bar.
        total: how many referrals are expected; None: the work says so.
        shown: what is shown of an answer of the work.
        work: does it; it is given what to call with each answer, or with None where nobody answers.
    """
    loop = asyncio.get_running_loop()
    with progress() as bar:
        task = bar.add_task(label, total=total)
        said: set[str] = set()
        heard_at = loop.time()

        def say(sentence: str) -> None:
            if sentence not in said:
                said.add(sentence)
                typer.echo(sentence, err=True)

        def show(answer: Progress | None) -> None:
            nonlocal heard_at
            if answer is None:
                if loop.time() - heard_at > _SILENT_FOR:
                    say("No worker answers: it goes on when one runs (`rj up`, or `python worker.py`).")
                return
            heard_at = loop.time()
            found = shown(answer)
            if found.remark:
                say(found.remark)
            bar.update(task, completed=found.done, total=found.total)

        try:
            return await work(show)
        except asyncio.CancelledError:
            typer.echo("It goes on by itself; run the same command again to follow it.", err=True)
            raise
