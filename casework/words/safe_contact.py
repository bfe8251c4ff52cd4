"""How somebody may be reached safely, in words."""

from __future__ import annotations

from schemas.people import ContactSafety
from schemas.vocabulary import Channel
from schemas.vocabulary.words import in_words

_BY = {
    Channel.PHONE: "phone",
    Channel.TEXT: "text",
    Channel.EMAIL: "e-mail",
    Channel.LETTER: "letter",
    Channel.IN_PERSON: "in person",
    Channel.VIDEO: "video",
    Channel.THROUGH_AGENCY: "through an agency",
}


def safe_contact(safety: ContactSafety | None) -> str:
    """Which ways and hours are safe: phone, 09:00 to 17:00; no voicemail. Empty where none is known to be."""
    if safety is None or not safety.safe_channels:
        return ""
    ways = ", ".join(_BY.get(each, in_words(each)) for each in safety.safe_channels)
    hours = (
        f"{safety.safe_from} to {safety.safe_until}"
        if safety.safe_from and safety.safe_until
        else "no safe hours known"
    )
    voicemail = "voicemail may be left" if safety.may_leave_voicemail else "no voicemail"
    spoken = Channel.PHONE in safety.safe_channels
    return f"{ways}, {hours}{f'; {voicemail}' if spoken else ''}"
