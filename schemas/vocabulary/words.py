"""How the values of the closed lists are said, wherever people read them."""

from __future__ import annotations

from collections.abc import Mapping

_SAID: Mapping[str, str] = {
    # Stages and what follows.
    "follow_up": "follow-up",
    "check_in": "check-in",
    "follow_up_six_weeks": "follow-up after six weeks",
    "follow_up_three_months": "follow-up after three months",
    # Where the case stands with the courts.
    "out_of_court": "dealt with out of court",
    "pre_sentence": "before sentence",
    "post_sentence_community": "after sentence (community)",
    "post_sentence_custody": "after sentence (custody)",
    "tariff_end": "end of the tariff",
    "licence_end": "end of the licence",
    "order_end": "end of the order",
    # Ways to reach somebody.
    "email": "e-mail",
    # Verdicts.
    "proceed_direct": "safe enough to meet",
    "proceed_indirect": "only without meeting",
    # Why a referral is closed.
    "completed_direct_with_agreement": "completed: they met, with an agreement",
    "completed_direct_without_agreement": "completed: they met, without an agreement",
    "completed_indirect_with_agreement": "completed: without meeting, with an agreement",
    "completed_indirect_without_agreement": "completed: without meeting or agreement",
    "partly_held": "completed: held in part",
    "harmed_not_contactable": "person harmed: not contactable",
    "harmed_declined_before_sharing": "person harmed: declined before anything was shared",
    "harmed_declined_informed": "person harmed: declined once informed",
    "harmed_withdrew": "person harmed: withdrew",
    "harmed_needs_met_another_way": "person harmed: needs met another way",
    "harmed_died": "person harmed: died",
    "responsible_not_traced": "person responsible: not traced",
    "responsible_not_contactable": "person responsible: not contactable",
    "responsible_denies": "person responsible: denies what happened",
    "responsible_declined": "person responsible: declined",
    "responsible_withdrew": "person responsible: withdrew",
    "responsible_unsuitable": "person responsible: unsuitable",
    "responsible_moved_or_recalled": "person responsible: moved, or recalled to prison",
    "responsible_acquitted": "person responsible: acquitted",
    "responsible_not_guilty_plea": "person responsible: pleaded not guilty",
    "responsible_died": "person responsible: died",
    "risk_unsafe": "risk: unsafe",
    "risk_safeguarding": "risk: safeguarding",
    "risk_live_proceedings": "risk: live proceedings",
    "risk_order_forbids_contact": "risk: an order forbids contact",
    "court_no_adjournment": "court: no adjournment",
    "court_sentenced_first": "court: sentence was passed first",
    "court_time_ran_out": "court: the time ran out",
    "service_ineligible": "service: ineligible",
    "service_out_of_area": "service: out of area",
    "service_duplicate": "service: duplicate",
    "service_entered_in_error": "service: entered in error",
    "service_no_capacity": "service: no capacity",
    "service_referrer_withdrew": "service: the referrer withdrew",
    # Ethnic groups, as the census of 2021 has them: a group, and one of its parts.
    "asian_bangladeshi": "Asian: Bangladeshi",
    "asian_chinese": "Asian: Chinese",
    "asian_indian": "Asian: Indian",
    "asian_pakistani": "Asian: Pakistani",
    "asian_any_other": "Asian: any other",
    "black_african": "Black: African",
    "black_caribbean": "Black: Caribbean",
    "black_any_other": "Black: any other",
    "mixed_white_and_asian": "mixed: White and Asian",
    "mixed_white_and_black_african": "mixed: White and Black African",
    "mixed_white_and_black_caribbean": "mixed: White and Black Caribbean",
    "mixed_any_other": "mixed: any other",
    "white_british": "White: British",
    "white_irish": "White: Irish",
    "white_gypsy_or_irish_traveller": "White: Gypsy or Irish Traveller",
    "white_roma": "White: Roma",
    "white_any_other": "White: any other",
    "other_arab": "other: Arab",
    "other_any_other": "any other",
    # Questionnaires, by the names that they have.
    "ies_r": "IES-R",
    "pcl_5": "PCL-5",
}


def in_words(name: str) -> str:
    """A value of a closed list, or another name of the field, as people read it in a sentence: victim contact."""
    return _SAID.get(name) or name.replace("_", " ")
