"""The closed lists of restorative justice: stages, roles, purposes of consent, methods, reasons and others."""

from enum import StrEnum


class Stage(StrEnum):
    """The stage of a referral, from first contact to follow-up."""

    RECEIVED = "received"
    VICTIM_CONTACT = "victim_contact"
    RISK_ASSESSMENT = "risk_assessment"
    OFFENDER_CONSENT = "offender_consent"
    PREPARATION = "preparation"
    CONFERENCE = "conference"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"


class Source(StrEnum):
    """Who sent the referral to the service."""

    SELF = "self"
    POLICE = "police"
    PROBATION = "probation"
    PRISON = "prison"
    YOUTH_JUSTICE = "youth_justice"
    COURT = "court"
    VICTIM_SERVICES = "victim_services"
    OTHER = "other"


class Initiator(StrEnum):
    """Who asked for restorative justice."""

    HARMED_PERSON = "harmed_person"
    PERSON_RESPONSIBLE = "person_responsible"
    AGENCY = "agency"


class Offence(StrEnum):
    """Broad kind of offence; never a description of what happened."""

    VIOLENCE = "violence"
    SEXUAL = "sexual"
    ROBBERY = "robbery"
    BURGLARY = "burglary"
    THEFT = "theft"
    FRAUD = "fraud"
    CRIMINAL_DAMAGE = "criminal_damage"
    PUBLIC_ORDER = "public_order"
    DEATH_OR_INJURY_BY_DRIVING = "death_or_injury_by_driving"
    HOMICIDE = "homicide"
    ANTISOCIAL_BEHAVIOUR = "antisocial_behaviour"
    OTHER = "other"
    NO_CRIME = "no_crime"
    """A conflict in which nobody is the offender; only where the policy accepts these."""


class SensitiveCategory(StrEnum):
    """What makes a case sensitive and complex. Source: RJC code D for the first five; the rest are the service's."""

    SEXUAL_VIOLENCE = "sexual_violence"
    DOMESTIC_ABUSE = "domestic_abuse"
    STALKING = "stalking"
    HUMAN_TRAFFICKING = "human_trafficking"
    CHILD_SEXUAL_EXPLOITATION = "child_sexual_exploitation"
    HOMICIDE = "homicide"
    HATE_CRIME = "hate_crime"
    CHILD_PARTICIPANT = "child_participant"


class JusticeStage(StrEnum):
    """How far the criminal justice process has come."""

    OUT_OF_COURT = "out_of_court"
    PRE_SENTENCE = "pre_sentence"
    POST_SENTENCE_COMMUNITY = "post_sentence_community"
    POST_SENTENCE_CUSTODY = "post_sentence_custody"
    NO_PROCEEDINGS = "no_proceedings"

    @property
    def coarse(self) -> str:
        """The form that is stored unencrypted; it does not tell whether somebody is in custody."""
        return "post_sentence" if self.startswith("post_sentence") else str(self)


class ParticipantRole(StrEnum):
    """A person's role in the referral."""

    HARMED = "harmed"
    RESPONSIBLE = "responsible"
    SUPPORTER = "supporter"
    GUARDIAN = "guardian"
    INTERPRETER = "interpreter"
    APPROPRIATE_ADULT = "appropriate_adult"


class AgeBand(StrEnum):
    """A person's age when the referral was received, in years."""

    UNDER_18 = "under_18"
    FROM_18_TO_24 = "18_to_24"
    FROM_25_TO_34 = "25_to_34"
    FROM_35_TO_54 = "35_to_54"
    OVER_54 = "over_54"
    UNKNOWN = "unknown"


class Gender(StrEnum):
    """As the person describes themselves."""

    FEMALE = "female"
    MALE = "male"
    ANOTHER = "another"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class Ethnicity(StrEnum):
    """The 19 groups of the census of England and Wales 2021 and their five heads, the first part of each value.

    A head alone is used where no more is known. Source: Office for National Statistics, census 2021, question 15.
    """

    ASIAN = "asian"
    ASIAN_BANGLADESHI = "asian_bangladeshi"
    ASIAN_CHINESE = "asian_chinese"
    ASIAN_INDIAN = "asian_indian"
    ASIAN_PAKISTANI = "asian_pakistani"
    ASIAN_ANY_OTHER = "asian_any_other"
    BLACK = "black"
    BLACK_AFRICAN = "black_african"
    BLACK_CARIBBEAN = "black_caribbean"
    BLACK_ANY_OTHER = "black_any_other"
    MIXED = "mixed"
    MIXED_WHITE_AND_ASIAN = "mixed_white_and_asian"
    MIXED_WHITE_AND_BLACK_AFRICAN = "mixed_white_and_black_african"
    MIXED_WHITE_AND_BLACK_CARIBBEAN = "mixed_white_and_black_caribbean"
    MIXED_ANY_OTHER = "mixed_any_other"
    WHITE = "white"
    WHITE_BRITISH = "white_british"
    WHITE_IRISH = "white_irish"
    WHITE_GYPSY_OR_IRISH_TRAVELLER = "white_gypsy_or_irish_traveller"
    WHITE_ROMA = "white_roma"
    WHITE_ANY_OTHER = "white_any_other"
    OTHER = "other"
    OTHER_ARAB = "other_arab"
    OTHER_ANY_OTHER = "other_any_other"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"

    @property
    def head(self) -> "Ethnicity":
        """The head that the group belongs to; a head, no answer and unknown are their own."""
        if self is Ethnicity.PREFER_NOT_TO_SAY:
            return self
        return Ethnicity(self.partition("_")[0])


class Custody(StrEnum):
    """A person responsible's status with prison and probation."""

    NONE = "none"
    COMMUNITY_ORDER = "community_order"
    ON_LICENCE = "on_licence"
    IN_PRISON = "in_prison"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """A way to reach a person."""

    PHONE = "phone"
    TEXT = "text"
    EMAIL = "email"
    LETTER = "letter"
    IN_PERSON = "in_person"
    VIDEO = "video"
    THROUGH_AGENCY = "through_agency"


class ContactOutcome(StrEnum):
    """The result of an attempt to reach a person."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    VOICEMAIL_LEFT = "voicemail_left"
    MESSAGE_SENT = "message_sent"
    WRONG_DETAILS = "wrong_details"


class Interest(StrEnum):
    """Whether a person, once informed, wants to take part."""

    INTERESTED = "interested"
    UNDECIDED = "undecided"
    DECLINED = "declined"


class Purpose(StrEnum):
    """What a consent is for."""

    BE_CONTACTED = "be_contacted"
    TAKE_PART = "take_part"
    SHARE_RISK_INFORMATION = "share_risk_information"
    METHOD_DIRECT = "method_direct"
    METHOD_VIDEO = "method_video"
    METHOD_INDIRECT = "method_indirect"
    RECORDING = "recording"
    SUPPORTERS = "supporters"
    OUTCOME_AGREEMENT = "outcome_agreement"
    SHARE_OUTCOME = "share_outcome"
    EVALUATION = "evaluation"
    CASE_STUDY = "case_study"
    TRANSFER = "transfer"
    """Share the case with the service of another area, which takes it over."""


class ConsentForm(StrEnum):
    """How a consent was given."""

    WRITTEN = "written"
    VERBAL = "verbal"


class Agency(StrEnum):
    """An organisation with which information may be shared."""

    POLICE = "police"
    PROBATION = "probation"
    PRISON = "prison"
    YOUTH_JUSTICE = "youth_justice"
    COURT = "court"
    HEALTH = "health"
    SOCIAL_CARE = "social_care"
    VICTIM_SERVICES = "victim_services"


class Method(StrEnum):
    """How the two sides communicate. Face to face and by video are direct, the others indirect."""

    FACE_TO_FACE = "face_to_face"
    VIDEO = "video"
    SHUTTLE = "shuttle"
    LETTER = "letter"
    RECORDED_MESSAGE = "recorded_message"

    @property
    def direct(self) -> bool:
        """Whether the two sides meet."""
        return self in (Method.FACE_TO_FACE, Method.VIDEO)

    @property
    def purpose(self) -> Purpose:
        """The consent that this method needs from everyone taking part."""
        match self:
            case Method.FACE_TO_FACE:
                return Purpose.METHOD_DIRECT
            case Method.VIDEO:
                return Purpose.METHOD_VIDEO
            case _:
                return Purpose.METHOD_INDIRECT


class RiskFactor(StrEnum):
    """What a structured risk assessment looks at."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ATTITUDES = "attitudes"
    MOTIVATION = "motivation"
    SUBSTANCE_USE = "substance_use"
    MENTAL_HEALTH = "mental_health"
    PHYSICAL_AND_LEARNING_NEEDS = "physical_and_learning_needs"
    HARM_AND_IMPACT = "harm_and_impact"
    WANTED_OUTCOMES = "wanted_outcomes"
    JUSTICE_STAGE = "justice_stage"
    DENIAL_OR_MINIMISING = "denial_or_minimising"
    POWER_IMBALANCE = "power_imbalance"
    ONGOING_CONTACT = "ongoing_contact"
    THREATS = "threats"
    SELF_HARM = "self_harm"
    CHILDREN_PRESENT = "children_present"
    MEDIA_INTEREST = "media_interest"
    VENUE_AND_TRAVEL = "venue_and_travel"
    SUPPORTERS = "supporters"
    LANGUAGE = "language"
    SAFE_CONTACT = "safe_contact"
    NOT_PROCEEDING = "not_proceeding"


class Level(StrEnum):
    """How high a risk is; unknown counts as a gap."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """The verdict of a risk assessment."""

    PROCEED_DIRECT = "proceed_direct"
    PROCEED_INDIRECT = "proceed_indirect"
    NOT_YET = "not_yet"
    UNSAFE = "unsafe"

    @property
    def proceeds(self) -> bool:
        """Whether the referral may go on."""
        return self in (Verdict.PROCEED_DIRECT, Verdict.PROCEED_INDIRECT)


class SignOffSubject(StrEnum):
    """What a supervisor signs off."""

    RISK_ASSESSMENT = "risk_assessment"
    READINESS = "readiness"
    CLOSURE = "closure"


class Confirmation(StrEnum):
    """What others confirm where a person responsible is in prison or on licence."""

    CUSTODY = "custody"
    OFFENDER_MANAGER = "offender_manager"
    VICTIM_LIAISON = "victim_liaison"


class FollowUpContact(StrEnum):
    """The contacts after an activity."""

    CHECK_IN = "check_in"
    SIX_WEEKS = "six_weeks"
    THREE_MONTHS = "three_months"


class ItemOutcome(StrEnum):
    """The outcome of an item of an outcome agreement."""

    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"


class Scale(StrEnum):
    """A validated or simple outcome scale."""

    IES_R = "ies_r"
    PCL_5 = "pcl_5"
    FEAR = "fear"
    ANGER = "anger"

    @property
    def highest(self) -> int:
        """The highest score; every scale starts at 0. Sources: IES-R manual (22 items of 0-4), PCL-5 (20 of 0-4)."""
        return {Scale.IES_R: 88, Scale.PCL_5: 80}.get(self, 10)


class Need(StrEnum):
    """The eight needs of a harmed person, asked before and after."""

    MENTAL_AND_PHYSICAL_HEALTH = "mental_and_physical_health"
    SHELTER_AND_ACCOMMODATION = "shelter_and_accommodation"
    FAMILY_FRIENDS_AND_CHILDREN = "family_friends_and_children"
    EDUCATION_SKILLS_AND_EMPLOYMENT = "education_skills_and_employment"
    DRUGS_AND_ALCOHOL = "drugs_and_alcohol"
    FINANCE_AND_BENEFITS = "finance_and_benefits"
    OUTLOOK_AND_ATTITUDES = "outlook_and_attitudes"
    SOCIAL_INTERACTIONS = "social_interactions"


class Occasion(StrEnum):
    """When a scale was taken."""

    BEFORE = "before"
    AFTER = "after"


class Plea(StrEnum):
    """What a person responsible pleaded."""

    GUILTY = "guilty"
    NOT_GUILTY = "not_guilty"


class ReviewSubject(StrEnum):
    """What a review looks at; each answers a deadline of the same name."""

    UNREACHABLE = "unreachable_review"
    THINKING_TIME = "thinking_time"
    PREPARATION = "preparation_review"
    OFFENDER_DECISION = "offender_decision"
    SUPERVISION = "supervision"


class OverridableGate(StrEnum):
    """The gates that a supervisor may override with a reason. No consent is among them, nor can be."""

    RISK_SIGN_OFF = "risk_sign_off"
    READINESS_SIGN_OFF = "readiness_sign_off"
    RISK_RECONFIRMATION = "risk_reconfirmation"
    ADVANCED_PRACTITIONER = "advanced_practitioner"
    CONFIRMATIONS = "confirmations"


class ActivityState(StrEnum):
    """How far an activity is."""

    IN_PREPARATION = "in_preparation"
    BOOKED = "booked"
    STOPPED = "stopped"
    """It was stopped, and the next step is not chosen yet."""
    HELD = "held"
    ENDED = "ended"


class ActivityEndReason(StrEnum):
    """Why an activity ended without being held, or without being held again."""

    COULD_NOT_GO_ON = "could_not_go_on"
    """Nobody of a side is left in it. Recorded by the system with the step that led to it."""
    REPLACED = "replaced"
    NOT_WANTED = "not_wanted"


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


class TaskResult(StrEnum):
    """The outcome of a task to tell somebody something in person."""

    PASSED_ON = "passed_on"
    NOT_NEEDED = "not_needed"


class Work(StrEnum):
    """What staff spend time on."""

    CONTACT = "contact"
    MEETING = "meeting"
    ACTIVITY = "activity"
    TRAVEL = "travel"
    ADMINISTRATION = "administration"


class SentenceDate(StrEnum):
    """What a date in a sentence is. The tariff is the time that must be served before release can be considered."""

    RELEASE = "release"
    TARIFF_END = "tariff_end"
    LICENCE_END = "licence_end"
    ORDER_END = "order_end"


class ComplaintAbout(StrEnum):
    """What a complaint is about."""

    CONDUCT = "conduct"
    DECISION = "decision"
    DELAY = "delay"
    INFORMATION = "information"
    PRIVACY = "privacy"
    OTHER = "other"


class ComplaintOutcome(StrEnum):
    """How a complaint was answered."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    WITHDRAWN = "withdrawn"


class PractitionerLevel(StrEnum):
    """How far a practitioner has come. Source: Restorative Justice Council, practitioner registration."""

    TRAINEE = "trainee"
    PRACTITIONER = "practitioner"
    ADVANCED_PRACTITIONER = "advanced_practitioner"
