"""What a referral may do: pure rules that know nothing of Temporal, databases or clocks.

``decide`` says what follows from a command, ``evolve`` what the referral is after an event, ``deadlines`` what is
open, ``permitted`` what a person may do next. Each stage's rules live in the module of its name.
"""

# Importing a stage enters its rules, in the order of the lifecycle.
from lifecycle import adoption, correction, leaving, oversight, pauses, standing
from lifecycle.adoption import adopt
from lifecycle.clocks import deadlines, next_point
from lifecycle.core import (
    ENTRY_GATES,
    RULES,
    Gate,
    Rule,
    decide,
    evolve,
    fold,
    permitted,
    permitted_and_blocked,
)
from lifecycle.correction import correct
from lifecycle.ladder import cleared
from lifecycle.notifying import tasks
from lifecycle.notifying.appointments import called_off
from lifecycle.notifying.notices import notices, told_of
from lifecycle.oversight import authors_of_what_is_signed_off
from lifecycle.refusal import Refused
from lifecycle.stages import (
    closing,
    conference,
    follow_up,
    intake,
    offender_consent,
    preparation,
    risk_assessment,
    victim_contact,
)
from lifecycle.stages.intake import open_referral
from schemas.base import Model
from schemas.vocabulary import Stage

STAGES = (intake, victim_contact, risk_assessment, offender_consent, preparation, conference, follow_up)
STANDING = (leaving, standing, adoption, pauses, closing, oversight, tasks, correction)


def work_of(stage: Stage) -> frozenset[type[Model]]:
    """The commands that are the work of a stage, rather than what may be asked for in any."""
    at = list(Stage).index(stage)
    # A closed referral may be reopened. The person responsible is reached and asked as the person harmed is.
    modules = {closing.__name__ if stage is Stage.CLOSED else STAGES[at].__name__}
    if stage is Stage.OFFENDER_CONSENT:
        modules.add(victim_contact.__name__)
    return frozenset(command for command, rule in RULES.items() if rule.decide.__module__ in modules)


__all__ = [
    "ENTRY_GATES",
    "RULES",
    "STAGES",
    "STANDING",
    "Gate",
    "Refused",
    "Rule",
    "adopt",
    "authors_of_what_is_signed_off",
    "called_off",
    "cleared",
    "correct",
    "deadlines",
    "decide",
    "evolve",
    "fold",
    "next_point",
    "notices",
    "open_referral",
    "permitted",
    "permitted_and_blocked",
    "told_of",
    "work_of",
]
