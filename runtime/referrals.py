"""What a process that acts for people works with. Reading needs PostgreSQL alone; a step is asked of the workflow."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4, uuid5

from lifecycle import Refused, deadlines, fold, open_referral
from schemas.areas import Area
from schemas.people import Actor, Staff
from schemas.policy import Policies
from schemas.reading.reference import reference_from
from schemas.steps import Overview, Receipt, Request
from schemas.vocabulary import Source
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyStore, KeyUnknown
from stores.logs import event_log
from stores.logs.states import States
from stores.referrals import area_of
from stores.staff import Places

if TYPE_CHECKING:
    from temporalio.client import Client

    from runtime.asking import Asking
    from schemas.commands import Command, OpenReferral

TASK_QUEUE = "referrals"

# What the area does that a referral is offered to, and no other.
_ANSWERS_AN_OFFER = ("accept_transfer", "refuse_transfer")
# What the partner who sent a referral may also say of it once another area has taken it over.
_OF_SENDER = ("raise_safeguarding",)

# Command ids of referrals from other systems are derived in this namespace, so that sending twice is safe.
_SENT = UUID("5a0a7c3e-6f0f-4a54-9e0a-6f2d1c2b7e11")


class NotAnswered(Exception):
    """No answer came in time. The command may still be recorded; sending it again with the same id is safe."""


class TemporalUnreachable(Exception):
    """Temporal does not answer. One sentence."""


class Opening(NamedTuple):
    """The reference of a referral to open, and the id of the opening command: sent twice, it is opened once."""

    reference: str
    command_id: UUID


class Referrals:
    """Opening referrals, taking steps and asking workflows, for a process that acts for people.

    Attributes:
        pool: connections to PostgreSQL with the application's rights.
        keys: the referrals' keys.
        states: of the referrals that this process asked for last.
    """

    def __init__(
        self,
        client: Client | None,
        pool: Pool,
        keys: KeyStore,
        policies: Policies | None,
        *,
        connect: Callable[[], Awaitable[Client]] | None = None,
        read_policies: Callable[[], Policies] | None = None,
    ) -> None:
        """Work with these connections.

        Args:
            client: of Temporal, with the project's plugin.
            policies: what referrals are opened under.
            connect: makes the client when it is first needed; must be given where no client is.
            read_policies: reads the policies when they are first needed; must be given where no policies are.
        """
        self._client = client
        self._connect = connect
        self.pool = pool
        self.keys = keys
        self.states = States()
        self._policies = policies
        self._read_policies = read_policies

    @property
    def client(self) -> Client:
        """The client of Temporal, of who connected to it at once; others ask :meth:`temporal` first."""
        if self._client is None:
            raise RuntimeError("Temporal has not been asked yet.")
        return self._client

    @property
    def policies(self) -> Policies:
        """What referrals are opened under, checked before one is sent. May raise BadPolicy, if read only now."""
        if self._policies is None:
            if self._read_policies is None:
                raise RuntimeError("Neither policies nor a way to read them were given.")
            self._policies = self._read_policies()
        return self._policies

    async def temporal(self) -> Client:
        """The client of Temporal, made now if it was not needed before."""
        if self._client is None and self._connect is not None:
            self._client = await self._connect()
        return self.client

    async def open(
        self,
        form: OpenReferral,
        staff_id: str,
        *,
        external_id: str | None = None,
        opening: Opening | None = None,
    ) -> Receipt:
        """Open a referral.

        Args:
            form: what is known of it.
            staff_id: the id of the sender.
            external_id: its id in the system that sends it; the same source and id open it once, however often sent.
            opening: from :meth:`opening`, for callers that must know it even without an answer; None: made here.

        Raises:
            Refused: it may not be opened. Nothing was stored.
            NotAnswered, TemporalUnreachable: it may or may not be recorded; the same opening may be sent again.
        """
        opening = opening or await self.opening(form.source, external_id)
        # Update-with-start starts the workflow even where its validator refuses, so everything is checked before.
        actor = await self.check_opening(form, staff_id, opening)
        reference, command_id = opening
        await self.keys.create(reference)
        return await self.send(
            reference, Request(command_id=command_id, actor=actor, command=form), start=True
        )

    async def check_opening(self, form: OpenReferral, staff_id: str, opening: Opening) -> Actor:
        """Check all that is checked before a referral is opened, and record nothing.

        Returns:
            Who would open it, in its area.

        Raises:
            Refused: it may not be opened.
        """
        actor = _claim(await self.member(staff_id), form.area)
        open_referral(opening.reference, self.policies.of(form.area), form, actor, datetime.now(UTC))
        if form.linked_to and await area_of(self.pool, form.linked_to) is None:
            raise Refused("unknown_referral", f"There is no referral {form.linked_to}.", "linked_to")
        return actor

    async def take(
        self, reference: str, command: Command, staff_id: str, *, command_id: UUID | None = None
    ) -> Receipt:
        """Take a step on a referral.

        Raises:
            Refused: the rules, the register or the reference do not allow it.
            NotAnswered, TemporalUnreachable: see :meth:`open`.
        """
        try:
            actor = await self.actor(reference, staff_id, command)
        except Refused:
            # The referral may not be of their area any more just because of what they ask for again.
            if command_id is None or not await event_log.took(self.pool, reference, command_id, staff_id):
                raise
            return await receipt_in_log(self.pool, self.keys, reference, command_id)
        request = Request(command_id=command_id or uuid4(), actor=actor, command=command)
        return await self.send(reference, request)

    async def overview(self, reference: str) -> tuple[Overview, bool]:
        """The referral as it is now, from its workflow, or folded from the log where none runs.

        Returns:
            The overview, and False where a workflow that should run did not answer.

        Raises:
            Refused: there is no such referral.
        """
        found, answers = await (await self._asking()).overview(reference)
        if found is not None and not found.referral.closed:
            return found, True
        recorded = await self.recorded(reference)
        return recorded, answers or recorded.referral.closed

    async def recorded(self, reference: str) -> Overview:
        """The referral as it is now by the log, the truth of record; its workflow is not asked.

        Raises:
            Refused: there is no such referral.
        """
        history = await event_log.history(self.pool, self.keys, reference)
        if not history:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        referral = fold(history)
        return Overview(referral=referral, deadlines=deadlines(referral))

    async def member(self, staff_id: str) -> Staff:
        """The active member of staff with that id.

        Raises:
            Refused: there is none.
        """
        return _active(await staff.get(self.pool, staff_id), staff_id)

    async def registered(self, staff_id: str, field: str) -> Staff:
        """The member of staff with that id, active or not.

        Args:
            field: the input field that named them.

        Raises:
            Refused: there is nobody.
        """
        return _registered(await staff.get(self.pool, staff_id), staff_id, field)

    async def actor(self, reference: str, staff_id: str, command: Command | None = None) -> Actor:
        """A member of staff as the actor on a referral: in its area, for the answer to an offer in the one that it is
        offered to, or for the concern of the partner who sent it in the one that they sent it to.

        Args:
            command: that they give; None: one of its own area.

        Raises:
            Refused: the person or the referral is unknown, or they do not work in that area.
        """
        member, places = await self._member_and_places(reference, staff_id)
        kind = command.kind if command is not None else None
        area = places.area
        if kind in _ANSWERS_AN_OFFER and places.offered_to:
            area = places.offered_to
        elif kind in _OF_SENDER and places.sent_to and places.area not in member.areas:
            area = places.sent_to
        return _claim(member, area)

    async def actors(self, reference: str, staff_id: str) -> list[Actor]:
        """The same in each area in which they may do anything: its own, the one that it is offered to, and the one
        that they sent it to.

        Raises:
            Refused: the person or the referral is unknown, or they work in neither.
        """
        member, places = await self._member_and_places(reference, staff_id)
        theirs = [each for each in dict.fromkeys(places) if each is not None and each in member.areas]
        return [member.acting_in(area) for area in theirs] or [_claim(member, places.area)]

    async def _member_and_places(self, reference: str, staff_id: str) -> tuple[Staff, Places]:
        found, places = await staff.get_with_places(self.pool, staff_id, reference)
        if places is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        return _active(found, staff_id), places

    async def opening(self, source: Source, external_id: str | None) -> Opening:
        """The opening for a new referral: derived from its id in the sending system, else with an unused reference."""
        if external_id is not None:
            return await self.identity_of(source, external_id)
        while True:
            reference = reference_from(secrets.randbits(35))
            try:
                await self.keys.get(reference)
            except KeyUnknown:
                # Neither open, nor being opened, nor erased.
                return Opening(reference, uuid4())
            except KeyErased:
                pass

    async def identity_of(self, source: Source, external_id: str) -> Opening:
        """The opening derived from a referral's id in another system."""
        sent = f"{source}\x1f{external_id}"
        # Keyed, so that nobody can tell from a reference which case of the other system it is.
        digest = hmac.digest(await self.keys.installation_secret(), sent.encode(), hashlib.sha256)
        reference = reference_from(int.from_bytes(digest[:8]))
        return Opening(reference, uuid5(_SENT, digest.hex()))

    async def send(self, reference: str, request: Request, *, start: bool = False) -> Receipt:
        """Send a complete request.

        A withdrawal or a safety concern is recorded even where the workflow does not answer; the receipt then says
        so.

        Args:
            start: whether to start the workflow with it; if False, it is started only where it turns out not to run.

        Raises:
            Refused, NotAnswered, TemporalUnreachable: see :meth:`open`.
        """
        return await (await self._asking()).send(reference, request, start=start)

    async def known_to_workflow(self, reference: str) -> int | None:
        """How many events the referral's workflow knows; None where it does not answer. One that is not running counts
        as knowing all, since it reads the log when started."""
        return await (await self._asking()).known_to_workflow(reference)

    async def wake(self, reference: str) -> bool:
        """Signal the referral's workflow to read the events that it lacks, and start it where none runs.

        Returns:
            Whether Temporal accepted the signal; the workflow acts on it later.
        """
        return await (await self._asking()).wake(reference)

    async def _asking(self) -> Asking:
        # Brings in Temporal's SDK, which who only reads has no need of.
        from runtime.asking import Asking

        return Asking(await self.temporal(), self.pool, self.keys, self.policies)


async def receipt_in_log(pool: Pool, keys: KeyStore, reference: str, command_id: UUID) -> Receipt:
    """The receipt that a command was answered with, which is in the log."""
    # Brings in Temporal's SDK.
    from activities.steps import receipt_as_answered

    return receipt_as_answered(await event_log.history(pool, keys, reference), command_id)


def _registered(found: Staff | None, staff_id: str, field: str) -> Staff:
    if found is None:
        raise Refused("staff_unknown", f"{staff_id} is not in the staff register.", field)
    return found


def _active(found: Staff | None, staff_id: str) -> Staff:
    member = _registered(found, staff_id, "as")
    if not member.active:
        raise Refused("staff_inactive", f"{staff_id} is no longer active.", "as")
    return member


def _claim(member: Staff, area: Area) -> Actor:
    if area not in member.areas:
        raise Refused("staff_other_area", f"{member.id} does not work in {area}.", "as")
    return member.acting_in(area)
