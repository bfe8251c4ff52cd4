"""How likely what is in an invented year. Where a figure was published it says so; every other one is our judgement."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from schemas.exchange import CommunicationAnswer
from schemas.vocabulary import AgeBand, Custody, Ethnicity, Gender, JusticeStage, Offence, Source, Stage


class TransferEnd(StrEnum):
    """What becomes of an offer to another area."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


# By weekday, Monday first: agencies send on working days, the first of the week most. Days off are like a Sunday.
ARRIVALS_BY_WEEKDAY = (1.3, 1.15, 1.05, 1.0, 0.9, 0.15, 0.1)
# By month, January first: fewer in the summer holidays and at Christmas.
ARRIVALS_BY_MONTH = (1.1, 1.05, 1.1, 0.95, 1.0, 1.0, 0.9, 0.75, 1.05, 1.1, 1.1, 0.7)

SOURCES: Mapping[Source, float] = {
    Source.POLICE: 0.34,
    Source.PROBATION: 0.2,
    Source.PRISON: 0.1,
    Source.YOUTH_JUSTICE: 0.1,
    Source.COURT: 0.08,
    Source.VICTIM_SERVICES: 0.1,
    Source.SELF: 0.08,
}
OFFENCES: Mapping[Offence, float] = {
    Offence.VIOLENCE: 0.3,
    Offence.BURGLARY: 0.16,
    Offence.CRIMINAL_DAMAGE: 0.12,
    Offence.THEFT: 0.12,
    Offence.ROBBERY: 0.08,
    Offence.ANTISOCIAL_BEHAVIOUR: 0.07,
    Offence.PUBLIC_ORDER: 0.05,
    Offence.FRAUD: 0.03,
    Offence.DEATH_OR_INJURY_BY_DRIVING: 0.03,
    Offence.SEXUAL: 0.02,
    Offence.HOMICIDE: 0.01,
    Offence.OTHER: 0.01,
}
JUSTICE_STAGES: Mapping[Source, Mapping[JusticeStage, float]] = {
    Source.COURT: {JusticeStage.PRE_SENTENCE: 1},
    Source.PRISON: {JusticeStage.POST_SENTENCE_CUSTODY: 1},
    Source.PROBATION: {JusticeStage.POST_SENTENCE_COMMUNITY: 0.8, JusticeStage.POST_SENTENCE_CUSTODY: 0.2},
    Source.YOUTH_JUSTICE: {JusticeStage.OUT_OF_COURT: 0.6, JusticeStage.POST_SENTENCE_COMMUNITY: 0.4},
}
JUSTICE_STAGES_ELSE: Mapping[JusticeStage, float] = {
    JusticeStage.OUT_OF_COURT: 0.4,
    JusticeStage.POST_SENTENCE_COMMUNITY: 0.35,
    JusticeStage.POST_SENTENCE_CUSTODY: 0.15,
    JusticeStage.NO_PROCEEDINGS: 0.1,
}
CUSTODY: Mapping[JusticeStage, Mapping[Custody, float]] = {
    JusticeStage.POST_SENTENCE_CUSTODY: {Custody.IN_PRISON: 0.75, Custody.ON_LICENCE: 0.25},
    JusticeStage.POST_SENTENCE_COMMUNITY: {Custody.COMMUNITY_ORDER: 0.8, Custody.ON_LICENCE: 0.2},
}

PEOPLE_A_SIDE: Mapping[int, float] = {1: 0.86, 2: 0.11, 3: 0.03}
SUPPORTER = 0.2
INTERPRETER = 0.04
CHILD_HARMED = 0.08
CHILD_RESPONSIBLE = 0.05
AGES: Mapping[AgeBand, float] = {
    AgeBand.FROM_18_TO_24: 0.2,
    AgeBand.FROM_25_TO_34: 0.28,
    AgeBand.FROM_35_TO_54: 0.34,
    AgeBand.OVER_54: 0.13,
    AgeBand.UNKNOWN: 0.05,
}
GENDERS: Mapping[Gender, float] = {
    Gender.FEMALE: 0.46,
    Gender.MALE: 0.48,
    Gender.ANOTHER: 0.01,
    Gender.UNKNOWN: 0.05,
}
# Census 2021, England and Wales: 81.7, 9.3, 4.0, 2.9 and 2.1 per cent; that a fifth is not known is our judgement.
ETHNICITIES: Mapping[Ethnicity, float] = {
    Ethnicity.WHITE: 0.653,
    Ethnicity.ASIAN: 0.074,
    Ethnicity.BLACK: 0.032,
    Ethnicity.MIXED: 0.024,
    Ethnicity.OTHER: 0.017,
    Ethnicity.UNKNOWN: 0.2,
}
NO_SAFE_CHANNEL = 0.06
BORN_KNOWN = 0.4

# Pre-sentence: 1,201 of 2,273 people harmed were contacted, 446 of those were interested (pathfinder, 2014-15).
REACHED_PRE_SENTENCE = 1201 / 2273
INTERESTED_PRE_SENTENCE = 446 / 1201
# Else such that some 27 of 100 referrals come to an activity: 8 direct, 19 indirect (Grimsey Jones et al. 2023).
REACHED = 0.88
INTERESTED = 0.62
DIRECT_OF_ACTIVITIES = 8 / 27
# 55 conferences and 38 other activities (pathfinder).
DIRECT_OF_ACTIVITIES_PRE_SENTENCE = 55 / 93
RESPONSIBLE_REACHED = 0.94
RESPONSIBLE_INTERESTED = 0.82
ACKNOWLEDGES = 0.94
THINKS_IT_OVER = 0.2
# 85 of 100 people harmed were satisfied, 78 would recommend it (Shapland et al., third report, 2007).
SATISFIED = 0.85
RECOMMENDS = 0.78

DUPLICATE = 0.02
UNSAFE = 0.04
HIGH_RISK = 0.15
LEAVES: Mapping[Stage, float] = {
    Stage.RISK_ASSESSMENT: 0.02,
    Stage.OFFENDER_CONSENT: 0.03,
    Stage.PREPARATION: 0.06,
    Stage.CONFERENCE: 0.02,
}
CONCERN: Mapping[Stage, float] = {
    Stage.VICTIM_CONTACT: 0.01,
    Stage.RISK_ASSESSMENT: 0.04,
    Stage.PREPARATION: 0.03,
}
HOLD: Mapping[Stage, float] = {
    Stage.VICTIM_CONTACT: 0.04,
    Stage.OFFENDER_CONSENT: 0.06,
    Stage.PREPARATION: 0.1,
}
SENSITIVE_ELSE = 0.04
"""That a case is sensitive whose offence alone does not make it so: domestic abuse, stalking, hate crime."""
RETURNED = 0.06
POSTPONED = 0.12
STOPPED = 0.02
PARTLY = 0.03
AGREEMENT = 0.7
KEPT = 0.85
FOLLOWED_LONG = 0.5
SCALES = 0.3
FURTHER_ACTIVITY = 0.05
CORRECTED = 0.02
REASSIGNED = 0.04
REOPENED = 0.03
NOTE = 0.25
APART = 0.75
ONE_ENDS = 0.25
INTERRUPTED = 0.1
WRITES = 0.8
CHANGED = 0.25
FIRST_ANSWERS: Mapping[CommunicationAnswer, float] = {
    CommunicationAnswer.ACCEPTED: 0.8,
    CommunicationAnswer.LATER: 0.12,
    CommunicationAnswer.REFUSED: 0.08,
}
REPLIES = 0.35
MOVES: Mapping[Stage, float] = {
    Stage.VICTIM_CONTACT: 0.02,
    Stage.OFFENDER_CONSENT: 0.02,
    Stage.PREPARATION: 0.03,
    Stage.FOLLOW_UP: 0.01,
}
COUNTS_TIME = 0.5
COMPLAINS: Mapping[Stage, float] = {
    Stage.VICTIM_CONTACT: 0.01,
    Stage.PREPARATION: 0.02,
    Stage.CLOSED: 0.02,
}
TRANSFERS: Mapping[TransferEnd, float] = {
    TransferEnd.ACCEPTED: 0.7,
    TransferEnd.REFUSED: 0.2,
    TransferEnd.WITHDRAWN: 0.1,
}

# How much longer than usual a case waits for its workers, and how likely: the last are those that become overdue.
PACES: Mapping[float, float] = {0.7: 0.3, 1.0: 0.45, 1.8: 0.18, 4.0: 0.07}
