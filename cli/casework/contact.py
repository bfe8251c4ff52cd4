"""How a participant may be reached without danger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    AsOption,
    JsonOption,
    ReasonOption,
    ReferenceArgument,
    guarded,
    plain,
    print_json,
    room,
    run_as,
    words,
)

if TYPE_CHECKING:
    from casework.session import Session
    from lifecycle.contacts import Contact

app = room()


@app.command("contact")
def contact_command(
    reference: ReferenceArgument,
    participant: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="Such as h1; see `rj show`.")],
    staff: AsOption,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print how somebody may be reached without danger, as it is known now, to those who work with the referral.

    Example: rj contact RJ-7KQ4-M2X1 h1 --as cw-1
    """

    from cli.free_text import reason_given

    async def work(session: Session) -> tuple[Contact, bool]:
        from casework.access import What, require_access
        from lifecycle import fold
        from lifecycle.contacts import contact_of
        from lifecycle.leaving import known_participant
        from schemas.access import DataKind
        from stores.logs import event_log

        await require_access(session, What.PEOPLE, reference, DataKind.CONTACT)
        referrals = session.referrals
        history = await event_log.read(referrals.pool, reference, key=await referrals.keys.get(reference))
        referral = fold(history)
        known_participant(referral, participant)
        return contact_of(history, participant), referral.safeguarding is not None

    contact, frozen = run_as(staff, work, temporal=False, reason=guarded(lambda: reason_given(reason)))
    if as_json:
        print_json(_as_json(contact, frozen=frozen))
        return
    for line in _lines(contact, frozen=frozen):
        typer.echo(plain(line))


def _as_json(contact: Contact, *, frozen: bool) -> dict[str, Any]:
    safety = contact.safety.model_dump(mode="json") if contact.safety else None
    return {"person": contact.person.model_dump(mode="json"), "contact_safety": safety, "frozen": frozen}


def _lines(contact: Contact, *, frozen: bool) -> list[str]:
    from schemas.people import ContactSafety
    from schemas.vocabulary import Channel

    person, safety = contact.person, contact.safety or ContactSafety()
    where = {
        Channel.PHONE: person.phone,
        Channel.TEXT: person.phone,
        Channel.EMAIL: person.email,
        Channel.LETTER: person.address,
    }
    safe = [
        f"{words(channel)} ({where[channel] or 'not known'})" if channel in where else words(channel)
        for channel in safety.safe_channels
    ]
    hours = f"{safety.safe_from} to {safety.safe_until}" if safety.safe_from and safety.safe_until else "none"
    lines = ["SAFEGUARDING: contact nobody until a supervisor lifts it."] if frozen else []
    lines += [
        f"Name: {person.name or 'not known'}",
        f"Safe: {'; '.join(safe) or 'nothing; nothing defaults to safe'}",
        f"Safe hours: {hours}",
        f"Voicemail: {'may be left' if safety.may_leave_voicemail else 'leave none'}",
    ]
    if safety.seen_by:
        lines.append(f"Messages may be seen by: {safety.seen_by}")
    if person.needs:
        lines.append(f"Needs: {person.needs}")
    return lines
