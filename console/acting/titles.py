"""How each step is called: as the title of its page, as its heading, and on its button."""

from __future__ import annotations

from typing import NamedTuple

from casework.words import in_words


class Title(NamedTuple):
    """How a step is called.

    Attributes:
        page: in the title of the page and on what leads to it; it names nobody.
        heading: on the page itself, with {who} for the person it is about.
        button: that records it.
    """

    page: str
    heading: str = ""
    button: str = "Record"

    def for_person(self, who: str | None) -> str:
        """The heading of the page: with the person it is about, where that is known."""
        return self.heading.format(who=who) if self.heading and who else self.page


TITLES = {
    "accept_transfer": Title("Take the referral over", button="Take it over"),
    "add_note": Title("Add a note", button="Add the note"),
    "add_participant": Title("Add a person", button="Add them"),
    "adjourn_activity": Title("Record an adjournment"),
    "adopt_policy": Title("Adopt the current policy", button="Adopt it"),
    "allocate": Title("Allocate the referral", button="Allocate it"),
    "amend_participant": Title(
        "Correct what is known about a person", "Correct what is known about {who}", "Save the changes"
    ),
    "amend_referral": Title("Correct what is known about the referral", button="Save the changes"),
    "answer_complaint": Title("Record the answer to a complaint"),
    "assign_facilitators": Title("Settle who facilitates", button="Settle it"),
    "begin_preparation": Title("Go on to preparation", button="Go on to preparation"),
    "begin_risk_assessment": Title("Begin the risk assessment", button="Begin it"),
    "begin_victim_contact": Title("Go on to the person harmed", button="Go on"),
    "book_activity": Title("Book the activity", button="Book it"),
    "book_preparation_meeting": Title(
        "Book a preparation meeting", "Book a preparation meeting with {who}", "Book it"
    ),
    "cancel_preparation_meeting": Title(
        "Cancel a preparation meeting", "Cancel the preparation meeting with {who}", "Cancel the meeting"
    ),
    "check_communication": Title("Record a check"),
    "choose_method": Title("Choose the method", button="Choose it"),
    "close": Title("Close the referral", button="Close the referral"),
    "complete_task": Title("Record what became of a task"),
    "correct_step": Title("Take a mistaken step back", button="Take the step back"),
    "draft_communication": Title("Record a draft"),
    "end_activity": Title("End an activity", button="End the activity"),
    "end_participation": Title("End a person's part", "End the part of {who}", "End their part"),
    "extend_deadline": Title("Move a deadline", button="Move the deadline"),
    "give_consent": Title("Record a consent", "Record a consent of {who}"),
    "hand_over_communication": Title("Record a hand-over", "Record a hand-over to {who}"),
    "hold": Title("Put the referral on hold", button="Put it on hold"),
    "lift_safeguarding": Title("Lift the safeguarding concern", button="Lift the concern"),
    "offer_communication": Title("Record an offer", "Record an offer to {who}"),
    "offer_transfer": Title("Offer the referral to another area", button="Offer it"),
    "override_gate": Title("Override a condition", button="Override it"),
    "plan_activity": Title("Plan an activity", button="Plan it"),
    "postpone_activity": Title("Postpone the activity", button="Postpone it"),
    "raise_safeguarding": Title("Raise a safeguarding concern", button="Raise the concern"),
    "reassess_risk": Title("Go back to the risk assessment", button="Go back"),
    "reassign": Title("Give the referral to another caseworker", button="Give it"),
    "reconfirm_risk": Title("Confirm that the risk stands", button="Confirm it"),
    "record_acknowledgement": Title(
        "Record an acknowledgement", "Record whether {who} acknowledges the facts"
    ),
    "record_activity_held": Title("Record that the activity took place"),
    "record_agreement": Title("Record the outcome agreement"),
    "record_answer": Title("Record an answer", "Record the answer of {who}"),
    "record_complaint": Title("Record a complaint"),
    "record_confirmation": Title("Record a confirmation", "Record a confirmation about {who}"),
    "record_contact_attempt": Title("Record a contact", "Record a contact with {who}"),
    "record_contact_safety": Title("Record safe contact", "Record how {who} is reached safely"),
    "record_court_news": Title("Record news from the court"),
    "record_custody_details": Title("Record prison and sentence", "Record prison and sentence of {who}"),
    "record_duplicate_check": Title("Record the duplicate check"),
    "record_follow_up": Title("Record a follow-up", "Record a follow-up with {who}"),
    "record_information_given": Title("Record that a person was informed", "Record that {who} was informed"),
    "record_interest": Title(
        "Record whether a person wants to take part", "Record whether {who} wants to take part"
    ),
    "record_needs": Title("Record needs", "Record the needs of {who}"),
    "record_preparation_meeting": Title(
        "Record a preparation meeting", "Record a preparation meeting with {who}"
    ),
    "record_review": Title("Record a review"),
    "record_risk_assessment": Title(
        "Assess the risk", "Assess the risk about {who}", "Record the assessment"
    ),
    "record_risk_verdict": Title("Give the verdict on the risk", button="Give the verdict"),
    "record_scale": Title("Record a score", "Record a score of {who}"),
    "record_survey": Title("Record a survey", "Record what {who} thought of the service"),
    "record_time_spent": Title("Record time spent"),
    "refuse_transfer": Title("Refuse the referral", button="Refuse it"),
    "reopen": Title("Reopen the referral", button="Reopen it"),
    "report_outcome": Title("Record an outcome report"),
    "request_further_activity": Title("Ask for a further meeting or exchange", button="Ask for it"),
    "request_more_information": Title("Go back to victim contact", button="Go back"),
    "request_readiness_sign_off": Title("Ask for the readiness to be signed off", button="Ask for it"),
    "resume": Title("End the hold", button="End the hold"),
    "return_to_preparation": Title("Go back to preparation", button="Go back"),
    "settle_agreement_item": Title("Record what became of an item of the agreement"),
    "sign_off": Title("Sign off or return", button="Record the decision"),
    "stop_activity": Title("Record that the activity was stopped"),
    "withdraw": Title("Record that a person leaves", "Record that {who} leaves"),
    "withdraw_consent": Title("Record that a consent is withdrawn", "Record that {who} withdraws a consent"),
    "withdraw_transfer_offer": Title("Take the offer back", button="Take it back"),
}
"""By the kind of the command."""


def title_of(kind: str) -> Title:
    """How a step is called; a command that the table does not know yet, by its name."""
    words = in_words(kind)
    return TITLES.get(kind) or Title(words[:1].upper() + words[1:])
