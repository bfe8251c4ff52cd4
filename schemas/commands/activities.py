"""Commands on activities, from the plan to the end."""

from typing import Literal

from schemas import facts
from schemas.base import Model
from schemas.commands.texts import Why
from schemas.vocabulary import ActivityEndReason


class PlanActivity(facts.ActivityPlan):
    """Plan an activity, beside others where there are some: its method, and who takes part in it."""

    kind: Literal["plan_activity"] = "plan_activity"


class EndActivity(Model):
    """End an activity that will not take place, without ending anybody's part in the referral."""

    kind: Literal["end_activity"] = "end_activity"
    why: ActivityEndReason
    reason: Why
    activity: facts.Which = None


class ChooseMethod(facts.MethodChoice):
    """Choose or change the method of an activity."""

    kind: Literal["choose_method"] = "choose_method"


class BookActivity(facts.Booking):
    """Book a direct meeting or indirect exchange; the referral is in the conference stage while one is booked."""

    kind: Literal["book_activity"] = "book_activity"


class RecordActivityHeld(facts.ActivityOutcome):
    """Record that an activity took place, wholly or partly; after the last that was booked comes follow-up."""

    kind: Literal["record_activity_held"] = "record_activity_held"


class AdjournActivity(facts.Adjournment):
    """Record that a direct meeting began and was adjourned. It stays booked where it is known when it goes on."""

    kind: Literal["adjourn_activity"] = "adjourn_activity"
    reason: Why


class PostponeActivity(facts.Postponement):
    """Postpone an activity; where no other is booked, the referral goes back to preparation."""

    kind: Literal["postpone_activity"] = "postpone_activity"
    reason: Why


class StopActivity(Model):
    """Record that an activity was stopped. The next step is chosen afterwards."""

    kind: Literal["stop_activity"] = "stop_activity"
    reason: Why
    activity: facts.Which = None


class ReturnToPreparation(Model):
    """Go back to preparation after an activity was stopped, to reconvene or change the method."""

    kind: Literal["return_to_preparation"] = "return_to_preparation"
    reason: Why
    activity: facts.Which = None


class RequestFurtherActivity(Model):
    """Prepare an activity again after it was held, because a further meeting or exchange is wanted."""

    kind: Literal["request_further_activity"] = "request_further_activity"
    reason: Why
    activity: facts.Which = None
