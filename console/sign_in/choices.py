"""What a person chooses for themselves: what they are told by e-mail, and who stands in while they are away."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from casework.failures import Refused
from casework.staff import check_email, possible_stand_ins, say_absent, say_back, set_messages
from console.addresses import day_of
from console.asked import Asked
from schemas.notices import Category

KINDS: Mapping[Category, str] = {
    Category.ESCALATION: "A deadline was missed, and it comes to you",
    Category.SAFEGUARDING: "A safeguarding concern",
    Category.SIGN_OFF: "A sign-off is asked of you",
    Category.MEETING: "A meeting is booked, moved or cancelled",
    Category.SENT_REFERRAL: "News of a referral that you sent",
    Category.REMINDER: "A reminder of a deadline",
    Category.TASK: "Something that you have to tell somebody yourself",
    Category.NEWS: "Other news of your referrals",
}
"""The kinds of message, as people choose among them."""

_CANNOT_BE_READ = HTTPStatus.UNPROCESSABLE_ENTITY


async def ask_messages(asked: Asked) -> Response:
    """Show what reaches the person by e-mail, to be changed."""
    me = asked.session.member
    return _messages(asked, [str(each) for each in me.at_once], me.email or "", digest=me.digest)


async def take_messages(asked: Asked) -> Response:
    """Keep what the person chose."""
    chosen = [value for name, value in asked.posted_fields if name == "at_once"]
    digest, email = asked.posted_text("digest") == "yes", asked.posted_text("email")
    errors = {}
    if unknown := [each for each in chosen if each not in set(Category)]:
        errors["at_once"] = f"There is no such kind of message: {unknown[0][:40]}"
    if email:
        try:
            check_email(email)
        except ValueError as error:
            errors["email"] = f"The e-mail address cannot be used: {error}"
    if errors:
        return _messages(asked, chosen, email, digest=digest, errors=errors)
    await set_messages(
        asked.session,
        at_once=[Category(each) for each in chosen],
        digest=digest,
        email=email or None,
        no_email=not email,
    )
    return asked.redirect("/account?changed=messages")


def _messages(
    asked: Asked, chosen: list[str], email: str, *, digest: bool, errors: dict[str, str] | None = None
) -> Response:
    return asked.show(
        "sign_in/messages.html",
        status=_CANNOT_BE_READ if errors else HTTPStatus.OK,
        categories=list(Category),
        kinds_in_words=KINDS,
        chosen=chosen,
        email=email,
        digest=digest,
        errors=errors or {},
    )


async def ask_absence(asked: Asked) -> Response:
    """Ask until when the person is away and who stands in, or show that they are."""
    return await _absence(asked)


async def take_absence(asked: Asked) -> Response:
    """Say that the person is away."""
    until = {part: asked.posted_text(f"until-{part}") for part in ("day", "month", "year")}
    parts = [*until.values()]
    stand_in, errors = asked.posted_text("stand_in"), {}
    last_day = day_of(until)
    if last_day is None:
        errors["until-day"] = "Enter the last day that you are away, such as 4 12 2026"
    if not stand_in:
        errors["stand_in"] = "Choose who stands in for you"
    if last_day is None or errors:
        return await _absence(asked, parts, stand_in, errors)
    me = asked.session.member
    try:
        await say_absent(asked.session, me.id, last_day, stand_in)
    except Refused as refused:
        field = "until-day" if refused.field == "until" else "stand_in"
        return await _absence(asked, parts, stand_in, {field: refused.message})
    return asked.redirect("/account?changed=absence")


async def end_absence(asked: Asked) -> Response:
    """Say that the person is back."""
    await say_back(asked.session, asked.session.member.id)
    return asked.redirect("/account?changed=back")


async def _absence(
    asked: Asked,
    until: list[str] | None = None,
    stand_in: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    return asked.show(
        "sign_in/absence.html",
        status=_CANNOT_BE_READ if errors else HTTPStatus.OK,
        until=until or ["", "", ""],
        stand_in=stand_in,
        stand_ins=await possible_stand_ins(asked.session),
        errors=errors or {},
    )
