"""Policy files: what ships is in order, what extends it is laid over it, and each fault is told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.checks import OWN_DATE
from policies.files import DEFAULT, BadPolicy, load_policies, problems
from policies.toml_lines import Place, lines
from schemas.areas import Area
from schemas.notices import Addressee
from schemas.policy import DeadlineName, Ground, Rung

SHIPPED = sorted(DEFAULT.parent.glob("*.toml"))


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    """A policy file in a folder, on top of the one that ships."""
    path = folder / name
    path.write_text(f'extends = "england-and-wales.toml"\n{text}', encoding="utf-8")
    return path


# What ships.


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_ships_is_in_order(path: Path) -> None:
    assert problems(path) == []
    load_policies(path)


def test_without_a_file_it_is_that_of_england_and_wales() -> None:
    policies = load_policies()
    assert (policies.base.name, policies.base.version) == ("England and Wales", "2026-12.3")
    assert policies.areas == {}
    assert policies.of(Area.DURHAM) is policies.base


def test_who_answers() -> None:
    rules = load_policies().base.deadlines
    supervised = {name for name, rule in rules.items() if rule.answers is Rung.SUPERVISOR}
    assert supervised == {
        DeadlineName.UNREACHABLE_REVIEW,
        DeadlineName.PREPARATION_REVIEW,
        DeadlineName.INACTIVITY,
        DeadlineName.SIGN_OFF,
        DeadlineName.SUPERVISION,
        DeadlineName.COMPLAINT,
        DeadlineName.TRANSFER_ANSWER,
    }
    assert all(rule.answers is Rung.CASEWORKER for name, rule in rules.items() if name not in supervised)


def test_the_deadlines_that_have_a_date_of_their_own() -> None:
    rules = load_policies().base.deadlines
    assert {name for name, rule in rules.items() if rule.due is None} == OWN_DATE


def test_every_rung_that_a_missed_deadline_climbs_to_is_another_one() -> None:
    for name, rule in load_policies().base.deadlines.items():
        for timing in (rule, *rule.by_justice_stage.values()):
            rungs = [rule.answers, *(rule.answers.above(step + 1) for step in range(len(timing.escalate)))]
            assert len(set(rungs)) == len(rungs), name


def test_seconds_end_within_half_a_minute() -> None:
    rule = load_policies(DEFAULT.with_name("seconds.toml")).base.deadlines[DeadlineName.FIRST_CONTACT]
    assert (rule.warn, rule.due, rule.escalate) == (("PT5S",), "PT10S", ("PT5S", "PT10S"))
    assert rule.ground is Ground.LOCAL


# What extends it.


def test_tables_are_laid_over_tables_and_lists_take_the_place_of_lists(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        offender_initiated_refused = ["stalking"]
        [deadlines.risk_assessment]
        by_justice_stage.pre_sentence.warn = ["2wd"]
        ground = "local"
        source = "invented"
        """,
    )
    policy, shipped = load_policies(path).base, load_policies().base
    rule = policy.deadlines[DeadlineName.RISK_ASSESSMENT]
    [(stage, timing)] = rule.by_justice_stage.items()
    assert (stage, timing.warn, timing.due) == ("pre_sentence", ("2wd",), "5wd")
    assert rule.warn == shipped.deadlines[DeadlineName.RISK_ASSESSMENT].warn
    assert policy.offender_initiated_refused == ("stalking",)
    assert policy.deadlines[DeadlineName.SURVEY] == shipped.deadlines[DeadlineName.SURVEY]


def test_single_notices_are_changed_left_out_and_added(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [notices]
        acknowledgement = false
        safeguarding_to_caseworker.to = "facilitators"
        [notices.stopped]
        on = "activity_stopped"
        to = "service_managers"
        template = "news"
        """,
    )
    told, shipped = load_policies(path).base.notices, load_policies().base.notices
    assert len(told) == len(shipped)
    assert not [each for each in told if each.template == "acknowledgement"]
    raised = {each.to for each in told if each.on == "safeguarding_raised"}
    assert raised == {Addressee.SUPERVISORS, Addressee.FACILITATORS}
    assert [each.to for each in told if each.on == "activity_stopped"] == [Addressee.SERVICE_MANAGERS]


def test_an_area_differs(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        closures = [2026-12-24]
        [areas.gwent]
        welsh = true
        [areas.gwent.deadlines.survey]
        due = "5w"
        ground = "local"
        source = "invented"
        """,
        "below.toml",
    )
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        extends = "below.toml"
        service_name = "Bridge Street"
        [areas.gwent]
        closures = [2026-03-02, "2026-12-24"]
        service_phone = "01632 960456"
        [areas.kent]
        service_name = "River House"
        """,
        encoding="utf-8",
    )
    policies = load_policies(path)
    gwent, kent = policies.of(Area.GWENT), policies.of(Area.KENT)
    assert set(policies.areas) == {Area.GWENT, Area.KENT}
    assert (gwent.welsh, gwent.service_name, gwent.service_phone) == (True, "Bridge Street", "01632 960456")
    assert gwent.closures == (date(2026, 3, 2), date(2026, 12, 24))
    assert gwent.deadlines[DeadlineName.SURVEY].due == "5w"
    assert (kent.welsh, kent.service_name, kent.closures) == (False, "River House", (date(2026, 12, 24),))
    assert policies.base.deadlines[DeadlineName.SURVEY].due == "4w"
    assert policies.of(Area.DURHAM) is policies.base


# What is wrong. The first line of each file extends what ships, so what stands here begins on the second.

GROUND = 'ground = "local"\nsource = "invented"\n'
FIRST = f"[deadlines.first_contact]\n{GROUND}"
NEWS = '[notices.mine]\nto = "caseworker"\ntemplate = "news"\n'

WRONG: list[tuple[str, str, int | None, str, str]] = [
    ("unknown key", "retention_year = 7", 2, "retention_year", "Did you mean retention_years?"),
    ("unknown key of a deadline", f'{FIRST}warning = ["1wd"]', 5, "deadlines.first_contact.warning", "warn?"),
    ("unknown key of a stage", f"{FIRST}by_justice_stage.pre_sentence = {{ due = '2wd', wern = [] }}", 5,
     "deadlines.first_contact.by_justice_stage.pre_sentence.wern", "Did you mean warn?"),
    ("unknown key of attempts", "[unreachable]\nattempt = 3", 3, "unreachable.attempt", "Did you mean attempts?"),
    ("unknown deadline", "[deadlines.frist_contact]\ndue = 'one day'", 2, "deadlines.frist_contact",
     "Did you mean first_contact?"),
    ("unknown stage", f"{FIRST}[deadlines.first_contact.by_justice_stage.pre_sentense]\ndue = '1wd'", 5,
     "deadlines.first_contact.by_justice_stage.pre_sentense", "Did you mean pre_sentence?"),
    ("unknown ground", f"[deadlines.survey]\n{GROUND}".replace("local", "lokal"), 3, "deadlines.survey.ground",
     "'lokal' is not accepted. Did you mean local?"),
    ("unknown rung", "[deadlines.survey]\nanswers = 'boss'", 3, "deadlines.survey.answers", "Accepted: casew"),
    ("unknown gate", 'overridable = [\n  "risk_sign_off",\n  "consent",\n]', 4, "overridable", "Accepted: risk"),
    ("unknown area", "[areas.durhm]\nwelsh = true", 2, "areas.durhm", "no police area. Did you mean durham?"),
    ("area that is no table", "areas.durham = 5", 2, "areas.durham", "must be a table"),
    ("areas that are no tables", "areas = 5", 2, "areas", "such as [areas.durham]"),
    ("area that extends", "[areas.durham]\nextends = 'x'", 3, "areas.durham.extends", "for the whole file"),
    ("no span", f"{FIRST}due = 'two days'", 5, "deadlines.first_contact.due", "'two days' is not a span of time: w"),
    ("no unit", f"{FIRST}due = '500'", 5, "deadlines.first_contact.due", "not a span of time: write 2wd"),
    ("number for a span", f"{FIRST}due = 2", 5, "deadlines.first_contact.due", "must be text"),
    ("text for a list", f"{FIRST}warn = '1wd'", 5, "deadlines.first_contact.warn", "must be a list"),
    ("no time at all", f"{FIRST}due = '0wd'", 5, "deadlines.first_contact.due", "0wd is no time at all"),
    ("no seconds", f"{FIRST}warn = ['PT0S']", 5, "deadlines.first_contact.warn", "PT0S is no time at all"),
    ("no working days late", f"{FIRST}escalate = ['0wd']", 5, "deadlines.first_contact.escalate", "which is PT0S"),
    ("for ever", f"{FIRST}due = '99999wd'", 5, "deadlines.first_contact.due", "at most 999wd"),
    ("negative", f"{FIRST}due = '-2wd'", 5, "deadlines.first_contact.due", "cannot be negative"),
    ("escalation before it is due", f"{FIRST}escalate = ['-1wd']", 5, "deadlines.first_contact.escalate",
     "an escalation counts from when it is due: it cannot lie before it"),
    ("negative seconds", f"{FIRST}escalate = ['PT-5S']", 5, "deadlines.first_contact.escalate", "cannot lie before"),
    ("no inactivity", "inactivity_in_preparation = '0w'", 2, "inactivity_in_preparation", "0w is no time at all"),
    ("warning when it is due", f"{FIRST}warn = ['1wd', '2wd']", 5, "deadlines.first_contact.warn",
     "2wd does not lie before it is due, which is after 2wd"),
    ("due before the warning that stands below", f"{FIRST}due = 'PT5S'", 5, "deadlines.first_contact.warn",
     "1wd does not lie before it is due, which is after PT5S"),
    ("warning of a stage", f"{FIRST}by_justice_stage.pre_sentence = {{ warn = ['5wd'], due = '1w' }}", 5,
     "deadlines.first_contact.by_justice_stage.pre_sentence.warn", "5wd does not lie before"),
    ("escalations that fall", f"{FIRST}escalate = ['3wd', '1wd']", 5, "deadlines.first_contact.escalate",
     "1wd does not climb: it must be later than 3wd"),
    ("escalations of the same length", f"{FIRST}escalate = ['1w', '5wd']", 5, "deadlines.first_contact.escalate",
     "5wd does not climb"),
    ("at once, second", f"{FIRST}escalate = ['PT0S', 'PT0S']", 5, "deadlines.first_contact.escalate", "no time"),
    ("due of what has a date", f"[deadlines.court_date]\n{GROUND}due = '5wd'", 5, "deadlines.court_date.due",
     "a date of its own: leave this out"),
    ("stage without its due", f"{FIRST}by_justice_stage.pre_sentence = {{ warn = [] }}", 5,
     "deadlines.first_contact.by_justice_stage.pre_sentence.due", "is missing"),
    ("number without ground", "[deadlines.survey]\ndue = '5w'\nsource = 'invented'", 2, "deadlines.survey",
     "without saying where it comes from: add ground"),
    ("number without source", "[deadlines.survey]\ndue = '5w'\nground = 'local'", 2, "deadlines.survey",
     "add source"),
    ("number of an area without either", "[areas.kent.deadlines]\nsurvey.due = '5w'", 3,
     "areas.kent.deadlines.survey", "add ground and source"),
    ("what is kept, without ground", "[facts.custody]\nafter_erasure = 'stays'", 2, "facts.custody",
     "changes what is kept without saying where it comes from: add ground and source"),
    ("what is kept, in no such word", f"[facts.custody]\n{GROUND}after_erasure = 'of_who_declinde'", 5,
     "facts.custody.after_erasure", "Did you mean of_who_declined?"),
    ("unknown fact", f"[facts.ethncity]\n{GROUND}after_erasure = 'goes'", 2, "facts.ethncity",
     "Did you mean ethnicity?"),
    ("special category in a notice", f'{NEWS}on = "confirmed"\nonly.confirmation = ["custody"]', 6,
     "notices.mine.only.confirmation", "no field"),
    ("source of two letters", "[deadlines.survey]\nsource = 'me'", 3, "deadlines.survey.source", "needs 3 or more"),
    ("deadline that is no table", "[deadlines]\nsurvey = 5", 3, "deadlines.survey", "must be a table"),
    ("a closure that is no day", "closures = ['2026-12-24',\n '2026-02-30']", 3, "closures", "a day that exists"),
    ("a closure that is a number", "closures = [20261224]", 2, "closures", "year-month-day"),
    ("no years at all", "retention_years = 0", 2, "retention_years", "must be 1 or more"),
    ("no switch", "welsh = 'sometimes'", 2, "welsh", "must be true or false"),
    ("a telling name", "service_name = 'Kent Restorative Service'", 2, "service_name", "seen by anybody"),
    ("a telling name of an area", "[areas.kent]\nservice_name = 'RJ Kent'", 3, "areas.kent.service_name", "'rj'"),
    ("a long name", f"service_name = '{'x' * 41}'", 2, "service_name", "at most 40"),
    ("a long number", "service_phone = '01632 960123 or 01632 960456'", 2, "service_phone", "at most 20"),
    ("unknown event", f'{NEWS}on = "escalation_rased"', 5, "notices.mine.on", "Did you mean escalation_raised?"),
    ("unknown field", f'{NEWS}on = "referral_closed"\nonly.raeson = []', 6, "notices.mine.only.raeson",
     "no field of referral_closed that can be looked at. Did you mean reason?"),
    ("sealed field", f'{NEWS}on = "referral_closed"\nonly.note = ["x"]', 6, "notices.mine.only.note", "no field"),
    ("impossible value", f'{NEWS}on = "referral_received"\nonly.source = [\n"police",\n"polise"]', 8,
     "notices.mine.only.source", "'polise' is not what it can be. Did you mean police?"),
    ("impossible point", f'{NEWS}on = "deadline_reached"\nonly.point = ["warn-0"]', 6, "notices.mine.only.point",
     "warn-1, warn-2"),
    ("impossible deadline", f'{NEWS}on = "deadline_reached"\nonly.deadline = ["frist"]', 6,
     "notices.mine.only.deadline", "allocation, first_contact"),
    ("no value", f'{NEWS}on = "referral_received"\nonly.source = []', 6, "notices.mine.only.source", "never be told"),
    ("unknown addressee", f'{NEWS.replace("caseworker", "everybody")}on = "resumed"', 3, "notices.mine.to",
     "Accepted: answers, caseworker"),
    ("unknown template", f'{NEWS.replace("news", "nws")}on = "resumed"', 4, "notices.mine.template",
     "Did you mean news?"),
    ("unknown category", f'{NEWS}on = "resumed"\ncategory = "post"', 6, "notices.mine.category", "Accepted: esc"),
    ("words for staff to participants", f'{NEWS.replace("caseworker", "harmed")}on = "resumed"', 4,
     "notices.mine.template", "written for staff, not for harmed. Accepted: acknowledgement"),
    ("words for participants to staff", '[notices.meeting_booked]\nto = "caseworker"', 3,
     "notices.meeting_booked.template", "written for participant, not for caseworker"),
    ("words for agencies to staff", '[notices.agency_moved]\nto = "caseworker"', 3,
     "notices.agency_moved.template", "written for agency, not for caseworker"),
    ("words for staff to agencies", '[notices.reassigned]\nto = "agency"', 3,
     "notices.reassigned.template", "written for staff, not for agency. Accepted: agency_received"),
    ("words that the event cannot fill", f'{NEWS.replace("news", "reminder")}on = "resumed"', 4,
     "notices.mine.template", "reminder cannot tell of resumed"),
    ("words that go out of themselves", f'{NEWS.replace("news", "digest")}on = "resumed"', 4,
     "notices.mine.template", "goes out of itself"),
    ("nobody it is about", '[notices.meeting_booked]\non = "activity_booked"', 3, "notices.meeting_booked.to",
     "it is not about one participant"),
    ("a person who only comes in",
     '[notices.mine]\non = "participant_added"\nto = "participant"\ntemplate = "acknowledgement"', 4,
     "notices.mine.to", "it is not about one participant"),
    ("no meeting", '[notices.meeting_booked]\nto = "attending"', 3, "notices.meeting_booked.to",
     "it is about no meeting"),
    ("nobody who answers", f'{NEWS.replace("caseworker", "answers")}on = "resumed"', 3, "notices.mine.to",
     "no point of a deadline"),
    ("notice without an event", NEWS, 2, "notices.mine.on", "is missing"),
    ("unknown key of a notice", f'{NEWS}on = "resumed"\nafter_close = true', 6, "notices.mine.after_close",
     "Did you mean after_closing?"),
    ("nothing to switch off", "[notices]\nacknowledgment = false", 3, "notices.acknowledgment",
     "Did you mean acknowledgement?"),
    ("notice that is no table", "notices.allocated = true", 2, "notices.allocated", "or false where nobody is told"),
    ("notices that have no names", '[[notices]]\non = "resumed"', 2, "notices", "tables with names"),
    ("no TOML", "name = ", 2, "", "this is not TOML: Invalid value"),
    ("a key twice", "name = 'a'\nname = 'b'", 3, "", "this is not TOML"),
    ("half a text", 'name = """', 2, "", "this is not TOML"),
    ("too many brackets", f"closures = {'[' * 2900}{']' * 2900}", None, "", "too many brackets"),
    ("a number of 5,000 digits", f"retention_years = {'9' * 5000}", None, "", "a number that is too long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "where", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in WRONG]
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int | None, where: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    [problem] = problems(path)
    assert (problem.file, problem.line, problem.where) == (path, line, where)
    assert sentence in problem.sentence
    assert not re.search(r"pydantic|Input should|type=|Traceback", str(problem))
    with pytest.raises(BadPolicy) as raised:
        load_policies(path)
    said = str(raised.value)
    assert sentence in said
    assert str(path) in said
    assert said.count("\n") == 0
    assert line is None or f", line {line}," in said


def test_everything_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "welsh = 3\nname = 4\n[deadlines.survey]\ndue = '0w'\n[areas.nowhere]\n")
    found = [(problem.line, problem.where) for problem in problems(path)]
    assert found == [
        (2, "welsh"),
        (3, "name"),
        (4, "deadlines.survey"),
        (5, "deadlines.survey.due"),
        (6, "areas.nowhere"),
    ]
    with pytest.raises(BadPolicy, match=r"line 2, cannot be used: welsh: .* \(4 more after it"):
        load_policies(path)


def test_a_fault_of_all_is_told_once_and_not_for_each_area(tmp_path: Path) -> None:
    path = written(tmp_path, "welsh = 3\n[areas.kent]\nservice_phone = '01632 960123'\n[areas.durham]\n")
    assert [problem.where for problem in problems(path)] == ["welsh"]


def test_a_fault_in_a_file_below_names_that_file(tmp_path: Path) -> None:
    below = written(tmp_path, "\n\nwelsh = 3\n", "below.toml")
    path = tmp_path / "mine.toml"
    path.write_text('extends = "below.toml"\nnme = "x"\n', encoding="utf-8")
    assert [(each.file, each.line) for each in problems(path)] == [(path, 2), (below, 4)]


def test_a_policy_by_itself_needs_every_deadline_and_all_of_each(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "Mine"\nversion = "1"\n[deadlines.survey]\ndue = "4w"\n', encoding="utf-8")
    found = {problem.where: problem for problem in problems(path)}
    assert set(found) == {"deadlines", "deadlines.survey.ground", "deadlines.survey.source"}
    assert found["deadlines"].sentence.startswith("no rule for allocation, first_contact")
    assert "survey" not in found["deadlines"].sentence
    assert {problem.line for problem in found.values()} == {3}
    path.write_text("", encoding="utf-8")
    assert {problem.where for problem in problems(path)} == {"name", "version", "deadlines"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ('"other.toml"', "goes in a circle: mine.toml, which extends other.toml, which extends mine.toml"),
        ('"mine.toml"', "goes in a circle: mine.toml, which extends mine.toml"),
        ('"england-and-whales.toml"', "Did you mean england-and-wales.toml?"),
        ('"a\\u0000b"', "must be the name of a file"),
        (f'"{"x" * 5000}"', "there is no file"),
        ("5", "must be the name of a file"),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, name: str, sentence: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"\nextends = {name}\n", encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text('extends = "mine.toml"\n', encoding="utf-8")
    [problem] = problems(path)
    assert (problem.where, problem.line) == ("extends", 1 if "other" in name else 2)
    assert sentence in problem.sentence


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path, sentence in (
        (tmp_path / "nowhere.toml", "no such file"),
        (tmp_path, "is a directory"),
        (tmp_path / "binary.toml", "not text in UTF-8"),
    ):
        [problem] = problems(path)
        assert sentence in problem.sentence
        with pytest.raises(BadPolicy, match=sentence):
            load_policies(path)


# Lines.


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Every place that tomllib reads."""
    if above:
        yield above
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*above, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from places(below, (*above, number))


NASTY = r'''# [not] = "a table"
a = 1 # [x]
"b c".'d.e' = "x # ] \" y"
[ deadlines . "x y" ]
warn = [ # "one" ]
  "1wd",
  '2]wd', # x

]
by.pre = { warn = ["3wd"], "due" = '5wd', e = [], f = {} }
m = """
[nope]
a = 2 \
""" # after
n = """ends in quotes"""""
z = [1979-05-27 07:32:00Z, 07:32:00, -1.5e3, inf, true]
[[told]]
on = "a"
[told.only]
k = ["x"]
[[told]]
on = [{a = 1}, # one
 {b = [2]}]
[[told.below]]
[[told.below]]
q = 'c:\'
[deadlines.later]
"" = """""" '''


@pytest.mark.parametrize("text", [NASTY, *(path.read_text(encoding="utf-8") for path in SHIPPED)])
def test_every_place_that_is_read_has_its_line(text: str) -> None:
    found = lines(text)
    assert set(found) == set(places(tomllib.loads(text)))
    rows = text.split("\n")
    for place, line in found.items():
        names = [part for part in place if isinstance(part, str)]
        if isinstance(place[-1], str):
            assert names[-1] in rows[line - 1], place


def test_lines_in_a_nasty_file() -> None:
    found = lines(NASTY)
    rows = NASTY.split("\n")

    def row(*place: str | int) -> str:
        return rows[found[place] - 1]

    assert row("deadlines", "x y", "warn", 1).strip().startswith("'2]wd'")
    assert row("deadlines", "x y", "by", "pre", "due").startswith("by.pre")
    assert row("deadlines", "x y", "z").startswith("z =")
    assert row("told", 1, "on", 1, "b", 0) == " {b = [2]}]"
    assert found["told", 1, "below", 1] == found["told", 1, "below", 1, "q"] - 1


@pytest.mark.parametrize(
    "name", ["../secret.toml", "{folder}/secret.toml", "link.toml", "no/../../secret.toml"]
)
def test_a_policy_builds_on_nothing_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.toml"
    secret.write_text("password = quokka\n", encoding="utf-8")
    mine = tmp_path / "policies" / "mine.toml"
    (mine.parent / "no").mkdir(parents=True)
    (mine.parent / "link.toml").symlink_to(secret)
    mine.write_text(f'extends = "{name.format(folder=tmp_path)}"\n', encoding="utf-8")
    [there] = problems(mine)
    assert str(there).startswith("extends: leads out of the folder of this file: name a file beside it, or")
    # Nor does it say whether such a file is there.
    secret.unlink()
    assert problems(mine) == [there]


def test_a_policy_and_what_it_builds_on_may_be_links_into_its_folder(tmp_path: Path) -> None:
    """As Kubernetes lays out a ConfigMap."""
    version = tmp_path / "..2026"
    version.mkdir()
    below = written(version, "welsh = true\n", "below.toml")
    (tmp_path / "below.toml").symlink_to(below)
    (version / "mine.toml").write_text('extends = "below.toml"\nname = "Mine"\n', encoding="utf-8")
    (tmp_path / "mine.toml").symlink_to(version / "mine.toml")
    assert load_policies(tmp_path / "mine.toml").base.welsh
