"""The buttons beside what comes next: where each leads, filled with what is known."""

from __future__ import annotations

from typing import NamedTuple

from casework.worklist.items import Action, ReadFirst, WorkItem
from console.acting.titles import title_of
from console.addresses import step_address

# What is begun from a referral's page, and called otherwise there than on the button that records it.
_BEGUN = {
    "amend_participant": "Change",
    "amend_referral": "Change",
    "record_risk_assessment": "Assess",
    "sign_off": "Decide",
}
_READ = {
    "risk_assessment": ("risk", "Read the risk assessment"),
    "readiness": ("activities", "See who is ready"),
}


class Way(NamedTuple):
    """A step that answers what is to be done.

    Attributes:
        when: in which case; empty where there is one way only.
        label: on its button.
        title: of the step, where a link says what it is.
        address: of its form, filled with what is known.
        later: whether it is for when something else is over.
    """

    when: str
    label: str
    title: str
    address: str
    later: bool


def ways(item: WorkItem) -> list[Way]:
    """The steps that answer what is to be done, the first one first; one where only a field tells them apart."""
    actions = item.actions
    kinds = {each.kind for each in actions}
    if len(actions) > 1 and len(kinds) == 1:
        common = dict.items(actions[0].fields) & dict.items(actions[1].fields)
        actions = (actions[0].model_copy(update={"when": "", "fields": dict(sorted(common))}),)
    return [_way(item.reference, each) for each in actions]


def _way(reference: str, action: Action) -> Way:
    title = title_of(action.kind)
    return Way(
        when=action.when,
        label=_BEGUN.get(action.kind, title.button),
        title=title.page,
        address=step_address(reference, action.kind, action.fields),
        later=action.later,
    )


def read_before(item: WorkItem) -> tuple[str, str] | None:
    """Where the reader finds what they have to look at before they act, and what the way there is called."""
    here = f"/referrals/{item.reference}"
    if item.read_first is ReadFirst.CONTACT:
        return f"{here}/people/{item.concerns[0]}", "See how they are reached"
    if item.read_first is ReadFirst.SIGN_OFFS:
        found = _READ.get(item.fields.get("subject", ""))
        return (f"{here}/{found[0]}", found[1]) if found else None
    return None
