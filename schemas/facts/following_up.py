"""The facts of agreements, follow-up, surveys, scales and outcome reports."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Day, Model, Note, ParticipantId
from schemas.facts.shared import Which
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import Agency, FollowUpContact, ItemOutcome, Need, Occasion, Scale


class AgreementItem(Model):
    """One thing a person undertakes."""

    id: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    by: ParticipantId
    due_on: Day
    text: Annotated[str | None, Sensitive] = Field(default=None, max_length=2000)


class Agreement(Model):
    """The outcome agreement of an activity."""

    items: tuple[AgreementItem, ...] = Field(min_length=1, max_length=30)
    activity: Which = None

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("each item needs its own id")
        return self


class ItemResult(Model):
    """The outcome of an agreement item."""

    item: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    outcome: ItemOutcome
    harmed_person_told: bool = Field(default=False, description="the person harmed was told of it")


class FollowUp(Model):
    """A contact after the activity."""

    participant: ParticipantId
    contact: FollowUpContact
    note: Note = None
    activity: Which = None


class Survey(Model):
    """A person's answers about the service. Every answer is optional."""

    participant: ParticipantId
    satisfied: Annotated[bool | None, Special] = None
    would_recommend: Annotated[bool | None, Special] = None
    feels: Annotated[str | None, Special] = Field(
        default=None, pattern="^(better|same|worse)$", description="better, same or worse"
    )
    rating: Annotated[int | None, Special] = Field(default=None, ge=0, le=10, description="0 to 10")
    comment: Note = None
    activity: Which = None


class ScaleScore(Model):
    """A score on an outcome scale. IES-R 0-88, PCL-5 0-80, fear and anger 0-10."""

    participant: ParticipantId
    scale: Annotated[Scale | None, Special] = None
    occasion: Occasion
    score: Annotated[int | None, Special] = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _within_the_scale(self) -> Self:
        if self.scale and self.score and self.score > self.scale.highest:
            raise ValueError(f"score: {self.scale} runs from 0 to {self.scale.highest}")
        return self


class NeedScore(Model):
    """How well one of the eight needs is met, 1 (not at all) to 5 (fully)."""

    need: Annotated[Need, Special]
    score: Annotated[int, Special] = Field(ge=1, le=5)


class NeedsScores(Model):
    """The eight needs of a harmed person."""

    participant: ParticipantId
    occasion: Occasion
    needs: Annotated[tuple[NeedScore, ...], Special] = Field(default=(), max_length=len(Need))


class OutcomeShared(Model):
    """An outcome report to an agency."""

    agency: Agency
