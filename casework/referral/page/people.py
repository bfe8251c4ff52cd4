"""The people of a referral: what each is in it, how they are reached safely, and what they consent to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydantic import AwareDatetime, Field

from casework.referral.contact import ContactDetails, contact_details_in
from casework.referral.page.case import Case
from casework.words import in_words
from casework.words.happened.people import TO_WHAT
from casework.words.people import side_in_words
from casework.words.safe_contact import safe_contact
from casework.words.standing import missing_consents
from lifecycle.people.ages import as_of
from lifecycle.people.consents import in_force
from lifecycle.people.contacts import contact_of, custody_details_of
from schemas.base import Model
from schemas.referral import Consent, Participant
from schemas.vocabulary import (
    AgeBand,
    Confirmation,
    ContactOutcome,
    Custody,
    EndReason,
    Interest,
    ParticipantRole,
    Purpose,
    SentenceDate,
)


class ConsentLine(Model):
    """A consent that somebody gave.

    Attributes:
        purpose: of which it is, for what is to be done with it.
        to: what they consent to, in words.
        by_guardian: the parent or guardian who gave it for a child, as they are called.
        recorded_by: who recorded it, by name.
        in_force: whether it counts; a child's counts with a guardian's only.
    """

    purpose: Purpose
    to: str
    given_on: date
    form: str
    form_version: str
    by_guardian: str | None
    recorded_by: str
    withdrawn_at: AwareDatetime | None
    in_force: bool


class MissingConsent(Model):
    """A consent that is needed and not in force.

    Attributes:
        to: what it is to, in words.
    """

    purpose: Purpose
    to: str


class PersonCard(Model):
    """A person of a referral.

    Attributes:
        called: by name where it is shown, else by side.
        side: what they are in it.
        accompanies: whom they are there for, as they are called.
        accompanied_by: who is there for them, by side and as they are called.
        safe: how they are reached safely; empty: nothing is known to be safe; None: it is not shown.
        contact_frozen: whether a safeguarding concern forbids every contact.
        attempts: how often somebody tried to reach them.
        reached: whether they were reached.
        consents: that they gave, those that are in force first.
        missing: consents that are needed and not in force.
        custody, prison, sentence_date, sentence_date_is: where they serve a sentence; None: it is not shown or known.
        confirmations: what prison, offender manager and victim liaison confirmed.
        ended: why their part ended; None: it has not.
    """

    id: str
    called: str = Field(repr=False)
    named: bool
    role: ParticipantRole
    side: str
    accompanies: str | None = Field(repr=False)
    accompanied_by: tuple[tuple[str, str], ...] = Field(repr=False)
    age_band: AgeBand
    child: bool
    came_of_age: bool
    interpreter_needed: bool | None
    safe: str | None = Field(repr=False)
    neutral_words_only: bool
    contact_frozen: bool
    attempts: int
    last_attempt_at: AwareDatetime | None
    reached: bool
    informed_at: AwareDatetime | None
    interest: Interest | None
    acknowledges: bool | None
    consents: tuple[ConsentLine, ...]
    missing: tuple[MissingConsent, ...]
    custody: Custody | None
    prison: str | None = Field(repr=False)
    sentence_date: date | None
    sentence_date_is: SentenceDate | None
    confirmations: tuple[Confirmation, ...]
    ended: EndReason | None
    ended_at: AwareDatetime | None

    @property
    def of_a_side(self) -> bool:
        """Whether they are one of those who were harmed or are responsible."""
        return self.role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)


def people_of_case(case: Case) -> tuple[PersonCard, ...]:
    """The people of a referral; who left it comes last."""
    cards = [_card(case, each) for each in as_of(case.referral, case.at).participants]
    return tuple(sorted(cards, key=lambda each: each.ended is not None))


def card_of(case: Case, participant: str) -> PersonCard:
    """One person of a referral. Raises StopIteration where there is none of that id."""
    return next(each for each in people_of_case(case) if each.id == participant)


def contact_in(case: Case, participant: str) -> ContactDetails:
    """How a person is reached, with names and addresses; of a case that was opened."""
    return contact_details_in(case.history, case.referral, participant)


def _card(case: Case, person: Participant) -> PersonCard:
    referral = case.referral
    safety = contact_of(case.history, person.id).safety if case.opened else None
    where = custody_details_of(case.history, person.id) if case.opened else None
    tried = person.attempts
    return PersonCard(
        id=person.id,
        called=case.called(person.id),
        named=person.id in case.people.called_as,
        role=person.role,
        side=side_in_words(person.role, conflict=referral.conflict),
        accompanies=case.called(person.accompanies) if person.accompanies else None,
        accompanied_by=tuple(
            (side_in_words(each.role, conflict=referral.conflict), case.called(each.id))
            for each in referral.participants
            if each.accompanies == person.id and each.active
        ),
        age_band=person.age_band,
        child=person.child,
        came_of_age=person.grown_up,
        interpreter_needed=person.interpreter_needed,
        safe=safe_contact(safety) if case.opened else None,
        neutral_words_only=safety is None or safety.neutral_words_only,
        contact_frozen=referral.safeguarding is not None,
        attempts=len(tried),
        last_attempt_at=tried[-1].made_at if tried else None,
        reached=any(each.outcome is ContactOutcome.REACHED for each in tried),
        informed_at=person.informed_at,
        interest=person.interest,
        acknowledges=person.acknowledges,
        consents=tuple(_consents(case, person)),
        missing=tuple(
            MissingConsent(purpose=each, to=_to(each)) for each in missing_consents(referral, person)
        ),
        custody=None if person.custody in (Custody.UNKNOWN, Custody.NONE) else person.custody,
        prison=where.prison if where else None,
        sentence_date=where.sentence_date if where else None,
        sentence_date_is=where.sentence_date_is if where else None,
        confirmations=person.confirmations,
        ended=person.ended,
        ended_at=person.ended_at,
    )


def _consents(case: Case, person: Participant) -> Iterator[ConsentLine]:
    """Each consent of a person, of several for the same the last; those that are in force first."""
    last: dict[tuple[Purpose, str | None], Consent] = {}
    for each in case.referral.consents:
        if each.participant == person.id:
            last[each.purpose, each.by_guardian] = each
    for given in sorted(
        last.values(), key=lambda each: (not each.in_force, list(Purpose).index(each.purpose))
    ):
        yield ConsentLine(
            purpose=given.purpose,
            to=_to(given.purpose),
            given_on=given.given_on,
            form=in_words(given.form),
            form_version=given.form_version,
            by_guardian=case.called(given.by_guardian) if given.by_guardian else None,
            recorded_by=case.colleague(given.recorded_by),
            withdrawn_at=given.withdrawn_at,
            in_force=given.in_force and in_force(case.referral, person, given.purpose),
        )


def _to(purpose: Purpose) -> str:
    return TO_WHAT[purpose].removeprefix("to ")
