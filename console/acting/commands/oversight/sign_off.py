"""Sign off what is waiting, or return it."""

from __future__ import annotations

from dataclasses import replace

from casework.referral.acting import ActingView
from console.acting.forms.fields import Form, When
from console.acting.wording import Ask, Body, Wording, with_field


def _what_waits(form: Form, view: ActingView, about: str | None) -> Form:
    """Only what waits for a sign-off, where anything does."""
    field = form.field("subject")
    waiting = {each.subject for each in view.referral.sign_off_requests} if view.referral else set()
    if field is None or not waiting:
        return form
    return with_field(
        form, replace(field, options=tuple(each for each in field.options if each.value in waiting))
    )


def _the_only_one(view: ActingView, about: str | None) -> Body:
    waiting = view.referral.sign_off_requests if view.referral else ()
    if len(waiting) != 1:
        return {}
    activity = {"activity": waiting[0].activity} if waiting[0].activity else {}
    return {"subject": waiting[0].subject.value, **activity}


WORDING = Wording(
    lead="Whoever wrote it may not sign it off.",
    asks=(
        Ask(
            "subject",
            "What do you decide on?",
            words={
                "risk_assessment": "The risk assessment",
                "readiness": "The readiness",
                "closure": "The closing",
            },
        ),
        Ask(
            "approved",
            "Do you sign it off?",
            words={"true": "Yes", "false": "No, it goes back"},
        ),
        Ask("reason", "What is missing, or wrong?", when=When("approved", ("false",))),
    ),
    adjust=_what_waits,
    begin=_the_only_one,
)
