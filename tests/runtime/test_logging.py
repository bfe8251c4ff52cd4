"""Nothing a person said is found in a log, by whichever way it comes."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import structlog
from pydantic import BaseModel, ValidationError

import runtime.logging
from runtime.logging import REDACTED, configure_logging
from schemas.privacy import Sensitive

CANARY = "canary-6f1d"


class Word(BaseModel):
    """One thing said about a referral."""

    kind: str = "note"
    said: Annotated[str | None, Sensitive] = None
    number: int = 0


class Page(BaseModel):
    """A model in which another lies."""

    words: tuple[Word, ...] = ()


@dataclass
class Wrapped:
    """A model inside something that prints itself."""

    word: Word
    said: str = CANARY


class Opaque:
    """A type nobody told the log about."""

    def __repr__(self) -> str:
        return CANARY


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log as written, with `said` among the names that are never shown; pytest's own handlers come back."""
    monkeypatch.setattr(runtime.logging, "sensitive_field_names", lambda: frozenset({"said"}))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    configure_logging("json", "info", written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def last(log: io.StringIO) -> dict[str, Any]:
    """The last entry, after a look at all that was written."""
    text = log.getvalue()
    assert CANARY not in text
    return dict(json.loads(text.splitlines()[-1]))


WORD = Word(said=CANARY, number=7)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (WORD, {"kind": "note", "number": 7}),
        (Page(words=(WORD,)), {"words": [{"kind": "note", "number": 7}]}),
        ([WORD], [{"kind": "note", "number": 7}]),
        ({"deep": [{"said": CANARY}]}, {"deep": [{"said": REDACTED}]}),
        (Wrapped(WORD), {"word": {"kind": "note", "number": 7}, "said": REDACTED}),
        (ValueError(CANARY), "ValueError"),
    ],
)
def test_a_value_is_shown_without_what_is_sensitive(log: io.StringIO, value: object, shown: object) -> None:
    structlog.get_logger("rj").info("step", value=value)
    assert last(log)["value"] == shown
    logging.getLogger("rj").info("step", extra={"value": value})
    assert last(log)["value"] == shown


def test_an_unknown_type_is_named_and_not_printed(log: io.StringIO) -> None:
    structlog.get_logger("rj").info("step", value=Opaque())
    assert last(log)["value"].endswith("Opaque>")


def test_a_sensitive_name_is_redacted_whatever_it_holds(log: io.StringIO) -> None:
    structlog.get_logger("rj").warning("step", said=CANARY)
    entry = last(log)
    assert (entry["said"], entry["level"], entry["logger"], entry["event"]) == (
        REDACTED,
        "warning",
        "rj",
        "step",
    )


def test_arguments_of_a_message_are_redacted_before_they_become_text(log: io.StringIO) -> None:
    logger = logging.getLogger("library")
    logger.info("got %s and %s", WORD, Opaque())
    assert "'number': 7" in last(log)["event"]
    logger.info("got %(said)s", {"said": CANARY})
    assert last(log)["event"] == f"got {REDACTED}"
    logger.error(ValueError(CANARY))
    assert last(log)["event"] == "ValueError"
    logger.info("%d of %.1f", 3, 4.25)
    assert last(log)["event"] == "3 of 4.2"


def test_an_exception_is_its_type_and_place(log: io.StringIO) -> None:
    try:
        try:
            Word.model_validate({"number": CANARY})
        except ValidationError as error:
            raise LookupError(CANARY) from error
    except LookupError:
        logging.getLogger("library").exception("it failed")
        structlog.get_logger("rj").exception("it failed")
    first, second = (json.loads(line)["error"] for line in log.getvalue().splitlines())
    last(log)
    assert first == second
    assert first["type"] == "LookupError"
    assert first["at"][-1].endswith("test_an_exception_is_its_type_and_place")
    assert first["cause"]["invalid"] == ["number: int_parsing"]


def test_an_entry_that_cannot_be_written_is_not_printed_instead(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler, runtime.logging.EntryHandler)]
    monkeypatch.setattr(root, "handlers", ours)  # pytest's own would raise
    logging.getLogger("library").info("%d words", CANARY)
    assert "A log entry of library was lost: {'type': 'TypeError'" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_temporals_context_is_lifted_and_kept_short(log: io.StringIO) -> None:
    logging.getLogger("temporalio.workflow").info(
        "deadline reached",
        extra={
            "temporal_workflow": {
                "workflow_id": "referral/RJ-7KQ4-M2XD",
                "run_id": "r",
                "attempt": 1,
                "namespace": "default",
            }
        },
    )
    entry = last(log)
    assert (entry["workflow_id"], entry["run_id"], entry["attempt"]) == ("referral/RJ-7KQ4-M2XD", "r", 1)
    assert not {"temporal_workflow", "namespace"} & entry.keys()


def test_the_console_is_redacted_too(log: io.StringIO) -> None:
    written = io.StringIO()
    configure_logging("console", "info", written)
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger("rj").exception("it failed", word=WORD)
    assert "it failed" in written.getvalue()
    assert CANARY not in written.getvalue()
    assert log.getvalue() == ""


def test_a_message_that_quotes_an_exception(log: io.StringIO) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            quoted = f"Completing as failure, original error: {error}"
            # As the SDK does, once inside the handler and once with another exception on top.
            logging.getLogger("temporalio.activity").warning(quoted)
            assert last(log)["event"] == "Completing as failure, original error: <ValueError>"
            raise RuntimeError("cannot be encoded") from error
    except RuntimeError:
        logging.getLogger("temporalio.activity").exception(quoted)
    assert last(log)["event"] == "Completing as failure, original error: <ValueError>"


@pytest.mark.usefixtures("log")
def test_a_terminal_gets_warnings_in_a_few_words() -> None:
    written, terminal = io.StringIO(), io.StringIO()
    configure_logging("json", "info", written, warnings_to=terminal)
    logging.getLogger("x").info("ordinary")
    logging.getLogger("x").warning("unusual", exc_info=ValueError(CANARY))
    assert "ordinary" in written.getvalue()
    assert "ordinary" not in terminal.getvalue()
    assert "unusual" in terminal.getvalue()
    assert "error=ValueError" in terminal.getvalue()
    assert CANARY not in terminal.getvalue()
