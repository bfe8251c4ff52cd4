"""What a referral may do: pure rules that know nothing of Temporal, databases or clocks.

``decide`` gives the events that follow from a command, ``evolve`` the state after an event, ``deadlines`` the open
deadlines, ``permitted`` what a person may do next. The rules of a stage are in the module named after it.
"""

# Importing a stage registers its rules, in the order of the lifecycle.
from lifecycle import (
    adoption,
    complaints,
    correction,
    leaving,
    oversight,
    pauses,
    sentence,
    throughout,
    time_spent,
    transfer,
)
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
from lifecycle.notifying.notices import notices, notices_wanted
from lifecycle.oversight import authors_of_what_is_signed_off
from lifecycle.refusal import Refused
from lifecycle.stages import (
    closing,
    conference,
    exchange,
    follow_up,
    intake,
    offender_consent,
    preparation,
    risk_assessment,
    victim_contact,
)
from lifecycle.stages.intake import open_referral
from lifecycle.transfer import accept, areas_concerned
from schemas.base import Model
from schemas.vocabulary import Stage

STAGES = (intake, victim_contact, risk_assessment, offender_consent, preparation, conference, follow_up)
# Work of two stages: of the preparation and of what is booked.
BETWEEN = (exchange,)
THROUGHOUT = (
    *(leaving, throughout, sentence, time_spent, complaints, adoption, pauses, closing),
    *(oversight, tasks, correction, transfer),
)


def work_of(stage: Stage) -> frozenset[type[Model]]:
    """The commands that belong to one stage, without those allowed in every stage."""
    at = list(Stage).index(stage)
    # A closed referral can be reopened. Contact with the person responsible uses the commands of victim contact.
    modules = {closing.__name__ if stage is Stage.CLOSED else STAGES[at].__name__}
    if stage is Stage.OFFENDER_CONSENT:
        modules.add(victim_contact.__name__)
    if stage in (Stage.PREPARATION, Stage.CONFERENCE):
        modules |= {module.__name__ for module in BETWEEN}
    return frozenset(command for command, rule in RULES.items() if rule.decide.__module__ in modules)


__all__ = [
    "BETWEEN",
    "ENTRY_GATES",
    "RULES",
    "STAGES",
    "THROUGHOUT",
    "Gate",
    "Refused",
    "Rule",
    "accept",
    "adopt",
    "areas_concerned",
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
    "notices_wanted",
    "open_referral",
    "permitted",
    "permitted_and_blocked",
    "work_of",
]
