"""Keeping the records: whether they are as recorded, the master keys, and erasure."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    AsOption,
    BadInput,
    Exit,
    JsonOption,
    ReferenceArgument,
    as_reference,
    fail,
    guarded,
    print_json,
    print_table,
    progress,
    room,
    run,
    when,
    words,
)
from schemas.vocabulary import ErasureReason

if TYPE_CHECKING:
    from service.erasure import Erased
    from service.referrals import Referrals
    from stores.epochs import Incomplete
    from stores.event_log import Break
    from stores.keys import KeyStatus

app = room()
keys = typer.Typer(
    help="The master keys and the epoch key, which wrap the key of each referral.", rich_markup_mode=None
)
app.add_typer(keys, name="keys")


def _as_reason(text: str) -> ErasureReason:
    # Whatever else somebody writes here may tell of a person, so that it is not repeated.
    if text not in set(ErasureReason):
        raise typer.BadParameter(f"accepted: {', '.join(ErasureReason)}")
    return ErasureReason(text)


@app.command("verify")
def verify_command(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="REFERENCE", parser=as_reference, help="One referral; without it, all."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that the log is as it was recorded: the chain of hashes of one referral, or of all.

    Ends with 3 where one is broken. Needs no key, and holds after erasure.

    Example: rj verify RJ-7KQ4-M2X1
    """

    async def work(referrals: Referrals) -> tuple[int, list[Break]]:
        from lifecycle import Refused
        from stores import event_log
        from stores.referrals import all_references, area_of

        if reference is None:
            references = await all_references(referrals.pool)
        elif await area_of(referrals.pool, reference) is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        else:
            references = [reference]
        with progress() as bar:
            task = bar.add_task("Verifying", total=len(references))
            found = []
            async for _, broken in event_log.verify(referrals.pool, references):
                found += [broken] if broken else []
                bar.advance(task)
        return len(references), found

    checked, breaks = run(work, temporal=False)
    if as_json:
        print_json({"checked": checked, "broken": [asdict(each) for each in breaks]})
    elif not breaks:
        typer.echo(f"As recorded: {checked} referral{'s' * (checked != 1)}.")
    else:
        for each in breaks:
            typer.echo(f"{each.reference}: not as recorded from event {each.sequence} on")
    if breaks:
        fail(Exit.REFUSED, f"{len(breaks)} of {checked} referrals are not as they were recorded.")


@keys.command("status")
def keys_status(as_json: JsonOption = False) -> None:
    """Print what each master key still wraps, the epoch key, and which erasures are not complete.

    Example: rj keys status
    """

    async def work(referrals: Referrals) -> KeyStatus:
        return await referrals.keys.status()

    status = run(work, temporal=False)
    if as_json:
        print_json(asdict(status))
        return
    wraps = {status.newest: 0} | status.data_keys
    rows = [
        (
            key_id,
            str(count),
            "newest" if key_id == status.newest else "older: `rj keys rotate` takes it out of use",
        )
        for key_id, count in wraps.items()
    ]
    print_table([("MASTER KEY", "REFERRALS", ""), *rows])
    others = (
        f", and {status.not_under_epoch} referrals are not under it yet" if status.not_under_epoch else ""
    )
    typer.echo(f"Epoch key: {status.epoch or 'none yet'}{others}")
    typer.echo(f"Erased referrals: {status.erased}")
    if status.incomplete is not None:
        typer.echo(_incomplete(status.incomplete))


def _incomplete(found: Incomplete) -> str:
    from service.completing_erasures import late
    from stores.epochs import COMPLETE_WITHIN

    if found.late:
        return late(found)
    return (
        f"Not complete yet: {found.count}, the first of them erased {when(found.oldest)} and complete by "
        f"{when(found.oldest + COMPLETE_WITHIN)}; at once with `rj keys complete-erasures`."
    )


@keys.command("new")
def keys_new() -> None:
    """Add a master key to the file of master keys; it wraps from now on. Back the file up.

    Makes the file where there is none, unless the database was sealed with one that is gone.

    Example: rj keys new; rj keys rotate
    """

    async def add() -> tuple[Path, str, bool]:
        from service.data_folder import resolve
        from service.master_keys import make_missing
        from service.settings import Settings
        from stores.keys import MasterKeys

        settings = Settings.load()
        path = settings.master_keys_file
        if not path.exists() and await make_missing(
            path, settings.database_url or resolve(settings).database_url
        ):
            return path, MasterKeys.load(path).ids[0], True
        return path, MasterKeys.add_new(path), False

    path, added, made = guarded(lambda: asyncio.run(add()))
    if made:
        typer.echo(f"Made {path} with {added}. Back it up apart from the data.")
    else:
        typer.echo(f"Added {added} to {path}. Back the file up, then bring all under it: rj keys rotate")


@keys.command("rotate")
def keys_rotate() -> None:
    """Wrap every referral's key with the newest master key. May be stopped, and run again.

    Example: rj keys rotate
    """

    async def work(referrals: Referrals) -> tuple[int, str]:
        with progress() as bar:
            task = bar.add_task("Wrapping", total=None)
            count = await referrals.keys.rotate(
                lambda done, total: bar.update(task, completed=done, total=total)
            )
        return count, (await referrals.keys.status()).newest

    count, newest = run(work, temporal=False)
    typer.echo(
        f"Wrapped {count} key{'s' * (count != 1)} with {newest}; no other master key is in use any more."
    )


@keys.command("retire")
def keys_retire(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy all master keys but the newest: they leave their file, and what held them is overwritten.

    None may wrap anything still (`rj keys rotate`). What else they open is lost: backups of the keys from before then,
    and any other database that uses the same file. Where machines have copies of the file, run it on each.

    Example: rj keys new; rj keys rotate; rj keys retire
    """
    question = (
        "Destroy all master keys but the newest? Backups of the keys that were wrapped by them open no more."
    )
    guarded(lambda: _ask(question, yes, "No key was destroyed."))

    async def work(referrals: Referrals) -> tuple[tuple[str, ...], str]:
        return await referrals.keys.retire(), (await referrals.keys.status()).newest

    retired, newest = run(work, temporal=False)
    if not retired:
        typer.echo(f"There is no master key but {newest}; `rj keys new` adds one.")
        return
    typer.echo(f"Destroyed {', '.join(retired)}; {newest} is the only master key.")


@keys.command("complete-erasures")
def keys_complete_erasures() -> None:
    """Complete all erasures now: wrap every other key under a new epoch key, and destroy the old one.

    A serving process does it by itself within a day of an erasure. May be stopped, and run again.

    Example: rj keys complete-erasures
    """

    async def work(referrals: Referrals) -> tuple[int, Incomplete | None]:
        with progress() as bar:
            task = bar.add_task("Wrapping", total=None)
            count = await referrals.keys.epochs.replace(
                lambda done, total: bar.update(task, completed=done, total=total)
            )
        return count, await referrals.keys.epochs.incomplete()

    count, found = run(work, temporal=False)
    typer.echo(
        f"Completed {count} erasure{'s' * (count != 1)}. The old epoch key is overwritten; back the new one up, "
        "and destroy backups of the old."
    )
    if found is not None:
        from service.completing_erasures import RETIRE

        typer.echo(
            f"Not complete: {found.count}, of which something was stored before epoch keys existed; "
            f"it is opened by the master key {', '.join(found.to_retire)} until that is retired: {RETIRE}."
        )


@app.command("erase")
def erase_command(
    reference: ReferenceArgument,
    reason: Annotated[
        ErasureReason,
        typer.Option(
            metavar="|".join(ErasureReason),
            parser=_as_reason,
            help="Why. A closed list, for it is kept in the clear when all else is gone.",
        ),
    ],
    staff: AsOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase all that a referral says about people, for ever: in the database, in its backups and in Temporal.

    An open referral is closed first. Counts and the chained log stay, without anything about a person.

    Example: rj erase RJ-7KQ4-M2X1 --reason request --as su-1
    """
    question = f"Erase {reference} for ever? Nothing and nobody can bring it back."
    guarded(lambda: _ask(question, yes, "Nothing was erased."))

    async def work(referrals: Referrals) -> Erased:
        from service.erasure import erase

        return await erase(referrals, reference, reason, staff)

    erased = run(work)
    note = erased.note
    if as_json:
        print_json(
            {
                **note.model_dump(mode="json"),
                "already": erased.already,
                "temporal_runs_kept": erased.kept,
                "complete_by": erased.complete_by.isoformat(),
                "master_keys_to_retire": erased.to_retire,
            }
        )
        return
    done = "was already erased" if erased.already else "is erased"
    typer.echo(f"{reference} {done}: {when(note.erased_at)}, by {note.by_staff}, {words(note.reason)}.")
    typer.echo("Checked: its key is gone, and what was said about people cannot be read.")
    typer.echo(_completeness(erased))
    match erased.kept:
        case 0:
            typer.echo("Temporal's history of it is deleted.")
        case None:
            typer.echo(
                "Temporal could not be told to delete its history of it, which nobody can read: erase again."
            )
        case kept:
            typer.echo(
                f"Temporal still holds its history of it ({kept} run{'s' * (kept != 1)}), which nobody can read. "
                "It was told to delete it and takes about a minute; erase again to see it gone."
            )


def _completeness(erased: Erased) -> str:
    from service.completing_erasures import RETIRE

    if erased.note.completed_at is not None:
        return (
            f"Complete since {when(erased.note.completed_at)}: no old copy of its key can be opened either."
        )
    if erased.to_retire:
        return (
            "Not complete: its key was first stored before epoch keys existed, and old copies of it on disk are opened "
            f"by the master key {', '.join(erased.to_retire)} until that is retired: {RETIRE}."
        )
    return (
        f"Complete by {when(erased.complete_by)}: until then whoever takes the disk and both files of keys can open an "
        "old copy of its key. `rj keys complete-erasures` completes it now."
    )


def _ask(question: str, yes: bool, declined: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("--yes: is needed where nobody can be asked.")
    if not typer.confirm(question, err=True):
        raise BadInput(declined)
