"""Answers as they stand in a form, and as they are read again before they are sent."""

from __future__ import annotations

from casework.asking_to_be_called.questions import NO, UNKNOWN_AREA, YES
from casework.words.people import phone_in_words
from console.public.speaking import Spoken
from schemas.asking import Answers, Help, Others, SafeHours


def as_form(answers: Answers) -> dict[str, list[str]]:
    """The fields of every question's form, each with its values, as they were answered."""
    given: dict[str, list[str]] = {}
    if answers.leave_message is not None:
        given["leave_message"] = [YES if answers.leave_message else NO]
    if "area" in answers.answered:
        given["area"] = [answers.area or UNKNOWN_AREA]
    given["ways"] = list(answers.ways)
    given["help"] = list(answers.help)
    if answers.hours is SafeHours.OTHER:
        given |= {"safe_from": [answers.safe_from or ""], "safe_until": [answers.safe_until or ""]}
    for field in ("others", "hours", "who", "who_to_them"):
        value = getattr(answers, field)
        if value is not None:
            given[field] = [value]
    for field in ("seen_by", "hours_note", "phone", "email", "address", "name", "what", "language", "needs"):
        value = getattr(answers, field)
        if value is not None:
            given[field] = [value]
    return given


def rows(name: str, answers: Answers, spoken: Spoken) -> list[str]:
    """What was answered to a question, line by line; one line that says so where nothing was."""
    return [each for each in _said(name, answers, spoken) if each] or [spoken.texts("check.empty")]


def _said(name: str, answers: Answers, spoken: Spoken) -> list[str | None]:
    t = spoken.texts
    match name:
        case "messages":
            return [t("messages.yes") if answers.leave_message else t("messages.no")]
        case "others":
            said = {Others.NOBODY: "others.none", Others.SOMEBODY: "others.some"}
            return [t(said.get(answers.others or Others.NOT_SURE, "all.not_sure")), answers.seen_by]
        case "times":
            return [_hours(answers, spoken), answers.hours_note]
        case "ways":
            ways = [t(f"ways.{way}_way") for way in answers.ways]
            phone = phone_in_words(answers.phone) if answers.phone else None
            return [", ".join(ways), phone, answers.email, *(answers.address or "").splitlines()]
        case "about":
            return [t(f"about.{answers.who}")]
        case "them":
            return [t(f"them.{answers.who_to_them}")]
        case "area":
            return [spoken.area_name(answers.area) if answers.area else t("area.unknown")]
        case "help":
            helped = [t(f"help.{each}") for each in Help if each in answers.help]
            return [*helped, answers.language, answers.needs]
        case "words":
            return list((answers.what or "").splitlines())
        case _:
            return [answers.name]


def hour_in_words(hour: str) -> str:
    """A whole hour as people say it: 6pm for 18:00."""
    number = int(hour.partition(":")[0] or 0)
    return f"{number % 12 or 12}{'am' if number < 12 else 'pm'}"


def _hours(answers: Answers, spoken: Spoken) -> str:
    t = spoken.texts
    match answers.hours:
        case SafeHours.OTHER:
            start, end = hour_in_words(answers.safe_from or ""), hour_in_words(answers.safe_until or "")
            return f"{t('times.from')} {start}, {t('times.until').lower()} {end}"
        case SafeHours.NOT_SURE | None:
            return t("all.not_sure")
        case _:
            return t(f"times.{answers.hours}")
