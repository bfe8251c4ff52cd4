"""Record a consent."""

from __future__ import annotations

from casework.referral.acting import ActingView
from console.acting.forms.fields import When
from console.acting.wording import Ask, Body, Wording
from schemas.areas import LONDON


def _as_last_time(view: ActingView, about: str | None) -> Body:
    """Today, and the version of the form that was used last on this referral."""
    body: Body = {"given_on": view.at.astimezone(LONDON).date().isoformat()}
    if view.referral is not None and view.referral.consents:
        body["form_version"] = view.referral.consents[-1].form_version
    return body


WORDING = Wording(
    lead="Consent can be withdrawn at any time, and is looked at again before each next stage.",
    asks=(
        Ask("participant", "Who consents?"),
        Ask(
            "purpose",
            "To what?",
            words={
                "be_contacted": "To be contacted",
                "take_part": "To take part",
                "share_risk_information": "That what is known of the risk is shared",
                "method_direct": "To meet face to face",
                "method_video": "To meet by video",
                "method_indirect": "To communicate without meeting",
                "recording": "To be recorded",
                "supporters": "To have supporters there",
                "outcome_agreement": "To an outcome agreement",
                "share_outcome": "That the outcome is shared with court, probation or police",
                "evaluation": "To take part in an evaluation",
                "case_study": "To an anonymised case study",
                "transfer": "That another area's service takes the referral over",
            },
        ),
        Ask(
            "agencies",
            "With which agencies may it be shared?",
            hint="Tick those that they named.",
            when=When("purpose", ("share_risk_information", "share_outcome")),
        ),
        Ask("form", "How did they give it?", words={"written": "In writing", "verbal": "By word of mouth"}),
        Ask("form_version", "Which version of the form was used?"),
        Ask("given_on", "On which day?"),
        Ask(
            "by_guardian",
            "Is it a parent's or guardian's consent for a child?",
            hint="A child's own consent is needed besides.",
            only=frozenset({"guardian"}),
            none="No, it is their own",
        ),
        Ask("through", "Through whom, if not to you yourself?"),
    ),
    begin=_as_last_time,
)
