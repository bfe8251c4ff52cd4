"""Close the referral."""

from __future__ import annotations

from console.acting.wording import Ask, Wording
from schemas.vocabulary import ClosureReason

_STARTS = {
    "completed": "Completed",
    "partly": "Completed",
    "harmed": "Person harmed",
    "responsible": "Person responsible",
    "risk": "Risk",
    "court": "Court",
    "service": "Service",
}
_WORDS = {
    "completed_direct_with_agreement": "Completed: they met, with an agreement",
    "completed_direct_without_agreement": "Completed: they met, without an agreement",
    "completed_indirect_with_agreement": "Completed: without meeting, with an agreement",
    "completed_indirect_without_agreement": "Completed: without meeting or agreement",
    "partly_held": "Completed: held in part",
    "harmed_declined_before_sharing": "Person harmed: declined before anything was shared",
    "harmed_declined_informed": "Person harmed: declined once informed",
    "responsible_denies": "Person responsible: denies what happened",
    "responsible_moved_or_recalled": "Person responsible: moved, or recalled to prison",
    "responsible_not_guilty_plea": "Person responsible: pleaded not guilty",
    "court_sentenced_first": "Court: sentence was passed first",
    "court_time_ran_out": "Court: the time ran out",
}


def _words(value: str) -> str:
    first, _, rest = value.partition("_")
    return _WORDS.get(value) or f"{_STARTS.get(first, first.capitalize())}: {rest.replace('_', ' ')}"


_WHY = {each.value: _words(each.value) for each in ClosureReason}

WORDING = Wording(
    lead="All its deadlines end. As not contactable or unsafe it closes once a supervisor has signed that off.",
    asks=(
        # To erase is done elsewhere, and closes it by itself.
        Ask(
            "reason",
            "Why does it close?",
            hint="",
            words=_WHY,
            left_out=frozenset({"erased"}),
        ),
        Ask("note", "Note"),
    ),
    confirm=True,
)
