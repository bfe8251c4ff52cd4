"""Logs, ours and the libraries', in one shape and without anything a person said.

The mark `Sensitive` decides what is redacted: marked fields of models, and any entry with the name of one. Of a value
of an unknown type only the type is printed, and of an exception its type and place, since its message may quote data.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, Literal, TextIO
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError
from structlog.typing import EventDict, Processor
from temporalio import activity, workflow

import schemas
from runtime.visible import one_line
from schemas.privacy import public_part, sensitive_field_names

REDACTED = "[redacted]"

_PLAIN = (str, int, float, bool, type(None), date, time, timedelta, Decimal, UUID, PurePath, Enum)
_OURS = frozenset({"event", "level", "logger", "timestamp", "exc_info", "stack_info"})
_FRAMES = 8
# The fields of Temporal's context that identify the workflow or activity.
_CONTEXT = {
    "workflow_id": "workflow_id",
    "run_id": "run_id",
    "workflow_run_id": "run_id",
    "workflow_type": "workflow_type",
    "activity_type": "activity_type",
    "attempt": "attempt",
    "update_id": "update_id",
    "update_name": "update_name",
}


def configure_logging(
    format: Literal["json", "console"],  # noqa: A002 - the setting's own name
    level: Literal["debug", "info", "warning", "error"],
    stream: TextIO | None = None,
    *,
    warnings_to: TextIO | None = None,
) -> None:
    """Send every log entry of this process to one stream (standard error), redacted. May be called again.

    `warnings_to` gets warnings and worse as well, in words for a person.
    """
    # Imported now: a name is redacted only once the schema that marks it is loaded.
    for module in pkgutil.walk_packages(schemas.__path__, "schemas."):
        importlib.import_module(module.name)
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    root = logging.getLogger()
    root.handlers[:] = [_handler(stream or sys.stderr, format, shared)]
    if warnings_to is not None:
        terminal = _handler(warnings_to, "console", shared, name_error)
        terminal.setLevel(logging.WARNING)
        root.addHandler(terminal)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _handler(
    stream: TextIO,
    format: Literal["json", "console"],  # noqa: A002
    shared: list[Processor],
    *more: Processor,
) -> EntryHandler:
    renderer: Processor = (
        # ASCII only, so that no terminal can be affected by other characters.
        structlog.processors.JSONRenderer(ensure_ascii=True)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    handler = EntryHandler(stream)
    handler.addFilter(_redact_message)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                flatten_context,
                describe_exception,
                redact,
                *more,
                *([] if format == "json" else [make_visible]),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    return handler


def flatten_context(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Move the ids of the workflow or activity that logs to the top level of the entry."""
    # Temporal's core repeats these in its message.
    entry.pop("temporal_log", None)
    for kind in ("temporal_workflow", "temporal_activity"):
        context = entry.pop(kind, None)
        if isinstance(context, Mapping):
            entry.update({_CONTEXT[name]: value for name, value in context.items() if name in _CONTEXT})
    return entry


def describe_exception(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Replace an exception by its type and places."""
    given = entry.pop("exc_info", None)
    error = sys.exception() if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        # Not under "exception", which structlog's console takes for a ready-made text.
        entry["error"] = exception_outline(error)
    return entry


def name_error(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Reduce an exception to its type: its places are in the log, and are of little use to a reader."""
    if isinstance(entry.get("error"), Mapping):
        entry["error"] = entry["error"]["type"]
    return entry


def exception_outline(error: BaseException) -> dict[str, Any]:
    """An exception as its type, the places it passed and what caused it; never its message, nor a bad input."""
    outline: dict[str, Any] = {"type": _name(type(error)), "at": _places(error.__traceback__)}
    for code in ("code", "errno", "sqlstate", "type"):
        value = getattr(error, code, None)
        if isinstance(value, str | int):
            outline[code if code != "type" else "error_type"] = value
    if isinstance(error, ValidationError):
        outline["invalid"] = [
            # An unknown field's name is input too.
            problem["type"]
            if problem["type"] == "extra_forbidden"
            else f"{'.'.join(map(str, problem['loc']))}: {problem['type']}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        outline["cause"] = exception_outline(cause)
    if isinstance(error, BaseExceptionGroup):
        outline["exceptions"] = [exception_outline(inner) for inner in error.exceptions]
    return outline


def make_visible(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Reduce each text to one line that is safe to show on a terminal."""
    return {
        name: one_line(value) if isinstance(value, str) and not name.startswith("_") else value
        for name, value in entry.items()
    }


def redact(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Reduce each value to what readers of logs may see."""
    return {
        # structlog's own entries begin with an underscore and are taken out after us.
        name: value if name.startswith("_") else _readable(value) if name in _OURS else _under(name, value)
        for name, value in entry.items()
    }


def _under(name: object, value: Any) -> Any:
    return REDACTED if name in sensitive_field_names() else _readable(value)


def _readable(value: Any) -> Any:
    match value:
        case BaseModel():
            return public_part(value)
        case BaseException() | type():
            return _name(value if isinstance(value, type) else type(value))
        case Mapping():
            return {str(name): _under(name, inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_readable(inner) for inner in value]
        case _ if isinstance(value, _PLAIN):
            return value if isinstance(value, str | int | float | bool | None) else str(value)
        case _ if is_dataclass(value):
            return {part.name: _under(part.name, getattr(value, part.name)) for part in fields(value)}
        case _:
            return f"<{_name(type(value))}>"


class EntryHandler(logging.StreamHandler[TextIO]):
    """Reports that an entry could not be written, without printing it as the standard library would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        error = sys.exception()
        if error is not None:
            self.stream.write(f"A log entry of {record.name} was lost: {exception_outline(error)}\n")


def _redact_message(record: logging.LogRecord) -> bool:
    """The arguments of `log.info("%s", model)`, which are text before any processor sees them."""
    if hasattr(record, "_logger"):  # structlog's own, still a dictionary
        return True
    if not isinstance(record.msg, str):
        record.msg = str(_readable(record.msg))
    if isinstance(record.args, Mapping):
        record.args = {name: _under(name, value) for name, value in record.args.items()}
    elif record.args:
        record.args = tuple(_readable(value) for value in record.args)
    # The SDK writes the text of a failing activity's exception into its own message.
    handled = record.exc_info[1] if record.exc_info else sys.exception()
    for error in _with_causes(handled):
        if quoted := str(error):
            record.msg = record.msg.replace(quoted, f"<{_name(type(error))}>")
    return True


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-_FRAMES:]
    ]


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
