"""What a person chooses for themselves: what they are told by e-mail, and who stands in while they are away."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from casework.staff import check_email, say_back, set_messages
from console.absences import record_absence, show_absence
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

_ABSENCE = "sign_in/absence.html"
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
    """Ask until when the person is away and who stands in."""
    return await show_absence(asked, _ABSENCE, asked.session.member)


async def take_absence(asked: Asked) -> Response:
    """Say that the person is away."""
    me = asked.session.member
    if errors := await record_absence(asked, me.id):
        return await show_absence(asked, _ABSENCE, me, errors)
    return asked.redirect("/account?changed=absence")


async def end_absence(asked: Asked) -> Response:
    """Say that the person is back."""
    await say_back(asked.session, asked.session.member.id)
    return asked.redirect("/account?changed=back")
