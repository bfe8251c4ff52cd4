"""How a participant may be reached without danger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AsOption, JsonOption, ReasonOption, ReferenceArgument
from cli.common import command_group, guarded, plain, print_json, run_as
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.referral.contact import ContactDetails
    from casework.session import Session
    from schemas.facts import CustodyDetails

app = command_group()


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

    async def work(session: Session) -> ContactDetails:
        from casework.referral.contact import contact_details

        return await contact_details(session, reference, participant)

    found = run_as(staff, work, temporal=False, reason=guarded(lambda: reason_given(reason)))
    if as_json:
        print_json(found.model_dump(mode="json", exclude={"participant"}))
        return
    for line in _lines(found):
        typer.echo(plain(line))


def _lines(found: ContactDetails) -> list[str]:
    from schemas.people import ContactSafety
    from schemas.vocabulary import Channel

    person, safety = found.person, found.contact_safety or ContactSafety()
    where = {
        Channel.PHONE: person.phone,
        Channel.TEXT: person.phone,
        Channel.EMAIL: person.email,
        Channel.LETTER: person.address,
    }
    safe = [
        f"{in_words(channel)} ({where[channel] or 'not known'})" if channel in where else in_words(channel)
        for channel in safety.safe_channels
    ]
    hours = f"{safety.safe_from} to {safety.safe_until}" if safety.safe_from and safety.safe_until else "none"
    lines = ["SAFEGUARDING: contact nobody until a supervisor lifts it."] if found.frozen else []
    lines += [
        f"Name: {person.name or 'not known'}",
        f"Safe: {'; '.join(safe) or 'nothing; nothing defaults to safe'}",
        f"Safe hours: {hours}",
        f"Voicemail: {'may be left' if safety.may_leave_voicemail else 'leave none'}",
    ]
    if safety.seen_by:
        lines.append(f"Messages may be seen by: {safety.seen_by}")
    lines += _custody(found.custody) if found.custody else ()
    if person.language:
        lines.append(f"Language: {person.language}")
    if person.contact_note:
        lines.append(f"Note: {person.contact_note}")
    lines += [f"DOUBTFUL {in_words(each.field)}: {each.reason}." for each in found.doubtful]
    if person.needs:
        lines.append(f"Needs: {person.needs}")
    return lines


def _custody(details: CustodyDetails) -> Iterator[str]:
    where = ", ".join(filter(None, (details.prison, details.prison_number)))
    if where:
        yield f"Prison: {where}"
    if details.sentence_date and details.sentence_date_is:
        yield f"{in_words(details.sentence_date_is).capitalize()}: {details.sentence_date:%a %-d %b %Y}"
