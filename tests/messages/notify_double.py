"""GOV.UK Notify as its documentation describes it, on this machine: for tests, since the real one sends and charges.

Followed: docs.notifications.service.gov.uk/rest-api.html, with its error bodies. A message is "created" until
`set_state` says otherwise.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt

SERVICE_ID = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"rj_test-{SERVICE_ID}-{SECRET}"
TEXT_TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
LETTER_TEMPLATE = "0f2a4b6c-1d3e-4f50-8a7b-9c0d1e2f3a4b"

_TEMPLATES = {TEXT_TEMPLATE: "sms", LETTER_TEMPLATE: "letter"}
_PLACEHOLDERS = {TEXT_TEMPLATE: {"body"}, LETTER_TEMPLATE: {"subject", "body"}}
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", re.IGNORECASE)
_COUNTRIES = {"france", "ireland"}


@dataclass(frozen=True)
class Taken:
    """A message that Notify took.

    Attributes:
        channel: sms or letter.
        to: the number, or the address's lines with "\\n" between them.
        body: of a letter, below its subject and an empty line.
    """

    id: str
    channel: str
    to: str
    body: str
    reference: str | None


@dataclass(frozen=True)
class _Trouble:
    answer: tuple[int, str, str] | None = None
    hang_up: bool = False
    hang: bool = False
    late: bool = False


class _Refusal(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.body = {"status_code": status, "errors": [{"error": error, "message": message}]}
        self.status = status


class NotifyDouble:
    """One account.

    Attributes:
        url, api_key, text_template, letter_template: what a service would set.
        taken: every message it took, oldest first; also those of which it did not say so.
        asked: how many requests came, refused ones too.
        trial_mode: it takes messages to nobody, and no letters.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.api_key, self.text_template, self.letter_template = API_KEY, TEXT_TEMPLATE, LETTER_TEMPLATE
        self.taken: list[Taken] = []
        self.asked = 0
        self.trial_mode = False
        self._states: dict[str, str] = {}
        self._troubles: deque[_Trouble] = deque()
        self._late: deque[tuple[str, str, str, bytes]] = deque()
        self._over = threading.Event()

    def fail_with(
        self, status: int, error: str = "Exception", *, message: str = "As told", times: int = 1
    ) -> None:
        """Answer the next requests of any kind with an error, and take nothing."""
        self._troubles.extend([_Trouble(answer=(status, error, message))] * times)

    def hang(self, times: int = 1) -> None:
        """Never answer the next requests, and take nothing."""
        self._troubles.extend([_Trouble(hang=True)] * times)

    def take_but_hang_up(self, times: int = 1) -> None:
        """Take what the next requests bring, and drop the connection in place of an answer."""
        self._troubles.extend([_Trouble(hang_up=True)] * times)

    def take_late(self, times: int = 1) -> None:
        """Never answer the next requests, and take what they bring at `catch_up`."""
        self._troubles.extend([_Trouble(hang=True, late=True)] * times)

    def catch_up(self) -> None:
        """Take what came and was not answered, whoever has given it up meanwhile."""
        while self._late:
            self._found(*self._late.popleft())

    def set_state(self, sent_id: str, status: str) -> None:
        """From now on the message has this status."""
        self._states[sent_id] = status

    # Below, what the server asks.

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> tuple[int, object] | None:
        """Status and JSON, or None to drop the connection."""
        self.asked += 1
        trouble = self._troubles.popleft() if self._troubles else _Trouble()
        if trouble.late:
            self._late.append((method, target, authorization, body))
        if trouble.hang:
            self._over.wait()
            return None
        try:
            if trouble.answer is not None:
                raise _Refusal(*trouble.answer)
            found = self._found(method, target, authorization, body)
        except _Refusal as refusal:
            return refusal.status, refusal.body
        return None if trouble.hang_up else found

    def let_go(self) -> None:
        """End what hangs."""
        self._over.set()

    def _found(self, method: str, target: str, authorization: str, body: bytes) -> tuple[int, object]:
        _authorized(authorization)
        return self._post(target, json.loads(body)) if method == "POST" else self._get(urlsplit(target))

    def _post(self, path: str, asked: dict[str, Any]) -> tuple[int, object]:
        channel = {"/v2/notifications/sms": "sms", "/v2/notifications/letter": "letter"}[path]
        template, given = asked.get("template_id"), asked.get("personalisation", {})
        if template not in _TEMPLATES:
            raise _Refusal(400, "BadRequestError", "Template not found")
        if _TEMPLATES[template] != channel:
            kind = _TEMPLATES[template]
            raise _Refusal(
                400, "BadRequestError", f"{kind} template is not suitable for {channel} notification"
            )
        if lacking := _PLACEHOLDERS[template] - set(given):
            raise _Refusal(400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(lacking))}")
        to = _number(asked["phone_number"]) if channel == "sms" else _address(given)
        if self.trial_mode:
            what = "send letters" if channel == "letter" else "send to this recipient"
            raise _Refusal(
                400,
                "BadRequestError",
                f"Can't {what} when service is in trial mode - see https://www.notifications.service.gov.uk/trial-mode",
            )
        text = given["body"] if channel == "sms" else f"{given['subject']}\n\n{given['body']}"
        taken = Taken(str(uuid4()), channel, to, text, asked.get("reference"))
        self.taken.append(taken)
        return 201, {
            "id": taken.id,
            "reference": taken.reference,
            "content": {"body": text},
            "uri": f"{self.url}/v2/notifications/{taken.id}",
            "template": {"id": template, "version": 1, "uri": f"{self.url}/v2/template/{template}"},
            "scheduled_for": None,
        }

    def _get(self, target: Any) -> tuple[int, object]:
        asked = parse_qs(target.query)
        if target.path == "/v2/notifications":
            found = [
                self._notification(each)
                for each in reversed(self.taken)
                if each.reference in asked.get("reference", [each.reference])
            ]
            return 200, {"notifications": found, "links": {"current": f"{self.url}{target.path}"}}
        kind, _, wanted = target.path.removeprefix("/v2/").partition("/")
        if kind == "template" and wanted in _TEMPLATES:
            return 200, {"id": wanted, "type": _TEMPLATES[wanted], "version": 1, "body": "((body))"}
        for each in self.taken:
            if kind == "notifications" and each.id == wanted:
                return 200, self._notification(each)
        raise _Refusal(404, "NoResultFound", "No result found")

    def _notification(self, taken: Taken) -> dict[str, object]:
        return {
            "id": taken.id,
            "reference": taken.reference,
            "phone_number": taken.to if taken.channel == "sms" else None,
            "line_1": taken.to.splitlines()[0] if taken.channel == "letter" else None,
            "type": taken.channel,
            "status": self._states.get(taken.id, "created"),
            "body": taken.body,
        }


def _authorized(authorization: str) -> None:
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"], options={"verify_iat": False}
        )
    except jwt.InvalidTokenError:
        claims = {}
    if claims.get("iss") != SERVICE_ID:
        raise _Refusal(403, "AuthError", "Invalid token: API key not found")
    if abs(time.time() - claims.get("iat", 0)) > 30:
        raise _Refusal(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")


def _number(given: str) -> str:
    digits = re.sub(r"[ ()+-]", "", given)
    if not digits.isdigit():
        raise _Refusal(400, "ValidationError", "phone_number Must not contain letters or symbols")
    national = re.sub(r"^(44|0)", "", digits)
    if not national.startswith("7"):
        raise _Refusal(400, "ValidationError", "phone_number Not a UK mobile number")
    if len(national) != 10:
        many = "Too many" if len(national) > 10 else "Not enough"
        raise _Refusal(400, "ValidationError", f"phone_number {many} digits")
    return given


def _address(given: dict[str, str]) -> str:
    lines = [given[name] for number in range(1, 8) if (name := f"address_line_{number}") in given]
    if "address_line_1" not in given:
        raise _Refusal(400, "ValidationError", "personalisation address_line_1 is a required property")
    if len(lines) < 3:
        raise _Refusal(400, "ValidationError", "Address must be at least 3 lines")
    if not _POSTCODE.fullmatch(lines[-1]) and lines[-1].lower() not in _COUNTRIES:
        raise _Refusal(
            400, "ValidationError", "Last line of address must be a real UK postcode or another country"
        )
    return "\n".join(lines)


@asynccontextmanager
async def notify_double() -> AsyncIterator[NotifyDouble]:
    """An account of its own, until the context ends."""

    class Conversation(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._converse()

        def do_POST(self) -> None:
            self._converse()

        def _converse(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            self.close_connection = True
            if len(body) < length:
                # Broken off half-way, it is no request.
                return
            answer = double.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, found = answer
            written = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Not on the terminal."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Conversation)
    double = NotifyDouble(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield double
    finally:
        double.let_go()
        server.shutdown()
        server.server_close()
        serving.join()
