"""Text messages and letters through GOV.UK Notify.

The service's Notify account has one template for each kind: for text messages only ((body)), for letters ((subject)) as
the heading and ((body)) below. The wording is decided here, not there.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from typing import Any, TypeVar

from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient
from pydantic import ValidationError

from messages.channels import ChannelAway, ChannelRefused, take_turn
from schemas.base import Model

WITHIN = timedelta(seconds=30)
"""How long one request to Notify may take, once it has its turn."""

AT_ONCE = 8
"""How many requests this process makes at once; our judgement."""

API = "https://api.notifications.service.gov.uk"

# It logs what Notify answers, which may quote what was sent.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?|GIR) ?[0-9][A-Z]{2}|BFPO ?[0-9]{1,4}", re.IGNORECASE)
# Notify's limits; the name counts as a line.
_ADDRESS_LINES = range(3, 8)
# Notify counts requests over the last minute.
_A_MINUTE = timedelta(minutes=1)
_MOST_OFTEN = timedelta(hours=1)
# By then no request is still running, and Notify finds by reference what it accepted.
_IN_DOUBT = 2 * WITHIN

_UNREADABLE = "GOV.UK Notify's answer cannot be read."

M = TypeVar("M", bound=Model)


class SentState(StrEnum):
    """The state of a message that Notify accepted."""

    UNDERWAY = "underway"
    DELIVERED = "delivered"
    """A text: delivered to the telephone. A letter: printed and posted."""
    FAILED = "failed"
    """It will never reach this address."""
    FAILED_FOR_NOW = "failed_for_now"
    """It was not delivered; sending it again may work."""


STATES: Mapping[str, SentState] = {
    "created": SentState.UNDERWAY,
    "sending": SentState.UNDERWAY,
    "pending": SentState.UNDERWAY,
    "pending-virus-check": SentState.UNDERWAY,
    "accepted": SentState.UNDERWAY,
    # To a number abroad: networks report nothing more.
    "sent": SentState.DELIVERED,
    "delivered": SentState.DELIVERED,
    "received": SentState.DELIVERED,
    "permanent-failure": SentState.FAILED,
    "cancelled": SentState.FAILED,
    "virus-scan-failed": SentState.FAILED,
    "validation-failed": SentState.FAILED,
    "returned-letter": SentState.FAILED,
    "temporary-failure": SentState.FAILED_FOR_NOW,
    "technical-failure": SentState.FAILED_FOR_NOW,
}
"""Every status of a text message or a letter in Notify's documentation, docs.notifications.service.gov.uk."""


class Sent(Model):
    """A message as Notify has it.

    Attributes:
        id: Notify's own, by which its status is asked for.
    """

    id: str
    state: SentState


class _Notification(Model):
    id: str
    # The answer to sending has none.
    status: str = "created"

    def sent(self) -> Sent:
        state = STATES.get(self.status)
        if state is None:
            raise ChannelAway("GOV.UK Notify has given the message a status that is not known here.")
        return Sent(id=self.id, state=state)


class _Notifications(Model):
    notifications: tuple[_Notification, ...]


class _Template(Model):
    type: str


class Notify:
    """A service's account with GOV.UK Notify.

    Args:
        api_key: as Notify shows it once, NAME-SERVICE-SECRET.
        text_template, letter_template: ids in the account; None: no such messages are sent.
        base_url: None: Notify's own.

    Every method raises ChannelAway when Notify does not answer, limits the rate or refuses the key, or no turn comes.
    Where that is uncertain, `find` knows the result after the error's retry_after.
    """

    def __init__(
        self, api_key: str, text_template: str | None, letter_template: str | None, base_url: str | None
    ) -> None:
        self._api_key = api_key
        self._text_template = text_template
        self._letter_template = letter_template
        self._base_url = base_url or API
        # Our own threads: in the shared pool a request could wait and be sent after it was given up.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notify")
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def sends_texts(self) -> bool:
        """Whether there is a template for text messages."""
        return self._text_template is not None

    @property
    def sends_letters(self) -> bool:
        """Whether there is a template for letters."""
        return self._letter_template is not None

    async def find(self, reference: str) -> Sent | None:
        """The newest message sent under the reference; None where Notify knows none, as for one sent more than seven
        days ago (or what else the account keeps).
        """
        answer = await self._ask(lambda client: client.get_all_notifications(reference=reference), WITHIN)
        found = _read(_Notifications, answer).notifications
        return found[0].sent() if found else None

    async def send_text(self, *, to: str, body: str, reference: str) -> Sent:
        """Send a text message. Raises ChannelAway; ChannelRefused where it is refused permanently."""
        template = self._text_template
        if template is None:
            raise ChannelRefused("No text messages are sent: RJ_NOTIFY_TEXT_TEMPLATE names no template.")
        answer = await self._ask(
            lambda client: client.send_sms_notification(
                to, template, personalisation={"body": body}, reference=reference
            ),
            WITHIN,
        )
        return _read(_Notification, answer).sent()

    async def send_letter(self, *, address: Sequence[str], subject: str, body: str, reference: str) -> Sent:
        """Send a letter. Raises ChannelAway; ChannelRefused where the address or the letter is refused permanently.

        Args:
            address: the envelope's lines, from the name to a UK postcode or a country.
        """
        template = self._letter_template
        if template is None:
            raise ChannelRefused("No letters are sent: RJ_NOTIFY_LETTER_TEMPLATE names no template.")
        lines = {f"address_line_{number}": line for number, line in enumerate(_envelope(address), start=1)}
        answer = await self._ask(
            lambda client: client.send_letter_notification(
                template, {"subject": subject, "body": body, **lines}, reference=reference
            ),
            WITHIN,
        )
        return _read(_Notification, answer).sent()

    async def status(self, sent_id: str) -> Sent:
        """The state of a message. Raises ChannelAway also when Notify does not know it: not yet or, seven days after it
        was sent, no longer.
        """
        try:
            answer = await self._ask(lambda client: client.get_notification_by_id(sent_id), WITHIN)
        except ChannelRefused:
            raise ChannelAway("GOV.UK Notify does not know this message, not yet or no longer.") from None
        return _read(_Notification, answer).sent()

    async def what_is_wrong(self, within: timedelta) -> str | None:
        """What is wrong with the account's set-up, in one sentence; looks the templates up and sends nothing."""
        for name, kind, template in (
            ("RJ_NOTIFY_TEXT_TEMPLATE", "sms", self._text_template),
            ("RJ_NOTIFY_LETTER_TEMPLATE", "letter", self._letter_template),
        ):
            try:
                found = await self._kind(template, within) if template else kind
            except ChannelRefused:
                return f"The account has no template with the id in {name}."
            except ChannelAway as away:
                return str(away)
            if found != kind:
                return f"The template in {name} is of another kind: {kind} is needed."
        return None

    async def _kind(self, template: str, within: timedelta) -> str:
        return _read(_Template, await self._ask(lambda client: client.get_template(template), within)).type

    async def _ask(self, question: Callable[[Any], object], within: timedelta) -> object:
        await take_turn(self._turns)
        seconds = within.total_seconds()
        window = _SendWindow(until=time.monotonic() + seconds / 2)
        answer = asyncio.wrap_future(self._threads.submit(self._answer, question, seconds, window))
        answer.add_done_callback(self._give_back)
        try:
            # A thread cannot be cancelled: it keeps its turn until it ends, and sends nothing more.
            done, _ = await asyncio.wait([answer], timeout=seconds)
        finally:
            window.until = 0
        if not done:
            raise _perhaps("GOV.UK Notify did not answer in time.")
        try:
            return answer.result()
        except InvalidResponse:
            raise _perhaps(_UNREADABLE) from None
        except APIError as error:
            raise _meaning(error, datetime.now(UTC)) from None

    def _give_back(self, answer: asyncio.Future[object]) -> None:
        self._turns.release()
        # An exception that is never retrieved would be logged, and may quote what was sent.
        answer.exception()

    def _answer(self, question: Callable[[Any], object], seconds: float, window: _SendWindow) -> object:
        # One client for each request, since threads must not share one. Its timeouts are for connecting to one address
        # and for one read; together with the send window they end before the request is given up. A name look-up has
        # no timeout.
        client: Any = NotificationsAPIClient(  # type: ignore[no-untyped-call]
            self._api_key, base_url=self._base_url, timeout=(seconds / 4, seconds * 0.4)
        )
        # The last function that `requests` calls before it connects.
        client.request_session.auth = window.limit
        with closing(client.request_session):
            return question(client)


@dataclass
class _SendWindow:
    """Until when a request may be sent, by time.monotonic(): one that was given up must not be sent later."""

    until: float

    def limit(self, request: Any) -> Any:
        """Make a request send its body only within the window; without a body Notify does nothing."""
        if request.body is not None:
            request.body = _Body(request.body.encode(), self)
        return request


@dataclass
class _Body:
    """A request body that is read once the connection is open."""

    content: bytes
    window: _SendWindow

    def __len__(self) -> int:
        return len(self.content)

    def __iter__(self) -> Iterator[bytes]:
        if time.monotonic() >= self.window.until:
            raise TimeoutError
        yield self.content


def _envelope(address: Sequence[str]) -> list[str]:
    lines = [stripped for line in "\n".join(address).splitlines() if (stripped := line.strip())]
    if len(lines) not in _ADDRESS_LINES:
        raise ChannelRefused("The address on a letter has three to seven lines, the name among them.")
    last = lines[-1]
    # Notify knows the countries; here it is only checked that the line has no digits.
    if not _POSTCODE.fullmatch(last) and any(character.isdigit() for character in last):
        raise ChannelRefused("The last line of the address is neither a UK postcode nor a country.")
    return lines


def _read(model: type[M], answer: object) -> M:
    try:
        return model.model_validate(answer)
    except ValidationError:
        raise _perhaps(_UNREADABLE) from None


def _perhaps(reason: str) -> ChannelAway:
    return ChannelAway(reason, retry_after=_IN_DOUBT, uncertain=True)


def _meaning(error: APIError, now: datetime) -> ChannelAway | ChannelRefused:
    """The error as a channel's, by code and type: its text may change and may quote what was sent."""
    kind = _kind_of(error)
    code = f"{error.status_code} {kind}".strip()
    match error.status_code, kind:
        case 429, "TooManyRequestsError":
            return ChannelAway(
                f"The day's limit of the GOV.UK Notify account is reached ({code}).",
                retry_after=_until_more(now),
            )
        case 429, _:
            return ChannelAway(f"Too many requests to GOV.UK Notify ({code}).", retry_after=_A_MINUTE)
        case ((400 | 403), "BadRequestError"):
            return ChannelRefused(
                "The GOV.UK Notify account does not allow it: it is in trial mode, its key is for the team only, its "
                f"template does not fit, or this kind of message is switched off ({code})."
            )
        case ((400 | 404 | 413), _):
            return ChannelRefused(f"GOV.UK Notify refuses the number, the address or the message ({code}).")
        case 403, _:
            return ChannelAway(
                f"GOV.UK Notify refuses the key in RJ_NOTIFY_API_KEY, or this machine's clock is wrong ({code})."
            )
        case _ if error.response is None:
            return _perhaps("GOV.UK Notify did not answer, or cannot be reached.")
        case _:
            # It may have failed after accepting the message.
            return _perhaps(f"GOV.UK Notify does not accept the message now ({code}).")


def _kind_of(error: APIError) -> str:
    """The error's type as Notify names it, in [{"error": …, "message": …}]; empty where the answer is not Notify's."""
    match error.message:
        case [{"error": str(kind)}, *_] if kind.isidentifier():
            return kind
        case _:
            return ""


def _until_more(now: datetime) -> timedelta:
    """The time to wait: the daily count restarts at midnight UTC, and the limit may be raised before that."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time_of_day(), UTC)
    return min(_MOST_OFTEN, midnight - now)
