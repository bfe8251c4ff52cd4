"""Why referrals close, why a person's part ends, and why a referral is erased."""

from enum import StrEnum


class ClosureReason(StrEnum):
    """Why a referral closed, or why a person's part in it ended."""

    COMPLETED_DIRECT_WITH_AGREEMENT = "completed_direct_with_agreement"
    COMPLETED_DIRECT_WITHOUT_AGREEMENT = "completed_direct_without_agreement"
    COMPLETED_INDIRECT_WITH_AGREEMENT = "completed_indirect_with_agreement"
    COMPLETED_INDIRECT_WITHOUT_AGREEMENT = "completed_indirect_without_agreement"
    PARTLY_HELD = "partly_held"
    HARMED_NOT_CONTACTABLE = "harmed_not_contactable"
    HARMED_DECLINED_BEFORE_SHARING = "harmed_declined_before_sharing"
    HARMED_DECLINED_INFORMED = "harmed_declined_informed"
    HARMED_WITHDREW = "harmed_withdrew"
    HARMED_NEEDS_MET_ANOTHER_WAY = "harmed_needs_met_another_way"
    HARMED_DIED = "harmed_died"
    RESPONSIBLE_NOT_TRACED = "responsible_not_traced"
    RESPONSIBLE_NOT_CONTACTABLE = "responsible_not_contactable"
    RESPONSIBLE_DENIES = "responsible_denies"
    RESPONSIBLE_DECLINED = "responsible_declined"
    RESPONSIBLE_WITHDREW = "responsible_withdrew"
    RESPONSIBLE_UNSUITABLE = "responsible_unsuitable"
    RESPONSIBLE_MOVED_OR_RECALLED = "responsible_moved_or_recalled"
    RESPONSIBLE_ACQUITTED = "responsible_acquitted"
    RESPONSIBLE_NOT_GUILTY_PLEA = "responsible_not_guilty_plea"
    RESPONSIBLE_DIED = "responsible_died"
    RISK_UNSAFE = "risk_unsafe"
    RISK_SAFEGUARDING = "risk_safeguarding"
    RISK_LIVE_PROCEEDINGS = "risk_live_proceedings"
    RISK_ORDER_FORBIDS_CONTACT = "risk_order_forbids_contact"
    COURT_NO_ADJOURNMENT = "court_no_adjournment"
    COURT_SENTENCED_FIRST = "court_sentenced_first"
    COURT_TIME_RAN_OUT = "court_time_ran_out"
    SERVICE_INELIGIBLE = "service_ineligible"
    SERVICE_OUT_OF_AREA = "service_out_of_area"
    SERVICE_DUPLICATE = "service_duplicate"
    SERVICE_ENTERED_IN_ERROR = "service_entered_in_error"
    SERVICE_NO_CAPACITY = "service_no_capacity"
    SERVICE_REFERRER_WITHDREW = "service_referrer_withdrew"
    ERASED = "erased"

    @property
    def completed(self) -> bool:
        """Whether the reason means that an activity was held."""
        return self.startswith("completed_") or self is ClosureReason.PARTLY_HELD


class ErasureReason(StrEnum):
    """Why a referral is erased. A closed list, because it stays unencrypted after the erasure."""

    REQUEST = "request"
    RETENTION = "retention"
    COURT_ORDER = "court_order"
    ENTERED_IN_ERROR = "entered_in_error"


class EndReason(StrEnum):
    """Why one person's part ends; the last of a side closes the referral with that side's reason."""

    DECLINED_BEFORE_SHARING = "declined_before_sharing"
    DECLINED = "declined"
    NEEDS_MET_ANOTHER_WAY = "needs_met_another_way"
    NOT_TRACED = "not_traced"
    UNSUITABLE = "unsuitable"
    MOVED_OR_RECALLED = "moved_or_recalled"
    ACQUITTED = "acquitted"
    NOT_GUILTY_PLEA = "not_guilty_plea"
    DIED = "died"
    WITHDREW = "withdrew"
    DENIES = "denies"
