"""Record a contact: how, what came of it, when, and a note."""

from __future__ import annotations

from dataclasses import replace

from casework.referral.acting import ActingView
from console.acting.forms.fields import Form
from console.acting.wording import Ask, Wording, with_field
from console.rendering import clock
from schemas.vocabulary import Channel, ParticipantRole

# There is no telling beforehand whether these are safe: somebody meets them, or another agency does.
_NEITHER = frozenset({Channel.IN_PERSON, Channel.THROUGH_AGENCY})


def _with_what_is_safe(form: Form, view: ActingView, about: str | None) -> Form:
    """The channels with what is known to be safe; and the time, unless somebody changes it."""
    made_at = form.field("made_at")
    if made_at is not None:
        now = f"Today, {clock(view.at)}, unless you change it."
        form = with_field(form, replace(made_at, folded=now))
    person = view.referral.participant(about) if view.referral and about else None
    channel = form.field("channel")
    if person is None or person.role is not ParticipantRole.HARMED or channel is None:
        return form
    safe = set(person.safe_channels)
    options = tuple(
        replace(each, tag=("safe", "green"))
        if each.value in safe
        else each
        if each.value in _NEITHER
        else replace(each, tag=("not safe", "red"))
        for each in channel.options
    )
    return with_field(form, replace(channel, options=options))


def _by_the_safe_way(view: ActingView, about: str | None) -> dict[str, object]:
    """The way that is safe: the one that was tried last, else the first, so that one click fewer is needed."""
    person = view.referral.participant(about) if view.referral and about else None
    if person is None or not person.safe_channels:
        return {}
    last = person.attempts[-1].channel if person.attempts else None
    return {"channel": last if last in person.safe_channels else person.safe_channels[0]}


WORDING = Wording(
    asks=(
        Ask("participant", "With whom?", only=frozenset({"active"})),
        Ask("channel", "How?"),
        Ask(
            "outcome",
            "What came of it?",
            words={
                "reached": "I reached them",
                "no_answer": "No answer",
                "voicemail_left": "I left a voicemail",
                "message_sent": "I sent a message",
                "wrong_details": "Wrong details",
            },
        ),
        Ask("made_at", "When?", hint="", folded="Now, unless you change it."),
        Ask("note", "Note", hint="Encrypted. Only people who work on this referral can read it."),
    ),
    sample={"channel": "phone", "outcome": "no_answer"},
    adjust=_with_what_is_safe,
    begin=_by_the_safe_way,
)
