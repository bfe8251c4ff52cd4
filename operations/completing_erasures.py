"""Completing erasures: what is done for it in every serving process, and how it is said where one is late."""

from __future__ import annotations

from datetime import timedelta

from stores.keys.epochs import Epochs, Incomplete

LOOK_AFTER = timedelta(minutes=10)
"""How often a serving process looks whether the epoch is to be replaced."""

RETIRE = "`rj keys new`, `rj keys rotate`, then `rj keys retire`"
"""How master keys leave the ring."""


async def complete_erasures(epochs: Epochs) -> str | None:
    """Do what is due for the erasures that are not complete; a sentence where one is late."""
    await epochs.keep()
    found = await epochs.incomplete()
    return late(found) if found is not None and found.late else None


def late(found: Incomplete) -> str:
    """That erasures are late, and what completes them. Some of what was found is late."""
    one = found.late == 1
    said = f"{found.late} erasure{'s' * (not one)} {'is' if one else 'are'} not complete after a day: "
    if found.to_retire:
        return (
            f"{said}what was stored before epoch keys existed is opened by the master keys "
            f"{', '.join(found.to_retire)}, until they are retired with {RETIRE}."
        )
    return f"{said}the epoch key is not replaced; do it with `rj keys complete-erasures`."
