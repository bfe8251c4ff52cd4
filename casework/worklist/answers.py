"""What answers each deadline, and whatever else waits: in words, and as commands.

No word of it says more of a person than their side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from schemas.policy import DeadlineName


class Why(StrEnum):
    """Why somebody has something to do."""

    DEADLINE = "deadline"
    APPOINTMENT = "appointment"
    TASK = "task"
    """A message could not be sent: somebody has to be told."""
    SIGN_OFF = "sign_off"
    ESCALATED = "escalated"
    REVIEW = "review"
    """A review that only a supervisor may make."""
    ALLOCATION = "allocation"
    HOLD_REVIEW = "hold_review"
    AGREEMENT_ITEM = "agreement_item"
    COURT_DATE = "court_date"
    SAFEGUARDING = "safeguarding"
    TRANSFER = "transfer"
    """Another area offers a referral, or was offered one."""
    NEXT_STEP = "next_step"
    """The referral goes no further without it, and no date is set."""
    WAITING = "waiting"
    """It waits for somebody else."""


@dataclass(frozen=True)
class Alternative:
    """Another command that answers, in another case.

    Attributes:
        when: the case, such as "If not".
        kind, fields, asks: of the command; see :class:`Answer`.
    """

    when: str
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()

    def filled(self, words: Mapping[str, str]) -> Alternative:
        """With these words in the places that are kept for them."""
        fields = {name: value.format_map(words) for name, value in self.fields.items()}
        return replace(self, fields=fields)


@dataclass(frozen=True)
class Answer:
    """What answers something that waits.

    Attributes:
        verb: what to do, as a sentence without its full stop; {who}, {about} and the like are filled in.
        kind: of the command that records it.
        because: why now, as a sentence; filled in as well.
        fields: of the command, as far as they are known; filled in as well.
        asks: fields that only who does it knows, besides those that the command cannot do without.
        why: under which heading it comes.
        when: in which case, where there are others; they follow in alternatives.
    """

    verb: str
    kind: str
    because: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    why: Why = Why.DEADLINE
    when: str = ""
    alternatives: tuple[Alternative, ...] = ()

    def filled(self, words: Mapping[str, str]) -> Answer:
        """With these words in the places that are kept for them."""
        return replace(
            self,
            verb=self.verb.format_map(words),
            because=self.because.format_map(words),
            fields={name: value.format_map(words) for name, value in self.fields.items()},
            alternatives=tuple(each.filled(words) for each in self.alternatives),
        )


WHOM = {"participant": "{participant}"}
_SENTENCED = Alternative("If sentence was passed", "amend_referral", asks=("justice_stage",))

ANSWERS: dict[DeadlineName, Answer] = {
    DeadlineName.ALLOCATION: Answer(
        "Allocate it to a caseworker",
        "allocate",
        "Nobody works on it yet; it came on {received}.",
        why=Why.ALLOCATION,
    ),
    DeadlineName.FIRST_CONTACT: Answer(
        "Try to reach {who} for the first time",
        "record_contact_attempt",
        "Nobody has tried yet; the referral came on {received}.",
        WHOM,
    ),
    DeadlineName.UNREACHABLE_REVIEW: Answer(
        "Review whether to go on trying to reach {who}",
        "record_review",
        "They were tried as often as the policy asks.",
        {"subject": "unreachable_review", **WHOM},
        why=Why.REVIEW,
    ),
    DeadlineName.THINKING_TIME: Answer(
        "Ask {who} whether they want to take part",
        "record_interest",
        "They asked for time to think.",
        WHOM,
    ),
    DeadlineName.RISK_ASSESSMENT: Answer(
        "Give the verdict of the risk assessment",
        "record_risk_verdict",
        "The assessment began on {entered}.",
    ),
    DeadlineName.SIGN_OFF: Answer(
        "Read the {about} and sign it off, or say why not",
        "sign_off",
        "{asked_by} asked for it on {asked}.",
        {"subject": "{subject}", "approved": "true"},
        why=Why.SIGN_OFF,
        when="If you approve",
        alternatives=(
            Alternative(
                "If not", "sign_off", {"subject": "{subject}", "approved": "false"}, asks=("reason",)
            ),
        ),
    ),
    DeadlineName.OFFENDER_DECISION: Answer(
        "Go on to preparation",
        "begin_preparation",
        "The person responsible has been asked since {entered}.",
    ),
    DeadlineName.PREPARATION_REVIEW: Answer(
        "Review what keeps the preparation from its end",
        "record_review",
        "It has been in preparation since {entered}.",
        {"subject": "preparation_review"},
        why=Why.REVIEW,
    ),
    DeadlineName.RISK_RECONFIRMATION: Answer(
        "Confirm that the risk stands as assessed",
        "reconfirm_risk",
        "Without it the activity on {due} may not go ahead.",
    ),
    DeadlineName.COURT_DATE: Answer(
        "Be ready for the hearing on {due}, then record what the court decided",
        "record_court_news",
        "What is not done by then may come too late for the court.",
        asks=("court_date",),
        why=Why.COURT_DATE,
        when="If another date is set",
        alternatives=(_SENTENCED,),
    ),
    DeadlineName.CHECK_IN: Answer(
        "Check in with {who} after the activity",
        "record_follow_up",
        "It was held on {held}.",
        {**WHOM, "contact": "check_in"},
    ),
    DeadlineName.SURVEY: Answer(
        "Ask {who} what they thought of the service",
        "record_survey",
        "The activity was held on {held}.",
        WHOM,
        asks=("rating",),
    ),
    DeadlineName.FOLLOW_UP_SIX_WEEKS: Answer(
        "Ask {who} how things are, six weeks on",
        "record_follow_up",
        "The activity was held on {held}.",
        {**WHOM, "contact": "six_weeks"},
    ),
    DeadlineName.FOLLOW_UP_THREE_MONTHS: Answer(
        "Ask {who} how things are, three months on",
        "record_follow_up",
        "The activity was held on {held}.",
        {**WHOM, "contact": "three_months"},
    ),
    DeadlineName.AGREEMENT_ITEM: Answer(
        "Find out what became of item {about} of the agreement, undertaken by {who}",
        "settle_agreement_item",
        "It is to be done by {due}.",
        {"item": "{about}"},
        why=Why.AGREEMENT_ITEM,
    ),
    DeadlineName.INACTIVITY: Answer(
        "Ask {caseworker} what keeps it from going on",
        "record_review",
        "Nothing was recorded since {active}.",
        {"subject": "supervision"},
        why=Why.REVIEW,
    ),
    DeadlineName.HOLD_REVIEW: Answer(
        "Look at the hold, and end it if you can",
        "resume",
        "It has been on hold since {on_hold}.",
        why=Why.HOLD_REVIEW,
    ),
    DeadlineName.TRANSFER_ANSWER: Answer(
        "Ask {offered_to} whether it takes the referral over, or take the offer back",
        "withdraw_transfer_offer",
        "It was offered to them on {offered}; until they take it over it is yours.",
        why=Why.TRANSFER,
        when="If you take it back",
    ),
    DeadlineName.TASK: Answer(
        "Tell {who} yourself, if it is safe, what could not be sent: “{message}”",
        "complete_task",
        "No message could be sent safely.",
        {"task": "{about}"},
        why=Why.TASK,
    ),
    DeadlineName.SENTENCE_DATE: Answer(
        "Be ready before {due}, then record where {who} is",
        "record_custody_details",
        "A date in the sentence comes near; what is not done by then may become harder.",
        WHOM,
    ),
    DeadlineName.SUPERVISION: Answer(
        "Hold case supervision with {caseworker}",
        "record_review",
        "Every open case has it once in a while.",
        {"subject": "supervision"},
        why=Why.REVIEW,
    ),
    DeadlineName.COMPLAINT: Answer(
        "Answer complaint {about}",
        "answer_complaint",
        "Whoever complained waits for it.",
        {"complaint": "{about}"},
        why=Why.REVIEW,
    ),
}
"""What answers each deadline but a coming of age, for which nobody has to do anything; `casework/referral/deadlines.py`
says in words what ends it."""

DUPLICATE_CHECK = Answer(
    "Check whether the same request is here already, so that it can be allocated",
    "record_duplicate_check",
    "Nobody works on it yet; it came on {received}.",
    why=Why.ALLOCATION,
)
LIFT_SAFEGUARDING = Answer(
    "Look into the safeguarding concern, and allow contact again when it is safe",
    "lift_safeguarding",
    "{asked_by} raised it on {asked}; nobody is to be contacted meanwhile.",
    why=Why.SAFEGUARDING,
)
DECIDE_ON_TRANSFER = Answer(
    "Decide whether your area takes over this referral of {area}",
    "accept_transfer",
    "{asked_by} offered it on {offered}.",
    asks=("caseworker",),
    why=Why.TRANSFER,
    when="If you take it over",
    alternatives=(Alternative("If not", "refuse_transfer"),),
)
ALLOCATE_WHAT_CAME = Answer(
    "Give it to a caseworker",
    "reassign",
    "Your area took it over from {left} on {here_since}, and nobody works on it yet.",
    why=Why.ALLOCATION,
)
REASSIGN = Answer(
    "Give it to another caseworker",
    "reassign",
    "{caseworker} does not work here any more.",
    why=Why.ALLOCATION,
)
RESUME_FIRST = Answer(
    "End the hold, so that this can be done: {verb}",
    "resume",
    "It has been on hold since {on_hold}. {because}",
)
COURT_DECIDED = Answer(
    "Record what the court decided",
    "record_court_news",
    "The hearing was set for {due}.",
    asks=("court_date",),
    why=Why.COURT_DATE,
    when="If another date was set",
    alternatives=(_SENTENCED,),
)
MEET = Answer(
    "Meet {who} to prepare them",
    "record_preparation_meeting",
    "The meeting is booked for {due}.",
    WHOM,
    why=Why.APPOINTMENT,
)
HOLD_ACTIVITY = Answer(
    "{lead}",
    "record_activity_held",
    "It is booked for {due}.",
    why=Why.APPOINTMENT,
)
STOP_CONTACT = Answer(
    "Contact nobody on this referral: a safeguarding concern is open",
    "lift_safeguarding",
    "{asked_by} raised it on {asked}. A supervisor looks into it, and says when contact is allowed again.",
    why=Why.SAFEGUARDING,
)
