"""Keeping the records: whether they are as recorded, the master keys, and erasure."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AsOption, JsonOption, ReferenceArgument, as_reference
from cli.common import (
    BadInput,
    Exit,
    command_group,
    fail,
    guarded,
    print_json,
    print_table,
    progress,
    run,
    settings_in_use,
    when,
)
from schemas.vocabulary import ErasureReason
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from operations.erasure import Erased
    from operations.keys import Added, Completed, Incomplete, KeyStatus, Retired, Rotated
    from operations.verifying import Verified
    from runtime.referrals import Referrals

app = command_group()
keys = command_group("The master keys and the epoch key, which wrap the key of each referral.")
app.add_typer(keys, name="keys")
anchors = command_group("Signed statements of where every log stood, kept outside the database.")
app.add_typer(anchors, name="anchors")


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
    """Check that everything is as it was recorded: the links of each log, what was anchored, and what lists show.

    Ends with 3 where something is not. Needs the master keys, and holds after erasure.

    Example: rj verify RJ-7KQ4-M2X1
    """

    async def work(referrals: Referrals) -> Verified:
        from operations.anchoring import anchors_in
        from operations.verifying import verify

        with progress() as bar:
            task = bar.add_task("Verifying", total=None)
            return await verify(
                referrals,
                anchors_in(referrals, settings_in_use().anchors),
                reference,
                lambda done, total: bar.update(task, completed=done, total=total),
            )

    found = run(work, temporal=False)
    if as_json:
        print_json(
            {
                "checked": found.checked,
                "anchors": found.anchors,
                "newest_anchor": found.newest_anchor,
                "broken": [asdict(each) for each in found.breaks],
            }
        )
    elif not found.breaks:
        typer.echo(f"As recorded: {found.checked} referral{'s' * (found.checked != 1)}.")
    else:
        for each in found.breaks:
            where = f" (event {each.sequence})" if each.sequence else ""
            typer.echo(f"{each.reference}: {each.said}{where}")
    if not as_json:
        typer.echo(_anchored(found))
    if found.breaks:
        fail(Exit.REFUSED, f"{len(found.breaks)} of {found.checked} are not as they were recorded.")


def _anchored(found: Verified) -> str:
    if found.newest_anchor is None:
        return "Nothing is anchored yet, so that a log put back as a whole would not be found."
    return (
        f"Anchored: {found.anchors} time{'s' * (found.anchors != 1)}, the last {when(found.newest_anchor)}."
    )


@anchors.command("make")
def anchors_make() -> None:
    """Say where every log stands now, signed, in the folder of anchors; a serving process does so each day.

    Example: rj anchors make
    """

    async def work(referrals: Referrals) -> tuple[int, int]:
        from operations.anchoring import anchors_in

        made = await anchors_in(referrals, settings_in_use().anchors).make()
        return made.number, made.logs

    number, logs = run(work, temporal=False)
    typer.echo(f"Anchor {number} names {logs} log{'s' * (logs != 1)}: {settings_in_use().anchors}")


@anchors.command("check")
def anchors_check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the anchors lie.")],
    public: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="The public key, one line of base64; else anchors.pub in the folder."
        ),
    ] = None,
) -> None:
    """Check anchors without the database and without any secret: that each is signed, and follows the one before.

    Example: rj anchors check .rj/anchors --public MCowBQYDK2VwAyEA…
    """
    from operations.anchoring import AnchorProblem, check_folder

    try:
        found = check_folder(folder, public)
    except OSError as error:
        fail(Exit.BAD_INPUT, f"{error.filename} cannot be read: {error.strerror}.")
    except AnchorProblem as problem:
        fail(Exit.REFUSED, str(problem))
    if not found:
        fail(Exit.BAD_INPUT, f"There are no anchors in {folder}.")
    typer.echo(f"As signed: {len(found)}, the last {when(found[-1].made_at)}, of {found[-1].logs} logs.")


@keys.command("status")
def keys_status(as_json: JsonOption = False) -> None:
    """Print what each master key still wraps, the epoch key, and which erasures are not complete.

    Example: rj keys status
    """

    async def work(referrals: Referrals) -> KeyStatus:
        from operations.keys import key_status

        return await key_status(referrals)

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
    from operations.completing_erasures import RETIRE, late
    from operations.keys import complete_by

    if found.late:
        return late(found)
    said = f"Not complete yet: {found.count}, the first of them erased {when(found.oldest)}"
    if found.to_retire:
        return f"{said} and complete when the master key {', '.join(found.to_retire)} is retired: {RETIRE}."
    return f"{said} and complete by {when(complete_by(found))}; at once with `rj keys complete-erasures`."


@keys.command("new")
def keys_new() -> None:
    """Add a master key to the file of master keys; it wraps from now on. Back the file up.

    Makes the file where there is none, unless the database was sealed with one that is gone.

    Example: rj keys new; rj keys rotate
    """

    async def add() -> Added:
        from operations.keys import add_master_key
        from runtime.embedded.data_folder import resolve
        from runtime.settings import Settings

        settings = Settings.load()
        return await add_master_key(
            settings.master_keys_file, lambda: settings.database_url or resolve(settings).database_url
        )

    added = guarded(lambda: asyncio.run(add()))
    if added.made:
        typer.echo(f"Made {added.path} with {added.key_id}. Back it up apart from the data.")
    else:
        typer.echo(
            f"Added {added.key_id} to {added.path}. Back the file up, then bring all under it: rj keys rotate"
        )


@keys.command("rotate")
def keys_rotate() -> None:
    """Wrap every referral's key with the newest master key. May be stopped, and run again.

    Example: rj keys rotate
    """

    async def work(referrals: Referrals) -> Rotated:
        from operations.keys import rotate

        with progress() as bar:
            task = bar.add_task("Wrapping", total=None)
            return await rotate(referrals, lambda done, total: bar.update(task, completed=done, total=total))

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

    async def work(referrals: Referrals) -> Retired:
        from operations.keys import retire

        return await retire(referrals)

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

    async def work(referrals: Referrals) -> Completed:
        from operations.keys import complete_erasures

        with progress() as bar:
            task = bar.add_task("Wrapping", total=None)
            return await complete_erasures(
                referrals, lambda done, total: bar.update(task, completed=done, total=total)
            )

    count, found = run(work, temporal=False)
    typer.echo(
        f"Completed {count} erasure{'s' * (count != 1)}. The old epoch key is overwritten; back the new one up, "
        "and destroy backups of the old."
    )
    if found is not None:
        from operations.completing_erasures import RETIRE

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
        from operations.erasure import erase

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
    typer.echo(f"{reference} {done}: {when(note.erased_at)}, by {note.by_staff}, {in_words(note.reason)}.")
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
    from operations.completing_erasures import RETIRE

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
