"""What messages say: every template that ships, and each check by a template that breaks it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from messages.neutral_words import forbidden_word
from messages.wording import (
    LONGEST_PHONE,
    LONGEST_SERVICE,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    TEMPLATES,
    Audience,
    BadTemplate,
    Medium,
    Wording,
    Written,
    media,
    spoken,
    words,
)
from schemas.areas import LONDON

SHIPPED = Path(__file__).parents[2] / "messages" / "templates"
FACTS: dict[str, object] = {
    "service": "Invented Service",
    "phone": "01632 960001",
    "starts": "Tuesday 1 December 2026 at 2pm",
    "reference": "RJ-7KQ4-M2X1",
    "short": "7KQ4-M2X1",
    "area": "durham",
    "stage": "victim contact",
    "due": "Tuesday 1 December 2026 at 5pm",
    "deadline": "court date",
    "point": "due",
    "colleague": "cw-1",
}
# Every day of seven years at half past twelve by London's clock.
DAYS = [datetime(2026, 1, 1, 12, 30, tzinfo=LONDON) + timedelta(days=day) for day in range(7 * 365)]


@pytest.fixture(scope="module")
def wording() -> Wording:
    return Wording.load()


def own(folder: Path, template: str, source: dict[str, str], language: str = "en") -> Path:
    """A service's own folder: the shipped template with other values."""
    text = (SHIPPED / "en" / f"{template}.toml").read_text()
    for key, value in source.items():
        found = re.search(rf'(?ms)^{key} = ("""\n.*?^"""|"[^"\n]*")$', text)
        assert found
        text = text.replace(found[0], f"{key} = '''{value}'''")
    path = folder / language / f"{template}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return folder


def everything(messages: dict[Medium, Written]) -> str:
    return "\n".join(f"{message.subject}\n{message.body}" for message in messages.values())


# What ships


@pytest.mark.parametrize("welsh", [False, True])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_can_be_previewed(wording: Wording, template: str, welsh: bool) -> None:
    shown = wording.preview(template, welsh=welsh)
    assert tuple(shown) == media(template)
    for medium, message in shown.items():
        assert message.body == message.body.strip() != ""
        assert "{" not in everything({medium: message})
        assert "\n\n\n" not in message.body
        assert bool(message.subject) is (medium is not Medium.TEXT)
        assert len(message.subject) <= LONGEST_SUBJECT
    assert words(template)


def test_each_audience_has_its_media() -> None:
    by_audience = {
        Audience.STAFF: (Medium.EMAIL, Medium.INBOX),
        Audience.AGENCY: (Medium.EMAIL, Medium.INBOX),
        Audience.PARTICIPANT: (Medium.EMAIL, Medium.TEXT, Medium.LETTER),
    }
    without_inbox = {"digest", "account"}
    for template in without_inbox:
        assert media(template) == (Medium.EMAIL,)
    for template in TEMPLATES.keys() - without_inbox:
        assert media(template) == by_audience[TEMPLATES[template]]


def test_every_template_ships_in_english_and_those_that_leave_the_house_in_welsh() -> None:
    assert {path.stem for path in (SHIPPED / "en").iterdir()} == set(TEMPLATES)
    outward = {template for template in TEMPLATES if TEMPLATES[template] is not Audience.STAFF}
    assert {path.stem for path in (SHIPPED / "cy").iterdir()} == outward


@pytest.mark.parametrize("template", TEMPLATES)
def test_welsh_where_there_is_a_file_else_english(wording: Wording, template: str) -> None:
    english = wording.render(template, Medium.EMAIL, facts_of_all()).body
    welsh = wording.render(template, Medium.EMAIL, facts_of_all(), welsh=True).body
    assert (welsh == english) is (TEMPLATES[template] is Audience.STAFF)


def facts_of_all() -> dict[str, object]:
    lists = ("overdue", "due_today", "due_this_week", "escalations", "sign_offs", "tasks")
    more = (
        "subject_of",
        "participant",
        "wanted",
        "why",
        "what",
        "day",
        "name_of_service",
        "staff",
        "link",
        "until",
    )
    return FACTS | dict.fromkeys(lists, ()) | dict.fromkeys(more, "invented") | {"unread": 0}


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_file_says_which_variables_it_may_use(template: str) -> None:
    from messages.wording import _KINDS

    for path in SHIPPED.glob(f"*/{template}.toml"):
        comment = "\n".join(line for line in path.read_text().splitlines() if line.startswith("#"))
        for variable in _KINDS[template].variables:
            assert re.search(rf"\b{variable}\b", comment), (path, variable)


@pytest.mark.parametrize("welsh", [False, True])
@pytest.mark.parametrize("template", [each for each in TEMPLATES if TEMPLATES[each] is Audience.PARTICIPANT])
def test_participants_are_told_how_to_stop_messages(wording: Wording, template: str, welsh: bool) -> None:
    for medium in media(template):
        with_phone = wording.render(template, medium, FACTS, welsh=welsh).body
        without = wording.render(template, medium, FACTS | {"phone": ""}, welsh=welsh).body
        stop = "negeseuon fel hyn" if welsh else "would rather not get messages like this"
        assert stop in with_phone
        assert stop in without
        assert "01632 960001" in with_phone
        assert not re.search(r": *[.\n]", without)


def test_staff_are_told_what_to_do_and_what_happens_next(wording: Wording) -> None:
    body = wording.render("escalation", Medium.EMAIL, FACTS).body
    for part in (
        "court date",
        "Tuesday 1 December 2026 at 5pm",
        "rj deadlines RJ-7KQ4-M2X1",
        "If nothing is done",
    ):
        assert part in body


def test_the_digest_lists_what_there_is_and_no_more(wording: Wording) -> None:
    entry = {"reference": "RJ-7KQ4-M2X1", "stage": "received", "what": "allocation", "when": "today"}
    some = wording.render("digest", Medium.EMAIL, facts_of_all() | {"overdue": [entry], "unread": 1}).body
    assert "OVERDUE: do these first (1)" in some
    assert "RJ-7KQ4-M2X1  allocation" in some
    assert "1 message in" in some
    assert "DUE TODAY" not in some
    none = wording.render("digest", Medium.EMAIL, facts_of_all()).body
    assert "Nothing is due this week" in none
    assert "unread" not in none.casefold()
    assert "RJ-" not in none


# What may not be told

CANARIES = {
    "name": "Zebedee Quillfeather",
    "participant": "h1-canary",
    "offence": "burglary",
    "stage": "victim contact",
    "area": "canary-area",
    "reference": "RJ-7KQ4-M2X1",
    "short": "7KQ4-M2X1",
    "what": "burglary by Zebedee",
}


@pytest.mark.parametrize("welsh", [False, True])
@pytest.mark.parametrize("template", [each for each in TEMPLATES if TEMPLATES[each] is Audience.PARTICIPANT])
def test_no_fact_of_a_person_reaches_a_participants_message(
    wording: Wording, template: str, welsh: bool
) -> None:
    for medium in media(template):
        message = wording.render(template, medium, FACTS | CANARIES, welsh=welsh)
        for canary in CANARIES.values():
            assert canary not in everything({medium: message})


@pytest.mark.parametrize("template", [each for each in TEMPLATES if TEMPLATES[each] is Audience.AGENCY])
def test_an_agency_learns_nothing_but_that(wording: Wording, template: str) -> None:
    for medium in media(template):
        message = wording.render(template, medium, FACTS | CANARIES)
        for told in ("name", "participant", "offence", "stage", "area", "what"):
            assert CANARIES[told] not in everything({medium: message})
        assert "RJ-7KQ4-M2X1" in message.body


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_subject_and_no_text_tells_what_the_service_does(wording: Wording, template: str) -> None:
    for message in wording.preview(template).values():
        assert forbidden_word(message.subject) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Restorative",
            "RESTORATIVE",
            "RJ",
            "RJ-7KQ4-M2X1",
            "an offender",
            "the crime",
            "Police",
            "in court",
        ),
        *("cyfiawnder", "gyfiawnder", "chyfiawnder", "ADFEROL", "trosedd", "drosedd", "throseddau"),
        *("yr heddlu", "garchar", "ddioddefwr", "llys"),
        *(
            "rest\u00adorative",
            "vic\u200btim",
            "r\u00e9storative",
            "\uff2a\uff35\uff33\uff34\uff29\uff23\uff25",
        ),
        "person\nresponsible",
    ],
)
def test_words_that_tell_are_found(text: str) -> None:
    assert forbidden_word(f"Hello {text}.")


@pytest.mark.parametrize("text", ["courtesy", "7RJ4-M2X1", "Marjorie Street", "Gwasanaeth y Bont", "grapes"])
def test_ordinary_words_are_not(text: str) -> None:
    assert forbidden_word(text) is None


def test_a_name_of_the_service_that_tells_is_refused_when_the_message_is_written(wording: Wording) -> None:
    with pytest.raises(BadTemplate, match=r"restorat") as refused:
        wording.render("appointment", Medium.EMAIL, FACTS | {"service": "Zebra Restorative Service"})
    assert "Zebra" not in str(refused.value)


# What a service's own folder may hold


@pytest.mark.parametrize(
    ("template", "key", "value", "says"),
    [
        ("escalation", "email", "Hello {{ nobody }}", "no variable nobody here"),
        (
            "escalation",
            "email",
            "{% if phone %}a{% else %}{{ nobody }}{% endif %}",
            "no variable nobody here",
        ),
        ("safeguarding", "email", "{{ due }}", "no variable due here"),
        ("sign_off", "email", "{{ due }}", "no variable due here"),
        ("allocated", "email", "{{ due }}", "no variable due here"),
        ("appointment", "email", "Dear {{ name }}", "no variable name here; accepted: the variables phone"),
        ("appointment", "letter", "{{ reference }}", "no variable reference here"),
        ("agency_moved", "email", "{{ stage }}", "no variable stage here"),
        ("escalation", "subject", "Late: {{ reference }}", "begins with RJ.*use short"),
        ("appointment", "text", "Late: {{ reference }}", "begins with RJ.*use short"),
        ("escalation", "subject", "Late: {{ stage }}", "no variable stage here"),
        ("escalation", "subject", "Late\nindeed", "more than one line"),
        ("escalation", "subject", "{% if due %}One{% else %}Late\nindeed{% endif %}", "more than one line"),
        ("escalation", "inbox", "Late\nindeed", "more than one line"),
        ("escalation", "subject", "x" * 79, "79 characters; accepted: at most 78"),
        ("escalation", "subject", "{{ service }} {{ due }} indeed", "characters; accepted: at most 78"),
        ("escalation", "subject", "{% if due %}Late{% endif %}", "it is empty"),
        ("escalation", "email", "", "it is empty"),
        ("appointment", "text", "x" * 307, "307 characters; accepted: at most 306"),
        ("appointment", "text", "x" * 280 + "{{ phone }}{{ service }}", "340 characters"),
        ("appointment", "subject", "Restorative justice", "'restorat' tells"),
        ("escalation", "subject", "Victim not called: {{ short }}", "'victim' tells"),
        ("appointment", "letter", "Hello{% if starts == 'never' %}, victim{% endif %}", "'victim' tells"),
        ("appointment", "letter", "Eich trosedd", "'rosedd' tells"),
        ("appointment", "email", "rest{{''}}orative", "'restorat' tells"),
        ("appointment", "text", "pol{% if not phone %}{{ 'ice' }}{% endif %} {{ starts }}", "'police' tells"),
        ("escalation", "email", "one\n{% if phone %}", "line 2: Unexpected end of template"),
        ("escalation", "email", "{{ ''.__class__ }}", "may not do this"),
        ("escalation", "email", "{{ service.__class__ }}", "may not do this"),
        ("escalation", "email", "{{ service['x'] }}", "may not do this"),
        ("escalation", "email", "{{ service|attr('x') }}", "no filter attr"),
        ("escalation", "email", "{{ 'a' * 9**9 }}", "may not do this"),
        ("escalation", "email", "{{ service.format() }}", "may not do this"),
        ("escalation", "email", "{% set a = 1 %}", "may not do this"),
        ("escalation", "email", "{% macro a() %}{% endmacro %}", "may not do this"),
        ("escalation", "email", "{% include 'a' %}", "may not do this"),
        ("escalation", "email", "{% for i in range(9**9) %}x{% endfor %}", "no list to go through"),
        ("escalation", "email", "{% for i in service %}x{% endfor %}", "no list to go through"),
        ("escalation", "email", "{% for i in overdue %}x{% endfor %}", "no variable overdue"),
        (
            "digest",
            "email",
            "{% for i in overdue %}{% for j in tasks %}x{% endfor %}{% endfor %}",
            "may not do this",
        ),
        ("digest", "email", "{% for i in overdue recursive %}x{% endfor %}", "may not do this"),
        ("digest", "email", "{% for i in overdue %}{{ i.name }}{% endfor %}", "an entry has no name"),
        (
            "digest",
            "email",
            "{% for i in overdue %}{{ i.__class__ }}{% endfor %}",
            "an entry has no __class__",
        ),
        ("digest", "email", "{% for i in overdue %}a{% endfor %}{{ i.what }}", "may not do this"),
        ("digest", "email", "{% if unread > 'x' %}a{% endif %}", "cannot be rendered"),
        ("escalation", "email", "{% if phone %}" * 30 + "{% endif %}" * 30, "may not do this"),
        ("escalation", "email", "{{ " + "(" * 5000 + ")" * 5000 + " }}", "it cannot be understood"),
        ("escalation", "email", "{{ " + "9" * 5000 + " }}", "it cannot be understood"),
        ("escalation", "email", "x" * 20_001, "too large; accepted: at most 20000 bytes"),
    ],
)
def test_a_template_that_breaks_a_rule_is_refused(
    tmp_path: Path, template: str, key: str, value: str, says: str
) -> None:
    with pytest.raises(BadTemplate, match=says) as refused:
        Wording.load(own(tmp_path, template, {key: value}))
    sentence = str(refused.value)
    assert f"en/{template}.toml" in sentence
    assert "accepted: " in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('subject = "a"\ninbox = "a"', "email: this key is missing; accepted: email, inbox, subject"),
        ('subject = "a"\ninbox = "a"\nemail = "a"\ntext = "a"', "text: this key is not known here"),
        ('subject = "a"\ninbox = "a"\nemail = 1', "email: it is not a text"),
        ('subject = "a"\ninbox = a', r"is not TOML: .*line 2"),
        ("subject = " + "[" * 5000, "is not TOML"),
        ("subject = " + "9" * 5000, "is not TOML"),
    ],
)
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "escalation.toml").write_text(content)
    with pytest.raises(BadTemplate, match=says):
        Wording.load(tmp_path)


@pytest.mark.parametrize(
    "name", ["en/escalations.toml", "en/escalation.txt", "fr/escalation.toml", "escalation.toml"]
)
def test_a_file_that_nothing_would_read_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(BadTemplate, match="accepted: "):
        Wording.load(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match="cannot be read"):
        Wording.load(tmp_path / "nowhere")


def test_own_wording_takes_the_place_of_one_file_only(tmp_path: Path, wording: Wording) -> None:
    mine = Wording.load(own(tmp_path, "escalation", {"email": "Ours: {{ reference }}"}))
    assert mine.render("escalation", Medium.EMAIL, FACTS).body == "Ours: RJ-7KQ4-M2X1"
    for template in TEMPLATES.keys() - {"escalation"}:
        for welsh in (False, True):
            assert mine.preview(template, welsh=welsh) == wording.preview(template, welsh=welsh)


def test_own_welsh_is_used_where_none_ships(tmp_path: Path) -> None:
    mine = Wording.load(own(tmp_path, "escalation", {"email": "Ein geiriau ni"}, language="cy"))
    assert mine.render("escalation", Medium.EMAIL, FACTS, welsh=True).body == "Ein geiriau ni"
    assert "was missed" in mine.render("escalation", Medium.EMAIL, FACTS).body


# What is written at last


def test_a_fact_that_is_absent_is_said(wording: Wording) -> None:
    with pytest.raises(BadTemplate, match="'starts' is undefined"):
        wording.render("appointment", Medium.TEXT, {"service": "Invented Service", "phone": ""})


def test_a_text_that_became_too_long_is_refused(wording: Wording) -> None:
    with pytest.raises(BadTemplate, match=f"at most {LONGEST_TEXT}"):
        wording.render("appointment", Medium.TEXT, FACTS | {"service": "S" * 200})


@pytest.mark.parametrize("welsh", [False, True])
@pytest.mark.parametrize("template", [each for each in TEMPLATES if Medium.TEXT in media(each)])
def test_the_longest_facts_fit_a_text(wording: Wording, template: str, welsh: bool) -> None:
    facts = {
        "service": "S" * LONGEST_SERVICE,
        "phone": "0" * LONGEST_PHONE,
        "starts": max((spoken(day, welsh=welsh) for day in DAYS), key=len),
    }
    assert len(wording.render(template, Medium.TEXT, facts, welsh=welsh).body) <= LONGEST_TEXT


def test_templates_are_tried_with_the_longest_moment_there_is() -> None:
    from messages.wording import _EXTREMES

    for welsh in (False, True):
        tried = [facts["starts"] for facts in _EXTREMES if isinstance(facts["starts"], datetime)]
        longest = max(len(spoken(moment, welsh=welsh)) for moment in DAYS)
        assert max(len(spoken(moment, welsh=welsh)) for moment in tried) == longest


def test_a_moment_is_said_in_the_language_of_the_message(wording: Wording) -> None:
    facts = FACTS | {"starts": datetime(2026, 12, 1, 14, 30, tzinfo=UTC)}
    english, welsh = "Tuesday 1 December 2026 at 2:30pm", "dydd Mawrth 1 Rhagfyr 2026 am 2:30pm"
    assert english in wording.render("appointment", Medium.TEXT, facts).body
    assert welsh in wording.render("appointment", Medium.TEXT, facts, welsh=True).body
    assert english in wording.render("invitation", Medium.INBOX, facts, welsh=True).body


def test_a_part_left_out_leaves_no_gap(tmp_path: Path) -> None:
    mine = Wording.load(
        own(tmp_path, "escalation", {"email": "One\n\n{% if phone %}\nTwo\n{% endif %}\n\nThree"})
    )
    assert mine.render("escalation", Medium.EMAIL, FACTS | {"phone": ""}).body == "One\n\nThree"


def test_a_fact_cannot_add_a_line_to_a_subject_nor_be_a_template(wording: Wording) -> None:
    facts = FACTS | {"starts": "today\r\nBcc: someone@example.org {{ reference }}"}
    subject = wording.render("invitation", Medium.EMAIL, facts).subject
    assert subject == "A meeting on today Bcc: someone@example.org {{ reference }}: 7KQ4-M2X1"


def test_a_medium_that_a_template_is_not_written_for(wording: Wording) -> None:
    with pytest.raises(KeyError):
        wording.render("escalation", Medium.TEXT, FACTS)


@pytest.mark.parametrize(
    ("moment", "english", "welsh"),
    [
        (
            "2026-12-01T14:30+00:00",
            "Tuesday 1 December 2026 at 2:30pm",
            "dydd Mawrth 1 Rhagfyr 2026 am 2:30pm",
        ),
        ("2026-07-01T09:00+00:00", "Wednesday 1 July 2026 at 10am", "dydd Mercher 1 Gorffennaf 2026 am 10am"),
        (
            "2026-11-01T12:05+00:00",
            "Sunday 1 November 2026 at 12:05pm",
            "dydd Sul 1 Tachwedd 2026 am 12:05pm",
        ),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment: str, english: str, welsh: str) -> None:
    at = datetime.fromisoformat(moment)
    assert (spoken(at), spoken(at, welsh=True)) == (english, welsh)


# Who is invited to the console has a link of their own, and cannot sign in by typing.
TO_STAFF = [name for name in TEMPLATES if TEMPLATES[name] is Audience.STAFF and name != "account"]


@pytest.mark.parametrize("template", TO_STAFF)
def test_staff_are_told_where_to_click_or_else_what_to_type(template: str) -> None:
    typed = Wording.load().preview(template)[Medium.EMAIL].body
    assert re.search(r"^  rj ", typed, re.MULTILINE)
    assert "http" not in typed
    clicked = Wording.load(console="https://console.example.org/rj").preview(template)[Medium.EMAIL].body
    below = "" if template == "digest" else "referrals/RJ-7KQ4-M2X1"
    assert re.search(rf"^  https://console\.example\.org/rj/{below}$", clicked, re.MULTILINE)
    assert not re.search(r"\brj (?!/)|YOUR-ID", clicked)


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name not in TO_STAFF])
def test_nobody_else_is_led_to_the_console(template: str) -> None:
    assert Wording.load(console="https://console.example.org").preview(template) == Wording.load().preview(
        template
    )
