"""Logs: one line for each record, its parts in JSON, never what an exception quotes."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from engine import logs

NAME = "植入甲"
RUN = "0192f3a1-0000-7000-8000-00000000000a"


@pytest.fixture(name="stream", autouse=True)
def fixture_stream() -> Iterator[io.StringIO]:
    """The root logger as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def written(stream: io.StringIO, format_: str = "json", level: str = "INFO") -> logging.Logger:
    logs.setup({"WAYBILL_LOG_FORMAT": format_, "WAYBILL_LOG": level}, stream)
    return logging.getLogger("engine.test")


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_parts_of_a_record(stream: io.StringIO) -> None:
    written(stream).warning("run %s of route %s: connection %s: %s", RUN, "exam_report", "his_out", "WB-3001 no")
    (told,) = lines(stream)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "warning", "logger": "engine.test", "code": "WB-3001", "run": RUN, "route": "exam_report",
        "connection": "his_out", "text": f"run {RUN} of route exam_report: connection his_out: WB-3001 no",
    }  # fmt: skip


def test_extra_parts_count_more_than_the_text(stream: io.StringIO) -> None:
    written(stream).info("it is done", extra={"run": "r1", "connection": "his_in"})
    assert {"run": "r1", "connection": "his_in"}.items() <= lines(stream)[0].items()


@pytest.mark.parametrize("format_", ["json", "text"])
def test_an_exception_is_told_by_kind_and_place_in_one_line(stream: io.StringIO, format_: str) -> None:
    log = written(stream, format_)
    try:
        raise ValueError(f"{NAME} was here")
    except ValueError:
        log.exception("it went wrong")
    text = stream.getvalue()
    assert (NAME not in text, text.count("\n")) == (True, 1)
    assert "it went wrong: ValueError in test_an_exception_is_told_by_kind_and_place_in_one_line line" in text


@pytest.mark.parametrize("format_", ["json", "text"])
def test_one_bounded_line(stream: io.StringIO, format_: str) -> None:
    written(stream, format_).info("a\nb\r\nc%s", "x" * 100_000)
    assert stream.getvalue().count("\n") == 1
    assert len(stream.getvalue()) < 2300
    assert "a b c" in stream.getvalue()


def test_arguments_that_do_not_fit(stream: io.StringIO) -> None:
    written(stream).info("%d", "no number")
    assert lines(stream)[0]["text"] == "%d"


def test_text_is_the_default_and_levels_count(stream: io.StringIO) -> None:
    logs.setup({"WAYBILL_LOG": "warning"}, stream)
    logging.getLogger("engine.test").info("quiet")
    logging.getLogger("engine.test").error("loud")
    assert stream.getvalue().endswith("ERROR engine.test loud\n")
    assert "quiet" not in stream.getvalue()
    logs.setup({"WAYBILL_LOG": "nonsense"}, stream)
    assert logging.getLogger().level == logging.INFO


def test_what_twisted_says_of_a_failure_quotes_nothing(stream: io.StringIO) -> None:
    written(stream)
    try:
        raise RuntimeError(NAME)
    except RuntimeError:
        logs._event({"log_level": LogLevel.critical, "log_failure": Failure(), "log_namespace": "twisted.x"})
    logs._event({"log_level": LogLevel.info, "log_format": "said {what}", "what": NAME})
    (told,) = lines(stream)
    assert (told["level"], told["logger"]) == ("error", "twisted.x")
    assert told["text"].startswith("RuntimeError in test_what_twisted_says")


async def test_an_error_that_nobody_handles_is_a_line(stream: io.StringIO) -> None:
    from twisted.logger import globalLogPublisher

    log = written(stream)
    assert log.name
    observer = logs._event
    globalLogPublisher.addObserver(observer)  # type: ignore[arg-type]
    try:
        lost: Deferred[None] | None = Deferred()
        assert lost is not None
        lost.errback(ValueError(NAME))
        lost = None
    finally:
        globalLogPublisher.removeObserver(observer)  # type: ignore[arg-type]
    assert NAME not in stream.getvalue()
    assert any(told["text"].startswith("ValueError") for told in lines(stream))
