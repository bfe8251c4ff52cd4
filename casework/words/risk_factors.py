"""What a risk assessment looks at, in words and in the groups in which people go through it."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.vocabulary import RiskFactor

GROUPS: Mapping[str, Mapping[RiskFactor, str]] = {
    "Attitude and motivation": {
        RiskFactor.ACKNOWLEDGEMENT: "Acknowledgement and remorse",
        RiskFactor.ATTITUDES: "Feelings, attitudes and behaviour",
        RiskFactor.MOTIVATION: "Motivation",
        RiskFactor.DENIAL_OR_MINIMISING: "Denial or minimising",
        RiskFactor.WANTED_OUTCOMES: "Wanted outcomes",
    },
    "Health and needs": {
        RiskFactor.SUBSTANCE_USE: "Substance use",
        RiskFactor.MENTAL_HEALTH: "Mental health",
        RiskFactor.PHYSICAL_AND_LEARNING_NEEDS: "Physical and learning needs",
        RiskFactor.SELF_HARM: "Suicide and self-harm",
        RiskFactor.LANGUAGE: "Language",
    },
    "Harm and danger": {
        RiskFactor.HARM_AND_IMPACT: "Harm and impact",
        RiskFactor.POWER_IMBALANCE: "Power imbalance and coercive control",
        RiskFactor.ONGOING_CONTACT: "Ongoing contact and orders",
        RiskFactor.THREATS: "Threats and weapons",
        RiskFactor.CHILDREN_PRESENT: "Children present",
    },
    "Circumstances": {
        RiskFactor.JUSTICE_STAGE: "Stage in the justice system",
        RiskFactor.MEDIA_INTEREST: "Media interest",
        RiskFactor.VENUE_AND_TRAVEL: "Venue and travel",
        RiskFactor.SUPPORTERS: "Supporters",
        RiskFactor.SAFE_CONTACT: "Safe times and ways of contact",
    },
    "Not going on": {RiskFactor.NOT_PROCEEDING: "Risk of not proceeding"},
}
"""Every factor, by group. The groups are our judgement."""
