"""How days, deadlines and people are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from schemas import events as e
from schemas.areas import LONDON
from schemas.events import Recorded
from schemas.policy import DeadlineName
from schemas.vocabulary import ParticipantRole
from schemas.vocabulary.words import in_words

SIDES = {ParticipantRole.HARMED: "person harmed", ParticipantRole.RESPONSIBLE: "person responsible"}
_SOMEBODY = "somebody"
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "sir", "dame", "rev", "prof"})


def when(moment: datetime) -> str:
    """A moment as people in England and Wales read it: Thu 26 Nov 2026 09:00."""
    return f"{moment.astimezone(LONDON):%a %-d %b %Y %H:%M}"


def on_day(day: date) -> str:
    """A day as people in England and Wales read it: Thu 26 Nov 2026."""
    return f"{day:%a %-d %b %Y}"


def area_in_words(name: str) -> str:
    """A police area as people write it: West Yorkshire."""
    small = {"and", "of", "the"}
    return " ".join(word if word in small else word.capitalize() for word in name.split("-"))


def phone_in_words(number: str) -> str:
    """A telephone number as people in the United Kingdom write it: 07700 900123; of another country +353 and so on."""
    mobile = re.fullmatch(r"\+44(7\d{3})(\d{6})", number)
    return f"0{mobile[1]} {mobile[2]}" if mobile else re.sub(r"^\+44", "0", number)


def deadline_in_words(key: str) -> str:
    """A deadline as people call it, with what it is about: thinking time about h1."""
    name, _, about = key.partition("/")
    if not about:
        return in_words(name)
    if name == DeadlineName.COMPLAINT:
        return f"{name} {about}"
    about, _, activity = about.partition("/")
    of = "of" if name in (DeadlineName.SIGN_OFF, DeadlineName.RISK_RECONFIRMATION) else "about"
    return f"{in_words(name)} {of} {in_words(about)}{f' for {activity}' if activity else ''}"


def side_in_words(role: ParticipantRole, *, conflict: bool) -> str:
    """What a person is in a referral; in a conflict without a crime both sides are parties."""
    return "party" if conflict and role in SIDES else SIDES.get(role, in_words(role))


@dataclass(frozen=True)
class People:
    """How the people of a referral are called.

    Attributes:
        roles: what each is, by id.
        names: their full names, by id, where the reader may see them; else empty.
        conflict: whether it is about a conflict without a crime, in which both sides are parties.
        called_as: how each is called where that is not by the first name alone: June I.
    """

    roles: Mapping[str, ParticipantRole]
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    conflict: bool = False
    called_as: Mapping[str, str] = field(default_factory=dict, repr=False)

    def called(self, participant: str | None) -> str:
        """A person as a sentence ends with them: June; or h1, the person harmed."""
        if participant is None:
            return _SOMEBODY
        if name := self._short_name(participant):
            return name
        role = self.roles.get(participant)
        return f"{participant}, {self._side(role)}" if role else participant

    def side_of(self, participant: str) -> str:
        """A person by their side alone, where that tells who is meant: the person harmed; else h2, a person harmed."""
        role = self.roles.get(participant)
        side = self._side(role) if role else ""
        return side if side.startswith("the ") else self.called(participant)

    def within(self, participant: str | None) -> str:
        """A person as a sentence goes on after them: June; or h1, the person harmed, with its second comma."""
        called = self.called(participant)
        return f"{called}," if called.startswith(f"{participant}, ") else called

    def listed(self, participants: Iterable[str]) -> str:
        """Several people: June and Adam; without names, h1 and r1."""
        called = [self._short_name(each) or each for each in participants]
        return " and ".join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)

    def _side(self, role: ParticipantRole) -> str:
        side = side_in_words(role, conflict=self.conflict)
        alone = sum(each is role for each in self.roles.values()) == 1 and side != "party"
        return f"{'the' if alone else 'an' if side[0] in 'aeiou' else 'a'} {side}"

    def _short_name(self, participant: str) -> str | None:
        """The first name, and the whole name where another shares the first."""
        if participant in self.called_as:
            return self.called_as[participant]
        whole = self.names.get(participant)
        first = first_name(whole)
        if first is None:
            return None
        shared = sum(first_name(each) == first for each in self.names.values()) > 1
        return f"{whole} ({participant})" if shared else first


def people_of(
    history: Iterable[Recorded],
    names: Mapping[str, str] | None = None,
    called_as: Mapping[str, str] | None = None,
) -> People:
    """How the people of a referral are called, by its log.

    Args:
        names: by id, where the reader may see them.
        called_as: how each is called where that is not by the first name alone.
    """
    roles: dict[str, ParticipantRole] = {}
    conflict = False
    for recorded in history:
        match recorded.event:
            case e.ReferralReceived():
                roles |= {each.id: each.role for each in recorded.event.participants}
                conflict = recorded.event.conflict
            case e.ParticipantAdded():
                roles[recorded.event.participant.id] = recorded.event.participant.role
    return People(roles, names or {}, conflict, called_as or {})


def first_name(name: str | None) -> str | None:
    """The first name, without a title before it; None where there is none."""
    parts = (name or "").split()
    while len(parts) > 1 and parts[0].lower().rstrip(".") in _TITLES:
        del parts[0]
    return parts[0] if parts else None
