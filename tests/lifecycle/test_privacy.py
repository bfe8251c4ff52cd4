"""Every field has one class, and what is marked can be sealed, is absent without the key, and is opened as it was."""

import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from lifecycle import Refused, deadlines, fold, permitted
from schemas import commands as c
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.events import EVENT, Event, Recorded
from schemas.policy import Policy
from schemas.privacy import (
    DataClass,
    Sensitive,
    Special,
    class_of,
    every_model,
    is_sealed,
    join,
    models_below,
    reseal,
    sensitive_field_names,
    split,
    without_sensitive,
)
from schemas.vocabulary import (
    Confirmation,
    Custody,
    Ethnicity,
    JusticeStage,
    Level,
    Need,
    RiskFactor,
    Scale,
    SensitiveCategory,
    Stage,
)
from stores.keys.referral_keys import DataKey
from stores.logs.event_log import sealed_as_today
from tests.lifecycle.exemplars import Keyboard, exemplars
from tests.lifecycle.story import CASEWORKER, EVERYBODY, MONDAY, Story, opening, person

EVENTS: tuple[type[BaseModel], ...] = get_args(get_args(Event)[0])
# A field with such a word in it says something of a special category, whatever it is called.
SPECIAL_WORDS = (
    Confirmation,
    Custody,
    Ethnicity,
    JusticeStage,
    Level,
    Need,
    RiskFactor,
    Scale,
    SensitiveCategory,
)
# What a service has settled is of nobody.
OF_NOBODY = frozenset(models_below(Policy))


def words_of(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for below in get_args(annotation):
        yield from words_of(below)


def every_field() -> Iterator[tuple[type[BaseModel], str]]:
    for model in every_model():
        for name in model.model_fields:
            yield model, name


def test_every_field_has_exactly_one_class() -> None:
    found = {class_of(model, name) for model, name in every_field()}
    assert found == set(DataClass)

    class Both(Model):
        said: Annotated[str | None, Sensitive, Special] = None

    with pytest.raises(ValueError, match="more than one class"):
        class_of(Both, "said")


def test_whatever_says_something_of_a_special_category_is_marked() -> None:
    said = [
        (model.__name__, name)
        for model, name in every_field()
        if model not in OF_NOBODY
        and set(SPECIAL_WORDS) & set(words_of(model.model_fields[name].annotation))
        and class_of(model, name) is not DataClass.SPECIAL
    ]
    assert said == []


def test_nothing_marked_lies_where_it_would_not_be_found() -> None:
    """split() looks into models and tuples of models, and into nothing else."""
    for model, name in every_field():
        annotation = model.model_fields[name].annotation
        if is_sealed(model, name) or not _in_a_dict(annotation):
            continue
        below = [each for each in words_of(annotation) if issubclass(each, BaseModel)]
        hidden = [
            (each, field) for top in below for each in models_below(top) for field in each.model_fields
            if is_sealed(each, field)
        ]  # fmt: skip
        assert hidden == [], (model, name)


def _in_a_dict(annotation: Any) -> bool:
    return get_origin(annotation) not in (None, Union, types.UnionType, tuple, Annotated)


def seen_without_the_key(model: type[BaseModel], found: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models of an event that are read when the key is gone."""
    if model not in found:
        found.add(model)
        for name, field in model.model_fields.items():
            if not is_sealed(model, name):
                for below in words_of(field.annotation):
                    if issubclass(below, BaseModel):
                        seen_without_the_key(below, found)
    return found


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_whatever_is_sealed_in_an_event_may_be_absent(event: type[BaseModel]) -> None:
    for model in seen_without_the_key(event, set()):
        for name, field in model.model_fields.items():
            assert not (is_sealed(model, name) and field.is_required()), (model, name)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (c.OpenReferral, "justice_stage"),
        (c.RecordRiskAssessment, "factors"),
        (c.RecordConfirmation, "confirmation"),
        (c.RecordScale, "scale"),
        (c.RecordScale, "score"),
        (c.RecordNeeds, "needs"),
    ],
)
def test_a_command_still_asks_for_what_its_event_may_lack(command: type[BaseModel], field: str) -> None:
    assert command.model_fields[field].is_required()
    assert class_of(command, field) is DataClass.SPECIAL


def marked_in(model: BaseModel, stored: dict[str, Any]) -> Iterator[str]:
    """The marked fields that stand in what is stored of a model."""
    for name, value in model:
        if name not in stored:
            continue
        if is_sealed(type(model), name):
            yield name
        for each, part in _pairs(value, stored[name]):
            yield from marked_in(each, part)


def _pairs(value: Any, stored: Any) -> Iterator[tuple[BaseModel, dict[str, Any]]]:
    match value, stored:
        case BaseModel(), dict():
            yield value, stored
        case tuple(), list():
            for each, part in zip(value, stored, strict=True):
                yield from _pairs(each, part)


def full_history() -> list[Recorded]:
    """A log with something of every kind that is sealed, and a correction that repeats the whole state."""
    people = (
        person("h1", ethnicity=Ethnicity.ASIAN),
        person("r1", custody=Custody.IN_PRISON),
    )
    story = Story(opening(*people, sensitive_categories=("hate_crime",))).to(Stage.PREPARATION)
    for kind in ("record_confirmation", "record_scale", "record_needs", "amend_participant", "add_note"):
        command = next(iter(exemplars(kind, Keyboard(story.referral, story.history, CASEWORKER, story.at))))
        story.do(command)
    story.do(c.CorrectStep(step=story.last_step, reason="A slip"), by=EVERYBODY[2])
    return list(story.history)


def test_what_is_marked_is_sealed_and_opened_as_it_was() -> None:
    for recorded in full_history():
        public, sealed = split(recorded.event)
        assert list(marked_in(recorded.event, public)) == []
        assert EVENT.validate_python(join(public, sealed)) == recorded.event


def test_the_rules_decide_alike_from_the_sealed_log() -> None:
    history = full_history()
    opened = [
        without_sensitive(each.model_copy(update={"event": EVENT.validate_python(join(*split(each.event)))}))
        for each in history
    ]
    assert fold(opened) == fold(history)
    assert fold(opened).risk.assessments[0].levels


def test_an_erased_log_folds() -> None:
    left = [
        each.model_copy(update={"event": EVENT.validate_python(split(each.event)[0])})
        for each in full_history()
    ]
    referral = fold(left)
    assert referral.justice_stage is None
    assert {each.ethnicity for each in referral.participants} == {Ethnicity.UNKNOWN}
    assert [each.levels for each in referral.risk.assessments] == [{}, {}, {}]
    assert deadlines(referral)
    for actor in EVERYBODY:
        permitted(referral, actor, MONDAY)


# As they stood in the log before there were special categories.
OLD_BODY = {
    "kind": "risk_assessed",
    "about": "h1",
    "factors": [{"factor": "threats", "level": "high"}, {"factor": "self_harm", "level": "low"}],
    "since_then_unknown": "kept",
}
OLD_SEALED = {"factors": {"0": {"evidence": "Invented words"}}}


def test_an_old_event_reads_as_it_did() -> None:
    event: Any = EVENT.validate_python(join(OLD_BODY, OLD_SEALED))
    assert [(each.factor, each.level, each.evidence) for each in event.factors] == [
        ("threats", "high", "Invented words"),
        ("self_harm", "low", None),
    ]
    without_key: Any = EVENT.validate_python(OLD_BODY)
    assert without_key.factors[0].level is Level.HIGH


KEY = DataKey("RJ-7KQ4-M2X1", b"k" * 32)
PLACE = b"RJ-7KQ4-M2X1/3"


def stored(body: dict[str, Any], sealed: dict[str, Any]) -> tuple[str, bytes]:
    return json.dumps(body), KEY.seal(json.dumps(sealed).encode(), PLACE)


def test_an_old_event_is_sealed_anew_and_says_the_same() -> None:
    body, sealed = sealed_as_today(KEY.reference, 3, *stored(OLD_BODY, OLD_SEALED), KEY)
    public, opened = json.loads(body), json.loads(KEY.open(sealed or b"", PLACE))
    assert public == {"kind": "risk_assessed", "about": "h1"}
    assert EVENT.validate_python(join(public, opened)) == EVENT.validate_python(join(OLD_BODY, OLD_SEALED))
    # What is not known may be anything.
    assert opened["since_then_unknown"] == "kept"


def test_an_old_event_whose_key_is_gone_loses_what_is_special() -> None:
    old = stored(OLD_BODY, OLD_SEALED)
    body, sealed = sealed_as_today(KEY.reference, 3, *old, None)
    assert json.loads(body) == {"kind": "risk_assessed", "about": "h1"}
    assert sealed == old[1]
    EVENT.validate_json(body)


def test_what_is_sealed_already_stays_to_the_letter() -> None:
    for recorded in full_history():
        as_stored = stored(*split(recorded.event))
        assert sealed_as_today(KEY.reference, 3, *as_stored, KEY) == as_stored
    plain = ('{"kind":  "resumed"}', None)
    assert sealed_as_today(KEY.reference, 3, *plain, KEY) == plain


def test_sealing_anew_adds_nothing_that_was_not_stored() -> None:
    body = {"kind": "contact_attempted", "participant": "h1", "channel": "phone", "outcome": "reached"}
    assert reseal(EVENT.validate_python(body), body) == (body, {})


def test_what_is_special_is_redacted_from_logs_by_name() -> None:
    named = {
        "ethnicity",
        "custody",
        "levels",
        "factors",
        "score",
        "needs",
        "satisfied",
        "sensitive_categories",
    }
    assert named <= sensitive_field_names()


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_no_refusal_says_what_somebody_is(kind: str) -> None:
    """It names what is lacking."""
    story = Story(
        opening(
            person("h1", ethnicity=Ethnicity.ASIAN),
            person("r1", custody=Custody.IN_PRISON),
            sensitive_categories=("child_sexual_exploitation",),
        )
    ).to(Stage.PREPARATION)
    words = {str(value).replace("_", " ") for value in (Ethnicity.ASIAN, Custody.IN_PRISON)}
    words.add("child sexual exploitation")
    for actor in EVERYBODY:
        for command in exemplars(kind, Keyboard(story.referral, story.history, actor, story.at)):
            try:
                story.decide(command, by=actor)
            except Refused as refused:
                said = refused.message.replace("_", " ")
                assert not [word for word in words if word in said], said
