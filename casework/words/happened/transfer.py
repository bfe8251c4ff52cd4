"""Sentences on a referral that goes to another area."""

from __future__ import annotations

from casework.words.happened.telling import Told, says
from casework.words.people import People


@says("transfer_offered")
def say_transfer_offered(told: Told, people: People) -> str:
    return f"the referral was offered to {told.area or 'another area'}"


@says("transfer_offer_withdrawn")
def say_transfer_offer_withdrawn(told: Told, people: People) -> str:
    return f"the offer to {told.area or 'another area'} ended without an answer"


@says("transfer_accepted")
def say_transfer_accepted(told: Told, people: People) -> str:
    area, left = told.area or "another area", f" from {told.left}" if told.left else ""
    owner = f"; {told.caseworker} owns it there" if told.caseworker else ""
    version = f", under version {told.version} of its policy" if told.version else ""
    return f"{area} took the referral over{left}{version}{owner}"


@says("transfer_refused")
def say_transfer_refused(told: Told, people: People) -> str:
    return f"{told.area or 'the other area'} does not take the referral over"
