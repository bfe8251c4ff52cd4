"""Text messages and letters against a double of GOV.UK Notify: what is asked of it, and what its answers mean."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest import mock

import pytest
import pytest_asyncio

from messages import channels, govuk_notify
from messages.channels import ChannelAway, ChannelRefused
from messages.govuk_notify import AT_ONCE, STATES, WITHIN, Notify, Sent, SentState, _until_more
from tests.messages.failures import said
from tests.messages.notify_double import NotifyDouble, notify_double

MOBILE = "07700 900982"
ADDRESS = ("Ms G Canary", "1 Heol Ŵyn", "Aberystwyth", "SY23 9ZZ")
REFERENCE = "referral/RJ-7KQ4-M2XD/notice/12"
SOON = timedelta(seconds=5)


@pytest_asyncio.fixture
async def double() -> AsyncIterator[NotifyDouble]:
    async with notify_double() as account:
        yield account


@pytest.fixture
def notify(double: NotifyDouble) -> Notify:
    return Notify(double.api_key, double.text_template, double.letter_template, double.url)


async def text(notify: Notify, to: str = MOBILE, reference: str = REFERENCE) -> Sent:
    return await notify.send_text(to=to, body="Dŷdd Iau am 10:00 ŵ", reference=reference)


def in_doubt(away: ChannelAway) -> bool:
    """Whether it says that the message may have been taken, and is to be looked for when no request can be alive."""
    return away.uncertain and away.retry_after is not None and away.retry_after >= 2 * WITHIN


async def letter(notify: Notify, *address: str) -> Sent:
    return await notify.send_letter(
        address=address or ADDRESS,
        subject="Eich apwyntiad",
        body="Dŷdd Iau.\n\nYn gywir",
        reference=REFERENCE,
    )


async def test_a_text_message_and_a_letter_are_taken(double: NotifyDouble, notify: Notify) -> None:
    assert notify.sends_texts
    assert notify.sends_letters
    first, second = await text(notify), await letter(notify)
    assert (first.state, second.state) == (SentState.UNDERWAY, SentState.UNDERWAY)
    sms, post = double.taken
    assert (sms.id, sms.channel, sms.to, sms.body, sms.reference) == (
        first.id,
        "sms",
        MOBILE,
        "Dŷdd Iau am 10:00 ŵ",
        REFERENCE,
    )
    assert (post.id, post.channel, post.to) == (second.id, "letter", "\n".join(ADDRESS))
    assert post.body == "Eich apwyntiad\n\nDŷdd Iau.\n\nYn gywir"


async def test_it_is_found_again_by_its_reference(double: NotifyDouble, notify: Notify) -> None:
    assert await notify.find(REFERENCE) is None
    await text(notify)
    newest = await text(notify)
    double.set_state(newest.id, "delivered")
    assert await notify.find(REFERENCE) == Sent(id=newest.id, state=SentState.DELIVERED)
    assert await notify.find("referral/RJ-7KQ4-M2XD/notice/1") is None


async def test_every_status_of_the_documentation_has_its_meaning(
    double: NotifyDouble, notify: Notify
) -> None:
    # The whole list, as the API's own error message gives it, but for "failed", which only filters.
    documented = (
        "cancelled, created, sending, sent, delivered, pending, technical-failure, temporary-failure, "
        "permanent-failure, pending-virus-check, validation-failed, virus-scan-failed, returned-letter, accepted, "
        "received"
    )
    assert set(STATES) == set(documented.split(", "))
    sent = await text(notify)
    for status, state in STATES.items():
        double.set_state(sent.id, status)
        assert await notify.status(sent.id) == Sent(id=sent.id, state=state)
    double.set_state(sent.id, "pigeon")
    with pytest.raises(ChannelAway, match="not known here"):
        await notify.status(sent.id)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("sent", SentState.DELIVERED),
        ("received", SentState.DELIVERED),
        ("accepted", SentState.UNDERWAY),
        ("permanent-failure", SentState.FAILED),
        ("temporary-failure", SentState.FAILED_FOR_NOW),
        ("technical-failure", SentState.FAILED_FOR_NOW),
    ],
)
def test_what_a_status_means(status: str, state: SentState) -> None:
    assert STATES[status] is state


async def test_a_message_that_notify_does_not_know_may_yet_be_known(notify: Notify) -> None:
    with pytest.raises(ChannelAway, match="does not know this message"):
        await notify.status("740e5834-3a29-46b4-9a6f-16142fde533a")


async def test_what_was_taken_without_an_answer_is_found(double: NotifyDouble, notify: Notify) -> None:
    double.take_but_hang_up()
    with pytest.raises(ChannelAway, match="did not answer, or cannot be reached") as away:
        await text(notify)
    assert in_doubt(away.value)
    found = await notify.find(REFERENCE)
    assert found is not None
    assert [each.id for each in double.taken] == [found.id]


@pytest.mark.parametrize("to", ["07700 900", "01632 960982", "07700 900982 9", "canary"])
async def test_a_number_that_is_none_is_refused_for_good(
    notify: Notify, double: NotifyDouble, to: str
) -> None:
    with pytest.raises(ChannelRefused, match=r"refuses the number.*\(400 ValidationError\)") as refused:
        await text(notify, to)
    assert to not in said(refused.value)
    assert double.taken == []


async def test_an_account_in_trial_mode_says_so(notify: Notify, double: NotifyDouble) -> None:
    double.trial_mode = True
    for send in (text, letter):
        with pytest.raises(ChannelRefused, match="trial mode"):
            await send(notify)
    # As published for letters, the one refusal under 403 that no other key's owner could mend by waiting.
    double.fail_with(403, "BadRequestError", message="Cannot send letters with a team api key")
    with pytest.raises(ChannelRefused, match="team only"):
        await letter(notify)


@pytest.mark.parametrize(
    ("status", "error", "reason", "at_least", "at_most"),
    [
        (429, "RateLimitError", "Too many requests", timedelta(seconds=60), timedelta(seconds=60)),
        (429, "TooManyRequestsError", "day's limit", timedelta(0), timedelta(hours=1)),
    ],
)
async def test_a_limit_says_how_long_to_wait(
    double: NotifyDouble,
    notify: Notify,
    status: int,
    error: str,
    reason: str,
    at_least: timedelta,
    at_most: timedelta,
) -> None:
    double.fail_with(status, error)
    with pytest.raises(ChannelAway, match=reason) as away:
        await text(notify)
    assert not away.value.uncertain
    assert away.value.retry_after is not None
    assert at_least <= away.value.retry_after <= at_most


def test_a_days_limit_ends_at_midnight_and_is_tried_each_hour() -> None:
    assert _until_more(datetime(2026, 7, 1, 9, tzinfo=UTC)) == timedelta(hours=1)
    assert _until_more(datetime(2026, 7, 1, 23, 40, tzinfo=UTC)) == timedelta(minutes=20)


@pytest.mark.parametrize("status", [500, 502, 503, 407])
async def test_a_server_in_trouble_is_away(double: NotifyDouble, notify: Notify, status: int) -> None:
    double.fail_with(status, message=f"{MOBILE} canary")
    with pytest.raises(ChannelAway, match=f"does not accept the message now \\({status}") as away:
        await text(notify)
    assert in_doubt(away.value)
    assert "canary" not in said(away.value)


async def test_no_server_is_away(notify: Notify) -> None:
    nowhere = Notify("k-" + "0" * 36 + "-" + "1" * 36, "t", None, "http://127.0.0.1:1")
    with pytest.raises(ChannelAway, match="did not answer, or cannot be reached"):
        await text(nowhere)


async def test_one_that_hangs_is_not_waited_for(double: NotifyDouble, notify: Notify) -> None:
    double.hang()
    wrong = await notify.what_is_wrong(timedelta(seconds=0.2))
    assert wrong is not None
    assert "did not answer" in wrong


class SlowLookup:
    """Names are not looked up until it is over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.over = threading.Event(), threading.Event()
        self._look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, *what: Any, **how: Any) -> Any:
        self.begun.set()
        self.over.wait()
        return self._look_up(*what, **how)


@pytest.fixture
def slow_lookup(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowLookup]:
    slow = SlowLookup(monkeypatch)
    yield slow
    slow.over.set()


async def test_what_was_not_asked_in_time_is_not_asked_later(
    double: NotifyDouble, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(govuk_notify, "WITHIN", timedelta(seconds=2))
    monkeypatch.setattr(channels, "TURN_WITHIN", timedelta(seconds=0.1))
    references = [f"{REFERENCE}/{number}" for number in range(3 * AT_ONCE)]
    double.take_late(times=len(references))
    sent = await asyncio.gather(
        *(text(notify, reference=each) for each in references), return_exceptions=True
    )
    double.catch_up()
    perhaps = [
        each
        for each, away in zip(references, sent, strict=True)
        if isinstance(away, ChannelAway) and in_doubt(away)
    ]
    assert len(perhaps) == AT_ONCE
    assert sorted(each.reference or "" for each in double.taken) == sorted(perhaps)
    without_turn = [each for each in sent if isinstance(each, ChannelAway) and not each.uncertain]
    assert len(without_turn) == 2 * AT_ONCE
    assert "Too many other messages" in str(without_turn[0])


async def test_a_request_that_was_given_up_is_not_sent_later_and_keeps_its_turn_until_it_is_over(
    double: NotifyDouble, monkeypatch: pytest.MonkeyPatch, slow_lookup: SlowLookup
) -> None:
    monkeypatch.setattr(govuk_notify, "AT_ONCE", 1)
    monkeypatch.setattr(govuk_notify, "WITHIN", timedelta(seconds=1))
    notify = Notify(double.api_key, double.text_template, None, double.url)
    first, second = (
        asyncio.create_task(text(notify, reference=each)) for each in (REFERENCE, "the next one")
    )
    with pytest.raises(ChannelAway, match="did not answer in time") as away:
        await first
    assert in_doubt(away.value)
    # For longer than a request may take: waiting does not count.
    assert await asyncio.wait([second], timeout=1.5) == (set(), {second})
    slow_lookup.over.set()
    await second
    assert [each.reference for each in double.taken] == ["the next one"]


async def test_a_request_whose_activity_ended_is_not_sent_later(
    double: NotifyDouble, monkeypatch: pytest.MonkeyPatch, slow_lookup: SlowLookup
) -> None:
    monkeypatch.setattr(govuk_notify, "AT_ONCE", 1)
    notify = Notify(double.api_key, double.text_template, None, double.url)
    sending = asyncio.create_task(text(notify))
    await asyncio.to_thread(slow_lookup.begun.wait)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    slow_lookup.over.set()
    # It has its turn when the other is over.
    assert await notify.find(REFERENCE) is None
    assert double.taken == []


@pytest.mark.parametrize("secret", ["4d844edf-8d35-48ac-975b-e847b4f122b0"])
async def test_a_key_that_is_refused_is_ours_to_mend(double: NotifyDouble, secret: str) -> None:
    wrong = Notify(double.api_key[:-36] + secret, double.text_template, double.letter_template, double.url)
    with pytest.raises(ChannelAway, match="refuses the key in RJ_NOTIFY_API_KEY") as away:
        await text(wrong)
    assert not away.value.uncertain
    assert secret not in said(away.value) + repr(wrong)
    assert double.taken == []


async def test_a_clock_that_is_wrong_is_ours_to_mend(notify: Notify) -> None:
    with (
        mock.patch("notifications_python_client.authentication.epoch_seconds", return_value=1_500_000_000),
        pytest.raises(ChannelAway, match="clock is wrong"),
    ):
        await text(notify)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("Ms G Canary", "SY23 9ZZ"), "three to seven lines"),
        (("Ms G Canary", "", " ", "SY23 9ZZ"), "three to seven lines"),
        ((*tuple("abcdefg"), "SY23 9ZZ"), "three to seven lines"),
        (("Ms G Canary", "1 Heol Ŵyn", "SY23 9Z"), "neither a UK postcode nor a country"),
        (("Ms G Canary", "1 Heol Ŵyn", "Flat 3"), "neither a UK postcode nor a country"),
    ],
)
async def test_an_address_that_no_letter_reaches_is_refused_here(
    double: NotifyDouble, notify: Notify, lines: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(ChannelRefused, match=reason) as refused:
        await letter(notify, *lines)
    assert "Canary" not in str(refused.value)
    assert double.asked == 0


@pytest.mark.parametrize("last", ["sy239zz", "EC1A 1BB", "France"])
async def test_an_address_ends_in_a_postcode_or_a_country(
    double: NotifyDouble, notify: Notify, last: str
) -> None:
    await letter(notify, "Ms G Canary", " 1 Heol Ŵyn\n", last)
    assert double.taken[-1].to == f"Ms G Canary\n1 Heol Ŵyn\n{last}"


async def test_a_country_that_notify_does_not_know_is_refused_for_good(notify: Notify) -> None:
    with pytest.raises(ChannelRefused, match=r"the address or the message \(400 ValidationError\)"):
        await letter(notify, "Ms G Canary", "1 Heol Ŵyn", "Narnia")


async def test_a_channel_without_a_template_is_off(double: NotifyDouble) -> None:
    off = Notify(double.api_key, None, None, double.url)
    assert not off.sends_texts
    assert not off.sends_letters
    with pytest.raises(ChannelRefused, match="RJ_NOTIFY_TEXT_TEMPLATE"):
        await text(off)
    with pytest.raises(ChannelRefused, match="RJ_NOTIFY_LETTER_TEMPLATE"):
        await letter(off)
    assert await off.what_is_wrong(SOON) is None
    assert double.asked == 0


async def test_the_set_up_is_looked_at_without_sending(double: NotifyDouble, notify: Notify) -> None:
    assert await notify.what_is_wrong(SOON) is None

    async def wrong(
        text_template: str, letter_template: str | None = None, key: str = double.api_key
    ) -> str | None:
        return await Notify(key, text_template, letter_template, double.url).what_is_wrong(SOON)

    unknown = "740e5834-3a29-46b4-9a6f-16142fde533a"
    assert await wrong(unknown) == "The account has no template with the id in RJ_NOTIFY_TEXT_TEMPLATE."
    swapped = await wrong(double.text_template, double.text_template)
    assert swapped == "The template in RJ_NOTIFY_LETTER_TEMPLATE is of another kind: letter is needed."
    refused = await wrong(double.text_template, key=double.api_key[:-1] + "f")
    assert refused is not None
    assert "refuses the key" in refused
    assert double.taken == []


@pytest.mark.parametrize(
    "answer", [b"<html>Welcome to the hotel</html>", b"[]", b"{}", b'{"id": 7}', b"null"]
)
async def test_an_answer_that_is_not_notifys_is_away(answer: bytes) -> None:
    with _answering(answer) as url:
        away = Notify("k-" + "0" * 36 + "-" + "1" * 36, "t", None, url)
        with pytest.raises(ChannelAway, match="cannot be read") as failed:
            await text(away)
        assert in_doubt(failed.value)
        with pytest.raises(ChannelAway, match="cannot be read"):
            await away.find(REFERENCE)


class _answering:  # noqa: N801 - used as a context
    """A server that gives one answer to everything."""

    def __init__(self, answer: bytes) -> None:
        class Same(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Not on the terminal."""

        self._server = HTTPServer(("127.0.0.1", 0), Same)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


async def test_what_notify_says_of_a_failure_is_not_logged(
    double: NotifyDouble, notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    double.fail_with(400, "ValidationError", message=f"phone_number {MOBILE} canary")
    with caplog.at_level(logging.DEBUG), pytest.raises(ChannelRefused):
        await text(notify)
    assert "canary" not in caplog.text
    assert MOBILE not in caplog.text
