"""What members of staff and partners were told."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import AsOption, JsonOption, print_json, print_table, room, run, when
from schemas.notices import Category

if TYPE_CHECKING:
    from messages.wording import Wording
    from runtime.referrals import Referrals
    from schemas.areas import Area
    from schemas.policy import Policies
    from schemas.vocabulary import Stage
    from stores.database import Pool
    from stores.keys.referral_keys import KeyStore
    from stores.notices import Letter

app = room()

# The kinds that ask somebody to act, or to come, until it is over. A task waits on a list of its own; the rest is news.
_ASKING = frozenset(
    {Category.REMINDER, Category.ESCALATION, Category.SIGN_OFF, Category.SAFEGUARDING, Category.MEETING}
)


@app.command("inbox")
def inbox_command(
    staff: AsOption,
    everything: Annotated[bool, typer.Option("--all", help="Also what you have read before.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")] = 50,
    keep_unread: Annotated[
        bool, typer.Option("--keep-unread", help="Only look; they count as unread still.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what you were told and have not read, newest first; it counts as read from then on.

    What asked somebody to act is marked over where it no longer waits: done, moved, or past by closing.

    Example: rj inbox --as cw-1
    """

    async def work(referrals: Referrals) -> None:
        from stores import notices
        from stores.referrals import where_they_stand

        member = await referrals.member(staff)
        found = await notices.inbox(referrals.pool, member.id, unread=not everything, limit=limit + 1)
        letters = found[:limit]
        where = await where_they_stand(referrals.pool, {letter.reference for letter in letters})
        wording = _wording()
        waiting = await _still_open(referrals.pool, referrals.keys, letters)
        said = [
            _said(letter, wording, referrals.policies, where[letter.reference]) | {"still_open": waits}
            for letter, waits in zip(letters, waiting, strict=True)
        ]
        if as_json:
            print_json(said)
        else:
            _print(said, more=len(found) > limit, everything=everything)
        # What nobody could see is not read.
        sys.stdout.flush()
        if not keep_unread:
            await notices.mark_read(referrals.pool, member.id, letters, datetime.now(UTC))

    run(work, temporal=False)


async def _still_open(pool: Pool, keys: KeyStore, letters: list[Letter]) -> list[bool | None]:
    """Of each letter, whether what it asks for waits still, by the log; None where it asks for nothing."""
    from lifecycle import fold
    from lifecycle.notifying.notices import still_wanted
    from stores.logs import event_log

    asking = [letter.notice.category in _ASKING for letter in letters]
    about = {letter.reference for letter, asks in zip(letters, asking, strict=True) if asks}
    states = {reference: fold(await event_log.history(pool, keys, reference)) for reference in about}
    return [
        still_wanted(states[letter.reference], letter.notice) if asks else None
        for letter, asks in zip(letters, asking, strict=True)
    ]


def _wording() -> Wording:
    from messages.wording import Wording
    from runtime.settings import Settings

    settings = Settings.load()
    return Wording.load(settings.templates, console=settings.console_url)


def _said(letter: Letter, wording: Wording, policies: Policies, where: tuple[Area, Stage]) -> dict[str, Any]:
    from messages.notice_facts import facts, template_in_words
    from messages.wording import TEMPLATES, Medium, media

    notice, (area, stage) = letter.notice, where
    if notice.template in TEMPLATES and Medium.INBOX in media(notice.template):
        policy = policies.of(area)
        known = facts(letter.reference, notice, policy, area=area, stage=stage)
        says = wording.render(notice.template, Medium.INBOX, known, welsh=policy.welsh).body
    else:
        # A policy of one's own may tell staff by words that are for others, or that are no more.
        says = f"{letter.reference}: {template_in_words(notice.template)}."
    return {
        "reference": letter.reference,
        "id": notice.id,
        "at": notice.at.isoformat(),
        "category": notice.category,
        "template": notice.template,
        "about": notice.about.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        "read_at": letter.read_at.isoformat() if letter.read_at else None,
        "says": says,
    }


def _print(said: list[dict[str, Any]], *, more: bool, everything: bool) -> None:
    if not said:
        typer.echo("There is nothing." if everything else "There is nothing that you have not read.")
        return
    print_table(
        [
            ("WHEN", "", "WHAT"),
            *((when(datetime.fromisoformat(each["at"])), _marks(each), each["says"]) for each in said),
        ]
    )
    if more:
        typer.echo(f"There is more; --limit shows more than {len(said)} at a time.")


def _marks(letter: dict[str, Any]) -> str:
    marks = {"new": letter["read_at"] is None, "over": letter["still_open"] is False}
    return ", ".join(mark for mark, holds in marks.items() if holds)
