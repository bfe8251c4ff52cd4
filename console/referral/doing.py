"""The buttons beside what comes next: where each leads, filled with what is known."""

from __future__ import annotations

from casework.worklist.items import ReadFirst, WorkItem
from console.acting.titles import title_of
from console.ways import Way, way_to

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


def ways(item: WorkItem) -> list[Way]:
    """The steps that answer what is to be done, the first one first; one where only a field tells them apart."""
    actions = item.actions
    kinds = {each.kind for each in actions}
    if len(actions) > 1 and len(kinds) == 1:
        common = dict.items(actions[0].fields) & dict.items(actions[1].fields)
        actions = (actions[0].model_copy(update={"when": "", "fields": dict(sorted(common))}),)
    return [
        way_to(item.reference, each, _BEGUN.get(each.kind, title_of(each.kind).button)) for each in actions
    ]


def read_before(item: WorkItem) -> tuple[str, str] | None:
    """Where the reader finds what they have to look at before they act, and what the way there is called."""
    here = f"/referrals/{item.reference}"
    if item.read_first is ReadFirst.CONTACT:
        return f"{here}/people/{item.concerns[0]}", "See how they are reached"
    if item.read_first is ReadFirst.SIGN_OFFS:
        found = _READ.get(item.fields.get("subject", ""))
        return (f"{here}/{found[0]}", found[1]) if found else None
    return None
