"""Whatever is sent to a form is answered by a page, and never by a fault. `make fuzz-console` sends ten thousand."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from casework.referral.choices import Chosen
from casework.signing_in.sessions import form_token
from console.acting.forms.fields import NONE, Field, Kind, all_fields
from console.acting.forms.shaping import form_of
from console.acting.wording import worded_form
from console.asked import Console
from console.pages import Page, Whose, all_pages
from console.security.cookies import COOKIE
from runtime.referrals import Referrals
from schemas.people import Role
from tests.console.acting.conftest import opened
from tests.console.acting.people import until_risk_assessment
from tests.console.acting.test_forms import KINDS
from tests.console.visiting import Visitor, visiting

POSTS = int(os.environ.get("RJ_FUZZ_POSTS", "160"))
_SENT = settings(
    # Half of them to the forms of steps, half to all other pages.
    max_examples=POSTS // 2,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
_OF_FIELDS, _OF_PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
_ROLES = {
    Role.CASEWORKER: "cas-1",
    Role.FACILITATOR: "fas-1",
    Role.SUPERVISOR: "sus-1",
    Role.SERVICE_MANAGER: "sms-1",
    Role.PARTNER: "pas-1",
    Role.AUDITOR: "aus-1",
}
_STEPS = tuple(kind for kind in KINDS if kind != "open_referral")
_IDS = {
    Chosen.PARTICIPANT: ("h1", "r1", "h9", "s1"),
    Chosen.STAFF: ("cas-1", "fas-1", "sus-1", "nobody-1"),
    Chosen.ACTIVITY: ("a1", "a2"),
    Chosen.COMMUNICATION: ("c1", "c2"),
    Chosen.COMPLAINT: ("k1",),
    Chosen.TASK: ("1-1",),
    Chosen.ITEM: ("i1", "i2"),
    Chosen.DEADLINE: ("first_contact", "inactivity", "nonsense"),
    Chosen.STEP: ("1", "2", "3", "99"),
}
_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
_ODD = st.sampled_from(
    (
        "",
        " ",
        "\x00",
        "\ud800",
        "-1",
        "9" * 40,
        "1e9",
        "true",
        "null",
        "[]",
        NONE,
        "<script>",
        "٣",
        "2026-02-31",
        "x" * 5000,
    )
)
_NUMBERS = st.sampled_from(("", "0", "1", "2", "28", "31", "12", "13", "2026", "2030", "0026", "٣", "x"))
_TIMES = st.sampled_from(("", "9:00", "9am", "25:00", "1:30 BST", "1:30", "noon", "14.30"))


def _values(field: Field) -> st.SearchStrategy[str]:
    """What somebody, or a program, may send of a question."""
    likely = [each.value for each in field.options] or list(
        _IDS.get(field.chosen, ()) if field.chosen else ()
    )
    meant = (
        st.sampled_from(likely)
        if likely
        else st.sampled_from(("A reason in words", "2026.1", "5", "RJ-7KQ4-M2X1"))
    )
    return st.one_of(meant, meant, meant, meant, _ODD, _ANY_TEXT)


def _names(field: Field, prefix: str) -> list[tuple[str, st.SearchStrategy[str]]]:
    name = prefix + field.name
    match field.kind:
        case Kind.DAY | Kind.MOMENT:
            parts = [(f"{name}-{part}", _NUMBERS) for part in ("day", "month", "year")]
            return [*parts, (f"{name}-time", _TIMES)]
        case Kind.GROUP:
            return [each for inner in field.fields for each in _names(inner, f"{name}.")]
        case Kind.ROWS:
            rows = ("0", "1", "7", "999999", "x")
            return [
                each for row in rows for inner in field.fields for each in _names(inner, f"{name}.{row}.")
            ]
        case Kind.EACH:
            words = [each.value for each in field.options[:3]] + ["nonsense"]
            return [
                each for word in words for inner in field.fields for each in _names(inner, f"{name}.{word}.")
            ]
        case _:
            return [(name, _values(field))]


@st.composite
def posts(draw: st.DrawFn) -> tuple[str, str, dict[str, str], list[tuple[str, str]]]:
    """A kind, a page below it, what stands in the address, and the fields that are sent."""
    kind = draw(st.sampled_from(_STEPS))
    form = draw(st.sampled_from((form_of(kind), worded_form(kind))))
    known = [each for field in form.fields for each in _names(field, "")]
    fields: list[tuple[str, str]] = []
    for name, values in known:
        # Most of the time all that is asked is answered.
        fields += [(name, draw(values)) for _ in range(draw(st.sampled_from((1, 1, 1, 1, 0, 2))))]
    fields += draw(st.lists(st.tuples(_ANY_TEXT, _ANY_TEXT), max_size=2))
    do = draw(
        st.sampled_from(
            ("record", "record", "record", "check", "add:items", "remove:items.0", "discard", "add:", "x")
        )
    )
    command = draw(st.sampled_from(("", "no-uuid", "00000000-0000-4000-8000-000000000001")))
    fields += [("_do", do), ("_command", command), ("_expected", draw(_NUMBERS)), ("_by", "cas-1")]
    below = draw(st.sampled_from(("", "", "", "", "/draft", "/confirm")))
    about = draw(st.sampled_from(("", "", "h1", "r1", "h9", "\x00", "x" * 200)))
    return kind, below, ({"participant": about} if about else {}), fields


def _body(fields: list[tuple[str, str]]) -> bytes:
    def quoted(text: str) -> str:
        return quote_from_bytes(text.encode("utf-8", "surrogatepass"))

    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields).encode()


@pytest.fixture
def answers() -> Iterator[Counter[int]]:
    """How often each status was answered: 303 recorded or to be confirmed, 409 refused by a rule, 422 not readable."""
    counted: Counter[int] = Counter()
    yield counted
    assert {303, 409, 422} <= set(counted), "what was sent was not now and then recorded and refused"


@given(post=posts(), supervisor=st.booleans())
@_SENT
async def test_whatever_is_sent_to_a_form_is_never_a_fault(
    console: Console,
    suffolk: Referrals,
    answers: Counter[int],
    post: tuple[str, str, dict[str, str], list[tuple[str, str]]],
    supervisor: bool,
) -> None:
    kind, below, query, fields = post
    async with visiting(console, "sus-1" if supervisor else "cas-1") as visitor:
        address = f"/referrals/{await _open_referral(suffolk)}/steps/{kind}"
        answer = await visitor.client.post(
            f"{address}{below}",
            params=query,
            content=_body([("csrf", _token(visitor)), *fields]),
            headers={"Content-Type": _OF_FIELDS, "Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code < 500, (kind, below, query, fields)
        answers[answer.status_code] += 1
        # What was kept of it is shown again, and so are its consequences.
        for page in ("", "/confirm"):
            again = await visitor.client.get(f"{address}{page}", params=query)
            assert again.status_code < 500, (kind, page, query, fields)


_PAGES = tuple(
    page
    for page in all_pages()
    # The forms of steps have their own test above; to compare all logs nothing is asked.
    if "POST" in page.methods and "{kind}" not in page.path and page.path != "/audit/compare"
)
_MET = (
    "active", "again", "another_area", "area", "areas", "at_once", "back", "channel", "choice", "code", "command",
    "crime_reference", "day", "decision", "digest", "email", "file", "hours", "id", "key", "level", "meant", "month",
    "name", "names", "next", "note", "offence", "others", "password", "phone", "present", "reason", "reference", "role",
    "run", "session", "sheet", "source", "staff", "stand_in", "text", "to", "version", "view", "volunteer", "ways",
    "which", "who", "year",
)  # fmt: skip
"""Names of fields that pages read."""
_LIKELY = st.sampled_from((
    "cas-1", "cas-2", "fas-1", "pas-1", "suffolk", "caseworker", "yes", "true", "no", "high", "2026.1", "new",
    "record", "skip", "opened", "2030",
))  # fmt: skip
_VALUES = st.one_of(_LIKELY, _LIKELY, _ODD, _ANY_TEXT, st.integers().map(str))
_FILES = st.tuples(st.sampled_from((*_MET, "file", "\x00")), _ANY_TEXT, st.binary(max_size=300))
_IN_ADDRESS = st.sampled_from((
    "cas-1", "fas-1", "h1", "readiness", "risk_assessment", "closure", "name", "harmed", "check", "words",
    "IMPORT-0000000000000000", "x",
))  # fmt: skip


class ToPage(NamedTuple):
    """Something that is sent to a page."""

    role: Role
    named: list[str]
    fields: list[tuple[str, str]]
    files: list[tuple[str, str, bytes]]


@st.composite
def anything(draw: st.DrawFn) -> ToPage:
    """Anything that somebody may send."""
    names = st.one_of(*[st.sampled_from(_MET)] * 4, _ANY_TEXT)
    # Of a name there may be several.
    fields = draw(st.lists(st.tuples(names, _VALUES), max_size=14))
    files = draw(st.one_of(st.just([]), st.just([]), st.lists(_FILES, max_size=3)))
    named = draw(st.lists(_IN_ADDRESS, min_size=3, max_size=3))
    return ToPage(draw(st.sampled_from([*_ROLES])), named, fields, files)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.path)
@given(sent=anything(), there=st.booleans())
@settings(_SENT, max_examples=max(2, POSTS // 2 // len(_PAGES)))
async def test_whatever_is_sent_to_a_page_is_never_a_fault(
    console: Console, suffolk: Referrals, page: Page, sent: ToPage, there: bool
) -> None:
    for_them = isinstance(page.whose, Whose) or sent.role in page.whose
    role = sent.role if for_them else min(_ROLES.keys() & set(page.whose))
    named = iter(sent.named)
    reference = await _open_referral(suffolk) if there else "RJ-7KQ4-M2X1"
    address = re.sub(
        r"\{(\w+)\}", lambda part: reference if part[1] == "reference" else next(named), page.path
    )
    async with visiting(console, _ROLES[role]) as visitor:
        if address.startswith("/new-referral/") and there:
            begun = await visitor.post("/new-referral")
            address = address.replace(reference, begun.headers["location"].split("/")[2])
        fields = [("csrf", _token(visitor)), *sent.fields]
        body, kind = (_parts(fields, sent.files), _OF_PARTS) if sent.files else (_body(fields), _OF_FIELDS)
        headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
        answer = await visitor.client.post(address, content=body, headers=headers)
        assert answer.status_code < 500, (address, sent)


def _parts(fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]) -> bytes:
    """A form with files, as a browser writes it, or worse."""
    parts = [(f'name="{name}"', value.encode("utf-8", "surrogatepass")) for name, value in fields]
    parts += [(f'name="{name}"; filename="{called}"', content) for name, called, content in files]
    written = b""
    for about, content in parts:
        head = f"--b\r\nContent-Disposition: form-data; {about}\r\n\r\n"
        written += head.encode("utf-8", "surrogatepass") + content + b"\r\n"
    return written + b"--b--\r\n"


_in_use: list[tuple[str, int]] = []
_how_many = itertools.count()


async def _open_referral(engine: Referrals) -> str:
    """One that stands for some posts, before another takes its place: many end theirs."""
    reference, left = _in_use.pop() if _in_use else ("", 0)
    if left == 0:
        commands = until_risk_assessment() if next(_how_many) % 2 else ()
        reference, left = await opened(engine, *commands), 8
    _in_use.append((reference, left - 1))
    return reference


def _token(visitor: Visitor) -> str:
    return form_token(visitor.client.cookies[COOKIE])


def test_every_kind_of_question_is_among_what_is_sent() -> None:
    kinds = {field.kind for kind in _STEPS for field in all_fields(form_of(kind).fields)}
    assert kinds == set(Kind) - {Kind.HIDDEN}
