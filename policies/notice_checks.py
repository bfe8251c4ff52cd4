"""What is wrong with the messages that a policy asks for, in words."""

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from messages.neutral_words import forbidden_word
from messages.wording import LONGEST_PHONE, LONGEST_SERVICE, TEMPLATES, Audience
from policies.faults import Fault, instead, notice_tables, valid
from policies.toml_lines import Place
from schemas.base import Model
from schemas.events import Event
from schemas.notices import Addressee
from schemas.policy import DeadlineName, NoticeRule
from schemas.privacy import is_sealed
from schemas.reading.plain_words import accepted_words

EVENTS: Mapping[str, type[Model]] = {
    str(event.model_fields["kind"].default): event for event in get_args(get_args(Event)[0])
}
"""What can happen, by kind."""

_POINTS = ("deadline_reached", "escalation_raised")
_APPOINTMENTS = (
    "activity_booked",
    "activity_adjourned",
    "preparation_meeting_booked",
)
_OF_A_MEETING = ("activity_booked", "activity_adjourned", "appointment_called_off")
# The events that know what a template tells; one that is not named here tells only of the referral as it stands.
_TELLS_OF = {
    "reminder": _POINTS,
    "escalation": _POINTS,
    "sign_off": ("sign_off_requested",),
    "task": ("notice_settled",),
    "appointment": _APPOINTMENTS,
    "appointment_cancelled": ("appointment_called_off",),
    "asked_to_be_called": ("referral_received",),
    "transfer_offered": ("transfer_offered",),
    "transfer_withdrawn": ("transfer_offer_withdrawn",),
    "transfer_accepted": ("transfer_accepted",),
    "transfer_refused": ("transfer_refused",),
    "agency_transferred": ("transfer_accepted",),
    "invitation": (),
    "invitation_cancelled": (),
    "digest": (),
    "account": (),
}


def of_messages(written: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with how messages name the service."""
    for field, longest in (("service_name", LONGEST_SERVICE), ("service_phone", LONGEST_PHONE)):
        text = written.get(field)
        if isinstance(text, str) and len(text) > longest:
            yield Fault((field,), f"is too long for messages: at most {longest} characters")
    name = written.get("service_name")
    if isinstance(name, str) and (word := forbidden_word(name)):
        yield Fault(
            ("service_name",),
            f"says {word!r}, and messages that bear it may be seen by anybody. Accepted: words that tell nothing",
        )


def of_notices(written: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with who is told of what, where a notice is sound in itself."""
    for name, table in notice_tables(written).items():
        rule = valid(NoticeRule, table)
        if rule is not None:
            yield from _of_notice(rule, ("notices", name))


def _of_notice(rule: NoticeRule, place: Place) -> Iterator[Fault]:
    event = EVENTS.get(rule.on)
    if event is None:
        yield Fault((*place, "on"), f"{rule.on} is no kind of event. {instead(rule.on, EVENTS)}")
    else:
        for field, values in rule.only.items():
            yield from _of_only(event, field, values, (*place, "only", field))
        if (lacking := _lacking(rule.to, event)) is not None:
            yield Fault(
                (*place, "to"), f"{rule.to} cannot be told of {rule.on}: {lacking}", ((*place, "on"),)
            )
    yield from _of_template(rule, place)


def _of_only(event: type[Model], field: str, values: tuple[str, ...], place: Place) -> Iterator[Fault]:
    fields = [name for name in event.model_fields if name != "kind" and _is_word(event, name)]
    if field not in fields:
        yield Fault(place, f"is no field of {_kind(event)} that can be looked at. {instead(field, fields)}")
        return
    if not values:
        yield Fault(place, "names no value: it would never be told")
    for number, value in enumerate(values):
        if (accepted := _cannot_take(event, field, value)) is not None:
            yield Fault((*place, number), f"{value!r} is not what it can be{accepted}")


def _kind(event: type[Model]) -> str:
    return str(event.model_fields["kind"].default)


def _is_word(event: type[Model], field: str) -> bool:
    """Whether a field holds one word that may be told of."""
    annotation: Any = event.model_fields[field].annotation
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    return all(_is_text(kind) for kind in kinds) and not is_sealed(event, field)


def _is_text(kind: Any) -> bool:
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return isinstance(bare, type) and issubclass(bare, str)


def _cannot_take(event: type[Model], field: str, value: str) -> str | None:
    """What is accepted instead, where the field of an event cannot have that value."""
    if field == "point":
        kind, _, number = value.partition("-")
        fits = value == "due" or (kind in ("warn", "escalate") and number.isdecimal() and number[0] != "0")
        return None if fits else ": warn-1, warn-2 …, due, escalate-1, escalate-2 …"
    if field == "deadline":
        fits = value.partition("/")[0] in set(DeadlineName)
        return None if fits else f". {instead(value, DeadlineName)}"
    described = event.model_fields[field]
    try:
        TypeAdapter(described.rebuild_annotation()).validate_python(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        return f". {instead(value, accepted_words(problem))}" if problem["type"] == "enum" else ""
    return None


def _lacking(to: Addressee, event: type[Model]) -> str | None:
    """Why there is nobody of that kind whom the event is about."""
    kind = _kind(event)
    match to:
        case Addressee.PARTICIPANT if not (
            "participant" in event.model_fields and _is_word(event, "participant")
        ):
            return "it is not about one participant"
        case Addressee.ATTENDING if kind not in _OF_A_MEETING:
            return "it is about no meeting"
        case Addressee.ANSWERS if kind not in _POINTS:
            return "it is about no point of a deadline"
        case _:
            return None


def _of_template(rule: NoticeRule, place: Place) -> Iterator[Fault]:
    place = (*place, "template")
    written_for = TEMPLATES.get(rule.template)
    if written_for is None:
        yield Fault(place, f"there is no template {rule.template}. {instead(rule.template, TEMPLATES)}")
        return
    events = _TELLS_OF.get(rule.template)
    if events is not None and rule.on in EVENTS and rule.on not in events:
        said = f"it tells of {' or '.join(events)} only" if events else "it goes out of itself"
        yield Fault(place, f"{rule.template} cannot tell of {rule.on}: {said}", ((*place[:-1], "on"),))
        return
    reader = _reader(rule.to)
    if written_for is not reader:
        fitting = ", ".join(name for name, audience in TEMPLATES.items() if audience is reader)
        yield Fault(
            place,
            f"{rule.template} is written for {written_for.value}, not for {rule.to}. Accepted: {fitting}",
            ((*place[:-1], "to"),),
        )


def _reader(to: Addressee) -> Audience:
    if to is Addressee.AGENCY:
        return Audience.AGENCY
    return Audience.PARTICIPANT if to.outside else Audience.STAFF
