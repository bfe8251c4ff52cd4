"""How a participant may be reached without danger, as it is known now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import Field

from casework.access import What, require_access
from casework.session import Session
from lifecycle import fold
from lifecycle.people.contacts import contact_of, custody_details_of
from lifecycle.people.details import doubts
from lifecycle.people.leaving import known_participant
from schemas.access import DataKind
from schemas.base import Model
from schemas.events import Recorded
from schemas.facts import CustodyDetails
from schemas.people import ContactSafety, Person
from schemas.referral import Referral
from stores.logs import event_log


class DoubtfulDetail(Model):
    """A detail that would be refused today.

    Attributes:
        field: name, date_of_birth, phone, email, address or safe_hours.
        reason: what is wrong with it, in words; never the detail itself.
    """

    field: str
    reason: str


class ContactDetails(Model):
    """Where one person can be reached.

    Attributes:
        participant: their id.
        person: name and addresses.
        contact_safety: which ways and hours are safe.
        custody: where they serve a sentence, and a date in it; None where nothing was recorded.
        frozen: whether a safeguarding concern forbids every contact now.
        doubtful: details that the log holds from before they were checked; no message is sent by them.
    """

    participant: str
    person: Person = Field(repr=False)
    contact_safety: ContactSafety | None = Field(repr=False)
    custody: CustodyDetails | None = Field(default=None, repr=False)
    frozen: bool
    doubtful: tuple[DoubtfulDetail, ...] = ()


async def contact_details(session: Session, reference: str, participant: str) -> ContactDetails:
    """How somebody may be reached without danger.

    Args:
        participant: their id, such as h1.

    Raises:
        Refused: the referral or the participant is unknown, or it is not theirs to see.
        KeyErased: the referral was erased.
    """
    await require_access(session, What.CASELOAD, reference)
    pool, keys = session.referrals.pool, session.referrals.keys
    # Nothing is shown of whom nobody knows, or of what was erased, so no look is recorded then.
    key = await keys.get(reference)
    known_participant(fold(await event_log.history(pool, keys, reference)), participant)
    await require_access(session, What.PEOPLE, reference, DataKind.CONTACT)
    history = await event_log.read(pool, reference, key=key)
    return contact_details_in(history, fold(history), participant)


def contact_details_in(history: Sequence[Recorded], referral: Referral, participant: str) -> ContactDetails:
    """How somebody may be reached without danger, by a log that was opened.

    Args:
        referral: the state that the log leads to.
    """
    contact = contact_of(history, participant)
    return ContactDetails(
        participant=participant,
        person=contact.person,
        contact_safety=contact.safety,
        custody=custody_details_of(history, participant),
        frozen=referral.safeguarding is not None,
        doubtful=tuple(
            DoubtfulDetail(field=each.field, reason=each.reason)
            for each in doubts(contact.person, contact.safety, datetime.now(UTC))
        ),
    )
