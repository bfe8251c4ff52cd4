"""What a referral may do: pure rules that know nothing of Temporal, databases or clocks.

``decide`` gives the events that follow from a command, ``evolve`` the state after an event, ``deadlines`` the open
deadlines, ``permitted`` what a person may do next. The rules of a stage are in the module named after it; those
of every stage are in the rooms of their subjects: ``people``, ``timing`` and ``case``.
"""

# Importing a module registers its rules.
from lifecycle.case import adoption, complaints, correction, oversight, time_spent, transfer
from lifecycle.case import details as case_details
from lifecycle.case.adoption import adopt
from lifecycle.case.correction import correct
from lifecycle.case.oversight import authors_of_what_is_signed_off
from lifecycle.case.transfer import accept, areas_concerned
from lifecycle.gates import Gate
from lifecycle.notifying import tasks
from lifecycle.notifying.appointments import called_off
from lifecycle.notifying.notices import notices, notices_wanted
from lifecycle.people import leaving, participants, sentence
from lifecycle.refusal import Refused
from lifecycle.rules import ENTRY_GATES, RULES, Rule, decide, permitted, permitted_and_blocked
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
from lifecycle.state import evolve, fold
from lifecycle.timing import deadlines as deadline_rules
from lifecycle.timing import pauses
from lifecycle.timing.clocks import deadlines, next_point
from lifecycle.timing.ladder import cleared
from schemas.base import Model
from schemas.vocabulary import Stage

STAGES = (intake, victim_contact, risk_assessment, offender_consent, preparation, conference, follow_up)
# Work of two stages: of the preparation and of what is booked.
BETWEEN = (exchange,)
THROUGHOUT = (
    *(leaving, participants, sentence),
    *(case_details, deadline_rules, time_spent, complaints, adoption, pauses),
    *(closing, oversight, tasks, correction, transfer),
)


def put_rules_in_order() -> None:
    """Put the rules in the order of the lifecycle, whatever the order of the imports."""
    for module in (*STAGES, *BETWEEN, *THROUGHOUT):
        for command in [each for each, rule in RULES.items() if rule.decide.__module__ == module.__name__]:
            RULES[command] = RULES.pop(command)


put_rules_in_order()


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
