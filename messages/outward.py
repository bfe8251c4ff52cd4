"""The outbound channels: the wording of a message on each, and sending it."""

from __future__ import annotations

from dataclasses import dataclass

from messages.channels import ChannelRefused
from messages.email import Mailer
from messages.govuk_notify import Notify, Sent
from messages.invitations import invitation, uid
from messages.notice_facts import facts
from messages.wording import Medium, Wording, Written, media
from schemas.notices import Notice, Party
from schemas.people import Person
from schemas.referral import Referral
from schemas.vocabulary import Channel

_MEDIA = {Channel.TEXT: Medium.TEXT, Channel.EMAIL: Medium.EMAIL, Channel.LETTER: Medium.LETTER}


@dataclass(frozen=True)
class Outward:
    """The outbound channels and the wording.

    Attributes:
        mailer: None where e-mail is off.
        notify: None where texts and letters are off.
    """

    wording: Wording
    mailer: Mailer | None = None
    notify: Notify | None = None

    def channels(self, template: str) -> frozenset[Channel]:
        """The channels that are on and that the template has wording for."""
        on = {
            Channel.EMAIL: self.mailer is not None,
            Channel.TEXT: self.notify is not None and self.notify.sends_texts,
            Channel.LETTER: self.notify is not None and self.notify.sends_letters,
        }
        written = media(template)
        return frozenset(channel for channel, medium in _MEDIA.items() if on[channel] and medium in written)

    def words(self, referral: Referral, notice: Notice, channel: Channel) -> Written:
        """The message as written for that channel; raises BadTemplate."""
        policy = referral.policy
        known = facts(referral.reference, notice, policy, area=referral.area, stage=referral.stage)
        return self.wording.render(notice.template, _MEDIA[channel], known, welsh=policy.welsh)

    async def email(self, reference: str, notice: Notice, person: Person, words: Written) -> None:
        """Send it by e-mail, with a calendar entry where it is about an appointment of staff.

        Raises:
            ChannelAway, ChannelRefused: it was not accepted, as far as is known.
        """
        if self.mailer is None or person.email is None:
            raise ChannelRefused("There is no address, or no mail server.")
        about = notice.about
        calendar = None
        if notice.party is Party.STAFF and about.appointment and about.starts_at:
            calendar = invitation(
                uid=uid(reference, about.appointment),
                # A later step of the referral has a higher number, as calendars expect of an update.
                sequence=notice.sequence,
                starts_at=about.starts_at,
                minutes=about.minutes or 60,
                # Others who see the calendar need not know more.
                summary=words.subject,
                description=words.subject,
                organiser=self.mailer.sender,
                attendee=person.email,
                made_at=notice.at,
                cancelled=about.cancelled,
            )
        await self.mailer.send(
            to=person.email,
            subject=words.subject,
            body=words.body,
            message_id=_message_id(reference, notice),
            calendar=calendar,
            calendar_method=("CANCEL" if about.cancelled else "REQUEST") if calendar else None,
        )

    async def through_notify(
        self, reference: str, notice: Notice, channel: Channel, person: Person, words: Written
    ) -> Sent:
        """Send it through GOV.UK Notify as a text or a letter.

        Raises:
            ChannelAway, ChannelRefused: it was not accepted, as far as is known.
        """
        if self.notify is None:
            raise ChannelRefused("Texts and letters are off.")
        known_as = _known_as(reference, notice, channel)
        if channel is Channel.TEXT:
            return await self.notify.send_text(to=person.phone or "", body=words.body, reference=known_as)
        lines = [person.name or "", *(person.address or "").replace("\n", ",").split(",")]
        return await self.notify.send_letter(
            address=[line.strip() for line in lines if line.strip()],
            subject=words.subject,
            body=words.body,
            reference=known_as,
        )

    async def find(self, reference: str, notice: Notice, channel: Channel) -> Sent | None:
        """GOV.UK Notify's record of a text or letter that may have been sent; raises ChannelAway."""
        return await self.notify.find(_known_as(reference, notice, channel)) if self.notify else None


def _message_id(reference: str, notice: Notice) -> str:
    """The Message-ID: the same at every attempt, so that duplicates are recognised. It reveals nothing."""
    return f"<{_short(reference).lower()}.{notice.id}@messages.invalid>"


def _known_as(reference: str, notice: Notice, channel: Channel) -> str:
    return f"{_short(reference)}/{notice.id}/{channel}"


def _short(reference: str) -> str:
    return reference.removeprefix("RJ-")
