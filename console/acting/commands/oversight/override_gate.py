"""Override a condition."""

from __future__ import annotations

from console.acting.forms.fields import Option
from console.acting.wording import Ask, Wording
from schemas.vocabulary import OverridableGate

_WORDS = {
    OverridableGate.RISK_SIGN_OFF: "The sign-off of the risk assessment",
    OverridableGate.READINESS_SIGN_OFF: "The sign-off of the readiness",
    OverridableGate.RISK_RECONFIRMATION: "The confirmation of the risk before an activity",
    OverridableGate.ADVANCED_PRACTITIONER: "The advanced practitioner of a sensitive case",
    OverridableGate.CONFIRMATIONS: "What prison, offender manager or victim liaison confirm",
}

_OPTIONS = tuple(Option(each.value, _WORDS[each]) for each in OverridableGate)

WORDING = Wording(
    lead="No consent can be overridden.",
    asks=(
        Ask(
            "gate",
            "Which condition?",
            hint="",
            options=_OPTIONS,
        ),
        Ask("reason", "Why?"),
        Ask("activity", "For which activity?"),
    ),
)
